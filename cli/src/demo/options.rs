//! The arguments of `medchain demo`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The stories that the demo can play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoryArg {
    /// From an X-ray to a sealed verdict.
    Main,
    /// Custodians, revocation, emergencies, relatives, policies, audit, erasure.
    Consent,
    /// A worker makes a verdict up, and loses its bond.
    Verdict,
}

/// Arguments of `medchain demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// The main story, from an X-ray to a verdict; seven about consent; or one about a liar.
    #[arg(long, value_enum, default_value = "main")]
    pub story: StoryArg,
    /// Your own image; defaults to a synthetic radiograph.
    #[arg(long, value_name = "FILE")]
    pub xray: Option<PathBuf>,
    /// Keep the chain and the workers running (main story only).
    #[arg(long)]
    pub keep: bool,
    /// Serve the web page on this chain as well, which keeps it running (main story only).
    #[arg(long)]
    pub portal: bool,
    /// The file to write the summary to (main story only).
    #[arg(long, value_name = "FILE", default_value = "demo-summary.json")]
    pub summary: PathBuf,
    /// The node's program; defaults to the medchain-node in this program's folder.
    #[arg(long, value_name = "FILE")]
    pub node_bin: Option<PathBuf>,
    /// The worker's program; defaults to the medchain-worker in this program's folder.
    #[arg(long, value_name = "FILE")]
    pub worker_bin: Option<PathBuf>,
    /// The web page's server; defaults to the medchain-portal in this program's folder.
    #[arg(long, value_name = "FILE")]
    pub portal_bin: Option<PathBuf>,
    /// The policy contract's bundle; defaults to the built one.
    #[arg(long, env = "MEDCHAIN_CONTRACT", value_name = "FILE.contract")]
    pub contract: Option<PathBuf>,
    /// The folder of the model, NAME.onnx and NAME.json; defaults to the shipped one.
    #[arg(long, env = "MEDCHAIN_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
    /// The time between two blocks, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(250..=60_000))]
    pub block_time: u64,
}
