//! Making, cancelling and expiring requests.

use frame_support::pallet_prelude::*;
use medchain_primitives::{
    Action, ModelId, RecordId, RecordKind, RecordStatus, RequestId, RequestStatus,
};
use pallet_emr::{AccessControl, AccessQuestion};
use sp_runtime::traits::Saturating;

use crate::{
    AccountIdOf, Config, Due, Error, Event, FailureReports, HoldReason, NextRequestId,
    OpenRequestOf, OpenRequests, Pallet, Predictions, Request, RequestOf, Requests, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Opens a request and returns the weight that asking the policy used.
    pub(crate) fn do_request(
        requester: &AccountIdOf<T>,
        record_id: RecordId,
        model_id: ModelId,
    ) -> Result<Weight, DispatchError> {
        let record = pallet_emr::Records::<T>::get(record_id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(record.kind == RecordKind::ChestXray, Error::<T>::NotChestXray);
        ensure!(record.status == RecordStatus::Active, Error::<T>::RecordNotActive);
        let model = Self::active_model(model_id)?;
        ensure!(
            !Predictions::<T>::contains_key(record_id, model_id),
            Error::<T>::PredictionAlreadyExists
        );
        ensure!(
            !OpenRequestOf::<T>::contains_key(record_id, model_id),
            Error::<T>::RequestAlreadyExists
        );
        let id = NextRequestId::<T>::get();
        let next = id.0.checked_add(1).ok_or(Error::<T>::RequestIdsExhausted)?;
        let asked = Self::ensure_may_infer(&record.patient, requester, record_id)?;
        Self::hold(HoldReason::Fee, requester, model.fee)?;

        let opened = frame_system::Pallet::<T>::block_number();
        let deadline = opened.saturating_add(T::RequestDeadline::get());
        NextRequestId::<T>::put(RequestId(next));
        OpenRequests::<T>::insert(id, ());
        OpenRequestOf::<T>::insert(record_id, model_id, id);
        Self::schedule(deadline, id);
        Requests::<T>::insert(
            id,
            Request {
                record: record_id,
                patient: record.patient.clone(),
                model: model_id,
                requester: requester.clone(),
                fee: model.fee,
                opened,
                deadline,
                status: RequestStatus::Open,
            },
        );
        Self::deposit_event(Event::InferenceRequested {
            request: id,
            record: record_id,
            patient: record.patient,
            model: model_id,
            requester: requester.clone(),
            fee: model.fee,
            deadline,
        });
        Ok(asked)
    }

    pub(crate) fn do_cancel(who: &AccountIdOf<T>, id: RequestId) -> DispatchResult {
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        ensure!(request.requester == *who, Error::<T>::NotRequester);
        Self::ensure_open(&request)?;
        Self::refund_and_close(id, request, RequestStatus::Cancelled)?;
        Self::deposit_event(Event::RequestCancelled { request: id });
        Ok(())
    }

    pub(crate) fn do_expire(id: RequestId) -> DispatchResult {
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        Self::ensure_open(&request)?;
        ensure!(Self::is_past_deadline(&request), Error::<T>::RequestNotExpired);
        Self::refund_and_close(id, request, RequestStatus::Expired)?;
        Self::deposit_event(Event::RequestExpired { request: id });
        Ok(())
    }

    pub(crate) fn ensure_open(request: &RequestOf<T>) -> Result<(), Error<T>> {
        ensure!(request.status == RequestStatus::Open, Error::<T>::RequestNotOpen);
        Ok(())
    }

    pub(crate) fn is_past_deadline(request: &RequestOf<T>) -> bool {
        frame_system::Pallet::<T>::block_number() > request.deadline
    }

    pub(crate) fn refund_and_close(
        id: RequestId,
        request: RequestOf<T>,
        status: RequestStatus<AccountIdOf<T>>,
    ) -> DispatchResult {
        Self::release(HoldReason::Fee, &request.requester, request.fee)?;
        Self::close(id, request, status);
        Ok(())
    }

    /// Sets the final status of a request and removes it from the lists of open ones.
    pub(crate) fn close(
        id: RequestId,
        mut request: RequestOf<T>,
        status: RequestStatus<AccountIdOf<T>>,
    ) {
        OpenRequests::<T>::remove(id);
        OpenRequestOf::<T>::remove(request.record, request.model);
        Due::<T>::remove(request.deadline, id);
        // Bounded by `FailureQuorum`.
        let _ = FailureReports::<T>::clear_prefix(id, u32::MAX, None);
        request.status = status;
        Requests::<T>::insert(id, request);
    }

    /// Checks that the patient's consent allows `subject` to run a model on the record.
    ///
    /// Returns the weight that asking the policy used.
    pub(crate) fn ensure_may_infer(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: RecordId,
    ) -> Result<Weight, DispatchError> {
        pallet_emr::Pallet::<T>::ensure_access(AccessQuestion {
            patient,
            subject,
            record: Some(record),
            action: Action::Infer,
            purpose: None,
        })
    }

    /// Returns the maximum weight of asking a patient's policy.
    ///
    /// The weights of the calls include finding the policy.
    pub fn policy_weight() -> Weight {
        <T as pallet_emr::Config>::AccessControl::weight()
    }
}

// `Emr::add_record` opens a request in the same call through this.
impl<T: Config> pallet_emr::InferenceOrders<AccountIdOf<T>> for Pallet<T> {
    /// Opens a request for a new record. The patient is that of the stored record, not the
    /// argument.
    fn order(
        requester: &AccountIdOf<T>,
        _: &AccountIdOf<T>,
        record: RecordId,
        model: ModelId,
    ) -> Result<Weight, DispatchError> {
        Self::do_request(requester, record, model)
    }

    fn weight() -> Weight {
        <T as Config>::WeightInfo::request_inference()
    }
}
