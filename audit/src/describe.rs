//! What a chain event says: kind, account, record and details.

use medchain_primitives::{ActionSet, EmergencyId, PurposeSet, RecordId, RequestId};
use serde_json::{json, Map, Value};

use crate::{
    words::{account, accounts, denied, failed, hex, maybe, word},
    AccountId32, ChainEvent, Kind, PolicyEvent, H256,
};

/// What it means that a share was exposed.
const EXPOSED: &str =
    "holds a share although access was refused or over, or the custodian had lost its role";

/// An event, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The entry's kind.
    pub kind: Kind,
    /// The patient, where the event names one.
    pub patient: Option<AccountId32>,
    /// The account that acted, or whose access it is about.
    pub who: Option<AccountId32>,
    /// The record.
    pub record: Option<RecordId>,
    /// The request for a verdict, which leads to the patient where the event names
    /// neither patient nor record.
    pub request: Option<RequestId>,
    /// Further details, named as in docs/audit.md.
    pub details: Map<String, Value>,
}

impl Said {
    fn new(kind: Kind) -> Self {
        let details = Map::new();
        Self { kind, patient: None, who: None, record: None, request: None, details }
    }

    fn of(self, patient: &AccountId32) -> Self {
        Self { patient: Some(*patient), ..self }
    }

    fn by(self, who: &AccountId32) -> Self {
        Self { who: Some(*who), ..self }
    }

    fn on(self, record: RecordId) -> Self {
        Self { record: Some(record), ..self }
    }

    fn about(self, request: RequestId) -> Self {
        Self { request: Some(request), ..self.with("request_id", request.0) }
    }

