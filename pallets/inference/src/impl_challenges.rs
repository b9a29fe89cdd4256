//! Challenges of verdicts, by workers that have another answer.

use frame_support::pallet_prelude::*;
use medchain_primitives::{RequestId, RequestStatus, SealedAnswer, VerdictStatus};
use sp_runtime::traits::Saturating;

use crate::{
    AccountIdOf, Choice, Committee, CommitteeOf, Committees, Config, Due, Error, Event, Member,
    Models, Networks, Pallet, RequestOf, Requests, Step, VerdictOf, Verdicts, Workers,
};

impl<T: Config> Pallet<T> {
    /// Lets a worker dispute a verdict with those that gave it.
    pub(crate) fn do_challenge(
        who: &AccountIdOf<T>,
        id: RequestId,
        sealed: SealedAnswer,
    ) -> Result<Weight, DispatchError> {
        let mut verdict = Verdicts::<T>::get(id).ok_or(Error::<T>::VerdictNotFound)?;
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        let now = frame_system::Pallet::<T>::block_number();
        let open = verdict.status == VerdictStatus::Standing && now <= verdict.challengeable_until;
        let settles = Networks::<T>::contains_key(verdict.model)
            && pallet_emr::Commitments::<T>::contains_key(verdict.record);
        ensure!(open && settles, Error::<T>::NotChallengeable);
        Self::choosable(who, verdict.model)?;
        ensure!(!verdict.workers.contains(who), Error::<T>::AlreadyAnswered);
        ensure!(Self::has_key(&request, who), Error::<T>::EnvelopeNotFound);
        let model = Models::<T>::get(verdict.model).ok_or(Error::<T>::ModelNotFound)?;
        Self::ensure_length(&model, &sealed)?;
        ensure!(sealed != verdict.sealed, Error::<T>::SameAnswer);
        // A dispute makes others show what they computed from the film.
        let asked = Self::ensure_may_infer(&request.patient, who, request.record, request.model)?;

        let mut committee = Committee {
            members: BoundedVec::new(),
            choice: Choice::Named,
            lost: BoundedVec::new(),
        };
        let answered = verdict.workers.iter().map(|worker| (worker, &verdict.sealed));
        for (worker, answer) in answered.chain([(who, &sealed)]) {
            // A bond outlasts the time for challenges, unless sham challenges have extended it:
            // then nobody answers for the verdict any more, and it falls at once.
            if Workers::<T>::contains_key(worker) {
                Self::assign(worker, id);
                let step = Step::Revealed(answer.clone());
                // One more than the largest quorum fits.
                let _ = committee.members.try_push(Member { worker: worker.clone(), step });
            }
        }
        verdict.status = VerdictStatus::Challenged;
        let record = verdict.record;
        Verdicts::<T>::insert(id, verdict);
        let event =
            Event::VerdictChallenged { request: id, record, challenger: who.clone(), sealed };
        Self::deposit_logged(&request.patient, event);
        Self::note_opened(&request.patient);
        Self::go_on(id, request, committee)?;
        Ok(asked)
    }

    /// Ends the challenge of a verdict.
    ///
    /// The time for challenges begins again where the verdict is `Standing`: otherwise a sham
    /// challenge could use it up.
    pub(crate) fn end_challenge(
        id: RequestId,
        mut request: RequestOf<T>,
        committee: &CommitteeOf<T>,
        mut verdict: VerdictOf<T>,
        status: VerdictStatus,
    ) {
        Due::<T>::remove(request.deadline, id);
        Committees::<T>::remove(id);
        for member in &committee.members {
            Self::unassign(&member.worker, id, |_| ());
        }
        Self::note_closed(&request.patient);
        request.status = RequestStatus::Answered;
        Requests::<T>::insert(id, &request);
        verdict.status = status;
        if status == VerdictStatus::Standing {
            let now = frame_system::Pallet::<T>::block_number();
            let until = now.saturating_add(T::ProvisionalPeriod::get());
            verdict.challengeable_until = until;
            let event = Event::VerdictUpheld { request: id, challengeable_until: until };
            Self::deposit_logged(&request.patient, event);
        } else {
            let event = Event::VerdictAnnulled { request: id, record: verdict.record, status };
            Self::deposit_logged(&request.patient, event);
        }
        Verdicts::<T>::insert(id, verdict);
    }
}
