//! Comparing answers, and disclosing a verdict.

use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{receipt, RequestId, RequestStatus, SealedAnswer, VerdictRoot};
use medchain_verdicts::{verdict_commitment, VerdictKey, VerdictName};
use sp_runtime::traits::{Saturating, Zero};

use crate::{
    AccountIdOf, AnswersOf, CommitteeOf, Config, Error, Event, LatestVerdict, Models, Pallet,
    Probabilities, RequestOf, Step, Verdict, Verdicts,
};

impl<T: Config> Pallet<T> {
    /// Closes a request to which all workers have shown their answers.
    pub(crate) fn compare(
        id: RequestId,
        request: RequestOf<T>,
        committee: &CommitteeOf<T>,
    ) -> DispatchResult {
        let answers: Vec<_> = committee
            .members
            .iter()
            .filter_map(|member| match &member.step {
                Step::Revealed(sealed) => Some((member.worker.clone(), sealed.clone())),
                _ => None,
            })
            .collect();
        match answers.split_first() {
            Some(((_, first), others)) if others.iter().all(|(_, sealed)| sealed == first) => {
                Self::accept(id, request, committee, first.clone())
            }
            _ => {
                // Never a majority: whoever is right, somebody is wrong.
                Self::refund(&request)?;
                let record = request.record;
                let answers = AnswersOf::<T>::truncate_from(answers);
                Self::close(id, request, committee, RequestStatus::Disputed);
                Self::deposit_event(Event::AnswersDiffer { request: id, record, answers });
                Ok(())
            }
        }
    }

    /// Stores a verdict and pays its workers.
    fn accept(
        id: RequestId,
        request: RequestOf<T>,
        committee: &CommitteeOf<T>,
        sealed: SealedAnswer,
    ) -> DispatchResult {
        let record = pallet_emr::Records::<T>::get(request.record);
        let record = record.ok_or(Error::<T>::RecordNotFound)?;
        let model = Models::<T>::get(request.model).ok_or(Error::<T>::ModelNotFound)?;
        for member in &committee.members {
            Self::pay(&request.requester, &member.worker, request.fee)?;
            Self::note_answered(&member.worker);
        }
        let now = frame_system::Pallet::<T>::block_number();
        let verdict = Verdict {
            record: request.record,
            model: request.model,
            workers: Self::workers_of(committee),
            receipt: receipt(&model.sha256, &model.preprocessing, &record.cid, &sealed),
            sealed,
            reached_at: now,
            provisional_until: (request.quorum == 1)
                .then(|| now.saturating_add(T::ProvisionalPeriod::get())),
            previous: LatestVerdict::<T>::get(request.record, request.model),
        };
        LatestVerdict::<T>::insert(request.record, request.model, id);
        Self::close(id, request, committee, RequestStatus::Answered);
        Self::deposit_event(Event::VerdictReached {
            request: id,
            record: verdict.record,
            model: verdict.model,
            workers: verdict.workers.clone(),
            sealed: verdict.sealed.clone(),
            receipt: verdict.receipt,
            provisional_until: verdict.provisional_until,
        });
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
        Self::deposit_event(Event::VerdictDisclosed {
            request: id,
            record: verdict.record,
            model: verdict.model,
            label,
            certain,
            probabilities: Probabilities::truncate_from(probabilities),
        });
        Ok(())
    }

    fn verdict_name(id: RequestId, verdict: &crate::VerdictOf<T>) -> VerdictName {
        // The chain keeps this hash for ever.
        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(genesis.as_ref()).for_each(|(to, from)| *to = *from);
        VerdictName { genesis: bytes, record: verdict.record, model: verdict.model, request: id }
    }
}
