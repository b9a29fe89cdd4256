//! Who is who, and what a record is.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The number of a record: the first is 0.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct RecordId(pub u64);

impl core::fmt::Display for RecordId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// What kind of document a record holds.
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
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum RecordKind {
    /// A chest X-ray. The only kind that models run on.
    #[codec(index = 0)]
    ChestXray,
    /// A written report.
    #[codec(index = 1)]
    Report,
    /// Anything else.
    #[codec(index = 2)]
    Other,
}

/// What a provider was registered as.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Role {
    /// Takes X-rays and may add records, where the policy allows it.
    #[codec(index = 0)]
    LabTechnician,
    /// Treats patients.
    #[codec(index = 1)]
    Clinician,
    /// An institution.
    #[codec(index = 2)]
    Hospital,
    /// Keeps content keys for patients and hands them out as policies say.
    #[codec(index = 3)]
    Custodian,
}

/// How an account is related to a patient.
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
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum RelationKind {
    /// Mother or father.
    #[codec(index = 0)]
    Parent,
    /// Husband, wife or partner.
    #[codec(index = 1)]
    Partner,
    /// Daughter or son.
    #[codec(index = 2)]
    Child,
    /// Sister or brother.
    #[codec(index = 3)]
    Sibling,
    /// Anybody else whom the patient names.
    #[codec(index = 4)]
    Other,
    /// Legal guardian: reviews emergency access in the patient's place.
    #[codec(index = 5)]
    Guardian,
}

/// How somebody is related to a patient.
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
pub struct Relation {
    /// The kind of relation.
    pub kind: RelationKind,
    /// Whether to turn to them in an emergency: they may break the glass.
    pub emergency_contact: bool,
}

/// What somebody wants to see a record for. The indices are part of the
/// interface of policy contracts.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Purpose {
    /// To treat the patient.
    #[codec(index = 0)]
    Treatment,
    /// To give a second opinion.
    #[codec(index = 1)]
    SecondOpinion,
    /// For research.
    #[codec(index = 2)]
    Research,
    /// To bill or reimburse.
    #[codec(index = 3)]
    Billing,
    /// For something else.
    #[codec(index = 4)]
    Other,
}

impl Purpose {
    /// Every purpose, in the order of their indices.
    pub const ALL: [Purpose; 5] = [
        Purpose::Treatment,
        Purpose::SecondOpinion,
        Purpose::Research,
        Purpose::Billing,
        Purpose::Other,
    ];
}

/// Why somebody breaks the glass. A code, never words: what stands on chain
/// says nothing about a patient's health.
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
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum EmergencyReason {
    /// The patient cannot be asked.
    #[codec(index = 0)]
    CannotConsent,
    /// Waiting for consent would endanger the patient's life.
    #[codec(index = 1)]
    LifeThreatening,
    /// Many are hurt at once.
    #[codec(index = 2)]
    MassCasualty,
    /// Another emergency, to be explained to the patient at the review.
    #[codec(index = 3)]
    Other,
}

/// The number of a break-glass access: the first is 0.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct EmergencyId(pub u64);

impl core::fmt::Display for EmergencyId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}
