use medchain_primitives::{
    Cid, CidCodec, ContentDigest, EmergencyId, EmergencyReason, EncryptionKey, FailureCode,
    ModelId, Output, Receipt, RecordId, RecordKind, RelationKind, RequestId, Role, SealedKey,
    SEALED_KEY_LENGTH,
};

use super::*;
use crate::chain::{Call, Document, Gas, ModelStatus, Purpose};

fn cid() -> Cid {
    Cid::new(CidCodec::Raw, [3; 32])
}

/// Encodes a call and reads it back through the metadata.
fn check(call: Call, shown: &[&str]) {
    let metadata = metadata();
    let name = call.name();
    let bytes = call.encode_with(&metadata).unwrap_or_else(|error| panic!("{name}: {error}"));
    let call_type = metadata.outer_enums().call_enum_ty();
    assert_is(&metadata, call_type, &bytes, &name);
    let value = decode_as_type(&mut bytes.as_slice(), call_type, metadata.types()).unwrap();
    let text = value.to_string();
    let (pallet, call) = name.split_once('.').unwrap();
    for part in [pallet, call].iter().chain(shown) {
        assert!(text.contains(part), "{name}: {text} does not contain {part}");
    }
}

#[test]
fn calls_of_emr_encode() {
    let profile = Document { cid: cid(), digest: ContentDigest([4; 32]) };
    let envelopes = vec![(BOB, SealedKey([5; SEALED_KEY_LENGTH]))];
    let digest = ContentDigest([4; 32]);
    let record = RecordId(77);
    check(
        Call::RegisterPatient {
            profile: Some(profile.clone()),
            encryption_key: EncryptionKey([6; 32]),
        },
        &["Some"],
    );
    check(
        Call::RegisterPatient { profile: None, encryption_key: EncryptionKey([6; 32]) },
        &["None"],
    );
    check(Call::UpdateProfile { profile }, &[]);
    check(Call::SetEncryptionKey { key: EncryptionKey([6; 32]) }, &[]);
    check(Call::RemoveEncryptionKey, &[]);
    check(Call::SetPolicy { policy: Some(BOB) }, &["Some"]);
    check(Call::SetDefaultPolicy { policy: None }, &["None"]);
    check(Call::AddProvider { account: BOB, role: Role::LabTechnician }, &["LabTechnician"]);
    check(Call::AddProvider { account: BOB, role: Role::Clinician }, &["Clinician"]);
    check(Call::AddProvider { account: BOB, role: Role::Hospital }, &["Hospital"]);
    check(Call::RemoveProvider { account: BOB, role: Role::Custodian }, &["Custodian"]);
    for (kind, shown) in [
        (RecordKind::ChestXray, "ChestXray"),
        (RecordKind::Report, "Report"),
        (RecordKind::Other, "Other"),
    ] {
        check(
            Call::AddRecord {
                patient: ALICE,
                cid: cid(),
                digest,
                kind,
                envelopes: envelopes.clone(),
                inference: Some(ModelId(8)),
                custody: Some(envelopes.clone()),
            },
            &[shown, "Some"],
        );
    }
    check(Call::AmendRecord { record, cid: cid(), digest, envelopes, custody: None }, &["77"]);
    let shares = vec![(BOB, SealedKey([5; SEALED_KEY_LENGTH]))];
    check(Call::SetCustodians { custodians: vec![ALICE, BOB], threshold: 55 }, &["55"]);
    check(Call::EntrustRecord { record, shares }, &["77"]);
    let (subject, sealed_share) = (BOB, SealedKey([5; SEALED_KEY_LENGTH]));
    check(Call::DeliverShare { record, subject, sealed_share }, &["77"]);
    check(Call::ExpireGrant { record, subject }, &["77"]);
    for (reason, shown) in [
        (EmergencyReason::CannotConsent, "CannotConsent"),
        (EmergencyReason::LifeThreatening, "LifeThreatening"),
        (EmergencyReason::MassCasualty, "MassCasualty"),
        (EmergencyReason::Other, "Other"),
    ] {
        check(Call::BreakGlass { record, reason }, &["77", shown]);
    }
    let emergency = EmergencyId(44);
    check(Call::ReviewEmergency { emergency, accepted: true }, &["44", "true"]);
    check(Call::LapseEmergency { emergency }, &["44"]);
    check(Call::SetEmergencyAccess { allowed: false }, &["false"]);
    let sealed_key = SealedKey([5; SEALED_KEY_LENGTH]);
    check(Call::ShareRecord { record, reader: BOB, sealed_key }, &["77"]);
    check(Call::RemoveEnvelope { record, reader: BOB }, &["77"]);
    check(Call::EraseRecord { record }, &["77"]);
    for (kind, shown) in [
        (RelationKind::Parent, "Parent"),
        (RelationKind::Partner, "Partner"),
        (RelationKind::Child, "Child"),
        (RelationKind::Sibling, "Sibling"),
        (RelationKind::Other, "Other"),
        (RelationKind::Guardian, "Guardian"),
    ] {
        check(Call::SetRelation { relative: BOB, kind, emergency_contact: true }, &[shown, "true"]);
    }
    check(Call::RemoveRelation { relative: BOB }, &[]);
    for (purpose, shown) in [
        (Purpose::Treatment, "Treatment"),
        (Purpose::SecondOpinion, "SecondOpinion"),
        (Purpose::Research, "Research"),
        (Purpose::Billing, "Billing"),
        (Purpose::Other, "Other"),
    ] {
        check(Call::RequestAccess { record, purpose }, &["77", shown]);
    }
}

