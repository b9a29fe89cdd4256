//! Deposits.

use sp_runtime::DispatchResult;

use crate::{funds, AccountIdOf, BalanceOf, Config, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
    /// Holds `amount` from `who`.
    pub(crate) fn hold(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        funds::hold::<_, T::Currency>(&reason.into(), who, amount)
    }

    /// Releases `amount` to `who`, or as much of it as is still held.
    pub(crate) fn release(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        funds::release::<_, T::Currency>(&reason.into(), who, amount)
    }
}
