//! What workers answer: commitments, answers and failure reports.

use codec::Encode;
use frame_support::pallet_prelude::*;
use medchain_primitives::{
    AnswerCommitment, AnswerSalt, FailureCause, FailureCode, RequestId, RequestStatus, SealedAnswer,
};
use medchain_verdicts::answer_commitment;
use sp_runtime::traits::Saturating;

use crate::{
    AccountIdOf, Choice, CommitteeOf, Committees, Config, Error, Event, KeyCosts, Member, ModelOf,
    Pallet, RequestOf, Step,
};

/// What the sealed answer of a model adds to its probabilities, in bytes: the tag of the
/// cipher, the label, and the number of classes.
const SEALED_OVERHEAD: usize = 16 + 1 + 1;
/// The bytes of one probability.
const PROBABILITY: usize = 4;

impl<T: Config> Pallet<T> {
    /// Stores a commitment and returns the weight that asking the policy used.
    pub(crate) fn do_commit(
        who: &AccountIdOf<T>,
        id: RequestId,
        commitment: AnswerCommitment,
    ) -> Result<Weight, DispatchError> {
        let (request, mut committee) = Self::request_in(id, &[RequestStatus::Committing])?;
        ensure!(committee.choice != Choice::Cancelled, Error::<T>::CancellationPending);
        let asked = Self::ensure_may_answer(who, &request, &committee)?;
        Self::member(&mut committee, who)?.step = Step::Committed(commitment);
        let event = Event::AnswerCommitted { request: id, worker: who.clone() };
        Self::deposit_logged(&request.patient, event);
        let all = committee.members.iter().all(|m| matches!(m.step, Step::Committed(_)));
        Committees::<T>::insert(id, committee);
        if all {
            // They are paid, or have themselves to blame.
            KeyCosts::<T>::remove(id);
            let now = frame_system::Pallet::<T>::block_number();
            let deadline = now.saturating_add(T::RevealPeriod::get());
            let patient = request.patient.clone();
            Self::set_status(id, request, RequestStatus::Revealing);
            Self::deposit_logged(&patient, Event::RevealStarted { request: id, deadline });
        }
        Ok(asked)
    }

    /// Stores an answer that was committed to. The last one decides.
    pub(crate) fn do_reveal(
        who: &AccountIdOf<T>,
        id: RequestId,
        sealed: SealedAnswer,
        salt: AnswerSalt,
    ) -> DispatchResult {
        let (request, mut committee) = Self::request_in(id, &[RequestStatus::Revealing])?;
        let member = Self::member(&mut committee, who)?;
        let Step::Committed(commitment) = member.step else {
            return Err(Error::<T>::AlreadyAnswered.into());
        };
        let model = crate::Models::<T>::get(request.model).ok_or(Error::<T>::ModelNotFound)?;
        Self::ensure_length(&model, &sealed)?;
        let shown = answer_commitment(id, &who.encode(), &sealed, &salt);
        ensure!(shown == commitment, Error::<T>::CommitmentMismatch);
        member.step = Step::Revealed(sealed);
        let event = Event::AnswerRevealed { request: id, worker: who.clone() };
        Self::deposit_logged(&request.patient, event);
        let all = committee.members.iter().all(|m| matches!(m.step, Step::Revealed(_)));
        if all {
            return Self::compare(id, request, committee);
        }
        Committees::<T>::insert(id, committee);
        Ok(())
    }

