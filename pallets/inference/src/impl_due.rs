//! Moving overdue requests on, by call or at the end of a block.

use alloc::vec::Vec;
use frame_support::{pallet_prelude::*, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_disputes::MAX_ROUNDS;
use medchain_primitives::{
    FailureCause, RecordStatus, RequestId, RequestStatus, SlashReason, MAX_QUORUM,
};
use pallet_emr::due;
use sp_runtime::traits::Saturating;

use crate::{
    AccountIdOf, Choice, CommitteeOf, Committees, Config, Due, Error, Event, NextDue, Pallet,
    RequestOf, Requests, Step, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Schedules a request to be moved on after the block `last`.
    pub(crate) fn schedule(last: BlockNumberFor<T>, request: RequestId) {
        due::schedule::<T, Due<T>, NextDue<T>, _>(last, request);
    }

    /// Moves on the requests due before `now`, oldest first, within `limit`.
    ///
    /// Returns the weight used.
    pub(crate) fn process_due(now: BlockNumberFor<T>, limit: Weight) -> Weight {
        let step = <T as Config>::WeightInfo::process_due();
        due::process_due::<T, Due<T>, NextDue<T>, _>(now, limit, step, Self::do_settle_overdue)
    }

    /// Moves a request on whose deadline has passed.
    pub(crate) fn do_settle_overdue(id: RequestId) -> DispatchResult {
        let request = Requests::<T>::get(id).ok_or(Error::<T>::RequestNotFound)?;
        ensure!(request.status != RequestStatus::Answered, Error::<T>::RequestNotOpen);
        ensure!(Self::is_overdue(&request), Error::<T>::DeadlineNotPassed);
        let Some(committee) = Committees::<T>::get(id) else {
            Self::remove_closed(id, &request);
            return Ok(());
        };
        match request.status {
            RequestStatus::Committing if committee.choice == Choice::Cancelled => {
                Self::give_back(id, &request, &committee, true)?;
                Self::close_cancelled(id, request, &committee);
                Ok(())
            }
            RequestStatus::Committing => Self::replace_absent(id, request, committee),
            RequestStatus::Revealing => Self::fail_unrevealed(id, request, &committee),
            RequestStatus::Disputed => Self::end_round(id, request, &committee),
            _ => {
                Self::give_back(id, &request, &committee, false)?;
                let patient = request.patient.clone();
                Self::close(id, request, &committee, RequestStatus::Expired);
                Self::deposit_logged(&patient, Event::RequestExpired { request: id });
                Ok(())
            }
        }
    }

    /// Removes a request that came to nothing from the state. Its entries in the log stay.
    fn remove_closed(id: RequestId, request: &RequestOf<T>) {
        Due::<T>::remove(request.deadline, id);
        Requests::<T>::remove(id);
        Self::deposit_event(Event::RequestRemoved { request: id });
    }

    /// Lets the members go that have not committed, at their own expense if they could have.
    fn replace_absent(
        id: RequestId,
        request: RequestOf<T>,
        mut committee: CommitteeOf<T>,
    ) -> DispatchResult {
        // Whoever could not answer because the record is gone owes nothing.
        let answerable = pallet_emr::Records::<T>::get(request.record)
            .is_some_and(|record| record.status == RecordStatus::Active)
            && Self::active_model(request.model).is_ok();
        for worker in Self::members_at(&committee, |step| *step == Step::Chosen) {
            committee.members.retain(|member| member.worker != worker);
            Self::lose(&mut committee, &worker);
            if answerable && Self::has_key(&request, &worker) {
                Self::forget_key_cost(&worker, id);
                Self::unassign(&worker, id, |worker| worker.missed.saturating_inc());
                let event = Event::WorkerMissed { request: id, worker: worker.clone() };
                Self::deposit_logged(&request.patient, event);
                Self::slash(&worker, id, &request.patient, SlashReason::Absent, &mut [])?;
            } else {
                // It may have given the key back by itself.
                if answerable && !Self::key_was_taken(&worker, id, &request) {
                    Self::forget_key_cost(&worker, id);
                }
                Self::unassign(&worker, id, |_| ());
            }
        }
        if !answerable {
            return Self::fail(id, request, &committee, FailureCause::NotAnswered);
        }
        Self::redraw(id, request, committee, FailureCause::NotAnswered)
    }

    /// Fails a request because some members did not show what they committed to.
    ///
    /// Who did show it is paid by those who did not. They are not replaced: whoever came now
    /// could open the answers that were shown.
    fn fail_unrevealed(
        id: RequestId,
        request: RequestOf<T>,
        committee: &CommitteeOf<T>,
    ) -> DispatchResult {
        let revealed = Self::members_at(committee, |step| matches!(step, Step::Revealed(_)));
        let mut owed: Vec<_> = revealed.into_iter().map(|who| (who, request.fee)).collect();
        for worker in Self::members_at(committee, |step| matches!(step, Step::Committed(_))) {
            crate::Workers::<T>::mutate_extant(&worker, |worker| worker.missed.saturating_inc());
            let event = Event::WorkerMissed { request: id, worker: worker.clone() };
            Self::deposit_logged(&request.patient, event);
            Self::slash(&worker, id, &request.patient, SlashReason::NotRevealed, &mut owed)?;
        }
        Self::fail(id, request, committee, FailureCause::NotRevealed)
    }

    fn members_at(committee: &CommitteeOf<T>, at: impl Fn(&Step) -> bool) -> Vec<AccountIdOf<T>> {
        let members = committee.members.iter().filter(|member| at(&member.step));
        members.map(|member| member.worker.clone()).collect()
    }

    /// Returns the number of blocks that a bond must outlast.
    pub(crate) fn longest_request() -> BlockNumberFor<T> {
        let round = T::DrawPeriod::get()
            .saturating_add(T::SealPeriod::get())
            .saturating_add(T::CommitPeriod::get());
        // Each of the workers but one, and a challenger, may lose a dispute.
        let disputes = T::RoundPeriod::get().saturating_mul(MAX_ROUNDS.into());
        round
            .saturating_mul(Self::most_lost().into())
            .saturating_add(T::RevealPeriod::get())
            .saturating_add(disputes.saturating_mul(MAX_QUORUM.into()))
            .saturating_add(T::ProvisionalPeriod::get())
    }
}
