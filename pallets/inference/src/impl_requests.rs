//! Making, cancelling and expiring requests.

use frame_support::pallet_prelude::*;
use medchain_primitives::{Action, ModelId, RecordId, RecordKind, RequestId};
use pallet_emr::{AccessControl, RecordStatus};
use sp_runtime::{traits::Saturating, ArithmeticError};

use crate::{
    AccountIdOf, Config, Deadlines, Error, Event, FailureReports, HoldReason, NextRequestId,
    OpenRequestOf, OpenRequests, Pallet, Predictions, Request, RequestOf, RequestStatus, Requests,
    WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Opens a request and returns what the question to the policy used.
    pub(crate) fn do_request(
        requester: &AccountIdOf<T>,
        record_id: RecordId,
        model_id: ModelId,
    ) -> Result<Weight, DispatchError> {
        let record = pallet_emr::Records::<T>::get(record_id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(record.kind == RecordKind::ChestXray, Error::<T>::NotAChestXray);
        ensure!(record.status == RecordStatus::Active, Error::<T>::RecordNotActive);
        let model = Self::active_model(model_id)?;
        ensure!(!Predictions::<T>::contains_key(record_id, model_id), Error::<T>::AlreadyPredicted);
        ensure!(
            !OpenRequestOf::<T>::contains_key(record_id, model_id),
            Error::<T>::AlreadyRequested
        );
        let id = NextRequestId::<T>::get();
        let next = id.0.checked_add(1).ok_or(ArithmeticError::Overflow)?;
        let asked = pallet_emr::Pallet::<T>::ensure_access(
            &record.patient,
            requester,
            Some(record_id),
            Action::Infer,
        )?;
        Self::hold(HoldReason::Fee, requester, model.fee)?;

        let opened = frame_system::Pallet::<T>::block_number();
        let deadline = opened.saturating_add(T::RequestDeadline::get());
        NextRequestId::<T>::put(RequestId(next));
        OpenRequests::<T>::insert(id, ());
        OpenRequestOf::<T>::insert(record_id, model_id, id);
        Deadlines::<T>::insert(deadline, id, ());
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
        ensure!(Self::is_past_deadline(&request), Error::<T>::DeadlineNotPassed);
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

    /// Gives the request its final status and takes it off every list of open ones.
    pub(crate) fn close(
        id: RequestId,
        mut request: RequestOf<T>,
        status: RequestStatus<AccountIdOf<T>>,
    ) {
        OpenRequests::<T>::remove(id);
        OpenRequestOf::<T>::remove(request.record, request.model);
        Deadlines::<T>::remove(request.deadline, id);
        // Bounded: they are fewer than it takes to close a request.
        let _ = FailureReports::<T>::clear_prefix(id, u32::MAX, None);
        request.status = status;
        Requests::<T>::insert(id, request);
    }

    /// The most that it costs to ask a patient's policy. Finding the policy is
    /// part of what each call was measured with.
    pub fn policy_weight() -> Weight {
        <T as pallet_emr::Config>::AccessControl::weight()
    }
}

/// Lets `Emr::add_record` open a request in the same call.
impl<T: Config> pallet_emr::InferenceOrders<AccountIdOf<T>> for Pallet<T> {
    /// The stored record says whose it is; the argument is not relied on.
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
