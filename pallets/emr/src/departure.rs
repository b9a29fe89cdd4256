//! The departure seam: what else a patient must have ended before leaving, and what goes with them.

use frame_support::weights::Weight;
use sp_runtime::DispatchResult;

/// Knows what a patient has outside this pallet.
///
/// A pair is both of its parts, each asked before either removes anything.
pub trait Departure<AccountId> {
    /// Checks that nothing about the patient is open.
    ///
    /// # Errors
    /// One that names what is, and the way to end it.
    fn ensure_may_leave(patient: &AccountId) -> DispatchResult;

    /// Removes what the patient stored, and releases the patient's deposits.
    ///
    /// # Errors
    /// An error of the currency: a deposit cannot be released.
    fn leave(patient: &AccountId) -> DispatchResult;

    /// The maximum weight of both.
    fn weight() -> Weight;
}

/// Knows of nothing.
impl<AccountId> Departure<AccountId> for () {
    fn ensure_may_leave(_: &AccountId) -> DispatchResult {
        Ok(())
    }

    fn leave(_: &AccountId) -> DispatchResult {
        Ok(())
    }

    fn weight() -> Weight {
        Weight::zero()
    }
}

impl<AccountId, One: Departure<AccountId>, Other: Departure<AccountId>> Departure<AccountId>
    for (One, Other)
{
    fn ensure_may_leave(patient: &AccountId) -> DispatchResult {
        One::ensure_may_leave(patient)?;
        Other::ensure_may_leave(patient)
    }

    fn leave(patient: &AccountId) -> DispatchResult {
        One::leave(patient)?;
        Other::leave(patient)
    }

    fn weight() -> Weight {
        One::weight().saturating_add(Other::weight())
    }
}
