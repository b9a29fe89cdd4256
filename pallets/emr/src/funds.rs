//! Funds that are held: deposits, fees and bonds, of this pallet and of those that build on it.
//!
//! An amount of zero does not reach the currency, so that accounts without a balance can do
//! what costs nothing.

use frame_support::{
    storage::with_storage_layer,
    traits::{
        fungible::{InspectHold, MutateHold},
        tokens::{Fortitude, Precision, Restriction},
    },
};
use sp_runtime::{traits::Zero, DispatchError, DispatchResult};

/// The reasons for which a currency holds funds.
type ReasonOf<C, AccountId> = <C as InspectHold<AccountId>>::Reason;

/// Holds `amount` from `who`.
///
/// # Errors
/// The currency's, if `who` has less.
pub fn hold<AccountId, C: MutateHold<AccountId>>(
    reason: &ReasonOf<C, AccountId>,
    who: &AccountId,
    amount: C::Balance,
) -> DispatchResult {
    if amount.is_zero() {
        return Ok(());
    }
    C::hold(reason, who, amount)
}

/// Releases `amount` to `who`, or as much of it as is still held.
///
/// Missing funds must not keep what they were held for in storage.
///
/// # Errors
/// The currency's.
pub fn release<AccountId, C: MutateHold<AccountId>>(
    reason: &ReasonOf<C, AccountId>,
    who: &AccountId,
    amount: C::Balance,
) -> DispatchResult {
    if amount.is_zero() {
        return Ok(());
    }
    C::release(reason, who, amount, Precision::BestEffort)?;
    Ok(())
}

/// Burns `amount` held from `who`, or as much of it as is still held.
///
/// # Errors
/// The currency's.
pub fn burn<AccountId, C: MutateHold<AccountId>>(
    reason: &ReasonOf<C, AccountId>,
    who: &AccountId,
    amount: C::Balance,
) -> DispatchResult {
    if amount.is_zero() {
        return Ok(());
    }
    C::burn_held(reason, who, amount, Precision::BestEffort, Fortitude::Force)?;
    Ok(())
}

/// Transfers `amount`, which is held from `from`, to `to`, as free funds. All of it, or nothing.
///
/// By force: a lock that an account puts on its funds afterwards must not prevent the payment.
///
/// # Errors
/// The currency's, such as where less is held, or where `to` was reaped and would receive less
/// than the existential deposit.
pub fn transfer<AccountId, C: MutateHold<AccountId>>(
    reason: &ReasonOf<C, AccountId>,
    from: &AccountId,
    to: &AccountId,
    amount: C::Balance,
) -> DispatchResult {
    if amount.is_zero() {
        return Ok(());
    }
    with_storage_layer(|| {
        C::transfer_on_hold(
            reason,
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

/// Pays `amount`, which is held from `payer`, to `payee`; to the payer where that fails. Returns
/// whether the payee has it.
///
/// An account that was reaped must not be able to stop what others are paid for.
///
/// # Errors
/// The currency's, if the amount can go to neither.
pub fn pay<AccountId, C: MutateHold<AccountId>>(
    reason: &ReasonOf<C, AccountId>,
    payer: &AccountId,
    payee: &AccountId,
    amount: C::Balance,
) -> Result<bool, DispatchError> {
    if transfer::<AccountId, C>(reason, payer, payee, amount).is_ok() {
        return Ok(true);
    }
    release::<AccountId, C>(reason, payer, amount)?;
    Ok(false)
}
