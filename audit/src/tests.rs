//! Events of every kind about one patient, and the log that they make.

use std::collections::BTreeSet;

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::Encode;
use medchain_primitives::{
    Action, ActionSet, Cid, CidCodec, Denied, DenyReason, EmergencyId, EmergencyReason,
    EncryptionKey, EndReason, FailureCause, FailureCode, ModelId, Purpose, PurposeSet, Receipt,
    RecordId, RecordKind, RequestId, SlashReason, VerdictStatus,
};
use serde_json::{json, Value};

use super::*;

/// No event of a log is about a call that failed.
type ChainEvent = crate::ChainEvent<()>;
type PastEvent = crate::PastEvent<()>;

/// A block with its events.
pub struct Block {
    number: u32,
    events: Vec<PastEvent>,
}

pub const PATIENT: AccountId32 = AccountId32([1; 32]);
const DOCTOR: AccountId32 = AccountId32([2; 32]);
const LAB: AccountId32 = AccountId32([3; 32]);
const CUSTODIAN: AccountId32 = AccountId32([4; 32]);
const POLICY: AccountId32 = AccountId32([5; 32]);
const OTHER: AccountId32 = AccountId32([6; 32]);
const WORKER: AccountId32 = AccountId32([7; 32]);
const GUARDIAN: AccountId32 = AccountId32([8; 32]);
const RECORD: RecordId = RecordId(3);
const EMERGENCY: EmergencyId = EmergencyId(8);

fn cid() -> Cid {
    Cid::new(CidCodec::Raw, [9; 32])
}

/// A transaction's events, with the one that names the signer.
fn signed(index: u32, signer: AccountId32, events: Vec<ChainEvent>) -> Vec<PastEvent> {
    let paid = ChainEvent::FeePaid { who: signer, fee: 1 };
    let all = events.into_iter().chain([paid]);
    all.map(|event| PastEvent { extrinsic: Some(index), event }).collect()
}

fn by_itself(event: ChainEvent) -> PastEvent {
    PastEvent { extrinsic: None, event }
}

fn block(number: u32, events: impl IntoIterator<Item = Vec<PastEvent>>) -> Block {
    Block { number, events: events.into_iter().flatten().collect() }
}

fn blake2_256(bytes: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(bytes).into()
}

/// An event of the reference contract's newest version.
fn emitted(contract: AccountId32, signature: &str, data: impl Encode) -> ChainEvent {
    let topics = vec![H256(blake2_256(signature.as_bytes())), H256([0; 32])];
    ChainEvent::ContractEmitted { contract, topics, data: data.encode() }
}

fn granted(contract: AccountId32, patient: AccountId32) -> ChainEvent {
    const SIGNATURE: &str =
        "Granted(AccountId,AccountId,ActionSet,Option<BlockNumber>,Option<PurposeSet>,AccountId)";
    let actions = ActionSet::of(&[Action::View]);
    let data = (patient, DOCTOR, actions, None::<u32>, Some(PurposeSet(1)), patient);
    emitted(contract, SIGNATURE, data)
}

/// What workers do about a request, and what becomes of it, all at once.
fn asked(request: RequestId, record: RecordId) -> Vec<ChainEvent> {
    use ChainEvent as E;
    let workers = vec![WORKER, OTHER];
    let sealed = vec![1; 50].try_into().unwrap_or_default();
    vec![
        E::WorkersDrawn { request, record, workers: workers.clone(), missing: 0 },
        E::WorkerAccess { request, record, patient: PATIENT, worker: WORKER, until: 30 },
        E::AnswersAwaited { request, record, workers: workers.clone(), deadline: 30 },
        E::FailureReported { request, record, worker: WORKER, code: FailureCode::Unavailable },
        E::DrawReopened { request, missing: 1, deadline: 40 },
        E::AnswerCommitted { request, worker: WORKER },
        E::RevealStarted { request, deadline: 35 },
        E::AnswerRevealed { request, worker: WORKER },
        E::WorkerMissed { request, worker: OTHER },
        E::WorkerSlashed { worker: OTHER, request, reason: SlashReason::Absent, amount: 5 },
        E::AnswersDiffer {
            request,
            record,
            answers: vec![(WORKER, sealed), (OTHER, Default::default())],
        },
        E::InferenceFailed { request, record, cause: FailureCause::TooFewWorkers },
        E::VerdictReached {
            request,
            record,
            model: ModelId(0),
            workers,
            sealed: Default::default(),
            receipt: Receipt([8; 32]),
            challengeable_until: 90,
        },
    ]
}