    /// Accepts the answer of a worker that was named, and returns the weight that asking the
    /// policy used.
    ///
    /// Everybody may have read it in the pool. So it is paid also where whoever pays has taken
    /// away meanwhile what it needs; then it is not kept. The key the worker had when its time
    /// began: without the envelope, the answer is one like any other.
    ///
    /// One that was drawn is not protected so: with what it shows before it has committed, others
    /// would have its answer for nothing.
    pub(crate) fn do_submit(
        who: &AccountIdOf<T>,
        id: RequestId,
        sealed: SealedAnswer,
    ) -> Result<Weight, DispatchError> {
        let (request, mut committee) = Self::request_in(id, &[RequestStatus::Committing])?;
        ensure!(request.quorum == 1, Error::<T>::QuorumNotOne);
        let is_named = matches!(committee.choice, Choice::Named | Choice::Cancelled);
        ensure!(is_named, Error::<T>::WorkerNotNamed);
        let model = Self::active_model(request.model)?;
        Self::ensure_length(&model, &sealed)?;
        let member = Self::member(&mut committee, who)?;
        ensure!(member.step == Step::Chosen, Error::<T>::AlreadyAnswered);
        member.step = Step::Revealed(sealed);
        if committee.choice == Choice::Cancelled || Self::subjects(&request).is_err() {
            Self::pay_only(who, id, request, &committee)?;
            return Ok(Weight::zero());
        }
        let (patient, record) = (&request.patient, request.record);
        match Self::ensure_may_infer(patient, who, record, request.model) {
            Ok(asked) => {
                Self::compare(id, request, committee)?;
                Ok(asked)
            }
            // Another requester cannot revoke, and would pay whom the patient has stopped.
            Err(denied) if request.requester != request.patient => Err(denied),
            Err(_) => {
                Self::pay_only(who, id, request, &committee)?;
                Ok(Self::policy_weight())
            }
        }
    }

    /// Pays the named worker of a request, and closes it without a verdict.
    fn pay_only(
        who: &AccountIdOf<T>,
        id: RequestId,
        request: RequestOf<T>,
        committee: &CommitteeOf<T>,
    ) -> DispatchResult {
        Self::pay_members(&request, committee)?;
        let event = Event::AnswerNotKept { request: id, worker: who.clone() };
        Self::deposit_logged(&request.patient, event);
        Self::close_cancelled(id, request, committee);
        Ok(())
    }

    /// Lets a worker leave that cannot answer. Returns the weight that asking the policy used.
    pub(crate) fn do_report_failure(
        who: &AccountIdOf<T>,
        id: RequestId,
        code: FailureCode,
    ) -> Result<Weight, DispatchError> {
        let statuses = [RequestStatus::Drawing, RequestStatus::Sealing, RequestStatus::Committing];
        let (request, mut committee) = Self::request_in(id, &statuses)?;
        let step = &Self::member(&mut committee, who)?.step;
        ensure!(*step == Step::Chosen, Error::<T>::AlreadyAnswered);
        committee.members.retain(|member| member.worker != *who);
        Self::lose(&mut committee, who);
        let asked = Self::leave_with_key_cost(who, id, &request);
        Self::unassign(who, id, |worker| worker.declined.saturating_inc());
        let left = Self::has_left(who);
        let cause = if left { FailureCause::NotAnswered } else { FailureCause::Reported(code) };
        let event = Event::FailureReported {
            request: id,
            record: request.record,
            worker: who.clone(),
            code,
        };
        Self::deposit_logged(&request.patient, event);
        Self::redraw(id, request, committee, cause)?;
        Ok(asked)
    }

    /// Checks that a chosen worker may answer now.
    ///
    /// Consent is asked last, because it costs most.
    fn ensure_may_answer(
        who: &AccountIdOf<T>,
        request: &RequestOf<T>,
        committee: &CommitteeOf<T>,
    ) -> Result<Weight, DispatchError> {
        let member = committee.members.iter().find(|member| member.worker == *who);
        let member = member.ok_or(Error::<T>::NotChosen)?;
        ensure!(member.step == Step::Chosen, Error::<T>::AlreadyAnswered);
        ensure!(Self::has_key(request, who), Error::<T>::EnvelopeNotFound);
        let (record, _) = Self::subjects(request)?;
        Self::ensure_may_infer(&record.patient, who, request.record, request.model)
    }

    /// Refuses what cannot be an output of the model.
    pub(crate) fn ensure_length(model: &ModelOf<T>, sealed: &SealedAnswer) -> DispatchResult {
        let length = model.labels.len().saturating_mul(PROBABILITY).saturating_add(SEALED_OVERHEAD);
        ensure!(sealed.len() == length, Error::<T>::AnswerLengthMismatch);
        Ok(())
    }

    fn member<'a>(
        committee: &'a mut CommitteeOf<T>,
        who: &AccountIdOf<T>,
    ) -> Result<&'a mut Member<AccountIdOf<T>>, Error<T>> {
        committee.members.iter_mut().find(|m| m.worker == *who).ok_or(Error::<T>::NotChosen)
    }
}
