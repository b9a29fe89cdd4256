//! Attacks on the runtime with compiled contracts, each of which must fail.
//!
//! Attacks on keys, shares and emergencies are in `custody.rs` and `emergencies.rs` beside this
//! file. Others are elsewhere: shares below the threshold reveal nothing (`sharing/src/tests/`),
//! a custodian acts on state and not on events (`offchain-worker`), and an old key does not open
//! a new version (`tests/e2e`).

use frame_support::{assert_noop, storage::with_transaction};
use medchain_primitives::{DenyReason, EmergencyReason, EndReason, ModelId, Purpose, RelationKind};
use sp_runtime::{BoundedVec, TransactionOutcome};

use super::{
    super::{custodians::*, *},
    world::*,
};
use crate::{
    configs::ProxyType,
    policy_extension::{while_asked, Stated},
};

const SET_ALLOWED: [u8; 4] = [0x4d, 0x43, 0x50, 0x20];
const WRITTEN: [u8; 4] = [0x4d, 0x43, 0x50, 0x21];

#[test]
fn a_policy_that_changes_its_mind_between_the_answer_and_the_delivery() {
    development_chain().execute_with(|| {
        let policy = misbehaving(10u8);
        with_policy(policy.clone());
        ask_to_view(CLINICIAN);
        assert_eq!(last_denial(), Some(Denied::Refused(DenyReason::Other(253))));
        call(&policy, SET_ALLOWED, true);
        ask_to_view(CLINICIAN);
        assert!(is_granted(CLINICIAN));
        call(&policy, SET_ALLOWED, false);
        System::reset_events();
        assert_ok!(deliver(CLINICIAN));
        assert!(!is_granted(CLINICIAN), "and no share is stored");
        assert_eq!(last_denial(), Some(Denied::Refused(DenyReason::Other(253))));
        assert_eq!(exposed(), 1, "but its bytes are in the block, which the log says");
        call(&policy, SET_ALLOWED, true);
        assert_noop!(deliver(CLINICIAN), pallet_custody::Error::<Runtime>::ShareAlreadyDelivered);
    });
}

#[test]
fn another_policy_chosen_between_the_answer_and_the_delivery() {
    development_chain().execute_with(|| {
        with_policy(misbehaving(0u8));
        ask_to_view(CLINICIAN);
        assert_ok!(Emr::set_policy(signed(PATIENT), Some(misbehaving((1u8, 9u8)))));
        assert_ok!(deliver(CLINICIAN));
        assert!(!is_granted(CLINICIAN));
        assert_eq!(last_end(), Some(EndReason::Refused));
        assert_eq!(exposed(), 1);
    });
}

#[test]
fn a_policy_that_believes_its_caller() {
    development_chain().execute_with(|| {
        // It allows everything if its caller is the patient. The chain calls from its own account.
        with_policy(misbehaving(12u8));
        for who in [CLINICIAN, TECHNICIAN, STRANGER] {
            ask_to_view(who);
            assert!(!is_granted(who));
            assert_eq!(last_denial(), Some(Denied::Refused(DenyReason::Other(252))));
        }
    });
}

#[test]
fn an_address_without_code() {
    development_chain().execute_with(|| {
        with_policy(STRANGER.to_account_id());
        ask_to_view(STRANGER);
        assert_eq!(last_denial(), Some(Denied::PolicyNotFound));
        assert!(!is_granted(STRANGER));
    });
}

#[test]
fn the_extension_answers_and_cannot_be_abused() {
    let asked = |function: u8, expected: u8| {
        development_chain().execute_with(|| {
            with_policy(misbehaving((8u8, function, expected)));
            let relation = RelationKind::Sibling;
            let clinician = CLINICIAN.to_account_id();
            assert_ok!(Emr::set_relation(signed(PATIENT), clinician, relation, false));
            let root = || {
                // An "allow" deposits an event, links it into the log, and changes nothing else.
                System::reset_events();
                let root = with_transaction(|| {
                    let _ = pallet_emr::Logs::<Runtime>::clear(u32::MAX, None);
                    let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
                    TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(root))
                });
                root.expect("transactions can be nested")
            };
            let before = root();
            let answer = Emr::check_access(AccessQuestion {
                patient: &PATIENT.to_account_id(),
                subject: &CLINICIAN.to_account_id(),
                record: Some(RECORD),
                action: Action::View,
                purpose: Some(Purpose::Research),
                model: Some(ModelId(7)),
            });
            assert_eq!(before, root(), "asking leaves no trace");
            answer.result
        })
    };
    let no = Err(Denied::Refused(DenyReason::Other(254)));
    assert_eq!(asked(1, 0), Ok(()), "the record's owner");
    assert_eq!(asked(2, 1), Ok(()), "a clinician");
    assert_eq!(asked(2, 0), no, "no technician");
    assert_eq!(asked(3, 3), Ok(()), "a sibling");
    assert_eq!(asked(3, 0), no, "no parent");
    assert_eq!(asked(4, 2), Ok(()), "for research");
    assert_eq!(asked(4, 0), no, "not for treatment");
    assert_eq!(asked(5, 7), Ok(()), "this model");
    assert_eq!(asked(5, 0), no, "no other model");
    // An unknown function, and an unknown role.
    assert_eq!(asked(7, 0), Ok(()), "no entry in the log");
    assert_eq!(asked(8, 0), Err(Denied::PolicyTrapped));
    assert_eq!(asked(2, 9), Err(Denied::PolicyTrapped));
    development_chain().execute_with(|| {
        with_policy(misbehaving(9u8));
        ask_to_view(CLINICIAN);
        assert_eq!(last_denial(), Some(Denied::PolicyTrapped));
    });
}

