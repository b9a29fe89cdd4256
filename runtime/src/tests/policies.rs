//! The reference policy and hostile policies, asked through the runtime's access control.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, DenyReason};
use pallet_emr::{AccessControl, WeightInfo as _};

use super::*;
use crate::policy_contract::{asking_account, PolicyContract, CHECK_GAS_LIMIT};

const GRANT: [u8; 4] = [0x4d, 0x43, 0x50, 0x10];
const REVOKE: [u8; 4] = [0x4d, 0x43, 0x50, 0x11];

/// View, Append and Infer: bits 0, 1 and 4.
const VIEW_APPEND_INFER: u8 = 0b01_0011;

fn grant(policy: &AccountId, who: Sr25519Keyring, actions: u8, until: Option<u32>) {
    let answer = call(policy, GRANT, (who.to_account_id(), actions, until));
    assert_eq!(answer, [0, 0], "the grant is taken");
}

/// Runs a test on a chain whose patient has the reference policy.
fn with_reference_policy(test: impl FnOnce(AccountId)) {
    development_chain().execute_with(|| {
        let policy = instantiate(contract("access-control"), ());
        register(Some(policy.clone()));
        test(policy);
    });
}

/// Asks a policy whether the technician may view.
fn ask_policy(policy: &AccountId) -> pallet_emr::Answer {
    let question = AccessQuestion {
        patient: &PATIENT.to_account_id(),
        subject: &TECHNICIAN.to_account_id(),
        record: None,
        action: Action::View,
        purpose: None,
        model: None,
    };
    PolicyContract::check(Some(policy), question)
}

/// The behaviours of `contracts-ink/test-policies`, in its encoding.
#[derive(Encode)]
enum Behaviour {
    #[codec(index = 0)]
    Allow,
    #[codec(index = 1)]
    Refuse(u8),
    #[codec(index = 2)]
    Trap,
    #[codec(index = 3)]
    Loop,
    #[codec(index = 4)]
    Answer(Vec<u8>),
    #[codec(index = 5)]
    AllowReverted,
    #[codec(index = 6)]
    AskItself,
    #[codec(index = 7)]
    Dispatch(Vec<u8>),
    #[codec(index = 8)]
    AskExtension(u8, u8),
}

/// Returns the answer of a policy with this behaviour to the technician.
///
/// `add_record` must agree with it.
fn answer_of(behaviour: Behaviour) -> Result<(), Denied> {
    development_chain().execute_with(|| {
        register(Some(instantiate(contract("misbehaving-policy"), behaviour)));
        let answer = ask(TECHNICIAN, Action::Append);
        match answer {
            Ok(()) => {
                assert_ok!(add_record(TECHNICIAN));
            }
            Err(denied) => {
                assert_noop!(add_record(TECHNICIAN), pallet_emr::Error::<Runtime>::from(denied));
            }
        }
        // No policy can keep patients from their own records.
        assert_ok!(add_record(PATIENT));
        answer
    })
}

#[test]
fn everyone_is_refused_until_the_patient_grants() {
    with_reference_policy(|_| {
        for action in Action::ALL {
            let refused = Err(Denied::Refused(DenyReason::NoGrant));
            assert_eq!(ask(STRANGER, action), refused);
            assert_eq!(ask(TECHNICIAN, action), refused);
            assert_ok!(ask(PATIENT, action));
        }
    });
}

#[test]
fn a_grant_allows_only_the_actions_that_it_names() {
    with_reference_policy(|policy| {
        grant(&policy, TECHNICIAN, VIEW_APPEND_INFER, None);
        for action in Action::ALL {
            let granted = VIEW_APPEND_INFER >> (action as u8) & 1 == 1;
            let expected = match granted {
                true => Ok(()),
                false => Err(Denied::Refused(DenyReason::ActionNotGranted)),
            };
            assert_eq!(ask(TECHNICIAN, action), expected, "{action:?}");
            assert_eq!(ask(STRANGER, action), Err(Denied::Refused(DenyReason::NoGrant)));
        }
    });
}

