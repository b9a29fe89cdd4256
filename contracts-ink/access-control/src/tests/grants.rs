//! The life of a grant to an account.

use super::*;
use crate::{Granted, Revoked};
use ink::{
    env::{test, Event},
    scale::{Decode, Encode},
};
use policy::{DenyReason, Grant, GrantError as Error};

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
    // A grant is about the whole file, whichever record is asked for.
    for record in [None, Some(0), Some(u64::MAX)] {
        assert_eq!(contract.check(PATIENT, DOCTOR, record, Action::View), Decision::Allow);
    }
}

#[ink::test]
fn a_grant_is_the_patients_own() {
    let contract = with_grant(None);
    // Nobody else gets in, and the doctor gets in nowhere else.
    let refused = Decision::Deny(DenyReason::NoGrant);
    assert_eq!(ask(&contract, STRANGER, Action::View), refused);
    assert_eq!(contract.check(OTHER_PATIENT, DOCTOR, None, Action::View), refused);
    // A grant has a direction.
    assert_eq!(contract.check(DOCTOR, PATIENT, None, Action::View), refused);
}

#[ink::test]
fn nobody_grants_or_revokes_for_somebody_else() {
    let mut contract = with_grant(None);
    call_as(STRANGER);
    // A grant to oneself is about one's own records.
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
    // What it was can still be seen.
    assert_eq!(contract.grant_of(PATIENT, DOCTOR), Some(Grant::new(view(), Some(10))));
}

#[ink::test]
fn boundary_of_a_grant_for_this_block_alone() {
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
    // Also when its time would be over, the reason stays the patient's word.
    at_block(11);
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
}

#[ink::test]
fn a_grant_after_revocation_works() {
    let mut contract = with_grant(Some(10));
    contract.revoke(DOCTOR).unwrap();
    let append = ActionSet::from(Action::Append);
    contract.grant(DOCTOR, append, None).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::Append), Decision::Allow);
    // It replaces the old one: nothing of that comes back.
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
fn fails_when_the_actions_make_no_sense() {
    let mut contract = with_grant(None);
    assert_eq!(contract.grant(DOCTOR, ActionSet::EMPTY, None), Err(Error::NoActions));
    for bits in [0b0100_0000, 0b1000_0001, 0xff] {
        assert_eq!(
            contract.grant(DOCTOR, ActionSet::from_bits(bits), None),
            Err(Error::UnknownAction)
        );
    }
    // What was granted before still stands.
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
    // The kind of event, the patient and the grantee can be searched for.
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
