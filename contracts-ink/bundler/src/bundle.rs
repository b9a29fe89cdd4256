//! The metadata file and the bundle.

use anyhow::{Context, Result};
use blake2::{digest::consts::U32, Blake2b, Digest};
use contract_metadata::{
    CodeHash, Compiler, Contract, ContractMetadata, Language, Source, SourceCompiler,
    SourceLanguage, SourceWasm,
};
use semver::Version;
use serde_json::{Map, Value};

/// The version of ink! that the contracts are written in.
const INK: Version = Version::new(5, 1, 1);
/// The oldest compiler that the workspace accepts. It is recorded instead of the
/// one that ran, so that another compiler with the same output gives the same bundle.
const RUSTC: Version = Version::new(1, 95, 0);

/// A contract's code and metadata.
pub struct Bundle(ContractMetadata);

impl Bundle {
    /// Combines the final code of the contract `name` with the metadata that ink!
    /// generated for it (JSON).
    pub fn new(name: &str, version: &str, wasm: &[u8], abi: &[u8]) -> Result<Self> {
        let abi: Map<String, Value> =
            serde_json::from_slice(abi).context("the metadata is not a JSON object")?;
        let contract = Contract::builder()
            .name(name)
            .version(version.parse().context("not a version number")?)
            .authors(["The MedChain authors"])
            .license("Apache-2.0")
            .build()
            .map_err(anyhow::Error::msg)?;
        let hash: [u8; 32] = Blake2b::<U32>::digest(wasm).into();
        let source = Source::new(
            Some(SourceWasm::new(wasm.to_vec())),
            CodeHash(hash),
            SourceLanguage::new(Language::Ink, INK),
            SourceCompiler::new(Compiler::RustC, RUSTC),
            None,
        );
        Ok(Bundle(ContractMetadata::new(source, contract, None, None, abi)))
    }

    /// The hash that identifies the code on chain, as 0x-prefixed hex.
    pub fn code_hash(&self) -> String {
        let hex: String = self.0.source.hash.0.iter().map(|b| format!("{b:02x}")).collect();
        format!("0x{hex}")
    }

    /// The `.json` file: the metadata without the code.
    pub fn metadata(&self) -> Result<Vec<u8>> {
        let mut metadata = self.0.clone();
        metadata.remove_source_wasm_attribute();
        Ok(serde_json::to_vec_pretty(&metadata)?)
    }

    /// The `.contract` file: metadata and code.
    pub fn with_code(&self) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec(&self.0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_chains() {
        let bundle = Bundle::new("one", "0.1.0", b"abc", b"{\"version\": 5}").unwrap();
        // BLAKE2b-256 of "abc".
        assert_eq!(
            bundle.code_hash(),
            "0xbddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
        );
        let all: Value = serde_json::from_slice(&bundle.with_code().unwrap()).unwrap();
        assert_eq!(all["source"]["wasm"], "0x616263");
        assert_eq!(all["source"]["hash"], bundle.code_hash());
        assert_eq!(all["version"], 5);
        let metadata: Value = serde_json::from_slice(&bundle.metadata().unwrap()).unwrap();
        assert_eq!(metadata["source"].get("wasm"), None);
    }

    #[test]
    fn metadata_that_is_not_an_object_is_refused() {
        assert!(Bundle::new("one", "0.1.0", b"", b"[]").is_err());
    }
}
