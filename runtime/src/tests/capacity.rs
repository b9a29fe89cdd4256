//! What the main calls weigh, and how many fit into a block. `make bench`
//! prints this table; the test itself only holds that every call fits at all.

use frame_support::{dispatch::GetDispatchInfo, weights::Weight};
use medchain_primitives::{ModelId, Output, Receipt, RequestId, SealedKey};
use sp_runtime::BoundedVec;

use super::*;
use crate::policy_contract::PolicyContract;
use pallet_emr::AccessControl;

/// What ordinary transactions may fill of a block.
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
    let envelope = |i: u32| (AccountId::from([i as u8; 32]), SealedKey([0; 80]));
    RuntimeCall::Emr(pallet_emr::Call::add_record {
        patient: PATIENT.to_account_id(),
        cid: Cid::new(CidCodec::Raw, [1; 32]),
        digest: ContentDigest([1; 32]),
        kind: RecordKind::ChestXray,
        envelopes: BoundedVec::truncate_from((0..envelopes).map(envelope).collect()),
        inference: None,
        custody: None,
    })
}

#[test]
fn what_fits_into_a_block() {
    println!("\ndeclared weight, before the refund of what was not used");
    let submit = RuntimeCall::Inference(pallet_inference::Call::submit_prediction {
        request: RequestId(0),
        output: Output { label: 0, probabilities: BoundedVec::default() },
        receipt: Receipt([0; 32]),
    });
    let order = RuntimeCall::Inference(pallet_inference::Call::request_inference {
        record: RecordId(0),
        model: ModelId(0),
    });
    let calls = [
        ("add_record, 3 envelopes, with the policy check", add_record(3)),
        ("submit_prediction, with the policy check", submit),
        ("request_inference, with the policy check", order),
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

    println!("\nwhat is used, after that refund");
    let (declared, used) = development_chain().execute_with(|| {
        let policy = instantiate(contract("access-control"), ());
        register(Some(policy.clone()));
        let grant = (TECHNICIAN.to_account_id(), 0b01_0011u8, None::<u32>);
        assert_eq!(call(&policy, [0x4d, 0x43, 0x50, 0x10], grant), [0, 0]);
        (add_record(0).get_dispatch_info().call_weight, super::add_record_weight(TECHNICIAN))
    });
    row("add_record without envelopes, with the policy check", used);
    // A call has to fit as it is declared, and leaves room for the next as it is used.
    let base = crate::weights::ExtrinsicBaseWeight::get();
    let left = room().saturating_sub(declared.saturating_add(base));
    let each = used.saturating_add(base);
    let by_time = 1 + left.ref_time() / each.ref_time().max(1);
    let by_proof = 1 + left.proof_size() / each.proof_size().max(1);
    println!("fit into a block: {by_time} by time, {by_proof} by proof");
}
