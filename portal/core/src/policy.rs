//! The messages of the reference policy contract, by their pinned selectors.
//!
//! `medchain-client` has the same in `policy.rs`, with what reads the chain. The vectors of the
//! tests are those of the command line.

use codec::{Decode, DecodeAll, Encode};
use medchain_primitives::{ActionSet, PurposeSet, Role};

const NEW: [u8; 4] = [0x4d, 0x43, 0x50, 0x00];
const GRANT: [u8; 4] = [0x4d, 0x43, 0x50, 0x10];
const REVOKE: [u8; 4] = [0x4d, 0x43, 0x50, 0x11];
const GRANT_OF: [u8; 4] = [0x4d, 0x43, 0x50, 0x12];
const GRANT_FOR_PURPOSES: [u8; 4] = [0x4d, 0x43, 0x50, 0x13];
const GRANT_ROLE: [u8; 4] = [0x4d, 0x43, 0x50, 0x14];
const REVOKE_ROLE: [u8; 4] = [0x4d, 0x43, 0x50, 0x15];
const ROLE_GRANT_OF: [u8; 4] = [0x4d, 0x43, 0x50, 0x16];

/// What a patient granted to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
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

/// The data that instantiates the contract.
pub fn constructor() -> Vec<u8> {
    NEW.to_vec()
}

/// The data by which a patient grants `grantee` these actions, in place of an earlier grant: the
/// plain message where no purposes are named, because older contracts know only that.
pub fn grant(
    grantee: &[u8; 32],
    actions: ActionSet,
    purposes: Option<PurposeSet>,
    until: Option<u32>,
) -> Vec<u8> {
    match purposes {
        None => (GRANT, grantee, actions, until).encode(),
        Some(_) => (GRANT_FOR_PURPOSES, grantee, actions, purposes, until).encode(),
    }
}

/// The data by which a patient revokes the grant to `grantee`.
pub fn revoke(grantee: &[u8; 32]) -> Vec<u8> {
    (REVOKE, grantee).encode()
}

/// The data that asks for the grant of `patient` to `grantee`.
pub fn grant_of(patient: &[u8; 32], grantee: &[u8; 32]) -> Vec<u8> {
    (GRANT_OF, patient, grantee).encode()
}

/// The data by which a patient grants every account with this role these actions, in place of an
/// earlier grant to the role.
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

/// Reads the answer to [`grant_of`] or [`role_grant_of`], as the contract returns it: ink! puts
/// `Ok` around it.
///
/// # Errors
/// Where it is no such answer.
pub fn read_grant(answer: &[u8]) -> Result<Option<Grant>, String> {
    let Some((0, inner)) = answer.split_first() else {
        return Err("the policy contract did not answer".into());
    };
    if let Ok(grant) = Option::<Grant>::decode_all(&mut &*inner) {
        return Ok(grant);
    }
    // A grant of the contract's first version ends before the purposes.
    let first = Option::<(ActionSet, Option<u32>, bool)>::decode_all(&mut &*inner);
    let first = first.map_err(|_| "the policy contract's answer cannot be read".to_owned())?;
    Ok(first.map(|(actions, until, revoked)| Grant { actions, until, revoked, purposes: None }))
}
