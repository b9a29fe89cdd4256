//! Workers: how they come, what they lose, and how they leave.

use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::pallet_prelude::*;
use medchain_primitives::{ModelId, RequestId, SlashReason};
use sp_runtime::traits::{One, Saturating, Zero};

use crate::{
    AccountIdOf, Assignments, BalanceOf, Candidate, Candidates, CandidatesOf, Config, Error, Event,
    HoldReason, Pallet, Worker, WorkerModelsOf, WorkerOf, WorkerStatus, Workers,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register_worker(
        who: AccountIdOf<T>,
        models: WorkerModelsOf<T>,
    ) -> DispatchResult {
        ensure!(!Workers::<T>::contains_key(&who), Error::<T>::WorkerAlreadyExists);
        ensure!(
            pallet_emr::EncryptionKeys::<T>::contains_key(&who),
            Error::<T>::EncryptionKeyNotFound
        );
        Self::check_models(&models)?;
        let bond = T::WorkerBond::get();
        Self::hold(HoldReason::WorkerBond, &who, bond)?;
        Self::list(&who, &models)?;
        let worker = Worker {
            models: models.clone(),
            bond,
            status: WorkerStatus::Active,
            assigned: 0,
            answered: 0,
            declined: 0,
            missed: 0,
            lost: 0,
        };
        Workers::<T>::insert(&who, worker);
        Self::deposit_event(Event::WorkerRegistered { worker: who, models });
        Ok(())
    }

    pub(crate) fn do_set_worker_models(
        who: AccountIdOf<T>,
        models: WorkerModelsOf<T>,
    ) -> DispatchResult {
        let mut worker = Workers::<T>::get(&who).ok_or(Error::<T>::WorkerNotFound)?;
        ensure!(worker.status == WorkerStatus::Active, Error::<T>::WorkerNotActive);
        Self::check_models(&models)?;
        let old = core::mem::replace(&mut worker.models, models.clone());
        let gone: Vec<_> = old.iter().filter(|model| !models.contains(model)).copied().collect();
        Self::unlist(&who, &gone);
        Self::list(&who, &models)?;
        Workers::<T>::insert(&who, worker);
        Self::deposit_event(Event::WorkerModelsSet { worker: who, old, new: models });
        Ok(())
    }

    pub(crate) fn do_deregister_worker(who: AccountIdOf<T>) -> DispatchResult {
        let mut worker = Workers::<T>::get(&who).ok_or(Error::<T>::WorkerNotFound)?;
        ensure!(
            !matches!(worker.status, WorkerStatus::Leaving { .. }),
            Error::<T>::WorkerNotActive
        );
        Self::unlist(&who, &worker.models);
        let now = frame_system::Pallet::<T>::block_number();
        // Whatever the other periods are now: a bond outlasts what it answers for.
        let least = Self::longest_request().saturating_add(One::one());
        let until = now.saturating_add(T::UnbondingPeriod::get().max(least));
        worker.status = WorkerStatus::Leaving { until };
        Workers::<T>::insert(&who, worker);
        Self::deposit_event(Event::WorkerLeaving { worker: who, until });
        Ok(())
    }

    pub(crate) fn do_withdraw_bond(who: AccountIdOf<T>) -> DispatchResult {
        let worker = Workers::<T>::get(&who).ok_or(Error::<T>::WorkerNotFound)?;
        let WorkerStatus::Leaving { until } = worker.status else {
            return Err(Error::<T>::WorkerNotLeaving.into());
        };
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now > until && worker.assigned == 0, Error::<T>::BondInUse);
        Workers::<T>::remove(&who);
        // The stored bond: the constant may have changed since the worker registered.
        Self::release(HoldReason::WorkerBond, &who, worker.bond)?;
        Self::deposit_event(Event::BondWithdrawn { worker: who, amount: worker.bond });
        Ok(())
    }

    pub(crate) fn do_top_up_bond(who: AccountIdOf<T>) -> DispatchResult {
        let mut worker = Workers::<T>::get(&who).ok_or(Error::<T>::WorkerNotFound)?;
        ensure!(worker.status == WorkerStatus::Suspended, Error::<T>::WorkerNotSuspended);
        let amount = T::WorkerBond::get().saturating_sub(worker.bond);
        Self::hold(HoldReason::WorkerBond, &who, amount)?;
        Self::list(&who, &worker.models)?;
        worker.bond.saturating_accrue(amount);
        worker.status = WorkerStatus::Active;
        Workers::<T>::insert(&who, worker);
        Self::deposit_event(Event::BondToppedUp { worker: who, amount });
        Ok(())
    }

    /// Returns the worker if it can be chosen to run `model`.
    pub(crate) fn choosable(
        who: &AccountIdOf<T>,
        model: ModelId,
    ) -> Result<WorkerOf<T>, DispatchError> {
        let worker = Workers::<T>::get(who).ok_or(Error::<T>::WorkerNotFound)?;
        ensure!(worker.status == WorkerStatus::Active, Error::<T>::WorkerNotActive);
        ensure!(worker.models.contains(&model), Error::<T>::ModelNotSupported);
        ensure!(
            pallet_emr::EncryptionKeys::<T>::contains_key(who),
            Error::<T>::EncryptionKeyNotFound
        );
        Ok(worker)
    }

    /// Puts a request on the work list of a worker.
    pub(crate) fn assign(who: &AccountIdOf<T>, request: RequestId) {
        Assignments::<T>::insert(who, request, ());
        Self::update_worker(who, |worker| worker.assigned.saturating_inc());
    }

    /// Takes a request from the work list of a worker, and notes how it ended.
    pub(crate) fn unassign(
        who: &AccountIdOf<T>,
        request: RequestId,
        note: impl FnOnce(&mut WorkerOf<T>),
    ) {
        Assignments::<T>::remove(who, request);
        Self::update_worker(who, |worker| {
            worker.assigned.saturating_dec();
            note(worker);
        });
    }

    fn update_worker(who: &AccountIdOf<T>, update: impl FnOnce(&mut WorkerOf<T>)) {
        // A worker with an open request cannot withdraw its bond, so it is there.
        Workers::<T>::mutate_extant(who, update);
    }

    /// Takes a penalty from a worker's bond and suspends the worker.
    ///
    /// It pays what is `owed` to others, as far as it reaches; what is left is burned.
    pub(crate) fn slash(
        who: &AccountIdOf<T>,
        request: RequestId,
        patient: &AccountIdOf<T>,
        reason: SlashReason,
        owed: &mut [(AccountIdOf<T>, BalanceOf<T>)],
    ) -> DispatchResult {
        let Some(mut worker) = Workers::<T>::get(who) else { return Ok(()) };
        let penalty = match reason {
            SlashReason::Absent => T::AbsencePenalty::get(),
            SlashReason::NotRevealed => T::RevealPenalty::get(),
            SlashReason::WrongAnswer => worker.bond,
        };
        let amount = penalty.min(worker.bond);
        if amount.is_zero() {
            return Ok(());
        }
        Self::take_bond(who, amount, owed)?;
        worker.bond.saturating_reduce(amount);
        if worker.status == WorkerStatus::Active {
            Self::unlist(who, &worker.models);
            worker.status = WorkerStatus::Suspended;
        }
        Workers::<T>::insert(who, worker);
        // It names the request of a patient, and says what became of it.
        let event = Event::WorkerSlashed { worker: who.clone(), request, reason, amount };
        Self::deposit_logged(patient, event);
        Ok(())
    }

    fn check_models(models: &WorkerModelsOf<T>) -> Result<(), Error<T>> {
        ensure!(!models.is_empty(), Error::<T>::NoModels);
        let distinct: BTreeSet<_> = models.iter().collect();
        ensure!(distinct.len() == models.len(), Error::<T>::DuplicateModel);
        for model in models {
            Self::active_model(*model)?;
        }
        Ok(())
    }

    /// Adds a worker to the candidates of its models, as of this block where it was none.
    pub(crate) fn list(who: &AccountIdOf<T>, models: &[ModelId]) -> DispatchResult {
        let since = frame_system::Pallet::<T>::block_number();
        for model in models {
            Candidates::<T>::try_mutate(model, |candidates| {
                if let Err(place) = Self::place_of(who, candidates) {
                    candidates
                        .try_insert(place, Candidate { worker: who.clone(), since })
                        .map_err(|_| Error::<T>::MaxCandidatesExceeded)?;
                }
                Ok::<_, DispatchError>(())
            })?;
        }
        Ok(())
    }

    /// Removes a worker from the candidates of its models.
    pub(crate) fn unlist(who: &AccountIdOf<T>, models: &[ModelId]) {
        for model in models {
            Candidates::<T>::mutate(model, |candidates| {
                if let Ok(place) = Self::place_of(who, candidates) {
                    candidates.remove(place);
                }
            });
        }
    }

    /// Returns where a worker is among candidates, or where it belongs.
    pub(crate) fn place_of(
        who: &AccountIdOf<T>,
        candidates: &CandidatesOf<T>,
    ) -> Result<usize, usize> {
        candidates.binary_search_by(|candidate| candidate.worker.cmp(who))
    }
}
