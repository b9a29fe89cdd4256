use std::path::PathBuf;

use super::*;
use crate::{chain::ContractFailure, contract::Interface, keys};

/// The errors of this contract's metadata, in the order of their indices.
fn errors(bundle: &[u8]) -> Vec<String> {
    let interface = Interface::read(bundle).unwrap();
    let grant = interface.message("grant").unwrap();
    let of = |index| Some(interface.refusal(grant, &[0, 1, index])?.to_string());
    (0..=u8::MAX).map_while(of).collect()
}

/// Renaming, adding or removing an error of the contract fails here.
#[test]
fn the_errors_are_those_of_the_contract() {
    let folder = std::env::var_os("MEDCHAIN_CONTRACTS_DIR").map_or_else(
        || keys::user_folder("XDG_CACHE_HOME", ".cache").join("medchain/contracts/ink"),
        PathBuf::from,
    );
    let path = folder.join("access-control.contract");
    let bundle = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}. Run 'make contracts' first.", path.display()));
    let names = GrantError::ALL.map(|error| format!("{error:?}"));
    assert_eq!(names[..], errors(&bundle));
    // The contract's first version has some of them, with the same indices.
    let first = errors(include_bytes!("../contract/tests/access-control-1.json"));
    assert!(!first.is_empty() && names.starts_with(&first), "{first:?}");
}

#[test]
fn an_error_is_read_from_what_a_reverted_call_returned() {
    for error in GrantError::ALL {
        let reverted = |data| ChainError::Contract(ContractFailure::Reverted { data });
        let data = [&[0, 1], &error.encode()[..]].concat();
        assert_eq!(GrantError::of(&reverted(data.clone())), Some(error));
        assert_eq!(GrantError::of(&reverted([&data[..], &[0]].concat())), None);
    }
    for other in [&[][..], &[9], &[0, 0], &[0, 1], &[0, 1, 10], &[1, 1]] {
        assert_eq!(GrantError::from_revert(other), None, "{other:?}");
    }
    assert_eq!(GrantError::of(&ChainError::StaleNonce), None);
}
