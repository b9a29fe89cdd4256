//! Compiles the runtime to WebAssembly, unless that is what is happening.

fn main() {
    #[cfg(feature = "std")]
    substrate_wasm_builder::WasmBuilder::build_using_defaults();
}