#[test]
fn a_grant_is_valid_up_to_its_last_block() {
    with_reference_policy(|policy| {
        grant(&policy, TECHNICIAN, VIEW_APPEND_INFER, Some(10));
        System::set_block_number(10);
        assert_ok!(ask(TECHNICIAN, Action::Append));
        System::set_block_number(11);
        assert_eq!(ask(TECHNICIAN, Action::Append), Err(Denied::Refused(DenyReason::Expired)));
    });
}

#[test]
fn a_revoked_grant_ends_at_once() {
    with_reference_policy(|policy| {
        grant(&policy, TECHNICIAN, VIEW_APPEND_INFER, None);
        assert_ok!(add_record(TECHNICIAN));
        assert_eq!(call(&policy, REVOKE, TECHNICIAN.to_account_id()), [0, 0]);
        assert_eq!(ask(TECHNICIAN, Action::Append), Err(Denied::Refused(DenyReason::Revoked)));
        assert_noop!(add_record(TECHNICIAN), pallet_emr::Error::<Runtime>::GrantRevoked);
    });
}

#[test]
fn a_technician_without_a_grant_adds_nothing() {
    with_reference_policy(|_| {
        assert_noop!(add_record(TECHNICIAN), pallet_emr::Error::<Runtime>::NoGrant);
    });
}

#[test]
fn a_grant_does_not_make_a_stranger_a_technician() {
    with_reference_policy(|policy| {
        grant(&policy, STRANGER, VIEW_APPEND_INFER, None);
        assert!(add_record(STRANGER).is_err());
    });
}

#[test]
fn a_grant_of_another_account_allows_nothing() {
    with_reference_policy(|policy| {
        // The stranger grants itself everything. As the caller, it grants only access to its own
        // records.
        let mut data = GRANT.to_vec();
        (STRANGER.to_account_id(), 0b11_1111u8, None::<u32>).encode_to(&mut data);
        assert_ok!(Contracts::call(
            RuntimeOrigin::signed(STRANGER.to_account_id()),
            policy.into(),
            0,
            MAXIMUM_BLOCK_WEIGHT,
            None,
            data,
        ));
        assert_eq!(ask(STRANGER, Action::View), Err(Denied::Refused(DenyReason::NoGrant)));
    });
}

#[test]
fn the_test_policy_allows_and_refuses() {
    assert_eq!(answer_of(Behaviour::Allow), Ok(()));
    let refused = Denied::Refused(DenyReason::Other(7));
    assert_eq!(answer_of(Behaviour::Refuse(7)), Err(refused));
}

#[test]
fn a_trapping_policy_denies() {
    assert_eq!(answer_of(Behaviour::Trap), Err(Denied::PolicyTrapped));
}

#[test]
fn an_endlessly_looping_policy_denies() {
    assert_eq!(answer_of(Behaviour::Loop), Err(Denied::PolicyOutOfGas));
}

#[test]
fn a_malformed_answer_denies() {
    // Nothing, a bare boolean, an "allow" without the outer result, one with an extra byte, and
    // unknown decisions.
    for answer in [vec![], vec![1], vec![1, 1], vec![0, 1, 0], vec![0, 2], vec![0xff; 64]] {
        let invalid = Err(Denied::PolicyAnswerInvalid);
        assert_eq!(answer_of(Behaviour::Answer(answer.clone())), invalid, "{answer:?}");
    }
    assert_eq!(answer_of(Behaviour::AllowReverted), Err(Denied::PolicyAnswerInvalid));
}

#[test]
fn a_policy_that_asks_itself_denies() {
    assert!(answer_of(Behaviour::AskItself).is_err());
}

#[test]
fn a_policy_cannot_dispatch_calls_when_asked() {
    let call = RuntimeCall::System(frame_system::Call::remark { remark: b"me too".to_vec() });
    assert!(answer_of(Behaviour::Dispatch(call.encode())).is_err());
}

#[test]
fn a_policy_without_code_denies() {
    development_chain().execute_with(|| {
        register(Some(STRANGER.to_account_id()));
        assert_eq!(ask(TECHNICIAN, Action::View), Err(Denied::PolicyNotFound));
        assert_noop!(add_record(TECHNICIAN), pallet_emr::Error::<Runtime>::PolicyNotFound);
        assert_ok!(add_record(PATIENT));
    });
}

