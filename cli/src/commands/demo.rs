//! `medchain demo`: the whole story on a chain of its own.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::{
    cli::Global,
    demo,
    output::{self, Outcome},
};

/// What the demo plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoryArg {
    /// From an X-ray to a prediction.
    Main,
    /// Custodians, revocation, emergencies, relatives, policies, audit, erasure.
    Consent,
}

/// Arguments of `medchain demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// What to play: the main job, from an X-ray to a prediction, or seven stories
    /// about consent.
    #[arg(long, value_enum, default_value = "main")]
    pub story: StoryArg,
    /// Your own image; without it, a synthetic radiograph that is made on the spot.
    #[arg(long, value_name = "FILE")]
    pub xray: Option<PathBuf>,
    /// Leave the chain and the worker running.
    #[arg(long)]
    pub keep: bool,
    /// Where the summary is written.
    #[arg(long, value_name = "FILE", default_value = "demo-summary.json")]
    pub summary: PathBuf,
    /// The node's program; without it, medchain-node beside this program.
    #[arg(long, value_name = "FILE")]
    pub node_bin: Option<PathBuf>,
    /// The worker's program; without it, medchain-worker beside this program.
    #[arg(long, value_name = "FILE")]
    pub worker_bin: Option<PathBuf>,
    /// The bundle of the policy contract.
    #[arg(long, env = "MEDCHAIN_CONTRACT", value_name = "FILE.contract")]
    pub contract: Option<PathBuf>,
    /// The folder of the model, NAME.onnx and NAME.json; without it, the
    /// shipped one.
    #[arg(long, env = "MEDCHAIN_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
    /// Milliseconds between blocks.
    #[arg(long, value_name = "MS", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(250..=60_000))]
    pub block_time: u64,
}

/// Runs `medchain demo`.
pub async fn run(args: &DemoArgs, global: &Global) -> Result<Outcome> {
    match args.story {
        StoryArg::Main => {
            let summary = demo::run(args, global).await?;
            if global.json {
                output::print(&summary, true)?;
            }
        }
        StoryArg::Consent => {
            let summary = demo::run_consent(args, global).await?;
            if global.json {
                let text = serde_json::to_string(&summary).context("cannot write JSON")?;
                output::line(&text)?;
            }
        }
    }
    Ok(Outcome::Done)
}
