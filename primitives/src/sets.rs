//! Sets of actions, purposes and roles, in one byte each.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{fmt, str::FromStr};
use scale_info::TypeInfo;

use crate::{Action, Purpose, Role, UnknownName};

/// Why a set cannot be granted.
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
#[scale_info(replace_segment("medchain_primitives", "medchain"), replace_segment("sets", "types"))]
pub enum SetError {
    /// The set is empty. It is refused, so that nobody takes it for "everything".
    #[codec(index = 0)]
    Empty,
    /// The set has a bit that stands for nothing.
    #[codec(index = 1)]
    Unknown,
}

macro_rules! bit_set {
    ($(#[$meta:meta])* pub struct $set:ident of $item:ident;) => {
        $(#[$meta])*
        #[derive(
            Clone,
            Copy,
            Debug,
            Default,
            PartialEq,
            Eq,
            Encode,
            Decode,
            DecodeWithMemTracking,
            MaxEncodedLen,
            TypeInfo,
        )]
        #[scale_info(replace_segment("medchain_primitives", "medchain"), replace_segment("sets", "types"))]
        pub struct $set(pub u8);

        // The set has one bit for each item.
        const _: () = assert!($item::ALL.len() <= 8);

        impl $set {
            /// The set that contains nothing.
            pub const EMPTY: Self = Self(0);

            /// The set that contains everything.
            pub const ALL: Self = Self::of(&$item::ALL);

            /// The set of these items.
            pub const fn of(items: &[$item]) -> Self {
                let mut set = Self::EMPTY;
                let mut rest = items;
                while let [item, others @ ..] = rest {
                    set = set.with(*item);
                    rest = others;
                }
                set
            }

            /// This set with `item` added.
            #[must_use]
            pub const fn with(self, item: $item) -> Self {
                Self(self.0 | Self::bit(item))
            }

            /// Whether `item` is in the set.
            pub const fn contains(self, item: $item) -> bool {
                self.0 & Self::bit(item) != 0
            }

            /// Whether every item of `other` is in the set, unknown bits included.
            pub const fn includes(self, other: Self) -> bool {
                other.0 & !self.0 == 0
            }

            /// Whether the set is empty.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The items of the set, in the order of their indices.
            pub fn iter(self) -> impl Iterator<Item = $item> {
                $item::ALL.into_iter().filter(move |item| self.contains(*item))
            }

            /// Accepts a set that can be granted: not empty, and without unknown bits.
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

            const fn bit(item: $item) -> u8 {
                1u8.wrapping_shl(item as u32)
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

        impl fmt::Display for $set {
            /// Writes the names with commas between them.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for (place, item) in self.iter().enumerate() {
                    if place > 0 {
                        f.write_str(",")?;
                    }
                    f.write_str(item.as_str())?;
                }
                Ok(())
            }
        }

        impl FromStr for $set {
            type Err = UnknownName;

            /// Reads names with commas between them, or `all`.
            fn from_str(text: &str) -> Result<Self, UnknownName> {
                if text.trim().eq_ignore_ascii_case("all") {
                    return Ok(Self::ALL);
                }
                text.split(',').map(|name| name.trim().parse::<$item>()).collect()
            }
        }
    };
}

bit_set! {
    /// A set of actions in one byte: bit `i` stands for the action with the index `i`.
    ///
    /// `0b01_0001` is View and Infer.
    pub struct ActionSet of Action;
}

bit_set! {
    /// A set of purposes in one byte: bit `i` stands for the purpose with the index `i`.
    ///
    /// `0b0_0101` is Treatment and Research.
    pub struct PurposeSet of Purpose;
}

bit_set! {
    /// A set of roles in one byte: bit `i` stands for the role with the index `i`.
    ///
    /// `0b0010` is Clinician.
    pub struct RoleSet of Role;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bit_is_the_index_of_its_item() {
        for action in Action::ALL {
            assert_eq!(ActionSet::from(action), ActionSet(1 << action.encode()[0]));
        }
        for purpose in Purpose::ALL {
            assert_eq!(PurposeSet::from(purpose), PurposeSet(1 << purpose.encode()[0]));
        }
        for role in Role::ALL {
            assert_eq!(RoleSet::from(role), RoleSet(1 << role.encode()[0]));
        }
        assert_eq!(ActionSet::ALL, ActionSet(0b11_1111));
        assert_eq!(PurposeSet::ALL, PurposeSet(0b1_1111));
        assert_eq!(RoleSet::ALL, RoleSet(0b1111));
        assert_eq!(ActionSet::default(), ActionSet::EMPTY);
    }

    #[test]
    fn the_encoding_is_one_byte() {
        let set = ActionSet::of(&[Action::View, Action::Infer]);
        assert_eq!(set.encode(), [0b01_0001]);
        assert_eq!(ActionSet::decode(&mut &[0b01_0001u8][..]), Ok(set));
        assert_eq!(PurposeSet::from(Purpose::Research).encode(), [0b100]);
        assert_eq!(RoleSet::from(Role::Clinician).encode(), [0b10]);
        assert_eq!((SetError::Empty, SetError::Unknown).encode(), [0, 1]);
    }

    #[test]
    fn the_empty_set_and_unknown_bits_cannot_be_granted() {
        assert_eq!(ActionSet::EMPTY.validate(), Err(SetError::Empty));
        assert_eq!(ActionSet(0b0100_0001).validate(), Err(SetError::Unknown));
        assert_eq!(ActionSet::ALL.validate(), Ok(()));
        assert_eq!(PurposeSet::EMPTY.validate(), Err(SetError::Empty));
        assert_eq!(PurposeSet(0b10_0000).validate(), Err(SetError::Unknown));
        assert_eq!(RoleSet(0b1_0000).validate(), Err(SetError::Unknown));
    }

    #[test]
    fn sets_are_read_from_names() {
        let check = |text: &str, bits| assert_eq!(text.parse(), Ok(ActionSet(bits)), "{text}");
        check("view", 0b00_0001);
        check("View, infer", 0b01_0001);
        check("all", 0b11_1111);
        check(" ALL ", 0b11_1111);
        assert_eq!("Second-Opinion,research".parse(), Ok(PurposeSet(0b110)));
        assert_eq!("lab-technician".parse(), Ok(RoleSet(1)));
        let refused =
            |text: &str, name| assert_eq!(text.parse::<ActionSet>().unwrap_err().text(), name);
        refused("", "");
        refused("look", "look");
        refused("view,,infer", "");
        refused("view,all", "all");
    }

    proptest! {
        #[test]
        fn a_set_contains_exactly_what_was_put_in(bits in 0u8..64) {
            let set = ActionSet(bits);
            let items: Vec<Action> = set.iter().collect();
            prop_assert_eq!(ActionSet::of(&items), set);
            prop_assert_eq!(items.iter().copied().collect::<ActionSet>(), set);
            prop_assert_eq!(set.is_empty(), items.is_empty());
            for action in Action::ALL {
                prop_assert_eq!(set.contains(action), items.contains(&action));
                prop_assert!(set.with(action).contains(action));
            }
            if !set.is_empty() {
                prop_assert_eq!(set.to_string().parse(), Ok(set));
            }
        }
    }
}
