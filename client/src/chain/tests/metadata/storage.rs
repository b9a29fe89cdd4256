use std::collections::BTreeSet;

use medchain_primitives::{
    AnswerCommitment, Arithmetic, ChangeId, Cid, CidCodec, ContentDigest, EmergencyId,
    EmergencyReason, FailureCause, FailureCode, InputRoot, InstitutionId, InstitutionName, Label,
    LogHead, ModelId, PreprocessingId, Receipt, RecordContent, RecordId, RecordKind, RelationKind,
    RequestId, Role, SealedAnswer, VerdictCommitment,
};
use medchain_sharing::{
    CustodianKey, DealingId, EncryptedShare, EphemeralKey, ReplyKey, VerifiedDealing,
    VerifiedDelivery, WrappedKey,
};

use super::*;
use crate::chain::{
    items::{Constant, StorageItem},
    view::Choice,
    Basis, Call, Document, EmergencyStatus, Gas, Member, ModelStatus, Purpose, RecordStatus,
    RequestStatus, Step, VerdictStatus, WorkerStatus,
};

fn value_type(metadata: &Metadata, pallet: &str, entry: &str) -> u32 {
    let pallet_found = metadata.pallet_by_name(pallet).expect(pallet);
    let storage = pallet_found.storage().expect(pallet);
    storage.entry_by_name(entry).unwrap_or_else(|| panic!("{pallet}.{entry}")).value_ty()
}

fn key_types(metadata: &Metadata, pallet: &str, entry: &str) -> Vec<u32> {
    let pallet = metadata.pallet_by_name(pallet).unwrap();
    let entry = pallet.storage().unwrap().entry_by_name(entry).unwrap();
    entry.keys().map(|key| key.key_id).collect()
}

fn label(text: &str) -> Label {
    Label::truncate_from(text.as_bytes().to_vec())
}

/// A struct whose fields are these, in whatever order the chain has them.
/// Fields that are not read must be there as well, so that the lengths fit.
pub fn check_struct(pallet: &str, entry: &str, fields: &[(&str, Vec<u8>)]) {
    let metadata = metadata();
    let type_id = value_type(&metadata, pallet, entry);
    let what = format!("{pallet}.{entry}");
    let bytes = in_order(&metadata, type_id, fields, &what);
    assert_is(&metadata, type_id, &bytes, &what);
}

/// The fields' bytes in the order of the type. The names of a type's fields
/// show when a value of it is written out, and all values here are so long
/// that each order but the right one fails to decode.
fn in_order(metadata: &Metadata, type_id: u32, fields: &[(&str, Vec<u8>)], what: &str) -> Vec<u8> {
    let resolved = metadata.types().resolve(type_id).expect(what);
    let json = serde_json::to_value(&resolved.type_def).unwrap();
    let names = json["composite"]["fields"].as_array().expect(what);
    assert_eq!(names.len(), fields.len(), "{what}: {names:?}");
    let bytes = names.iter().map(|field| {
        let name = field["name"].as_str().expect(what);
        let found = fields.iter().find(|(field, _)| *field == name);
        let (_, bytes) = found.unwrap_or_else(|| panic!("{what} has a field {name}"));
        let id = field["type"].as_u64().unwrap();
        assert_is(metadata, id as u32, bytes, &format!("{what}.{name}"));
        bytes.clone()
    });
    bytes.collect::<Vec<_>>().concat()
}

fn cid() -> Cid {
    Cid::new(CidCodec::DagPb, [3; 32])
}