    /// Adds a detail.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// Describes a pallet's event; none where it is about no records.
pub fn event<F>(event: &ChainEvent<F>) -> Option<Said> {
    setting(event).or_else(|| record(event)).or_else(|| access(event)).or_else(|| inference(event))
}

/// An entry of a log of which this program knows no more than its place.
pub fn unknown<F>(event: &ChainEvent<F>, bytes: &[u8]) -> Said {
    let said = Said::new(Kind::Unknown).with("event", hex(bytes));
    match event {
        ChainEvent::Other { pallet, name } => said.with("name", format!("{pallet}.{name}")),
        _ => said,
    }
}

/// Settings of a patient.
fn setting<F>(event: &ChainEvent<F>) -> Option<Said> {
    use ChainEvent as E;
    Some(match event {
        E::PatientRegistered { patient } => {
            Said::new(Kind::PatientRegistered).of(patient).by(patient)
        }
        E::PatientDeregistered { patient } => {
            Said::new(Kind::PatientDeregistered).of(patient).by(patient)
        }
        E::ProfileUpdated { patient } => Said::new(Kind::ProfileUpdated).of(patient).by(patient),
        // The event does not name the caretaker, who signs.
        E::ProfileByCaretaker { patient } => Said::new(Kind::ProfileByCaretaker).of(patient),
        E::ProfileRemoved { patient } => Said::new(Kind::ProfileRemoved).of(patient).by(patient),
        // Other accounts publish keys too; their entries concern no patient.
        E::EncryptionKeySet { account, .. } => {
            Said::new(Kind::EncryptionKeySet).of(account).by(account)
        }
        E::EncryptionKeyRemoved { account } => {
            Said::new(Kind::EncryptionKeyRemoved).of(account).by(account)
        }
        E::PolicySet { patient, old, new } => Said::new(Kind::PolicySet)
            .of(patient)
            .by(patient)
            .with("policy", maybe(new.as_ref()))
            .with("old_policy", maybe(old.as_ref())),
        E::CustodiansSet { patient, old, new, threshold } => Said::new(Kind::CustodiansSet)
            .of(patient)
            .by(patient)
            .with("custodians", accounts(new.as_deref().unwrap_or_default()))
            .with("old_custodians", accounts(old.as_deref().unwrap_or_default()))
            .with("threshold", *threshold),
        E::DeclinedSet { custodian, patient, declined } => {
            Said::new(Kind::CustodianDeclined).of(patient).by(custodian).with("declined", *declined)
        }
        E::EmergencyAccessSet { patient, allowed } => {
            Said::new(Kind::EmergencyAccessSet).of(patient).by(patient).with("allowed", *allowed)
        }
        E::RelationSet { patient, relative, .. } => {
            Said::new(Kind::RelationSet).of(patient).by(patient).with("relative", account(relative))
        }
        E::RelationRemoved { patient, relative } => Said::new(Kind::RelationRemoved)
            .of(patient)
            .by(patient)
            .with("relative", account(relative)),
        _ => return None,
    })
}

/// Changes of records and their keys.
fn record<F>(event: &ChainEvent<F>) -> Option<Said> {
    use ChainEvent as E;
    Some(match event {
        E::RecordAdded { record, patient, author, cid, kind } => Said::new(Kind::RecordAdded)
            .of(patient)
            .by(author)
            .on(*record)
            .with("record_kind", word(kind))
            .with("cid", cid.to_string()),
        E::RecordAmended { record, previous, patient, author, cid } => {
            Said::new(Kind::RecordAmended)
                .of(patient)
                .by(author)
                .on(*record)
                .with("previous_record_id", previous.0)
                .with("cid", cid.to_string())
        }
        // The event does not name the caretaker, who signs.
        E::RecordByCaretaker { record, patient } => {
            Said::new(Kind::RecordByCaretaker).of(patient).on(*record)
        }
        E::RecordRestored { record, replaced, patient } => Said::new(Kind::RecordRestored)
            .of(patient)
            .by(patient)
            .on(*record)
            .with("replaced_record_id", replaced.0),
        E::RecordErased { record, patient } => {
            Said::new(Kind::RecordErased).of(patient).by(patient).on(*record)
        }
        E::RecordEntrusted { record, patient, custodians, threshold } => {
            Said::new(Kind::RecordEntrusted)
                .of(patient)
                .on(*record)
                .with("custodians", accounts(custodians))
                .with("threshold", *threshold)
        }
        E::EnvelopeAdded { record, reader } => {
            Said::new(Kind::EnvelopeAdded).by(reader).on(*record)
        }
        E::EnvelopeRemoved { record, reader } => {
            Said::new(Kind::EnvelopeRemoved).by(reader).on(*record)
        }
        E::EnvelopeWithdrawn { record, reader, depositor } => Said::new(Kind::EnvelopeWithdrawn)
            .by(reader)
            .on(*record)
            .with("depositor", account(depositor)),
        _ => return None,
    })
}

/// Access granted, denied, taken and ended.
fn access<F>(event: &ChainEvent<F>) -> Option<Said> {
    use ChainEvent as E;
    Some(match event {
        E::AccessChecked { patient, subject, record, action, policy } => {
            let said = Said::new(Kind::AccessChecked).of(patient).by(subject);
            let said = Said { record: *record, ..said };
            said.with("action", word(action)).with("policy", maybe(policy.as_ref()))
        }
        E::AccessGranted { record, patient, subject, purpose, until } => {
            Said::new(Kind::AccessGranted)
                .of(patient)
                .by(subject)
                .on(*record)
                .with("purpose", word(purpose))
                .with("until_block", *until)
        }
        E::AccessDenied { record, patient, subject, purpose, reason } => {
            Said::new(Kind::AccessDenied)
                .of(patient)
                .by(subject)
                .on(*record)
                .with("purpose", word(purpose))
                .with("reason", denied(*reason))
                .with("explanation", reason.to_string())
        }
        E::ShareDelivered { record, patient, subject, custodian, delivered, threshold } => {
            Said::new(Kind::ShareDelivered)
                .of(patient)
                .by(subject)
                .on(*record)
                .with("custodian", account(custodian))
                .with("shares_delivered", *delivered)
                .with("threshold", *threshold)
        }
        E::ShareExposed { record, patient, subject, custodian } => Said::new(Kind::ShareExposed)
            .of(patient)
            .by(subject)
            .on(*record)
            .with("custodian", account(custodian))
            .with("explanation", EXPOSED),
        E::RecordBarred { record, patient, subject } => {
            Said::new(Kind::RecordBarred).of(patient).by(subject).on(*record)
        }
        E::AccessEnded { record, patient, subject, reason } => Said::new(Kind::AccessEnded)
            .of(patient)
            .by(subject)
            .on(*record)
            .with("reason", word(reason)),
        E::WorkerAccess { request, record, patient, worker, until } => {
            Said::new(Kind::WorkerAccess)
                .of(patient)
                .by(worker)
                .on(*record)
                .about(*request)
                .with("until_block", *until)
        }
        other => return emergency(other),
    })
}

/// Emergencies, from the broken glass to the end of the review.
fn emergency<F>(event: &ChainEvent<F>) -> Option<Said> {
    use ChainEvent as E;
    let of = |kind, emergency: &EmergencyId, patient, who| {
        Said::new(kind).of(patient).by(who).with("emergency_id", emergency.0)
    };
    Some(match event {
        E::GlassBroken { emergency, patient, subject, reason, until, review_until } => {
            of(Kind::GlassBroken, emergency, patient, subject)
                .with("reason", word(reason))
                .with("until_block", *until)
                .with("review_until_block", *review_until)
        }
        E::EmergencyAccess { emergency, record, patient, subject, until } => {
            of(Kind::EmergencyAccess, emergency, patient, subject)
                .on(*record)
                .with("until_block", *until)
        }
        E::EmergencyEndorsed { emergency, patient, subject, by } => {
            of(Kind::EmergencyEndorsed, emergency, patient, by).with("subject", account(subject))
        }
        E::EmergencyReviewed { emergency, patient, subject, reviewer, accepted, bond } => {
            of(Kind::EmergencyReviewed, emergency, patient, reviewer)
                .with("subject", account(subject))
                .with("accepted", *accepted)
                .with("bond", bond.to_string())
        }
        E::EmergencyEscalated { emergency, patient, subject, judge_until } => {
            of(Kind::EmergencyEscalated, emergency, patient, subject)
                .with("judge_until_block", *judge_until)
        }
        E::EmergencyJudged { emergency, patient, subject, accepted, bond } => {
            of(Kind::EmergencyJudged, emergency, patient, subject)
                .with("accepted", *accepted)
                .with("bond", bond.to_string())
        }
        E::EmergencyVoided { emergency, patient, subject, bond } => {
            of(Kind::EmergencyVoided, emergency, patient, subject).with("bond", bond.to_string())
        }
        E::EmergencyClosed { emergency, patient, subject, bond, burned } => {
            of(Kind::EmergencyClosed, emergency, patient, subject)
                .with("bond", bond.to_string())
                .with("burned", *burned)
        }
        _ => return None,
    })
}

/// Requests for verdicts. What a verdict says is left out: it is health data, also where the
/// patient made it public.
fn inference<F>(event: &ChainEvent<F>) -> Option<Said> {
    use ChainEvent as E;
    Some(match event {
        E::InferenceRequested { request, record, patient, model, requester, quorum, .. } => {
            Said::new(Kind::InferenceRequested)
                .of(patient)
                .by(requester)
                .on(*record)
                .about(*request)
                .with("model_id", model.0)
                .with("quorum", *quorum)
        }
        E::CancellationBegun { request, until } => {
            Said::new(Kind::CancellationBegun).about(*request).with("until_block", *until)
        }
        E::RequestCancelled { request } => Said::new(Kind::RequestCancelled).about(*request),
        E::RequestExpired { request } => Said::new(Kind::RequestExpired).about(*request),
        E::WorkersDrawn { request, record, workers, missing } => Said::new(Kind::WorkersDrawn)
            .on(*record)
            .about(*request)
            .with("workers", accounts(workers))
            .with("missing", *missing),
        E::RevealStarted { request, deadline } => {
            Said::new(Kind::RevealStarted).about(*request).with("deadline_block", *deadline)
        }
        E::AnswersAwaited { request, record, workers, deadline } => Said::new(Kind::AnswersAwaited)
            .on(*record)
            .about(*request)
            .with("workers", accounts(workers))
            .with("deadline_block", *deadline),
        E::DrawReopened { request, missing, deadline } => Said::new(Kind::DrawReopened)
            .about(*request)
            .with("missing", *missing)
            .with("deadline_block", *deadline),
        other => return answer(other).or_else(|| dispute(other)).or_else(|| worker(other)),
    })
}

/// Verdicts, and why there are none.
fn answer<F>(event: &ChainEvent<F>) -> Option<Said> {
    use ChainEvent as E;
    Some(match event {
        E::VerdictReached {
            request, record, model, workers, receipt, challengeable_until, ..
        } => Said::new(Kind::VerdictReached)
            .on(*record)
            .about(*request)
            .with("model_id", model.0)
            .with("workers", accounts(workers))
            .with("receipt", hex(receipt.0))
            .with("challengeable_until_block", *challengeable_until),
        E::AnswersDiffer { request, record, answers } => {
            let workers: Vec<AccountId32> = answers.iter().map(|(worker, _)| *worker).collect();
            Said::new(Kind::AnswersDiffer)
                .on(*record)
                .about(*request)
                .with("workers", accounts(&workers))
        }
        E::InferenceFailed { request, record, cause } => Said::new(Kind::InferenceFailed)
            .on(*record)
            .about(*request)
            .with("reason", failed(*cause)),
        E::VerdictDisclosed { request, record, model, .. } => {
            Said::new(Kind::VerdictDisclosed).on(*record).about(*request).with("model_id", model.0)
        }
        _ => return None,
    })
}

/// What becomes of answers that differ, and of a verdict that is challenged.
fn dispute<F>(event: &ChainEvent<F>) -> Option<Said> {
    use ChainEvent as E;
    Some(match event {
        E::DisputeStarted { request, players, deadline } => Said::new(Kind::DisputeStarted)
            .about(*request)
            .with("workers", accounts(players))
            .with("deadline_block", *deadline),
        E::MoveMade { request, player } => {
            Said::new(Kind::DisputeMoveMade).by(player).about(*request)
        }
        E::RoundStarted { request, deadline } => {
            Said::new(Kind::DisputeRoundStarted).about(*request).with("deadline_block", *deadline)
        }
        E::DisputeSettled { request, winner, losers, timed_out } => Said::new(Kind::DisputeSettled)
            .about(*request)
            .with("winner", maybe(winner.as_ref()))
            .with("losers", accounts(losers))
            .with("timed_out", *timed_out),
        E::DisputeAbandoned { request } => Said::new(Kind::DisputeAbandoned).about(*request),
        E::DisputeAnnulled { request, record } => {
            Said::new(Kind::DisputeAnnulled).on(*record).about(*request)
        }
        E::VerdictChallenged { request, record, challenger, .. } => {
            Said::new(Kind::VerdictChallenged).by(challenger).on(*record).about(*request)
        }
        E::VerdictUpheld { request, challengeable_until } => Said::new(Kind::VerdictUpheld)
            .about(*request)
            .with("challengeable_until_block", *challengeable_until),
        E::VerdictAnnulled { request, record, status } => Said::new(Kind::VerdictAnnulled)
            .on(*record)
            .about(*request)
            .with("status", status.map(word)),
        _ => return None,
    })
}

/// What one worker of a request did, or did not do.
fn worker<F>(event: &ChainEvent<F>) -> Option<Said> {
    use ChainEvent as E;
    Some(match event {
        E::AnswerCommitted { request, worker } => {
            Said::new(Kind::AnswerCommitted).by(worker).about(*request)
        }
        E::AnswerRevealed { request, worker } => {
            Said::new(Kind::AnswerRevealed).by(worker).about(*request)
        }
        E::AnswerNotKept { request, worker } => {
            Said::new(Kind::AnswerNotKept).by(worker).about(*request)
        }
        E::KeyCostRepaid { request, worker, amount } => Said::new(Kind::KeyCostRepaid)
            .by(worker)
            .about(*request)
            .with("amount", amount.to_string()),
        E::FailureReported { request, record, worker, code } => Said::new(Kind::FailureReported)
            .by(worker)
            .on(*record)
            .about(*request)
            .with("reason", word(code)),
        E::WorkerMissed { request, worker } => {
            Said::new(Kind::WorkerMissed).by(worker).about(*request)
        }
        E::WorkerSlashed { worker, request, reason, amount } => Said::new(Kind::WorkerSlashed)
            .by(worker)
            .about(*request)
            .with("reason", word(reason))
            .with("amount", amount.to_string()),
        _ => return None,
    })
}

/// Describes an event of the reference contract.
pub fn policy(contract: &AccountId32, event: &PolicyEvent) -> Said {
    use PolicyEvent as E;
    let said = match event {
        E::Granted { grantee, actions, until, purposes, by, .. } => Said::new(Kind::PolicyGranted)
            .by(grantee)
            .with("actions", action_words(*actions))
            .with("purposes", purpose_words(*purposes))
            .with("until_block", *until)
            .with("by", maybe(by.as_ref())),
        E::Revoked { grantee, by, .. } => {
            Said::new(Kind::PolicyRevoked).by(grantee).with("by", maybe(by.as_ref()))
        }
        E::RoleGranted { role, actions, until, purposes, .. } => Said::new(Kind::PolicyRoleGranted)
            .with("role", word(role))
            .with("actions", action_words(*actions))
            .with("purposes", purpose_words(*purposes))
            .with("until_block", *until),
        E::RoleRevoked { role, .. } => Said::new(Kind::PolicyRoleRevoked).with("role", word(role)),
        E::DelegateSet { delegate, actions, until, .. } => Said::new(Kind::PolicyDelegateSet)
            .by(delegate)
            .with("actions", actions.map(action_words))
            .with("until_block", *until),
        E::DelegateRemoved { delegate, .. } => Said::new(Kind::PolicyDelegateRemoved).by(delegate),
    };
    said.of(event.patient()).with("policy", account(contract))
}

/// Describes what a policy contract wrote into a patient's log: an event of the reference
/// contract, or something that only the contract's author can decode.
pub fn noted(patient: &AccountId32, contract: &AccountId32, entry: &[u8]) -> Said {
    let known = PolicyEvent::noted(patient, entry).map(|event| policy(contract, &event));
    match known {
        Some(said) => said.with("in_force", true),
        None => raw(contract, &[], entry, true).of(patient),
    }
}

/// Describes a contract's own event, which only its author can decode.
pub fn raw(contract: &AccountId32, topics: &[H256], data: &[u8], names_patient: bool) -> Said {
    let topics: Vec<String> = topics.iter().map(|topic| hex(topic.0)).collect();
    Said::new(Kind::PolicyEvent)
        .with("policy", account(contract))
        .with("topics", topics)
        .with("data", hex(data))
        .with("names_patient", names_patient)
}

/// Describes a change of the chain's default policy.
pub fn default_policy(old: Option<&AccountId32>, new: Option<&AccountId32>) -> Said {
    Said::new(Kind::DefaultPolicySet).with("policy", maybe(new)).with("old_policy", maybe(old))
}

fn action_words(actions: ActionSet) -> Value {
    actions.iter().map(word).collect()
}

/// The purposes; null for all.
fn purpose_words(purposes: Option<PurposeSet>) -> Value {
    purposes.map_or(json!(null), |set| set.iter().map(word).collect())
}
