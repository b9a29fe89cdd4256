//! The question that is put to a patient's policy contract, and its answer.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The selector of the message `check` of every policy contract: the bytes
/// `MCP` and the version of the question.
pub const POLICY_CHECK_SELECTOR: [u8; 4] = *b"MCP\x01";

/// What somebody wants to do with a patient's records.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Action {
    /// Read a record.
    #[codec(index = 0)]
    View,
    /// Add a record to the patient's file.
    #[codec(index = 1)]
    Append,
    /// Replace a record by a new version.
    #[codec(index = 2)]
    Amend,
    /// Hand the content key of a record to another reader.
    #[codec(index = 3)]
    Share,
    /// Run a model on a record, or ask for that.
    #[codec(index = 4)]
    Infer,
    /// Break-glass access in an emergency.
    #[codec(index = 5)]
    Emergency,
}

impl Action {
    /// Every action, in the order of their indices.
    pub const ALL: [Action; 6] = [
        Action::View,
        Action::Append,
        Action::Amend,
        Action::Share,
        Action::Infer,
        Action::Emergency,
    ];
}

/// Why a policy says no.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum DenyReason {
    /// The patient never granted this account anything.
    #[codec(index = 0)]
    NoGrant,
    /// There is a grant, but not for this action.
    #[codec(index = 1)]
    ActionNotGranted,
    /// The grant's time is over.
    #[codec(index = 2)]
    Expired,
    /// The patient took the grant back.
    #[codec(index = 3)]
    Revoked,
    /// A reason of the policy's own, with a code that its author documents.
    #[codec(index = 4)]
    Other(u8),
}

/// A policy's answer. Whatever does not decode to [`Decision::Allow`] denies.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Decision {
    /// No, and why. Index 0, so that an all-zero answer denies.
    #[codec(index = 0)]
    Deny(DenyReason),
    /// Yes.
    #[codec(index = 1)]
    Allow,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_all_zero_answer_denies() {
        assert_eq!(Decision::decode(&mut &[0u8, 0][..]), Ok(Decision::Deny(DenyReason::NoGrant)));
    }

    #[test]
    fn indices_are_pinned() {
        let encoded: [u8; 6] = Action::ALL.map(|action| action.encode()[0]);
        assert_eq!(encoded, [0, 1, 2, 3, 4, 5]);
        assert_eq!(Decision::Allow.encode(), [1]);
        assert_eq!(Decision::Deny(DenyReason::Other(7)).encode(), [0, 4, 7]);
    }
}
