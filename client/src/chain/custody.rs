//! Custodians, grants and emergencies, as the chain stores them.

use std::fmt;

use medchain_primitives::{Basis, Denied, EmergencyId, EmergencyReason, RecordId};
use medchain_sharing::{CustodianKey, ReplyKey, VerifiedDealing, VerifiedDelivery};

use crate::AccountId32;

/// An account that registered as a custodian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Custodian {
    /// The account.
    pub account: AccountId32,
    /// The key to which shares are encrypted for it. It never changes.
    pub key: CustodianKey,
    /// The bond held from it; `None` once it has retired.
    pub bond: Option<u128>,
}

/// The custodians that a patient chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodianGroup {
    /// The custodians with their keys, in the order in which they get shares.
    pub members: Vec<(AccountId32, CustodianKey)>,
    /// How many of them together can open a key.
    pub threshold: u8,
    /// The deposit held from the patient.
    pub deposit: u128,
}

impl CustodianGroup {
    /// The custodians' accounts.
    pub fn accounts(&self) -> Vec<AccountId32> {
        self.members.iter().map(|(account, _)| *account).collect()
    }
}

/// A record's content key, shared among custodians.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// How many shares open the key.
    pub threshold: u8,
    /// The custodians with their keys; the one at place `i` keeps the share with the
    /// number `i + 1`.
    pub custodians: Vec<(AccountId32, CustodianKey)>,
    /// The shares, which the chain has verified.
    pub dealing: VerifiedDealing,
    /// The account that entrusted the record.
    pub dealer: AccountId32,
    /// The deposit held from the dealer.
    pub deposit: u128,
    /// How many accounts have a grant.
    pub grants: u32,
}

impl Custody {
    /// The custodians' accounts.
    pub fn accounts(&self) -> Vec<AccountId32> {
        self.custodians.iter().map(|(account, _)| *account).collect()
    }

    /// The key that an account's share is encrypted to, if it keeps one.
    pub fn key_of(&self, custodian: &AccountId32) -> Option<CustodianKey> {
        let found = self.custodians.iter().find(|(account, _)| account == custodian);
        found.map(|(_, key)| *key)
    }

    /// The number of an account's share, if it keeps one.
    pub fn number_of(&self, custodian: &AccountId32) -> Option<u8> {
        let place = self.custodians.iter().position(|(account, _)| account == custodian)?;
        u8::try_from(place.checked_add(1)?).ok()
    }
}

/// Who keeps a record's key, without their shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keepers {
    /// How many shares open the key.
    pub threshold: u8,
    /// The custodians, in the order of their shares.
    pub custodians: Vec<AccountId32>,
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
    /// Its key for this request, to which shares are delivered.
    pub reply: ReplyKey,
    /// The block in which access was granted.
    pub granted_at: u32,
    /// The last block in which custodians deliver shares.
    pub until: u32,
    /// The shares delivered so far, by their numbers. The chain has verified them.
    pub deliveries: Vec<(u8, VerifiedDelivery)>,
    /// The deposit held from the subject.
    pub deposit: u128,
    /// What is held from the subject to pay custodians.
    pub fees: u128,
}

/// A time in which an account may open a patient's records without consent, and its review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// Its number.
    pub id: EmergencyId,
    /// The patient.
    pub patient: AccountId32,
    /// The account that broke the glass.
    pub subject: AccountId32,
    /// The reason it gave.
    pub reason: EmergencyReason,
    /// The block in which it broke the glass.
    pub broken_at: u32,
    /// The last block in which it can open records.
    pub until: u32,
    /// The last block of the present status: of the review, of the judgement once it is
    /// escalated, or of the entry once it is decided.
    pub review_until: u32,
    /// The bond held from it; zero once it was released.
    pub bond: u128,
    /// How many grants there are in it.
    pub grants: u32,
    /// How many records were ever requested in it.
    pub requested: u32,
    /// How many shares were delivered in it.
    pub deliveries: u32,
    /// Where its review stands.
    pub status: EmergencyStatus,
}

/// Why an account may not open a patient's records in an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmergencyRefusal {
    /// The patient forbids emergency access.
    OptedOut,
    /// The policy refuses, and neither role nor relation makes up for it.
    Denied(Denied),
}

impl fmt::Display for EmergencyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OptedOut => f.write_str("the patient does not allow emergency access"),
            Self::Denied(denied) => denied.fmt(f),
        }
    }
}

/// Where the review of an emergency stands.
pub type EmergencyStatus = medchain_primitives::EmergencyStatus<AccountId32>;
