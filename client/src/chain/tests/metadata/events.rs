use std::collections::BTreeSet;

use codec::Compact;
use medchain_primitives::{
    Action, ChangeId, Cid, CidCodec, ContentDigest, DenyReason, EmergencyId, EmergencyReason,
    EncryptionKey, FailureCause, FailureCode, InstitutionId, Label, ModelId, Receipt, RecordId,
    RecordKind, RelationKind, RequestId, Role, SealedAnswer, SlashReason, VerdictStatus,
};
use medchain_sharing::CustodianKey;
use subxt::{
    config::{polkadot::PolkadotConfig, substrate::SpecVersionForRange},
    events::Events,
    metadata::ArcMetadata,
    OfflineClient,
};

use super::*;
use crate::chain::{
    event, log, ChainEvent, Denied, DispatchFailure, Document, EndReason, LoggedBlock, LoggedEntry,
    ModelStatus, PastEvent, PastRuntime, Purpose, RuntimeError,
};

/// The events that were checked.
#[derive(Default)]
struct Checked(BTreeSet<(String, String)>);

impl Checked {
    /// Encodes an event as the state has it, reads it as from a block, and
    /// compares. `fields` are all that the event has.
    fn check(
        &mut self,
        (pallet, name): (&str, &str),
        fields: &[(&str, Vec<u8>)],
        expected: ChainEvent,
    ) {
        let metadata = metadata();
        let bytes = encode(&metadata, (pallet, name), fields);
        assert_eq!(read(metadata, &[bytes]), [expected], "{pallet}.{name}");
        self.0.insert((pallet.to_owned(), name.to_owned()));
    }
}

/// An event of the extrinsic 3, without topics, as the state has it.
pub fn encode(
    metadata: &Metadata,
    (pallet, name): (&str, &str),
    fields: &[(&str, Vec<u8>)],
) -> Vec<u8> {
    let found = metadata.pallet_by_name(pallet).expect(pallet);
    let variants = found.event_variants().expect(pallet);
    let what = format!("{pallet}.{name}");
    let variant = variants.iter().find(|variant| variant.name == name).expect(&what);
    // The phase `ApplyExtrinsic(3)`.
    let mut bytes = vec![0, 3, 0, 0, 0, found.event_index(), variant.index];
    assert_eq!(variant.fields.len(), fields.len(), "{what}");
    for field in &variant.fields {
        let field_name = field.name.as_deref().expect(&what);
        let given = fields.iter().find(|(given, _)| *given == field_name);
        let (_, value) = given.unwrap_or_else(|| panic!("{what} has a field {field_name}"));
        assert_is(metadata, field.ty.id, value, &format!("{what}.{field_name}"));
        bytes.extend(value);
    }
    bytes.push(0);
    bytes
}

/// Reads the events of a block.
fn read(metadata: Metadata, events: &[Vec<u8>]) -> Vec<ChainEvent> {
    let metadata = metadata.arc();
    let read = event::read_all(&in_block(&metadata, events), &metadata).unwrap();
    assert!(read.iter().all(|one| one.extrinsic == Some(3)));
    read.into_iter().map(|one| one.event).collect()
}

/// The events of a block.
fn in_block(metadata: &ArcMetadata, events: &[Vec<u8>]) -> Events<PolkadotConfig> {
    let config = PolkadotConfig::builder()
        .use_historic_types(false)
        .set_metadata_for_spec_versions([(1, metadata.clone())])
        .set_spec_version_for_block_ranges([SpecVersionForRange {
            block_range: 0..10,
            spec_version: 1,
            transaction_version: 1,
        }])
        .build();
    let at = OfflineClient::new_with_config(config).at_block(1u32).unwrap();
    let bytes = [Compact(events.len() as u32).encode(), events.concat()].concat();
    at.events().from_bytes(bytes)
}

