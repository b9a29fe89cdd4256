//! The codes of [`DenyReason::Other`] that the policies of this repository
//! give. A code is the policy's own: another policy may mean something else by
//! the same number, so document yours, and take a new one rather than one of
//! these for another meaning.

use crate::DenyReason;

/// There is a grant, but not for this purpose, or the question came without one.
pub const PURPOSE_NOT_GRANTED: DenyReason = DenyReason::Other(1);

/// Not at this time of the day (`working-hours`).
pub const OUTSIDE_HOURS: DenyReason = DenyReason::Other(2);

/// Not everybody who has to agree has agreed (`two-guardians`).
pub const APPROVAL_MISSING: DenyReason = DenyReason::Other(3);

#[cfg(test)]
mod tests {
    use super::*;
    use ink::scale::Encode;

    #[test]
    fn codes_are_pinned() {
        let encoded = [PURPOSE_NOT_GRANTED, OUTSIDE_HOURS, APPROVAL_MISSING].map(|r| r.encode());
        assert_eq!(encoded, [[4, 1], [4, 2], [4, 3]]);
    }
}
