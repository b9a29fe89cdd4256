//! Deposits, fees and bonds.

use pallet_emr::funds;
use sp_runtime::{DispatchError, DispatchResult};

use crate::{AccountIdOf, BalanceOf, Config, HoldReason, Pallet};

impl<T: Config> Pallet<T> {
    /// Holds `amount` from `who`.
    pub(crate) fn hold(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        funds::hold::<_, <T as Config>::Currency>(&reason.into(), who, amount)
    }

    /// Releases `amount` to `who`, or as much of it as is still held.
    pub(crate) fn release(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        funds::release::<_, <T as Config>::Currency>(&reason.into(), who, amount)
    }

    /// Burns `amount` held from `who`, or as much of it as is still held.
    pub(crate) fn burn(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        funds::burn::<_, <T as Config>::Currency>(&reason.into(), who, amount)
    }

    /// Pays `amount`, which is held from `payer`, to `payee`; to the payer where that fails. Returns
    /// whether the payee has it.
    ///
    /// A share must not be refused because of its fee.
    pub(crate) fn pay(
        reason: HoldReason,
        payer: &AccountIdOf<T>,
        payee: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> Result<bool, DispatchError> {
        funds::pay::<_, <T as Config>::Currency>(&reason.into(), payer, payee, amount)
    }
}
