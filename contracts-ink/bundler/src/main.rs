//! `bundler NAME VERSION CODE METADATA OUT`: makes the contract NAME ready for
//! use. It reads the compiled module CODE and the metadata that ink! generated
//! (METADATA, JSON), and writes to the folder OUT:
//!
//! - `NAME.wasm`, the code that a chain accepts, as small as it gets;
//! - `NAME.json`, the metadata with the hash of that code;
//! - `NAME.contract`, both in one file, as Polkadot.js and others load it.

mod bundle;
mod shrink;

use std::{env, fs, path::Path};

use anyhow::{bail, Context, Result};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, version, code, metadata, out] = arguments.as_slice() else {
        bail!("usage: bundler NAME VERSION CODE METADATA OUT");
    };
    let compiled = fs::read(code).with_context(|| format!("cannot read {code}"))?;
    let abi = fs::read(metadata).with_context(|| format!("cannot read {metadata}"))?;
    let wasm = shrink::shrink(&compiled)
        .with_context(|| format!("{code} cannot be made into a contract"))?;
    let bundle = bundle::Bundle::new(name, version, &wasm, &abi)?;

    let out = Path::new(out);
    let write = |extension: &str, bytes: &[u8]| {
        let path = out.join(format!("{name}.{extension}"));
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    write("wasm", &wasm)?;
    write("json", &bundle.metadata()?)?;
    write("contract", &bundle.with_code()?)?;
    println!("{name}: {} bytes of code, {}", wasm.len(), bundle.code_hash());
    Ok(())
}
