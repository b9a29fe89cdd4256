//! Accepting an answer as the verdict, and disclosing a verdict.

use frame_support::pallet_prelude::*;
use medchain_primitives::{
    receipt_of, RequestId, RequestStatus, SealedAnswer, VerdictRoot, VerdictStatus,
};
use medchain_verdicts::{verdict_commitment, VerdictKey, VerdictName};
use sp_runtime::traits::Saturating;

use crate::{
    AccountIdOf, CommitteeOf, Config, Error, Event, LatestVerdict, Models, Pallet, Probabilities,
    RequestOf, Verdict, Verdicts,
};

impl<T: Config> Pallet<T> {
    /// Stores a verdict and pays its workers.
    pub(crate) fn accept(
        id: RequestId,
        request: RequestOf<T>,
        committee: &CommitteeOf<T>,
        sealed: SealedAnswer,
    ) -> DispatchResult {
        let record = pallet_emr::Records::<T>::get(request.record);
        let record = record.ok_or(Error::<T>::RecordNotFound)?;
        let model = Models::<T>::get(request.model).ok_or(Error::<T>::ModelNotFound)?;
        Self::pay_members(&request, committee)?;
        for member in &committee.members {
            Self::note_answered(&member.worker);
        }
        let now = frame_system::Pallet::<T>::block_number();
        let verdict = Verdict {
            record: request.record,
            model: request.model,
            workers: Self::workers_of(committee),
            receipt: receipt_of(&model.sha256, &model.preprocessing, &record.content, &sealed),
            sealed,
            reached_at: now,
            challengeable_until: now.saturating_add(T::ProvisionalPeriod::get()),
            status: VerdictStatus::Standing,
            previous: LatestVerdict::<T>::get(request.record, request.model),
        };
        LatestVerdict::<T>::insert(request.record, request.model, id);
        Self::close(id, request, committee, RequestStatus::Answered);
        let event = Event::VerdictReached {
            request: id,
            record: verdict.record,
            model: verdict.model,
            workers: verdict.workers.clone(),
            sealed: verdict.sealed.clone(),
            receipt: verdict.receipt,
            challengeable_until: verdict.challengeable_until,
        };
        Self::deposit_logged(&record.patient, event);
        Verdicts::<T>::insert(id, verdict);
        Ok(())
    }

    fn note_answered(worker: &AccountIdOf<T>) {
        crate::Workers::<T>::mutate_extant(worker, |worker| worker.answered.saturating_inc());
    }

    /// Opens a verdict with the verdict root of its record.
    pub(crate) fn do_disclose(
        who: &AccountIdOf<T>,
        id: RequestId,
        root: &VerdictRoot,
    ) -> DispatchResult {
        let verdict = Verdicts::<T>::get(id).ok_or(Error::<T>::VerdictNotFound)?;
        let patient = pallet_emr::Records::<T>::get(verdict.record).map(|record| record.patient);
        ensure!(patient.as_ref() == Some(who), Error::<T>::NotPatient);
        let committed = pallet_emr::Commitments::<T>::get(verdict.record);
        let committed = committed.ok_or(Error::<T>::FilmNotCommitted)?.verdicts;
        ensure!(verdict_commitment(root) == committed, Error::<T>::VerdictRootMismatch);

        let model = Models::<T>::get(verdict.model).ok_or(Error::<T>::ModelNotFound)?;
        let name = Self::verdict_name(id, &verdict);
        let output = VerdictKey::new(root, &name)
            .open(&verdict.sealed)
            .ok()
            .filter(|output| output.check(model.labels.len()).is_ok())
            .ok_or(Error::<T>::VerdictUnreadable)?;
        let label = model.labels.get(usize::from(output.label)).cloned().unwrap_or_default();
        let certain = output.confidence() >= model.confidence_threshold;
        let probabilities = model.labels.into_iter().zip(output.probabilities).collect();
        let event = Event::VerdictDisclosed {
            request: id,
            record: verdict.record,
            model: verdict.model,
            label,
            certain,
            probabilities: Probabilities::truncate_from(probabilities),
        };
        Self::deposit_logged(who, event);
        Ok(())
    }

    fn verdict_name(id: RequestId, verdict: &crate::VerdictOf<T>) -> VerdictName {
        let (genesis, record, model) =
            (pallet_emr::Pallet::<T>::genesis(), verdict.record, verdict.model);
        VerdictName { genesis, record, model, request: id }
    }
}