/// How a dispute about an answer or a verdict goes, in every way at once.
fn disputed(request: RequestId, record: RecordId) -> Vec<ChainEvent> {
    use ChainEvent as E;
    vec![
        E::VerdictChallenged { request, record, challenger: OTHER, sealed: Default::default() },
        E::DisputeStarted { request, players: [WORKER, OTHER], deadline: 50 },
        E::MoveMade { request, player: OTHER },
        E::RoundStarted { request, deadline: 60 },
        E::DisputeSettled { request, winner: Some(WORKER), losers: vec![OTHER], timed_out: true },
        E::DisputeAbandoned { request },
        E::DisputeAnnulled { request, record },
        E::VerdictUpheld { request, challengeable_until: 95 },
        E::VerdictAnnulled { request, record, status: Some(VerdictStatus::Annulled) },
    ]
}

fn disclosed(request: RequestId, record: RecordId) -> ChainEvent {
    ChainEvent::VerdictDisclosed {
        request,
        record,
        model: ModelId(0),
        label: "covid".into(),
        certain: true,
        probabilities: vec![("covid".into(), 1_000_000)],
    }
}

/// Events of every kind, about the patient.
pub fn story() -> Vec<Block> {
    use ChainEvent as E;
    let (patient, record, emergency) = (PATIENT, RECORD, EMERGENCY);
    let granted_access =
        |subject, purpose| E::AccessGranted { record, patient, subject, purpose, until: Some(400) };
    let delivered = |subject| E::ShareDelivered {
        record,
        patient,
        subject,
        custodian: CUSTODIAN,
        delivered: 1,
        threshold: 2,
    };
    let exposed = |subject| E::ShareExposed { record, patient, subject, custodian: CUSTODIAN };
    let ended = |subject, reason| E::AccessEnded { record, patient, subject, reason };
    let request = RequestId(11);
    vec![
        block(
            2,
            [
                signed(
                    1,
                    PATIENT,
                    vec![
                        E::PatientRegistered { patient },
                        E::EncryptionKeySet { account: PATIENT, key: EncryptionKey([1; 32]) },
                        E::ProfileUpdated { patient },
                        E::RelationSet { patient, relative: OTHER },
                        E::RelationRemoved { patient, relative: OTHER },
                        granted(POLICY, PATIENT),
                    ],
                ),
                signed(2, OTHER, vec![E::DefaultPolicySet { old: None, new: None }]),
            ],
        ),
        block(
            3,
            [signed(
                1,
                PATIENT,
                vec![
                    E::PolicySet { patient, old: None, new: Some(POLICY) },
                    E::CustodiansSet {
                        patient,
                        old: None,
                        new: Some(vec![CUSTODIAN, OTHER]),
                        threshold: 2,
                    },
                    E::DeclinedSet { custodian: CUSTODIAN, patient, declined: true },
                    E::EmergencyAccessSet { patient, allowed: true },
                    emitted(POLICY, "Revoked(AccountId,AccountId,AccountId)", (PATIENT, OTHER, PATIENT)),
                    emitted(
                        POLICY,
                        "RoleGranted(AccountId,Role,ActionSet,Option<BlockNumber>,Option<PurposeSet>)",
                        (PATIENT, 1u8, 1u8, Some(90u32), None::<u8>),
                    ),
                    emitted(POLICY, "RoleRevoked(AccountId,Role)", (PATIENT, 1u8)),
                    emitted(
                        POLICY,
                        "DelegateSet(AccountId,AccountId,ActionSet,Option<BlockNumber>)",
                        (PATIENT, OTHER, 1u8, None::<u32>),
                    ),
                    emitted(POLICY, "DelegateRemoved(AccountId,AccountId)", (PATIENT, OTHER)),
                    emitted(POLICY, "Paused()", PATIENT),
                ],
            )],
        ),
        block(
            4,
            [
                signed(
                    1,
                    LAB,
                    vec![
                        E::AccessChecked {
                            patient,
                            subject: LAB,
                            record: None,
                            action: Action::Append,
                            policy: Some(POLICY),
                        },
                        E::RecordAdded {
                            record,
                            patient,
                            author: LAB,
                            cid: cid(),
                            kind: RecordKind::ChestXray,
                        },
                        E::EnvelopeAdded { record, reader: PATIENT },
                        E::RecordEntrusted {
                            record,
                            patient,
                            custodians: vec![CUSTODIAN, OTHER],
                            threshold: 2,
                        },
                        E::InferenceRequested {
                            request,
                            record,
                            patient,
                            model: ModelId(0),
                            requester: LAB,
                            quorum: 2,
                            fee: 5,
                        },
                    ],
                ),
                signed(2, WORKER, asked(request, record)),
                signed(4, OTHER, disputed(request, record)),
                signed(5, PATIENT, vec![disclosed(request, record)]),
                signed(
                    6,
                    LAB,
                    vec![
                        E::CancellationBegun { request, until: 30 },
                        E::AnswerNotKept { request, worker: WORKER },
                        E::RequestCancelled { request },
                    ],
                ),
                vec![
                    by_itself(E::RequestExpired { request }),
                    by_itself(E::KeyCostRepaid { request, worker: WORKER, amount: 7 }),
                ],
            ],
        ),
        block(
            5,
            [
                signed(1, DOCTOR, vec![granted_access(DOCTOR, Purpose::SecondOpinion)]),
                signed(2, CUSTODIAN, vec![delivered(DOCTOR)]),
                signed(
                    3,
                    OTHER,
                    vec![E::AccessDenied {
                        record,
                        patient,
                        subject: OTHER,
                        purpose: Purpose::Research,
                        reason: Denied::Refused(DenyReason::Revoked),
                    }],
                ),
                vec![by_itself(ended(DOCTOR, EndReason::Expired))],
                signed(4, CUSTODIAN, vec![exposed(DOCTOR)]),
            ],
        ),
        block(
            6,
            [
                signed(
                    1,
                    DOCTOR,
                    vec![
                        E::GlassBroken {
                            emergency,
                            patient,
                            subject: DOCTOR,
                            reason: EmergencyReason::CannotConsent,
                            until: 50,
                            review_until: 900,
                        },
                        E::EmergencyAccess { emergency, record, patient, subject: DOCTOR, until: 50 },
                    ],
                ),
                signed(2, CUSTODIAN, vec![delivered(DOCTOR)]),
                signed(
                    3,
                    PATIENT,
                    vec![
                        ended(DOCTOR, EndReason::Rejected),
                        E::EmergencyReviewed {
                            emergency,
                            patient,
                            subject: DOCTOR,
                            reviewer: PATIENT,
                            accepted: false,
                            bond: 7,
                        },
                    ],
                ),
                signed(
                    4,
                    GUARDIAN,
                    vec![E::EmergencyEndorsed {
                        emergency: EmergencyId(9),
                        patient,
                        subject: DOCTOR,
                        by: GUARDIAN,
                    }],
                ),
                // A member of the ethics committee makes the motion's call.
                signed(
                    5,
                    OTHER,
                    vec![E::EmergencyJudged {
                        emergency: EmergencyId(9),
                        patient,
                        subject: DOCTOR,
                        accepted: true,
                        bond: 7,
                    }],
                ),
                vec![
                    by_itself(E::EmergencyEscalated {
                        emergency: EmergencyId(9),
                        patient,
                        subject: DOCTOR,
                        judge_until: 990,
                    }),
                    by_itself(E::EmergencyVoided {
                        emergency: EmergencyId(10),
                        patient,
                        subject: DOCTOR,
                        bond: 7,
                    }),
                    by_itself(E::EmergencyClosed {
                        emergency,
                        patient,
                        subject: DOCTOR,
                        bond: 7,
                        burned: true,
                    }),
                ],
            ],
        ),
        block(
            7,
            [signed(
                1,
                PATIENT,
                vec![
                    E::RecordAmended {
                        record: RecordId(4),
                        previous: record,
                        patient,
                        author: PATIENT,
                        cid: cid(),
                    },
                    E::EnvelopeRemoved { record, reader: LAB },
                    E::RecordErased { record, patient },
                    E::RecordRestored { record, replaced: RecordId(4), patient },
                    E::RecordByCaretaker { record: RecordId(4), patient },
                    E::ProfileByCaretaker { patient },
                    E::RecordBarred { record, patient, subject: DOCTOR },
                    E::ProfileRemoved { patient },
                    E::EnvelopeWithdrawn { record, reader: LAB, depositor: PATIENT },
                    E::EncryptionKeyRemoved { account: PATIENT },
                    E::PatientDeregistered { patient },
                ],
            )],
        ),
    ]
}

