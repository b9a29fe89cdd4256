//! Custodians, grants and emergencies, as they stand on chain.

use codec::{Decode, Encode};
use medchain_primitives::{EmergencyId, EmergencyReason, Purpose, RecordId, SealedKey};

use crate::AccountId32;

/// The custodians that a patient chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodianGroup {
    /// The custodians, in the order in which they get shares.
    pub members: Vec<AccountId32>,
    /// How many of them together can open a key.
    pub threshold: u32,
    /// What is held from the patient.
    pub deposit: u128,
}

/// The shares of a record's content key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// How many shares the key is made of again.
    pub threshold: u32,
    /// Each custodian and their sealed share; the share at place `i` has the
    /// number `i + 1`.
    pub shares: Vec<(AccountId32, SealedKey)>,
    /// Who entrusted the record.
    pub depositor: AccountId32,
    /// What is held from the depositor.
    pub deposit: u128,
}

impl Custody {
    /// The number of an account's share, and the share, if it keeps one.
    pub fn share_of(&self, custodian: &AccountId32) -> Option<(u8, &SealedKey)> {
        let place = self.shares.iter().position(|(who, _)| who == custodian)?;
        let number = u8::try_from(place.checked_add(1)?).ok()?;
        self.shares.get(place).map(|(_, sealed)| (number, sealed))
    }
}

/// What gives somebody access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Basis {
    /// The patient's policy.
    #[codec(index = 0)]
    Policy {
        /// What access was asked for.
        purpose: Purpose,
    },
    /// An emergency.
    #[codec(index = 1)]
    Emergency {
        /// Which.
        emergency: EmergencyId,
    },
}

/// A custodian's share, sealed to who was granted access.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SealedShare {
    /// The share's number, from 1.
    pub number: u8,
    /// The share.
    pub sealed: SealedKey,
}

/// What somebody was granted, and what custodians have handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessGrant {
    /// The record.
    pub record: RecordId,
    /// Who was granted access.
    pub subject: AccountId32,
    /// What gives them access.
    pub basis: Basis,
    /// The block in which it was granted.
    pub granted_at: u32,
    /// The last block in which custodians hand over.
    pub until: u32,
    /// What they have handed over.
    pub shares: Vec<SealedShare>,
    /// What is held from the subject.
    pub deposit: u128,
}

/// A glass that was broken and is not reviewed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// Its number.
    pub id: EmergencyId,
    /// The record.
    pub record: RecordId,
    /// Whose record it is.
    pub patient: AccountId32,
    /// Who broke the glass.
    pub subject: AccountId32,
    /// Why, by their word.
    pub reason: EmergencyReason,
    /// The block in which they did.
    pub broken_at: u32,
    /// The last block in which it can be reviewed.
    pub review_until: u32,
    /// What is held from them.
    pub bond: u128,
}

/// Why a grant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum EndReason {
    /// Its time was over.
    #[codec(index = 0)]
    Expired,
    /// The patient took it back.
    #[codec(index = 1)]
    Revoked,
    /// The policy said no when it was asked again.
    #[codec(index = 2)]
    Refused,
    /// The subject gave it up.
    #[codec(index = 3)]
    GivenUp,
    /// The record was erased.
    #[codec(index = 4)]
    Erased,
    /// The record was entrusted anew, or to nobody any more.
    #[codec(index = 5)]
    Reentrusted,
    /// The review found that there was no emergency.
    #[codec(index = 6)]
    Rejected,
    /// The subject broke the glass: that counts from now on.
    #[codec(index = 7)]
    Replaced,
}