/// Anybody can deploy a contract whose events have the topic of somebody's log.
#[test]
fn an_event_of_a_contract_is_no_entry_of_a_log() {
    let metadata = metadata();
    let topic = crate::H256([7; 32]);
    let with_topic = |mut event: Vec<u8>| {
        event.pop();
        [event, vec![topic].encode()].concat()
    };
    let erased = [("record", RecordId(8).encode()), ("patient", ALICE.encode())];
    let erased = encode(&metadata, ("Emr", "RecordErased"), &erased);
    let forged = [("contract", BOB.encode()), ("data", vec![1u8, 2].encode())];
    let forged = encode(&metadata, ("Contracts", "ContractEmitted"), &forged);
    let events = [with_topic(forged), with_topic(erased.clone()), erased];
    let events = in_block(&metadata.arc(), &events);
    let entries = log::with_topic(&events, topic).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [1]);
    // Nor where the entries of all logs are collected.
    let all = log::by_topic(&events).unwrap();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [(topic, entries)]);
}

#[test]
fn a_past_runtime_reads_entries_without_a_node() {
    let metadata = metadata();
    let (record, patient) = (RecordId(8), ALICE);
    let fields = [("record", record.encode()), ("patient", patient.encode())];
    let bytes = encode(&metadata, ("Emr", "RecordErased"), &fields);
    // Without the phase and the topics.
    let event = bytes[5..bytes.len() - 1].to_vec();
    let entry = LoggedEntry { index: 0, extrinsic: Some(3), signer: None, event };
    let (hash, time, default_policy, entries) = ([0; 32], 0, None, vec![entry]);
    let block = LoggedBlock { number: 4, hash, time, default_policy, entries };
    let runtime = PastRuntime::read(1, compat::TESTED).unwrap();
    let events = runtime.logged_events(&block).unwrap();
    let event = ChainEvent::RecordErased { record, patient };
    assert_eq!(events, [PastEvent { extrinsic: Some(3), event }]);
    assert!(PastRuntime::read(1, b"nothing").is_err());
}

#[test]
fn every_event_is_read() {
    let mut events = Checked::default();
    emr(&mut events);
    custody(&mut events);
    inference(&mut events);
    disputes(&mut events);
    others(&mut events);
    failures(&mut events);
    governance(&mut events);
    let owned = |(pallet, name): &(&str, &str)| (String::from(*pallet), String::from(*name));
    assert_eq!(events.0, ChainEvent::READ.iter().map(owned).collect());
}

/// An event that a newer runtime has keeps nobody from reading those around it.
#[test]
fn an_unknown_event_leaves_the_block_readable() {
    let metadata = altered(b"EmergencyVoided", b"EmergencyVoidee");
    let (record, patient) = (RecordId(8), ALICE);
    let erased = [("record", record.encode()), ("patient", patient.encode())];
    let erased = encode(&metadata, ("Emr", "RecordErased"), &erased);
    let fields = [
        ("emergency", EmergencyId(6).encode()),
        ("patient", patient.encode()),
        ("subject", BOB.encode()),
        ("bond", 80u128.encode()),
    ];
    let unknown = encode(&metadata, ("Custody", "EmergencyVoidee"), &fields);
    let other = encode(&metadata, ("Utility", "BatchCompleted"), &[]);
    let expected = ChainEvent::RecordErased { record, patient };
    assert_eq!(
        read(metadata, &[erased.clone(), unknown, other, erased]),
        [
            expected.clone(),
            ChainEvent::Other { pallet: "Custody".into(), name: "EmergencyVoidee".into() },
            ChainEvent::Other { pallet: "Utility".into(), name: "BatchCompleted".into() },
            expected,
        ]
    );
}

/// `event!(events, Emr, Name { field, … } + { other: bytes, … })`: an event whose
/// fields are the variables of their names, with fields that are not read.
macro_rules! event {
    ($events:ident, $pallet:ident, $name:ident { $($field:ident),* } $(+ { $($other:ident: $value:expr),* })?) => {
        $events.check(
            (stringify!($pallet), stringify!($name)),
            &[
                $((stringify!($field), $field.encode()),)*
                $($((stringify!($other), $value.encode()),)*)?
            ],
            ChainEvent::$name { $($field: $field.clone()),* },
        )
    };
}

