//! Sets of actions, purposes and roles, in one byte each.

use medchain_primitives::{Action, Purpose, Role};

/// Why a byte is no set that can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum SetError {
    /// Nothing is in the set. An empty set is refused rather than stored, so
    /// that nobody can take it for "everything".
    Empty,
    /// A bit is set that stands for nothing.
    Unknown,
}

/// Every role, in the order of their indices.
pub const ROLES: [Role; 4] =
    [Role::LabTechnician, Role::Clinician, Role::Hospital, Role::Custodian];

macro_rules! bit_set {
    ($(#[$doc:meta])* $set:ident of $item:ident in $all:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[ink::scale_derive(Encode, Decode, TypeInfo)]
        #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
        pub struct $set(u8);

        impl $set {
            /// Nothing at all.
            pub const EMPTY: Self = Self(0);
            /// Everything that there is.
            pub const ALL: Self = Self((1 << $all.len()) - 1);

            /// The set with these bits, whatever they mean; see [`Self::validate`].
            pub const fn from_bits(bits: u8) -> Self {
                Self(bits)
            }

            /// The bits, bit `i` for the item with the index `i`.
            pub const fn bits(self) -> u8 {
                self.0
            }

            /// This set and `item`.
            #[must_use]
            pub const fn with(self, item: $item) -> Self {
                Self(self.0 | 1 << item as u8)
            }

            /// Whether `item` is in the set.
            pub const fn contains(self, item: $item) -> bool {
                self.0 & 1 << item as u8 != 0
            }

            /// Whether nothing is in the set.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// What is in the set, in the order of the indices.
            pub fn iter(self) -> impl Iterator<Item = $item> {
                $all.into_iter().filter(move |item| self.contains(*item))
            }

            /// Accepts a set that can be granted: not empty, and nothing unknown.
            ///
            /// # Errors
            /// [`SetError::Empty`] and [`SetError::Unknown`].
            pub const fn validate(self) -> Result<(), SetError> {
                if self.is_empty() {
                    Err(SetError::Empty)
                } else if self.0 & !Self::ALL.0 != 0 {
                    Err(SetError::Unknown)
                } else {
                    Ok(())
                }
            }
        }

        impl From<$item> for $set {
            fn from(item: $item) -> Self {
                Self::EMPTY.with(item)
            }
        }

        impl FromIterator<$item> for $set {
            fn from_iter<I: IntoIterator<Item = $item>>(items: I) -> Self {
                items.into_iter().fold(Self::EMPTY, Self::with)
            }
        }
    };
}

bit_set! {
    /// A set of [`Action`]s in one byte: bit `i` stands for the action with the
    /// index `i`. `0b01_0001` is View and Infer.
    ActionSet of Action in Action::ALL
}

bit_set! {
    /// A set of [`Purpose`]s in one byte: bit `i` stands for the purpose with
    /// the index `i`. `0b0_0101` is Treatment and Research.
    PurposeSet of Purpose in Purpose::ALL
}

bit_set! {
    /// A set of [`Role`]s in one byte: bit `i` stands for the role with the
    /// index `i`. `0b0010` is Clinician.
    RoleSet of Role in ROLES
}

#[cfg(test)]
mod tests {
    use super::*;
    use ink::scale::{Decode, Encode};
    use proptest::prelude::*;

    #[test]
    fn a_bit_is_the_index_of_its_item() {
        for (index, action) in Action::ALL.into_iter().enumerate() {
            assert_eq!(ActionSet::from(action).bits(), 1 << index);
            assert_eq!(action.encode(), [index as u8]);
        }
        for (index, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(PurposeSet::from(purpose).bits(), 1 << index);
            assert_eq!(purpose.encode(), [index as u8]);
        }
        for (index, role) in ROLES.into_iter().enumerate() {
            assert_eq!(RoleSet::from(role).bits(), 1 << index);
            assert_eq!(role.encode(), [index as u8]);
        }
        assert_eq!(ActionSet::ALL.bits(), 0b11_1111);
        assert_eq!(PurposeSet::ALL.bits(), 0b1_1111);
        assert_eq!(RoleSet::ALL.bits(), 0b1111);
    }

    #[test]
    fn every_role_is_known() {
        // A role that is added to the chain's list has to be added to ROLES.
        assert!(Role::decode(&mut &[ROLES.len() as u8][..]).is_err());
    }

    #[test]
    fn the_encoding_is_one_byte() {
        let set = ActionSet::from_iter([Action::View, Action::Infer]);
        assert_eq!(set.encode(), [0b01_0001]);
        assert_eq!(ActionSet::decode(&mut &[0b01_0001u8][..]), Ok(set));
        assert_eq!(PurposeSet::from(Purpose::Research).encode(), [0b100]);
        assert_eq!(RoleSet::from(Role::Clinician).encode(), [0b10]);
    }

    #[test]
    fn the_empty_set_and_unknown_bits_cannot_be_granted() {
        assert_eq!(ActionSet::EMPTY.validate(), Err(SetError::Empty));
        assert_eq!(ActionSet::from_bits(0b0100_0001).validate(), Err(SetError::Unknown));
        assert_eq!(ActionSet::ALL.validate(), Ok(()));
        assert_eq!(PurposeSet::EMPTY.validate(), Err(SetError::Empty));
        assert_eq!(PurposeSet::from_bits(0b10_0000).validate(), Err(SetError::Unknown));
        assert_eq!(RoleSet::from_bits(0b1_0000).validate(), Err(SetError::Unknown));
    }

    proptest! {
        #[test]
        fn a_set_holds_exactly_what_was_put_in(bits in 0u8..64) {
            let set = ActionSet::from_bits(bits);
            prop_assert_eq!(set.iter().collect::<ActionSet>(), set);
            for action in Action::ALL {
                prop_assert_eq!(set.contains(action), set.iter().any(|one| one == action));
                prop_assert!(set.with(action).contains(action));
            }
        }
    }
}
