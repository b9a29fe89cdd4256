//! The weights of the main calls, and how many of them fit into a block.
//!
//! `make bench` prints this table. The tests only check that every call fits into a block, and
//! that the proof of a block's records stays within its documented limit.

use frame_support::{
    dispatch::GetDispatchInfo,
    traits::{fungible::Mutate, UnfilteredDispatchable},
    weights::Weight,
};
use medchain_primitives::{
    AnswerCommitment, AnswerSalt, InferenceOrder, ModelId, RequestId, SealedAnswer,
};
use sp_runtime::BoundedVec;

use super::{custodians::*, *};
use crate::policy_contract::PolicyContract;
use pallet_emr::AccessControl;

/// As many custodians as a patient may choose.
const EIGHT: [Sr25519Keyring; 8] = [
    Sr25519Keyring::Dave,
    Sr25519Keyring::Ferdie,
    Sr25519Keyring::AliceStash,
    Sr25519Keyring::BobStash,
    Sr25519Keyring::CharlieStash,
    Sr25519Keyring::DaveStash,
    Sr25519Keyring::EveStash,
    Sr25519Keyring::FerdieStash,
];

/// Returns the weight of a block that ordinary transactions may fill.
fn room() -> Weight {
    let weights: frame_system::limits::BlockWeights =
        <Runtime as frame_system::Config>::BlockWeights::get();
    let normal = weights.get(frame_support::dispatch::DispatchClass::Normal);
    normal.max_total.unwrap_or(weights.max_block)
}

fn row(name: &str, weight: Weight) -> u64 {
    let base = crate::weights::ExtrinsicBaseWeight::get();
    let whole = weight.saturating_add(base);
    let by_time = room().ref_time() / whole.ref_time().max(1);
    let by_proof = room().proof_size() / whole.proof_size().max(1);
    println!(
        "{name:<44} {:>8.3} ms {:>8.1} KiB   {by_time:>6} by time {by_proof:>6} by proof",
        whole.ref_time() as f64 / 1e9,
        whole.proof_size() as f64 / 1024.0,
    );
    by_time.min(by_proof)
}

fn add_record(envelopes: u32) -> RuntimeCall {
    add_record_of(PATIENT.to_account_id(), envelopes, [1; 32])
}

fn add_record_of(patient: AccountId, envelopes: u32, content: [u8; 32]) -> RuntimeCall {
    // The first is the patient's; only the number of the others matters.
    let reader = |i: u32| if i == 0 { patient.clone() } else { AccountId::from([i as u8; 32]) };
    let envelope = |i: u32| (reader(i), sealed_key());
    let envelopes = BoundedVec::truncate_from((0..envelopes).map(envelope).collect());
    RuntimeCall::Emr(pallet_emr::Call::add_record {
        patient,
        cid: Cid::new(CidCodec::Raw, content),
        digest: ContentDigest([1; 32]),
        kind: RecordKind::ChestXray,
        commitments: None,
        envelopes,
        inference: None,
        custody: None,
    })
}

/// As much as a pooled value of 512 channels shows.
fn largest_opening() -> medchain_disputes::Opening {
    use medchain_disputes::{Opening, Shown, ShownParameters};
    let shown = Shown { salt: [0; 32], bytes: vec![0; 512].try_into().expect("it fits") };
    Opening {
        inputs: vec![shown; 16].try_into().expect("they fit"),
        siblings: Default::default(),
        parameters: ShownParameters {
            weights: vec![0; 9 * 512].try_into().expect("they fit"),
            bias: None,
            siblings: Default::default(),
        },
    }
}

