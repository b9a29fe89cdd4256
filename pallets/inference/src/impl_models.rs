//! Registering and retiring models.

use alloc::collections::BTreeSet;
use frame_support::pallet_prelude::*;
use medchain_disputes::Network;
use medchain_primitives::{Arithmetic, ModelId, ModelStatus, MAX_QUORUM, SQUARE_ID};
use medchain_verdicts::SIDE;
use sp_runtime::traits::Saturating;

use crate::{BalanceOf, Config, Error, Event, ModelOf, Models, Networks, NextModelId, Pallet};

/// A single class leaves nothing to decide.
const FEWEST_LABELS: usize = 2;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register_model(model: ModelOf<T>, network: Option<Network>) -> DispatchResult {
        Self::check_model(&model)?;
        Self::check_fee(model.fee, most_workers(model.arithmetic))?;
        if let Some(network) = &network {
            Self::check_network(&model, network)?;
        }
        let id = NextModelId::<T>::get();
        let next = id.0.checked_add(1).ok_or(Error::<T>::ModelIdsExhausted)?;
        let event =
            Event::ModelRegistered { model: id, name: model.name.clone(), cid: model.cid.clone() };
        NextModelId::<T>::put(ModelId(next));
        Models::<T>::insert(id, model);
        if let Some(network) = network {
            Networks::<T>::insert(id, network);
        }
        Self::deposit_event(event);
        Ok(())
    }

    /// Checks that a network runs on the squares that uploaders commit to, gives the model's
    /// classes, and that a dispute about it can be played to its end.
    pub(crate) fn check_network(model: &ModelOf<T>, network: &Network) -> Result<(), Error<T>> {
        network.check().map_err(|_| Error::<T>::InvalidNetwork)?;
        let first = network.shapes().next().map(|layer| (usize::from(layer.size), layer.inputs));
        let classes = network.shapes().last().map(|layer| usize::from(layer.outputs));
        // Another preprocessing gives other greys: honest answers would lose their disputes.
        let is_square = model.preprocessing.as_slice() == SQUARE_ID.as_bytes();
        let fits = is_square && first == Some((SIDE, 1)) && classes == Some(model.labels.len());
        ensure!(fits, Error::<T>::InvalidNetwork);
        Ok(())
    }

    pub(crate) fn do_set_model_status(id: ModelId, new: ModelStatus) -> DispatchResult {
        let mut model = Models::<T>::get(id).ok_or(Error::<T>::ModelNotFound)?;
        let old = model.status;
        ensure!(old != new, Error::<T>::ModelStatusUnchanged);
        model.status = new;
        Models::<T>::insert(id, model);
        Self::deposit_event(Event::ModelStatusSet { model: id, old, new });
        Ok(())
    }

    /// Returns the model with this number if it accepts requests.
    pub(crate) fn active_model(id: ModelId) -> Result<ModelOf<T>, Error<T>> {
        let model = Models::<T>::get(id).ok_or(Error::<T>::ModelNotFound)?;
        ensure!(model.status == ModelStatus::Active, Error::<T>::ModelRetired);
        Ok(model)
    }

    /// Checks that a model is well-formed.
    pub(crate) fn check_model(model: &ModelOf<T>) -> Result<(), Error<T>> {
        for cid in core::iter::once(&model.cid).chain(&model.card) {
            cid.check().map_err(|_| Error::<T>::InvalidCid)?;
        }
        let texts = [&model.name, &model.version, &model.preprocessing];
        let empty = texts.into_iter().chain(&model.labels).any(|text| text.is_empty());
        ensure!(!empty, Error::<T>::EmptyText);
        ensure!(model.labels.len() >= FEWEST_LABELS, Error::<T>::TooFewLabels);
        let distinct: BTreeSet<_> = model.labels.iter().collect();
        ensure!(distinct.len() == model.labels.len(), Error::<T>::DuplicateLabel);
        Self::check_quorum(model, model.min_quorum)
    }

    /// Checks that a request may ask for this number of workers.
    pub(crate) fn check_quorum(model: &ModelOf<T>, quorum: u8) -> Result<(), Error<T>> {
        let most = most_workers(model.arithmetic);
        let allowed = quorum >= model.min_quorum.max(1) && u32::from(quorum) <= most;
        ensure!(allowed, Error::<T>::InvalidQuorum);
        Ok(())
    }

    /// Checks that no worker of a committee of this size gains by withholding its answer.
    ///
    /// For its penalty alone, it and the requester could have the answers of the others, whose
    /// fees go back. The least penalty counts, so that no later change of it makes that cheaper.
    pub(crate) fn check_fee(fee: BalanceOf<T>, workers: u32) -> Result<(), Error<T>> {
        let others: BalanceOf<T> = workers.saturating_sub(1).into();
        let costs = fee.saturating_mul(others);
        ensure!(costs <= T::LeastRevealPenalty::get(), Error::<T>::MaxFeeExceeded);
        Ok(())
    }
}

/// The most workers whose answers can be asked for.
fn most_workers(arithmetic: Arithmetic) -> u32 {
    match arithmetic {
        Arithmetic::Exact => MAX_QUORUM,
        // Floats differ in their last bits: honest answers would be taken for lies.
        Arithmetic::Float => 1,
    }
}
