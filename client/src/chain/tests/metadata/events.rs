use codec::Compact;
use medchain_primitives::{
    Action, Cid, CidCodec, ContentDigest, DenyReason, EmergencyId, EmergencyReason, EncryptionKey,
    FailureCode, Label, ModelId, Output, Receipt, RecordId, RecordKind, RelationKind, RequestId,
    Role,
};
use subxt::{
    config::{polkadot::PolkadotConfig, substrate::SpecVersionForRange},
    OfflineClient,
};

use super::*;
use crate::chain::{
    event, ChainEvent, Denied, DispatchFailure, Document, EndReason, ModelStatus, Purpose,
};

/// Encodes an event as it stands in state, reads it as from a block, and
/// compares. `fields` are all that the event has.
fn check(pallet: &str, name: &str, fields: &[(&str, Vec<u8>)], expected: ChainEvent) {
    let metadata = metadata().arc();
    let found = metadata.pallet_by_name(pallet).expect(pallet);
    let variants = found.event_variants().expect(pallet);
    let what = format!("{pallet}.{name}");
    let variant = variants.iter().find(|variant| variant.name == name).expect(&what);
    let mut bytes = Compact(1u32).encode();
    // The phase `ApplyExtrinsic(3)`.
    bytes.extend([0, 3, 0, 0, 0, found.event_index(), variant.index]);
    assert_eq!(variant.fields.len(), fields.len(), "{what}");
    for field in &variant.fields {
        let field_name = field.name.as_deref().expect(&what);
        let given = fields.iter().find(|(given, _)| *given == field_name);
        let (_, value) = given.unwrap_or_else(|| panic!("{what} has a field {field_name}"));
        assert_is(&metadata, field.ty.id, value, &format!("{what}.{field_name}"));
        bytes.extend(value);
    }
    // No topics.
    bytes.push(0);
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
    let events = at.events().from_bytes(bytes);
    let one = events.iter().next().unwrap().unwrap();
    assert_eq!(event::extrinsic_of(&one), Some(3));
    assert_eq!(event::read(&one, &metadata).unwrap(), expected, "{what}");
}

/// `event!(Emr, Name { field, … } + { other: bytes, … })`: an event whose
/// fields are the variables of their names, with fields that are not read.
macro_rules! event {
    ($pallet:ident, $name:ident { $($field:ident),* } $(+ { $($other:ident: $value:expr),* })?) => {
        check(
            stringify!($pallet),
            stringify!($name),
            &[
                $((stringify!($field), $field.encode()),)*
                $($((stringify!($other), $value.encode()),)*)?
            ],
            ChainEvent::$name { $($field: $field.clone()),* },
        )
    };
}

#[test]
fn events_of_emr_are_read() {
    let (patient, account, author, reader, relative, subject) = (ALICE, BOB, BOB, BOB, BOB, BOB);
    let (record, previous) = (RecordId(8), RecordId(7));
    let (old, new) = (Some(ALICE), None::<AccountId32>);
    let cid = Cid::new(CidCodec::Raw, [3; 32]);
    let document = Document { cid: cid.clone(), digest: ContentDigest([4; 32]) };
    let key = EncryptionKey([6; 32]);
    let (kind, purpose, role) = (RecordKind::Report, Purpose::Research, Role::Custodian);
    let (action, policy) = (Action::Emergency, Some(ALICE));
    let reason = Denied::Refused(DenyReason::Other(5));
    let relation = (RelationKind::Sibling, true);
    event!(Emr, PatientRegistered { patient });
    event!(Emr, ProfileUpdated { patient } + { old: Some(document.clone()), new: document });
    event!(Emr, EncryptionKeySet { account, key });
    event!(Emr, EncryptionKeyRemoved { account });
    event!(Emr, PolicySet { patient, old, new });
    event!(Emr, DefaultPolicySet { old, new });
    event!(Emr, ProviderAdded { account, role });
    event!(Emr, ProviderRemoved { account, role });
    event!(Emr, RecordAdded { record, patient, author, cid, kind });
    event!(Emr, RecordAmended { record, previous, patient, author, cid });
    event!(Emr, EnvelopeAdded { record, reader });
    event!(Emr, EnvelopeRemoved { record, reader });
    event!(Emr, RecordErased { record, patient });
    event!(Emr, RelationSet { patient, relative } + { old: Some(relation), new: relation });
    event!(Emr, RelationRemoved { patient, relative });
    let until = Some(77u32);
    event!(Emr, AccessGranted { record, patient, subject, purpose, until });
    event!(Emr, AccessDenied { record, patient, subject, purpose, reason });
    let custodian = BOB;
    let (custodians, threshold, delivered) = (vec![ALICE, BOB], 2u32, 1u32);
    let (old, new) = (Some(custodians.clone()), None::<Vec<AccountId32>>);
    event!(Emr, CustodiansSet { patient, old, new, threshold });
    event!(Emr, RecordEntrusted { record, patient, custodians, threshold });
    event!(Emr, ShareDelivered { record, patient, subject, custodian, delivered, threshold });
    let reason = EndReason::Reentrusted;
    event!(Emr, AccessEnded { record, patient, subject, reason });
    let (emergency, reason) = (EmergencyId(6), EmergencyReason::MassCasualty);
    let (until, review_until, bond, accepted, reviewer) = (78u32, 79u32, 80u128, true, ALICE);
    event!(Emr, GlassBroken { emergency, record, patient, subject, reason, until, review_until });
    event!(
        Emr,
        EmergencyReviewed { emergency, record, patient, subject, reviewer, accepted, bond }
    );
    event!(Emr, EmergencyLapsed { emergency, record, patient, subject, bond });
    event!(Emr, EmergencyVoided { emergency, record, patient, subject, bond });
    let allowed = false;
    event!(Emr, EmergencyAccessSet { patient, allowed });
    let record = Some(record);
    event!(Emr, AccessChecked { patient, subject, record, action, policy });
}

