//! Holding, returning and paying.

use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use sp_runtime::traits::Zero;

use crate::{AccountIdOf, BalanceOf, Config, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
    /// Holds `amount`. Nothing is asked of the currency for nothing, so that a
    /// free model or an unbonded worker works for accounts without a balance.
    pub(crate) fn hold(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        <T as Config>::Currency::hold(&reason.into(), who, amount)
    }

    /// Gives back what is held, as far as it is still there: whatever else may
    /// have happened to the funds must not keep a request or a worker alive.
    pub(crate) fn release(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        <T as Config>::Currency::release(&reason.into(), who, amount, Precision::BestEffort)?;
        Ok(())
    }

    /// Pays a fee that is held from `requester` to `worker`.
    pub(crate) fn pay(
        requester: &AccountIdOf<T>,
        worker: &AccountIdOf<T>,
        fee: BalanceOf<T>,
    ) -> DispatchResult {
        if fee.is_zero() {
            return Ok(());
        }
        // By force: a lock that the requester lays on its funds after the order
        // must not be a way out of paying for it.
        <T as Config>::Currency::transfer_on_hold(
            &HoldReason::Fee.into(),
            requester,
            worker,
            fee,
            Precision::Exact,
            Restriction::Free,
            Fortitude::Force,
        )?;
        Ok(())
    }
}
