//! Choosing the workers of a request, and giving them the record's key.

use alloc::vec::Vec;
use codec::Encode;
use frame_support::pallet_prelude::*;
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{FailureCause, ModelId, RecordId, RequestId, RequestStatus};
use pallet_emr::KeyCustody;
use sp_runtime::traits::{BlakeTwo256, Hash};

use crate::{
    AccountIdOf, Candidates, Choice, CommitteeOf, Committees, Config, DrawnBy, Error, Event,
    KeysOf, Member, MembersOf, Pallet, RequestOf, Step, WeightInfo, WorkerStatus, Workers,
};

/// A candidate with its place in the order.
type Placed<T> = ([u8; 32], AccountIdOf<T>);

impl<T: Config> Pallet<T> {
    /// Draws workers and returns the weight that asking the policy used, and ending the request
    /// where there are too few.
    pub(crate) fn do_draw(id: RequestId, asks: u8) -> Result<Weight, DispatchError> {
        let (request, mut committee) = Self::request_in(id, &[RequestStatus::Drawing])?;
        Self::subjects(&request)?;
        let (seed, mut last) = match committee.choice {
            Choice::Seeded { seed, last } => (seed, last),
            Choice::After { number } => {
                let seed = Self::seed_after(number).ok_or(Error::<T>::SeedNotReady)?;
                Self::keep_seed(request.record, request.model, number, seed);
                (seed, None)
            }
            Choice::Named | Choice::Cancelled => return Err(Error::<T>::WrongStatus.into()),
        };
        let mut candidates = Self::candidates(&request, &committee, seed, last).into_iter();
        let mut drawn = MembersOf::<T>::new();
        let mut asked = Weight::zero();
        for (place, candidate) in candidates.by_ref().take(usize::from(asks)) {
            last = Some(place);
            // Nothing can be sealed to a worker that removed its key.
            if Self::choosable(&candidate, request.model).is_err() {
                continue;
            }
            let (patient, record) = (&request.patient, request.record);
            match Self::ensure_may_infer(patient, &candidate, record, request.model) {
                Ok(used) => asked.saturating_accrue(used),
                Err(_) => {
                    asked.saturating_accrue(Self::policy_weight());
                    continue;
                }
            }
            Self::assign(&candidate, id);
            // The quorum, at most seven, stops the loop before either is full.
            let _ = drawn.try_push(candidate.clone());
            let _ = committee.members.try_push(Member { worker: candidate, step: Step::Chosen });
            if Self::missing(&request, &committee) == 0 {
                break;
            }
        }
        committee.choice = Choice::Seeded { seed, last };
        let missing = Self::missing(&request, &committee);
        let exhausted = candidates.next().is_none();
        let record = request.record;
        let event = Event::WorkersDrawn { request: id, record, workers: drawn, missing };
        Self::deposit_logged(&request.patient, event);
        if missing > 0 && exhausted {
            Self::fail(id, request, &committee, FailureCause::TooFewWorkers)?;
            asked.saturating_accrue(<T as Config>::WeightInfo::cancel_request());
        } else {
            if missing == 0 {
                Self::await_keys(id, request, &committee);
            }
            Committees::<T>::insert(id, committee);
        }
        Ok(asked)
    }

    /// Seals the key of the record to chosen workers.
    pub(crate) fn do_seal(who: &AccountIdOf<T>, id: RequestId, keys: KeysOf<T>) -> DispatchResult {
        let (request, committee) = Self::request_in(id, &[RequestStatus::Sealing])?;
        let (record, _) = Self::subjects(&request)?;
        // Another requester has the key by an envelope of its own. Without one it would seal
        // garbage, perhaps to a worker that then passes for one with the key.
        let has_it = request.requester == *who && Self::has_key(&request, who);
        // A worker to which custodians delivered the key, for itself alone.
        let alone = !keys.is_empty() && keys.iter().all(|(worker, _)| worker == who);
        let is_served = || {
            Self::waits_for_key(who, &request, &committee)
                && <T as pallet_emr::Config>::Custody::is_delivered(request.record, who)
        };
        let may_seal =
            [&record.patient, &record.author].contains(&who) || has_it || (alone && is_served());
        ensure!(may_seal, Error::<T>::MayNotSeal);
        for (worker, sealed) in keys {
            let chosen = committee.members.iter().any(|member| member.worker == worker);
            ensure!(chosen, Error::<T>::NotChosen);
            pallet_emr::Pallet::<T>::admit_reader(who, request.record, worker, sealed)?;
        }
        if Self::all_have_keys(&request, &committee) {
            Self::await_answers(id, request, &committee);
        }
        Ok(())
    }

    /// The record whose key a drawn worker waits for, the model that it is to run, and the last
    /// block in which it can get the key.
    ///
    /// `None` for an account that was named: its requester chose it, and no draw.
    pub fn key_place(
        worker: &AccountIdOf<T>,
        id: RequestId,
    ) -> Option<(RecordId, ModelId, BlockNumberFor<T>)> {
        let (request, committee) = Self::request_in(id, &[RequestStatus::Sealing]).ok()?;
        let waits =
            Self::waits_for_key(worker, &request, &committee) && Self::subjects(&request).is_ok();
        waits.then_some((request.record, request.model, request.deadline))
    }

    /// The maximum weight of [`Self::key_place`].
    pub fn key_place_weight() -> Weight {
        <T as Config>::WeightInfo::key_place()
    }

    /// Whether a worker was drawn for a request that awaits keys, and has none.
    fn waits_for_key(
        worker: &AccountIdOf<T>,
        request: &RequestOf<T>,
        committee: &CommitteeOf<T>,
    ) -> bool {
        let is_drawn = matches!(committee.choice, Choice::Seeded { .. })
            && committee.members.iter().any(|m| m.worker == *worker && m.step == Step::Chosen);
        is_drawn && !Self::has_key(request, worker)
    }

