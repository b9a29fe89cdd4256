//! What the published `polkadot-omni-node` is, line for line that matters: the
//! library with its own chain specs from files, and nothing of MedChain.
//!
//! The end-to-end tests run our chain with it, so that the runtime never comes
//! to need what only `medchain-node` has. To run the published program itself:
//! `cargo install polkadot-omni-node --version 0.24.0 --locked`.

use medchain_rocksdb_compat as _;
use polkadot_omni_node_lib::{
    chain_spec::DiskChainSpecLoader, extra_subcommand::NoExtraSubcommand, run_with_custom_cli,
    runtime::DefaultRuntimeResolver, CliConfig as CliConfigT, RunConfig, NODE_VERSION,
};

struct CliConfig;

impl CliConfigT for CliConfig {
    fn impl_version() -> String {
        NODE_VERSION.into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        String::new()
    }

    fn copyright_start_year() -> u16 {
        2017
    }
}

fn main() -> Result<(), Box<sc_cli::Error>> {
    let config = RunConfig::new(Box::new(DefaultRuntimeResolver), Box::new(DiskChainSpecLoader));
    run_with_custom_cli::<CliConfig, NoExtraSubcommand>(config).map_err(Box::new)
}
