//! The chain specs that the node knows by name.

use medchain_runtime::constants::{SS58_PREFIX, TOKEN_DECIMALS, TOKEN_SYMBOL};
use polkadot_omni_node_lib::chain_spec::{
    DiskChainSpecLoader, Extensions, GenericChainSpec, LoadSpec,
};
use sc_service::{ChainSpec, ChainType, Properties};

const NO_WASM: &str = "this binary was built without the runtime: build it without SKIP_WASM_BUILD";

/// `dev`, `local`, or the path of a chain spec file.
pub struct MedChainSpecs;

impl LoadSpec for MedChainSpecs {
    fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
        match id {
            "" | "dev" => built_in("MedChain Development", "medchain-dev", ChainType::Development),
            "local" => built_in("MedChain Local Testnet", "medchain-local", ChainType::Local),
            path if !std::path::Path::new(path).is_file() => Err(format!(
                "there is no chain '{path}': give 'dev', 'local' or the path of a chain spec file"
            )),
            path => DiskChainSpecLoader.load_spec(path),
        }
    }
}

fn built_in(name: &str, id: &str, chain_type: ChainType) -> Result<Box<dyn ChainSpec>, String> {
    let preset = match chain_type {
        ChainType::Development => sp_genesis_builder::DEV_RUNTIME_PRESET,
        _ => sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
    };
    let mut properties = Properties::new();
    properties.insert("tokenSymbol".into(), TOKEN_SYMBOL.into());
    properties.insert("tokenDecimals".into(), TOKEN_DECIMALS.into());
    properties.insert("ss58Format".into(), SS58_PREFIX.into());
    let spec = GenericChainSpec::builder(
        medchain_runtime::WASM_BINARY.ok_or(NO_WASM)?,
        Extensions::new("rococo-local".into(), medchain_runtime::PARACHAIN_ID),
    )
    .with_name(name)
    .with_id(id)
    .with_protocol_id(id)
    .with_chain_type(chain_type)
    .with_genesis_config_preset_name(preset)
    .with_properties(properties)
    .build();
    Ok(Box::new(spec))
}
