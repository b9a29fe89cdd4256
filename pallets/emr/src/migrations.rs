//! What an upgrade does with the storage of earlier versions.

use alloc::vec::Vec;
use core::marker::PhantomData;

use codec::{Decode, Encode};
use frame_support::{
    migrations::VersionedMigration,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Cid, ContentDigest, RecordContent, RecordId, RecordKind, RecordStatus};
use sp_runtime::traits::Saturating;

use crate::{AccountIdOf, BalanceOf, Config, Contents, Pallet, Record, Records};

/// Takes the CIDs of erased records out of the state: version 1 to 2.
///
/// In one block: a chain on which more records were added than fit into one needs another way.
pub type HideErased<T> =
    VersionedMigration<1, 2, Inner<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// How version 1 stored what changed.
pub(crate) mod v1 {
    use frame_support::Blake2_128Concat;

    use super::*;

    /// A medical record.
    #[derive(Clone, Encode, Decode)]
    pub(crate) struct Record<AccountId, Balance, BlockNumber> {
        pub(crate) patient: AccountId,
        pub(crate) author: AccountId,
        pub(crate) cid: Cid,
        pub(crate) digest: ContentDigest,
        pub(crate) kind: RecordKind,
        pub(crate) previous: Option<RecordId>,
        pub(crate) added_at: BlockNumber,
        pub(crate) status: RecordStatus,
        pub(crate) envelopes: u32,
        pub(crate) deposit: Balance,
    }

    pub(crate) type RecordOf<T> = Record<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

    /// The record of each content, by CID and patient.
    #[frame_support::storage_alias]
    pub(crate) type Contents<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Blake2_128Concat,
        Cid,
        Blake2_128Concat,
        AccountIdOf<T>,
        RecordId,
    >;
}

/// [`HideErased`], whatever version is stored.
#[derive(Debug)]
pub struct Inner<T>(PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for Inner<T> {
    fn on_runtime_upgrade() -> Weight {
        let mut changed = 0u64;
        Records::<T>::translate_values::<v1::RecordOf<T>, _>(|old| {
            changed.saturating_inc();
            Some(translated::<T>(old))
        });
        // All at once: the new entries are under the same prefix.
        let contents: Vec<_> = v1::Contents::<T>::drain().collect();
        for (cid, patient, record) in contents {
            // It is written anew, and the old entry is removed.
            changed = changed.saturating_add(2);
            Contents::<T>::insert(cid.hashed(), patient, record);
        }
        T::DbWeight::get().reads_writes(changed, changed)
    }

    /// The number of records and contents.
    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
        let contents = v1::Contents::<T>::iter_keys().count();
        Ok((Records::<T>::iter_keys().count() as u64, contents as u64).encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(before: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        use codec::DecodeAll;
        let before = <(u64, u64)>::decode_all(&mut &before[..])
            .map_err(|_| "the numbers of records and contents cannot be read")?;
        // Those that can be decoded; `try_state` compares each record with its content.
        let after = (Records::<T>::iter().count() as u64, Contents::<T>::iter().count() as u64);
        frame_support::ensure!(before == after, "a record or a content was lost");
        Ok(())
    }
}

fn translated<T: Config>(old: v1::RecordOf<T>) -> crate::RecordOf<T> {
    let content = match old.status {
        RecordStatus::Erased => RecordContent::Erased(old.cid.hashed()),
        RecordStatus::Active | RecordStatus::Superseded { .. } => {
            RecordContent::kept(old.cid, old.digest)
        }
    };
    Record {
        patient: old.patient,
        author: old.author,
        content,
        kind: old.kind,
        previous: old.previous,
        added_at: old.added_at,
        status: old.status,
        envelopes: old.envelopes,
        deposit: old.deposit,
    }
}
