//! The entities of an AuditEvent: the patient, the record, the policy.

use serde_json::{json, Value};

use super::{codes::*, naming::Naming, pattern::Shape};
use crate::Entry;

/// The details that other parts of the resource contain.
const SAID_ELSEWHERE: [&str; 4] = ["policy", "purpose", "custodian", "explanation"];

/// The entities of an entry; the last one has the details.
pub fn entities(entry: &Entry, shape: Shape, patient: &str, naming: &Naming) -> Vec<Value> {
    let mut entities = vec![json!({
        "what": naming.patient(patient),
        "type": PERSON.json(),
        "role": PATIENT_ROLE.json()
    })];
    let policy = entry.detail("policy");
    if shape == Shape::Decision {
        entities.push(consent(policy, naming));
    } else {
        if let Some(policy) = policy {
            entities.push(consent(Some(policy), naming));
        }
        if let Some(record) = entry.record_id {
            entities.push(json!({
                "what": naming.reference("DocumentReference", "record", &record),
                "type": SYSTEM_OBJECT.json(),
                "role": REPORT.json()
            }));
        }
    }
    let details = details(entry, shape);
    if let Some(last) = entities.last_mut().filter(|_| !details.is_empty()) {
        last["detail"] = details.into();
    }
    entities
}

/// The contract that decided.
fn consent(policy: Option<&str>, naming: &Naming) -> Value {
    const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
    let what = match policy {
        Some(policy) => naming.reference("Consent", "", &policy),
        // There was no policy to ask, or the event does not name it.
        None => json!({ "extension": [{ "url": ABSENT, "valueCode": "unknown" }] }),
    };
    json!({ "what": what, "type": CONSENT.json() })
}

fn details(entry: &Entry, shape: Shape) -> Vec<Value> {
    let mut details = Vec::new();
    let mut say = |name: &str, value: String| {
        details.push(json!({ "type": name, "valueString": value }));
    };
    // The profile has no place for the record beside the consent.
    if let Some(record) = entry.record_id.filter(|_| shape == Shape::Decision) {
        say("record_id", record.to_string());
    }
    say("block_number", entry.block_number.to_string());
    if let Some(extrinsic) = entry.extrinsic_index {
        say("extrinsic_index", extrinsic.to_string());
    }
    let rest = entry.details.iter().filter(|(name, _)| !SAID_ELSEWHERE.contains(&name.as_str()));
    for (name, value) in rest {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        };
        // FHIR has no empty texts.
        if !text.is_empty() {
            say(name, text);
        }
    }
    details
}
