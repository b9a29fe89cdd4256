//! Fees and bonds.

use pallet_emr::funds;
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

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
    ///
    /// Missing funds must not keep a request open or a worker registered.
    pub(crate) fn release(
        reason: HoldReason,
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
    ) -> DispatchResult {
        funds::release::<_, <T as Config>::Currency>(&reason.into(), who, amount)
    }

    /// Pays the fee of one answer, which is held from `requester`, to `worker`; to the requester
    /// where that fails. Returns whether the worker has it.
    ///
    /// A worker that was reaped must not be able to stop the answers of the others.
    pub(crate) fn pay(
        requester: &AccountIdOf<T>,
        worker: &AccountIdOf<T>,
        fee: BalanceOf<T>,
    ) -> Result<bool, DispatchError> {
        funds::pay::<_, <T as Config>::Currency>(&HoldReason::Fee.into(), requester, worker, fee)
    }

    /// Takes `amount` from the bond of `who`, pays with it what is owed to others as far as it
    /// reaches, and burns what is left.
    pub(crate) fn take_bond(
        who: &AccountIdOf<T>,
        amount: BalanceOf<T>,
        owed: &mut [(AccountIdOf<T>, BalanceOf<T>)],
    ) -> DispatchResult {
        let bond = HoldReason::WorkerBond.into();
        let mut left = amount;
        for (creditor, due) in owed {
            let part = left.min(*due);
            if funds::transfer::<_, <T as Config>::Currency>(&bond, who, creditor, part).is_ok() {
                left.saturating_reduce(part);
                due.saturating_reduce(part);
            }
        }
        funds::burn::<_, <T as Config>::Currency>(&bond, who, left)
    }
}