#[test]
fn structs_of_custodians_are_as_they_are_read() {
    let key = CustodianKey([40; 32]);
    for bond in [Some(1u128), None] {
        check_struct("Custody", "Custodians", &[("key", key.encode()), ("bond", bond.encode())]);
    }
    let group = [
        ("members", vec![(ALICE, key), (BOB, key)].encode()),
        ("threshold", 2u8.encode()),
        ("deposit", 1u128.encode()),
    ];
    check_struct("Custody", "CustodianGroups", &group);
    let dealing = VerifiedDealing {
        id: DealingId([41; 32]),
        ephemeral: EphemeralKey([42; 32]),
        shares: vec![EncryptedShare([43; 32]); 2].try_into().unwrap(),
        wrapped: WrappedKey([44; 48]),
    };
    let custody = [
        ("threshold", 2u8.encode()),
        ("custodians", vec![ALICE, BOB].encode()),
        ("dealing", dealing.encode()),
        ("depositor", BOB.encode()),
        ("deposit", 1u128.encode()),
        ("grants", 3u32.encode()),
    ];
    check_struct("Custody", "Custodies", &custody);
    let delivery =
        VerifiedDelivery { ephemeral: EphemeralKey([45; 32]), share: EncryptedShare([46; 32]) };
    for basis in [
        Basis::Policy { purpose: Purpose::Billing },
        Basis::Emergency { emergency: EmergencyId(4) },
        Basis::Draw { request: RequestId(5) },
    ] {
        let grant = [
            ("basis", basis.encode()),
            ("reply", ReplyKey([47; 32]).encode()),
            ("granted_at", 5u32.encode()),
            ("until", 6u32.encode()),
            ("deliveries", vec![(2u8, delivery)].encode()),
            ("deposit", 1u128.encode()),
            ("fees", 1u128.encode()),
        ];
        check_struct("Custody", "Grants", &grant);
    }
}

#[test]
fn emergencies_are_as_they_are_read() {
    for (status, _) in statuses() {
        let emergency = [
            ("patient", ALICE.encode()),
            ("subject", BOB.encode()),
            ("reason", EmergencyReason::Other.encode()),
            ("broken_at", 5u32.encode()),
            ("until", 5u32.encode()),
            ("review_until", 6u32.encode()),
            ("bond", 1u128.encode()),
            ("grants", 2u32.encode()),
            ("requested", 2u32.encode()),
            ("deliveries", 2u32.encode()),
            ("status", status.encode()),
        ];
        check_struct("Custody", "Emergencies", &emergency);
    }
}

