//! The log as a FHIR R4 Bundle of AuditEvent resources.
//!
//! Source: FHIR 4.0.1, AuditEvent; IHE ITI Basic Audit Log Patterns (BALP) 1.1.4,
//! whose profiles `PrivacyDisclosure.Source` and `AuthZconsent` are claimed where they
//! fit. The mapping is in docs/audit.md.

mod agents;
mod codes;
mod entities;
mod naming;
mod pattern;

use serde_json::{json, Map, Value};

use crate::{Entry, Kind};
use codes::Coding;
use pattern::pattern;

pub use naming::Naming;

/// A bundle of one patient's entries, as of the `time` (RFC 3339) of the last block.
///
/// It contains neither names nor health data. Entries that may be about somebody else
/// are left out.
pub fn bundle(entries: &[Entry], patient: &str, naming: &Naming, time: &str) -> Value {
    let about = entries.iter().filter(|entry| entry.is_about_the_patient());
    let resources: Vec<Value> = about
        .map(|entry| {
            let place = format!("{}-{}", entry.block_number, entry.event_index);
            json!({
                "fullUrl": format!("{}:event:{place}", naming.chain()),
                "resource": audit_event(entry, patient, naming)
            })
        })
        .collect();
    let mut bundle = Map::new();
    bundle.insert("resourceType".into(), "Bundle".into());
    bundle.insert("type".into(), "collection".into());
    bundle.insert("timestamp".into(), time.into());
    // FHIR has no empty lists.
    if !resources.is_empty() {
        bundle.insert("entry".into(), resources.into());
    }
    bundle.into()
}

/// The same bundle as a file.
pub fn file(entries: &[Entry], patient: &str, naming: &Naming, time: &str) -> Vec<u8> {
    format!("{:#}", bundle(entries, patient, naming, time)).into_bytes()
}

/// One entry as an AuditEvent.
pub fn audit_event(entry: &Entry, patient: &str, naming: &Naming) -> Value {
    let pattern = pattern(entry);
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": format!("{}-{}", entry.block_number, entry.event_index),
        "meta": { "tag": [{ "system": codes::OWN, "code": entry.kind.name() }] },
        "type": pattern.what.json(),
        "subtype": pattern.subtypes.iter().map(Coding::json).collect::<Vec<_>>(),
        "action": pattern.action,
        "recorded": entry.time,
        "outcome": pattern.outcome,
        "agent": agents::agents(entry, pattern.shape, patient, naming),
        "source": {
            "observer": naming.observer(),
            "type": [codes::APPLICATION_SERVER.json()]
        },
        "entity": entities::entities(entry, pattern.shape, patient, naming)
    });
    if let Some(profile) = pattern.shape.profile() {
        event["meta"]["profile"] = json!([profile]);
    }
    if let Some(why) = outcome_words(entry) {
        event["outcomeDesc"] = why.into();
    }
    let purposes = codes::purposes(entry);
    if !purposes.is_empty() {
        event["purposeOfEvent"] = purposes.into();
    }
    event
}

/// Until when a verdict is provisional: one worker gave it.
fn provisional(entry: &Entry) -> Option<String> {
    let workers = entry.details.get("workers")?.as_array()?;
    let until = entry.details.get("challengeable_until_block")?.as_u64()?;
    let is_one = workers.len() == 1;
    is_one.then(|| format!("provisional until block {until}: the answer of one worker"))
}

/// Why something failed, how a review went, or what a verdict is worth.
fn outcome_words(entry: &Entry) -> Option<String> {
    let reason = |name| entry.detail(name).map(ToOwned::to_owned);
    match entry.kind {
        Kind::AccessDenied => reason("explanation"),
        Kind::FailureReported | Kind::InferenceFailed => reason("reason"),
        Kind::RequestExpired => Some("nobody moved it on in time".into()),
        Kind::WorkerMissed => Some("the worker did not answer in time".into()),
        Kind::AnswersDiffer => Some("the workers gave different answers".into()),
        Kind::VerdictReached => provisional(entry),
        Kind::VerdictChallenged => Some("another worker disputes the verdict".into()),
        Kind::VerdictAnnulled => Some(
            "the verdict was shown to be wrong, or the patient ended the dispute about it".into(),
        ),
        Kind::ShareExposed => reason("explanation"),
        Kind::EmergencyEndorsed => Some("accepted by a guardian".into()),
        Kind::EmergencyEscalated => Some("nobody reviewed it in time".into()),
        Kind::EmergencyVoided => Some("it ended before a share of a key was delivered".into()),
        Kind::EmergencyReviewed | Kind::EmergencyJudged => {
            let accepted = entry.details.get("accepted").and_then(Value::as_bool);
            accepted.map(|accepted| if accepted { "accepted" } else { "rejected" }.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
