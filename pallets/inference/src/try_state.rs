//! The invariants that hold between any two calls.

use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use medchain_primitives::{RecordKind, RequestStatus};
use sp_runtime::{Saturating, TryRuntimeError};

use crate::{
    AccountIdOf, BalanceOf, Config, Due, FailureReports, HoldReason, Models, NextDue, NextModelId,
    NextRequestId, OpenRequestOf, OpenRequests, Pallet, Predictions, Requests, Workers,
};

impl<T: Config> Pallet<T> {
    /// Checks every invariant of the pallet.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::try_state_models()?;
        Self::try_state_workers()?;
        Self::try_state_requests()?;
        Self::try_state_predictions()
    }

    /// Models have numbers below the next one and are well-formed.
    fn try_state_models() -> Result<(), TryRuntimeError> {
        let next = NextModelId::<T>::get();
        for (id, model) in Models::<T>::iter() {
            ensure!(id < next, "a model's number is not below the next one");
            ensure!(Self::check_model(&model).is_ok(), "a model is malformed");
        }
        Ok(())
    }

    /// Workers run existing models, and their bonds are held.
    ///
    /// A worker may have removed its encryption key, so that nothing can be sealed to it.
    fn try_state_workers() -> Result<(), TryRuntimeError> {
        for (who, worker) in Workers::<T>::iter() {
            ensure!(!worker.models.is_empty(), "a worker runs no model");
            let distinct: BTreeSet<_> = worker.models.iter().collect();
            ensure!(distinct.len() == worker.models.len(), "a worker names a model twice");
            ensure!(
                distinct.into_iter().all(Models::<T>::contains_key),
                "a worker runs an unknown model"
            );
            let held =
                <T as Config>::Currency::balance_on_hold(&HoldReason::WorkerBond.into(), &who);
            ensure!(held == worker.bond, "a worker's bond differs from what is held");
        }
        Ok(())
    }

    /// The indices contain exactly the open requests, whose fees are held.
    fn try_state_requests() -> Result<(), TryRuntimeError> {
        let next = NextRequestId::<T>::get();
        let mut fees = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        let mut open = 0usize;
        for (id, request) in Requests::<T>::iter() {
            ensure!(id < next, "a request's number is not below the next one");
            let record = pallet_emr::Records::<T>::get(request.record)
                .ok_or("a request is about an unknown record")?;
            ensure!(
                record.patient == request.patient && record.kind == RecordKind::ChestXray,
                "a request is not about the patient's chest X-ray"
            );
            ensure!(Models::<T>::contains_key(request.model), "a request is for an unknown model");
            ensure!(
                request.opened <= request.deadline
                    && request.opened <= frame_system::Pallet::<T>::block_number(),
                "a request was made after its deadline or in a future block"
            );
            let held = fees.entry(request.requester.clone()).or_default();
            let is_open = request.status == RequestStatus::Open;
            ensure!(
                OpenRequests::<T>::contains_key(id) == is_open,
                "the work list is wrong about a request"
            );
            let indexed = OpenRequestOf::<T>::get(request.record, request.model) == Some(id);
            ensure!(indexed == is_open, "the index is wrong about a request");
            ensure!(
                Due::<T>::contains_key(request.deadline, id) == is_open,
                "the list of due requests is wrong about a request"
            );
            let reports = FailureReports::<T>::iter_prefix(id).count();
            ensure!(
                if is_open { reports < T::FailureQuorum::get() as usize } else { reports == 0 },
                "a request has too many failure reports"
            );
            if is_open {
                open = open.saturating_add(1);
                *held = held.saturating_add(request.fee);
                ensure!(
                    !Predictions::<T>::contains_key(request.record, request.model),
                    "an open request has a prediction"
                );
            }
            if let RequestStatus::Answered { worker } = request.status {
                let by = Predictions::<T>::get(request.record, request.model)
                    .map(|prediction| (prediction.request, prediction.worker));
                ensure!(by == Some((id, worker)), "an answered request has no prediction");
            }
        }
        ensure!(
            OpenRequests::<T>::iter_keys().count() == open
                && OpenRequestOf::<T>::iter_values().count() == open
                && Due::<T>::iter_keys().count() == open,
            "the work list or an index contains an unknown request"
        );
        let next_due = NextDue::<T>::get();
        ensure!(
            Due::<T>::iter_keys().all(|(last, _)| next_due.is_some_and(|next| next <= last)),
            "a request is due before the next block to process"
        );
        ensure!(
            FailureReports::<T>::iter_keys().all(|(id, _)| OpenRequests::<T>::contains_key(id)),
            "a failure report is about a request that is not open"
        );
        for (who, fee) in fees {
            let held = <T as Config>::Currency::balance_on_hold(&HoldReason::Fee.into(), &who);
            ensure!(held == fee, "the fees of open requests differ from what is held");
        }
        Ok(())
    }

    /// Predictions answer a request for their record and model, and their receipts are correct.
    fn try_state_predictions() -> Result<(), TryRuntimeError> {
        for (record_id, model_id, prediction) in Predictions::<T>::iter() {
            let request = Requests::<T>::get(prediction.request)
                .ok_or("a prediction answers an unknown request")?;
            ensure!(
                request.record == record_id && request.model == model_id,
                "a prediction answers a request for another record or model"
            );
            ensure!(
                request.status == RequestStatus::Answered { worker: prediction.worker },
                "a prediction answers a request that is not answered"
            );
            let model = Models::<T>::get(model_id).ok_or("a prediction is of an unknown model")?;
            let record = pallet_emr::Records::<T>::get(record_id)
                .ok_or("a prediction is on an unknown record")?;
            ensure!(
                prediction.output.check(model.labels.len()).is_ok(),
                "a prediction's output is invalid"
            );
            let receipt = medchain_primitives::receipt(
                &model.sha256,
                &model.preprocessing,
                &record.cid,
                &prediction.output,
            );
            ensure!(prediction.receipt == receipt, "a prediction's receipt is wrong");
        }
        Ok(())
    }
}