/// Every status of an emergency, and its name.
fn statuses() -> [(EmergencyStatus, &'static str); 5] {
    [
        (EmergencyStatus::Open, "Open"),
        (EmergencyStatus::Endorsed { by: ALICE }, "Endorsed"),
        (EmergencyStatus::Rejected { by: ALICE }, "Rejected"),
        (EmergencyStatus::Escalated, "Escalated"),
        (EmergencyStatus::Accepted, "Accepted"),
    ]
}

#[test]
fn structs_of_emr_are_as_they_are_read() {
    let document = Document { cid: cid(), digest: ContentDigest([4; 32]) };
    check_struct(
        "Emr",
        "Patients",
        &[
            ("profile", Some(document).encode()),
            ("key_epoch", 1u32.encode()),
            ("records", 1u32.encode()),
            ("relations", 1u32.encode()),
            ("deposit", 1u128.encode()),
        ],
    );
    for content in
        [RecordContent::kept(cid(), ContentDigest([4; 32])), RecordContent::Erased(cid().hashed())]
    {
        check_struct(
            "Emr",
            "Records",
            &[
                ("patient", ALICE.encode()),
                ("author", BOB.encode()),
                ("content", content.encode()),
                ("kind", RecordKind::Report.encode()),
                ("previous", Some(RecordId(1)).encode()),
                ("added_at", 1u32.encode()),
                ("status", RecordStatus::Superseded { by: RecordId(1) }.encode()),
                ("envelopes", 1u32.encode()),
                ("deposit", 1u128.encode()),
            ],
        );
    }
    check_struct(
        "Emr",
        "Commitments",
        &[
            ("input_root", InputRoot([6; 32]).encode()),
            ("verdicts", VerdictCommitment([7; 32]).encode()),
        ],
    );
    check_struct(
        "Emr",
        "Envelopes",
        &[
            ("sealed", sealed_key().encode()),
            ("depositor", ALICE.encode()),
            ("deposit", 1u128.encode()),
        ],
    );
    check_struct(
        "Emr",
        "Relations",
        &[("kind", RelationKind::Child.encode()), ("emergency_contact", true.encode())],
    );
}

/// It is decoded without metadata, in the order of its fields.
#[test]
fn the_end_of_a_log_is_as_it_is_read() {
    let metadata = metadata();
    let head = LogHead { length: 7, head: [8; 32], at: 9u32 };
    let fields =
        [("length", head.length.encode()), ("head", head.head.encode()), ("at", head.at.encode())];
    let bytes = in_order(&metadata, value_type(&metadata, "Emr", "Logs"), &fields, "Emr.Logs");
    assert_eq!(bytes, head.encode());
}

#[test]
fn an_archive_of_logs_is_as_it_is_read() {
    let archive = [("cid", cid().encode()), ("at", 9u32.encode()), ("deposit", 1u128.encode())];
    check_struct("Emr", "LogArchives", &archive);
}

#[test]
fn structs_of_governance_are_as_they_are_read() {
    check_struct(
        "Emr",
        "Institutions",
        &[
            ("name", InstitutionName::truncate_from(b"clinic".to_vec()).encode()),
            ("registrar", ALICE.encode()),
        ],
    );
    check_struct(
        "Emr",
        "Providers",
        &[("institution", InstitutionId(1).encode()), ("until", 1u32.encode())],
    );
    check_struct(
        "Emr",
        "PendingDefaultPolicy",
        &[("policy", Some(ALICE).encode()), ("enactable_at", 1u32.encode())],
    );
    for body in ["Council", "EthicsCommittee"] {
        check_struct(
            body,
            "Voting",
            &[
                ("index", 1u32.encode()),
                ("threshold", 1u32.encode()),
                ("ayes", vec![ALICE].encode()),
                ("nays", vec![ALICE, BOB].encode()),
                ("end", 1u32.encode()),
            ],
        );
    }
    let call = Call::RemoveInstitution { institution: InstitutionId(1) };
    check_struct(
        "Timelock",
        "Changes",
        &[
            ("call", call.encode_with(&metadata()).unwrap()),
            ("transaction_version", 1u32.encode()),
            ("enactable_at", 1u32.encode()),
            ("expires_at", 1u32.encode()),
        ],
    );
}

#[test]
fn structs_of_inference_are_as_they_are_read() {
    check_struct(
        "Inference",
        "Models",
        &[
            ("name", label("n").encode()),
            ("version", label("v").encode()),
            ("cid", cid().encode()),
            ("sha256", [1u8; 32].encode()),
            ("card", Some(cid()).encode()),
            ("labels", vec![label("covid")].encode()),
            ("preprocessing", PreprocessingId::truncate_from(vec![1]).encode()),
            ("arithmetic", Arithmetic::Exact.encode()),
            ("min_quorum", 1u8.encode()),
            ("confidence_threshold", 1u32.encode()),
            ("fee", 1u128.encode()),
            ("status", ModelStatus::Retired.encode()),
        ],
    );
    check_struct(
        "Inference",
        "Workers",
        &[
            ("models", vec![ModelId(1)].encode()),
            ("bond", 1u128.encode()),
            ("status", WorkerStatus::Leaving { until: 1 }.encode()),
            ("assigned", 1u32.encode()),
            ("answered", 1u32.encode()),
            ("declined", 1u32.encode()),
            ("missed", 1u32.encode()),
            ("lost", 1u32.encode()),
        ],
    );
    check_struct(
        "Inference",
        "Requests",
        &[
            ("record", RecordId(1).encode()),
            ("patient", ALICE.encode()),
            ("model", ModelId(1).encode()),
            ("requester", BOB.encode()),
            ("fee", 1u128.encode()),
            ("quorum", 1u8.encode()),
            ("opened", 1u32.encode()),
            ("deadline", 1u32.encode()),
            ("status", RequestStatus::Failed { cause: FailureCause::NotAnswered }.encode()),
        ],
    );
}

#[test]
fn structs_of_verdicts_are_as_they_are_read() {
    let sealed = SealedAnswer::truncate_from(vec![6; 50]);
    for choice in [
        Choice::Named,
        Choice::After { number: 1 },
        Choice::Seeded { seed: [1; 32], last: Some([2; 32]) },
        Choice::Cancelled,
    ] {
        let members = [
            Step::Chosen,
            Step::Committed(AnswerCommitment([3; 32])),
            Step::Revealed(sealed.clone()),
        ]
        .map(|step| Member { worker: BOB, step });
        check_struct(
            "Inference",
            "Committees",
            &[
                ("members", members.to_vec().encode()),
                ("choice", choice.encode()),
                ("lost", vec![ALICE, BOB].encode()),
            ],
        );
    }
    check_struct(
        "Inference",
        "Verdicts",
        &[
            ("record", RecordId(1).encode()),
            ("model", ModelId(1).encode()),
            ("workers", vec![ALICE, BOB].encode()),
            ("sealed", sealed.encode()),
            ("receipt", Receipt([7; 32]).encode()),
            ("reached_at", 1u32.encode()),
            ("challengeable_until", 1u32.encode()),
            ("status", VerdictStatus::Annulled.encode()),
            ("previous", Some(RequestId(1)).encode()),
        ],
    );
}

#[test]
fn plain_values_are_as_they_are_read() {
    let metadata = metadata();
    let value = |pallet, entry, bytes: Vec<u8>| {
        let what = format!("{pallet}.{entry}");
        assert_is(&metadata, value_type(&metadata, pallet, entry), &bytes, &what);
    };
    value("Emr", "EncryptionKeys", EncryptionKey([1; 32]).encode());
    value("Emr", "PatientPolicies", ALICE.encode());
    value("Emr", "DefaultPolicy", ALICE.encode());
    value("Custody", "Declined", 1u128.encode());
    value("Custody", "RunningEmergencies", EmergencyId(1).encode());
    value("Custody", "EmergenciesOver", 1u32.encode());
    value("Custody", "Rejections", 1u32.encode());
    value("Inference", "Networks", super::calls::network().encode());
    value("Inference", "OpenRequestOf", RequestId(1).encode());
    value("Inference", "LatestVerdict", RequestId(1).encode());
    value("Inference", "Candidates", vec![(ALICE, 1u32), (BOB, 2)].encode());
    value("Inference", "Seeds", ([1u8; 32], 1u32).encode());
    value("Timestamp", "Now", 1u64.encode());
    value("Sudo", "Key", ALICE.encode());
    for body in ["Council", "EthicsCommittee"] {
        value(body, "Members", vec![ALICE, BOB].encode());
        value(body, "Proposals", vec![[9u8; 32]].encode());
    }
}

#[test]
fn constants_are_as_they_are_read() {
    let metadata = metadata();
    for constant in Constant::ALL {
        let pallet = metadata.pallet_by_name(constant.owner()).unwrap();
        let found =
            pallet.constant_by_name(constant.name()).unwrap_or_else(|| panic!("{constant}"));
        let sample = match *constant {
            Constant::MAX_REJECTIONS | Constant::MAX_TERM => 1u32.encode(),
            Constant::BLOCK_WEIGHTS => {
                let class = (Gas::default(), Some(Gas::default()), None::<Gas>, None::<Gas>);
                (Gas::default(), Gas::default(), class, class, class).encode()
            }
            _ => 1u128.encode(),
        };
        assert_is(&metadata, found.ty(), &sample, &constant.to_string());
    }
}

#[test]
fn the_keys_of_every_item_are_as_they_are_written() {
    let metadata = metadata();
    let mut checked = BTreeSet::new();
    let mut keys = |pallet, entry, keys: &[&[u8]]| {
        let types = key_types(&metadata, pallet, entry);
        assert_eq!(types.len(), keys.len(), "{pallet}.{entry}");
        for (type_id, bytes) in types.into_iter().zip(keys) {
            assert_is(&metadata, type_id, bytes, &format!("a key of {pallet}.{entry}"));
        }
        checked.insert(format!("{pallet}.{entry}"));
    };
    let (account, record, model) = (ALICE.encode(), RecordId(1).encode(), ModelId(1).encode());
    keys("System", "Account", &[&account]);
    keys("System", "BlockHash", &[&1u32.encode()]);
    keys("System", "Events", &[]);
    keys("System", "LastRuntimeUpgrade", &[]);
    keys("Timestamp", "Now", &[]);
    keys("Sudo", "Key", &[]);
    keys("Emr", "DefaultPolicy", &[]);
    keys("Emr", "PendingDefaultPolicy", &[]);
    keys("Emr", "Institutions", &[&InstitutionId(1).encode()]);
    for body in ["Council", "EthicsCommittee"] {
        keys(body, "Members", &[]);
        keys(body, "Proposals", &[]);
        keys(body, "ProposalOf", &[&[9u8; 32]]);
        keys(body, "Voting", &[&[9u8; 32]]);
    }
    keys("EthicsMembership", "Members", &[]);
    keys("Timelock", "Changes", &[&ChangeId(1).encode()]);
    let emergency = EmergencyId(1).encode();
    keys("Custody", "Custodians", &[&account]);
    keys("Custody", "Declined", &[&account, &account]);
    keys("Custody", "CustodianGroups", &[&account]);
    keys("Custody", "Custodies", &[&record]);
    keys("Custody", "Grants", &[&record, &account]);
    keys("Custody", "Emergencies", &[&emergency]);
    keys("Custody", "EmergenciesOver", &[&account]);
    keys("Custody", "EmergencyGrants", &[&emergency, &record]);
    keys("Custody", "RunningEmergencies", &[&account, &account]);
    keys("Custody", "Rejections", &[&account]);
    keys("Custody", "EmergencyOptOuts", &[&account]);
    keys("Emr", "Patients", &[&account]);
    keys("Emr", "EncryptionKeys", &[&account]);
    keys("Emr", "PatientPolicies", &[&account]);
    keys("Emr", "Providers", &[&account, &Role::Hospital.encode()]);
    keys("Emr", "Records", &[&record]);
    keys("Emr", "RecordsOf", &[&account, &record]);
    keys("Emr", "Contents", &[&cid().hashed().encode(), &account]);
    keys("Emr", "Commitments", &[&record]);
    keys("Emr", "Envelopes", &[&record, &account]);
    keys("Emr", "Relations", &[&account, &account]);
    keys("Emr", "Logs", &[&account]);
    keys("Emr", "LogArchives", &[&account]);
    keys("Inference", "Models", &[&model]);
    keys("Inference", "Networks", &[&model]);
    keys("Disputes", "Disputes", &[&RequestId(1).encode()]);
    keys("Inference", "Workers", &[&account]);
    keys("Inference", "Requests", &[&RequestId(1).encode()]);
    keys("Inference", "Candidates", &[&model]);
    keys("Inference", "Committees", &[&RequestId(1).encode()]);
    keys("Inference", "Assignments", &[&account, &RequestId(1).encode()]);
    keys("Inference", "OpenRequestOf", &[&record, &model]);
    keys("Inference", "Due", &[&1u32.encode(), &RequestId(1).encode()]);
    keys("Inference", "Seeds", &[&1u32.encode()]);
    keys("Inference", "Verdicts", &[&RequestId(1).encode()]);
    keys("Inference", "LatestVerdict", &[&record, &model]);
    assert_eq!(checked, StorageItem::ALL.iter().map(ToString::to_string).collect());
}

/// The type of a field of a stored struct.
pub fn field_type(metadata: &Metadata, pallet: &str, entry: &str, name: &str) -> u32 {
    let resolved = metadata.types().resolve(value_type(metadata, pallet, entry)).unwrap();
    let json = serde_json::to_value(&resolved.type_def).unwrap();
    let fields = json["composite"]["fields"].as_array().unwrap().clone();
    let field = fields.iter().find(|field| field["name"] == name).expect(name);
    field["type"].as_u64().unwrap() as u32
}

#[test]
fn every_variant_has_the_index_that_it_is_read_by() {
    let metadata = metadata();
    let check = |type_id, sample: &dyn Fn() -> Vec<u8>, shown: &str| {
        let bytes = sample();
        assert_is(&metadata, type_id, &bytes, shown);
        let value = decode_as_type(&mut bytes.as_slice(), type_id, metadata.types()).unwrap();
        let text = value.to_string();
        assert!(text.starts_with(shown), "{text} is not {shown}");
    };
    let status = field_type(&metadata, "Emr", "Records", "status");
    check(status, &|| RecordStatus::Active.encode(), "Active");
    check(status, &|| RecordStatus::Superseded { by: RecordId(1) }.encode(), "Superseded");
    check(status, &|| RecordStatus::Erased.encode(), "Erased");
    let status = field_type(&metadata, "Custody", "Emergencies", "status");
    for (value, shown) in statuses() {
        check(status, &|| value.encode(), shown);
    }
    let status = field_type(&metadata, "Inference", "Models", "status");
    check(status, &|| ModelStatus::Active.encode(), "Active");
    check(status, &|| ModelStatus::Retired.encode(), "Retired");
    let status = field_type(&metadata, "Inference", "Requests", "status");
    for (value, shown) in [
        (RequestStatus::Drawing, "Drawing"),
        (RequestStatus::Sealing, "Sealing"),
        (RequestStatus::Committing, "Committing"),
        (RequestStatus::Revealing, "Revealing"),
        (RequestStatus::Answered, "Answered"),
        (RequestStatus::Disputed, "Disputed"),
        (RequestStatus::Cancelled, "Cancelled"),
        (RequestStatus::Expired, "Expired"),
    ] {
        check(status, &|| value.encode(), shown);
    }
    for (cause, shown) in [
        (FailureCause::Reported(FailureCode::TooLarge), "Reported"),
        (FailureCause::NotAnswered, "NotAnswered"),
        (FailureCause::NotRevealed, "NotRevealed"),
        (FailureCause::TooFewWorkers, "TooFewWorkers"),
        (FailureCause::NobodyRight, "NobodyRight"),
        (FailureCause::NotSettled, "NotSettled"),
    ] {
        let failed = RequestStatus::Failed { cause }.encode();
        check(status, &|| failed.clone(), "Failed");
        assert_reads(&metadata, status, &RequestStatus::Failed { cause }, shown, "a status");
    }
    let arithmetic = field_type(&metadata, "Inference", "Models", "arithmetic");
    check(arithmetic, &|| Arithmetic::Exact.encode(), "Exact");
    check(arithmetic, &|| Arithmetic::Float.encode(), "Float");
    let status = field_type(&metadata, "Inference", "Workers", "status");
    check(status, &|| WorkerStatus::Active.encode(), "Active");
    check(status, &|| WorkerStatus::Suspended.encode(), "Suspended");
    check(status, &|| WorkerStatus::Leaving { until: 1 }.encode(), "Leaving");
    let status = field_type(&metadata, "Inference", "Verdicts", "status");
    check(status, &|| VerdictStatus::Standing.encode(), "Standing");
    check(status, &|| VerdictStatus::Challenged.encode(), "Challenged");
    check(status, &|| VerdictStatus::Annulled.encode(), "Annulled");
    check(status, &|| VerdictStatus::Withdrawn.encode(), "Withdrawn");
    let choice = field_type(&metadata, "Inference", "Committees", "choice");
    check(choice, &|| Choice::Named.encode(), "Named");
    check(choice, &|| Choice::After { number: 1 }.encode(), "After");
    check(choice, &|| Choice::Seeded { seed: [1; 32], last: None }.encode(), "Seeded");
    check(choice, &|| Choice::Cancelled.encode(), "Cancelled");
    let members = field_type(&metadata, "Inference", "Committees", "members");
    for (step, shown) in [
        (Step::Chosen, "Chosen"),
        (Step::Committed(AnswerCommitment([3; 32])), "Committed"),
        (Step::Revealed(SealedAnswer::default()), "Revealed"),
    ] {
        let members_of = vec![Member { worker: BOB, step }];
        assert_reads(&metadata, members, &members_of, shown, "a member");
    }
}
