//! The custody seam: how this pallet has content keys kept, without knowing who keeps them.

use frame_support::weights::Weight;
use medchain_primitives::{Cid, EndReason, RecordId};
use medchain_sharing::Entrustment;
use sp_runtime::{DispatchError, DispatchResult};

use crate::{AccountIdOf, Config, Pallet};

/// Keeps the content keys that are entrusted, and the access granted to them.
///
/// The pallet has checked who asks: the implementation asks neither policy nor patient.
pub trait KeyCustody<AccountId> {
    /// Entrusts the key of a record that was just added, at the expense of `depositor`.
    ///
    /// `depositor` signed the call, and is the dealer that the entrustment is bound to.
    ///
    /// # Errors
    /// Whatever refuses the entrustment.
    fn entrust(
        depositor: &AccountId,
        patient: &AccountId,
        record: RecordId,
        cid: &Cid,
        entrustment: Entrustment,
    ) -> DispatchResult;

    /// Ends custody and every grant because the record is erased. Returns the number of grants,
    /// at most [`KeyCustody::max_grants`].
    ///
    /// # Errors
    /// An error of the currency: a deposit cannot be released.
    fn end(record: RecordId, patient: &AccountId) -> Result<u32, DispatchError>;

    /// Ends the access granted to `subject`, who gave it up or whom the patient revoked it from.
    /// Returns whether there was any.
    ///
    /// # Errors
    /// An error of the currency: a deposit cannot be released.
    fn end_access(
        record: RecordId,
        patient: &AccountId,
        subject: &AccountId,
        reason: EndReason,
    ) -> Result<bool, DispatchError>;

    /// Whether custodians have delivered as many shares to `subject` as the key of the record
    /// needs, under access that is not over.
    fn is_delivered(record: RecordId, subject: &AccountId) -> bool;

    /// The maximum weight of entrusting a key to this number of custodians.
    fn entrust_weight(custodians: u32) -> Weight;

    /// The weight of ending custody with this number of grants.
    fn end_weight(grants: u32) -> Weight;

    /// The maximum number of grants on one record.
    fn max_grants() -> u32;

    /// The maximum weight of ending one access.
    fn end_access_weight() -> Weight;
}

/// Keeps nothing: refuses every entrustment.
impl<AccountId> KeyCustody<AccountId> for () {
    fn entrust(
        _: &AccountId,
        _: &AccountId,
        _: RecordId,
        _: &Cid,
        _: Entrustment,
    ) -> DispatchResult {
        Err(DispatchError::Unavailable)
    }

    fn end(_: RecordId, _: &AccountId) -> Result<u32, DispatchError> {
        Ok(0)
    }

    fn end_access(
        _: RecordId,
        _: &AccountId,
        _: &AccountId,
        _: EndReason,
    ) -> Result<bool, DispatchError> {
        Ok(false)
    }

    fn is_delivered(_: RecordId, _: &AccountId) -> bool {
        false
    }

    fn entrust_weight(_: u32) -> Weight {
        Weight::zero()
    }

    fn end_weight(_: u32) -> Weight {
        Weight::zero()
    }

    fn max_grants() -> u32 {
        0
    }

    fn end_access_weight() -> Weight {
        Weight::zero()
    }
}

impl<T: Config> Pallet<T> {
    /// The weight of a key that is entrusted with a record. Zero if none is.
    pub(crate) fn custody_weight(entrustment: Option<&Entrustment>) -> Weight {
        entrustment.map_or(Weight::zero(), |entrustment| {
            <T::Custody as KeyCustody<AccountIdOf<T>>>::entrust_weight(
                entrustment.dealing.shares.len() as u32,
            )
        })
    }
}
