//! Making, cancelling and closing requests.

use frame_support::pallet_prelude::*;
use medchain_primitives::{
    Action, FailureCause, InferenceOrder, ModelId, RecordId, RecordKind, RecordStatus, RequestId,
    RequestStatus, VerdictStatus,
};
use pallet_emr::{AccessControl, AccessQuestion, RecordOf};
use sp_runtime::{
    traits::{CheckedMul, Saturating},
    ArithmeticError,
};

use crate::{
    AccountIdOf, Choice, Committee, CommitteeOf, Committees, Config, Due, Error, Event, HoldReason,
    LatestVerdict, Member, ModelOf, NextRequestId, OpenRequestOf, Pallet, Request, RequestOf,
    Requests, Step, Verdicts, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Opens a request and returns the weight that asking the policy used.
    pub(crate) fn do_request(
        requester: &AccountIdOf<T>,
        record_id: RecordId,
        order: &InferenceOrder<AccountIdOf<T>>,
    ) -> Result<Weight, DispatchError> {
        let record = pallet_emr::Records::<T>::get(record_id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(record.kind == RecordKind::ChestXray, Error::<T>::NotChestXray);
        ensure!(record.status == RecordStatus::Active, Error::<T>::RecordNotActive);
        ensure!(
            pallet_emr::Commitments::<T>::contains_key(record_id),
            Error::<T>::FilmNotCommitted
        );
        let model = Self::active_model(order.model)?;
        Self::check_order(record_id, &model, order)?;
        let id = NextRequestId::<T>::get();
        let next = id.0.checked_add(1).ok_or(Error::<T>::RequestIdsExhausted)?;
        let asked = Self::ensure_may_order(&record.patient, requester, record_id, order)?;
        let total = model.fee.checked_mul(&order.quorum.into()).ok_or(ArithmeticError::Overflow)?;
        Self::hold(HoldReason::Fee, requester, total)?;

        NextRequestId::<T>::put(RequestId(next));
        OpenRequestOf::<T>::insert(record_id, order.model, id);
        let opened = frame_system::Pallet::<T>::block_number();
        let request = Request {
            record: record_id,
            patient: record.patient.clone(),
            model: order.model,
            requester: requester.clone(),
            fee: model.fee,
            quorum: order.quorum,
            opened,
            deadline: opened,
            status: RequestStatus::Drawing,
        };
        let event = Event::InferenceRequested {
            request: id,
            record: record_id,
            patient: record.patient,
            model: order.model,
            requester: requester.clone(),
            quorum: order.quorum,
            fee: model.fee,
        };
        Self::deposit_logged(&request.patient, event);
        Self::note_opened(&request.patient);
        Self::open_committee(id, request, order.worker.as_ref());
        Ok(asked)
    }

    /// Checks that the patient's consent allows the requester to order a verdict, and to have it
    /// from the worker that it names. Returns the weight that the questions used.
    ///
    /// Whoever seals the key to a worker of the request needs no right to share. So the worker has
    /// to be one that the patient allows, as those are that the chain draws.
    fn ensure_may_order(
        patient: &AccountIdOf<T>,
        requester: &AccountIdOf<T>,
        record: RecordId,
        order: &InferenceOrder<AccountIdOf<T>>,
    ) -> Result<Weight, DispatchError> {
        let asked = Self::ensure_may_infer(patient, requester, record, order.model)?;
        match &order.worker {
            // By naming it, the patient allows it to have the key.
            Some(worker) if requester != patient && worker != requester => {
                let also = Self::ensure_may_infer(patient, worker, record, order.model)?;
                Ok(asked.saturating_add(also))
            }
            _ => Ok(asked),
        }
    }

    /// Checks what does not concern the requester.
    fn check_order(
        record: RecordId,
        model: &ModelOf<T>,
        order: &InferenceOrder<AccountIdOf<T>>,
    ) -> DispatchResult {
        Self::check_quorum(model, order.quorum)?;
        // It was checked for the largest quorum, but not where the model is older than that check.
        Self::check_fee(model.fee, order.quorum.into())?;
        if let Some(worker) = &order.worker {
            ensure!(order.quorum == 1, Error::<T>::WorkerNotNameable);
            Self::choosable(worker, order.model)?;
        }
        let verdict = LatestVerdict::<T>::get(record, order.model).and_then(Verdicts::<T>::get);
        let may_follow = verdict.is_none_or(|found| {
            let (before, now) = (found.workers.len(), usize::from(order.quorum));
            match found.status {
                VerdictStatus::Annulled => true,
                // Nobody has shown that it was wrong: a weaker one must not take its place.
                VerdictStatus::Withdrawn => before <= now && order.worker.is_none(),
                VerdictStatus::Standing | VerdictStatus::Challenged => before < now,
            }
        });
        ensure!(may_follow, Error::<T>::VerdictAlreadyExists);
        ensure!(
            !OpenRequestOf::<T>::contains_key(record, order.model),
            Error::<T>::RequestAlreadyExists
        );
        Ok(())
    }

    /// Stores a new request with its committee: the named worker, or none yet.
    fn open_committee(id: RequestId, request: RequestOf<T>, named: Option<&AccountIdOf<T>>) {
        let mut committee = Committee {
            members: BoundedVec::new(),
            choice: Choice::Named,
            lost: BoundedVec::new(),
        };
        match named {
            Some(worker) => {
                Self::assign(worker, id);
                // The only one, where seven fit.
                let _ = committee
                    .members
                    .try_push(Member { worker: worker.clone(), step: Step::Chosen });
                Self::await_keys(id, request, &committee);
            }
            None => {
                committee.choice = Self::draw_for(request.record, request.model).begin;
                Self::set_status(id, request, RequestStatus::Drawing);
            }
        }
        Committees::<T>::insert(id, committee);
    }

    pub(crate) fn do_cancel(who: &AccountIdOf<T>, id: RequestId) -> DispatchResult {
        let (request, _) = Self::open_request(id)?;
        ensure!(request.requester == *who || request.patient == *who, Error::<T>::NotRequester);
        // What a worker missed is at its expense, not at that of whoever comes before the block
        // that notices.
        if Self::is_overdue(&request) {
            Self::do_settle_overdue(id)?;
            if !Committees::<T>::contains_key(id) {
                return Ok(());
            }
        }
        Self::cancel_open(who, id)
    }

    fn cancel_open(who: &AccountIdOf<T>, id: RequestId) -> DispatchResult {
        let (request, committee) = Self::open_request(id)?;
        ensure!(committee.choice != Choice::Cancelled, Error::<T>::CancellationPending);
        // The answer of a named worker may be in the pool already, for all to see.
        let answers_at_once =
            committee.choice == Choice::Named && request.status == RequestStatus::Committing;
        let committed = committee.members.iter().any(|member| member.step != Step::Chosen);
        let ends_work = request.patient == *who && request.status != RequestStatus::Disputed;
        ensure!(ends_work || !(committed || answers_at_once), Error::<T>::AnswerCommitted);
        if answers_at_once {
            Self::begin_cancellation(id, &request, committee);
            return Ok(());
        }
        for member in committee.members.iter().filter(|member| member.step != Step::Chosen) {
            Self::pay(&request.requester, &member.worker, request.fee)?;
        }
        Self::give_back(id, &request, &committee, true)?;
        Self::close_cancelled(id, request, &committee);
        Ok(())
    }

    /// Lets a request end with the answer of its named worker, or after its deadline.
    ///
    /// Whoever has the answer out is paid, and whoever gives none is not.
    fn begin_cancellation(id: RequestId, request: &RequestOf<T>, mut committee: CommitteeOf<T>) {
        committee.choice = Choice::Cancelled;
        Committees::<T>::insert(id, committee);
        let event = Event::CancellationBegun { request: id, until: request.deadline };
        Self::deposit_logged(&request.patient, event);
    }

    /// Closes a cancelled request.
    pub(crate) fn close_cancelled(
        id: RequestId,
        request: RequestOf<T>,
        committee: &CommitteeOf<T>,
    ) {
        let patient = request.patient.clone();
        Self::close(id, request, committee, RequestStatus::Cancelled);
        Self::deposit_logged(&patient, Event::RequestCancelled { request: id });
    }

    /// Returns an open request with its committee.
    pub(crate) fn open_request(
        id: RequestId,
    ) -> Result<(RequestOf<T>, CommitteeOf<T>), DispatchError> {
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        let committee = Committees::<T>::get(id).ok_or(Error::<T>::RequestNotOpen)?;
        Ok((request, committee))
    }

    /// Returns an open request that has one of these statuses, before its deadline.
    pub(crate) fn request_in(
        id: RequestId,
        statuses: &[RequestStatus],
    ) -> Result<(RequestOf<T>, CommitteeOf<T>), DispatchError> {
        let (request, committee) = Self::open_request(id)?;
        ensure!(statuses.contains(&request.status), Error::<T>::WrongStatus);
        ensure!(!Self::is_overdue(&request), Error::<T>::DeadlinePassed);
        Ok((request, committee))
    }

    pub(crate) fn is_overdue(request: &RequestOf<T>) -> bool {
        frame_system::Pallet::<T>::block_number() > request.deadline
    }

    /// Returns the record and the model of a request if both still can be used.
    pub(crate) fn subjects(
        request: &RequestOf<T>,
    ) -> Result<(RecordOf<T>, ModelOf<T>), DispatchError> {
        let record = pallet_emr::Records::<T>::get(request.record)
            .filter(|record| record.status == RecordStatus::Active)
            .ok_or(Error::<T>::RecordNotActive)?;
        Ok((record, Self::active_model(request.model)?))
    }

    /// Gives an open request a status and the deadline that comes with it, and stores it.
    pub(crate) fn set_status(id: RequestId, mut request: RequestOf<T>, status: RequestStatus) {
        let period = match status {
            RequestStatus::Drawing => T::DrawPeriod::get(),
            RequestStatus::Sealing => T::SealPeriod::get(),
            RequestStatus::Committing => T::CommitPeriod::get(),
            RequestStatus::Disputed => T::RoundPeriod::get(),
            _ => T::RevealPeriod::get(),
        };
        Due::<T>::remove(request.deadline, id);
        request.status = status;
        request.deadline = frame_system::Pallet::<T>::block_number().saturating_add(period);
        Self::schedule(request.deadline, id);
        Requests::<T>::insert(id, request);
    }

    /// Fails a request, and releases the fees.
    pub(crate) fn fail(
        id: RequestId,
        request: RequestOf<T>,
        committee: &CommitteeOf<T>,
        cause: FailureCause,
    ) -> DispatchResult {
        Self::give_back(id, &request, committee, false)?;
        let (record, patient) = (request.record, request.patient.clone());
        Self::close(id, request, committee, RequestStatus::Failed { cause });
        Self::deposit_logged(&patient, Event::InferenceFailed { request: id, record, cause });
        Ok(())
    }

    /// Sets the final status of a request and removes everything that only open ones have.
    ///
    /// The members that are still in `committee` get nothing noted. The draw stays: otherwise a
    /// requester could close requests until it likes the workers.
    pub(crate) fn close(
        id: RequestId,
        mut request: RequestOf<T>,
        committee: &CommitteeOf<T>,
        status: RequestStatus,
    ) {
        OpenRequestOf::<T>::remove(request.record, request.model);
        Self::note_closed(&request.patient);
        Due::<T>::remove(request.deadline, id);
        Committees::<T>::remove(id);
        for member in &committee.members {
            Self::unassign(&member.worker, id, |_| ());
        }
        request.status = status;
        // Of what came to nothing, the log is enough after a time. A verdict stays.
        if status != RequestStatus::Answered {
            let now = frame_system::Pallet::<T>::block_number();
            request.deadline = now.saturating_add(T::ClosedPeriod::get());
            Self::schedule(request.deadline, id);
        }
        Requests::<T>::insert(id, request);
    }

    /// Checks that the patient's consent allows `subject` to run the model on the record.
    ///
    /// Returns the weight that asking the policy used.
    pub(crate) fn ensure_may_infer(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: RecordId,
        model: ModelId,
    ) -> Result<Weight, DispatchError> {
        pallet_emr::Pallet::<T>::ensure_access(Self::to_infer(patient, subject, record, model))
    }

    /// The question whether `subject` may run the model on the record.
    pub(crate) fn to_infer<'a>(
        patient: &'a AccountIdOf<T>,
        subject: &'a AccountIdOf<T>,
        record: RecordId,
        model: ModelId,
    ) -> AccessQuestion<'a, AccountIdOf<T>> {
        AccessQuestion {
            patient,
            subject,
            record: Some(record),
            action: Action::Infer,
            purpose: None,
            model: Some(model),
        }
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
        order: &InferenceOrder<AccountIdOf<T>>,
    ) -> Result<Weight, DispatchError> {
        Self::do_request(requester, record, order)
    }

    fn weight() -> Weight {
        <T as Config>::WeightInfo::request_inference()
    }

    fn is_awaited(record: RecordId) -> bool {
        OpenRequestOf::<T>::iter_key_prefix(record).next().is_some()
    }

    fn is_challengeable(record: RecordId) -> bool {
        Self::has_challengeable_verdict(record)
    }
}
