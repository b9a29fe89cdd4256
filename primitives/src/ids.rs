//! The numbers that the chain gives to what it stores.

/// Defines a number type. It is written as its number, everywhere.
macro_rules! number {
    ($(#[$meta:meta])* pub struct $number:ident($inner:ident);) => {
        $(#[$meta])*
        #[derive(
            Clone,
            Copy,
            Debug,
            Default,
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
        #[scale_info(replace_segment("medchain_primitives", "medchain"), replace_segment("ids", "types"))]
        #[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
        pub struct $number(pub $inner);

        impl core::fmt::Display for $number {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl core::str::FromStr for $number {
            type Err = core::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$inner> for $number {
            fn from(number: $inner) -> Self {
                Self(number)
            }
        }
    };
}

number! {
    /// The number of a record. The first record has the number 0.
    pub struct RecordId(u64);
}

number! {
    /// The number of a break-glass access. The first one has the number 0.
    pub struct EmergencyId(u64);
}

number! {
    /// The number of a model. The first model has the number 0.
    pub struct ModelId(u32);
}

number! {
    /// The number of an announced call of root. The first one has the number 0.
    pub struct ChangeId(u32);
}

number! {
    /// The number of an institution. The first institution has the number 0.
    pub struct InstitutionId(u32);
}

number! {
    /// The number of an inference request. The first request has the number 0.
    pub struct RequestId(u64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::Encode;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_written_and_encoded_as_its_integer(number: u64, small: u32) {
            prop_assert_eq!(RecordId(number).to_string(), number.to_string());
            prop_assert_eq!(number.to_string().parse(), Ok(RecordId(number)));
            prop_assert_eq!(number.to_string().parse(), Ok(EmergencyId(number)));
            prop_assert_eq!(number.to_string().parse(), Ok(RequestId(number)));
            prop_assert_eq!(small.to_string().parse(), Ok(ModelId::from(small)));
            prop_assert_eq!(small.to_string().parse(), Ok(InstitutionId::from(small)));
            prop_assert_eq!(RequestId::from(number).encode(), number.encode());
            prop_assert_eq!(ModelId(small).encode(), small.encode());
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert!("".parse::<RecordId>().is_err());
        assert!("-1".parse::<RecordId>().is_err());
        assert!("4294967296".parse::<ModelId>().is_err());
    }
}