fn emr(events: &mut Checked) {
    let (patient, account, author, reader, relative, subject) = (ALICE, BOB, BOB, BOB, BOB, BOB);
    let (record, previous) = (RecordId(8), RecordId(7));
    let (old, new) = (Some(ALICE), None::<AccountId32>);
    let cid = Cid::new(CidCodec::Raw, [3; 32]);
    let document = Document { cid: cid.clone(), digest: ContentDigest([4; 32]) };
    let key = EncryptionKey([6; 32]);
    let (kind, role) = (RecordKind::Report, Role::Custodian);
    let (action, policy) = (Action::Emergency, Some(ALICE));
    let relation = (RelationKind::Sibling, true);
    event!(events, Emr, PatientRegistered { patient });
    event!(events, Emr, PatientDeregistered { patient });
    event!(events, Emr, ProfileRemoved { patient } + { old: document.clone() });
    event!(events, Emr, ProfileUpdated { patient } + { old: Some(document.clone()), new: document });
    event!(events, Emr, EncryptionKeySet { account, key });
    event!(events, Emr, EncryptionKeyRemoved { account });
    event!(events, Emr, PolicySet { patient, old, new });
    event!(events, Emr, DefaultPolicySet { old, new });
    let (current, announced, enactable_at) = (Some(ALICE), Some(BOB), 66u32);
    event!(events, Emr, DefaultPolicyAnnounced { current, announced, enactable_at });
    event!(events, Emr, DefaultPolicyCancelled { announced });
    let (institution, registrar) = (InstitutionId(6), ALICE);
    events.check(
        ("Emr", "InstitutionAdmitted"),
        &[
            ("institution", institution.encode()),
            ("name", b"clinic".to_vec().encode()),
            ("registrar", registrar.encode()),
        ],
        ChainEvent::InstitutionAdmitted { institution, name: "clinic".into(), registrar },
    );
    event!(events, Emr, InstitutionRemoved { institution });
    {
        let (old, new) = (ALICE, BOB);
        event!(events, Emr, RegistrarSet { institution, old, new });
    }
    let until = 88u32;
    event!(events, Emr, ProviderAdded { account, role, institution, until });
    {
        let (old, new) = (1u32, 2u32);
        event!(events, Emr, ProviderRenewed { account, role, old, new });
    }
    event!(events, Emr, ProviderRemoved { account, role });
    event!(events, Emr, RecordAdded { record, patient, author, cid, kind });
    event!(events, Emr, RecordAmended { record, previous, patient, author, cid });
    event!(events, Emr, EnvelopeAdded { record, reader });
    event!(events, Emr, EnvelopeRemoved { record, reader });
    let depositor = ALICE;
    event!(events, Emr, EnvelopeWithdrawn { record, reader, depositor });
    event!(events, Emr, RecordByCaretaker { record, patient });
    event!(events, Emr, ProfileByCaretaker { patient });
    let replaced = RecordId(9);
    event!(events, Emr, RecordRestored { record, replaced, patient });
    event!(events, Emr, RecordErased { record, patient });
    event!(events, Emr, RelationSet { patient, relative } + { old: Some(relation), new: relation });
    event!(events, Emr, RelationRemoved { patient, relative });
    let record = Some(record);
    event!(events, Emr, AccessChecked { patient, subject, record, action, policy });
    let (policy, entry) = (ALICE, vec![1u8, 2, 3]);
    event!(events, Emr, PolicyNoted { patient, policy, entry });
    let (archive, cid) = (BOB, Cid::new(CidCodec::DagPb, [4; 32]));
    event!(events, Emr, LogArchiveSet { archive, cid });
    event!(events, Emr, LogArchiveRemoved { archive });
}

