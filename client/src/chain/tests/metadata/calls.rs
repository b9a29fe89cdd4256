use std::collections::BTreeSet;

use medchain_disputes::Secret;
use medchain_exact::{Finish, Layer, SoftmaxScale, Window};
use medchain_primitives::{
    AnswerCommitment, AnswerSalt, ChangeId, Cid, CidCodec, ContentDigest, EmergencyId,
    EmergencyReason, FailureCode, FilmCommitments, InferenceOrder, InputRoot, InstitutionId,
    ModelId, RecordId, RecordKind, RelationKind, RequestId, Role, SealedAnswer, VerdictCommitment,
    VerdictRoot,
};
use medchain_sharing::{
    CustodianKey, Dealing, DealingProof, Delivery, DeliveryProof, EncryptedShare, Entrustment,
    EphemeralKey, KeyProof, ReplyKey, WrappedKey,
};

use super::{disputes::moves, *};
use crate::chain::{
    view::read_call, Body, Call, Document, Gas, ModelStatus, Motion, Network, NetworkLayer,
    Parameter, ParameterChange, ParameterUnit, Purpose,
};

fn cid() -> Cid {
    Cid::new(CidCodec::Raw, [3; 32])
}

fn commitments() -> FilmCommitments {
    FilmCommitments { input_root: InputRoot([10; 32]), verdicts: VerdictCommitment([11; 32]) }
}

fn order(quorum: u8, worker: Option<AccountId32>) -> InferenceOrder<AccountId32> {
    InferenceOrder { model: ModelId(8), quorum, worker }
}

/// Among two custodians.
fn entrustment() -> Entrustment {
    let dealing = Dealing {
        ephemeral: EphemeralKey([50; 32]),
        shares: vec![EncryptedShare([51; 32]); 2].try_into().unwrap(),
        wrapped: WrappedKey([52; 48]),
        proof: DealingProof([53; 96]),
    };
    Entrustment { threshold: 59, dealing }
}

pub fn network() -> Network {
    let shape =
        Layer { size: 4, inputs: 1, outputs: 2, window: Window::All, finish: Finish::Logits };
    let layer = NetworkLayer { shape, weights_root: [16; 32] };
    Network { layers: vec![layer].try_into().unwrap(), scale: SoftmaxScale(9) }
}

/// The names of the calls that were checked.
#[derive(Default)]
struct Checked(BTreeSet<String>);

impl Checked {
    /// Encodes a call and reads it back through the metadata.
    fn check(&mut self, call: &Call, shown: &[&str]) {
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
        self.0.insert(name);
    }
}

/// What a motion would do is shown to those who vote, with calls in calls.
#[test]
fn the_arguments_of_a_call_are_read() {
    let metadata = metadata();
    let policy = Call::AnnounceDefaultPolicy { policy: Some(BOB) };
    let call = Call::AnnounceChange(Box::new(policy));
    let mut bytes = call.encode_with(&metadata).unwrap();
    let (name, arguments) = read_call(&metadata, &bytes);
    assert_eq!(name, "Timelock.announce");
    let shown = format!("{{ call: Emr(announce_default_policy {{ policy: Some({BOB}) }}) }}");
    assert_eq!(arguments.unwrap().to_string(), shown);
    // Nothing is shown that is not all of the call.
    bytes.push(0);
    assert_eq!(read_call(&metadata, &bytes), ("Timelock.announce".to_owned(), None));
    bytes.truncate(3);
    assert_eq!(read_call(&metadata, &bytes), ("Timelock.announce".to_owned(), None));
    for short in [&[][..], &[255, 255]] {
        assert_eq!(read_call(&metadata, short), ("unknown".to_owned(), None));
    }
}

#[test]
fn every_call_encodes() {
    let mut checked = Checked::default();
    emr(&mut checked);
    custody(&mut checked);
    inference(&mut checked);
    others(&mut checked);
    disputes(&mut checked);
    governance(&mut checked);
    let all = Call::ALL.iter().map(|(pallet, name)| format!("{pallet}.{name}"));
    assert_eq!(checked.0, all.collect());
}

