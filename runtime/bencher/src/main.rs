//! `medchain-bencher`: measures the weights of the runtime's calls.
//!
//! It is `benchmark pallet` of frame-benchmarking-cli, as frame-omni-bencher is. It is built with
//! the node's own dependencies, which are there anyway; frame-omni-bencher would compile all of
//! them once more.

use clap::Parser;
use frame_benchmarking_cli::PalletCmd;
use medchain_rocksdb_compat as _;
use sp_runtime::traits::BlakeTwo256;
use tracing_subscriber::EnvFilter;

/// What the runtime asks of its host beside what every Substrate host has.
type HostFunctions = cumulus_primitives_proof_size_hostfunction::storage_proof_size::HostFunctions;

fn main() -> Result<(), Box<sc_cli::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    PalletCmd::parse().run_with_spec::<BlakeTwo256, HostFunctions>(None).map_err(Box::new)
}