fn custody(events: &mut Checked) {
    let (patient, subject, custodian, record) = (ALICE, BOB, BOB, RecordId(8));
    let (key, bond, declined) = (CustodianKey([40; 32]), 80u128, true);
    event!(events, Custody, CustodianRegistered { custodian, key, bond });
    event!(events, Custody, CustodianRetired { custodian, bond });
    event!(events, Custody, DeclinedSet { custodian, patient, declined });
    let (custodians, threshold) = (vec![ALICE, BOB], 2u8);
    let (old, new) = (Some(custodians.clone()), None::<Vec<AccountId32>>);
    event!(events, Custody, CustodiansSet { patient, old, new, threshold });
    event!(events, Custody, RecordEntrusted { record, patient, custodians, threshold });
    let (purpose, until) = (Purpose::Research, Some(77u32));
    event!(events, Custody, AccessGranted { record, patient, subject, purpose, until });
    let reason = Denied::Refused(DenyReason::Other(5));
    event!(events, Custody, AccessDenied { record, patient, subject, purpose, reason });
    let (delivered, threshold) = (1u32, 2u32);
    event!(
        events,
        Custody,
        ShareDelivered { record, patient, subject, custodian, delivered, threshold }
    );
    event!(events, Custody, ShareExposed { record, patient, subject, custodian });
    event!(events, Custody, RecordBarred { record, patient, subject });
    let (request, worker, until) = (RequestId(9), BOB, 78u32);
    event!(events, Custody, WorkerAccess { request, record, patient, worker, until });
    for reason in EndReason::ALL {
        event!(events, Custody, AccessEnded { record, patient, subject, reason });
    }
    emergencies(events);
}

fn emergencies(events: &mut Checked) {
    let (patient, subject, record) = (ALICE, BOB, RecordId(8));
    let (emergency, reason) = (EmergencyId(6), EmergencyReason::MassCasualty);
    let (until, review_until, bond, accepted) = (78u32, 79u32, 80u128, true);
    event!(
        events,
        Custody,
        GlassBroken { emergency, patient, subject, reason, until, review_until }
    );
    event!(events, Custody, EmergencyAccess { emergency, record, patient, subject, until });
    let (by, reviewer, judge_until) = (ALICE, ALICE, until);
    event!(events, Custody, EmergencyEndorsed { emergency, patient, subject, by });
    event!(
        events,
        Custody,
        EmergencyReviewed { emergency, patient, subject, reviewer, accepted, bond }
    );
    event!(events, Custody, EmergencyEscalated { emergency, patient, subject, judge_until });
    event!(events, Custody, EmergencyJudged { emergency, patient, subject, accepted, bond });
    event!(events, Custody, EmergencyVoided { emergency, patient, subject, bond });
    let burned = true;
    event!(events, Custody, EmergencyClosed { emergency, patient, subject, bond, burned });
    let (account, rejections, allowed) = (BOB, 2u32, false);
    event!(events, Custody, AccountSuspended { account, rejections });
    event!(events, Custody, SuspensionLifted { account, rejections });
    event!(events, Custody, EmergencyAccessSet { patient, allowed });
}