fn emr(calls: &mut Checked) {
    let profile = Document { cid: cid(), digest: ContentDigest([4; 32]) };
    let envelopes = vec![(BOB, sealed_key())];
    let digest = ContentDigest([4; 32]);
    let record = RecordId(77);
    calls.check(
        &Call::RegisterPatient {
            profile: Some(profile.clone()),
            encryption_key: EncryptionKey([6; 32]),
        },
        &["Some"],
    );
    calls.check(
        &Call::RegisterPatient { profile: None, encryption_key: EncryptionKey([6; 32]) },
        &["None"],
    );
    calls.check(&Call::UpdateProfile { profile }, &[]);
    calls.check(&Call::RemoveProfile, &[]);
    calls.check(&Call::DeregisterPatient, &[]);
    calls.check(&Call::WithdrawEnvelope { record: RecordId(31_337), reader: BOB }, &["31337"]);
    calls.check(&Call::SetEncryptionKey { key: EncryptionKey([6; 32]) }, &[]);
    calls.check(&Call::RemoveEncryptionKey, &[]);
    calls.check(&Call::SetLogArchive { cid: cid() }, &[]);
    calls.check(&Call::RemoveLogArchive, &[]);
    calls.check(&Call::SetPolicy { policy: Some(BOB) }, &["Some"]);
    calls.check(&Call::AllowNobody, &[]);
    calls.check(&Call::AnnounceDefaultPolicy { policy: None }, &["None"]);
    calls.check(&Call::EnactDefaultPolicy, &[]);
    calls.check(&Call::CancelDefaultPolicy, &[]);
    let institution = InstitutionId(31_337);
    let name = "Hospital of many names".to_owned();
    calls.check(&Call::AdmitInstitution { name, registrar: BOB }, &[]);
    calls.check(&Call::RemoveInstitution { institution }, &["31337"]);
    calls.check(&Call::SetRegistrar { institution, registrar: BOB }, &["31337"]);
    let until = 4_242;
    for role in [Role::LabTechnician, Role::Clinician, Role::Hospital] {
        let call = Call::AddProvider { institution, account: BOB, role, until };
        let shown = format!("{role:?}");
        calls.check(&call, &[&shown[..], "31337", "4242"]);
    }
    let renew = Call::RenewProvider { account: BOB, role: Role::Custodian, until };
    calls.check(&renew, &["Custodian", "4242"]);
    calls.check(&Call::RemoveProvider { account: BOB, role: Role::Custodian }, &["Custodian"]);
    for (kind, shown) in [
        (RecordKind::ChestXray, "ChestXray"),
        (RecordKind::Report, "Report"),
        (RecordKind::Other, "Other"),
    ] {
        calls.check(
            &Call::AddRecord {
                patient: ALICE,
                cid: cid(),
                digest,
                kind,
                commitments: Some(commitments()),
                envelopes: envelopes.clone(),
                inference: Some(order(3, None)),
                custody: Some(entrustment()),
            },
            &[shown, "Some", "input_root", "quorum: 3", "threshold: 59"],
        );
    }
    let amend = Call::AmendRecord {
        record,
        cid: cid(),
        digest,
        commitments: Some(commitments()),
        envelopes,
        custody: None,
    };
    calls.check(&amend, &["77", "input_root"]);
    let sealed_key = sealed_key();
    calls.check(&Call::ShareRecord { record, reader: BOB, sealed_key }, &["77"]);
    calls.check(&Call::RemoveEnvelope { record, reader: BOB }, &["77"]);
    calls.check(&Call::EraseRecord { record }, &["77"]);
    calls.check(&Call::RestoreRecord { record }, &["77"]);
    for (kind, shown) in [
        (RelationKind::Parent, "Parent"),
        (RelationKind::Partner, "Partner"),
        (RelationKind::Child, "Child"),
        (RelationKind::Sibling, "Sibling"),
        (RelationKind::Other, "Other"),
        (RelationKind::Guardian, "Guardian"),
    ] {
        calls.check(
            &Call::SetRelation { relative: BOB, kind, emergency_contact: true },
            &[shown, "true"],
        );
    }
    calls.check(&Call::RemoveRelation { relative: BOB }, &[]);
}

