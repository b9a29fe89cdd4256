//! The messages of the reference policy contract, `access-control`, by their pinned selectors.
//!
//! For whoever calls it: command line and web page. On chain, nothing knows them. Accounts are
//! their 32 bytes.

use alloc::vec::Vec;

use codec::{Decode, Encode, Error, Input};

use crate::{ActionSet, PurposeSet, Role};

const NEW: [u8; 4] = [0x4d, 0x43, 0x50, 0x00];
const GRANT: [u8; 4] = [0x4d, 0x43, 0x50, 0x10];
const REVOKE: [u8; 4] = [0x4d, 0x43, 0x50, 0x11];
const GRANT_OF: [u8; 4] = [0x4d, 0x43, 0x50, 0x12];
// The contract's first version has none of these.
const GRANT_FOR_PURPOSES: [u8; 4] = [0x4d, 0x43, 0x50, 0x13];
const GRANT_ROLE: [u8; 4] = [0x4d, 0x43, 0x50, 0x14];
const REVOKE_ROLE: [u8; 4] = [0x4d, 0x43, 0x50, 0x15];
const ROLE_GRANT_OF: [u8; 4] = [0x4d, 0x43, 0x50, 0x16];
const REMOVE_DELEGATE: [u8; 4] = [0x4d, 0x43, 0x50, 0x18];
const GRANT_AS: [u8; 4] = [0x4d, 0x43, 0x50, 0x19];
const REVOKE_AS: [u8; 4] = [0x4d, 0x43, 0x50, 0x1a];
// The contract's second version has another message, which names no actions.
const SET_DELEGATE: [u8; 4] = [0x4d, 0x43, 0x50, 0x1c];

/// What a patient granted to an account or to a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub struct Grant {
    /// The actions that are allowed.
    pub actions: ActionSet,
    /// The last block in which the grant is valid; until it is revoked when `None`.
    pub until: Option<u32>,
    /// Whether the patient revoked the grant.
    pub revoked: bool,
    /// The purposes that it is limited to; any purpose when `None`.
    pub purposes: Option<PurposeSet>,
}

impl Decode for Grant {
    /// A grant of the contract's first version ends before the purposes.
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let (actions, until, revoked) = Decode::decode(input)?;
        let purposes = match input.remaining_len()? {
            Some(0) => None,
            _ => Decode::decode(input)?,
        };
        Ok(Self { actions, until, revoked, purposes })
    }
}

/// The data that instantiates the contract.
pub fn constructor() -> Vec<u8> {
    NEW.to_vec()
}

/// The data by which a patient grants `grantee` these actions, in place of
/// an earlier grant.
pub fn grant(grantee: &[u8; 32], actions: ActionSet, until: Option<u32>) -> Vec<u8> {
    (GRANT, grantee, actions, until).encode()
}

/// As [`grant`], for these purposes alone; for any when `None`.
pub fn grant_for_purposes(
    grantee: &[u8; 32],
    actions: ActionSet,
    purposes: Option<PurposeSet>,
    until: Option<u32>,
) -> Vec<u8> {
    (GRANT_FOR_PURPOSES, grantee, actions, purposes, until).encode()
}

/// The data by which a patient revokes the grant to `grantee`.
pub fn revoke(grantee: &[u8; 32]) -> Vec<u8> {
    (REVOKE, grantee).encode()
}

/// The data that asks for the grant of `patient` to `grantee`.
pub fn grant_of(patient: &[u8; 32], grantee: &[u8; 32]) -> Vec<u8> {
    (GRANT_OF, patient, grantee).encode()
}

/// The data by which a patient grants every account with this role these actions,
/// in place of an earlier grant to the role.
pub fn grant_role(
    role: Role,
    actions: ActionSet,
    purposes: Option<PurposeSet>,
    until: Option<u32>,
) -> Vec<u8> {
    (GRANT_ROLE, role, actions, purposes, until).encode()
}

/// The data by which a patient revokes the grant to a role.
pub fn revoke_role(role: Role) -> Vec<u8> {
    (REVOKE_ROLE, role).encode()
}

/// The data that asks for the grant of `patient` to a role.
pub fn role_grant_of(patient: &[u8; 32], role: Role) -> Vec<u8> {
    (ROLE_GRANT_OF, patient, role).encode()
}

/// The data by which a patient lets `delegate` grant and revoke these actions in the
/// patient's name, up to and including the block `until`.
pub fn set_delegate(delegate: &[u8; 32], actions: ActionSet, until: Option<u32>) -> Vec<u8> {
    (SET_DELEGATE, delegate, actions, until).encode()
}

/// The data by which a patient removes a delegate.
pub fn remove_delegate(delegate: &[u8; 32]) -> Vec<u8> {
    (REMOVE_DELEGATE, delegate).encode()
}

/// As [`grant_for_purposes`], by a delegate in the name of `patient`.
pub fn grant_as(
    patient: &[u8; 32],
    grantee: &[u8; 32],
    actions: ActionSet,
    purposes: Option<PurposeSet>,
    until: Option<u32>,
) -> Vec<u8> {
    (GRANT_AS, patient, grantee, actions, purposes, until).encode()
}

/// As [`revoke`], by a delegate in the name of `patient`.
pub fn revoke_as(patient: &[u8; 32], grantee: &[u8; 32]) -> Vec<u8> {
    (REVOKE_AS, patient, grantee).encode()
}

#[cfg(test)]
mod tests {
    use codec::DecodeAll;

    use super::*;
    use crate::Action;

    #[test]
    fn the_data_of_a_message_is_its_selector_and_arguments() {
        let grantee = [9; 32];
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
        let (patient, grantee) = ([1; 32], [9; 32]);
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
}
