//! Custodians, grants and emergencies, as the chain stores them.

use medchain_primitives::{Basis, EmergencyId, EmergencyReason, RecordId, SealedKey, SealedShare};

use crate::AccountId32;

/// The custodians that a patient chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodianGroup {
    /// The custodians, in the order in which they get shares.
    pub members: Vec<AccountId32>,
    /// How many of them together can open a key.
    pub threshold: u32,
    /// The deposit held from the patient.
    pub deposit: u128,
}

/// The shares of a record's content key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// How many shares make up the key.
    pub threshold: u32,
    /// Each custodian and their sealed share; the share at place `i` has the
    /// number `i + 1`.
    pub shares: Vec<(AccountId32, SealedKey)>,
    /// The account that entrusted the record.
    pub depositor: AccountId32,
    /// The deposit held from the depositor.
    pub deposit: u128,
}

impl Custody {
    /// The number of an account's share, and the share, if it keeps one.
    pub fn share_of(&self, custodian: &AccountId32) -> Option<(u8, &SealedKey)> {
        let place = self.shares.iter().position(|(account, _)| account == custodian)?;
        let number = u8::try_from(place.checked_add(1)?).ok()?;
        self.shares.get(place).map(|(_, sealed)| (number, sealed))
    }
}

/// Access that was granted to an account, and the shares delivered to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessGrant {
    /// The record.
    pub record: RecordId,
    /// The account granted access.
    pub subject: AccountId32,
    /// What gives it access.
    pub basis: Basis,
    /// The block in which it was granted.
    pub granted_at: u32,
    /// The last block in which custodians deliver shares.
    pub until: u32,
    /// The shares delivered so far.
    pub shares: Vec<SealedShare>,
    /// The deposit held from the subject.
    pub deposit: u128,
}

/// A break-glass access awaiting review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// Its number.
    pub id: EmergencyId,
    /// The record.
    pub record: RecordId,
    /// The record's patient.
    pub patient: AccountId32,
    /// The account that broke the glass.
    pub subject: AccountId32,
    /// The reason it gave.
    pub reason: EmergencyReason,
    /// The block in which it broke the glass.
    pub broken_at: u32,
    /// The last block in which it can be reviewed.
    pub review_until: u32,
    /// The bond held from it.
    pub bond: u128,
}
