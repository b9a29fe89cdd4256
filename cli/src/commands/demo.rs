//! `medchain demo`: the whole story on a chain of its own.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{
    cli::Global,
    demo,
    output::{self, Outcome},
};

/// Arguments of `medchain demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
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
    let summary = demo::run(args, global).await?;
    if global.json {
        output::print(&summary, true)?;
    }
    Ok(Outcome::Done)
}
