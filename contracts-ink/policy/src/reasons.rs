//! The codes of [`DenyReason::Other`] that the policies of this repository use.
//!
//! Each policy defines its own codes: another policy may give the same number
//! another meaning. Document yours, and choose a number that is not in this list.

use crate::DenyReason;

/// The grant does not cover this purpose, or the question names none.
pub const PURPOSE_NOT_GRANTED: DenyReason = DenyReason::Other(1);

/// The policy does not allow access at this time of day (`working-hours`).
pub const OUTSIDE_HOURS: DenyReason = DenyReason::Other(2);

/// An approval that the policy requires is missing (`two-guardians`).
pub const APPROVAL_MISSING: DenyReason = DenyReason::Other(3);

/// The patient does not allow this model, or the question names none (`model-allow-list`).
pub const MODEL_NOT_ALLOWED: DenyReason = DenyReason::Other(4);

#[cfg(test)]
mod tests {
    use super::*;
    use ink::scale::Encode;

    #[test]
    fn codes_are_pinned() {
        let reasons = [PURPOSE_NOT_GRANTED, OUTSIDE_HOURS, APPROVAL_MISSING, MODEL_NOT_ALLOWED];
        let encoded = reasons.map(|reason| reason.encode());
        assert_eq!(encoded, [[4, 1], [4, 2], [4, 3], [4, 4]]);
    }
}