fn custody(calls: &mut Checked) {
    let (record, subject, emergency) = (RecordId(77), BOB, EmergencyId(44));
    let (key, proof) = (CustodianKey([40; 32]), KeyProof([41; 64]));
    calls.check(&Call::RegisterCustodian { key, proof }, &["40", "41"]);
    calls.check(&Call::RetireCustodian, &[]);
    calls.check(&Call::SetDeclined { patient: ALICE, declined: true }, &["true"]);
    calls.check(&Call::SetCustodians { members: vec![ALICE, BOB], threshold: 55 }, &["55"]);
    for (entrustment, shown) in [(Some(entrustment()), "wrapped"), (None, "None")] {
        calls.check(&Call::EntrustRecord { record, entrustment }, &["77", shown]);
    }
    calls.check(&Call::WithdrawShares { record }, &["77"]);
    let reply = ReplyKey([42; 32]);
    for (purpose, shown) in [
        (Purpose::Treatment, "Treatment"),
        (Purpose::SecondOpinion, "SecondOpinion"),
        (Purpose::Research, "Research"),
        (Purpose::Billing, "Billing"),
        (Purpose::Other, "Other"),
    ] {
        calls.check(&Call::RequestAccess { record, purpose, reply }, &["77", shown, "42"]);
    }
    let delivery = Delivery {
        ephemeral: EphemeralKey([43; 32]),
        share: EncryptedShare([45; 32]),
        proof: DeliveryProof([46; 96]),
    };
    let delivered = Call::DeliverShare { record, subject, reply, delivery };
    calls.check(&delivered, &["77", "42", "ephemeral", "43", "45", "46"]);
    calls.check(&Call::ExpireGrant { record, subject }, &["77"]);
    for (reason, shown) in [
        (EmergencyReason::CannotConsent, "CannotConsent"),
        (EmergencyReason::LifeThreatening, "LifeThreatening"),
        (EmergencyReason::MassCasualty, "MassCasualty"),
        (EmergencyReason::Other, "Other"),
    ] {
        calls.check(&Call::BreakGlass { patient: ALICE, reason }, &[shown]);
    }
    calls.check(&Call::RequestInEmergency { record, reply }, &["77", "42"]);
    calls.check(&Call::ReviewEmergency { emergency, accepted: true }, &["44", "true"]);
    calls.check(&Call::JudgeEmergency { emergency, accepted: false }, &["44", "false"]);
    calls.check(&Call::CloseEmergency { emergency }, &["44"]);
    calls.check(&Call::SetEmergencyAccess { allowed: false }, &["false"]);
    calls.check(&Call::LiftSuspension { account: BOB }, &[]);
    calls.check(&Call::ForgetGrant { record, subject, reply }, &["77", "42"]);
    calls.check(&Call::RequestAsWorker { request: RequestId(66), reply }, &["66", "42"]);
}

fn inference(calls: &mut Checked) {
    let request = RequestId(66);
    for (network, shown) in [(Some(network()), "weights_root"), (None, "None")] {
        calls.check(
            &Call::RegisterModel {
                name: "medchain-vgg16".into(),
                version: "1.0.0".into(),
                cid: cid(),
                sha256: [9; 32],
                card: Some(cid()),
                labels: vec!["covid".into(), "normal".into()],
                preprocessing: "mc-area-224-v1".into(),
                network,
                min_quorum: 5,
                confidence_threshold_ppm: 654_321,
                fee: 1_234_567,
            },
            &[shown, "min_quorum: 5", "654321", "1234567"],
        );
    }
    calls.check(
        &Call::SetModelStatus { model: ModelId(8), status: ModelStatus::Active },
        &["Active"],
    );
    calls.check(
        &Call::SetModelStatus { model: ModelId(8), status: ModelStatus::Retired },
        &["Retired"],
    );
    calls.check(&Call::RegisterWorker { models: vec![ModelId(8)] }, &["8"]);
    calls.check(&Call::SetWorkerModels { models: vec![ModelId(8), ModelId(9)] }, &["9"]);
    calls.check(&Call::DeregisterWorker, &[]);
    for (order, shown) in [(order(1, Some(BOB)), "Some"), (order(7, None), "quorum: 7")] {
        calls.check(&Call::RequestInference { record: RecordId(77), order }, &["77", shown]);
    }
    calls.check(&Call::CancelRequest { request }, &["66"]);
    calls.check(&Call::DrawWorkers { request, asks: 55 }, &["66", "55"]);
    let keys = vec![(BOB, sealed_key())];
    calls.check(&Call::SealToWorkers { request, keys }, &["66"]);
    let commitment = AnswerCommitment([12; 32]);
    calls.check(&Call::CommitAnswer { request, commitment }, &["66", "commitment"]);
    let sealed = SealedAnswer::truncate_from(vec![13; 50]);
    calls.check(&Call::SubmitAnswer { request, sealed: sealed.clone() }, &["66", "13"]);
    let salt = AnswerSalt([14; 32]);
    calls.check(&Call::RevealAnswer { request, sealed, salt }, &["66", "13", "14"]);
    for (code, shown) in [
        (FailureCode::Unavailable, "Unavailable"),
        (FailureCode::WrongHash, "WrongHash"),
        (FailureCode::CannotDecrypt, "CannotDecrypt"),
        (FailureCode::NotAnImage, "NotAnImage"),
        (FailureCode::TooLarge, "TooLarge"),
        (FailureCode::InputMismatch, "InputMismatch"),
    ] {
        calls.check(&Call::ReportFailure { request, code }, &[shown]);
    }
    calls.check(&Call::SettleOverdue { request }, &["66"]);
    calls.check(&Call::WithdrawBond, &[]);
    calls.check(&Call::TopUpBond, &[]);
    calls.check(&Call::DiscloseVerdict { request, root: VerdictRoot([15; 32]) }, &["66", "15"]);
    let sealed = SealedAnswer::truncate_from(vec![17; 50]);
    calls.check(&Call::ChallengeVerdict { request, sealed }, &["66", "17"]);
    calls.check(&Call::AnnulDispute { request }, &["66"]);
}

