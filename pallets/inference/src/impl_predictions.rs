//! Predictions and failure reports of workers.

use frame_support::pallet_prelude::*;
use medchain_primitives::{
    FailureCode, Output, OutputError, Receipt, RecordStatus, RequestId, RequestStatus,
};
use pallet_emr::RecordOf;

use crate::{
    AccountIdOf, Config, Error, Event, FailureReports, ModelOf, Pallet, Prediction, Predictions,
    RequestOf, Requests, Workers,
};

/// A request that a worker may answer, with its model and record.
struct Job<T: Config> {
    request: RequestOf<T>,
    model: ModelOf<T>,
    record: RecordOf<T>,
    /// The weight that asking for consent used.
    asked: Weight,
}

impl<T: Config> Pallet<T> {
    /// Stores a prediction, pays for it and returns the weight that asking the policy used.
    pub(crate) fn do_submit(
        who: &AccountIdOf<T>,
        id: RequestId,
        output: Output,
        receipt: Receipt,
    ) -> Result<Weight, DispatchError> {
        let Job { request, model, record, asked } = Self::job(who, id)?;
        output.check(model.labels.len()).map_err(Error::<T>::from)?;
        let expected =
            medchain_primitives::receipt(&model.sha256, &model.preprocessing, &record.cid, &output);
        ensure!(receipt == expected, Error::<T>::ReceiptMismatch);
        Self::pay(&request.requester, who, request.fee)?;

        Predictions::<T>::insert(
            request.record,
            request.model,
            Prediction {
                request: id,
                worker: who.clone(),
                output: output.clone(),
                receipt,
                at: frame_system::Pallet::<T>::block_number(),
            },
        );
        let event = Event::PredictionSubmitted {
            request: id,
            record: request.record,
            worker: who.clone(),
            model: request.model,
            label: output.label,
            output,
            receipt,
        };
        let status = RequestStatus::Answered { worker: who.clone() };
        Self::close(id, request, status);
        Self::deposit_event(event);
        Ok(asked)
    }

    /// Stores a failure report and closes the request if enough workers have reported one.
    ///
    /// Returns the weight that asking the policy used.
    pub(crate) fn do_report_failure(
        who: &AccountIdOf<T>,
        id: RequestId,
        code: FailureCode,
    ) -> Result<Weight, DispatchError> {
        // Before the policy is asked, which costs more.
        ensure!(!FailureReports::<T>::contains_key(id, who), Error::<T>::FailureAlreadyReported);
        let Job { request, asked, .. } = Self::job(who, id)?;
        let needed = Self::reports_to_fail(who, &request)?;
        FailureReports::<T>::insert(id, who, code);
        let (record, worker) = (request.record, who.clone());
        Self::deposit_event(Event::FailureReported {
            request: id,
            record,
            worker: worker.clone(),
            code,
        });
        // Bounded by `FailureQuorum`: a request closes when it has that many reports.
        if FailureReports::<T>::iter_key_prefix(id).count() >= needed {
            let status = RequestStatus::Failed { worker: worker.clone(), code };
            Self::refund_and_close(id, request, status)?;
            Self::deposit_event(Event::InferenceFailed { request: id, record, worker, code });
        }
        Ok(asked)
    }

    /// Returns the number of failure reports that close a request, if a report of `who` counts.
    ///
    /// The workers that count are those that run the model and hold an envelope. So a worker
    /// without the key cannot close a request that others can answer, and raising the number
    /// takes an envelope, which needs the patient's consent.
    fn reports_to_fail(who: &AccountIdOf<T>, request: &RequestOf<T>) -> Result<usize, Error<T>> {
        let runs = |reader: &AccountIdOf<T>| {
            Workers::<T>::get(reader).is_some_and(|w| w.models.contains(&request.model))
        };
        let mut able = 0u32;
        let mut counts = false;
        // Bounded by `MaxEnvelopes`.
        for reader in pallet_emr::Envelopes::<T>::iter_key_prefix(request.record) {
            if runs(&reader) {
                able = able.saturating_add(1);
                counts |= reader == *who;
            }
        }
        ensure!(counts || able == 0, Error::<T>::EnvelopeNotFound);
        Ok(T::FailureQuorum::get().min(able).max(1) as usize)
    }

    /// Returns the request and its subjects if `who` may answer it now.
    ///
    /// Consent is asked last, because it costs most.
    fn job(who: &AccountIdOf<T>, id: RequestId) -> Result<Job<T>, DispatchError> {
        let worker = Workers::<T>::get(who).ok_or(Error::<T>::WorkerNotFound)?;
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        Self::ensure_open(&request)?;
        ensure!(!Self::is_past_deadline(&request), Error::<T>::RequestExpired);
        ensure!(worker.models.contains(&request.model), Error::<T>::ModelNotSupported);
        let model = Self::active_model(request.model)?;
        let record = pallet_emr::Records::<T>::get(request.record)
            .filter(|record| record.status == RecordStatus::Active)
            .ok_or(Error::<T>::RecordNotActive)?;
        let asked = Self::ensure_may_infer(&record.patient, who, request.record)?;
        Ok(Job { request, model, record, asked })
    }
}

impl<T> From<OutputError> for Error<T> {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Classes => Self::OutputClassesMismatch,
            // Every `Permill` is a probability; only their sum can be wrong.
            OutputError::Sum | OutputError::NotAProbability => Self::OutputSumMismatch,
            OutputError::Label => Self::OutputLabelMismatch,
        }
    }
}
