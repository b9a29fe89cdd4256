//! Root calls that wait in public before they can be made.
//!
//! A council announces the call, everybody can read it for [`Delay`] blocks, a minority of the
//! council can cancel it, and then anybody enacts it. `docs/adr/0024-council.md` says why nobody
//! is root at once.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(any(test, feature = "runtime-benchmarks")),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable
    )
)]

extern crate alloc;

mod types;
pub mod weights;

#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
#[allow(clippy::expect_used, clippy::unreachable, reason = "FRAME's macros generate such code")]
pub mod pallet {
    use super::*;
    use alloc::boxed::Box;
    use frame_support::{
        dispatch::{GetDispatchInfo, PostDispatchInfo},
        pallet_prelude::*,
    };
    use frame_system::{pallet_prelude::*, RawOrigin};
    use medchain_primitives::ChangeId;
    use sp_runtime::traits::{Dispatchable, Hash, Saturating};

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

    /// The pallet of root calls that wait.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The parameters that the runtime sets.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The runtime's calls.
        type RuntimeCall: Parameter
            + Dispatchable<RuntimeOrigin = Self::RuntimeOrigin, PostInfo = PostDispatchInfo>
            + GetDispatchInfo
            + From<frame_system::Call<Self>>;

        /// The origin that announces changes.
        type AnnounceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// The origin that cancels them, such as a minority of a council.
        type CancelOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Number of blocks for which a change waits, unless the first block said otherwise.
        #[pallet::constant]
        type DefaultDelay: Get<BlockNumberFor<Self>>;

        /// Number of blocks for which a change can be enacted.
        #[pallet::constant]
        type EnactPeriod: Get<BlockNumberFor<Self>>;

        /// Maximum number of changes that wait or can be enacted.
        #[pallet::constant]
        type MaxChanges: Get<u32>;

        /// Maximum length of a call in bytes.
        #[pallet::constant]
        type MaxCallBytes: Get<u32>;

        /// Maximum weight of a call.
        #[pallet::constant]
        type MaxCallWeight: Get<Weight>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Number of blocks for which a change waits; without an entry, `DefaultDelay`.
    #[pallet::storage]
    pub type Delay<T: Config> = StorageValue<_, BlockNumberFor<T>, OptionQuery>;

    /// Number of the next change.
    #[pallet::storage]
    pub type NextChangeId<T: Config> = StorageValue<_, ChangeId, ValueQuery>;

    /// Changes that wait, can be enacted, or have expired, with their calls.
    ///
    /// An entry has at most `MaxCallBytes` bytes and three numbers.
    #[pallet::storage]
    #[pallet::unbounded]
    pub type Changes<T: Config> =
        CountedStorageMap<_, Twox64Concat, ChangeId, ChangeOf<T>, OptionQuery>;

