//! Delegates, who act in a patient's name.

use super::*;
use crate::{DelegateRemoved, DelegateSet, Granted};
use ink::{
    env::{test, Event},
    scale::{Decode, Encode},
};
use policy::{testing::Chain, Delegation, DenyReason, Grant, GrantError, Purpose, PurposeSet};

const DELEGATE: AccountId = AccountId([5; 32]);

/// A contract in which the patient has a delegate, who is the caller.
fn with_delegate(until: Option<u32>) -> AccessControl {
    Chain::new().install();
    let mut contract = AccessControl::new();
    call_as(PATIENT);
    contract.set_delegate(DELEGATE, until).unwrap();
    call_as(DELEGATE);
    contract
}

#[ink::test]
fn a_delegate_grants_and_revokes_as_the_patient_does() {
    let mut contract = with_delegate(None);
    let research = Some(PurposeSet::of(&[Purpose::Research]));
    assert_eq!(contract.grant_as(PATIENT, DOCTOR, view(), research, Some(10)), Ok(()));
    let grant = Grant::new(view(), Some(10)).for_purposes(research);
    assert_eq!(contract.grant_of(PATIENT, DOCTOR), Some(grant));
    contract.grant_as(PATIENT, DOCTOR, view(), None, None).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    assert_eq!(contract.revoke_as(PATIENT, DOCTOR), Ok(()));
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
}

#[ink::test]
fn patient_and_delegate_act_on_the_same_grant() {
    let mut contract = with_delegate(None);
    contract.grant_as(PATIENT, DOCTOR, view(), None, None).unwrap();
    call_as(PATIENT);
    contract.revoke(DOCTOR).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
}

#[ink::test]
fn a_delegate_acts_for_nobody_else() {
    let mut contract = with_delegate(None);
    let refused = Err(GrantError::NotDelegate);
    assert_eq!(contract.grant_as(OTHER_PATIENT, DOCTOR, view(), None, None), refused);
    assert_eq!(contract.revoke_as(OTHER_PATIENT, DOCTOR), refused);
    call_as(STRANGER);
    assert_eq!(contract.grant_as(PATIENT, STRANGER, view(), None, None), refused);
    assert_eq!(contract.revoke_as(PATIENT, DOCTOR), refused);
    // The patient is not their own delegate.
    call_as(PATIENT);
    assert_eq!(contract.grant_as(PATIENT, DOCTOR, view(), None, None), refused);
}

#[ink::test]
fn a_delegate_appoints_nobody() {
    let mut contract = with_delegate(None);
    // This appoints a delegate for the caller's own records.
    contract.set_delegate(STRANGER, None).unwrap();
    call_as(STRANGER);
    let refused = contract.grant_as(PATIENT, STRANGER, view(), None, None);
    assert_eq!(refused, Err(GrantError::NotDelegate));
}

#[ink::test]
fn fails_when_the_change_is_invalid() {
    let mut contract = with_delegate(None);
    at_block(5);
    let empty = contract.grant_as(PATIENT, DOCTOR, ActionSet::EMPTY, None, None);
    assert_eq!(empty, Err(GrantError::NoActions));
    let over = contract.grant_as(PATIENT, DOCTOR, view(), None, Some(4));
    assert_eq!(over, Err(GrantError::AlreadyExpired));
    assert_eq!(contract.revoke_as(PATIENT, DOCTOR), Err(GrantError::NotGranted));
}

#[ink::test]
fn boundary_of_a_delegates_time() {
    let mut contract = with_delegate(Some(10));
    at_block(10);
    assert_eq!(contract.grant_as(PATIENT, DOCTOR, view(), None, None), Ok(()));
    at_block(11);
    assert_eq!(contract.revoke_as(PATIENT, DOCTOR), Err(GrantError::NotDelegate));
    // The delegate's grants stay valid.
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    let delegation = Delegation { until: Some(10) };
    assert_eq!(contract.delegate_of(PATIENT, DELEGATE), Some(delegation));
}

#[ink::test]
fn remove_delegate_works() {
    let mut contract = with_delegate(None);
    contract.grant_as(PATIENT, DOCTOR, view(), None, None).unwrap();
    call_as(PATIENT);
    assert_eq!(contract.remove_delegate(DELEGATE), Ok(()));
    assert_eq!(contract.delegate_of(PATIENT, DELEGATE), None);
    call_as(DELEGATE);
    let refused = contract.grant_as(PATIENT, STRANGER, view(), None, None);
    assert_eq!(refused, Err(GrantError::NotDelegate));
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
}

#[ink::test]
fn fails_when_there_is_no_delegate_or_it_has_expired() {
    let mut contract = with_delegate(None);
    // Only the patient can remove a delegate.
    assert_eq!(contract.remove_delegate(DELEGATE), Err(GrantError::NotDelegate));
    call_as(PATIENT);
    assert_eq!(contract.remove_delegate(STRANGER), Err(GrantError::NotDelegate));
    at_block(5);
    assert_eq!(contract.set_delegate(STRANGER, Some(4)), Err(GrantError::AlreadyExpired));
}

#[ink::test]
fn every_change_is_an_event() {
    let mut contract = with_delegate(Some(10));
    contract.grant_as(PATIENT, DOCTOR, view(), None, None).unwrap();
    call_as(PATIENT);
    contract.remove_delegate(DELEGATE).unwrap();
    let events: Vec<_> = test::recorded_events().collect();
    assert_eq!(events.len(), 3);

    let set = DelegateSet::decode(&mut &events[0].data[..]).unwrap();
    assert_eq!((set.patient, set.delegate, set.until), (PATIENT, DELEGATE, Some(10)));
    let granted = Granted::decode(&mut &events[1].data[..]).unwrap();
    assert_eq!((granted.patient, granted.grantee, granted.by), (PATIENT, DOCTOR, DELEGATE));
    let removed = DelegateRemoved::decode(&mut &events[2].data[..]).unwrap();
    assert_eq!((removed.patient, removed.delegate), (PATIENT, DELEGATE));

    for (event, signature) in
        [(&events[0], DelegateSet::SIGNATURE_TOPIC), (&events[2], DelegateRemoved::SIGNATURE_TOPIC)]
    {
        let signature = signature.expect("the events are not anonymous").to_vec();
        assert_eq!(event.topics, [signature, PATIENT.encode(), DELEGATE.encode()]);
    }
}
