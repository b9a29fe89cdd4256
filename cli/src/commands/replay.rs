//! `medchain replay`: repeats a prediction and compares it with the receipt.

use std::{path::PathBuf, time::Instant};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::chain::{Model as ChainModel, Prediction, View};
use medchain_primitives::{receipt, ModelId, RecordId};
use medchain_vision::Model;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    commands::{
        fetch,
        predict::{self, Probabilities},
        show::PredictionReport,
        upload::elapsed_ms,
    },
    content,
    context::Context,
    envelopes, files,
    model_files::{ModelFiles, MAX_MODEL_BYTES, MAX_TEXT_BYTES},
    output::{self, Outcome},
};

/// Arguments of `medchain replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// The number of the record.
    pub record: u64,
    /// The number of the model, where several have answered.
    #[arg(long)]
    pub model: Option<u32>,
    /// The folder of the model on this computer, NAME.onnx and NAME.json;
    /// without it, the shipped one. Where its SHA-256 is not the one on chain,
    /// the file that the chain names is fetched.
    #[arg(long, env = "MEDCHAIN_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
}

/// A prediction and its repetition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplayReport {
    /// The record.
    pub record_id: u64,
    /// The model.
    pub model_id: u32,
    /// Whether the repetition gives the receipt that stands on chain.
    pub matches: bool,
    /// The label on chain.
    pub label: String,
    /// The label of the repetition.
    pub replayed_label: String,
    /// The probabilities on chain.
    pub probabilities: Probabilities,
    /// The probabilities of the repetition.
    pub replayed_probabilities: Probabilities,
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
    /// Fetching the record and verifying it.
    pub fetch_verify: u64,
    /// Decrypting and decoding it.
    pub decrypt_decode: u64,
    /// Preprocessing and running the network.
    pub infer: u64,
}

impl std::fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.matches {
            writeln!(f, "match: record {} gives {} again", self.record_id, self.label)?;
            writeln!(f, "probabilities  {}", self.probabilities)?;
            return write!(f, "receipt        {}", self.receipt);
        }
        writeln!(
            f,
            "MISMATCH: what stands on chain for record {} is not what model {} computes",
            self.record_id, self.model_id
        )?;
        writeln!(f, "on chain  {} [{}]", self.label, self.probabilities)?;
        writeln!(f, "replayed  {} [{}]", self.replayed_label, self.replayed_probabilities)?;
        writeln!(f, "on chain  {}", self.receipt)?;
        write!(f, "replayed  {}", self.replayed_receipt)
    }
}

/// Runs `medchain replay`; exit code 1 means a mismatch.
pub async fn run(context: &Context, args: &ReplayArgs) -> Result<Outcome> {
    let report = replay(context, args).await?;
    output::print(&report, context.json)?;
    Ok(if report.matches { Outcome::Done } else { Outcome::No })
}

/// Repeats the prediction from the record itself.
pub async fn replay(context: &Context, args: &ReplayArgs) -> Result<ReplayReport> {
    let view = context.view().await?;
    let record = envelopes::record(&view, args.record).await?;
    let prediction = choose(&view, record.id, args.model).await?;
    let on_chain = view.model(prediction.model).await?;
    let on_chain = on_chain.with_context(|| format!("there is no model {}", prediction.model.0))?;
    let opened = fetch::open(context, &view, &record).await?;
    let model = load(context, args, &on_chain).await?;
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let model = model.with_threads(cores);

    let started = Instant::now();
    let image = medchain_vision::decode(&opened.bytes)
        .with_context(|| format!("record {} is not an image", record.id))?;
    let decode = elapsed_ms(started);
    let started = Instant::now();
    let replayed = model.predict_image(&image).context("cannot run the model")?;
    let infer = elapsed_ms(started);

    let again = receipt(&on_chain.sha256, &on_chain.preprocessing, &record.cid, &replayed.output);
    let shown = PredictionReport::new(&prediction, Some(&on_chain));
    Ok(ReplayReport {
        record_id: args.record,
        model_id: prediction.model.0,
        matches: again == prediction.receipt && replayed.output == prediction.output,
        label: shown.label,
        probabilities: shown.probabilities,
        receipt: shown.receipt,
        replayed_probabilities: predict::probabilities(&replayed),
        replayed_label: replayed.label,
        replayed_receipt: format!("0x{}", hex::encode(again.0)),
        timings_ms: ReplayTimings {
            fetch_verify: opened.timings_ms.fetch_verify,
            decrypt_decode: opened.timings_ms.decrypt.saturating_add(decode),
            infer,
        },
    })
}

async fn choose(view: &View, record: RecordId, model: Option<u32>) -> Result<Prediction> {
    if let Some(model) = model {
        return view
            .prediction(record, ModelId(model))
            .await?
            .with_context(|| format!("model {model} has not answered for record {record}"));
    }
    let mut all = view.predictions_of(record).await?;
    match all.len() {
        0 => bail!(
            "there is no prediction for record {record} yet; \
             `medchain show {record}` says whether one was asked for"
        ),
        1 => Ok(all.remove(0)),
        count => bail!("{count} models have answered for record {record}; choose one with --model"),
    }
}

/// The model that the chain names: from this computer where the SHA-256 is the
/// same, else from the store. The preprocessing must have the id on chain.
async fn load(context: &Context, args: &ReplayArgs, on_chain: &ChainModel) -> Result<Model> {
    let local = ModelFiles::find(args.model_dir.as_deref())?;
    let spec = files::read(&local.spec, "the model's preprocessing file", MAX_TEXT_BYTES)?;
    let same = |bytes: &[u8]| <[u8; 32]>::from(Sha256::digest(bytes)) == on_chain.sha256;
    let onnx = match files::read(&local.onnx, "the model", MAX_MODEL_BYTES) {
        Ok(onnx) if same(&onnx) => onnx,
        found => {
            if found.is_ok() {
                eprintln!(
                    "note: {} is not the model of the chain; fetching that from the store",
                    local.onnx.display()
                );
            }
            content::get(context, &on_chain.cid, None, MAX_MODEL_BYTES)
                .await
                .context("this computer does not have the model")?
        }
    };
    if !same(&onnx) {
        bail!("the file behind {} is not the model of the chain", on_chain.cid);
    }
    let model = Model::load(&onnx, &spec).context("cannot load the model")?;
    if model.spec().id.as_bytes() != on_chain.preprocessing.as_slice() {
        bail!(
            "{} describes the preprocessing {} and the chain's model needs {}; name the right folder with --model-dir",
            local.spec.display(),
            model.spec().id,
            String::from_utf8_lossy(&on_chain.preprocessing)
        );
    }
    Ok(model)
}
