//! Migrations from one storage version to the next.

use core::marker::PhantomData;

use frame_support::{
    migrations::VersionedMigration, pallet_prelude::*, traits::UncheckedOnRuntimeUpgrade,
};
use frame_system::pallet_prelude::BlockNumberFor;

use crate::{Config, Due, NextDue, Pallet};

/// What a key and its share of the trie's inner nodes add to the proof of one entry, in bytes.
const PROOF_PER_KEY: u64 = 256;

/// Migrates from version 2, that of the released runtime 2, to version 3.
///
/// Version 3 names `Due` and `NextDue` what was `Deadlines` and `NextExpiry`.
///
/// It runs within one block over every open request, and returns the weight of doing so:
/// thousands of requests fit into a block.
pub type MigrateV2ToV3<T> =
    VersionedMigration<2, 3, FromV2<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The storage layout of version 2, as far as it differs.
mod v2 {
    use super::*;
    use frame_support::storage_alias;
    use medchain_primitives::RequestId;

    /// Now [`Due`].
    #[storage_alias]
    pub type Deadlines<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Twox64Concat,
        BlockNumberFor<T>,
        Twox64Concat,
        RequestId,
        (),
        OptionQuery,
    >;

    /// Now [`NextDue`].
    #[storage_alias]
    pub type NextExpiry<T: Config> = StorageValue<Pallet<T>, BlockNumberFor<T>, OptionQuery>;
}

/// The migration itself, which does not check the version: [`MigrateV2ToV3`] does.
pub struct FromV2<T>(PhantomData<T>);

impl<T: Config> FromV2<T> {
    /// Renames the storage of due requests and returns how many there are.
    fn migrate_due() -> u64 {
        let mut due = 0u64;
        for (last, request, ()) in v2::Deadlines::<T>::drain() {
            due = due.saturating_add(1);
            Due::<T>::insert(last, request, ());
        }
        // `None` where no block was processed: `schedule` then starts from the present one.
        if let Some(next) = v2::NextExpiry::<T>::take() {
            NextDue::<T>::put(next);
        } else if due > 0 {
            NextDue::<T>::put(BlockNumberFor::<T>::default());
        }
        due
    }

    /// Returns the weight of migrating this many due requests.
    fn weight(due: u64) -> Weight {
        // The next key and the value of each entry, the key after the last, and `NextExpiry`.
        let reads = due.saturating_mul(2).saturating_add(2);
        // Each is removed and inserted; so is the next due block.
        let writes = due.saturating_mul(2).saturating_add(2);
        T::DbWeight::get()
            .reads_writes(reads, writes)
            // `NextExpiry` and the storage version are in the proof as well.
            .saturating_add(Weight::from_parts(
                0,
                PROOF_PER_KEY.saturating_mul(due.saturating_add(2)),
            ))
    }
}

impl<T: Config> UncheckedOnRuntimeUpgrade for FromV2<T> {
    fn on_runtime_upgrade() -> Weight {
        Self::weight(Self::migrate_due())
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<alloc::vec::Vec<u8>, sp_runtime::TryRuntimeError> {
        Ok(Self::snapshot().encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(before: alloc::vec::Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        Self::compare(&before)
    }
}

/// The checks of `try-runtime` before and after the migration, which the tests use too.
#[cfg(any(test, feature = "try-runtime"))]
mod check {
    use super::*;
    use alloc::vec::Vec;
    use codec::DecodeAll;
    use medchain_primitives::RequestId;
    use sp_runtime::TryRuntimeError;

    /// The next block to process, and what is due.
    type Snapshot<T> = (Option<BlockNumberFor<T>>, Vec<(BlockNumberFor<T>, RequestId)>);

    impl<T: Config> FromV2<T> {
        /// Returns what is due, as version 2 stores it.
        pub(crate) fn snapshot() -> Snapshot<T> {
            let due = v2::Deadlines::<T>::iter().map(|(last, request, ())| (last, request));
            (v2::NextExpiry::<T>::get(), due.collect())
        }

        /// Checks that the same is due as in the snapshot, and that nothing is left under an
        /// old name.
        pub(crate) fn compare(before: &[u8]) -> Result<(), TryRuntimeError> {
            let (next, before) =
                Snapshot::<T>::decode_all(&mut &before[..]).map_err(|_| "malformed snapshot")?;
            let expected = next.or((!before.is_empty()).then(Default::default));
            ensure!(NextDue::<T>::get() == expected, "the next due block changed");
            ensure!(Due::<T>::iter().count() == before.len(), "requests appeared or disappeared");
            for (last, request) in before {
                ensure!(Due::<T>::contains_key(last, request), "a due request was not moved");
            }
            ensure!(
                v2::Deadlines::<T>::iter().next().is_none() && !v2::NextExpiry::<T>::exists(),
                "an entry is left under an old name"
            );
            Pallet::<T>::do_try_state()
        }
    }
}