#[test]
fn what_fits_into_a_block() {
    println!("\ndeclared weight, before the refund");
    let submit = RuntimeCall::Inference(pallet_inference::Call::submit_answer {
        request: RequestId(0),
        sealed: SealedAnswer::default(),
    });
    let commit = RuntimeCall::Inference(pallet_inference::Call::commit_answer {
        request: RequestId(0),
        commitment: AnswerCommitment([0; 32]),
    });
    let reveal = RuntimeCall::Inference(pallet_inference::Call::reveal_answer {
        request: RequestId(0),
        sealed: SealedAnswer::default(),
        salt: AnswerSalt([0; 32]),
    });
    let draw = RuntimeCall::Inference(pallet_inference::Call::draw_workers {
        request: RequestId(0),
        asks: 3,
    });
    let order = RuntimeCall::Inference(pallet_inference::Call::request_inference {
        record: RecordId(0),
        order: InferenceOrder { model: ModelId(0), quorum: 1, worker: None },
    });
    let nodes = RuntimeCall::Disputes(pallet_disputes::Call::show_nodes {
        request: RequestId(0),
        nodes: medchain_disputes::Nodes::truncate_from(vec![[0; 32]; 256]),
    });
    let value = RuntimeCall::Disputes(pallet_disputes::Call::open_value {
        request: RequestId(0),
        opening: largest_opening(),
    });
    let (entrusted, deliver) = development_chain().execute_with(|| {
        register(None);
        choose_custodians(&EIGHT, 2);
        assert_ok!(super::add_record(PATIENT));
        entrust(RecordId(0));
        let deliver = pallet_custody::Call::deliver_share {
            record: RecordId(0),
            subject: TECHNICIAN.to_account_id(),
            reply: reply_key_of(TECHNICIAN),
            delivery: delivery(EIGHT[0], RecordId(0), TECHNICIAN),
        };
        let mut entrusted = add_record(3);
        if let RuntimeCall::Emr(pallet_emr::Call::add_record { custody, cid, .. }) = &mut entrusted
        {
            *custody = Some(dealt(PATIENT, cid));
        }
        (entrusted, RuntimeCall::Custody(deliver))
    });
    let calls = [
        ("add_record, 3 envelopes, with the policy check", add_record(3)),
        ("add_record, the same, key shared among 8", entrusted),
        ("deliver_share, with the policy check", deliver),
        ("submit_answer, with the policy check", submit),
        ("commit_answer, with the policy check", commit),
        ("reveal_answer", reveal),
        ("draw_workers, with three policy checks", draw),
        ("request_inference, with the policy check", order),
        ("show_nodes, a round of a dispute", nodes),
        ("open_value, the last move of a dispute", value),
    ];
    for (name, call) in calls {
        let info = call.get_dispatch_info();
        assert!(row(name, info.call_weight) > 0, "{name} does not fit into a block");
    }
    row("the policy check alone, at its cap", PolicyContract::weight());

    let used = development_chain().execute_with(|| {
        let policy = instantiate(contract("access-control"), ());
        let mut data = medchain_primitives::POLICY_CHECK_SELECTOR.to_vec();
        let accounts = (PATIENT.to_account_id(), TECHNICIAN.to_account_id());
        (accounts, None::<u64>, Action::Append).encode_to(&mut data);
        Contracts::bare_call(
            crate::policy_contract::asking_account(),
            policy,
            0,
            MAXIMUM_BLOCK_WEIGHT,
            Some(0),
            data,
            DebugInfo::Skip,
            CollectEvents::Skip,
            Determinism::Enforced,
        )
        .gas_consumed
    });
    row("the reference policy's check, as metered", used);

    println!("\nused weight, after the refund");
    fits("add_record, the patient's envelope, with the policy check", 1);
    fits("add_record, 3 envelopes, with the policy check", 3);
}

