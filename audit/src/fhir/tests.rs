//! Every kind of entry as an AuditEvent, held against BALP 1.1.4. That the
//! resources are FHIR R4 at all is checked by `tests/fhir`, on the example that
//! is made here.

use std::path::Path;

use serde_json::{json, Value};

use super::*;
use crate::tests::{gathered, of_kind, story, PATIENT};

const AUTHZ: &str =
    "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.AuthZconsent";
const DISCLOSURE: &str =
    "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source";
const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";

fn naming() -> Naming {
    Naming::new([0xab; 32])
}

fn built(entry: &Entry) -> Value {
    audit_event(entry, &PATIENT.to_string(), &naming())
}

fn made(kind: Kind) -> Value {
    built(&of_kind(&gathered(&story(), &[]), kind))
}

/// The agents of a type.
fn agents<'a>(event: &'a Value, system: &str, code: &str) -> Vec<&'a Value> {
    let is = |agent: &&Value| {
        let coding = &agent["type"]["coding"][0];
        coding["system"] == system && coding["code"] == code
    };
    event["agent"].as_array().unwrap().iter().filter(is).collect()
}

fn one<'a>(event: &'a Value, system: &str, code: &str) -> &'a Value {
    let found = agents(event, system, code);
    assert_eq!(found.len(), 1, "{code} in {event:#}");
    found[0]
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|coding| coding["code"].as_str()).collect()
}

fn purposes(event: &Value) -> Vec<&str> {
    let all = event["purposeOfEvent"].as_array();
    all.into_iter().flatten().filter_map(|one| one["coding"][0]["code"].as_str()).collect()
}

fn has_none(value: &Value, fields: &[&str]) {
    for field in fields {
        assert!(value.get(field).is_none(), "{field} in {value:#}");
    }
}

/// What every AuditEvent of R4 must have, and what BALP asks of those about a
/// patient.
fn check_every(event: &Value) {
    assert_eq!(event["resourceType"], "AuditEvent");
    has_none(event, &["modifierExtension"]);
    for field in ["system", "code"] {
        assert!(event["type"][field].is_string(), "{event:#}");
    }
    assert!(!codes(&event["subtype"]).is_empty(), "{event:#}");
    assert!(["C", "R", "U", "D", "E"].contains(&event["action"].as_str().unwrap()));
    assert!(["0", "4", "8"].contains(&event["outcome"].as_str().unwrap()));
    // An instant: date, time to the second or finer, and zone.
    let recorded = event["recorded"].as_str().unwrap();
    assert!(recorded.len() == 24 && &recorded[10..11] == "T" && recorded.ends_with('Z'));
    let agents = event["agent"].as_array().unwrap();
    assert!(agents.len() >= 2, "{event:#}");
    for agent in agents {
        assert!(agent["requestor"].is_boolean() && agent["who"].is_object(), "{agent:#}");
    }
    assert!(agents.iter().any(|agent| agent["requestor"] == true), "{event:#}");
    assert_eq!(event["source"]["observer"]["identifier"]["system"], "urn:medchain");
    let is_patient = |entity: &&Value| entity["type"]["code"] == "1";
    let entities = event["entity"].as_array().unwrap();
    let patients: Vec<&Value> = entities.iter().filter(is_patient).collect();
    assert_eq!(patients.len(), 1);
    assert_eq!(patients[0]["role"]["code"], "1");
    assert_eq!(patients[0]["what"]["type"], "Patient");
    assert_eq!(patients[0]["what"]["identifier"]["value"], PATIENT.to_string());
    // FHIR has no nulls; the names of some kinds have the letters.
    let text = event.to_string();
    assert!([":null", "[null", ",null"].iter().all(|null| !text.contains(null)), "{event:#}");
}

/// `IHE.BasicAudit.AuthZconsent`.
fn check_decision(event: &Value) {
    assert_eq!(
        event["type"],
        json!({"system": DCM, "code": "110113", "display": "Security Alert"})
    );
    assert_eq!(codes(&event["subtype"]), ["AuthZ-Consent"]);
    assert_eq!(event["action"], "E");
    assert_eq!(event["agent"].as_array().unwrap().len(), 4);
    let client = one(event, DCM, "110150");
    assert!(client["network"]["address"].is_string());
    has_none(client, &["role", "altId", "name", "location", "media", "purposeOfUse"]);
    let user = one(event, "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP");
    assert_eq!(user["requestor"], true);
    has_none(user, &["altId", "location", "media", "network"]);
    let organisation = one(event, "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV");
    assert_eq!(organisation["requestor"], false);
    has_none(organisation, &["role", "altId", "name", "location", "policy", "media", "network"]);
    let system = "http://terminology.hl7.org/CodeSystem/extra-security-role-type";
    let authorizer = one(event, system, "authserver");
    assert_eq!(authorizer["who"], event["source"]["observer"]);
    assert_eq!(authorizer["requestor"], false);
    has_none(
        authorizer,
        &["role", "altId", "name", "location", "policy", "media", "network", "purposeOfUse"],
    );
    // The slices of entities are closed: the patient and the consent, no other.
    assert_eq!(event["entity"].as_array().unwrap().len(), 2);
    let consent = &event["entity"][1];
    assert_eq!(consent["type"]["system"], "http://hl7.org/fhir/resource-types");
    assert_eq!(consent["type"]["code"], "Consent");
    assert!(consent["what"].is_object());
}

