//! Repeating the computation of a verdict.

use std::{num::NonZero, path::PathBuf, thread, time::Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::chain::{Model as ChainModel, Record, SealedAnswer, Verdict, View};
use medchain_primitives::{receipt, Receipt};
use medchain_vision::{Engine, Prediction};
use serde::Serialize;

use super::{name_of, Opened};
use crate::{context::Context, models, output::time::elapsed_ms, records};

/// The model that runs, and what runs it.
#[derive(Args, Clone, Debug, Default)]
pub struct Running {
    /// The folder of the model, NAME.onnx and NAME.json; defaults to the shipped one.
    ///
    /// If its SHA-256 differs from the one on chain, the model is fetched from the store.
    #[arg(long, env = "MEDCHAIN_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
    /// What runs the network: `exact`, for exact models only, or `tract`, for every model.
    ///
    /// Defaults to the one that suits the model. For an exact model, both give the
    /// same answers.
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<Engine>,
}

/// What the computation of a verdict gives when it is repeated.
pub struct Repetition {
    /// The model on chain.
    pub model: ChainModel,
    /// What it says about the record.
    pub prediction: Prediction,
    /// Whether the film gives the square that its uploader committed to.
    pub film_as_committed: bool,
    /// The same, sealed.
    pub sealed: SealedAnswer,
    /// Its receipt.
    pub receipt: Receipt,
    /// What the verdict on chain says; none where it cannot be opened.
    pub verdict: Option<Opened>,
    /// How long the steps took.
    pub timings_ms: RepetitionTimings,
}

/// How long the steps of a repetition took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct RepetitionTimings {
    /// Fetching and verifying the record.
    pub fetch_verify: u64,
    /// Decrypting and decoding the image.
    pub decrypt_decode: u64,
    /// Preprocessing and running the network.
    pub infer: u64,
}

impl Repetition {
    /// Whether it gives the sealed bytes and the receipt of the verdict.
    pub fn equals(&self, verdict: &Verdict) -> bool {
        // Bytes alone count: there is no tolerance.
        self.sealed == verdict.sealed && self.receipt == verdict.receipt
    }
}

/// Repeats the computation of a verdict on a record that the signer can open.
pub async fn repeat(
    context: &Context,
    view: &View,
    record: &Record,
    verdict: &Verdict,
    running: &Running,
) -> Result<Repetition> {
    let on_chain = models::registered(view, verdict.model).await?;
    let committed = view.commitments(record.id).await?;
    let opened = records::open(context, view, record).await?;
    let folder = running.model_dir.as_deref();
    let model = models::load(context, folder, running.engine, &on_chain).await?;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let model = model.with_threads(cores);

    let started = Instant::now();
    let not_an_image = || format!("record {} is not an image", record.id);
    let image = medchain_vision::decode(&opened.bytes).with_context(not_an_image)?;
    let decode = elapsed_ms(started);
    let started = Instant::now();
    let prediction = model.predict_image(&image).context("cannot run the model")?;
    let infer = elapsed_ms(started);
    let film = medchain_vision::square(&opened.bytes).with_context(not_an_image)?;
    let film_as_committed = committed == Some(records::commitments(&opened.key, &film)?);

    let cid = &records::document(record)?.cid;
    let name = name_of(context.chain().await?.genesis_hash(), verdict);
    let key = opened.key.verdict_key(&name);
    let sealed = key.seal(&prediction.output);
    let verdict = key.open(&verdict.sealed).ok();
    Ok(Repetition {
        receipt: receipt(&on_chain.sha256, &on_chain.preprocessing, cid, &sealed),
        verdict: verdict.map(|output| Opened::new(&output, Some(&on_chain))),
        model: on_chain,
        prediction,
        film_as_committed,
        sealed,
        timings_ms: RepetitionTimings {
            fetch_verify: opened.timings_ms.fetch_verify,
            decrypt_decode: opened.timings_ms.decrypt.saturating_add(decode),
            infer,
        },
    })
}
