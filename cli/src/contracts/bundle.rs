//! Contracts by their `.contract` bundle: reading the file, and refusals in the
//! contract's own words.

use std::path::Path;

use anyhow::{Context as _, Result};
use medchain_client::{
    chain::{ChainError, ContractFailure},
    contract::{Function, Interface},
};

use crate::files;

/// The largest contract bundle that is read, in bytes.
const MAX_BUNDLE_BYTES: u64 = 8 * 1024 * 1024;

/// Reads a bundle: its bytes, and the interface that it describes.
pub fn read_bundle(file: &Path) -> Result<(Vec<u8>, Interface)> {
    let bytes = files::read_piped(file, "the contract bundle", MAX_BUNDLE_BYTES)?;
    let interface = Interface::read(&bytes)
        .with_context(|| format!("{} is not a contract bundle", file.display()))?;
    Ok((bytes, interface))
}

/// Puts into words why a contract did not run `function`.
pub fn refusal(
    error: ChainError,
    interface: &Interface,
    function: &Function,
    contract: &str,
) -> anyhow::Error {
    let name = &function.name;
    match &error {
        ChainError::Contract(ContractFailure::Reverted { data }) => {
            match interface.refusal(function, data) {
                Some(fault) => anyhow::anyhow!("{contract} refuses `{name}`: {fault}"),
                None => anyhow::Error::new(error).context(format!("{contract} refuses `{name}`")),
            }
        }
        ChainError::Contract(ContractFailure::NoSuchMessage) => anyhow::anyhow!(
            "{contract} does not know `{name}` as the bundle describes it; \
             name this contract's bundle"
        ),
        _ => anyhow::Error::new(error).context(format!("{contract} did not answer `{name}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &[u8] =
        include_bytes!("../../../client/src/contract/tests/access-control-1.json");

    #[test]
    fn a_refusal_is_in_the_contract_s_words() {
        let interface = Interface::read(REFERENCE).unwrap();
        let grant = interface.message("grant").unwrap();
        let check = |failure, words: &str| {
            let error = refusal(ChainError::Contract(failure), &interface, grant, "5F");
            let line = format!("{error:#}");
            assert!(line.contains(words), "{line}");
        };
        let reverted = |data: &[u8]| ContractFailure::Reverted { data: data.to_vec() };
        check(reverted(&[0, 1, 2]), "5F refuses `grant`: AlreadyExpired");
        check(reverted(&[9]), "5F refuses `grant`: the contract reverted the call");
        check(ContractFailure::NoSuchMessage, "name this contract's bundle");
    }

    #[test]
    fn a_file_that_is_not_a_bundle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.contract");
        std::fs::write(&file, b"\0asm").unwrap();
        let error = format!("{:#}", read_bundle(&file).unwrap_err());
        assert!(error.contains("x.contract is not a contract bundle"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_bundle_may_come_through_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let writer = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::write(pipe, REFERENCE).unwrap()
        });
        let (bytes, _) = read_bundle(&pipe).unwrap();
        writer.join().unwrap();
        assert!(bytes == REFERENCE);
    }
}