/// A runtime of version 1 has no custody: none is left out, some is an error.
#[test]
fn a_record_is_added_to_the_released_runtime_as_well() {
    let released = Metadata::decode_from(compat::TESTED[1]).unwrap();
    let mut call = Call::AddRecord {
        patient: ALICE,
        cid: cid(),
        digest: ContentDigest([4; 32]),
        kind: RecordKind::Report,
        envelopes: Vec::new(),
        inference: None,
        custody: None,
    };
    let bytes = call.encode_with(&released).unwrap();
    assert_is(&released, released.outer_enums().call_enum_ty(), &bytes, "Emr.add_record");
    let Call::AddRecord { custody, .. } = &mut call else { unreachable!() };
    *custody = Some(Vec::new());
    assert!(call.encode_with(&released).is_err());
}

#[test]
fn calls_of_inference_encode() {
    let request = RequestId(66);
    check(
        Call::RegisterModel {
            name: "medchain-vgg16".into(),
            version: "1.0.0".into(),
            cid: cid(),
            sha256: [9; 32],
            card: Some(cid()),
            labels: vec!["covid".into(), "normal".into()],
            preprocessing: "mc-area-224-v1".into(),
            confidence_threshold_ppm: 654_321,
            fee: 1_234_567,
        },
        &["654321", "1234567"],
    );
    check(Call::SetModelStatus { model: ModelId(8), status: ModelStatus::Active }, &["Active"]);
    check(Call::SetModelStatus { model: ModelId(8), status: ModelStatus::Retired }, &["Retired"]);
    check(Call::RegisterWorker { models: vec![ModelId(8)] }, &["8"]);
    check(Call::SetWorkerModels { models: vec![ModelId(8), ModelId(9)] }, &["9"]);
    check(Call::DeregisterWorker, &[]);
    check(Call::RequestInference { record: RecordId(77), model: ModelId(8) }, &["77", "8"]);
    check(Call::CancelRequest { request }, &["66"]);
    let output = Output::quantise(&[0.2, 0.7, 0.1]).unwrap();
    check(Call::SubmitPrediction { request, output, receipt: Receipt([7; 32]) }, &["66", "700000"]);
    for (code, shown) in [
        (FailureCode::Unavailable, "Unavailable"),
        (FailureCode::WrongHash, "WrongHash"),
        (FailureCode::CannotDecrypt, "CannotDecrypt"),
        (FailureCode::NotAnImage, "NotAnImage"),
        (FailureCode::TooLarge, "TooLarge"),
    ] {
        check(Call::ReportFailure { request, code }, &[shown]);
    }
    check(Call::ExpireRequest { request }, &["66"]);
}

#[test]
fn other_calls_and_calls_in_calls_encode() {
    let gas = Gas { ref_time: 1_111_111, proof_size: 22_222 };
    check(
        Call::ContractInstantiate {
            value: 0,
            gas,
            storage_deposit_limit: Some(333_333_333_333),
            code: b"\0asm".to_vec(),
            data: vec![1],
            salt: Vec::new(),
        },
        &["1111111", "22222", "333333333333"],
    );
    let contract_call = Call::ContractCall {
        contract: BOB,
        value: 4_444_444,
        gas,
        storage_deposit_limit: None,
        data: vec![1, 2],
    };
    check(contract_call.clone(), &["4444444", "1111111", "Id"]);
    let transfer = Call::Transfer { to: BOB, amount: 5_555_555_555_555 };
    check(transfer.clone(), &["5555555555555"]);
    check(
        Call::Batch(vec![transfer, contract_call, Call::DeregisterWorker]),
        &["5555555555555", "4444444", "deregister_worker"],
    );
    check(
        Call::Sudo(Box::new(Call::AddProvider { account: BOB, role: Role::Hospital })),
        &["add_provider", "Hospital"],
    );
}