fn disputes(calls: &mut Checked) {
    let request = RequestId(66);
    calls.check(&Call::ShowRoots { request, roots: moves::roots() }, &["66", "19"]);
    calls.check(&Call::ShowNodes { request, nodes: moves::nodes() }, &["66", "20"]);
    calls.check(&Call::ShowLeaf { request, leaf: moves::leaf() }, &["salt", "21", "22"]);
    let sums = &["2323232", "-2424242", "shift: 25", "18"];
    calls.check(&Call::ShowSums { request, sums: moves::sums() }, sums);
    for (bias, shown) in [(Some((-2_929_292, 30)), "-2929292"), (None, "None")] {
        let opening = moves::opening(bias);
        calls.check(&Call::OpenValue { request, opening }, &["26", "27", "28", shown]);
    }
    for (logits, shown) in [(Some(vec![31; 12].try_into().unwrap()), "31"), (None, "None")] {
        let secret = Secret { root: VerdictRoot([32; 32]), logits };
        calls.check(&Call::OpenSecret { request, secret }, &["32", shown]);
    }
}

fn others(calls: &mut Checked) {
    let gas = Gas { ref_time: 1_111_111, proof_size: 22_222 };
    calls.check(
        &Call::ContractInstantiate {
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
    calls.check(&contract_call, &["4444444", "1111111", "Id"]);
    let transfer = Call::Transfer { to: BOB, amount: 5_555_555_555_555 };
    calls.check(&transfer, &["5555555555555"]);
    calls.check(
        &Call::Batch(vec![transfer, contract_call, Call::DeregisterWorker]),
        &["5555555555555", "4444444", "deregister_worker"],
    );
    calls.check(
        &Call::Sudo(Box::new(Call::RemoveProvider { account: BOB, role: Role::Hospital })),
        &["remove_provider", "Hospital"],
    );
}

/// What the members of the council and of the ethics committee sign.
fn governance(calls: &mut Checked) {
    let call = || Box::new(Call::RemoveInstitution { institution: InstitutionId(31_337) });
    for body in [Body::Council, Body::Ethics] {
        let motion = Motion { threshold: 4_242, call: call() };
        calls.check(&body.propose(motion), &["4242", "remove_institution", "31337"]);
        let (motion, index) = (crate::H256([9; 32]), 77_777);
        calls.check(&body.vote(motion, index, true), &["77777", "true"]);
        let weight = Gas { ref_time: 1_111_111, proof_size: 22_222 };
        calls.check(
            &body.close(motion, index, weight, 333_333),
            &["77777", "1111111", "22222", "333333"],
        );
    }
    calls.check(&Call::AnnounceChange(call()), &["remove_institution", "31337"]);
    let change = ChangeId(55_555);
    for (unit, place, shown) in [
        (ParameterUnit::Amount, [0, 0], "CustodianBond"),
        (ParameterUnit::Blocks, [0, 3], "AccessPeriod"),
    ] {
        let name = b"Custody".to_vec().try_into().unwrap();
        let (value, initial, least, most) = (31_337, 31_337, 31_337, 31_337);
        let parameter = Parameter { name, unit, place, value, initial, least, most };
        for value in [Some(31_337), None] {
            let change = ParameterChange::new(&parameter, value).unwrap();
            calls.check(&Call::SetParameter { change }, &[shown]);
        }
    }
    calls.check(&Call::CancelChange { change }, &["55555"]);
    calls.check(&Call::EnactChange { change }, &["55555"]);
}
