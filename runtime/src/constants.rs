//! Units of money, time and block space.

use crate::{Balance, BlockNumber};
use cumulus_primitives_core::relay_chain::MAX_POV_SIZE;
use frame_support::weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight};
use sp_runtime::Perbill;

/// One MEDC.
pub const UNIT: Balance = 1_000_000_000_000;
pub const MILLI_UNIT: Balance = UNIT / 1_000;
pub const MICRO_UNIT: Balance = UNIT / 1_000_000;

/// An account with less than this is removed.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_UNIT;

/// What is held for `items` storage entries of `bytes` in all, and returned
/// when they go.
pub const fn deposit(items: u32, bytes: u32) -> Balance {
    items as Balance * 2 * MILLI_UNIT + bytes as Balance * 10 * MICRO_UNIT
}

/// A block every six seconds. It cannot change once the chain runs.
pub const SLOT_DURATION: u64 = 6_000;
pub const MINUTES: BlockNumber = 60_000 / SLOT_DURATION as BlockNumber;
pub const HOURS: BlockNumber = 60 * MINUTES;
pub const DAYS: BlockNumber = 24 * HOURS;

/// Blocks that may wait for their inclusion on the relay chain.
pub const UNINCLUDED_SEGMENT_CAPACITY: u32 = 3;
/// Parachain blocks per relay chain block.
pub const BLOCK_PROCESSING_VELOCITY: u32 = 1;
/// How many blocks the relay parent stays behind the tip of the relay chain.
pub const RELAY_PARENT_OFFSET: u32 = 0;
pub const RELAY_CHAIN_SLOT_DURATION_MILLIS: u32 = 6_000;

/// The part of a block that ordinary transactions may fill.
pub const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);
/// The part of a block that is kept for hooks.
pub const AVERAGE_ON_INITIALIZE_RATIO: Perbill = Perbill::from_percent(5);
/// Two seconds of computation and what fits in a proof of validity.
pub const MAXIMUM_BLOCK_WEIGHT: Weight =
    Weight::from_parts(2 * WEIGHT_REF_TIME_PER_SECOND, MAX_POV_SIZE as u64);
pub const MAXIMUM_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;
