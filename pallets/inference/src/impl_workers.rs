//! Registering and deregistering workers.

use alloc::collections::BTreeSet;
use frame_support::pallet_prelude::*;

use crate::{
    AccountIdOf, Config, Error, Event, HoldReason, Pallet, Worker, WorkerModelsOf, Workers,
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
        Workers::<T>::insert(&who, Worker { models: models.clone(), bond });
        Self::deposit_event(Event::WorkerRegistered { worker: who, models });
        Ok(())
    }

    pub(crate) fn do_set_worker_models(
        who: AccountIdOf<T>,
        models: WorkerModelsOf<T>,
    ) -> DispatchResult {
        let mut worker = Workers::<T>::get(&who).ok_or(Error::<T>::WorkerNotFound)?;
        Self::check_models(&models)?;
        let old = core::mem::replace(&mut worker.models, models.clone());
        Workers::<T>::insert(&who, worker);
        Self::deposit_event(Event::WorkerModelsSet { worker: who, old, new: models });
        Ok(())
    }

    pub(crate) fn do_deregister_worker(who: AccountIdOf<T>) -> DispatchResult {
        let worker = Workers::<T>::take(&who).ok_or(Error::<T>::WorkerNotFound)?;
        // The stored bond: the constant may have changed since the worker registered.
        Self::release(HoldReason::WorkerBond, &who, worker.bond)?;
        Self::deposit_event(Event::WorkerDeregistered { worker: who });
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
}
