//! What workers hand in.

use frame_support::pallet_prelude::*;
use medchain_primitives::{Action, FailureCode, Output, OutputError, Receipt, RequestId};
use pallet_emr::{RecordOf, RecordStatus};

use crate::{
    AccountIdOf, Config, Error, Event, ModelOf, Pallet, Prediction, Predictions, RequestOf,
    RequestStatus, Requests, Workers,
};

/// A request that a worker may answer, with what it is about.
struct Job<T: Config> {
    request: RequestOf<T>,
    model: ModelOf<T>,
    record: RecordOf<T>,
}

impl<T: Config> Pallet<T> {
    /// Stores a prediction, pays for it and returns whose record it is about.
    pub(crate) fn do_submit(
        who: &AccountIdOf<T>,
        id: RequestId,
        output: Output,
        receipt: Receipt,
    ) -> Result<AccountIdOf<T>, DispatchError> {
        let Job { request, model, record } = Self::job(who, id)?;
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
        Ok(record.patient)
    }

    /// Closes a request as failed and returns whose record it is about.
    pub(crate) fn do_report_failure(
        who: &AccountIdOf<T>,
        id: RequestId,
        code: FailureCode,
    ) -> Result<AccountIdOf<T>, DispatchError> {
        let Job { request, record, .. } = Self::job(who, id)?;
        let event = Event::InferenceFailed {
            request: id,
            record: request.record,
            worker: who.clone(),
            code,
        };
        let status = RequestStatus::Failed { worker: who.clone(), code };
        Self::refund_and_close(id, request, status)?;
        Self::deposit_event(event);
        Ok(record.patient)
    }

    /// The request, if `who` may answer it now. Consent is asked last, because
    /// it costs most.
    fn job(who: &AccountIdOf<T>, id: RequestId) -> Result<Job<T>, DispatchError> {
        let worker = Workers::<T>::get(who).ok_or(Error::<T>::NotAWorker)?;
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        Self::ensure_open(&request)?;
        ensure!(!Self::is_past_deadline(&request), Error::<T>::DeadlinePassed);
        ensure!(worker.models.contains(&request.model), Error::<T>::ModelNotRun);
        let model = Self::active_model(request.model)?;
        let record = pallet_emr::Records::<T>::get(request.record)
            .filter(|record| record.status == RecordStatus::Active)
            .ok_or(Error::<T>::RecordNotActive)?;
        pallet_emr::Pallet::<T>::ensure_access(
            &record.patient,
            who,
            Some(request.record),
            Action::Infer,
        )?;
        Ok(Job { request, model, record })
    }
}

impl<T> From<OutputError> for Error<T> {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Classes => Self::OutputClassesMismatch,
            // Integers are always probabilities; what may be wrong is their sum.
            OutputError::Sum | OutputError::NotAProbability => Self::OutputSumMismatch,
            OutputError::Label => Self::OutputLabelMismatch,
        }
    }
}
