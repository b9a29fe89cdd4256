//! Attacks on emergencies, with the compiled reference policy and with hostile ones.

use frame_support::assert_noop;
use medchain_primitives::{
    Decision, DenyReason, EmergencyId, EmergencyReason, EndReason, RelationKind,
};
use sp_runtime::DispatchResult;

use super::{
    super::{custodians::*, *},
    world::*,
};

type EmrError = pallet_emr::Error<Runtime>;
type CustodyError = pallet_custody::Error<Runtime>;

const CONTACT: Sr25519Keyring = Sr25519Keyring::AliceStash;
const GUARDIAN: Sr25519Keyring = Sr25519Keyring::BobStash;
/// Emergency: bit 5.
const EMERGENCY: u8 = 0b10_0000;

/// A patient with the reference policy, a contact, a guardian, and a record.
fn with_reference_policy() -> AccountId {
    let policy = instantiate(contract("access-control"), ());
    with_policy(policy.clone());
    relate(CONTACT, RelationKind::Partner, true);
    relate(GUARDIAN, RelationKind::Guardian, false);
    policy
}

fn relate(who: Sr25519Keyring, kind: RelationKind, contact: bool) {
    assert_ok!(Emr::set_relation(signed(PATIENT), who.to_account_id(), kind, contact));
}

fn break_glass(who: Sr25519Keyring) -> DispatchResult {
    attempt(|| {
        let (patient, reason) = (PATIENT.to_account_id(), EmergencyReason::CannotConsent);
        Custody::break_glass(signed(who), patient, reason)
    })
}

fn request(who: Sr25519Keyring, record: RecordId) -> DispatchResult {
    attempt(|| Custody::request_in_emergency(signed(who), record, reply_key_of(who)))
}

fn grant(policy: &AccountId, who: Sr25519Keyring, actions: u8) {
    let answer = call(policy, GRANT, (who.to_account_id(), actions, None::<u32>));
    assert_eq!(answer, [0, 0]);
}

fn revoke(policy: &AccountId, who: Sr25519Keyring) {
    assert_eq!(call(policy, REVOKE, who.to_account_id()), [0, 0]);
}

/// Neither a role nor a relation overrules a patient who revoked.
#[test]
fn a_revoked_account_cannot_break_the_glass() {
    for who in [CLINICIAN, CONTACT] {
        development_chain().execute_with(|| {
            let policy = with_reference_policy();
            grant(&policy, who, EMERGENCY);
            revoke(&policy, who);
            assert_noop!(break_glass(who), EmrError::GrantRevoked);
            // Not by a grant to its role either.
            let roles = (Role::Clinician, EMERGENCY, None::<u8>, None::<u32>);
            assert_eq!(call(&policy, *b"MCP\x14", roles), [0, 0]);
            assert_noop!(break_glass(who), EmrError::GrantRevoked);
            // Nor while others may.
            assert_ok!(break_glass(if who == CLINICIAN { CONTACT } else { CLINICIAN }));
            // The patient changes their mind.
            grant(&policy, who, 1);
            assert_ok!(break_glass(who));
        });
    }
}

#[test]
fn what_the_patient_says_while_the_emergency_lasts() {
    development_chain().execute_with(|| {
        let policy = with_reference_policy();
        let second = add_entrusted(10);
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(request(CLINICIAN, RECORD));
        grant(&policy, CLINICIAN, 1);
        revoke(&policy, CLINICIAN);
        assert_noop!(request(CLINICIAN, second), EmrError::GrantRevoked);
        // A share that was under way stands in the block, and the log says so.
        System::reset_events();
        assert_ok!(deliver(CLINICIAN));
        assert_eq!((exposed(), last_end()), (1, Some(EndReason::Refused)));
        assert!(!is_granted(CLINICIAN));
        assert_ok!(Custody::do_try_state());
    });
    development_chain().execute_with(|| {
        with_reference_policy();
        let second = add_entrusted(10);
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(request(CLINICIAN, RECORD));
        assert_ok!(Custody::set_emergency_access(signed(PATIENT), false));
        assert_noop!(request(CLINICIAN, second), CustodyError::EmergencyOptedOut);
        System::reset_events();
        assert_ok!(deliver(CLINICIAN));
        assert_eq!((exposed(), last_end()), (1, Some(EndReason::Refused)));
        assert!(!is_granted(CLINICIAN));
        assert_noop!(break_glass(CONTACT), CustodyError::EmergencyOptedOut);
    });
}

