//! The chain's codes as stable words.

use medchain_primitives::{Denied, DenyReason, FailureCause};
use serde::Serialize;
use serde_json::Value;

use crate::AccountId32;

/// Bytes as `0x` and hexadecimal digits.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// An account, as its address.
pub fn account(account: &AccountId32) -> Value {
    account.to_string().into()
}

/// An account, or null.
pub fn maybe(found: Option<&AccountId32>) -> Value {
    found.map_or(Value::Null, account)
}

/// Accounts, as a list.
pub fn accounts(all: &[AccountId32]) -> Value {
    all.iter().map(account).collect()
}

/// A code whose word serde knows, such as a purpose.
pub fn word(code: impl Serialize) -> Value {
    serde_json::to_value(code).unwrap_or_default()
}

/// Why access was denied.
pub fn denied(reason: Denied) -> String {
    let word = match reason {
        Denied::NoPolicy => "no_policy",
        Denied::PolicyNotFound => "policy_not_found",
        Denied::PolicyTrapped => "policy_trapped",
        Denied::PolicyOutOfGas => "policy_out_of_gas",
        Denied::PolicyAnswerInvalid => "policy_answer_invalid",
        Denied::PolicyReentered => "policy_reentered",
        Denied::Refused(DenyReason::NoGrant) => "no_grant",
        Denied::Refused(DenyReason::ActionNotGranted) => "action_not_granted",
        Denied::Refused(DenyReason::Expired) => "grant_expired",
        Denied::Refused(DenyReason::Revoked) => "grant_revoked",
        Denied::Refused(DenyReason::Other(code)) => return format!("policy_reason_{code}"),
        Denied::PatientNotFound => "patient_not_found",
        Denied::RecordNotFound => "record_not_found",
        Denied::RecordErased => "record_erased",
    };
    word.to_owned()
}

/// Why a request failed.
pub fn failed(cause: FailureCause) -> Value {
    match cause {
        FailureCause::Reported(code) => word(code),
        FailureCause::NotAnswered => "not_answered".into(),
        FailureCause::NotRevealed => "not_revealed".into(),
        FailureCause::TooFewWorkers => "too_few_workers".into(),
        FailureCause::NobodyRight => "nobody_right".into(),
        FailureCause::NotSettled => "not_settled".into(),
    }
}