#[test]
fn no_policy_denies() {
    development_chain().execute_with(|| {
        register(None);
        assert_eq!(ask(TECHNICIAN, Action::View), Err(Denied::NoPolicy));
        assert_noop!(add_record(TECHNICIAN), pallet_emr::Error::<Runtime>::NoPolicy);
    });
}

#[test]
fn asking_changes_nothing_and_is_free() {
    with_reference_policy(|policy| {
        grant(&policy, TECHNICIAN, VIEW_APPEND_INFER, None);
        let root = || sp_io::storage::root(sp_runtime::StateVersion::V1);
        let before = root();
        let answer = ask_policy(&policy);
        assert_ok!(answer.result);
        assert_eq!(before, root());
        assert_eq!(Balances::free_balance(asking_account()), 0);
    });
}

#[test]
fn unused_weight_of_a_question_is_refunded() {
    let most = <PolicyContract as AccessControl<AccountId>>::weight();
    with_reference_policy(|policy| {
        grant(&policy, TECHNICIAN, VIEW_APPEND_INFER, None);
        let base = <Runtime as pallet_emr::Config>::WeightInfo::add_record;
        let used = add_record_weight(TECHNICIAN);
        // With the patient's envelope.
        assert!(used.all_gt(base(1)) && used.all_lt(base(1).saturating_add(most)), "{used:?}");
        assert_eq!(add_record_weight(PATIENT), base(0));
    });
    // A question that exceeds its limit is charged up to the limit.
    development_chain().execute_with(|| {
        let policy = instantiate(contract("misbehaving-policy"), Behaviour::Loop);
        let answer = ask_policy(&policy);
        assert_eq!(answer.result, Err(Denied::PolicyOutOfGas));
        assert!(answer.weight.ref_time() > CHECK_GAS_LIMIT.ref_time() / 2);
        assert!(answer.weight.all_lte(most), "{:?}", answer.weight);

        // Calls charge it, whether they succeed or fail.
        register(Some(policy));
        assert_ok!(add_record(PATIENT));
        let asked = custodians::request_access(TECHNICIAN, RecordId(0));
        let used = asked.expect("the refusal is logged").actual_weight.expect("it is returned");
        assert!(used.ref_time() > CHECK_GAS_LIMIT.ref_time() / 2, "{used:?}");
        let failed = try_add_record(TECHNICIAN).expect_err("the policy denies");
        assert_eq!(failed.post_info.actual_weight, None, "nothing is refunded");
    });
}

#[test]
fn the_charge_covers_the_gas_limit() {
    let weight = <PolicyContract as AccessControl<AccountId>>::weight();
    assert!(weight.all_gt(CHECK_GAS_LIMIT));
    // A block has room for many questions.
    assert!((weight * 50).all_lt(MAXIMUM_BLOCK_WEIGHT));
}

#[test]
fn a_policy_hears_institution_and_term() {
    development_chain().execute_with(|| {
        // Function 6 is `appointment`, and the number that of the institution.
        let asks = |expected| {
            instantiate(contract("misbehaving-policy"), Behaviour::AskExtension(6, expected))
        };
        register(Some(asks(0)));
        let other = asks(1);
        assert_eq!(ask(TECHNICIAN, Action::Append), Ok(()));
        let refused = Err(Denied::Refused(DenyReason::Other(254)));
        assert_eq!(ask(STRANGER, Action::Append), refused);
        let asked = |subject: Sr25519Keyring| {
            let (patient, subject) = (PATIENT.to_account_id(), subject.to_account_id());
            let (record, action, purpose, model) = (None, Action::Append, None, None);
            let (patient, subject) = (&patient, &subject);
            PolicyContract::check(
                Some(&other),
                AccessQuestion { patient, subject, record, action, purpose, model },
            )
            .result
        };
        assert_eq!(asked(TECHNICIAN), refused);

        // Without the institution the role is gone, and so it is after the term.
        System::set_block_number(1 + 730 * DAYS);
        assert_eq!(ask(TECHNICIAN, Action::Append), Ok(()));
        System::set_block_number(2 + 730 * DAYS);
        assert_eq!(ask(TECHNICIAN, Action::Append), refused);
        System::set_block_number(2);
        assert_ok!(Emr::remove_institution(RuntimeOrigin::root(), CLINIC));
        assert_eq!(ask(TECHNICIAN, Action::Append), refused);
    });
}

