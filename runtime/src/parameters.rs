//! Values within bounds, and what clients are told about those that governance changes.
//!
//! `configs/parameters.rs` has the list.

use codec::{Decode, DecodeWithMemTracking, Encode, Error, Input, MaxEncodedLen};
use core::marker::PhantomData;
use frame_support::traits::{dynamic_params::Key, Get};
use medchain_primitives::{Parameter, ParameterName, ParameterUnit};
use scale_info::TypeInfo;

use crate::{Balance, BlockNumber};

sp_api::decl_runtime_apis! {
    /// The values that governance can change.
    pub trait ParametersApi {
        /// Lists them, with their bounds and what they are now.
        fn parameters() -> alloc::vec::Vec<Parameter>;
    }
}

/// A value with bounds, which are a part of its type.
pub trait Bounded: Into<Self::Number> {
    /// The number that it is.
    type Number: Into<u128>;
    /// What it counts.
    const UNIT: ParameterUnit;
    /// The smallest value.
    const LEAST: Self::Number;
    /// The value until somebody sets another.
    const INITIAL: Self::Number;
    /// The largest value.
    const MOST: Self::Number;
}

macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident($inner:ty), $unit:ident) => {
        $(#[$doc])*
        ///
        /// A value outside of the bounds does not exist: no call that sets one can be decoded, and
        /// one that was written past the calls reads as if nothing were set. In metadata it is
        /// the number that it contains.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, MaxEncodedLen)]
        pub struct $name<const LEAST: $inner, const INITIAL: $inner, const MOST: $inner>($inner);

        impl<const LEAST: $inner, const INITIAL: $inner, const MOST: $inner>
            $name<LEAST, INITIAL, MOST>
        {
            /// The compiler refuses bounds that do not contain the initial value.
            const ORDERED: () = assert!(LEAST <= INITIAL && INITIAL <= MOST);

            /// The initial value.
            pub const fn initial() -> Self {
                let () = Self::ORDERED;
                Self(INITIAL)
            }

            /// A value within the bounds, or `None`.
            pub fn new(value: $inner) -> Option<Self> {
                (LEAST..=MOST).contains(&value).then_some(Self(value))
            }
        }

        impl<const LEAST: $inner, const INITIAL: $inner, const MOST: $inner> Decode
            for $name<LEAST, INITIAL, MOST>
        {
            fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
                let value = <$inner>::decode(input)?;
                Self::new(value).ok_or_else(|| "outside the bounds of this parameter".into())
            }
        }

        impl<const LEAST: $inner, const INITIAL: $inner, const MOST: $inner> DecodeWithMemTracking
            for $name<LEAST, INITIAL, MOST>
        {
        }

        impl<const LEAST: $inner, const INITIAL: $inner, const MOST: $inner> TypeInfo
            for $name<LEAST, INITIAL, MOST>
        {
            type Identity = $inner;

            fn type_info() -> scale_info::Type {
                <$inner as TypeInfo>::type_info()
            }
        }

        impl<const LEAST: $inner, const INITIAL: $inner, const MOST: $inner>
            From<$name<LEAST, INITIAL, MOST>> for $inner
        {
            fn from(value: $name<LEAST, INITIAL, MOST>) -> Self {
                value.0
            }
        }

        impl<const LEAST: $inner, const INITIAL: $inner, const MOST: $inner> Bounded
            for $name<LEAST, INITIAL, MOST>
        {
            type Number = $inner;
            const UNIT: ParameterUnit = ParameterUnit::$unit;
            const LEAST: $inner = LEAST;
            const INITIAL: $inner = INITIAL;
            const MOST: $inner = MOST;
        }
    };
}

bounded! {
    /// An amount of the currency within bounds.
    Amount(Balance), Amount
}
bounded! {
    /// A number of blocks within bounds.
    Blocks(BlockNumber), Blocks
}

/// The present value of a parameter, as a plain number.
pub struct Current<P>(PhantomData<P>);

impl<N, P> Get<N> for Current<P>
where
    P: Key + Get<<P as Key>::Value>,
    <P as Key>::Value: Into<N>,
{
    fn get() -> N {
        <P as Get<<P as Key>::Value>>::get().into()
    }
}

/// The least value that a parameter can ever have, as a plain number.
pub struct Least<P>(PhantomData<P>);

impl<N, P> Get<N> for Least<P>
where
    P: Key,
    <P as Key>::Value: Bounded<Number = N>,
{
    fn get() -> N {
        <P::Value as Bounded>::LEAST
    }
}

/// Describes a parameter that has this value now, and that `key` names: two bytes, and no value.
pub(crate) fn describe<V: Bounded>(name: &str, key: &impl Encode, value: V) -> Parameter {
    let mut place = [0; 2];
    place.iter_mut().zip(key.encode()).for_each(|(to, from)| *to = from);
    let value: V::Number = value.into();
    Parameter {
        name: ParameterName::truncate_from(name.as_bytes().to_vec()),
        unit: V::UNIT,
        place,
        value: value.into(),
        initial: V::INITIAL.into(),
        least: V::LEAST.into(),
        most: V::MOST.into(),
    }
}