#[test]
fn a_purpose_is_visible_only_to_its_own_question() {
    development_chain().execute_with(|| {
        with_policy(misbehaving((8u8, 4u8, Purpose::Treatment as u8)));
        ask_to_view(CLINICIAN);
        assert!(is_granted(CLINICIAN));
        // Neither a question without a purpose nor a direct call of the contract sees the last
        // purpose.
        let denied = Err(Denied::Refused(DenyReason::Other(254)));
        assert_eq!(ask(CLINICIAN, Action::View), denied);
        let policy = Emr::policy_of(&PATIENT.to_account_id()).expect("chosen");
        let question =
            (PATIENT.to_account_id(), CLINICIAN.to_account_id(), Some(0u64), Action::View);
        let answer = call_as(
            STRANGER,
            &policy,
            medchain_primitives::POLICY_CHECK_SELECTOR,
            question.clone(),
        );
        assert_eq!(answer, [0, 0, 4, 254]);
        // A direct call within a question does not see it either.
        let stating = |purpose| Stated { purpose, model: None };
        while_asked(stating(Some(Purpose::Treatment)), || {
            for inner in [Some(Purpose::Research), None] {
                let answer = while_asked(stating(inner), || {
                    call_as(
                        STRANGER,
                        &policy,
                        medchain_primitives::POLICY_CHECK_SELECTOR,
                        question.clone(),
                    )
                });
                assert_eq!(answer, [0, 0, 4, 254], "{inner:?}");
            }
        });
    });
}

#[test]
fn a_model_is_visible_only_to_its_own_question() {
    development_chain().execute_with(|| {
        let policy = misbehaving((8u8, 5u8, 7u8));
        with_policy(policy.clone());
        let asked = |model: Option<u32>| {
            Emr::check_access(AccessQuestion {
                patient: &PATIENT.to_account_id(),
                subject: &CLINICIAN.to_account_id(),
                record: Some(RECORD),
                action: Action::Infer,
                purpose: None,
                model: model.map(ModelId),
            })
            .result
        };
        let denied = Err(Denied::Refused(DenyReason::Other(254)));
        assert_eq!(asked(Some(7)), Ok(()));
        assert_eq!(asked(Some(8)), denied);
        assert_eq!(asked(None), denied, "not the model of an earlier question");
        // A purpose is no model, and the other way round.
        ask_to_view(CLINICIAN);
        assert_eq!(last_denial(), Some(Denied::Refused(DenyReason::Other(254))));
        // A direct call of the contract sees none, also not after a question.
        let (patient, clinician) = (PATIENT.to_account_id(), CLINICIAN.to_account_id());
        let direct = (patient, clinician, Some(RECORD), Action::Infer);
        let check = medchain_primitives::POLICY_CHECK_SELECTOR;
        assert_eq!(call_as(STRANGER, &policy, check, direct), [0, 0, 4, 254]);
    });
}

