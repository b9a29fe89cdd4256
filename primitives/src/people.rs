//! Providers' roles and patients' relatives.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{names::named_enum, InstitutionId};

/// Maximum length of an institution's name, in bytes.
pub const MAX_INSTITUTION_NAME: u32 = 64;

/// The number of members from which on the ethics committee judges emergencies.
///
/// With fewer, the council does: of two, each could stop every judgement, and one would judge alone.
pub const MIN_ETHICS_MEMBERS: u32 = 3;

/// The name of an institution, in UTF-8.
pub type InstitutionName = BoundedVec<u8, ConstU32<MAX_INSTITUTION_NAME>>;

named_enum! {
    /// The role that an institution's registrar gave a provider.
    pub enum Role is "a role" {
        /// Takes X-rays, and may add records where the policy allows it.
        LabTechnician = 0 => "lab-technician",
        /// Treats patients.
        Clinician = 1 => "clinician",
        /// An institution.
        Hospital = 2 => "hospital",
        /// Keeps content keys for patients and releases them as policies say.
        Custodian = 3 => "custodian",
    }
}

named_enum! {
    /// How an account is related to a patient.
    pub enum RelationKind is "a relation" {
        /// Mother or father.
        Parent = 0 => "parent",
        /// Husband, wife or partner.
        Partner = 1 => "partner",
        /// Daughter or son.
        Child = 2 => "child",
        /// Sister or brother.
        Sibling = 3 => "sibling",
        /// Another relation.
        Other = 4 => "other",
        /// Legal guardian, who reviews emergency access in the patient's place.
        Guardian = 5 => "guardian",
    }
}

/// The institution that appointed a provider, and until when.
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
    replace_segment("people", "types")
)]
pub struct Appointment<BlockNumber> {
    /// The institution.
    pub institution: InstitutionId,
    /// The last block of the term.
    pub until: BlockNumber,
}

/// What a patient stated about a relative.
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
    replace_segment("people", "types")
)]
pub struct Relation {
    /// The kind of relation.
    pub kind: RelationKind,
    /// Whether the relative is an emergency contact, and may break the glass.
    pub emergency_contact: bool,
}