#[test]
fn events_of_inference_are_read() {
    let (patient, requester, worker) = (ALICE, BOB, BOB);
    let (request, record, model) = (RequestId(9), RecordId(8), ModelId(7));
    let (old, new) = (ModelStatus::Active, ModelStatus::Retired);
    let (fee, deadline, label) = (5u128, 6u32, 1u8);
    let output = Output::quantise(&[0.25, 0.75]).unwrap();
    let receipt = Receipt([7; 32]);
    let code = FailureCode::NotAnImage;
    let models = vec![model];
    let cid = Cid::new(CidCodec::Raw, [3; 32]);
    check(
        "Inference",
        "ModelRegistered",
        &[
            ("model", model.encode()),
            ("name", Label::truncate_from(b"vgg".to_vec()).encode()),
            ("cid", cid.encode()),
        ],
        ChainEvent::ModelRegistered { model, name: "vgg".into(), cid },
    );
    event!(Inference, ModelStatusSet { model, old, new });
    event!(Inference, WorkerRegistered { worker, models });
    event!(Inference, WorkerModelsSet { worker } + { old: models, new: models });
    event!(Inference, WorkerDeregistered { worker });
    event!(
        Inference,
        InferenceRequested { request, record, patient, model, requester, fee, deadline }
    );
    event!(Inference, RequestCancelled { request });
    event!(
        Inference,
        PredictionSubmitted { request, record, worker, model, label, output, receipt }
    );
    event!(Inference, FailureReported { request, record, worker, code });
    event!(Inference, InferenceFailed { request, record, worker, code });
    event!(Inference, RequestExpired { request });
}

#[test]
fn events_of_other_pallets_are_read() {
    check(
        "TransactionPayment",
        "TransactionFeePaid",
        &[("who", ALICE.encode()), ("actual_fee", 5u128.encode()), ("tip", 0u128.encode())],
        ChainEvent::FeePaid { who: ALICE, fee: 5 },
    );
    check(
        "Contracts",
        "Instantiated",
        &[("deployer", ALICE.encode()), ("contract", BOB.encode())],
        ChainEvent::ContractInstantiated { deployer: ALICE, contract: BOB },
    );
    check(
        "Contracts",
        "ContractEmitted",
        &[("contract", BOB.encode()), ("data", vec![1u8, 2].encode())],
        ChainEvent::ContractEmitted { contract: BOB, topics: vec![], data: vec![1, 2] },
    );
    check(
        "Utility",
        "BatchCompleted",
        &[],
        ChainEvent::Other { pallet: "Utility".into(), name: "BatchCompleted".into() },
    );
}

#[test]
fn failures_are_read_with_the_pallet_s_words() {
    let metadata = metadata();
    let emr = metadata.pallet_by_name("Emr").unwrap();
    let errors = emr.error_variants().unwrap();
    let no_grant = errors.iter().find(|error| error.name == "NoGrant").unwrap();
    let module = [3, emr.error_index(), no_grant.index, 0, 0, 0];
    let expect = |failure: DispatchFailure| {
        assert_eq!((failure.pallet.as_str(), failure.error.as_str()), ("Emr", "NoGrant"));
        assert!(!failure.docs.is_empty());
    };
    expect(DispatchFailure::decode(&mut module.as_slice(), &metadata).unwrap());

    let sudo = |result: Vec<u8>, expected| {
        let event = ChainEvent::SudoDone { failure: expected };
        check("Sudo", "Sudid", &[("sudo_result", result)], event);
    };
    sudo(vec![0], None);
    let bad_origin = DispatchFailure::decode(&mut [2].as_slice(), &metadata).unwrap();
    assert_eq!(bad_origin.error, "BadOrigin");
    sudo(vec![1, 2], Some(bad_origin));

    // What the runtime calls the errors that are told apart here by index.
    let type_id = metadata.dispatch_error_ty().unwrap();
    for (bytes, shown) in [
        (vec![0], "Other"),
        (vec![1], "CannotLookup"),
        (vec![2], "BadOrigin"),
        (vec![4], "ConsumerRemaining"),
        (vec![5], "NoProviders"),
        (vec![6], "TooManyConsumers"),
        (vec![7, 0], "FundsUnavailable"),
        (vec![7, 2], "BelowMinimum"),
        (vec![7, 8], "NotExpendable"),
        (vec![10], "Exhausted"),
        (vec![11], "Corruption"),
        (vec![12], "Unavailable"),
        (vec![13], "RootNotAllowed"),
    ] {
        let failure = DispatchFailure::decode(&mut bytes.as_slice(), &metadata).unwrap();
        assert_eq!(failure.error, shown);
        let value = decode_as_type(&mut bytes.as_slice(), type_id, metadata.types()).unwrap();
        assert!(value.to_string().contains(shown), "{value} is not {shown}");
    }
}
