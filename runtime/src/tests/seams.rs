//! The interplay of the pallets of this runtime.

use frame_support::{
    assert_noop, assert_ok,
    instances::{Instance1, Instance2},
    traits::InstanceFilter,
};
use medchain_primitives::{EmergencyId, FailureCode, InferenceOrder, ModelId, Purpose, RequestId};
use sp_runtime::BoundedVec;

use super::{custodians::*, *};
use crate::configs::{self, ProxyType};

fn order() -> InferenceOrder<AccountId> {
    InferenceOrder { model: ModelId(0), quorum: 1, worker: None }
}

fn add_record_call(inference: Option<InferenceOrder<AccountId>>) -> RuntimeCall {
    RuntimeCall::Emr(pallet_emr::Call::add_record {
        patient: PATIENT.to_account_id(),
        cid: Cid::new(CidCodec::Raw, [1; 32]),
        digest: ContentDigest([1; 32]),
        kind: RecordKind::ChestXray,
        commitments: None,
        envelopes: Default::default(),
        inference,
        custody: None,
    })
}

fn transfer_all() -> RuntimeCall {
    RuntimeCall::Balances(pallet_balances::Call::transfer_all {
        dest: STRANGER.to_account_id().into(),
        keep_alive: false,
    })
}

#[test]
fn a_caretaker_adds_records_but_cannot_pay_share_or_erase() {
    let caretaker = ProxyType::Records;
    assert!(caretaker.filter(&add_record_call(None)));
    let key = EncryptionKey([1; 32]);
    let beyond = [
        transfer_all(),
        add_record_call(Some(order())),
        RuntimeCall::Emr(pallet_emr::Call::set_policy { policy: Some(STRANGER.to_account_id()) }),
        RuntimeCall::Emr(pallet_emr::Call::set_encryption_key { key }),
        RuntimeCall::Emr(pallet_emr::Call::remove_encryption_key {}),
        RuntimeCall::Emr(pallet_emr::Call::share_record {
            record: RecordId(0),
            reader: STRANGER.to_account_id(),
            sealed_key: sealed_key(),
        }),
        RuntimeCall::Emr(pallet_emr::Call::remove_envelope {
            record: RecordId(0),
            reader: PATIENT.to_account_id(),
        }),
        RuntimeCall::Emr(pallet_emr::Call::erase_record { record: RecordId(0) }),
        RuntimeCall::Custody(pallet_custody::Call::request_access {
            record: RecordId(0),
            purpose: Purpose::Treatment,
            reply: reply_key_of(STRANGER),
        }),
        RuntimeCall::Custody(pallet_custody::Call::set_custodians {
            members: BoundedVec::truncate_from(vec![STRANGER.to_account_id()]),
            threshold: 1,
        }),
        RuntimeCall::Custody(pallet_custody::Call::entrust_record {
            record: RecordId(0),
            entrustment: None,
        }),
        RuntimeCall::Custody(pallet_custody::Call::review_emergency {
            emergency: EmergencyId(0),
            accepted: true,
        }),
        RuntimeCall::Custody(pallet_custody::Call::set_emergency_access { allowed: true }),
        // A batch could contain any call.
        RuntimeCall::Utility(pallet_utility::Call::batch { calls: vec![add_record_call(None)] }),
    ];
    for call in beyond {
        assert!(!caretaker.filter(&call), "{call:?}");
    }
}

#[test]
fn a_hot_key_only_answers_requests_and_disputes() {
    let hot_key = ProxyType::Inference;
    let request = RequestId(0);
    let code = FailureCode::NotAnImage;
    let report = pallet_inference::Call::report_failure { request, code };
    assert!(hot_key.filter(&RuntimeCall::Inference(report)));
    let roots = pallet_disputes::Call::show_roots { request, roots: Default::default() };
    assert!(hot_key.filter(&RuntimeCall::Disputes(roots)));
    let order = pallet_inference::Call::request_inference { record: RecordId(0), order: order() };
    let leave = pallet_inference::Call::deregister_worker {};
    let deliver = pallet_custody::Call::deliver_share {
        record: RecordId(0),
        subject: STRANGER.to_account_id(),
        reply: reply_key_of(STRANGER),
        delivery: foreign_delivery(),
    };
    let custody = RuntimeCall::Custody(deliver);
    let inference = [RuntimeCall::Inference(order), RuntimeCall::Inference(leave)];
    for call in inference.into_iter().chain([custody, transfer_all()]) {
        assert!(!hot_key.filter(&call), "{call:?}");
    }
}