/// Prints the weight of an `add_record` of the laboratory, and how many fit into a block.
fn fits(name: &str, envelopes: u32) {
    let call = add_record(envelopes);
    let declared = call.get_dispatch_info().call_weight;
    let used = development_chain().execute_with(|| {
        let policy = instantiate(contract("access-control"), ());
        register(Some(policy.clone()));
        let readers = (1..envelopes).map(|index| AccountId::from([index as u8; 32]));
        for reader in readers {
            assert_ok!(Balances::mint_into(&reader, 10 * UNIT));
            let origin = RuntimeOrigin::signed(reader);
            assert_ok!(Emr::set_encryption_key(origin, EncryptionKey([7; 32])));
        }
        let grant = (TECHNICIAN.to_account_id(), 0b01_0011u8, None::<u32>);
        assert_eq!(super::call(&policy, [0x4d, 0x43, 0x50, 0x10], grant), [0, 0]);
        let origin = RuntimeOrigin::signed(TECHNICIAN.to_account_id());
        let info = call.dispatch_bypass_filter(origin).expect("the laboratory may");
        info.actual_weight.expect("the call returns its weight")
    });
    row(name, used);
    // A call must fit with its declared weight, and occupies only its used weight.
    let base = crate::weights::ExtrinsicBaseWeight::get();
    let left = room().saturating_sub(declared.saturating_add(base));
    let each = used.saturating_add(base);
    let by_time = 1 + left.ref_time() / each.ref_time().max(1);
    let by_proof = 1 + left.proof_size() / each.proof_size().max(1);
    println!("  fit into a block: {by_time} by time, {by_proof} by proof before the reclaim");
}

/// The number of patients, each with a record.
const PATIENTS: u32 = 3_000;
/// The number of patients to whom one block adds a second record.
const IN_A_BLOCK: u32 = 1_000;
/// The maximum proof size of one more record of another patient, including its policy check.
const MAX_PROOF_PER_RECORD: usize = 7 * 1024;

fn patient(index: u32) -> AccountId {
    AccountId::from(sp_io::hashing::blake2_256(&index.to_le_bytes()))
}

fn add_by_the_laboratory(patient: AccountId) -> RuntimeCall {
    // Each record has its own content.
    let next = pallet_emr::NextRecordId::<Runtime>::get().0;
    let call = add_record_of(patient, 1, sp_io::hashing::blake2_256(&next.to_le_bytes()));
    let origin = RuntimeOrigin::signed(TECHNICIAN.to_account_id());
    assert_ok!(call.clone().dispatch_bypass_filter(origin));
    call
}

/// Measures the proof that a validator needs, including the new state root and the calls.
///
/// The code of a policy that many patients chose and the upper nodes of the state are in the
/// proof of a block only once. Weights count them for each call, which the reclaim corrects.
#[test]
fn the_real_proof_of_a_blocks_records() {
    let mut chain = development_chain();
    chain.execute_with(|| {
        let policy = instantiate(contract("access-control"), ());
        register(None);
        for who in (0..PATIENTS).map(patient) {
            assert_ok!(Balances::mint_into(&who, 10 * UNIT));
            let origin = RuntimeOrigin::signed(who.clone());
            assert_ok!(Emr::register_patient(origin.clone(), None, EncryptionKey([7; 32])));
            assert_ok!(Emr::set_policy(origin, Some(policy.clone())));
            let grant = (TECHNICIAN.to_account_id(), 0b01_0010u8, None::<u32>);
            assert_eq!(call_by(who.clone(), &policy, [0x4d, 0x43, 0x50, 0x10], grant).data, [0, 0]);
            add_by_the_laboratory(who);
        }
    });
    chain.commit_all().expect("the state is written");
    let (calls, proof) = chain.execute_and_prove(|| {
        // Not neighbours: every third patient.
        let calls: Vec<_> =
            (0..IN_A_BLOCK).map(|index| add_by_the_laboratory(patient(3 * index))).collect();
        sp_io::storage::root(VERSION.state_version());
        calls
    });
    let size = proof.encoded_size() + calls.encoded_size();
    let each = size / IN_A_BLOCK as usize;
    println!(
        "\nreal proof of {IN_A_BLOCK} add_record of as many of {PATIENTS} patients, with the calls: \
         {:.0} KiB; by that, {} fit into a block",
        size as f64 / 1024.0,
        room().proof_size() as usize / each,
    );
    assert!(each <= MAX_PROOF_PER_RECORD, "{each} bytes for each");
}
