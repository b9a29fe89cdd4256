//! The pattern of an AuditEvent that a kind of entry follows.

use super::codes::*;
use crate::{Entry, Kind};

/// The agents and entities that a resource has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The policy was asked: BALP's `AuthZconsent`.
    Decision,
    /// A reader got a key: BALP's `PrivacyDisclosure.Source`.
    Disclosure,
    /// Anything else; no profile is claimed.
    Change,
}

impl Shape {
    /// The profile that the resource claims.
    pub fn profile(self) -> Option<&'static str> {
        match self {
            Self::Decision => Some(
                "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.AuthZconsent",
            ),
            Self::Disclosure => Some(
                "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source",
            ),
            Self::Change => None,
        }
    }
}

/// The codes of an AuditEvent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Which agents and entities it has.
    pub shape: Shape,
    /// The type.
    pub what: Coding,
    /// The subtypes.
    pub subtypes: Vec<Coding>,
    /// Create, read, update, delete or execute.
    pub action: &'static str,
    /// 0 success, 4 minor failure, 8 serious failure.
    pub outcome: &'static str,
}

const SUCCESS: &str = "0";
/// Another attempt may still succeed.
const MINOR_FAILURE: &str = "4";
/// No other attempt follows.
const SERIOUS_FAILURE: &str = "8";

/// The pattern of an entry.
pub fn pattern(entry: &Entry) -> Pattern {
    let kind = entry.kind;
    let outcome = match kind {
        Kind::AccessDenied
        | Kind::InferenceFailed
        | Kind::RequestExpired
        | Kind::VerdictAnnulled => SERIOUS_FAILURE,
        // A dispute follows the last two, which may still leave an answer.
        Kind::FailureReported
        | Kind::WorkerMissed
        | Kind::AnswersDiffer
        | Kind::VerdictChallenged => MINOR_FAILURE,
        _ => SUCCESS,
    };
    let (shape, what, subtype, action) = match kind {
        Kind::AccessChecked | Kind::AccessGranted | Kind::AccessDenied => {
            // The profile allows no other subtype.
            let subtypes = vec![BY_CONSENT];
            return Pattern {
                shape: Shape::Decision,
                what: SECURITY_ALERT,
                subtypes,
                action: "E",
                outcome,
            };
        }
        Kind::EnvelopeAdded | Kind::ShareDelivered | Kind::ShareExposed => {
            (Shape::Disclosure, EXPORT, Some(DISCLOSE), "R")
        }
        other => {
            let (what, subtype, action) = change(other, entry);
            (Shape::Change, what, subtype, action)
        }
    };
    let subtypes = subtype.into_iter().chain([Coding::kind(kind)]).collect();
    Pattern { shape, what, subtypes, action, outcome }
}

fn change(kind: Kind, entry: &Entry) -> (Coding, Option<Coding>, &'static str) {
    match kind {
        Kind::PatientRegistered
        | Kind::RecordAdded
        | Kind::VerdictReached => (PATIENT_RECORD, Some(CREATE), "C"),
        Kind::ProfileUpdated
        | Kind::ProfileByCaretaker
        | Kind::RecordAmended
        | Kind::RecordByCaretaker
        | Kind::RecordRestored
        | Kind::VerdictChallenged
        | Kind::VerdictUpheld
        | Kind::VerdictAnnulled => (PATIENT_RECORD, Some(UPDATE), "U"),
        Kind::RecordErased | Kind::ProfileRemoved | Kind::PatientDeregistered => (PATIENT_RECORD, Some(DELETE), "D"),
        Kind::InferenceRequested => (ORDER_RECORD, Some(CREATE), "C"),
        Kind::CancellationBegun
        | Kind::AnswerNotKept
        | Kind::KeyCostRepaid
        | Kind::RequestCancelled
        | Kind::RequestExpired
        | Kind::WorkersDrawn
        | Kind::AnswersAwaited
        | Kind::AnswerCommitted
        | Kind::RevealStarted
        | Kind::AnswerRevealed
        | Kind::AnswersDiffer
        | Kind::DisputeStarted
        | Kind::DisputeMoveMade
        | Kind::DisputeRoundStarted
        | Kind::DisputeSettled
        | Kind::DisputeAbandoned
        | Kind::DisputeAnnulled
        | Kind::FailureReported
        | Kind::WorkerMissed
        | Kind::WorkerSlashed
        | Kind::DrawReopened
        | Kind::InferenceFailed => (ORDER_RECORD, Some(UPDATE), "U"),
        // To everybody, so that BALP's disclosure to one reader does not fit.
        Kind::VerdictDisclosed => (EXPORT, Some(DISCLOSE), "R"),
        Kind::GlassBroken | Kind::EmergencyAccess => {
            (SECURITY_ALERT, Some(OVERRIDE_STARTED), "E")
        }
        Kind::AccessEnded if entry.details.contains_key("emergency_id") => {
            (SECURITY_ALERT, Some(OVERRIDE_STOPPED), "E")
        }
        // DICOM has no code for the review of an override.
        Kind::EmergencyEndorsed
        | Kind::EmergencyReviewed
        | Kind::EmergencyEscalated
        | Kind::EmergencyJudged
        | Kind::EmergencyVoided
        | Kind::EmergencyClosed => (SECURITY_ALERT, None, "E"),
        Kind::PolicySet
        | Kind::DefaultPolicySet
        | Kind::CustodiansSet
        | Kind::CustodianDeclined
        | Kind::EmergencyAccessSet
        | Kind::PolicyEvent
        | Kind::Unknown => (SECURITY_ALERT, Some(CONFIGURATION), "U"),
        Kind::RelationSet
        | Kind::RelationRemoved
        | Kind::PolicyRoleGranted
        | Kind::PolicyRoleRevoked => (SECURITY_ALERT, Some(SECURITY_ROLES), "U"),
        Kind::RecordEntrusted | Kind::EnvelopeRemoved | Kind::EnvelopeWithdrawn => {
            (SECURITY_ALERT, Some(OBJECT_SECURITY), "U")
        }
        Kind::EncryptionKeySet
        | Kind::EncryptionKeyRemoved
        | Kind::RecordBarred
        | Kind::WorkerAccess
        | Kind::AccessEnded
        | Kind::PolicyGranted
        | Kind::PolicyRevoked
        | Kind::PolicyDelegateSet
        | Kind::PolicyDelegateRemoved
        // Of another shape; see above.
        | Kind::AccessChecked
        | Kind::AccessGranted
        | Kind::AccessDenied
        | Kind::EnvelopeAdded
        | Kind::ShareDelivered
        | Kind::ShareExposed => (SECURITY_ALERT, Some(USER_SECURITY), "U"),
    }
}
