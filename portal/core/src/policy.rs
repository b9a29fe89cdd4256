//! The messages of the reference policy contract, and its answers.
//!
//! The messages are those of `medchain-primitives`, which the command line sends too.

use codec::DecodeAll;
use medchain_primitives::{policy, ActionSet, PurposeSet};

pub use medchain_primitives::policy::{
    constructor, grant_of, grant_role, revoke, revoke_role, role_grant_of, Grant,
};

/// The data by which a patient grants `grantee` these actions, in place of an earlier grant: the
/// plain message where no purposes are named, because older contracts know only that.
pub fn grant(
    grantee: &[u8; 32],
    actions: ActionSet,
    purposes: Option<PurposeSet>,
    until: Option<u32>,
) -> Vec<u8> {
    match purposes {
        None => policy::grant(grantee, actions, until),
        Some(_) => policy::grant_for_purposes(grantee, actions, purposes, until),
    }
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
    Option::decode_all(&mut &*inner)
        .map_err(|_| "the policy contract's answer cannot be read".to_owned())
}
