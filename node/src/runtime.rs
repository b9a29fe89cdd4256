//! What a chain's runtime is like: its block numbers and its consensus.

use medchain_runtime::VERSION;
use polkadot_omni_node_lib::runtime::{
    AuraConsensusId, BlockNumber, Consensus, DefaultRuntimeResolver, Runtime, RuntimeResolver,
};
use sc_executor::read_embedded_version;
use sc_executor_common::runtime_blob::RuntimeBlob;
use sc_service::ChainSpec;
use sp_core::storage::well_known_keys::CODE;

/// Knows MedChain's runtime by the name in its code, and looks into any other.
///
/// The library looks into every runtime: it compiles the code to read the metadata, and compiles it
/// again to run it. That is half of what a start costs.
pub struct KnownRuntime;

impl RuntimeResolver for KnownRuntime {
    fn runtime(&self, chain_spec: &dyn ChainSpec) -> sc_cli::Result<Runtime> {
        let code = chain_spec.build_storage()?.top.remove(CODE);
        if code.is_some_and(|code| is_medchain(&code)) {
            let consensus = Consensus::Aura(AuraConsensusId::Sr25519);
            return Ok(Runtime::Omni(BlockNumber::U32, consensus));
        }
        DefaultRuntimeResolver.runtime(chain_spec)
    }
}

fn is_medchain(code: &[u8]) -> bool {
    let blob = RuntimeBlob::uncompress_if_needed(code).ok();
    let version = blob.and_then(|blob| read_embedded_version(&blob).ok().flatten());
    version.is_some_and(|version| version.spec_name == VERSION.spec_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_without_the_name_is_not_taken_for_ours() {
        // A module of WebAssembly without any section.
        for code in [&b"\0asm\x01\0\0\0"[..], b"", b"medchain"] {
            assert!(!is_medchain(code));
        }
    }

    #[test]
    fn the_runtime_is_known() {
        let code = medchain_runtime::WASM_BINARY.expect("the runtime was built");
        assert!(is_medchain(code));
    }
}