fn inference(events: &mut Checked) {
    let (patient, requester, worker) = (ALICE, BOB, BOB);
    let (request, record, model) = (RequestId(9), RecordId(8), ModelId(7));
    let (old, new) = (ModelStatus::Active, ModelStatus::Retired);
    let (fee, deadline, quorum, missing, amount) = (5u128, 6u32, 3u8, 2u8, 4u128);
    let receipt = Receipt([7; 32]);
    let code = FailureCode::InputMismatch;
    let models = vec![model];
    let cid = Cid::new(CidCodec::Raw, [3; 32]);
    events.check(
        ("Inference", "ModelRegistered"),
        &[
            ("model", model.encode()),
            ("name", Label::truncate_from(b"vgg".to_vec()).encode()),
            ("cid", cid.encode()),
        ],
        ChainEvent::ModelRegistered { model, name: "vgg".into(), cid },
    );
    event!(events, Inference, ModelStatusSet { model, old, new });
    event!(events, Inference, WorkerRegistered { worker, models });
    event!(events, Inference, WorkerModelsSet { worker } + { old: models, new: models });
    let until = deadline;
    event!(events, Inference, WorkerLeaving { worker, until });
    event!(events, Inference, BondWithdrawn { worker, amount });
    event!(events, Inference, BondToppedUp { worker, amount });
    for reason in SlashReason::ALL {
        event!(events, Inference, WorkerSlashed { worker, request, reason, amount });
    }
    event!(
        events,
        Inference,
        InferenceRequested { request, record, patient, model, requester, quorum, fee }
    );
    let workers = vec![ALICE, BOB];
    event!(events, Inference, WorkersDrawn { request, record, workers, missing });
    event!(events, Inference, AnswersAwaited { request, record, workers, deadline });
    event!(events, Inference, AnswerCommitted { request, worker });
    event!(events, Inference, RevealStarted { request, deadline });
    event!(events, Inference, AnswerRevealed { request, worker });
    let sealed = SealedAnswer::truncate_from(vec![6; 50]);
    let challengeable_until = deadline;
    event!(
        events,
        Inference,
        VerdictReached { request, record, model, workers, sealed, receipt, challengeable_until }
    );
    let answers = vec![(ALICE, sealed.clone()), (BOB, SealedAnswer::default())];
    event!(events, Inference, AnswersDiffer { request, record, answers });
    event!(events, Inference, FailureReported { request, record, worker, code });
    event!(events, Inference, WorkerMissed { request, worker });
    event!(events, Inference, DrawReopened { request, missing, deadline });
    for cause in [
        FailureCause::Reported(code),
        FailureCause::NotAnswered,
        FailureCause::NotRevealed,
        FailureCause::TooFewWorkers,
        FailureCause::NobodyRight,
        FailureCause::NotSettled,
    ] {
        event!(events, Inference, InferenceFailed { request, record, cause });
    }
    event!(events, Inference, CancellationBegun { request, until });
    event!(events, Inference, AnswerNotKept { request, worker });
    event!(events, Inference, KeyCostRepaid { request, worker, amount });
    event!(events, Inference, RequestCancelled { request });
    event!(events, Inference, RequestExpired { request });
    let challenger = worker;
    event!(events, Inference, VerdictChallenged { request, record, challenger, sealed });
    event!(events, Inference, VerdictUpheld { request, challengeable_until });
    let status = Some(VerdictStatus::Withdrawn);
    events.check(
        ("Inference", "VerdictAnnulled"),
        &[
            ("request", request.encode()),
            ("record", record.encode()),
            ("status", VerdictStatus::Withdrawn.encode()),
        ],
        ChainEvent::VerdictAnnulled { request, record, status },
    );
    event!(events, Inference, DisputeAnnulled { request, record });
    disclosed(events, request, record, model);
}

fn disputes(events: &mut Checked) {
    let (request, deadline, player, timed_out) = (RequestId(9), 6u32, BOB, true);
    let players = [ALICE, BOB];
    event!(events, Disputes, DisputeStarted { request, players, deadline });
    event!(events, Disputes, MoveMade { request, player });
    event!(events, Disputes, RoundStarted { request, deadline });
    let (winner, losers) = (Some(ALICE), vec![BOB]);
    event!(events, Disputes, DisputeSettled { request, winner, losers, timed_out });
    event!(events, Disputes, DisputeAbandoned { request });
}

fn disclosed(events: &mut Checked, request: RequestId, record: RecordId, model: ModelId) {
    let label = |text: &str| Label::truncate_from(text.as_bytes().to_vec());
    let probabilities = [("covid", 750_000u32), ("normal", 250_000)];
    events.check(
        ("Inference", "VerdictDisclosed"),
        &[
            ("request", request.encode()),
            ("record", record.encode()),
            ("model", model.encode()),
            ("label", label("covid").encode()),
            ("certain", true.encode()),
            (
                "probabilities",
                probabilities.map(|(text, parts)| (label(text), parts)).to_vec().encode(),
            ),
        ],
        ChainEvent::VerdictDisclosed {
            request,
            record,
            model,
            label: "covid".into(),
            certain: true,
            probabilities: probabilities.map(|(text, parts)| (text.into(), parts)).into(),
        },
    );
}

