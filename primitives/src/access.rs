//! The question that is put to a patient's policy contract, and its answer.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;

use crate::names::named_enum;

/// The selector of the message `check` of every policy contract.
///
/// The bytes `MCP` and the version of the question.
pub const POLICY_CHECK_SELECTOR: [u8; 4] = *b"MCP\x01";

named_enum! {
    /// What an account wants to do with a patient's records.
    pub enum Action is "an action" {
        /// Read a record.
        View = 0 => "view",
        /// Add a record to the patient's file.
        Append = 1 => "append",
        /// Replace a record with a new version.
        Amend = 2 => "amend",
        /// Give the content key of a record to another reader.
        Share = 3 => "share",
        /// Run a model on a record, or order a run.
        Infer = 4 => "infer",
        /// Break the glass in an emergency.
        Emergency = 5 => "emergency",
    }
}

named_enum! {
    /// What an account wants to see a record for.
    ///
    /// The indices are part of the interface of policy contracts.
    pub enum Purpose is "a purpose" {
        /// To treat the patient.
        Treatment = 0 => "treatment",
        /// To give a second opinion.
        SecondOpinion = 1 => "second-opinion",
        /// For research.
        Research = 2 => "research",
        /// To bill or reimburse.
        Billing = 3 => "billing",
        /// For another purpose.
        Other = 4 => "other",
    }
}

/// Why a policy refuses.
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
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("access", "types")
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum DenyReason {
    /// The patient has granted this account nothing.
    #[codec(index = 0)]
    NoGrant,
    /// The patient's grant does not include this action.
    #[codec(index = 1)]
    ActionNotGranted,
    /// The patient's grant has expired.
    #[codec(index = 2)]
    Expired,
    /// The patient revoked the grant.
    #[codec(index = 3)]
    Revoked,
    /// Another reason, by a code that the policy's author documents.
    #[codec(index = 4)]
    Other(u8),
}

impl fmt::Display for DenyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoGrant => "the patient has granted this account nothing",
            Self::ActionNotGranted => {
                "the patient's grant to this account does not include this action"
            }
            Self::Expired => "the patient's grant has expired",
            Self::Revoked => "the patient revoked the grant",
            Self::Other(code) => return write!(f, "the policy refuses with its reason {code}"),
        })
    }
}

/// A policy's answer.
///
/// Whatever does not decode to [`Decision::Allow`] denies.
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
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("access", "types")
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Decision {
    /// No, for this reason. The index is 0, so that an all-zero answer denies.
    #[codec(index = 0)]
    Deny(DenyReason),
    /// Yes.
    #[codec(index = 1)]
    Allow,
}

/// Why the chain denies access.
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
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("access", "types")
)]
pub enum Denied {
    /// Neither the patient nor the chain has a policy.
    #[codec(index = 0)]
    NoPolicy,
    /// There is no contract at the policy's address.
    #[codec(index = 1)]
    PolicyNotFound,
    /// The policy contract trapped.
    #[codec(index = 2)]
    PolicyTrapped,
    /// The policy contract exceeded its limit of gas or proof size.
    #[codec(index = 3)]
    PolicyOutOfGas,
    /// The policy contract reverted, or its answer is not a decision.
    #[codec(index = 4)]
    PolicyAnswerInvalid,
    /// The question was asked from within a contract.
    #[codec(index = 5)]
    PolicyReentered,
    /// The policy refused, for this reason.
    #[codec(index = 6)]
    Refused(DenyReason),
    /// The account whose records are asked for is not a patient.
    #[codec(index = 7)]
    PatientNotFound,
    /// The patient has no record with this number.
    #[codec(index = 8)]
    RecordNotFound,
    /// The record was erased.
    #[codec(index = 9)]
    RecordErased,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPolicy => "neither the patient nor the chain has an access policy",
            Self::PolicyNotFound => "there is no contract at the policy's address",
            Self::PolicyTrapped => "the policy contract failed",
            Self::PolicyOutOfGas => "the policy contract exceeded its gas limit",
            Self::PolicyAnswerInvalid => "the policy contract's answer is not a decision",
            Self::PolicyReentered => "a policy cannot be asked from within a contract",
            Self::Refused(reason) => return reason.fmt(f),
            Self::PatientNotFound => "this account is not a patient",
            Self::RecordNotFound => "the patient has no such record",
            Self::RecordErased => "the record was erased",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_all_zero_answer_denies() {
        assert_eq!(Decision::decode(&mut &[0u8, 0][..]), Ok(Decision::Deny(DenyReason::NoGrant)));
    }

    #[test]
    fn decisions_have_their_indices() {
        assert_eq!(Decision::Allow.encode(), [1]);
        assert_eq!(Decision::Deny(DenyReason::Other(7)).encode(), [0, 4, 7]);
        let reasons = [
            DenyReason::NoGrant,
            DenyReason::ActionNotGranted,
            DenyReason::Expired,
            DenyReason::Revoked,
        ];
        assert_eq!(reasons.encode(), [0, 1, 2, 3]);
    }

    #[test]
    fn denials_have_their_indices_and_sentences() {
        let check = |denied: Denied, encoded: &[u8], words: &str| {
            assert_eq!(denied.encode(), encoded);
            assert_eq!(denied.to_string(), words);
        };
        check(Denied::NoPolicy, &[0], "neither the patient nor the chain has an access policy");
        check(Denied::PolicyNotFound, &[1], "there is no contract at the policy's address");
        check(Denied::PolicyTrapped, &[2], "the policy contract failed");
        check(Denied::PolicyOutOfGas, &[3], "the policy contract exceeded its gas limit");
        check(Denied::PolicyAnswerInvalid, &[4], "the policy contract's answer is not a decision");
        check(Denied::PolicyReentered, &[5], "a policy cannot be asked from within a contract");
        check(Denied::Refused(DenyReason::Revoked), &[6, 3], "the patient revoked the grant");
        let other = Denied::Refused(DenyReason::Other(9));
        check(other, &[6, 4, 9], "the policy refuses with its reason 9");
        check(Denied::PatientNotFound, &[7], "this account is not a patient");
        check(Denied::RecordNotFound, &[8], "the patient has no such record");
        check(Denied::RecordErased, &[9], "the record was erased");
    }
}