/// What is gathered from blocks, in order, each entry with a time.
pub fn gathered(blocks: &[Block], records: &[RecordId]) -> Vec<Entry> {
    let mut gathering = Gathering::new(PATIENT, records.iter().copied(), None, None);
    let mut entries: Vec<Entry> =
        blocks.iter().flat_map(|block| gathering.take(block.number, &block.events)).collect();
    entries.sort_by_key(|entry| (entry.block_number, entry.event_index));
    entries.into_iter().map(|entry| entry.at("2026-01-02T03:04:05.678Z".into())).collect()
}

/// The one entry of a kind, or the first.
pub fn of_kind(entries: &[Entry], kind: Kind) -> Entry {
    let found = entries.iter().find(|entry| entry.kind == kind);
    found.unwrap_or_else(|| panic!("no {}", kind.name())).clone()
}

fn details(entries: &[Entry], kind: Kind) -> Value {
    Value::Object(of_kind(entries, kind).details)
}

#[test]
fn the_story_has_every_kind() {
    let entries = gathered(&story(), &[]);
    let kinds: BTreeSet<Kind> = entries.iter().map(|entry| entry.kind).collect();
    // What is unknown is nowhere but in the log, where each entry has a line.
    let missing: Vec<_> =
        Kind::ALL.iter().filter(|kind| **kind != Kind::Unknown && !kinds.contains(kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_denial_says_who_asked_what_for_and_why_not() {
    let entries = gathered(&story(), &[]);
    let denied = of_kind(&entries, Kind::AccessDenied);
    assert_eq!((denied.who.clone(), denied.record_id), (Some(OTHER.to_string()), Some(RECORD)));
    assert_eq!(denied.signer, Some(OTHER.to_string()));
    assert_eq!((denied.block_number, denied.extrinsic_index), (5, Some(3)));
    assert_eq!(
        Value::Object(denied.details),
        json!({
            "purpose": "research",
            "reason": "grant_revoked",
            "explanation": "the patient revoked the grant",
            "policy": POLICY.to_string()
        })
    );
}

#[test]
fn a_share_says_what_gave_access() {
    let entries = gathered(&story(), &[]);
    let shares: Vec<&Entry> =
        entries.iter().filter(|entry| entry.kind == Kind::ShareDelivered).collect();
    assert_eq!(shares[0].detail("purpose"), Some("second_opinion"));
    assert_eq!(shares[1].details["emergency_id"], 8);
    let ends: Vec<&Entry> =
        entries.iter().filter(|entry| entry.kind == Kind::AccessEnded).collect();
    assert_eq!(ends[0].detail("purpose"), Some("second_opinion"));
    assert_eq!(ends[1].details["emergency_id"], 8);
    // A share that was under way names what had given access.
    let exposed = of_kind(&entries, Kind::ShareExposed);
    assert_eq!(exposed.detail("purpose"), Some("second_opinion"));
    assert_eq!(exposed.who, Some(DOCTOR.to_string()));
    assert_eq!(exposed.detail("custodian"), Some(CUSTODIAN.to_string().as_str()));
    assert!(exposed.to_string().contains("holds a share although access was refused"), "{exposed}");
    // What began before the first block is not invented.
    let late = gathered(&story()[4..], &[RECORD]);
    assert_eq!(of_kind(&late, Kind::GlassBroken).block_number, 6);
    let late =
        gathered(&[story()[3].events[2..].to_vec()].map(|events| block(5, [events])), &[RECORD]);
    assert_eq!(late[0].details.get("purpose"), None);
}

#[test]
fn a_replaced_purpose_counts_and_an_emergency_stays_one() {
    use ChainEvent as E;
    let (record, patient, subject, emergency) = (RECORD, PATIENT, DOCTOR, EMERGENCY);
    let granted = |purpose| E::AccessGranted { record, patient, subject, purpose, until: Some(9) };
    let custodian = CUSTODIAN;
    let delivered =
        E::ShareDelivered { record, patient, subject, custodian, delivered: 1, threshold: 2 };
    let ended = E::AccessEnded { record, patient, subject, reason: EndReason::Replaced };
    let events = vec![
        granted(Purpose::Treatment),
        granted(Purpose::Billing),
        delivered.clone(),
        ended,
        E::EmergencyAccess { emergency, record, patient, subject, until: 9 },
        granted(Purpose::Treatment),
        delivered,
    ];
    let entries = gathered(&[block(2, [signed(1, DOCTOR, events)])], &[RECORD]);
    let shares: Vec<&Entry> =
        entries.iter().filter(|entry| entry.kind == Kind::ShareDelivered).collect();
    assert_eq!(shares[0].detail("purpose"), Some("billing"));
    assert_eq!(shares[1].details["emergency_id"], 8);
}

#[test]
fn a_drawn_worker_that_asks_custodians_is_told_with_its_request() {
    use ChainEvent as E;
    let (record, patient, worker, custodian) = (RECORD, PATIENT, DOCTOR, CUSTODIAN);
    let request = RequestId(31);
    let delivered = E::ShareDelivered {
        record,
        patient,
        subject: worker,
        custodian,
        delivered: 1,
        threshold: 2,
    };
    let reason = EndReason::PlaceEnded;
    let events = vec![
        E::WorkerAccess { request, record, patient, worker, until: 90 },
        delivered,
        E::AccessEnded { record, patient, subject: worker, reason },
        E::ShareExposed { record, patient, subject: worker, custodian },
    ];
    let entries = gathered(&[block(2, [signed(1, DOCTOR, events)])], &[RECORD]);
    let kinds: Vec<Kind> = entries.iter().map(|entry| entry.kind).collect();
    let ended = [Kind::AccessEnded, Kind::ShareExposed];
    assert_eq!(kinds, [&[Kind::WorkerAccess, Kind::ShareDelivered][..], &ended].concat());
    for entry in &entries {
        assert_eq!(entry.details["request_id"], 31, "{entry:?}");
        assert_eq!(entry.who, Some(worker.to_string()));
        assert_eq!(entry.record_id, Some(RECORD));
    }
    assert_eq!(entries[0].details["until_block"], 90);
    assert_eq!(entries[2].detail("reason"), Some("place_ended"));
}

#[test]
fn events_of_a_contract_count_once_it_is_the_policy() {
    let entries = gathered(&story(), &[]);
    let grant = of_kind(&entries, Kind::PolicyGranted);
    assert_eq!((grant.block_number, grant.who), (2, Some(DOCTOR.to_string())));
    assert_eq!(grant.details["in_force"], false);
    assert_eq!(grant.details["actions"], json!(["view"]));
    assert_eq!(grant.details["purposes"], json!(["treatment"]));
    assert_eq!(details(&entries, Kind::PolicyRevoked)["in_force"], true);
    assert_eq!(details(&entries, Kind::PolicyRoleGranted)["role"], "clinician");

    // Anybody can deploy a contract that emits events about anybody.
    let made_up = vec![block(2, [signed(1, OTHER, vec![granted(OTHER, PATIENT)])])];
    assert_eq!(gathered(&made_up, &[]), []);
}

#[test]
fn events_of_others_under_a_shared_policy_are_left_out() {
    let theirs = emitted(POLICY, "Voted()", OTHER);
    let events = vec![granted(POLICY, OTHER), theirs, emitted(POLICY, "Voted()", PATIENT)];
    let shared = block(2, [signed(1, OTHER, events)]);
    let take = |own, default| {
        let mut gathering = Gathering::new(PATIENT, [], own, default);
        gathering.take(shared.number, &shared.events)
    };
    let entries = take(None, Some(POLICY));
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].details["names_patient"], true);
    // Every event of a contract that the patient chose is kept, even undecoded.
    let entries = take(Some(POLICY), None);
    assert_eq!(entries.len(), 2);
    assert!(!entries[0].is_about_the_patient() && entries[1].is_about_the_patient());
    assert_eq!(take(None, None), []);
}

#[test]
fn the_policy_before_the_first_block_is_found() {
    // The state is the one after the block in which the patient changed the policy.
    let change = ChainEvent::PolicySet { patient: PATIENT, old: Some(POLICY), new: None };
    let events =
        vec![emitted(POLICY, "Paused()", PATIENT), change, emitted(POLICY, "Paused()", PATIENT)];
    let entries = Gathering::new(PATIENT, [], None, None).take(2, &signed(1, PATIENT, events));
    let kinds: Vec<Kind> = entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::PolicyEvent, Kind::PolicySet]);
}