    /// How long changes wait on this chain.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Number of blocks for which a change waits; `None` for `DefaultDelay`.
        pub delay: Option<BlockNumberFor<T>>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            Delay::<T>::set(self.delay);
        }
    }

    /// The events of this pallet.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A call of root was announced; `Changes` has it in full.
        ChangeAnnounced {
            /// The change.
            change: ChangeId,
            /// The hash of the call.
            call_hash: T::Hash,
            /// The first block in which it can be enacted.
            enactable_at: BlockNumberFor<T>,
            /// The last block in which it can be enacted.
            expires_at: BlockNumberFor<T>,
        },
        /// An announced change was cancelled.
        ChangeCancelled {
            /// The change.
            change: ChangeId,
        },
        /// Root made the announced call, which succeeded or failed.
        ChangeEnacted {
            /// The change.
            change: ChangeId,
            /// The result of the call.
            result: DispatchResult,
        },
        /// A change that nobody enacted in time was removed.
        ChangeExpired {
            /// The change.
            change: ChangeId,
        },
    }

    /// The reasons for which a call fails.
    #[pallet::error]
    pub enum Error<T> {
        /// The call is longer than `MaxCallBytes`. For a new runtime, announce `system.authorize_upgrade` with its hash.
        CallTooLong,
        /// The call is heavier than `MaxCallWeight`. Split it into several changes.
        CallTooHeavy,
        /// `MaxChanges` changes are stored. Enact, cancel or remove one first.
        MaxChangesExceeded,
        /// Every change number is taken.
        ChangeIdsExhausted,
        /// There is no such change: it was enacted, cancelled or removed.
        ChangeNotFound,
        /// The change cannot be enacted yet. `Changes` has the block.
        ChangeNotDue,
        /// The change can no longer be enacted. Announce it again.
        ChangeExpired,
        /// The change can still be enacted. Cancel it instead.
        ChangeNotExpired,
        /// The runtime changed since the announcement, and the call may mean another. Announce it again.
        ChangeOutdated,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Announces a call that root will make.
        ///
        /// It can be enacted after `Delay` blocks, for `EnactPeriod` blocks.
        ///
        /// ## Dispatch origin
        /// `AnnounceOrigin`: at least two thirds of the council.
        ///
        /// ## Parameters
        /// - `call`: the call.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin may not announce.
        /// - `CallTooLong`, `CallTooHeavy`: the call exceeds a limit.
        /// - `MaxChangesExceeded`: too many changes are stored.
        /// - `ChangeIdsExhausted`: every change number is taken.
        ///
        /// ## Events
        /// - `ChangeAnnounced`.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::announce())]
        pub fn announce(
            origin: OriginFor<T>,
            call: Box<<T as Config>::RuntimeCall>,
        ) -> DispatchResult {
            T::AnnounceOrigin::ensure_origin(origin)?;
            let length = u32::try_from(call.encoded_size()).unwrap_or(u32::MAX);
            ensure!(length <= T::MaxCallBytes::get(), Error::<T>::CallTooLong);
            Self::ensure_light(&call)?;
            ensure!(Changes::<T>::count() < T::MaxChanges::get(), Error::<T>::MaxChangesExceeded);
            let change = NextChangeId::<T>::get();
            let next = change.0.checked_add(1).ok_or(Error::<T>::ChangeIdsExhausted)?;
            NextChangeId::<T>::put(ChangeId(next));

            let now = frame_system::Pallet::<T>::block_number();
            let enactable_at = now.saturating_add(Self::delay());
            let expires_at = enactable_at.saturating_add(T::EnactPeriod::get());
            let call_hash = T::Hashing::hash_of(&call);
            let transaction_version = Self::transaction_version();
            let entry = Change { call: *call, transaction_version, enactable_at, expires_at };
            Changes::<T>::insert(change, entry);
            Self::deposit_event(Event::ChangeAnnounced {
                change,
                call_hash,
                enactable_at,
                expires_at,
            });
            Ok(())
        }

        /// Cancels an announced change.
        ///
        /// ## Dispatch origin
        /// `CancelOrigin`: more than a third of the council.
        ///
        /// ## Parameters
        /// - `change`: the change.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin may not cancel.
        /// - `ChangeNotFound`: there is no such change.
        ///
        /// ## Events
        /// - `ChangeCancelled`.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::cancel())]
        pub fn cancel(origin: OriginFor<T>, change: ChangeId) -> DispatchResult {
            T::CancelOrigin::ensure_origin(origin)?;
            // Not decoded: a newer runtime may be unable to.
            ensure!(Changes::<T>::contains_key(change), Error::<T>::ChangeNotFound);
            Changes::<T>::remove(change);
            Self::deposit_event(Event::ChangeCancelled { change });
            Ok(())
        }

        /// Makes an announced call with the origin of root.
        ///
        /// The call may fail; the event says so, and the change is over in any case.
        ///
        /// ## Dispatch origin
        /// Signed by any account.
        ///
        /// ## Parameters
        /// - `change`: the change.
        ///
        /// ## Errors
        /// - `ChangeNotFound`: there is no such change.
        /// - `ChangeNotDue`: it still waits.
        /// - `ChangeExpired`: it was not enacted in time.
        /// - `ChangeOutdated`, `CallTooHeavy`: the runtime changed since the announcement.
        ///
        /// ## Events
        /// - Those of the call; `ChangeEnacted`.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::enact().saturating_add(T::MaxCallWeight::get()))]
        pub fn enact(origin: OriginFor<T>, change: ChangeId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let Change { call, transaction_version, enactable_at, expires_at } =
                Changes::<T>::get(change).ok_or(Error::<T>::ChangeNotFound)?;
            let now = frame_system::Pallet::<T>::block_number();
            ensure!(now >= enactable_at, Error::<T>::ChangeNotDue);
            ensure!(now <= expires_at, Error::<T>::ChangeExpired);
            ensure!(transaction_version == Self::transaction_version(), Error::<T>::ChangeOutdated);
            let most = Self::ensure_light(&call)?;

            Changes::<T>::remove(change);
            let result = call.dispatch(RawOrigin::Root.into());
            let used = match &result {
                Ok(done) => done.actual_weight,
                Err(failed) => failed.post_info.actual_weight,
            };
            let result = result.map(|_| ()).map_err(|failed| failed.error);
            Self::deposit_event(Event::ChangeEnacted { change, result });
            Ok(Some(T::WeightInfo::enact().saturating_add(used.unwrap_or(most))).into())
        }

        /// Removes a change that nobody enacted in time.
        ///
        /// ## Dispatch origin
        /// Signed by any account.
        ///
        /// ## Parameters
        /// - `change`: the change.
        ///
        /// ## Errors
        /// - `ChangeNotFound`: there is no such change.
        /// - `ChangeNotExpired`: it can still be enacted.
        ///
        /// ## Events
        /// - `ChangeExpired`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::remove_expired())]
        pub fn remove_expired(origin: OriginFor<T>, change: ChangeId) -> DispatchResult {
            ensure_signed(origin)?;
            let entry = Changes::<T>::get(change).ok_or(Error::<T>::ChangeNotFound)?;
            let now = frame_system::Pallet::<T>::block_number();
            ensure!(now > entry.expires_at, Error::<T>::ChangeNotExpired);
            Changes::<T>::remove(change);
            Self::deposit_event(Event::ChangeExpired { change });
            Ok(())
        }
    }

    impl<T: Config> Pallet<T> {
        /// Number of blocks for which a change waits on this chain.
        pub fn delay() -> BlockNumberFor<T> {
            Delay::<T>::get().unwrap_or_else(T::DefaultDelay::get)
        }

        fn transaction_version() -> u32 {
            <T as frame_system::Config>::Version::get().transaction_version
        }

        /// Checks that a call is light enough to be made by `enact`. Returns its maximum weight.
        fn ensure_light(call: &<T as Config>::RuntimeCall) -> Result<Weight, Error<T>> {
            let weight = call.get_dispatch_info().call_weight;
            ensure!(weight.all_lte(T::MaxCallWeight::get()), Error::<T>::CallTooHeavy);
            Ok(weight)
        }
    }

    /// Other pallets wait as long as changes do.
    impl<T: Config> Get<BlockNumberFor<T>> for Pallet<T> {
        fn get() -> BlockNumberFor<T> {
            Self::delay()
        }
    }
}
