//! The agents of an AuditEvent.

use serde_json::{json, Value};

use super::{codes::*, naming::Naming, pattern::Shape};
use crate::{Entry, Kind};

/// The agents of an entry.
pub fn agents(entry: &Entry, shape: Shape, patient: &str, naming: &Naming) -> Vec<Value> {
    match shape {
        Shape::Decision => decision(entry, naming),
        Shape::Disclosure => disclosure(entry, patient, naming),
        Shape::Change => change(entry, patient, naming),
    }
}

fn agent(role: Coding, who: Value, requestor: bool) -> Value {
    let mut agent = json!({ "type": role.concept(), "requestor": requestor });
    agent["who"] = who;
    agent
}

/// Gives an agent the chain's address: the chain knows no other addresses.
fn on_the_chain(mut agent: Value, naming: &Naming) -> Value {
    const URI: &str = "5";
    agent["network"] = json!({ "address": naming.chain(), "type": URI });
    agent
}

/// An agent that a profile requires and the chain does not know.
fn unknown() -> Value {
    const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
    json!({ "extension": [{ "url": ABSENT, "valueCode": "unknown" }] })
}

/// The account that an entry is about, or an unknown one.
fn who(entry: &Entry, naming: &Naming) -> Value {
    entry.who.as_deref().map_or_else(unknown, |who| naming.account(who))
}

fn decision(entry: &Entry, naming: &Naming) -> Vec<Value> {
    let mut user = agent(RECIPIENT, who(entry, naming), true);
    let purposes = purposes(entry);
    if !purposes.is_empty() {
        user["purposeOfUse"] = purposes.into();
    }
    vec![
        on_the_chain(agent(APPLICATION, unknown(), false), naming),
        user,
        agent(PROVIDER, unknown(), false),
        agent(AUTHORIZATION_SERVER, naming.observer(), false),
    ]
}

fn disclosure(entry: &Entry, patient: &str, naming: &Naming) -> Vec<Value> {
    let signer = entry.signer.as_deref();
    let asked_for = |account: Option<&str>| account.is_some() && account == signer;
    let reader = entry.who.as_deref();
    let mut agents = vec![
        on_the_chain(agent(SOURCE, naming.observer(), signer.is_none()), naming),
        on_the_chain(agent(DESTINATION, who(entry, naming), asked_for(reader)), naming),
    ];
    let custodian = entry.detail("custodian");
    if let Some(custodian) = custodian {
        let requestor = asked_for(Some(custodian));
        agents.push(agent(RECORD_KEEPER, naming.account(custodian), requestor));
    }
    if signer == Some(patient) {
        agents.push(agent(PATIENT_ADVOCATE, naming.patient(patient), true));
    } else if let Some(signer) = signer.filter(|_| signer != reader && signer != custodian) {
        agents.push(agent(AUTHOR, naming.account(signer), true));
    }
    agents
}

fn change(entry: &Entry, patient: &str, naming: &Naming) -> Vec<Value> {
    let signer = entry.signer.as_deref();
    let mut agents = Vec::new();
    if let Some(who) = entry.who.as_deref() {
        let reference = if who == patient { naming.patient(who) } else { naming.account(who) };
        agents.push(agent(role(entry, who == patient), reference, signer == Some(who)));
    }
    if let Some(signer) = signer.filter(|_| signer != entry.who.as_deref()) {
        let role = if signer == patient { PATIENT } else { AUTHOR };
        let reference =
            if signer == patient { naming.patient(signer) } else { naming.account(signer) };
        agents.push(agent(role, reference, true));
    }
    // What nobody signed, the chain did itself.
    let chain = agent(DESTINATION, naming.observer(), signer.is_none());
    agents.push(on_the_chain(chain, naming));
    agents
}

fn role(entry: &Entry, is_patient: bool) -> Coding {
    match entry.kind {
        _ if is_patient => PATIENT,
        Kind::GlassBroken
        | Kind::EmergencyAccess
        | Kind::WorkerAccess
        | Kind::AccessEnded
        | Kind::EmergencyEscalated
        | Kind::EmergencyJudged
        | Kind::EmergencyVoided
        | Kind::EmergencyClosed
        | Kind::EnvelopeRemoved
        | Kind::EnvelopeWithdrawn
        | Kind::PolicyGranted
        | Kind::PolicyRevoked => RECIPIENT,
        _ => AUTHOR,
    }
}