/// `IHE.BasicAudit.PrivacyDisclosure.Source`.
fn check_disclosure(event: &Value) {
    assert_eq!((&event["type"]["system"], &event["type"]["code"]), (&json!(DCM), &json!("110106")));
    assert!(codes(&event["subtype"]).contains(&"disclose"));
    assert_eq!(event["action"], "R");
    let source = one(event, DCM, "110153");
    assert_eq!(source["who"], event["source"]["observer"]);
    let recipient = one(event, DCM, "110152");
    for agent in [source, recipient] {
        assert_eq!(agent["network"]["type"], "5");
        assert!(agent["network"]["address"].is_string());
    }
    assert!(agents(event, "http://snomed.info/sct", "159541003").len() <= 1);
    assert!(agents(event, "http://snomed.info/sct", "429577009").len() <= 1);
    let entities = event["entity"].as_array().unwrap();
    assert!(entities.iter().any(|entity| entity["type"]["code"] == "2"), "{event:#}");
}

#[test]
fn every_kind_has_what_balp_requires() {
    for entry in gathered(&story(), &[]) {
        let event = built(&entry);
        check_every(&event);
        match event["meta"]["profile"][0].as_str() {
            Some(AUTHZ) => check_decision(&event),
            Some(DISCLOSURE) => check_disclosure(&event),
            Some(other) => panic!("{other}"),
            None => assert!(codes(&event["subtype"]).contains(&entry.kind.name())),
        }
    }
}

#[test]
fn a_denial_is_a_consent_decision_that_failed() {
    let event = made(Kind::AccessDenied);
    assert_eq!(event["meta"]["profile"], json!([AUTHZ]));
    assert_eq!(event["outcome"], "8");
    assert_eq!(event["outcomeDesc"], "the patient revoked the grant");
    assert_eq!(purposes(&event), ["HRESCH"]);
    assert_eq!(event["agent"][1]["purposeOfUse"], event["purposeOfEvent"]);
    let detail = event["entity"][1]["detail"].as_array().unwrap();
    assert!(detail.contains(&json!({"type": "record_id", "valueString": "3"})), "{event:#}");
    assert!(detail.contains(&json!({"type": "reason", "valueString": "grant_revoked"})));
}

#[test]
fn a_grant_is_a_consent_decision_and_a_delivery_is_a_disclosure() {
    let event = made(Kind::AccessGranted);
    assert_eq!(
        (&event["outcome"], event["meta"]["profile"][0].as_str()),
        (&json!("0"), Some(AUTHZ))
    );
    assert_eq!(event["purposeOfEvent"][0]["text"], "second_opinion");
    let event = made(Kind::ShareDelivered);
    assert_eq!(event["meta"]["profile"], json!([DISCLOSURE]));
    assert_eq!(purposes(&event), ["TREAT"]);
    // The custodian signed, and the reader did not.
    assert_eq!(one(&event, "http://snomed.info/sct", "159541003")["requestor"], true);
    assert_eq!(one(&event, DCM, "110152")["requestor"], false);
}

#[test]
fn an_exposed_share_is_a_disclosure_that_says_so() {
    let event = made(Kind::ShareExposed);
    assert_eq!(event["meta"]["profile"], json!([DISCLOSURE]));
    assert_eq!(codes(&event["subtype"]), ["disclose", "share_exposed"]);
    let words = event["outcomeDesc"].as_str().unwrap();
    assert!(words.contains("although access was refused"), "{words}");
    assert_eq!(one(&event, "http://snomed.info/sct", "159541003")["requestor"], true);
}

#[test]
fn breaking_the_glass_is_an_emergency_override() {
    let event = made(Kind::GlassBroken);
    assert_eq!(event["type"]["code"], "110113");
    assert_eq!(codes(&event["subtype"]), ["110127", "glass_broken"]);
    assert_eq!(purposes(&event), ["BTG", "ETREAT"]);
    assert_eq!(event["agent"][0]["requestor"], true);

    let entries = gathered(&story(), &[]);
    let emergency = |kind| built(entries.iter().rfind(|entry| entry.kind == kind).unwrap());
    assert_eq!(purposes(&emergency(Kind::ShareDelivered)), ["BTG", "ETREAT"]);
    assert_eq!(codes(&emergency(Kind::AccessEnded)["subtype"]), ["110138", "access_ended"]);
    assert_eq!(codes(&made(Kind::AccessEnded)["subtype"]), ["110137", "access_ended"]);
    // The override of each record, with the one that ends it.
    let opened = made(Kind::EmergencyAccess);
    assert_eq!(codes(&opened["subtype"]), ["110127", "emergency_access"]);
    assert_eq!(purposes(&opened), ["BTG", "ETREAT"]);
}

