//! Amounts of the token, MEDC.

/// How many decimals an amount of MEDC has.
pub const TOKEN_DECIMALS: u8 = 12;

/// One MEDC in the chain's smallest unit.
pub const UNIT: u128 = 10_u128.pow(TOKEN_DECIMALS as u32);
