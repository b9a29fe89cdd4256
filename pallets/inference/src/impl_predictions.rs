//! What workers hand in.

use frame_support::pallet_prelude::*;
use medchain_primitives::{Action, FailureCode, Output, OutputError, Receipt, RequestId};
use pallet_emr::{RecordOf, RecordStatus};

use crate::{
    AccountIdOf, Config, Error, Event, FailureReports, ModelOf, Pallet, Prediction, Predictions,
    RequestOf, RequestStatus, Requests, Workers,
};

/// A request that a worker may answer, with what it is about.
struct Job<T: Config> {
    request: RequestOf<T>,
    model: ModelOf<T>,
    record: RecordOf<T>,
    /// What asking for consent used.
    asked: Weight,
}

impl<T: Config> Pallet<T> {
    /// Stores a prediction, pays for it and returns what the question to the
    /// policy used.
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

    /// Notes that a worker could not predict, closes the request as failed where
    /// enough workers say so, and returns what the question to the policy used.
    pub(crate) fn do_report_failure(
        who: &AccountIdOf<T>,
        id: RequestId,
        code: FailureCode,
    ) -> Result<Weight, DispatchError> {
        // Before the policy is asked, which costs more.
        ensure!(!FailureReports::<T>::contains_key(id, who), Error::<T>::AlreadyReported);
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
        // Bounded: a request closes when there are this many.
        if FailureReports::<T>::iter_key_prefix(id).count() >= needed {
            let status = RequestStatus::Failed { worker: worker.clone(), code };
            Self::refund_and_close(id, request, status)?;
            Self::deposit_event(Event::InferenceFailed { request: id, record, worker, code });
        }
        Ok(asked)
    }

    /// How many workers must report a failure to close a request, if `who` is one
    /// of those who count: to whom the key is sealed, and who run the model.
    ///
    /// So nobody closes a request that others can open, and nobody but who can
    /// seal, with the patient's consent, makes it harder to close.
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
        ensure!(counts || able == 0, Error::<T>::NotSealedToWorker);
        Ok(T::FailureQuorum::get().min(able).max(1) as usize)
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
        let asked = pallet_emr::Pallet::<T>::ensure_access(
            &record.patient,
            who,
            Some(request.record),
            Action::Infer,
        )?;
        Ok(Job { request, model, record, asked })
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