/// A clinician whose institution dismisses it in the middle of an emergency.
#[test]
fn a_role_that_ends_while_the_emergency_lasts() {
    development_chain().execute_with(|| {
        with_reference_policy();
        let second = add_entrusted(10);
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(request(CLINICIAN, RECORD));
        let registrar = signed(REGISTRAR);
        assert_ok!(Emr::remove_provider(registrar, CLINICIAN.to_account_id(), Role::Clinician));
        assert_noop!(request(CLINICIAN, second), EmrError::NoGrant);
        System::reset_events();
        assert_ok!(deliver(CLINICIAN));
        assert_eq!((exposed(), last_end()), (1, Some(EndReason::Refused)));
    });
}

/// A policy that does not answer vetoes nothing, and admits nobody.
#[test]
fn a_policy_that_fails_in_an_emergency() {
    type Deploy = fn() -> AccountId;
    let policies: [(&str, Deploy, EmrError); 5] = [
        ("traps", || misbehaving(2u8), EmrError::PolicyTrapped),
        ("loops", || misbehaving(3u8), EmrError::PolicyOutOfGas),
        ("lies", || misbehaving((4u8, vec![1u8])), EmrError::PolicyAnswerInvalid),
        ("has no code", || STRANGER.to_account_id(), EmrError::PolicyNotFound),
        ("refuses", || misbehaving((1u8, 7u8)), EmrError::PolicyRefused),
    ];
    for (what, policy, error) in policies {
        development_chain().execute_with(|| {
            with_policy(policy());
            relate(CONTACT, RelationKind::Partner, true);
            assert_noop!(break_glass(STRANGER), error);
            for who in [CLINICIAN, CONTACT] {
                assert_eq!(break_glass(who), Ok(()), "{what}");
                assert_eq!(request(who, RECORD), Ok(()), "{what}");
                assert_eq!(deliver(who), Ok(()), "{what}");
                assert!(is_granted(who), "{what}");
            }
        });
    }
    // One that says that it revoked vetoes.
    development_chain().execute_with(|| {
        let revoked = (0u8, Decision::Deny(DenyReason::Revoked)).encode();
        with_policy(misbehaving((4u8, revoked)));
        assert_noop!(break_glass(CLINICIAN), EmrError::GrantRevoked);
    });
}

#[test]
fn an_emergency_opens_nobody_elses_records() {
    development_chain().execute_with(|| {
        with_reference_policy();
        // Of a patient who has no emergency.
        let other = TECHNICIAN;
        assert_ok!(Emr::register_patient(signed(other), None, EncryptionKey([7; 32])));
        assert_ok!(Emr::add_record(
            signed(other),
            other.to_account_id(),
            Cid::new(CidCodec::Raw, [9; 32]),
            ContentDigest([9; 32]),
            RecordKind::ChestXray,
            None,
            Default::default(),
            None,
            None,
        ));
        assert_ok!(break_glass(CLINICIAN));
        assert_noop!(request(CLINICIAN, last_record()), CustodyError::EmergencyNotFound);
        // Of somebody else's emergency.
        assert_noop!(request(CONTACT, RECORD), CustodyError::EmergencyNotFound);
        // Of one that is over.
        let over = System::block_number() + 4 * HOURS;
        go_to(over);
        assert_ok!(request(CLINICIAN, RECORD));
        assert_ok!(Emr::remove_envelope(signed(CLINICIAN), RECORD, CLINICIAN.to_account_id()));
        go_to(over + 1);
        assert_noop!(request(CLINICIAN, RECORD), CustodyError::EmergencyOver);
    });
}

/// A custodian that loses its role right before it delivers leaves a trace all the same.
#[test]
fn a_share_without_the_role_is_logged() {
    development_chain().execute_with(|| {
        with_reference_policy();
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(request(CLINICIAN, RECORD));
        let registrar = signed(REGISTRAR);
        assert_ok!(Emr::remove_provider(registrar, CUSTODIAN.to_account_id(), Role::Custodian));
        System::reset_events();
        let done = deliver_share(CUSTODIAN, RECORD, CLINICIAN).expect("it stands in the block");
        assert_eq!((done.pays_fee, exposed()), (frame_support::dispatch::Pays::Yes, 1));
        assert!(is_granted(CLINICIAN));
        let entry = pallet_custody::Emergencies::<Runtime>::get(EmergencyId(0)).expect("open");
        assert_eq!((entry.requested, entry.deliveries), (1, 0), "it could be sent again");
    });
}

