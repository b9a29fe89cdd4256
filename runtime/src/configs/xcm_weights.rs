//! The weights of pallet-xcm, which ships none with a proof size.

use frame_support::weights::{constants::RocksDbWeight, Weight};

/// Picoseconds of computation beside the storage accesses.
const COMPUTATION: u64 = 300_000_000;
/// The most that reading one item adds to the proof, in bytes.
const PROOF_PER_READ: u64 = 4_000;

/// The weight of a call or step with so many reads and writes.
const fn estimate(reads: u64, writes: u64) -> Weight {
    let time = COMPUTATION
        .saturating_add(reads.saturating_mul(RocksDbWeight::get().read))
        .saturating_add(writes.saturating_mul(RocksDbWeight::get().write));
    Weight::from_parts(time, reads.saturating_mul(PROOF_PER_READ))
}

/// Upper estimates: the accesses that polkadot-sdk's own chains measured, and a half more.
///
/// A network with XCM traffic should measure its own.
pub struct Estimated;

/// Implements calls without a size by their numbers of reads and writes.
macro_rules! estimated {
    ($($call:ident: $reads:literal reads, $writes:literal writes;)*) => {
        impl pallet_xcm::WeightInfo for Estimated {
            $(fn $call() -> Weight {
                estimate($reads, $writes)
            })*

            fn claim_assets(n: u32) -> Weight {
                estimate(4, 4).saturating_add(estimate(2, 2).saturating_mul(n.into()))
            }

            // Bytes at hand are decoded: nothing is read.
            fn weigh_message(n: u32) -> Weight {
                Weight::from_parts(200_000, 0).saturating_mul(u64::from(n).saturating_add(1))
            }

            fn decode_xcm(n: u32) -> Weight {
                Weight::from_parts(50_000, 0).saturating_mul(u64::from(n).saturating_add(2))
            }
        }
    };
}

estimated! {
    send: 12 reads, 6 writes;
    teleport_assets: 24 reads, 12 writes;
    reserve_transfer_assets: 24 reads, 12 writes;
    transfer_assets: 24 reads, 12 writes;
    execute: 4 reads, 2 writes;
    force_xcm_version: 1 reads, 1 writes;
    force_default_xcm_version: 1 reads, 1 writes;
    force_subscribe_version_notify: 14 reads, 9 writes;
    force_unsubscribe_version_notify: 14 reads, 9 writes;
    force_suspension: 1 reads, 1 writes;
    migrate_supported_version: 9 reads, 4 writes;
    migrate_version_notifiers: 9 reads, 4 writes;
    already_notified_target: 10 reads, 1 writes;
    notify_current_targets: 14 reads, 6 writes;
    notify_target_migration_fail: 8 reads, 1 writes;
    migrate_version_notify_targets: 9 reads, 4 writes;
    migrate_and_notify_old_targets: 20 reads, 8 writes;
    new_query: 3 reads, 3 writes;
    take_response: 4 reads, 2 writes;
    add_authorized_alias: 4 reads, 3 writes;
    remove_authorized_alias: 4 reads, 3 writes;
}