fn others(events: &mut Checked) {
    events.check(
        ("TransactionPayment", "TransactionFeePaid"),
        &[("who", ALICE.encode()), ("actual_fee", 5u128.encode()), ("tip", 0u128.encode())],
        ChainEvent::FeePaid { who: ALICE, fee: 5 },
    );
    events.check(
        ("Contracts", "Instantiated"),
        &[("deployer", ALICE.encode()), ("contract", BOB.encode())],
        ChainEvent::ContractInstantiated { deployer: ALICE, contract: BOB },
    );
    events.check(
        ("Contracts", "ContractEmitted"),
        &[("contract", BOB.encode()), ("data", vec![1u8, 2].encode())],
        ChainEvent::ContractEmitted { contract: BOB, topics: vec![], data: vec![1, 2] },
    );
}

fn failures(events: &mut Checked) {
    let bad_origin = DispatchFailure::decode(&[2], &metadata());
    assert_eq!(bad_origin.kind, RuntimeError::BadOrigin.into());
    // The weight, the class and whether the fee was paid.
    let info = (Compact(1u64), Compact(2u64), 0u8, 0u8);
    events.check(
        ("System", "ExtrinsicFailed"),
        &[("dispatch_error", vec![2]), ("dispatch_info", info.encode())],
        ChainEvent::ExtrinsicFailed { failure: bad_origin.clone() },
    );
    let mut sudo = |result: Vec<u8>, failure| {
        let expected = ChainEvent::SudoDone { failure };
        events.check(("Sudo", "Sudid"), &[("sudo_result", result)], expected);
    };
    sudo(vec![0], None);
    sudo(vec![1, 2], Some(bad_origin.clone()));
    let (motion, change) = (crate::H256([9; 32]), ChangeId(7));
    for (result, failure) in [(vec![0], None), (vec![1, 2], Some(bad_origin))] {
        let fields = [("proposal_hash", motion.encode()), ("result", result.clone())];
        events.check(
            ("Council", "Executed"),
            &fields,
            ChainEvent::MotionExecuted { motion, failure: failure.clone() },
        );
        events.check(
            ("EthicsCommittee", "Executed"),
            &fields,
            ChainEvent::EthicsMotionExecuted { motion, failure: failure.clone() },
        );
        events.check(
            ("Timelock", "ChangeEnacted"),
            &[("change", change.encode()), ("result", result)],
            ChainEvent::ChangeEnacted { change, failure },
        );
    }
}

fn governance(events: &mut Checked) {
    let (motion, change) = (crate::H256([9; 32]), ChangeId(7));
    for (pallet, proposed, closed) in [
        (
            "Council",
            ChainEvent::MotionProposed { index: 5, motion, threshold: 3 },
            ChainEvent::MotionClosed { motion, yes: 3, no: 1 },
        ),
        (
            "EthicsCommittee",
            ChainEvent::EthicsMotionProposed { index: 5, motion, threshold: 3 },
            ChainEvent::EthicsMotionClosed { motion, yes: 3, no: 1 },
        ),
    ] {
        let fields = [
            ("account", ALICE.encode()),
            ("proposal_index", 5u32.encode()),
            ("proposal_hash", motion.encode()),
            ("threshold", 3u32.encode()),
        ];
        events.check((pallet, "Proposed"), &fields, proposed);
        let fields =
            [("proposal_hash", motion.encode()), ("yes", 3u32.encode()), ("no", 1u32.encode())];
        events.check((pallet, "Closed"), &fields, closed);
    }
    let (enactable_at, expires_at) = (66u32, 77u32);
    event!(
        events,
        Timelock,
        ChangeAnnounced { change, enactable_at, expires_at } + { call_hash: motion }
    );
    event!(events, Timelock, ChangeCancelled { change });
}
