//! Turns the module that rustc built into the one that goes on chain: without
//! anything that pallet-contracts refuses, and as small as possible, because the
//! code of a policy is part of the proof of every block that asks it.

use std::{fs, process::Command};

use anyhow::{bail, ensure, Context, Result};
use wasm_encoder::{
    reencode::{utils, Error, Reencode},
    ExportSection, Module,
};
use wasmparser::{
    CustomSectionReader, Export, ExternalKind, Parser, Payload, TypeRef, Validator, WasmFeatures,
};

/// The only exports of a contract.
const ENTRY_POINTS: [&str; 2] = ["call", "deploy"];

/// The entry point that replaces `call` if a contract has it; see the macro
/// `answer_directly!` of the policy crate.
const DIRECT_CALL: &str = "policy_call";

/// Makes a compiled contract small and fit for a chain.
pub fn shrink(compiled: &[u8]) -> Result<Vec<u8>> {
    let small = optimise(&strip(compiled)?)?;
    check(&small)?;
    Ok(small)
}

/// Removes the custom sections and all exports but the entry points. The chain
/// refuses the others, such as rustc's `memcpy`.
fn strip(compiled: &[u8]) -> Result<Vec<u8>> {
    let mut stripper =
        Stripper { direct: exports(compiled)?.iter().any(|export| export.name == DIRECT_CALL) };
    let mut module = Module::new();
    stripper
        .parse_core_module(&mut module, Parser::new(0), compiled)
        .context("cannot be rewritten")?;
    Ok(module.finish())
}

/// Returns the exports of a module.
fn exports(module: &[u8]) -> Result<Vec<Export<'_>>> {
    let mut all = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload.context("not a WebAssembly module")? {
            for export in section {
                all.push(export?);
            }
        }
    }
    Ok(all)
}

struct Stripper {
    /// Whether the contract has an entry point that replaces ink!'s.
    direct: bool,
}

impl Reencode for Stripper {
    type Error = std::convert::Infallible;

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let name = match export.name {
            DIRECT_CALL => "call",
            "call" if self.direct => return Ok(()),
            name if ENTRY_POINTS.contains(&name) => name,
            _ => return Ok(()),
        };
        utils::parse_export(self, exports, Export { name, ..export })
    }

    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        Ok(())
    }
}

/// Runs `wasm-opt` for size, without features that the chain's engine refuses.
/// The imported memory is new in every call and therefore zero, so that the module
/// need not contain the zeros of ink!'s 16 KB buffer.
fn optimise(module: &[u8]) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (from, to) = (folder.path().join("in.wasm"), folder.path().join("out.wasm"));
    fs::write(&from, module)?;
    let run = Command::new("wasm-opt")
        .args(["--mvp-features", "--zero-filled-memory"])
        .args(["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz"])
        .arg(&from)
        .arg("-o")
        .arg(&to)
        .output()
        .context("cannot run wasm-opt: install the package binaryen")?;
    ensure!(run.status.success(), "wasm-opt failed: {}", String::from_utf8_lossy(&run.stderr));
    fs::read(&to).context("wasm-opt wrote nothing")
}

/// Refuses a module that pallet-contracts would refuse.
fn check(module: &[u8]) -> Result<()> {
    Validator::new_with_features(WasmFeatures::WASM1 - WasmFeatures::FLOATS)
        .validate_all(module)
        .context("not valid WebAssembly without floating point and extensions")?;
    let mut memories = 0u32;
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(imports) = payload? {
            for import in imports {
                let import = import?;
                match import.ty {
                    TypeRef::Func(_) => {}
                    TypeRef::Memory(_) if (import.module, import.name) == ("env", "memory") => {
                        memories += 1;
                    }
                    _ => bail!("imports {}, which no chain provides", import.name),
                }
            }
        }
    }
    ensure!(memories == 1, "does not import its memory (--import-memory)");
    let exports = exports(module)?;
    for export in &exports {
        ensure!(
            export.kind == ExternalKind::Func && ENTRY_POINTS.contains(&export.name),
            "exports {}, which is not an entry point",
            export.name
        );
    }
    ensure!(exports.len() == ENTRY_POINTS.len(), "does not export both call and deploy");
    Ok(())
}

#[cfg(test)]
mod tests;
