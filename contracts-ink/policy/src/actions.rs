//! Sets of actions.

use crate::Action;

/// A set of [`Action`]s in one byte: bit `i` stands for the action with the
/// index `i`. `0b01_0001` is View and Infer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct ActionSet(u8);

/// Why a byte is no set of actions that can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum ActionSetError {
    /// No action is in the set. An empty set is refused rather than stored, so
    /// that nobody can take it for "everything".
    Empty,
    /// A bit is set that stands for no action.
    Unknown,
}

impl ActionSet {
    /// No action at all.
    pub const EMPTY: ActionSet = ActionSet(0);
    /// Every action that there is.
    pub const ALL: ActionSet = ActionSet((1 << Action::ALL.len()) - 1);

    /// The set with these bits, whatever they mean; see [`Self::validate`].
    pub const fn from_bits(bits: u8) -> Self {
        ActionSet(bits)
    }

    /// The bits, bit `i` for the action with the index `i`.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// This set and `action`.
    #[must_use]
    pub const fn with(self, action: Action) -> Self {
        ActionSet(self.0 | 1 << action as u8)
    }

    /// Whether `action` is in the set.
    pub const fn contains(self, action: Action) -> bool {
        self.0 & 1 << action as u8 != 0
    }

    /// Whether no action is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The actions in the set, in the order of their indices.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.contains(*action))
    }

    /// Accepts a set that can be granted: not empty, and of known actions only.
    ///
    /// # Errors
    /// [`ActionSetError::Empty`] and [`ActionSetError::Unknown`].
    pub const fn validate(self) -> Result<(), ActionSetError> {
        if self.is_empty() {
            Err(ActionSetError::Empty)
        } else if self.0 & !Self::ALL.0 != 0 {
            Err(ActionSetError::Unknown)
        } else {
            Ok(())
        }
    }
}

impl From<Action> for ActionSet {
    fn from(action: Action) -> Self {
        ActionSet::EMPTY.with(action)
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        actions.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ink::scale::{Decode, Encode};
    use proptest::prelude::*;

    #[test]
    fn a_bit_is_the_index_of_its_action() {
        for (index, action) in Action::ALL.into_iter().enumerate() {
            assert_eq!(ActionSet::from(action).bits(), 1 << index);
            assert_eq!(action.encode(), [index as u8]);
        }
        assert_eq!(ActionSet::ALL.bits(), 0b11_1111);
    }

    #[test]
    fn the_encoding_is_one_byte() {
        let set = ActionSet::from_iter([Action::View, Action::Infer]);
        assert_eq!(set.encode(), [0b01_0001]);
        assert_eq!(ActionSet::decode(&mut &[0b01_0001u8][..]), Ok(set));
    }

    #[test]
    fn the_empty_set_and_unknown_bits_cannot_be_granted() {
        assert_eq!(ActionSet::EMPTY.validate(), Err(ActionSetError::Empty));
        assert_eq!(ActionSet::from_bits(0b0100_0001).validate(), Err(ActionSetError::Unknown));
        assert_eq!(ActionSet::ALL.validate(), Ok(()));
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
