//! Holding, releasing and paying funds.

use frame_support::{
    pallet_prelude::*,
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use sp_runtime::traits::{Saturating, Zero};

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

    /// Pays the fee of one answer, which is held from `requester`, to `worker`.
    ///
    /// An account that was reaped can receive no less than the existential deposit. Its fee
    /// goes back, so that it cannot stop the answers of the others.
    pub(crate) fn pay(
        requester: &AccountIdOf<T>,
        worker: &AccountIdOf<T>,
        fee: BalanceOf<T>,
    ) -> DispatchResult {
        match Self::transfer(HoldReason::Fee, requester, worker, fee) {
            Ok(()) => Ok(()),
            Err(_) => Self::release(HoldReason::Fee, requester, fee),
        }
    }

    /// Takes `amount` from the bond of `who`, pays with it what is owed to others as far as it
    /// reaches, and burns what is left.
    pub(crate) fn take_bond(
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
        owed: &mut [(AccountIdOf<T>, BalanceOf<T>)],
    ) -> DispatchResult {
        let mut left = amount;
        for (creditor, due) in owed {
            let part = left.min(*due);
            if Self::transfer(HoldReason::WorkerBond, who, creditor, part).is_ok() {
                left.saturating_reduce(part);
                due.saturating_reduce(part);
            }
        }
        if !left.is_zero() {
            let reason = HoldReason::WorkerBond.into();
            let force = Fortitude::Force;
            <T as Config>::Currency::burn_held(&reason, who, left, Precision::BestEffort, force)?;
        }
        Ok(())
    }

    fn transfer(
        reason: HoldReason,
        from: &AccountIdOf<T>,
        to: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        // By force: a lock that an account puts on its funds afterwards must not prevent the
        // payment.
        with_storage_layer(|| {
            <T as Config>::Currency::transfer_on_hold(
                &reason.into(),
                from,
                to,
                amount,
                Precision::Exact,
                Restriction::Free,
                Fortitude::Force,
            )
        })?;
        Ok(())
    }
}
