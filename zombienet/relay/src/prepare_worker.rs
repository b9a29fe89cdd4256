//! `polkadot-prepare-worker`: a validator compiles a parachain's validation
//! code in it.

polkadot_node_core_pvf_common::decl_worker_main!(
    "prepare-worker",
    polkadot_node_core_pvf_prepare_worker::worker_entrypoint,
    polkadot_node_primitives::NODE_VERSION,
    "medchain-testnet",
);
