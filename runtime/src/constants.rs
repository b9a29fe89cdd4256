//! Units of money, time and block space.

use crate::{Balance, BlockNumber};
use cumulus_primitives_core::relay_chain::MAX_POV_SIZE;
use frame_support::weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight};
use sp_runtime::Perbill;

pub use medchain_primitives::{TOKEN_DECIMALS, UNIT};

/// The prefix of addresses as text, that of Substrate chains in general.
pub const SS58_PREFIX: u16 = 42;
/// What wallets call the token.
pub const TOKEN_SYMBOL: &str = "MEDC";
/// A thousandth of a MEDC.
pub const MILLI_UNIT: Balance = UNIT / 1_000;
/// A millionth of a MEDC.
pub const MICRO_UNIT: Balance = UNIT / 1_000_000;

/// The minimum balance: an account with less is removed.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_UNIT;

/// Returns the deposit for `items` storage entries of `bytes` bytes in total.
pub const fn deposit(items: u32, bytes: u32) -> Balance {
    let items = (items as Balance).saturating_mul(2 * MILLI_UNIT);
    let bytes = (bytes as Balance).saturating_mul(10 * MICRO_UNIT);
    items.saturating_add(bytes)
}

/// The block time in milliseconds, which cannot change once the chain runs.
pub const SLOT_DURATION: u64 = 6_000;
/// A minute in blocks.
pub const MINUTES: BlockNumber = 60_000 / SLOT_DURATION as BlockNumber;
/// An hour in blocks.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// A day in blocks.
pub const DAYS: BlockNumber = 24 * HOURS;

/// The maximum number of blocks that wait for inclusion on the relay chain.
pub const UNINCLUDED_SEGMENT_CAPACITY: u32 = 3;
/// The number of parachain blocks per relay chain block.
pub const BLOCK_PROCESSING_VELOCITY: u32 = 1;
/// The number of blocks between the relay parent and the tip of the relay chain.
pub const RELAY_PARENT_OFFSET: u32 = 0;
/// The block time of the relay chain in milliseconds.
pub const RELAY_CHAIN_SLOT_DURATION_MILLIS: u32 = 6_000;

/// The fraction of a block that ordinary transactions may fill.
pub const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);
/// The fraction of a block that is reserved for hooks.
pub const AVERAGE_ON_INITIALIZE_RATIO: Perbill = Perbill::from_percent(5);
/// The maximum weight of a block: two seconds, and the maximum size of a proof of validity.
pub const MAXIMUM_BLOCK_WEIGHT: Weight =
    Weight::from_parts(2 * WEIGHT_REF_TIME_PER_SECOND, MAX_POV_SIZE as u64);
/// The weight of a block that ordinary transactions may fill.
pub fn normal_block_weight() -> Weight {
    Weight::from_parts(
        NORMAL_DISPATCH_RATIO.mul_floor(MAXIMUM_BLOCK_WEIGHT.ref_time()),
        NORMAL_DISPATCH_RATIO.mul_floor(MAXIMUM_BLOCK_WEIGHT.proof_size()),
    )
}
/// The maximum length of a block in bytes.
pub const MAXIMUM_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;