/// A rejection stands until its last block, and can be overturned until then.
#[test]
fn a_rejection_that_is_overturned() {
    development_chain().execute_with(|| {
        with_reference_policy();
        let review = |who: Sr25519Keyring, accepted| {
            attempt(|| Custody::review_emergency(signed(who), EmergencyId(0), accepted))
        };
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(request(CLINICIAN, RECORD));
        assert_ok!(review(GUARDIAN, false));
        assert!(!is_granted(CLINICIAN));
        assert_noop!(break_glass(CLINICIAN), CustodyError::EmergencyRejected);
        let over = System::block_number() + 4 * HOURS + 1;
        go_to(over);
        assert_ok!(review(PATIENT, true));
        assert!(!is_granted(CLINICIAN), "what ended stays ended");
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(Custody::do_try_state());
    });
}

#[test]
fn a_custodian_breaks_no_glass_of_its_patient() {
    development_chain().execute_with(|| {
        with_reference_policy();
        relate(CUSTODIAN, RelationKind::Partner, true);
        assert_noop!(break_glass(CUSTODIAN), CustodyError::CustodianOfPatient);
        assert_noop!(break_glass(PATIENT), CustodyError::OwnRecord);
    });
}

/// Who breaks the glass over patients one after the other runs out of places, not of patients.
#[test]
fn a_rejection_frees_no_place_early_and_the_second_suspends() {
    development_chain().execute_with(|| {
        with_reference_policy();
        let until = System::block_number() + 7 * DAYS;
        let patients = [Sr25519Keyring::CharlieStash, Sr25519Keyring::DaveStash];
        for patient in patients {
            assert_ok!(Emr::register_patient(signed(patient), None, EncryptionKey([7; 32])));
        }
        let fourth = Sr25519Keyring::EveStash;
        assert_ok!(Emr::register_patient(signed(fourth), None, EncryptionKey([7; 32])));
        let over = |patient: Sr25519Keyring| {
            let patient = patient.to_account_id();
            attempt(|| Custody::break_glass(signed(CLINICIAN), patient, EmergencyReason::Other))
        };
        let reject = |patient: Sr25519Keyring, emergency| {
            attempt(|| Custody::review_emergency(signed(patient), EmergencyId(emergency), false))
        };
        for patient in [PATIENT, patients[0], patients[1]] {
            assert_ok!(over(patient));
        }
        assert_noop!(over(fourth), CustodyError::MaxEmergenciesExceeded);
        assert_ok!(reject(PATIENT, 0));
        assert_noop!(over(fourth), CustodyError::MaxEmergenciesExceeded);
        assert_ok!(reject(patients[0], 1));
        assert_noop!(over(fourth), CustodyError::Suspended);
        // Time alone does not help.
        go_to(until + 1);
        assert_noop!(over(fourth), CustodyError::Suspended);
        let lift = || Custody::lift_suspension(RuntimeOrigin::root(), CLINICIAN.to_account_id());
        assert_ok!(lift());
        assert_ok!(over(fourth));
    });
}

/// The bond of an emergency is neither lost by silence nor saved by it.
#[test]
fn an_emergency_that_nobody_reviews() {
    development_chain().execute_with(|| {
        with_reference_policy();
        let held = |who: Sr25519Keyring| {
            use frame_support::traits::fungible::InspectHold;
            let reason = RuntimeHoldReason::Custody(pallet_custody::HoldReason::Emergency);
            Balances::balance_on_hold(&reason, &who.to_account_id())
        };
        let status = |id| pallet_custody::Emergencies::<Runtime>::get(EmergencyId(id));
        // The contact requests a key, the clinician does not.
        for who in [CLINICIAN, CONTACT] {
            assert_ok!(break_glass(who));
        }
        assert_ok!(request(CONTACT, RECORD));
        assert_eq!((held(CLINICIAN), held(CONTACT)), (10 * UNIT, 10 * UNIT));
        let review_until = System::block_number() + 7 * DAYS;
        go_to(review_until + 1);
        assert_eq!(held(CLINICIAN), 0, "nothing was requested: it is void");
        assert!(status(0).is_none());
        assert_eq!(held(CONTACT), 10 * UNIT, "now the ethics committee has it");
        assert_eq!(
            status(1).map(|one| one.status),
            Some(pallet_custody::EmergencyStatus::Escalated)
        );
        let judgement_until = status(1).expect("it is there").review_until;
        go_to(judgement_until + 1);
        assert_eq!(held(CONTACT), 0);
        assert!(status(1).is_none());
    });
}
