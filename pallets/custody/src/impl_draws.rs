//! Access of drawn workers: the draw is the grant, and the policy's `Infer` has to hold.

use frame_support::{ensure, weights::Weight};
use medchain_primitives::{Action, Basis, EndReason, ModelId, RecordId, RequestId};
use medchain_sharing::ReplyKey;
use pallet_emr::{AccessQuestion, Answer};
use sp_runtime::{traits::Zero, DispatchError, DispatchResult};

use crate::{
    AccountIdOf, Committees, Config, Custodies, Error, Event, GrantOf, Grants, HoldReason, Pallet,
    PlaceOf,
};

impl<T: Config> Pallet<T> {
    /// Grants a drawn worker access to the record of its request. Returns the weight that the
    /// question to the policy used.
    pub(crate) fn do_request_as_worker(
        worker: AccountIdOf<T>,
        request: RequestId,
        reply: ReplyKey,
    ) -> Result<Weight, DispatchError> {
        reply.check().map_err(|_| Error::<T>::InvalidReplyKey)?;
        let place = T::Committees::place(&worker, request).ok_or(Error::<T>::NotDrawn)?;
        let record = place.record;
        let patient = Self::patient_of(record)?;
        ensure!(Custodies::<T>::contains_key(record), Error::<T>::RecordNotEntrusted);
        let question = to_infer(&patient, &worker, record, place.model);
        let asked = pallet_emr::Pallet::<T>::ensure_access(question)?;
        Self::make_way(record, &patient, &worker)?;
        Self::store_grant(record, &worker, Basis::Draw { request }, reply, place.until)?;
        let event = Event::WorkerAccess {
            request,
            record,
            patient: patient.clone(),
            worker,
            until: place.until,
        };
        Self::deposit_logged(&patient, event);
        Ok(asked)
    }

    /// Ends what the worker has instead, if that is over or the worker's own to give up.
    ///
    /// Not a draw that holds: a worker could have custodians send their shares again and again,
    /// each time to another key.
    fn make_way(
        record: RecordId,
        patient: &AccountIdOf<T>,
        worker: &AccountIdOf<T>,
    ) -> DispatchResult {
        let Some(grant) = Grants::<T>::get(record, worker) else { return Ok(()) };
        let runs = frame_system::Pallet::<T>::block_number() <= grant.until;
        match grant.basis {
            Basis::Emergency { .. } if runs => Err(Error::<T>::EmergencyAccessRuns.into()),
            Basis::Draw { .. } if runs => {
                let ended = Self::has_lost_place(&grant, worker, record);
                ensure!(ended, Error::<T>::AccessAlreadyGranted);
                Self::end_over(record, patient, worker, grant.basis, EndReason::PlaceEnded)
            }
            Basis::Draw { .. } => {
                Self::end_over(record, patient, worker, grant.basis, EndReason::Expired)
            }
            Basis::Policy { .. } | Basis::Emergency { .. } => {
                Self::end_replaced(record, patient, worker, &grant)
            }
        }
    }

    /// Ends access whose time is over, or that of a worker without its place.
    ///
    /// A drawn worker that others keep from answering has no use for shares that are under way, and
    /// gets the fees back: otherwise custodians could send theirs right after a cancellation.
    pub(crate) fn end_over(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        basis: Basis,
        reason: EndReason,
    ) -> DispatchResult {
        if matches!(basis, Basis::Draw { request } if T::Committees::is_stopped(subject, request)) {
            Self::give_fees_back(record, subject)?;
        }
        Self::end_grant(record, patient, subject, reason).map(|_| ())
    }

    /// Releases what is held for custodians that have not delivered yet.
    fn give_fees_back(record: RecordId, subject: &AccountIdOf<T>) -> DispatchResult {
        let Some(mut grant) = Grants::<T>::get(record, subject) else { return Ok(()) };
        let fees = core::mem::replace(&mut grant.fees, Zero::zero());
        Grants::<T>::insert(record, subject, grant);
        Self::release(HoldReason::Grant, subject, fees)
    }

    /// Notes where a drawn worker gives its access up, or has it replaced, while it has its place.
    pub(crate) fn note_given_up(
        record: RecordId,
        worker: &AccountIdOf<T>,
        basis: Basis,
        reason: EndReason,
    ) {
        let Basis::Draw { request } = basis else { return };
        let is_given_up = matches!(reason, EndReason::GivenUp | EndReason::Replaced);
        if is_given_up && Self::place_of(worker, request, record).is_some() {
            T::Committees::gave_up(worker, request);
        }
    }

    /// The maximum weight of [`Self::note_given_up`].
    pub(crate) fn give_up_weight() -> Weight {
        T::Committees::weight().saturating_add(T::Committees::note_weight())
    }

    /// The place on which a grant for this record is based, while the worker has it.
    pub(crate) fn place_of(
        worker: &AccountIdOf<T>,
        request: RequestId,
        record: RecordId,
    ) -> Option<PlaceOf<T>> {
        T::Committees::place(worker, request).filter(|place| place.record == record)
    }

    /// Whether a grant is based on a place that the worker does not have any more.
    pub(crate) fn has_lost_place(
        grant: &GrantOf<T>,
        worker: &AccountIdOf<T>,
        record: RecordId,
    ) -> bool {
        match grant.basis {
            Basis::Draw { request } => Self::place_of(worker, request, record).is_none(),
            Basis::Policy { .. } | Basis::Emergency { .. } => false,
        }
    }

    /// Asks the policy whether `worker` may run a model on a record.
    pub(crate) fn ask_to_infer(
        patient: &AccountIdOf<T>,
        worker: &AccountIdOf<T>,
        record: RecordId,
        model: ModelId,
    ) -> Answer {
        pallet_emr::Pallet::<T>::check_access(to_infer(patient, worker, record, model))
    }
}

fn to_infer<'a, AccountId>(
    patient: &'a AccountId,
    subject: &'a AccountId,
    record: RecordId,
    model: ModelId,
) -> AccessQuestion<'a, AccountId> {
    AccessQuestion {
        patient,
        subject,
        record: Some(record),
        action: Action::Infer,
        purpose: None,
        model: Some(model),
    }
}