/// The example that lists models, asked as a request asks it.
#[test]
fn an_allow_list_admits_only_its_models() {
    const ALLOW_MODEL: [u8; 4] = *b"MCP\x40";
    const REMOVE_MODEL: [u8; 4] = *b"MCP\x41";
    development_chain().execute_with(|| {
        let policy = instantiate(contract("model-allow-list"), ());
        with_policy(policy.clone());
        let asked = |who: Sr25519Keyring, model: Option<u32>| {
            Emr::check_access(AccessQuestion {
                patient: &PATIENT.to_account_id(),
                subject: &who.to_account_id(),
                record: Some(RECORD),
                action: Action::Infer,
                purpose: None,
                model: model.map(ModelId),
            })
            .result
        };
        let no = |reason| Err(Denied::Refused(reason));
        let not_allowed = || no(DenyReason::Other(4));
        assert_eq!(asked(TECHNICIAN, Some(7)), no(DenyReason::NoGrant));
        let infer = (TECHNICIAN.to_account_id(), 0b01_0000u8, None::<u32>);
        assert_eq!(call(&policy, GRANT, infer), [0, 0]);
        assert_eq!(asked(TECHNICIAN, Some(7)), not_allowed());
        // Every place of the list is taken.
        for model in 0..16u32 {
            assert_eq!(call(&policy, ALLOW_MODEL, model), [0, 0]);
        }
        assert_eq!(asked(TECHNICIAN, Some(7)), Ok(()));
        assert_eq!(asked(TECHNICIAN, Some(16)), not_allowed());
        assert_eq!(asked(TECHNICIAN, None), not_allowed());
        assert_eq!(asked(STRANGER, Some(7)), no(DenyReason::NoGrant));
        assert_eq!(ask(TECHNICIAN, Action::View), no(DenyReason::ActionNotGranted));
        assert_eq!(call(&policy, REMOVE_MODEL, 7u32), [0, 0]);
        assert_eq!(asked(TECHNICIAN, Some(7)), not_allowed());
        assert_eq!(asked(TECHNICIAN, Some(8)), Ok(()));
        // The stranger's list is not the patient's.
        let added = call_as(STRANGER, &policy, ALLOW_MODEL, 7u32);
        assert_eq!(added, [0, 0]);
        assert_eq!(asked(TECHNICIAN, Some(7)), not_allowed());
    });
}

#[test]
fn what_a_policy_writes_while_asked_is_rolled_back() {
    development_chain().execute_with(|| {
        let policy = misbehaving(11u8);
        with_policy(policy.clone());
        ask_to_view(CLINICIAN);
        assert!(is_granted(CLINICIAN));
        assert_eq!(call(&policy, WRITTEN, ()), [0, 0, 0, 0, 0]);
    });
}

/// Grants of other accounts, in a batch, through a proxy, or as a derived account.
#[test]
fn no_account_grants_itself_access() {
    development_chain().execute_with(|| {
        let policy = instantiate(contract("access-control"), ());
        with_policy(policy.clone());
        let mut data = GRANT.to_vec();
        (STRANGER.to_account_id(), 0b11_1111u8, None::<u32>).encode_to(&mut data);
        let grant = || {
            RuntimeCall::Contracts(pallet_contracts::Call::call {
                dest: policy.clone().into(),
                value: 0,
                gas_limit: frame_support::weights::Weight::from_parts(10_000_000_000, 100_000),
                storage_deposit_limit: None,
                data: data.clone(),
            })
        };
        let view = || {
            RuntimeCall::Custody(pallet_custody::Call::request_access {
                record: RECORD,
                purpose: Purpose::Treatment,
                reply: reply_key_of(STRANGER),
            })
        };
        let deliver_own = || {
            RuntimeCall::Custody(pallet_custody::Call::deliver_share {
                record: RECORD,
                subject: STRANGER.to_account_id(),
                reply: reply_key_of(STRANGER),
                delivery: delivery(CUSTODIAN, RECORD, STRANGER),
            })
        };
        // The stranger grants access to its own records, of which there are none.
        assert_ok!(Utility::batch_all(signed(STRANGER), vec![grant(), view()]));
        assert!(!is_granted(STRANGER));
        assert_eq!(last_denial(), Some(Denied::Refused(DenyReason::NoGrant)));
        assert!(Utility::batch_all(signed(STRANGER), vec![view(), deliver_own()]).is_err());
        let as_other = Utility::as_derivative(signed(STRANGER), 0, Box::new(view()));
        assert_ok!(as_other.map(|_| ()).map_err(|failed| failed.error));
        assert!(!is_granted(STRANGER));

        // A caretaker only adds records, also within a batch.
        let caretaker = || STRANGER.to_account_id().into();
        assert_ok!(Proxy::add_proxy(signed(PATIENT), caretaker(), ProxyType::Records, 0));
        for call in [grant(), view(), deliver_own()] {
            let inside =
                RuntimeCall::Utility(pallet_utility::Call::batch_all { calls: vec![call.clone()] });
            for call in [call, inside] {
                System::reset_events();
                let patient = PATIENT.to_account_id().into();
                assert_ok!(Proxy::proxy(signed(STRANGER), patient, None, Box::new(call)));
                let done = pallet_proxy::Event::ProxyExecuted {
                    result: Err(frame_system::Error::<Runtime>::CallFiltered.into()),
                };
                System::assert_last_event(done.into());
            }
        }
        // An account that is not a proxy.
        let patient = PATIENT.to_account_id().into();
        assert!(Proxy::proxy(signed(CLINICIAN), patient, None, Box::new(grant())).is_err());
        ask_to_view(STRANGER);
        assert!(!is_granted(STRANGER));
    });
}