    /// Moves a request with a complete committee to the status that awaits keys or answers.
    pub(crate) fn await_keys(id: RequestId, request: RequestOf<T>, committee: &CommitteeOf<T>) {
        if Self::all_have_keys(&request, committee) {
            Self::await_answers(id, request, committee);
        } else {
            Self::set_status(id, request, RequestStatus::Sealing);
        }
    }

    fn await_answers(id: RequestId, request: RequestOf<T>, committee: &CommitteeOf<T>) {
        let deadline = frame_system::Pallet::<T>::block_number();
        let deadline =
            sp_runtime::traits::Saturating::saturating_add(deadline, T::CommitPeriod::get());
        let event = Event::AnswersAwaited {
            request: id,
            record: request.record,
            workers: Self::workers_of(committee),
            deadline,
        };
        Self::deposit_logged(&request.patient, event);
        Self::set_status(id, request, RequestStatus::Committing);
    }

    /// Whether each member has an envelope that it can open: one for the key that it has
    /// published.
    fn all_have_keys(request: &RequestOf<T>, committee: &CommitteeOf<T>) -> bool {
        committee.members.iter().all(|member| {
            pallet_emr::Pallet::<T>::has_current_envelope(request.record, &member.worker)
        })
    }

    /// Whether an account has, or had before it changed its key, what opens the record.
    pub(crate) fn has_key(request: &RequestOf<T>, worker: &AccountIdOf<T>) -> bool {
        pallet_emr::Envelopes::<T>::contains_key(request.record, worker)
    }

    /// Returns the accounts of all members.
    pub(crate) fn workers_of(committee: &CommitteeOf<T>) -> MembersOf<T> {
        let workers = committee.members.iter().map(|member| member.worker.clone());
        MembersOf::<T>::truncate_from(workers.collect())
    }

    /// Returns how many members a committee lacks.
    pub(crate) fn missing(request: &RequestOf<T>, committee: &CommitteeOf<T>) -> u8 {
        request.quorum.saturating_sub(committee.members.len() as u8)
    }

    /// Notes that a member left a committee.
    pub(crate) fn lose(committee: &mut CommitteeOf<T>, worker: &AccountIdOf<T>) {
        // There is a place: the integrity test compares the most with the bound.
        let _ = committee.lost.try_push(worker.clone());
    }

    /// Whether a committee has lost so many workers that the request fails.
    ///
    /// Otherwise one operator could fail any request with workers that report and are gone. All
    /// that it loses are limited too: a bond outlasts the longest request.
    fn has_lost_too_many(committee: &CommitteeOf<T>) -> bool {
        let counted = committee.lost.iter().filter(|worker| !Self::has_left(worker)).count();
        let quorum = T::FailureQuorum::get() as usize;
        counted >= quorum || committee.lost.len() >= Self::most_lost() as usize
    }

    /// Whether an account stopped being a worker, or is about to.
    pub(crate) fn has_left(who: &AccountIdOf<T>) -> bool {
        Workers::<T>::get(who)
            .is_none_or(|worker| matches!(worker.status, WorkerStatus::Leaving { .. }))
    }

    /// The number of workers after whose loss a request fails, whether they count or not.
    pub(crate) fn most_lost() -> u32 {
        T::FailureQuorum::get().saturating_mul(2)
    }

    /// Replaces members that left: reopens the draw, or fails the request.
    ///
    /// A request that has lost too many, or for which there is nobody else, fails with `cause`.
    pub(crate) fn redraw(
        id: RequestId,
        request: RequestOf<T>,
        committee: CommitteeOf<T>,
        cause: FailureCause,
    ) -> DispatchResult {
        let more = match committee.choice {
            Choice::Seeded { seed, last } if !Self::has_lost_too_many(&committee) => {
                !Self::candidates(&request, &committee, seed, last).is_empty()
            }
            _ => false,
        };
        if !more {
            return Self::fail(id, request, &committee, cause);
        }
        let missing = Self::missing(&request, &committee);
        let patient = request.patient.clone();
        Self::set_status(id, request, RequestStatus::Drawing);
        let deadline = crate::Requests::<T>::get(id).map(|request| request.deadline);
        let deadline = deadline.unwrap_or_default();
        Self::deposit_logged(&patient, Event::DrawReopened { request: id, missing, deadline });
        Committees::<T>::insert(id, committee);
        Ok(())
    }

    /// Returns the candidates that have not been asked yet, in the order of the seed.
    ///
    /// Those that came after the first request for the record and model do not count: they could
    /// know the seed.
    ///
    /// The hash contains the record and the model, so that not all requests of one seed get the
    /// same workers. It does not contain the request: asking again must not change the order.
    fn candidates(
        request: &RequestOf<T>,
        committee: &CommitteeOf<T>,
        seed: [u8; 32],
        last: Option<[u8; 32]>,
    ) -> Vec<Placed<T>> {
        let (record, model) = (request.record, request.model);
        let opened = DrawnBy::<T>::get(record, model).map_or(request.opened, |draw| draw.opened);
        let place = |candidate: &AccountIdOf<T>| {
            BlakeTwo256::hash(&(seed, record, model, candidate).encode()).to_fixed_bytes()
        };
        let mut placed: Vec<Placed<T>> = Candidates::<T>::get(model)
            .into_iter()
            .filter(|candidate| candidate.since < opened)
            .map(|candidate| (place(&candidate.worker), candidate.worker))
            .filter(|(place, _)| last.is_none_or(|last| *place > last))
            .filter(|(_, candidate)| committee.members.iter().all(|m| m.worker != *candidate))
            .collect();
        placed.sort();
        placed
    }
}
