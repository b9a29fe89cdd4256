//! Delegates, who grant and revoke in a patient's name.

use crate::{is_over, BlockNumber, GrantError};

/// A patient's permission for an account to grant and revoke in their name.
///
/// A delegate cannot appoint further delegates, and the patient can remove them
/// at any time. A contract can be a delegate too, which allows rules such as
/// "two of three guardians" that this policy knows nothing about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Delegation {
    /// The last block in which the delegate may act; none: until removed.
    pub until: Option<BlockNumber>,
}

impl Delegation {
    /// Checks that this delegation is still valid in the block `now`.
    ///
    /// # Errors
    /// [`GrantError::AlreadyExpired`].
    pub const fn validate(&self, now: BlockNumber) -> Result<(), GrantError> {
        match is_over(self.until, now) {
            true => Err(GrantError::AlreadyExpired),
            false => Ok(()),
        }
    }

    /// Checks that an account with this delegation may act in the block `now`.
    ///
    /// # Errors
    /// [`GrantError::NotDelegate`] where there is none or it has expired.
    pub const fn ensure(delegation: Option<Self>, now: BlockNumber) -> Result<(), GrantError> {
        match delegation {
            Some(one) if !is_over(one.until, now) => Ok(()),
            _ => Err(GrantError::NotDelegate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ink::scale::Encode;
    use proptest::prelude::*;

    #[test]
    fn the_encoding_is_the_optional_block() {
        assert_eq!(Delegation { until: None }.encode(), [0]);
        assert_eq!(Delegation { until: Some(1) }.encode(), [1, 1, 0, 0, 0]);
    }

    #[test]
    fn boundary_of_expiry() {
        let delegation = Delegation { until: Some(10) };
        assert_eq!(Delegation::ensure(Some(delegation), 10), Ok(()));
        assert_eq!(Delegation::ensure(Some(delegation), 11), Err(GrantError::NotDelegate));
        assert_eq!(delegation.validate(10), Ok(()));
        assert_eq!(delegation.validate(11), Err(GrantError::AlreadyExpired));
    }

    proptest! {
        #[test]
        fn what_is_over_stays_over(until: Option<BlockNumber>, a: BlockNumber, b: BlockNumber) {
            let delegation = Some(Delegation { until });
            let (now, later) = (a.min(b), a.max(b));
            if Delegation::ensure(delegation, now).is_err() {
                prop_assert!(Delegation::ensure(delegation, later).is_err());
            }
            prop_assert!(Delegation::ensure(None, now).is_err());
        }
    }
}
