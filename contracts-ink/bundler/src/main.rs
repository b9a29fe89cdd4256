//! `bundler [--strict] NAME VERSION CODE METADATA OUT`: builds the files of the
//! contract NAME. It reads the compiled module CODE and the metadata that ink!
//! generated (METADATA, JSON), and writes to the folder OUT:
//!
//! - `NAME.wasm`, the code in the form that a chain accepts, as small as possible;
//! - `NAME.json`, the metadata with the hash of that code;
//! - `NAME.contract`, both in one file, as Polkadot.js and others load it.
//!
//! It warns of constructors, messages and events whose documentation people
//! cannot read in Apps, and fails on them with `--strict`.

mod bundle;
mod docs;
mod shrink;

use std::{env, fs, path::Path};

use anyhow::{bail, Context, Result};

fn main() -> Result<()> {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let is_strict = arguments.first().is_some_and(|first| first == "--strict");
    if is_strict {
        arguments.remove(0);
    }
    let [name, version, code, metadata, out] = arguments.as_slice() else {
        bail!("usage: bundler [--strict] NAME VERSION CODE METADATA OUT");
    };
    let compiled = fs::read(code).with_context(|| format!("cannot read {code}"))?;
    let abi = fs::read(metadata).with_context(|| format!("cannot read {metadata}"))?;
    check_docs(name, &abi, is_strict)?;
    let wasm = shrink::shrink(&compiled)
        .with_context(|| format!("{code} cannot be turned into a contract"))?;
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

/// Reports what is wrong with the contract's documentation, and fails on it if
/// `is_strict`.
fn check_docs(name: &str, abi: &[u8], is_strict: bool) -> Result<()> {
    let faults = docs::faults(abi)?;
    let kind = if is_strict { "error" } else { "warning" };
    for fault in &faults {
        eprintln!("{kind}: {name}: {fault}");
    }
    if is_strict && !faults.is_empty() {
        bail!("{name} lacks documentation that people can read in Apps");
    }
    Ok(())
}
