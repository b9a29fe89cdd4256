//! Holding, releasing and paying funds.

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
    /// Holds `amount` from `who`.
    ///
    /// An amount of zero does not reach the currency, so that accounts without a balance can
    /// request free models.
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

    /// Releases `amount` to `who`, or as much of it as is still held.
    ///
    /// Missing funds must not keep a request open or a worker registered.
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

    /// Pays the fee held from `requester` to `worker`.
    pub(crate) fn pay(
        requester: &AccountIdOf<T>,
        worker: &AccountIdOf<T>,
        fee: BalanceOf<T>,
    ) -> DispatchResult {
        if fee.is_zero() {
            return Ok(());
        }
        // By force: a lock that the requester puts on its funds after the request must not
        // prevent the payment.
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
