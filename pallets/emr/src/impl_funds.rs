//! Deposits.

use frame_support::traits::{fungible::MutateHold, tokens::Precision};
use sp_runtime::DispatchResult;

use crate::{AccountIdOf, BalanceOf, Config, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
    /// Holds `amount` from `who`.
    pub(crate) fn hold(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        T::Currency::hold(&reason.into(), who, amount)
    }

    /// Releases `amount` to `who`, or as much of it as is still held.
    ///
    /// Missing funds must not keep what they were held for in storage.
    pub(crate) fn release(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        T::Currency::release(&reason.into(), who, amount, Precision::BestEffort)?;
        Ok(())
    }
}
