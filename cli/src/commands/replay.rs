//! `medchain replay`: repeats the computation of a verdict and compares the sealed bytes.

use std::{fmt, num::NonZero, path::PathBuf, thread, time::Instant};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::chain::{Arithmetic, Model as ChainModel, Verdict, View};
use medchain_primitives::{receipt, ModelId, RecordId, RequestId};
use medchain_vision::{Engine, Model};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    arguments,
    context::Context,
    files,
    inference::{name_of, Opened},
    models::{ModelFiles, Probabilities, MAX_MODEL_BYTES, MAX_TEXT_BYTES},
    output::{self, hex, time::elapsed_ms, Outcome},
    records,
};

/// Arguments of `medchain replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// The model's number, needed where several have answered.
    #[arg(long, value_parser = arguments::model())]
    pub model: Option<ModelId>,
    /// The folder of the model, NAME.onnx and NAME.json; defaults to the shipped one.
    ///
    /// If its SHA-256 differs from the one on chain, the model is fetched from the store.
    #[arg(long, env = "MEDCHAIN_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
    /// What runs the network: `exact`, for exact models alone, or `tract`, for every model.
    ///
    /// Defaults to the one that suits the model. Of an exact model both give the same
    /// answers.
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<Engine>,
}

/// A verdict and its repetition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplayReport {
    /// The record.
    pub record_id: RecordId,
    /// The model.
    pub model_id: ModelId,
    /// The request that the verdict answers.
    pub request_id: RequestId,
    /// Whether the repetition gives the sealed bytes and the receipt on chain.
    pub equal: bool,
    /// Whether a difference proves anything: the model's arithmetic.
    pub arithmetic: Arithmetic,
    /// Whether the film gives the square that its uploader committed to.
    pub film_as_committed: bool,
    /// What the verdict on chain says; none where it cannot be opened.
    pub verdict: Option<Opened>,
    /// The label of the repetition.
    pub replayed_label: String,
    /// The probabilities of the repetition.
    pub replayed_probabilities: Probabilities,
    /// The sealed answer on chain.
    pub sealed: String,
    /// The sealed answer of the repetition.
    pub replayed_sealed: String,
    /// The receipt on chain.
    pub receipt: String,
    /// The receipt of the repetition.
    pub replayed_receipt: String,
    /// How long the steps took.
    pub timings_ms: ReplayTimings,
}

/// How long the steps of a replay took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ReplayTimings {
    /// Fetching and verifying the record.
    pub fetch_verify: u64,
    /// Decrypting and decoding the image.
    pub decrypt_decode: u64,
    /// Preprocessing and running the network.
    pub infer: u64,
}

impl fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_id, request_id, model_id, .. } = self;
        if !self.film_as_committed {
            writeln!(f, "The film does not give the square that its uploader committed to.")?;
        }
        if self.equal {
            writeln!(f, "EQUAL: record {record_id} gives {} again", self.replayed_label)?;
            writeln!(f, "probabilities  {}", self.replayed_probabilities)?;
            writeln!(f, "sealed         {}", self.sealed)?;
            return write!(f, "receipt        {}", self.receipt);
        }
        writeln!(
            f,
            "NOT EQUAL: the verdict of request {request_id} on record {record_id} differs from \
             what model {model_id} computes"
        )?;
        if self.arithmetic == Arithmetic::Float {
            writeln!(
                f,
                "The model computes in floats, whose last digits differ from machine to machine: \
                 the difference proves nothing."
            )?;
        }
        match &self.verdict {
            Some(opened) => writeln!(f, "on chain  {} [{}]", opened.label, opened.probabilities)?,
            None => writeln!(f, "on chain  does not open with the record's key")?,
        }
        writeln!(f, "replayed  {} [{}]", self.replayed_label, self.replayed_probabilities)?;
        writeln!(f, "on chain  {} (sealed)", self.sealed)?;
        writeln!(f, "replayed  {} (sealed)", self.replayed_sealed)?;
        writeln!(f, "on chain  {} (receipt)", self.receipt)?;
        write!(f, "replayed  {} (receipt)", self.replayed_receipt)
    }
}

/// Runs `medchain replay`; exit code 1 means that it is not equal.
pub async fn run(context: &Context, args: &ReplayArgs) -> Result<Outcome> {
    let report = replay(context, args).await?;
    output::print(&report, context.json)?;
    Ok(if report.equal { Outcome::Done } else { Outcome::No })
}