/// What policies wrote into the patient's log, in order.
fn notes() -> Vec<(AccountId, Vec<u8>)> {
    let events = System::events().into_iter().filter_map(|record| match record.event {
        RuntimeEvent::Emr(pallet_emr::Event::PolicyNoted { patient, policy, entry }) => {
            assert_eq!(patient, PATIENT.to_account_id());
            assert_eq!(record.topics, [medchain_primitives::log_topic(&patient).into()]);
            Some((policy, entry.into_inner()))
        }
        _ => None,
    });
    events.collect()
}

fn log_length() -> u32 {
    pallet_emr::Logs::<Runtime>::get(PATIENT.to_account_id()).map_or(0, |log| log.length)
}

#[test]
fn the_reference_policy_writes_its_changes_into_the_log() {
    with_reference_policy(|policy| {
        let before = log_length();
        grant(&policy, TECHNICIAN, VIEW_APPEND_INFER, None);
        assert_eq!(call(&policy, REVOKE, TECHNICIAN.to_account_id()), [0, 0]);
        let (who, by) = (TECHNICIAN.to_account_id(), PATIENT.to_account_id());
        let signed = |signature: &str| sp_io::hashing::blake2_256(signature.as_bytes());
        let granted = signed(
            "Granted(AccountId,AccountId,ActionSet,Option<BlockNumber>,Option<PurposeSet>,AccountId)",
        );
        let revoked = signed("Revoked(AccountId,AccountId,AccountId)");
        let until = None::<u32>;
        let expected = [
            (granted, &who, VIEW_APPEND_INFER, until, None::<u8>, &by).encode(),
            (revoked, &who, &by).encode(),
        ];
        assert_eq!(notes(), expected.map(|entry| (policy.clone(), entry)));
        assert_eq!(log_length(), before + 2);
        // A message that fails writes nothing.
        call_as(PATIENT, &policy, REVOKE, TECHNICIAN.to_account_id());
        assert_eq!(log_length(), before + 2);
    });
}

#[test]
fn a_policy_that_is_not_in_force_writes_nothing() {
    with_reference_policy(|policy| {
        let other = instantiate_again(contract("access-control"), (), 1);
        let before = log_length();
        grant(&other, TECHNICIAN, VIEW_APPEND_INFER, None);
        assert_eq!(
            (notes(), log_length()),
            (Vec::new(), before),
            "its grants are taken all the same"
        );
        let origin = || RuntimeOrigin::signed(PATIENT.to_account_id());
        assert_ok!(Emr::set_policy(origin(), Some(other.clone())));
        grant(&policy, TECHNICIAN, VIEW_APPEND_INFER, None);
        assert_eq!(notes(), []);
        assert_eq!(call(&other, REVOKE, TECHNICIAN.to_account_id()), [0, 0]);
        assert_eq!(notes().len(), 1);
        assert_ok!(Emr::allow_nobody(origin()));
        grant(&other, TECHNICIAN, VIEW_APPEND_INFER, None);
        assert_eq!(notes().len(), 1);
    });
}

#[test]
fn a_question_writes_nothing() {
    // Function 7 is `note`, which answers that nothing was written.
    assert_eq!(answer_of(Behaviour::AskExtension(7, 0)), Ok(()));
    development_chain().execute_with(|| {
        register(Some(instantiate(contract("misbehaving-policy"), Behaviour::AskExtension(7, 0))));
        let before = log_length();
        assert_ok!(ask(TECHNICIAN, Action::Append));
        // The yes alone.
        assert_eq!((notes(), log_length()), (Vec::new(), before + 1));
    });
}
