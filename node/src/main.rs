//! `medchain-node`: dev chain, collator and full node in one binary.
//!
//! All of it is `polkadot-omni-node-lib`; what is added here are MedChain's
//! own chain specs, so that `--chain dev` and `--chain local` need no file, and
//! errors that say what to do.

mod chain_spec;
mod failure;
mod runtime;

use std::process::ExitCode;

use medchain_rocksdb_compat as _;
use polkadot_omni_node_lib::{run, CliConfig as CliConfigT, RunConfig, NODE_VERSION};
use rustix::fs::Mode;

struct CliConfig;

impl CliConfigT for CliConfig {
    fn impl_version() -> String {
        format!("{} (omni-node {NODE_VERSION})", env!("CARGO_PKG_VERSION"))
    }

    fn author() -> String {
        "The MedChain authors".into()
    }

    fn support_url() -> String {
        "the README of the MedChain repository".into()
    }

    fn copyright_start_year() -> u16 {
        2026
    }
}

fn main() -> ExitCode {
    // Network and session keys are written with whatever mode this leaves: their owner's alone.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let config =
        RunConfig::new(Box::new(runtime::KnownRuntime), Box::new(chain_spec::MedChainSpecs));
    match run::<CliConfig>(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", failure::explain(&error));
            ExitCode::FAILURE
        }
    }
}
