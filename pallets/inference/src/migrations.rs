//! Steps from one storage version to the next.

use core::marker::PhantomData;

use codec::MaxEncodedLen;
use frame_support::{
    migrations::VersionedMigration, pallet_prelude::*, traits::UncheckedOnRuntimeUpgrade,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Saturating;

use crate::{Config, Pallet, Request, RequestOf, Requests};

/// What a key and its share of the inner nodes of the trie add to the proof of
/// one entry, in bytes.
const PROOF_OF_A_KEY: u64 = 256;

/// Version 2 stores with every request the block in which it was made.
///
/// It runs in one block over every request that there ever was, closed ones
/// included, and says what that weighs: two reads and a write for each. That
/// is some thousands of requests a block. A chain with more of them must be
/// migrated over several blocks, which this is not made for.
pub type MigrateV1ToV2<T> =
    VersionedMigration<1, 2, FromV1<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The layout of version 1.
mod v1 {
    use super::*;
    use crate::{AccountIdOf, BalanceOf, RequestStatus};
    use medchain_primitives::{ModelId, RecordId};

    /// A request without its opening block.
    #[derive(Encode, Decode, MaxEncodedLen)]
    pub struct Request<AccountId, Balance, BlockNumber> {
        pub record: RecordId,
        pub patient: AccountId,
        pub model: ModelId,
        pub requester: AccountId,
        pub fee: Balance,
        pub deadline: BlockNumber,
        pub status: RequestStatus<AccountId>,
    }

    pub type RequestOf<T> = Request<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
}

/// The step itself, which does not look at the version: [`MigrateV1ToV2`] does.
pub struct FromV1<T>(PhantomData<T>);

impl<T: Config> FromV1<T> {
    /// A deadline was always the opening block plus `RequestDeadline`. Where that
    /// constant has changed since, or the sum was cut off at the end of time,
    /// the true block is not on chain any more: what comes out is then a guess
    /// within the bounds that hold for every request, not after its deadline
    /// and not after this block. Workers take turns by it, and no funds hang on it.
    fn opened(deadline: BlockNumberFor<T>) -> BlockNumberFor<T> {
        deadline
            .saturating_sub(T::RequestDeadline::get())
            .min(frame_system::Pallet::<T>::block_number())
    }

    fn step(old: v1::RequestOf<T>) -> RequestOf<T> {
        let v1::Request { record, patient, model, requester, fee, deadline, status } = old;
        let opened = Self::opened(deadline);
        Request { record, patient, model, requester, fee, opened, deadline, status }
    }

    /// What it costs to rewrite this many requests.
    fn weight(requests: u64) -> Weight {
        // The next key and the value for each, and the key after the last.
        let reads = requests.saturating_mul(2).saturating_add(1);
        let proof = (v1::RequestOf::<T>::max_encoded_len() as u64).saturating_add(PROOF_OF_A_KEY);
        T::DbWeight::get()
            .reads_writes(reads, requests)
            .saturating_add(Weight::from_parts(0, proof.saturating_mul(requests)))
    }
}

impl<T: Config> UncheckedOnRuntimeUpgrade for FromV1<T> {
    fn on_runtime_upgrade() -> Weight {
        let mut requests = 0u64;
        Requests::<T>::translate::<v1::RequestOf<T>, _>(|_, old| {
            requests = requests.saturating_add(1);
            Some(Self::step(old))
        });
        Self::weight(requests)
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

/// What `try-runtime` looks at before and after; the tests do so too.
#[cfg(any(test, feature = "try-runtime"))]
mod check {
    use super::*;
    use alloc::vec::Vec;
    use codec::DecodeAll;
    use frame_support::storage::unhashed;
    use medchain_primitives::RequestId;
    use sp_runtime::TryRuntimeError;

    impl<T: Config> FromV1<T> {
        /// Every request as version 1 stores it.
        pub(crate) fn snapshot() -> Vec<(RequestId, Option<Vec<u8>>)> {
            Requests::<T>::iter_keys()
                .map(|id| (id, unhashed::get_raw(&Requests::<T>::hashed_key_for(id))))
                .collect()
        }

        /// Whether every request of the snapshot is there, and is the old one
        /// with an opening block.
        pub(crate) fn compare(before: &[u8]) -> Result<(), TryRuntimeError> {
            let before = Vec::<(RequestId, Option<Vec<u8>>)>::decode(&mut &before[..])
                .map_err(|_| "the snapshot does not read")?;
            ensure!(
                Requests::<T>::iter().count() == before.len(),
                "requests appeared or disappeared"
            );
            for (id, bytes) in before {
                let bytes = bytes.ok_or("a request had no value")?;
                let old = v1::RequestOf::<T>::decode_all(&mut &bytes[..])
                    .map_err(|_| "a request was not of version 1")?;
                let new = Requests::<T>::get(id).ok_or("a request does not read any more")?;
                ensure!(new == Self::step(old), "a request changed in more than it should");
            }
            Pallet::<T>::do_try_state()
        }
    }
}
