//! Deposits, fees and bonds.

use frame_support::{
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use sp_runtime::{traits::Zero, DispatchResult};

use crate::{AccountIdOf, BalanceOf, Config, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
    /// Holds `amount` from `who`.
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
    /// Missing funds must not keep what they were held for in storage.
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

    /// Burns `amount` held from `who`, or as much of it as is still held.
    pub(crate) fn burn(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        let (precision, fortitude) = (Precision::BestEffort, Fortitude::Force);
        <T as Config>::Currency::burn_held(&reason.into(), who, amount, precision, fortitude)?;
        Ok(())
    }

    /// Pays `amount`, which is held from `payer`, to `payee`.
    ///
    /// An account that was reaped can receive no less than the existential deposit. The amount
    /// goes back to the payer then: a share must not be refused because of its fee.
    pub(crate) fn pay(
        reason: HoldReason,
        payer: &AccountIdOf<T>,
        payee: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        // By force: a lock that an account puts on its funds afterwards must not prevent the
        // payment.
        let paid = with_storage_layer(|| {
            <T as Config>::Currency::transfer_on_hold(
                &reason.into(),
                payer,
                payee,
                amount,
                Precision::Exact,
                Restriction::Free,
                Fortitude::Force,
            )
        });
        match paid {
            Ok(_) => Ok(()),
            Err(_) => Self::release(reason, payer, amount),
        }
    }
}
