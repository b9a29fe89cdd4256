//! What a patient who leaves must have ended.

use frame_support::{ensure, weights::Weight};
use medchain_primitives::{RecordId, VerdictStatus};
use pallet_emr::Departure;
use sp_runtime::DispatchResult;

use crate::{
    AccountIdOf, Config, Error, LatestVerdict, Pallet, RequestsAbout, Verdicts, WeightInfo,
};

/// The number of models whose newest verdicts are looked at, of one record.
const MODELS_READ: usize = 4;

impl<T: Config> Pallet<T> {
    /// Notes that a request about a patient's records was opened, or a verdict challenged.
    pub(crate) fn note_opened(patient: &AccountIdOf<T>) {
        RequestsAbout::<T>::mutate(patient, |count| *count = count.saturating_add(1));
    }

    /// Notes that one was closed.
    pub(crate) fn note_closed(patient: &AccountIdOf<T>) {
        RequestsAbout::<T>::mutate_exists(patient, |count| {
            *count = count.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
        });
    }

    /// Whether a verdict on a record can be challenged, or is. Where more models have verdicts
    /// than are looked at, the answer is yes.
    pub(crate) fn has_challengeable_verdict(record: RecordId) -> bool {
        let now = frame_system::Pallet::<T>::block_number();
        let newest =
            LatestVerdict::<T>::iter_prefix_values(record).take(MODELS_READ.saturating_add(1));
        newest.enumerate().any(|(place, request)| {
            place >= MODELS_READ
                || Verdicts::<T>::get(request).is_some_and(|verdict| match verdict.status {
                    VerdictStatus::Standing => now <= verdict.challengeable_until,
                    VerdictStatus::Challenged => true,
                    VerdictStatus::Annulled | VerdictStatus::Withdrawn => false,
                })
        })
    }
}

impl<T: Config> Departure<AccountIdOf<T>> for Pallet<T> {
    fn ensure_may_leave(patient: &AccountIdOf<T>) -> DispatchResult {
        ensure!(RequestsAbout::<T>::get(patient) == 0, Error::<T>::RequestNotClosed);
        Ok(())
    }

    /// What the account did as requester or worker is not the patient's, and stays.
    fn leave(_: &AccountIdOf<T>) -> DispatchResult {
        Ok(())
    }

    fn weight() -> Weight {
        <T as Config>::WeightInfo::leave()
    }
}
