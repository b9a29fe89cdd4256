//! Compiles the runtime to WebAssembly, unless that is what is happening.

fn main() {
    #[cfg(feature = "std")]
    wasm::build();
}

#[cfg(feature = "std")]
mod wasm {
    /// The digest of the metadata, which `make metadata` writes. Committed, so that the runtime
    /// need not be compiled a first time only to compute it.
    const DIGEST: &str = "metadata-digest";

    pub fn build() {
        println!("cargo:rerun-if-changed={DIGEST}");
        let digest = std::fs::read_to_string(DIGEST).unwrap_or_default();
        let digest = digest.trim();
        if !digest.is_empty() {
            // `CheckMetadataHash` has it from here: wallets that sign it are refused without.
            // SAFETY: no other thread of this program reads or writes the environment.
            #[expect(unsafe_code, reason = "the builder hands on the environment, and no more")]
            unsafe {
                std::env::set_var("RUNTIME_METADATA_HASH", digest);
            }
        }
        substrate_wasm_builder::WasmBuilder::build_using_defaults();
    }
}