#[test]
fn a_review_names_the_reviewer_and_the_verdict() {
    let event = made(Kind::EmergencyReviewed);
    assert_eq!(event["outcomeDesc"], "rejected");
    assert_eq!(event["agent"][0]["who"], naming().patient(&PATIENT.to_string()));
    assert_eq!(event["agent"][0]["requestor"], true);
    let escalated = made(Kind::EmergencyEscalated);
    assert_eq!(escalated["agent"][0]["requestor"], false);
    assert_eq!(escalated["agent"][1]["who"], naming().observer());
    assert_eq!(escalated["agent"][1]["requestor"], true);
    assert_eq!(made(Kind::EmergencyEndorsed)["outcomeDesc"], "accepted by a guardian");
    let judged = made(Kind::EmergencyJudged);
    assert_eq!(judged["outcomeDesc"], "accepted");
    // The doctor is who it is about, and a member of the committee acted.
    assert_eq!(judged["agent"][0]["requestor"], false);
    assert_eq!(judged["agent"][1]["requestor"], true);
}

#[test]
fn an_erasure_is_a_deletion_of_the_record() {
    let event = made(Kind::RecordErased);
    assert_eq!((&event["type"]["code"], &event["action"]), (&json!("110110"), &json!("D")));
    assert_eq!(codes(&event["subtype"]), ["delete", "record_erased"]);
    let record = &event["entity"][1];
    assert_eq!(record["what"]["identifier"]["value"], "3");
    assert_eq!(record["role"]["code"], "3");
}

#[test]
fn an_open_failure_is_minor_and_a_closed_one_serious() {
    assert_eq!(made(Kind::FailureReported)["outcome"], "4");
    assert_eq!(made(Kind::WorkerMissed)["outcome"], "4");
    assert_eq!(made(Kind::InferenceFailed)["outcome"], "8");
    assert_eq!(made(Kind::AnswersDiffer)["outcome"], "4");
    assert_eq!(made(Kind::RequestExpired)["outcome"], "8");
    assert_eq!(made(Kind::VerdictReached)["outcome"], "0");
}

#[test]
fn a_verdict_that_does_not_count_is_no_success() {
    for (kind, outcome, words) in [
        (Kind::VerdictChallenged, "4", "another worker disputes"),
        (Kind::VerdictAnnulled, "8", "was shown to be wrong"),
    ] {
        let event = made(kind);
        assert_eq!((&event["type"]["code"], &event["action"]), (&json!("110110"), &json!("U")));
        assert_eq!(event["outcome"], outcome);
        assert!(event["outcomeDesc"].as_str().unwrap().contains(words), "{event:#}");
    }
    assert_eq!(made(Kind::VerdictUpheld)["outcome"], "0");
}

#[test]
fn the_answer_of_one_worker_is_called_provisional() {
    let several = of_kind(&gathered(&story(), &[]), Kind::VerdictReached);
    assert_eq!(built(&several).get("outcomeDesc"), None);
    let mut one = several;
    let workers = one.details.get_mut("workers").and_then(Value::as_array_mut);
    workers.unwrap().truncate(1);
    let words = "provisional until block 90: the answer of one worker";
    assert_eq!(built(&one)["outcomeDesc"], words);
}

#[test]
fn a_verdict_that_is_made_public_is_an_export_without_its_content() {
    let event = made(Kind::VerdictDisclosed);
    assert_eq!((&event["type"]["code"], &event["action"]), (&json!("110106"), &json!("R")));
    assert_eq!(codes(&event["subtype"]), ["disclose", "verdict_disclosed"]);
    assert_eq!(event["meta"]["profile"], Value::Null);
    assert!(!event.to_string().contains("covid"), "{event:#}");
}

#[test]
fn a_bundle_leaves_out_what_may_be_about_others() {
    let mut entries = gathered(&story(), &[]);
    let all = bundle(&entries, &PATIENT.to_string(), &naming(), "2026-01-02T03:04:05.678Z");
    assert_eq!(all["entry"].as_array().unwrap().len(), entries.len());
    entries.retain(|entry| entry.kind == Kind::PolicyEvent);
    entries[0].details.insert("names_patient".into(), false.into());
    let none = bundle(&entries, &PATIENT.to_string(), &naming(), "2026-01-02T03:04:05.678Z");
    assert_eq!(none.get("entry"), None);
    assert_eq!((&none["resourceType"], &none["type"]), (&json!("Bundle"), &json!("collection")));
}

#[test]
fn the_example_for_the_validator_is_what_is_built() {
    let entries = gathered(&story(), &[]);
    let built = bundle(&entries, &PATIENT.to_string(), &naming(), "2026-01-02T03:04:05.678Z");
    // A line for each resource, so that a change shows where it is.
    let built = format!("{built}\n").replace("{\"fullUrl\"", "\n{\"fullUrl\"");
    // Asked at run time: checkouts may share what was compiled, and this test writes.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let path = Path::new(&own).join("../tests/fhir/example.json");
    if std::env::var_os("MEDCHAIN_UPDATE_FHIR").is_some() {
        std::fs::write(&path, &built).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == built,
        "the FHIR export changed: run this test with MEDCHAIN_UPDATE_FHIR=1 and commit the example"
    );
}