#[test]
fn events_of_other_patients_are_left_out() {
    let request = RequestId(1);
    let events = vec![
        ChainEvent::PatientRegistered { patient: OTHER },
        ChainEvent::EnvelopeAdded { record: RecordId(77), reader: PATIENT },
        ChainEvent::EncryptionKeySet { account: OTHER, key: EncryptionKey([1; 32]) },
        ChainEvent::RequestExpired { request },
        ChainEvent::RequestExpired { request: RequestId(2) },
    ];
    let block = block(2, [signed(1, OTHER, events)]);
    let mut gathering = Gathering::new(PATIENT, [RECORD], None, None);
    assert_eq!(gathering.unknown_requests(&block.events), [request, RequestId(2)]);
    gathering.learn_request(request, RecordId(77), &OTHER, &OTHER);
    gathering.learn_request(RequestId(2), RECORD, &PATIENT, &DOCTOR);
    assert_eq!(gathering.unknown_requests(&block.events), []);
    let entries = gathering.take(block.number, &block.events);
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].kind, entries[0].record_id), (Kind::RequestExpired, Some(RECORD)));
    assert_eq!(entries[0].who, Some(DOCTOR.to_string()));
}

#[test]
fn filters_go_together() {
    let entries = gathered(&story(), &[]);
    let count = |filter: Filter| entries.iter().filter(|entry| filter.keeps(entry)).count();
    assert_eq!(count(Filter::default()), entries.len());
    let custodian = Filter { subject: Some(CUSTODIAN), ..Filter::default() };
    // Two changes of custodians that name it, a patient declined, and three shares.
    assert_eq!(count(custodian.clone()), 6);
    let kinds = vec![Kind::ShareDelivered];
    assert_eq!(count(Filter { kinds: kinds.clone(), ..custodian.clone() }), 2);
    assert_eq!(count(Filter { record: Some(RecordId(4)), kinds, ..custodian }), 0);
    // The version, and that a caretaker added it.
    assert_eq!(count(Filter { record: Some(RecordId(4)), ..Filter::default() }), 2);
}