#[test]
fn a_batch_with_a_refused_call_changes_nothing() {
    development_chain().execute_with(|| {
        register(None);
        let add = |patient: Sr25519Keyring| {
            RuntimeCall::Emr(pallet_emr::Call::add_record {
                patient: patient.to_account_id(),
                cid: Cid::new(CidCodec::Raw, [1; 32]),
                digest: ContentDigest([1; 32]),
                kind: RecordKind::Report,
                commitments: None,
                envelopes: readers(TECHNICIAN),
                inference: None,
                custody: None,
            })
        };
        let origin = || RuntimeOrigin::signed(TECHNICIAN.to_account_id());
        assert!(Utility::batch_all(origin(), vec![add(PATIENT)]).is_err());
        assert_eq!(pallet_emr::NextRecordId::<Runtime>::get(), RecordId(0));
    });
}

#[test]
fn only_the_registrar_adds_providers() {
    development_chain().execute_with(|| {
        let add = |origin| {
            Emr::add_provider(origin, CLINIC, STRANGER.to_account_id(), Role::Custodian, DAYS)
        };
        for who in [PATIENT, STRANGER] {
            assert_noop!(
                add(RuntimeOrigin::signed(who.to_account_id())),
                pallet_emr::Error::<Runtime>::NotRegistrar
            );
        }
        assert_noop!(add(RuntimeOrigin::root()), sp_runtime::DispatchError::BadOrigin);
        assert_ok!(add(RuntimeOrigin::signed(REGISTRAR.to_account_id())));
    });
}

#[test]
fn genesis_presets_build() {
    for name in crate::genesis::preset_names() {
        let preset = crate::genesis::get_preset(&name).expect("a listed preset exists");
        TestExternalities::default().execute_with(|| {
            assert_ok!(frame_support::genesis_builder_helper::build_state::<RuntimeGenesisConfig>(
                merged(&preset)
            ));
            assert_eq!(ParachainInfo::parachain_id(), PARACHAIN_ID.into());
            // Only the development chain has a sudo key, and every chain has a council.
            let is_development = name == sp_genesis_builder::DEV_RUNTIME_PRESET;
            assert_eq!(pallet_sudo::Key::<Runtime>::get().is_some(), is_development);
            let members = pallet_collective::Members::<Runtime, Instance1>::get();
            assert_eq!(members.len(), if is_development { 1 } else { 3 });
            assert_eq!(members.len(), pallet_emr::Institutions::<Runtime>::iter().count());
            let ethics = pallet_collective::Members::<Runtime, Instance2>::get();
            assert_eq!(ethics.len(), 3);
            assert!(ethics.iter().all(|one| !members.contains(one)));
            assert!(ethics.iter().all(|one| Balances::free_balance(one) > UNIT), "they can vote");
            assert!(configs::EthicsMajority::is_committee());
            assert!(Timelock::delay() < configs::PublicDelay::get());
        });
    }
}

/// Applies a preset's patch to the default genesis.
fn merged(patch: &[u8]) -> Vec<u8> {
    let mut genesis = serde_json::to_value(RuntimeGenesisConfig::default()).expect("it is JSON");
    let patch: serde_json::Value = serde_json::from_slice(patch).expect("a preset is JSON");
    merge(&mut genesis, patch);
    serde_json::to_vec(&genesis).expect("it is JSON")
}

fn merge(base: &mut serde_json::Value, patch: serde_json::Value) {
    match (base, patch) {
        (serde_json::Value::Object(base), serde_json::Value::Object(patch)) => {
            for (key, value) in patch {
                merge(base.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (base, patch) => *base = patch,
    }
}

#[test]
fn last_record_counts_up() {
    development_chain().execute_with(|| {
        register(None);
        assert_ok!(add_record(PATIENT));
        assert_eq!(last_record(), RecordId(0));
        assert_ok!(add_record(PATIENT));
        assert_eq!(last_record(), RecordId(1));
    });
}
