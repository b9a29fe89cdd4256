//! What the node can do beside running a chain.

use clap::Subcommand;
use frame_benchmarking_cli::PalletCmd;
use polkadot_omni_node_lib::{
    extra_subcommand::{DefaultExtraSubcommands, ExtraSubcommand},
    RunConfig,
};
use sc_cli::Result;
use sp_runtime::traits::BlakeTwo256;

/// The subcommands that are added to those of the library.
#[derive(Debug, Subcommand)]
pub enum Commands {
    /// Those that every omni-node has.
    #[command(flatten)]
    Default(DefaultExtraSubcommands),
    /// Measure what the calls of a pallet cost, in a runtime that was compiled
    /// with its benchmarks. See `make weights`.
    ///
    /// The library has this command only in a node that is itself compiled
    /// with benchmarks, which would compile all of it a second time.
    BenchmarkPallet(Box<PalletCmd>),
}

impl ExtraSubcommand for Commands {
    fn handle(self, config: &RunConfig) -> Result<()> {
        match self {
            Self::Default(command) => command.handle(config),
            Self::BenchmarkPallet(command) => command.run_with_spec::<BlakeTwo256, ()>(None),
        }
    }
}