#[test]
fn an_entry_is_one_line() {
    let entries = gathered(&story(), &[]);
    let line = of_kind(&entries, Kind::AccessDenied).to_string();
    for words in ["access_denied", " the patient revoked the grant, ", "purpose research"] {
        assert!(line.contains(words), "{line}");
    }
    assert!(line.starts_with("       5  2026-01-02T03:04:05Z  "), "{line}");
    assert_eq!(line.lines().count(), 1);
    let nothing = of_kind(&entries, Kind::DefaultPolicySet);
    assert!(nothing.to_string().ends_with(&format!("     -  {OTHER}")), "{nothing}");
}

#[test]
fn nothing_reveals_a_verdict() {
    let text = serde_json::to_string(&gathered(&story(), &[])).unwrap();
    for word in ["label", "robabili", "covid"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn what_names_a_request_alone_is_found_through_it() {
    let request = RequestId(11);
    let entries = gathered(&story(), &[]);
    let slashed = of_kind(&entries, Kind::WorkerSlashed);
    assert_eq!((slashed.record_id, slashed.who), (Some(RECORD), Some(OTHER.to_string())));
    assert_eq!(
        Value::Object(slashed.details),
        json!({
            "request_id": 11, "reason": "absent", "amount": "5"
        })
    );
    // The event names no account, so it is the requester.
    assert_eq!(of_kind(&entries, Kind::DrawReopened).who, Some(LAB.to_string()));

    let settled = of_kind(&entries, Kind::DisputeSettled);
    assert_eq!((settled.record_id, settled.who), (Some(RECORD), Some(LAB.to_string())));
    assert_eq!(
        Value::Object(settled.details),
        json!({
            "request_id": 11,
            "winner": WORKER.to_string(),
            "losers": [OTHER.to_string()],
            "timed_out": true
        })
    );

    let late = block(9, [signed(1, WORKER, asked(request, RECORD))]);
    let mut gathering = Gathering::new(PATIENT, [RECORD], None, None);
    assert_eq!(gathering.unknown_requests(&late.events), [request]);
    gathering.learn_request(request, RECORD, &PATIENT, &LAB);
    assert_eq!(gathering.take(late.number, &late.events).len(), 13);
}

/// An entry of the log, whose event is decoded already.
fn in_log(index: u32) -> LoggedEntry {
    LoggedEntry { index, extrinsic: Some(1), signer: Some(PATIENT), event: Vec::new() }
}

#[test]
fn what_a_policy_wrote_into_the_log_stands_for_its_events() {
    let name = blake2_256(b"Revoked(AccountId,AccountId,AccountId)");
    let entry = [&name[..], &DOCTOR.0, &PATIENT.0].concat();
    let noted = |entry| ChainEvent::PolicyNoted { patient: PATIENT, policy: POLICY, entry };
    let denied = ChainEvent::AccessDenied {
        record: RECORD,
        patient: PATIENT,
        subject: DOCTOR,
        purpose: Purpose::Treatment,
        reason: Denied::Refused(DenyReason::Revoked),
    };
    let events = [noted(entry), noted(vec![1, 2]), denied];
    let events = events.map(|event| PastEvent { extrinsic: Some(1), event });
    let block = LoggedBlock {
        number: 7,
        hash: [9; 32],
        time: 1,
        default_policy: Some(OTHER),
        entries: vec![in_log(4), in_log(6), in_log(9)],
    };
    let mut gathering = Gathering::new(PATIENT, [RECORD], None, None);
    let entries = gathering.take_logged(&block, &events);
    let told: Vec<(u32, Kind)> =
        entries.iter().map(|entry| (entry.event_index, entry.kind)).collect();
    assert_eq!(told, [(4, Kind::PolicyRevoked), (6, Kind::PolicyEvent), (9, Kind::AccessDenied)]);
    let [revoked, other, denied] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(revoked.who.as_deref(), Some(&*DOCTOR.to_string()));
    assert_eq!(revoked.details["policy"], POLICY.to_string());
    assert_eq!(revoked.details["in_force"], true);
    assert_eq!(other.details["data"], "0x0102");
    assert!(other.is_about_the_patient());
    // The default policy of the block, although no entry tells of its change.
    assert_eq!(denied.details["policy"], OTHER.to_string());
    assert_eq!(denied.signer.as_deref(), Some(&*PATIENT.to_string()));
}

/// What is in the log concerns the patient, whatever a node says of records and requests.
#[test]
fn every_entry_of_the_log_has_a_line() {
    let unknown = ChainEvent::Other { pallet: "Emr".into(), name: "New".into() };
    let events = [
        ChainEvent::EnvelopeAdded { record: RecordId(77), reader: DOCTOR },
        ChainEvent::RequestExpired { request: RequestId(5) },
        unknown,
    ];
    let events = events.map(|event| PastEvent { extrinsic: Some(1), event });
    let entries = vec![in_log(1), in_log(2), LoggedEntry { event: vec![1, 2, 3], ..in_log(3) }];
    let block = LoggedBlock { number: 7, hash: [9; 32], time: 1, default_policy: None, entries };
    let mut gathering = Gathering::new(PATIENT, [], None, None);
    gathering.learn_request(RequestId(5), RECORD, &OTHER, &OTHER);
    let told = gathering.take_logged(&block, &events);
    let kinds: Vec<Kind> = told.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::EnvelopeAdded, Kind::RequestExpired, Kind::Unknown]);
    assert_eq!(told[2].details["name"], "Emr.New");
    assert_eq!(told[2].details["event"], "0x010203");
}

#[test]
fn a_note_is_told_once() {
    // Where every block is read, the contract's own event is there too.
    let entry = vec![1; 40];
    let noted = ChainEvent::PolicyNoted { patient: PATIENT, policy: POLICY, entry };
    let events = vec![granted(POLICY, PATIENT), noted];
    let mut gathering = Gathering::new(PATIENT, [], Some(POLICY), None);
    let entries = gathering.take(2, &signed(1, PATIENT, events));
    assert_eq!(entries.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [Kind::PolicyGranted]);
}
