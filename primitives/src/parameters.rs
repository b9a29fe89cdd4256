//! Values that governance changes while the chain runs.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, Encode};
use scale_info::TypeInfo;

use crate::names::named_enum;

/// The longest name of a parameter, in bytes.
pub const MAX_PARAMETER_NAME: u32 = 64;

/// The name of a parameter: the pallet and the constant, such as `Custody.CustodianBond`.
pub type ParameterName = BoundedVec<u8, ConstU32<MAX_PARAMETER_NAME>>;

named_enum! {
    /// What a parameter counts.
    pub enum ParameterUnit is "a unit" {
        /// The smallest unit of the currency. It is stored as a number of 128 bits.
        Amount = 0 => "amount",
        /// Blocks. It is stored as a number of 32 bits.
        Blocks = 1 => "blocks",
    }
}

/// A value that governance can change, and the bounds within which it can.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("parameters", "types")
)]
pub struct Parameter {
    /// The name.
    pub name: ParameterName,
    /// What it counts.
    pub unit: ParameterUnit,
    /// What the chain knows it by: the first two bytes of the argument of
    /// `Parameters.set_parameter`, which the optional new value follows.
    pub place: [u8; 2],
    /// The value in force.
    pub value: u128,
    /// The value that is in force where nobody has set one.
    pub initial: u128,
    /// The smallest value.
    pub least: u128,
    /// The largest value.
    pub most: u128,
}
