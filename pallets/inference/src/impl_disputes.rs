//! What happens when answers differ: two workers at a time settle it, until one answer is left.
//!
//! Not groups of workers but two single ones dispute: nobody loses by another's moves.

use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_disputes::Spec;
use medchain_primitives::{
    FailureCause, RecordStatus, RequestId, RequestStatus, SealedAnswer, SlashReason, VerdictStatus,
};
use sp_runtime::traits::Zero;

use crate::{
    AccountIdOf, AnswersOf, BalanceOf, CommitteeOf, Committees, Config, Error, Event, Networks,
    Pallet, RequestOf, Requests, Step, Verdicts, WeightInfo,
};

/// A worker with the answer that it showed.
type Answer<T> = (AccountIdOf<T>, SealedAnswer);

impl<T: Config> Pallet<T> {
    /// Goes on with a request to which all its workers have shown their answers.
    pub(crate) fn compare(
        id: RequestId,
        request: RequestOf<T>,
        committee: CommitteeOf<T>,
    ) -> DispatchResult {
        let answers = Self::answers(&committee);
        if Self::two_that_differ(&answers).is_some() {
            // Never a majority: whoever is right, somebody is wrong.
            let record = request.record;
            let answers = AnswersOf::<T>::truncate_from(answers);
            let event = Event::AnswersDiffer { request: id, record, answers };
            Self::deposit_logged(&request.patient, event);
        }
        Self::go_on(id, request, committee)
    }

    /// Ends a request with the one answer that is left, or lets two of its workers settle whose
    /// is right.
    pub(crate) fn go_on(
        id: RequestId,
        request: RequestOf<T>,
        committee: CommitteeOf<T>,
    ) -> DispatchResult {
        let answers = Self::answers(&committee);
        if let Some(pair) = Self::two_that_differ(&answers) {
            return Self::dispute(id, request, committee, pair);
        }
        let challenged = Verdicts::<T>::get(id);
        match (challenged, answers.into_iter().next()) {
            (Some(verdict), answer) => {
                let upheld = answer.is_some_and(|(_, sealed)| sealed == verdict.sealed);
                let status = if upheld { VerdictStatus::Standing } else { VerdictStatus::Annulled };
                Self::end_challenge(id, request, &committee, verdict, status);
                Ok(())
            }
            (None, Some((_, sealed))) => Self::accept(id, request, &committee, sealed),
            (None, None) => Self::fail(id, request, &committee, FailureCause::NobodyRight),
        }
    }

    fn answers(committee: &CommitteeOf<T>) -> Vec<Answer<T>> {
        let shown = committee.members.iter().filter_map(|member| match &member.step {
            Step::Revealed(sealed) => Some((member.worker.clone(), sealed.clone())),
            _ => None,
        });
        shown.collect()
    }

    fn two_that_differ(answers: &[Answer<T>]) -> Option<[Answer<T>; 2]> {
        let (first, others) = answers.split_first()?;
        let other = others.iter().find(|(_, sealed)| *sealed != first.1)?;
        Some([first.clone(), other.clone()])
    }

    fn dispute(
        id: RequestId,
        request: RequestOf<T>,
        committee: CommitteeOf<T>,
        pair: [Answer<T>; 2],
    ) -> DispatchResult {
        let network = Networks::<T>::get(request.model);
        let committed = pallet_emr::Commitments::<T>::get(request.record);
        let (Some(network), Some(committed)) = (network, committed) else {
            return Self::end_unsettled(
                id,
                request,
                &committee,
                RequestStatus::Failed { cause: FailureCause::NotSettled },
            );
        };
        let [(one, first), (other, second)] = pair;
        let spec = Spec {
            network,
            input_root: committed.input_root,
            verdicts: committed.verdicts,
            genesis: pallet_emr::Pallet::<T>::genesis(),
            record: request.record,
            model: request.model,
            request: id,
            answers: [first, second],
        };
        Committees::<T>::insert(id, committee);
        Self::set_status(id, request, RequestStatus::Disputed);
        pallet_disputes::Pallet::<T>::begin([one, other], spec)
    }

