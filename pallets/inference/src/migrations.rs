//! Migrations from one storage version to the next.

use core::marker::PhantomData;

use frame_support::{
    migrations::VersionedMigration, pallet_prelude::*, traits::UncheckedOnRuntimeUpgrade,
};

use crate::{Config, HoldReason, Models, Pallet, Worker, WorkerStatus, Workers};

/// What a key and its share of the trie's inner nodes add to the proof of one entry, in bytes.
const PROOF_PER_KEY: u64 = 1_024;

/// Migrates from version 2, that of the released runtime 2, to version 4.
///
/// Up to version 3, predictions stood in plain text on chain. They leave the state, and so do
/// the requests: those that were open get their fees back. Models and workers stay. A model
/// counts as one that computes in floats, as those of version 2 did.
///
/// It runs within one block over all entries, and returns the weight of doing so: thousands of
/// them fit into a block.
pub type MigrateV2ToV4<T> =
    VersionedMigration<2, 4, FromV2<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The storage layout of version 2, as far as it differs.
mod v2 {
    use super::*;
    use crate::{AccountIdOf, BalanceOf, Labels, WorkerModelsOf};
    use frame_support::storage_alias;
    use frame_system::pallet_prelude::BlockNumberFor;
    use medchain_primitives::{
        Cid, FailureCode, Label, ModelId, ModelStatus, PreprocessingId, RecordId, RequestId,
    };
    use sp_runtime::Permill;

    /// A model.
    #[derive(Encode, Decode)]
    pub struct Model<Balance> {
        pub name: Label,
        pub version: Label,
        pub cid: Cid,
        pub sha256: [u8; 32],
        pub card: Option<Cid>,
        pub labels: Labels,
        pub preprocessing: PreprocessingId,
        pub confidence_threshold: Permill,
        pub fee: Balance,
        pub status: ModelStatus,
    }

    /// A worker.
    #[derive(Encode, Decode)]
    pub struct Worker<Models, Balance> {
        pub models: Models,
        pub bond: Balance,
    }

    /// The status of a request.
    #[derive(Encode, Decode, PartialEq)]
    pub enum RequestStatus<AccountId> {
        Open,
        Answered { worker: AccountId },
        Failed { worker: AccountId, code: FailureCode },
        Cancelled,
        Expired,
    }

    /// A request.
    #[derive(Encode, Decode)]
    pub struct Request<AccountId, Balance, BlockNumber> {
        pub record: RecordId,
        pub patient: AccountId,
        pub model: ModelId,
        pub requester: AccountId,
        pub fee: Balance,
        pub opened: BlockNumber,
        pub deadline: BlockNumber,
        pub status: RequestStatus<AccountId>,
    }

    pub type ModelOf<T> = Model<BalanceOf<T>>;
    pub type WorkerOf<T> = Worker<WorkerModelsOf<T>, BalanceOf<T>>;
    pub type RequestOf<T> = Request<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

    /// All requests.
    #[storage_alias]
    pub type Requests<T: Config> =
        StorageMap<Pallet<T>, Twox64Concat, RequestId, RequestOf<T>, OptionQuery>;

    /// The items of version 2 of which nothing stays, by name.
    pub const GONE: [&[u8]; 7] = [
        b"Requests",
        b"OpenRequests",
        b"OpenRequestOf",
        b"FailureReports",
        b"Deadlines",
        b"NextExpiry",
        b"Predictions",
    ];
}

/// The migration itself, which does not check the version: [`MigrateV2ToV4`] does.
pub struct FromV2<T>(PhantomData<T>);

impl<T: Config> FromV2<T> {
    /// Gives the fees of open requests back. Returns the number of requests.
    fn refund() -> u64 {
        let mut requests = 0u64;
        for request in v2::Requests::<T>::iter_values() {
            requests = requests.saturating_add(1);
            if request.status == v2::RequestStatus::Open {
                // Missing funds must not stop an upgrade.
                let _ = Pallet::<T>::release(HoldReason::Fee, &request.requester, request.fee);
            }
        }
        requests
    }

    /// Removes what does not stay. Returns the number of entries.
    fn clear() -> u64 {
        let mut removed = 0u64;
        for item in v2::GONE {
            let prefix = frame_support::storage::storage_prefix(
                <Pallet<T> as frame_support::traits::PalletInfoAccess>::name().as_bytes(),
                item,
            );
            let cleared = frame_support::storage::unhashed::clear_prefix(&prefix, None, None);
            removed = removed.saturating_add(cleared.unique.into());
        }
        removed
    }

    /// Rewrites models and workers. Returns how many there are.
    fn translate() -> u64 {
        let mut entries = 0u64;
        Models::<T>::translate_values::<v2::ModelOf<T>, _>(|old| {
            entries = entries.saturating_add(1);
            Some(crate::Model {
                name: old.name,
                version: old.version,
                cid: old.cid,
                sha256: old.sha256,
                card: old.card,
                labels: old.labels,
                preprocessing: old.preprocessing,
                arithmetic: medchain_primitives::Arithmetic::Float,
                min_quorum: 1,
                confidence_threshold: old.confidence_threshold,
                fee: old.fee,
                status: old.status,
            })
        });
        Workers::<T>::translate::<v2::WorkerOf<T>, _>(|who, old| {
            entries = entries.saturating_add(1).saturating_add(old.models.len() as u64);
            let mut status = WorkerStatus::Active;
            if Pallet::<T>::list(&who, &old.models).is_err() {
                // More workers than can be drawn stay registered, and can try again with
                // `top_up_bond`, which then costs nothing.
                Pallet::<T>::unlist(&who, &old.models);
                status = WorkerStatus::Suspended;
            }
            Some(Worker {
                models: old.models,
                bond: old.bond,
                status,
                assigned: 0,
                answered: 0,
                declined: 0,
                missed: 0,
                lost: 0,
            })
        });
        entries
    }
}

impl<T: Config> UncheckedOnRuntimeUpgrade for FromV2<T> {
    fn on_runtime_upgrade() -> Weight {
        let requests = Self::refund();
        let entries = Self::translate().saturating_add(Self::clear()).saturating_add(requests);
        // Each is read with the key after it, and written; a refund touches two accounts' items.
        let accesses = entries.saturating_mul(4).saturating_add(8);
        T::DbWeight::get()
            .reads_writes(accesses, accesses)
            .saturating_add(Weight::from_parts(0, PROOF_PER_KEY.saturating_mul(accesses)))
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
    use codec::DecodeAll;
    use sp_runtime::TryRuntimeError;

    impl<T: Config> FromV2<T> {
        /// Returns the numbers of models and workers.
        pub(crate) fn snapshot() -> (u64, u64) {
            (Models::<T>::iter_keys().count() as u64, Workers::<T>::iter_keys().count() as u64)
        }

        /// Checks that every model and worker is still there, and that nothing is left of the
        /// rest.
        pub(crate) fn compare(before: &[u8]) -> Result<(), TryRuntimeError> {
            let before =
                <(u64, u64)>::decode_all(&mut &before[..]).map_err(|_| "malformed snapshot")?;
            let readable =
                (Models::<T>::iter().count() as u64, Workers::<T>::iter().count() as u64);
            ensure!(readable == before, "a model or a worker was lost");
            for item in v2::GONE {
                let name = <Pallet<T> as frame_support::traits::PalletInfoAccess>::name();
                let prefix = frame_support::storage::storage_prefix(name.as_bytes(), item);
                ensure!(
                    !frame_support::storage::unhashed::contains_prefixed_key(&prefix),
                    "something of version 2 is left"
                );
            }
            Pallet::<T>::do_try_state()
        }
    }
}
