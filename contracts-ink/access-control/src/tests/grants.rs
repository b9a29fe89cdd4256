//! The life cycle of a grant to an account.

use super::*;
use crate::{Granted, Revoked};
use ink::{
    env::{test, Event},
    scale::{Decode, Encode},
};
use policy::{DenyReason, Grant, GrantError as Error, Role};

#[ink::test]
fn grant_works() {
    policy::testing::Chain::new().install();
    let mut contract = AccessControl::new();
    call_as(PATIENT);
    let actions = ActionSet::from_iter([Action::View, Action::Infer]);
    assert_eq!(contract.grant(DOCTOR, actions, None), Ok(()));
    for action in Action::ALL {
        let expected = match action {
            Action::View | Action::Infer => Decision::Allow,
            _ => Decision::Deny(DenyReason::ActionNotGranted),
        };
        assert_eq!(ask(&contract, DOCTOR, action), expected);
    }
    assert_eq!(contract.grant_of(PATIENT, DOCTOR), Some(Grant::new(actions, None)));
    // A grant covers the whole file, whatever the record.
    for record in [None, Some(0), Some(u64::MAX)] {
        assert_eq!(contract.check(PATIENT, DOCTOR, record, Action::View), Decision::Allow);
    }
}

#[ink::test]
fn a_grant_is_the_patients_own() {
    let contract = with_grant(None);
    // It admits nobody else, and does not admit the doctor to other patients.
    let refused = Decision::Deny(DenyReason::NoGrant);
    assert_eq!(ask(&contract, STRANGER, Action::View), refused);
    assert_eq!(contract.check(OTHER_PATIENT, DOCTOR, None, Action::View), refused);
    // A grant has a direction.
    assert_eq!(contract.check(DOCTOR, PATIENT, None, Action::View), refused);
}

#[ink::test]
fn nobody_changes_another_patients_grants() {
    let mut contract = with_grant(None);
    call_as(STRANGER);
    // This grants access to the caller's own records.
    contract.grant(STRANGER, ActionSet::ALL, None).unwrap();
    assert_eq!(ask(&contract, STRANGER, Action::View), Decision::Deny(DenyReason::NoGrant));
    assert_eq!(contract.revoke(DOCTOR), Err(Error::NotGranted));
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
}

#[ink::test]
fn boundary_of_expiry() {
    at_block(5);
    let contract = with_grant(Some(10));
    at_block(10);
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    at_block(11);
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Expired));
    // The expired grant stays visible.
    assert_eq!(contract.grant_of(PATIENT, DOCTOR), Some(Grant::new(view(), Some(10))));
}

#[ink::test]
fn boundary_of_a_grant_for_this_block_only() {
    at_block(5);
    let mut contract = with_grant(Some(5));
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    assert_eq!(contract.grant(DOCTOR, view(), Some(4)), Err(Error::AlreadyExpired));
}

#[ink::test]
fn revoke_works() {
    let mut contract = with_grant(Some(10));
    assert_eq!(contract.revoke(DOCTOR), Ok(()));
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
    let tombstone = Grant { revoked: true, ..Grant::new(view(), Some(10)) };
    assert_eq!(contract.grant_of(PATIENT, DOCTOR), Some(tombstone));
    // After its last block, the reason is still the revocation.
    at_block(11);
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
}

#[ink::test]
fn a_grant_after_revocation_works() {
    let mut contract = with_grant(Some(10));
    contract.revoke(DOCTOR).unwrap();
    let append = ActionSet::of(&[Action::Append]);
    contract.grant(DOCTOR, append, None).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::Append), Decision::Allow);
    // It replaces the old one, whose actions do not come back.
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::ActionNotGranted));
}

#[ink::test]
fn fails_when_there_is_nothing_to_revoke() {
    let mut contract = with_grant(None);
    assert_eq!(contract.revoke(STRANGER), Err(Error::NotGranted));
    contract.revoke(DOCTOR).unwrap();
    assert_eq!(contract.revoke(DOCTOR), Err(Error::NotGranted));
}

#[ink::test]
fn fails_when_the_actions_are_invalid() {
    let mut contract = with_grant(None);
    assert_eq!(contract.grant(DOCTOR, ActionSet::EMPTY, None), Err(Error::NoActions));
    for bits in [0b0100_0000, 0b1000_0001, 0xff] {
        assert_eq!(contract.grant(DOCTOR, ActionSet(bits), None), Err(Error::UnknownAction));
    }
    // The previous grant is unchanged.
    assert_eq!(contract.grant_of(PATIENT, DOCTOR), Some(Grant::new(view(), None)));
}

#[ink::test]
fn every_change_is_an_event() {
    let mut contract = with_grant(Some(10));
    contract.revoke(DOCTOR).unwrap();
    let events: Vec<_> = test::recorded_events().collect();
    assert_eq!(events.len(), 2);

    let granted = Granted::decode(&mut &events[0].data[..]).unwrap();
    assert_eq!((granted.patient, granted.grantee), (PATIENT, DOCTOR));
    assert_eq!((granted.actions, granted.until), (view(), Some(10)));
    assert_eq!((granted.purposes, granted.by), (None, PATIENT));

    let revoked = Revoked::decode(&mut &events[1].data[..]).unwrap();
    assert_eq!((revoked.patient, revoked.grantee, revoked.by), (PATIENT, DOCTOR, PATIENT));
    // The event type, the patient and the grantee are topics.
    let signatures = [Granted::SIGNATURE_TOPIC, Revoked::SIGNATURE_TOPIC];
    for (event, signature) in events.iter().zip(signatures) {
        let signature = signature.expect("the events are not anonymous").to_vec();
        assert_eq!(event.topics, [signature, PATIENT.encode(), DOCTOR.encode()]);
    }
}

#[ink::test]
fn a_refused_message_emits_nothing() {
    let mut contract = AccessControl::new();
    call_as(PATIENT);
    let _ = contract.grant(DOCTOR, ActionSet::EMPTY, None);
    let _ = contract.revoke(DOCTOR);
    assert_eq!(test::recorded_events().count(), 0);
}

#[ink::test]
fn every_change_is_in_the_patient_s_log() {
    let chain = policy::testing::Chain::new();
    let notes = chain.notes();
    chain.install();
    let mut contract = AccessControl::new();
    call_as(PATIENT);
    contract.grant(DOCTOR, view(), Some(7)).unwrap();
    contract.grant_role(Role::Clinician, view(), None, None).unwrap();
    contract.revoke_role(Role::Clinician).unwrap();
    contract.set_delegate(STRANGER, view(), None).unwrap();
    contract.remove_delegate(STRANGER).unwrap();
    call_as(PATIENT);
    contract.revoke(DOCTOR).unwrap();
    // The signature of the event, and its fields after the patient.
    let logged: Vec<(Vec<u8>, Vec<u8>)> = test::recorded_events()
        .map(|event| (event.topics[0].clone(), event.data[32..].to_vec()))
        .collect();
    let noted = notes
        .borrow()
        .iter()
        .map(|(patient, entry)| {
            assert_eq!(*patient, PATIENT);
            (entry[..32].to_vec(), entry[32..].to_vec())
        })
        .collect::<Vec<_>>();
    assert_eq!(noted.len(), 6);
    assert_eq!(noted, logged);
}