    /// Ends a dispute that nobody has won or lost.
    ///
    /// Whoever has answered an open request is paid: it is not its fault.
    pub(crate) fn end_unsettled(
        id: RequestId,
        request: RequestOf<T>,
        committee: &CommitteeOf<T>,
        status: RequestStatus,
    ) -> DispatchResult {
        pallet_disputes::Pallet::<T>::abandon(id);
        if let Some(verdict) = Verdicts::<T>::get(id) {
            Self::end_challenge(id, request, committee, verdict, VerdictStatus::Withdrawn);
            return Ok(());
        }
        Self::pay_members(&request, committee)?;
        let (record, patient) = (request.record, request.patient.clone());
        Self::close(id, request, committee, status);
        if let RequestStatus::Failed { cause } = status {
            Self::deposit_logged(&patient, Event::InferenceFailed { request: id, record, cause });
        }
        Ok(())
    }

    /// Pays the members of a committee, and releases the fees of those that are missing.
    pub(crate) fn pay_members(
        request: &RequestOf<T>,
        committee: &CommitteeOf<T>,
    ) -> DispatchResult {
        for member in &committee.members {
            Self::pay(&request.requester, &member.worker, request.fee)?;
        }
        let missing = BalanceOf::<T>::from(Self::missing(request, committee));
        let fees = sp_runtime::traits::Saturating::saturating_mul(request.fee, missing);
        Self::release(crate::HoldReason::Fee, &request.requester, fees)
    }

    /// Ends a dispute because the patient asks for it.
    pub(crate) fn do_annul(who: &AccountIdOf<T>, id: RequestId) -> DispatchResult {
        let (request, committee) = Self::open_request(id)?;
        ensure!(request.status == RequestStatus::Disputed, Error::<T>::NotDisputed);
        ensure!(request.patient == *who, Error::<T>::NotPatient);
        let record = request.record;
        Self::end_unsettled(id, request, &committee, RequestStatus::Cancelled)?;
        Self::deposit_logged(who, Event::DisputeAnnulled { request: id, record });
        Ok(())
    }

    /// Ends a round of a dispute whose time is over.
    pub(crate) fn end_round(
        id: RequestId,
        request: RequestOf<T>,
        committee: &CommitteeOf<T>,
    ) -> DispatchResult {
        if Self::is_erased(&request) {
            return Self::end_unsettled(
                id,
                request,
                committee,
                RequestStatus::Failed { cause: FailureCause::NotSettled },
            );
        }
        pallet_disputes::Pallet::<T>::time_out(id)
    }

    /// Whether the record of a request was erased: then nobody shows any more of it.
    fn is_erased(request: &RequestOf<T>) -> bool {
        pallet_emr::Records::<T>::get(request.record)
            .is_none_or(|record| record.status == RecordStatus::Erased)
    }
}

impl<T: Config> pallet_disputes::Client<AccountIdOf<T>, BlockNumberFor<T>> for Pallet<T> {
    fn begin_round(id: RequestId) -> BlockNumberFor<T> {
        if let Some(request) = Requests::<T>::get(id) {
            Self::set_status(id, request, RequestStatus::Disputed);
        }
        Requests::<T>::get(id).map(|request| request.deadline).unwrap_or_default()
    }

    fn is_overdue(id: RequestId) -> bool {
        Requests::<T>::get(id)
            .is_some_and(|request| Self::is_overdue(&request) || Self::is_erased(&request))
    }

    fn settled(
        id: RequestId,
        losers: &[AccountIdOf<T>],
        winner: Option<&AccountIdOf<T>>,
    ) -> DispatchResult {
        let Ok((request, mut committee)) = Self::open_request(id) else {
            // A dispute without a request has nobody to answer for it.
            return Ok(());
        };
        let challenged = Verdicts::<T>::get(id);
        for loser in losers {
            committee.members.retain(|member| member.worker != *loser);
            let mut owed = Vec::new();
            // The fee for an answer that is wrong goes back.
            let paid = challenged.as_ref().is_some_and(|found| found.workers.contains(loser));
            if paid && !request.fee.is_zero() {
                owed.push((request.requester.clone(), request.fee));
            }
            owed.extend(winner.map(|winner| (winner.clone(), T::DisputeReward::get())));
            Self::unassign(loser, id, |worker| worker.lost = worker.lost.saturating_add(1));
            Self::slash(loser, id, &request.patient, SlashReason::WrongAnswer, &mut owed)?;
        }
        Self::go_on(id, request, committee)
    }

    fn settled_weight() -> Weight {
        <T as Config>::WeightInfo::settle_dispute()
    }
}