/// Repeats the computation of a verdict from the record.
pub async fn replay(context: &Context, args: &ReplayArgs) -> Result<ReplayReport> {
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    let verdict = choose(&view, record.id, args.model).await?;
    let on_chain = view.model(verdict.model).await?;
    let on_chain = on_chain.with_context(|| {
        format!("there is no model {}; see `medchain model list`", verdict.model)
    })?;
    let committed = view.commitments(record.id).await?;
    let opened = records::open(context, &view, &record).await?;
    let model = load(context, args, &on_chain).await?;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let model = model.with_threads(cores);

    let started = Instant::now();
    let not_an_image = || format!("record {} is not an image", record.id);
    let image = medchain_vision::decode(&opened.bytes).with_context(not_an_image)?;
    let decode = elapsed_ms(started);
    let started = Instant::now();
    let replayed = model.predict_image(&image).context("cannot run the model")?;
    let infer = elapsed_ms(started);
    let film = medchain_vision::square(&opened.bytes).with_context(not_an_image)?;
    let film_as_committed = committed == Some(records::commitments(&opened.key, &film)?);

    let name = name_of(context.chain().await?.genesis_hash(), &verdict);
    let key = opened.key.verdict_key(&name);
    let sealed = key.seal(&replayed.output);
    let again = receipt(&on_chain.sha256, &on_chain.preprocessing, &record.cid, &sealed);
    let opened_verdict = key.open(&verdict.sealed).ok();
    Ok(ReplayReport {
        record_id: record.id,
        model_id: verdict.model,
        request_id: verdict.request,
        // Bytes alone count: there is no tolerance.
        equal: sealed == verdict.sealed && again == verdict.receipt,
        arithmetic: on_chain.arithmetic,
        film_as_committed,
        verdict: opened_verdict.map(|output| Opened::new(&output, Some(&on_chain))),
        replayed_probabilities: Probabilities::from(&replayed),
        replayed_label: replayed.label,
        sealed: hex(&verdict.sealed),
        replayed_sealed: hex(&sealed),
        receipt: hex(verdict.receipt.0),
        replayed_receipt: hex(again.0),
        timings_ms: ReplayTimings {
            fetch_verify: opened.timings_ms.fetch_verify,
            decrypt_decode: opened.timings_ms.decrypt.saturating_add(decode),
            infer,
        },
    })
}

async fn choose(view: &View, record: RecordId, model: Option<ModelId>) -> Result<Verdict> {
    if let Some(model) = model {
        return view.latest_verdict(record, model).await?.with_context(|| {
            format!(
                "model {model} has no verdict on record {record}; \
                     see `medchain show {record}`"
            )
        });
    }
    let mut all = view.verdicts_of(record).await?;
    match all.len() {
        0 => bail!(
            "there is no verdict on record {record} yet; \
             `medchain show {record}` shows whether one was ordered"
        ),
        1 => Ok(all.remove(0)),
        count => bail!("{count} models have a verdict on record {record}; choose one with --model"),
    }
}

/// The model on chain: from this computer if its SHA-256 is the same, else from the store.
///
/// Its preprocessing must have the id on chain.
async fn load(context: &Context, args: &ReplayArgs, on_chain: &ChainModel) -> Result<Model> {
    let local = ModelFiles::find(args.model_dir.as_deref())?;
    let spec = files::read(&local.spec, "the model's preprocessing file", MAX_TEXT_BYTES)?;
    let same = |bytes: &[u8]| <[u8; 32]>::from(Sha256::digest(bytes)) == on_chain.sha256;
    let onnx = match files::read(&local.onnx, "the model", MAX_MODEL_BYTES) {
        Ok(onnx) if same(&onnx) => onnx,
        found => {
            if found.is_ok() {
                eprintln!(
                    "note: {} differs from the model on chain, which is fetched from the store",
                    local.onnx.display()
                );
            }
            records::fetch_content(context, &on_chain.cid, None, MAX_MODEL_BYTES)
                .await
                .context("the model is not on this computer; name its folder with --model-dir")?
        }
    };
    if !same(&onnx) {
        bail!("the file {} differs from the model on chain, and is not used", on_chain.cid);
    }
    let model = Model::load_for(&onnx, &spec, args.engine).context("cannot load the model")?;
    if model.spec().id.as_bytes() != on_chain.preprocessing.as_slice() {
        bail!(
            "{} describes the preprocessing {}, but the model on chain needs {}; \
             name the right folder with --model-dir",
            local.spec.display(),
            model.spec().id,
            String::from_utf8_lossy(&on_chain.preprocessing)
        );
    }
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(arithmetic: Arithmetic, equal: bool) -> String {
        let report = ReplayReport {
            record_id: RecordId(3),
            model_id: ModelId(0),
            request_id: RequestId(9),
            equal,
            arithmetic,
            film_as_committed: equal,
            verdict: None,
            replayed_label: "normal".into(),
            replayed_probabilities: Probabilities(vec![("normal".into(), 1_000_000)]),
            sealed: "0x01".into(),
            replayed_sealed: "0x02".into(),
            receipt: "0x03".into(),
            replayed_receipt: "0x04".into(),
            timings_ms: ReplayTimings::default(),
        };
        report.to_string()
    }

    #[test]
    fn it_says_equal_or_not_equal_and_what_a_difference_proves() {
        use Arithmetic::{Exact, Float};
        assert!(report(Exact, true).starts_with("EQUAL: record 3 gives normal again"));
        let differs = report(Exact, false);
        assert!(differs.contains("NOT EQUAL: the verdict of request 9"), "{differs}");
        assert!(differs.contains("does not give the square"), "{differs}");
        assert!(!differs.contains("proves nothing"), "{differs}");
        assert!(report(Float, false).contains("proves nothing"));
        assert!(!report(Float, true).contains("proves nothing"));
    }
}
