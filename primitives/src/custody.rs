//! Content keys that custodians keep, and access to them.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{names::named_enum, EmergencyId, Purpose, RequestId};

/// What an access grant is based on.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("custody", "types")
)]
pub enum Basis {
    /// The patient's policy, which is asked again at every delivery.
    #[codec(index = 0)]
    Policy {
        /// The purpose that access was requested for.
        purpose: Purpose,
    },
    /// An emergency over the patient, which is reviewed afterwards.
    #[codec(index = 1)]
    Emergency {
        /// The emergency.
        emergency: EmergencyId,
    },
    /// The draw of the account as a worker. Its place, and the policy's `Infer`, are asked about
    /// again at every delivery.
    #[codec(index = 2)]
    Draw {
        /// The request that it was drawn for.
        request: RequestId,
    },
}

named_enum! {
    /// Why an access grant ended.
    pub enum EndReason is "an end reason" {
        /// The grant expired.
        Expired = 0 => "expired",
        /// The patient revoked the grant.
        Revoked = 1 => "revoked",
        /// Access was refused when it was asked for again.
        Refused = 2 => "refused",
        /// The account granted access renounced it.
        GivenUp = 3 => "given-up",
        /// The record was erased.
        Erased = 4 => "erased",
        /// The record's key was entrusted again, or withdrawn from custody.
        Reentrusted = 5 => "reentrusted",
        /// The review found that there was no emergency.
        Rejected = 6 => "rejected",
        /// A grant to the same account replaced this grant: with another reply key, or by an
        /// emergency.
        Replaced = 7 => "replaced",
        /// The account's place among the drawn workers ended, or waits for no key any more.
        PlaceEnded = 8 => "place-ended",
    }
}

named_enum! {
    /// Why an account breaks the glass.
    ///
    /// A code and never free text: nothing on chain may describe a patient's health.
    pub enum EmergencyReason is "an emergency reason" {
        /// The patient cannot be asked.
        CannotConsent = 0 => "cannot-consent",
        /// Waiting for consent would endanger the patient's life.
        LifeThreatening = 1 => "life-threatening",
        /// Many people are injured at once.
        MassCasualty = 2 => "mass-casualty",
        /// Another emergency, to be explained to the patient at the review.
        Other = 3 => "other",
    }
}

/// Where the review of an emergency stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("custody", "types")
)]
pub enum EmergencyStatus<AccountId> {
    /// Nobody has reviewed it.
    #[codec(index = 0)]
    Open,
    /// A guardian accepted it. The patient, or a guardian, can still reject it.
    #[codec(index = 1)]
    Endorsed {
        /// The guardian.
        by: AccountId,
    },
    /// It was rejected, and opens nothing.
    ///
    /// The bond stays held until the review would have ended, and at least for `EthicsPeriod`. It
    /// is burned then, unless the rejection is overturned.
    #[codec(index = 2)]
    Rejected {
        /// The patient or the guardian who rejected it.
        by: AccountId,
    },
    /// Nobody reviewed it in time: the ethics committee judges, or the patient decides.
    #[codec(index = 3)]
    Escalated,
    /// It was accepted. The access granted goes on until its last block; it opens nothing more.
    #[codec(index = 4)]
    Accepted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_has_its_index() {
        assert_eq!(Basis::Policy { purpose: Purpose::Research }.encode(), [0, 2]);
        let emergency = EmergencyId(1);
        assert_eq!(Basis::Emergency { emergency }.encode(), [1, 1, 0, 0, 0, 0, 0, 0, 0]);
        let request = RequestId(1);
        assert_eq!(Basis::Draw { request }.encode(), [2, 1, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_status_has_its_index() {
        for (status, encoded) in [
            (EmergencyStatus::Open, vec![0]),
            (EmergencyStatus::Endorsed { by: 7u8 }, vec![1, 7]),
            (EmergencyStatus::Rejected { by: 7 }, vec![2, 7]),
            (EmergencyStatus::Escalated, vec![3]),
            (EmergencyStatus::Accepted, vec![4]),
        ] {
            assert_eq!(status.encode(), encoded);
        }
    }
}