#[test]
fn a_grant_of_a_foreign_record() {
    development_chain().execute_with(|| {
        // The policy lets everyone view the records of its own patient.
        let generous = misbehaving(0u8);
        with_policy(generous.clone());
        let other = CLINICIAN;
        assert_ok!(Emr::register_patient(signed(other), None, EncryptionKey([7; 32])));
        let mine = instantiate(contract("access-control"), ());
        assert_ok!(Emr::set_policy(signed(other), Some(mine)));
        let theirs = (PATIENT.to_account_id(), other.to_account_id());
        let foreign =
            check_access(&theirs.1, &STRANGER.to_account_id(), Some(RECORD), Action::View);
        assert_eq!(foreign, Err(Denied::Refused(DenyReason::NoGrant)));
        // An account that the policy allows learns that the record does not exist.
        assert_ok!(Emr::set_policy(signed(other), Some(generous)));
        let foreign =
            check_access(&theirs.1, &STRANGER.to_account_id(), Some(RECORD), Action::View);
        assert_eq!(foreign, Err(Denied::RecordNotFound));
        // A custodian cannot deliver a share for another record.
        ask_to_view(STRANGER);
        assert_ok!(add_record(PATIENT));
        let share = delivery(CUSTODIAN, RECORD, STRANGER);
        let elsewhere = || {
            let (record, subject) = (last_record(), STRANGER.to_account_id());
            let reply = reply_key_of(STRANGER);
            Custody::deliver_share(signed(CUSTODIAN), record, subject, reply, share)
        };
        assert_noop!(attempt(elsewhere), pallet_custody::Error::<Runtime>::AccessNotFound);
    });
}

/// The reference policy gives the same refusal for a record that exists, that is erased, that
/// belongs to another patient, and that never existed.
#[test]
fn a_refusal_does_not_reveal_what_exists() {
    development_chain().execute_with(|| {
        with_policy(instantiate(contract("access-control"), ()));
        assert_ok!(add_record(PATIENT));
        assert_ok!(Emr::erase_record(signed(PATIENT), last_record()));
        let owner = PATIENT.to_account_id();
        let unknown = AccountId::from([77; 32]);
        let stranger = STRANGER.to_account_id();
        let policy = Emr::policy_of(&owner);
        pallet_emr::DefaultPolicy::<Runtime>::set(policy);
        for patient in [&owner, &unknown] {
            for record in [None, Some(0), Some(1), Some(99), Some(u64::MAX)] {
                for action in Action::ALL {
                    let record = record.map(RecordId);
                    let answer = check_access(patient, &stranger, record, action);
                    assert_eq!(answer, Err(Denied::Refused(DenyReason::NoGrant)));
                }
            }
        }
        let broken = || Custody::break_glass(signed(STRANGER), owner, EmergencyReason::Other);
        assert_noop!(attempt(broken), pallet_emr::Error::<Runtime>::NoGrant);
    });
}

/// A delivered share or a removed envelope is submitted again by an account that kept the bytes.
#[test]
fn old_bytes_submitted_again() {
    development_chain().execute_with(|| {
        let policy = instantiate(contract("access-control"), ());
        with_policy(policy.clone());
        call(&policy, GRANT, (CLINICIAN.to_account_id(), 0b00_1001u8, None::<u32>));
        ask_to_view(CLINICIAN);
        assert_ok!(deliver(CLINICIAN));
        let reader = CLINICIAN.to_account_id();
        assert_ok!(Emr::share_record(signed(PATIENT), RECORD, reader.clone(), sealed_key()));
        assert_ok!(Emr::remove_envelope(signed(PATIENT), RECORD, reader.clone()));
        call(&policy, *b"MCP\x11", reader.clone());
        // The custodian delivers once more, and the clinician tries on its own.
        assert_noop!(deliver(CLINICIAN), pallet_custody::Error::<Runtime>::ShareAlreadyDelivered);
        let alone = Emr::share_record(signed(CLINICIAN), RECORD, reader, sealed_key());
        assert_noop!(alone, pallet_emr::Error::<Runtime>::GrantRevoked);
        let amended = Emr::amend_record(
            signed(CLINICIAN),
            RECORD,
            Cid::new(CidCodec::Raw, [9; 32]),
            ContentDigest([9; 32]),
            None,
            BoundedVec::truncate_from(vec![
                (CLINICIAN.to_account_id(), sealed_key()),
                (PATIENT.to_account_id(), sealed_key()),
            ]),
            None,
        );
        assert_noop!(amended, pallet_emr::Error::<Runtime>::GrantRevoked);
    });
}
