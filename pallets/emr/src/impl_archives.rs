//! Where archives of logs have their newest index.
//!
//! *Invariant:* what is stored here decides nothing. It leads readers to entries, which they compare
//! with [`Logs`](crate::Logs).

use frame_support::traits::Get;
use medchain_primitives::Cid;
use sp_runtime::DispatchResult;

use crate::{AccountIdOf, Config, Error, Event, HoldReason, LogArchive, LogArchives, Pallet};

impl<T: Config> Pallet<T> {
    /// Stores the newest index of an archive, and holds the deposit for the first one.
    pub(crate) fn do_set_log_archive(archive: AccountIdOf<T>, cid: Cid) -> DispatchResult {
        Self::ensure_cid(&cid)?;
        let deposit = match LogArchives::<T>::get(&archive) {
            Some(entry) => entry.deposit,
            None => {
                let deposit = T::RecordDeposit::get();
                Self::hold(HoldReason::LogArchive, &archive, deposit)?;
                deposit
            }
        };
        let at = frame_system::Pallet::<T>::block_number();
        LogArchives::<T>::insert(&archive, LogArchive { cid: cid.clone(), at, deposit });
        Self::deposit_event(Event::LogArchiveSet { archive, cid });
        Ok(())
    }

    /// Removes the index of an archive and releases its deposit.
    pub(crate) fn do_remove_log_archive(archive: AccountIdOf<T>) -> DispatchResult {
        let entry = LogArchives::<T>::take(&archive).ok_or(Error::<T>::LogArchiveNotFound)?;
        Self::release(HoldReason::LogArchive, &archive, entry.deposit)?;
        Self::deposit_event(Event::LogArchiveRemoved { archive });
        Ok(())
    }
}
