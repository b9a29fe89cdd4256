//! Enums that people type and read: one macro gives each value its name.

use alloc::string::String;
use core::fmt;

/// The error for a text that names no value of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    text: String,
    what: &'static str,
    names: &'static [&'static str],
}

impl UnknownName {
    pub(crate) fn new(text: &str, what: &'static str, names: &'static [&'static str]) -> Self {
        Self { text: String::from(text), what, names }
    }

    /// The text that names nothing.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names that the text could have been.
    pub fn names(&self) -> &'static [&'static str] {
        self.names
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not {}; use ", self.text, self.what)?;
        for (place, name) in self.names.iter().enumerate() {
            if place > 0 {
                let last = place.saturating_add(1) == self.names.len();
                f.write_str(if last { " or " } else { ", " })?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownName {}

/// Defines a fieldless enum. Each value has an index, which is its SCALE
/// encoding and must never change, and a name that people type and read.
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        pub enum $enum:ident is $what:literal {
            $( $(#[$doc:meta])* $value:ident = $index:tt => $name:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone,
            Copy,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            codec::Encode,
            codec::Decode,
            codec::DecodeWithMemTracking,
            codec::MaxEncodedLen,
            scale_info::TypeInfo,
        )]
        #[scale_info(
            replace_segment("medchain_primitives", "medchain"),
            replace_segment("access", "types"),
            replace_segment("custody", "types"),
            replace_segment("inference", "types"),
            replace_segment("parameters", "types"),
            replace_segment("people", "types"),
            replace_segment("record", "types"),
            replace_segment("verdict", "types")
        )]
        #[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
        pub enum $enum {
            $( $(#[$doc])* #[codec(index = $index)] $value = $index, )+
        }

        impl $enum {
            /// Every value, in the order of the indices.
            pub const ALL: [Self; [$($index),+].len()] = [$(Self::$value),+];

            /// The name of every value, in the order of the indices.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// The name that people type and read.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }
        }

        impl core::fmt::Display for $enum {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl core::str::FromStr for $enum {
            type Err = $crate::UnknownName;

            /// Reads a name in lower or upper case.
            fn from_str(text: &str) -> Result<Self, $crate::UnknownName> {
                Self::ALL
                    .into_iter()
                    .find(|value| value.as_str().eq_ignore_ascii_case(text))
                    .ok_or_else(|| $crate::UnknownName::new(text, $what, &Self::NAMES))
            }
        }
    };
}

pub(crate) use named_enum;

#[cfg(test)]
mod tests {
    use codec::Encode;

    use crate::{
        Action, Arithmetic, EmergencyReason, EndReason, FailureCode, ModelStatus, Purpose,
        RecordKind, RelationKind, Role, SlashReason, VerdictStatus,
    };

    /// Holds names and indices against this table.
    macro_rules! check {
        ($enum:ident: $($index:literal $name:literal),+ $(,)?) => {{
            assert_eq!($enum::NAMES, [$($name),+]);
            assert_eq!($enum::ALL.map(|value| value.encode()), [$(vec![$index]),+]);
            for value in $enum::ALL {
                assert_eq!(value.to_string().parse(), Ok(value));
                assert_eq!(value.as_str().to_uppercase().parse(), Ok(value));
                assert_eq!(u32::from(value.encode()[0]), value as u32);
            }
            assert_eq!("nonsense".parse::<$enum>().unwrap_err().names(), $enum::NAMES);
            assert!("".parse::<$enum>().is_err());
        }};
    }

    #[test]
    fn names_and_indices_are_pinned() {
        check!(Action: 0 "view", 1 "append", 2 "amend", 3 "share", 4 "infer", 5 "emergency");
        check!(Purpose: 0 "treatment", 1 "second-opinion", 2 "research", 3 "billing", 4 "other");
        check!(Role: 0 "lab-technician", 1 "clinician", 2 "hospital", 3 "custodian");
        check!(RecordKind: 0 "chest-xray", 1 "report", 2 "other");
        check!(
            RelationKind: 0 "parent", 1 "partner", 2 "child", 3 "sibling", 4 "other", 5 "guardian"
        );
        check!(
            EmergencyReason:
            0 "cannot-consent", 1 "life-threatening", 2 "mass-casualty", 3 "other"
        );
        check!(
            EndReason:
            0 "expired", 1 "revoked", 2 "refused", 3 "given-up",
            4 "erased", 5 "reentrusted", 6 "rejected", 7 "replaced", 8 "place-ended",
        );
        check!(
            FailureCode:
            0 "unavailable", 1 "wrong-hash", 2 "cannot-decrypt", 3 "not-an-image", 4 "too-large",
            5 "input-mismatch",
        );
        check!(SlashReason: 0 "absent", 1 "not-revealed", 2 "wrong-answer");
        check!(Arithmetic: 0 "exact", 1 "float");
        check!(ModelStatus: 0 "active", 1 "retired");
        check!(VerdictStatus: 0 "standing", 1 "challenged", 2 "annulled", 3 "withdrawn");
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = "fun".parse::<Purpose>().unwrap_err();
        assert_eq!(error.text(), "fun");
        assert_eq!(
            error.to_string(),
            "`fun` is not a purpose; use treatment, second-opinion, research, billing or other"
        );
        let error = "new".parse::<ModelStatus>().unwrap_err();
        assert_eq!(error.to_string(), "`new` is not a model status; use active or retired");
    }
}
