//! Codes of external code systems, with their display texts.

use serde_json::{json, Value};

use crate::{Entry, Kind};

/// The code system of the kinds of entries.
pub const OWN: &str = "urn:medchain:audit";

/// A code of a code system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// The code system's URI.
    pub system: &'static str,
    /// The code.
    pub code: &'static str,
    /// The display text; empty where the system has none.
    pub display: &'static str,
}

impl Coding {
    const fn of(system: &'static str, code: &'static str, display: &'static str) -> Self {
        Self { system, code, display }
    }

    /// The code of an entry's kind.
    pub fn kind(kind: Kind) -> Self {
        Self::of(OWN, kind.name(), "")
    }

    /// The code as FHIR's Coding.
    pub fn json(&self) -> Value {
        match self.display {
            "" => json!({ "system": self.system, "code": self.code }),
            display => json!({ "system": self.system, "code": self.code, "display": display }),
        }
    }

    /// The code as FHIR's CodeableConcept.
    pub fn concept(&self) -> Value {
        json!({ "coding": [self.json()] })
    }
}

const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const REST: &str = "http://hl7.org/fhir/restful-interaction";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const ROLE_CLASS: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";
const SECURITY_ROLE: &str = "http://terminology.hl7.org/CodeSystem/extra-security-role-type";
const SNOMED: &str = "http://snomed.info/sct";

// What happened.
pub const EXPORT: Coding = Coding::of(DICOM, "110106", "Export");
pub const ORDER_RECORD: Coding = Coding::of(DICOM, "110109", "Order Record");
pub const PATIENT_RECORD: Coding = Coding::of(DICOM, "110110", "Patient Record");
pub const SECURITY_ALERT: Coding = Coding::of(DICOM, "110113", "Security Alert");
pub const OVERRIDE_STARTED: Coding = Coding::of(DICOM, "110127", "Emergency Override Started");
pub const OVERRIDE_STOPPED: Coding = Coding::of(DICOM, "110138", "Emergency Override Stopped");
pub const CONFIGURATION: Coding = Coding::of(DICOM, "110129", "Security Configuration");
pub const OBJECT_SECURITY: Coding =
    Coding::of(DICOM, "110135", "Object Security Attributes Changed");
pub const SECURITY_ROLES: Coding = Coding::of(DICOM, "110136", "Security Roles Changed");
pub const USER_SECURITY: Coding = Coding::of(DICOM, "110137", "User security Attributes Changed");
pub const CREATE: Coding = Coding::of(REST, "create", "create");
pub const UPDATE: Coding = Coding::of(REST, "update", "update");
pub const DELETE: Coding = Coding::of(REST, "delete", "delete");
pub const DISCLOSE: Coding = Coding::of(
    "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle",
    "disclose",
    "Disclose Record Lifecycle Event",
);
pub const BY_CONSENT: Coding = Coding::of(
    "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType",
    "AuthZ-Consent",
    "Authorization Decision using Roles and Consent",
);

// Who took part.
pub const APPLICATION: Coding = Coding::of(DICOM, "110150", "Application");
pub const DESTINATION: Coding = Coding::of(DICOM, "110152", "Destination Role ID");
pub const SOURCE: Coding = Coding::of(DICOM, "110153", "Source Role ID");
pub const AUTHOR: Coding = Coding::of(PARTICIPATION, "AUT", "author (originator)");
pub const RECIPIENT: Coding = Coding::of(PARTICIPATION, "IRCP", "information recipient");
pub const PROVIDER: Coding = Coding::of(ROLE_CLASS, "PROV", "healthcare provider");
pub const PATIENT: Coding = Coding::of(ROLE_CLASS, "PAT", "patient");
pub const AUTHORIZATION_SERVER: Coding =
    Coding::of(SECURITY_ROLE, "authserver", "authorization server");
pub const RECORD_KEEPER: Coding = Coding::of(SNOMED, "159541003", "Record keeping/library clerk");
pub const PATIENT_ADVOCATE: Coding = Coding::of(SNOMED, "429577009", "Patient Advocate");
pub const APPLICATION_SERVER: Coding = Coding::of(
    "http://terminology.hl7.org/CodeSystem/security-source-type",
    "4",
    "Application Server",
);

// What it is about.
pub const PERSON: Coding = Coding::of(ENTITY_TYPE, "1", "Person");
pub const SYSTEM_OBJECT: Coding = Coding::of(ENTITY_TYPE, "2", "System Object");
pub const CONSENT: Coding = Coding::of("http://hl7.org/fhir/resource-types", "Consent", "Consent");
pub const PATIENT_ROLE: Coding = Coding::of(ROLE, "1", "Patient");
pub const REPORT: Coding = Coding::of(ROLE, "3", "Report");

// What for.
const TREATMENT: Coding = Coding::of(REASON, "TREAT", "treatment");
const RESEARCH: Coding = Coding::of(REASON, "HRESCH", "healthcare research");
const PAYMENT: Coding = Coding::of(REASON, "HPAYMT", "healthcare payment");
const BREAK_THE_GLASS: Coding = Coding::of(REASON, "BTG", "break the glass");
const EMERGENCY_TREATMENT: Coding = Coding::of(REASON, "ETREAT", "Emergency Treatment");

/// The purposes of an entry as CodeableConcepts; empty where the chain knows none.
pub fn purposes(entry: &Entry) -> Vec<Value> {
    if entry.kind == Kind::GlassBroken || entry.details.contains_key("emergency_id") {
        return vec![BREAK_THE_GLASS.concept(), EMERGENCY_TREATMENT.concept()];
    }
    let Some(purpose) = entry.detail("purpose") else {
        return Vec::new();
    };
    let coding = match purpose {
        "treatment" | "second_opinion" => Some(TREATMENT),
        "research" => Some(RESEARCH),
        "billing" => Some(PAYMENT),
        _ => None,
    };
    let mut concept = json!({ "text": purpose });
    if let Some(coding) = coding {
        concept["coding"] = json!([coding.json()]);
    }
    vec![concept]
}
