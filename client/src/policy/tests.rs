use std::path::PathBuf;

use super::*;
use crate::{chain::ContractFailure, contract::Interface, keys};

#[test]
fn the_data_of_a_message_is_its_selector_and_arguments() {
    let grantee = AccountId32([9; 32]);
    let set = ActionSet::of(&[Action::View, Action::Infer]);
    let mut expected = vec![0x4d, 0x43, 0x50, 0x10];
    expected.extend([9; 32]);
    expected.extend([0b01_0001, 1, 7, 0, 0, 0]);
    assert_eq!(grant(&grantee, set, Some(7)), expected);
    let mut expected = vec![0x4d, 0x43, 0x50, 0x11];
    expected.extend([9; 32]);
    assert_eq!(revoke(&grantee), expected);
    assert_eq!(constructor(), b"MCP\x00");
}

#[test]
fn the_messages_since_the_second_version_have_their_selectors() {
    let (patient, grantee) = (AccountId32([1; 32]), AccountId32([9; 32]));
    let actions = ActionSet::of(&[Action::View]);
    let purposes = Some(PurposeSet(0b101));
    let check = |found: Vec<u8>, selector: u8, arguments: &[&[u8]]| {
        let expected = [&[0x4d, 0x43, 0x50, selector], &arguments.concat()[..]].concat();
        assert_eq!(found, expected, "{selector:#x}");
    };
    let rest: &[u8] = &[1, 1, 0b101, 1, 7, 0, 0, 0];
    check(grant_for_purposes(&grantee, actions, purposes, Some(7)), 0x13, &[&[9; 32], rest]);
    check(grant_role(Role::Clinician, actions, purposes, Some(7)), 0x14, &[&[1], rest]);
    check(revoke_role(Role::Hospital), 0x15, &[&[2]]);
    check(set_delegate(&grantee, actions, Some(7)), 0x1c, &[&[9; 32], &[1, 1, 7, 0, 0, 0]]);
    check(remove_delegate(&grantee), 0x18, &[&[9; 32]]);
    let granted = grant_as(&patient, &grantee, actions, purposes, Some(7));
    check(granted, 0x19, &[&[1; 32], &[9; 32], rest]);
    check(revoke_as(&patient, &grantee), 0x1a, &[&[1; 32], &[9; 32]]);
}

#[test]
fn grants_of_both_versions_are_read() {
    let expected =
        |purposes| Grant { actions: ActionSet(0b10), until: Some(7), revoked: true, purposes };
    let first = [1, 0b10, 1, 7, 0, 0, 0, 1];
    let read = |bytes: &[u8]| Option::<Grant>::decode_all(&mut &bytes[..]).unwrap();
    assert_eq!(read(&first), Some(expected(None)));
    assert_eq!(read(&[&first[..], &[0]].concat()), Some(expected(None)));
    let second = [&first[..], &[1, 0b100]].concat();
    assert_eq!(read(&second), Some(expected(Some(PurposeSet(0b100)))));
    assert_eq!(read(&[0]), None);
    assert!(Option::<Grant>::decode_all(&mut &[&second[..], &[0]].concat()[..]).is_err());
}

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
