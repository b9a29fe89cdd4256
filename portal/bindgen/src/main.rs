//! `portal-bindgen COMPILED OUT`: makes of a module that rustc compiled with wasm-bindgen the
//! files that a page loads, `core.js`, `core.d.ts` and `core_bg.wasm`, in the folder OUT.
//!
//! It is wasm-bindgen's own command line as a library, so that the version that reads the module
//! is the locked one that wrote it, and nothing has to be downloaded.

use std::{env, path::Path};

use anyhow::{bail, Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [compiled, out] = arguments.as_slice() else {
        bail!("usage: portal-bindgen COMPILED OUT");
    };
    Bindgen::new()
        .input_path(compiled)
        .out_name("core")
        .web(true)
        .context("cannot make a module for web pages")?
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(Path::new(out))
        .with_context(|| format!("cannot read what rustc compiled, {compiled}"))
}
