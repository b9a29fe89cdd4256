//! What keys, dealings and deliveries are bound to. In another context their proofs are void.

use alloc::vec::Vec;

use codec::Encode;
use medchain_primitives::{Cid, RecordId};

use crate::{curve::Point, wire::MAX_CUSTODIANS, CustodianKey, ReplyKey, SharingError};

/// What a custodian's key is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct KeyContext<AccountId> {
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The custodian.
    pub custodian: AccountId,
}

/// What a dealing is bound to, beside the custodians.
///
/// Not to a record's number: a record is entrusted in the call that adds it, and gets its
/// number there. Patient and content name the record, because a content is kept under one
/// record only. Deliveries are bound to the number.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct DealingContext<AccountId> {
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The patient.
    pub patient: AccountId,
    /// The account that entrusts the key, so that no other can submit a copy.
    pub dealer: AccountId,
    /// The encrypted content.
    pub cid: Cid,
}

/// What a delivery is bound to, beside the [`EntrustedShare`](crate::EntrustedShare), which
/// names the dealing, and with it chain, patient and content.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct DeliveryContext<AccountId> {
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The record.
    pub record: RecordId,
    /// The custodian that delivers.
    pub custodian: AccountId,
    /// The account granted access.
    pub subject: AccountId,
    /// The subject's key for this request.
    pub reply: ReplyKey,
}

/// Those among whom a key is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub struct Custodians<'a> {
    /// The number t of shares that open the key.
    pub threshold: u8,
    /// The keys of the n custodians, in order.
    pub keys: &'a [CustodianKey],
}

impl Custodians<'_> {
    /// Checks 1 ≤ t ≤ n ≤ [`MAX_CUSTODIANS`], and that no key is there twice. Returns the keys
    /// as points.
    ///
    /// With a key at two places, the difference of two shares would be public, and the threshold
    /// smaller for everybody.
    pub(crate) fn points(&self) -> Result<Vec<Point>, SharingError> {
        if self.keys.len() > MAX_CUSTODIANS as usize {
            return Err(SharingError::MaxCustodiansExceeded);
        }
        if !(1..=self.keys.len()).contains(&usize::from(self.threshold)) {
            return Err(SharingError::InvalidThreshold);
        }
        let named = |count, key| self.keys.iter().take(count).any(|other| other == key);
        if self.keys.iter().enumerate().any(|(before, key)| named(before, key)) {
            return Err(SharingError::DuplicateKey);
        }
        self.keys.iter().map(CustodianKey::point).collect()
    }

    /// By how much n exceeds t: the number of values that the other ones determine.
    pub(crate) fn redundancy(&self) -> usize {
        self.keys.len().saturating_sub(self.threshold.into())
    }
}
