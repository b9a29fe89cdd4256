//! Grants to roles.

use super::*;
use crate::{RoleGranted, RoleRevoked};
use ink::{
    env::{test, Event},
    scale::{Decode, Encode},
};
use policy::{testing::Chain, DenyReason, Grant, GrantError, Purpose, PurposeSet, Role};

/// A contract in which the patient granted clinicians View, on a chain where the
/// doctor is one.
fn with_role_grant(purposes: Option<PurposeSet>, until: Option<u32>) -> AccessControl {
    Chain::new().role(DOCTOR, Role::Clinician).install();
    let mut contract = AccessControl::new();
    call_as(PATIENT);
    contract.grant_role(Role::Clinician, view(), purposes, until).unwrap();
    contract
}

#[ink::test]
fn a_grant_to_a_role_admits_its_holders() {
    let contract = with_role_grant(None, None);
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    assert_eq!(ask(&contract, DOCTOR, Action::Infer), Decision::Deny(DenyReason::NoGrant));
    assert_eq!(ask(&contract, STRANGER, Action::View), Decision::Deny(DenyReason::NoGrant));
    let of_others = contract.check(OTHER_PATIENT, DOCTOR, None, Action::View);
    assert_eq!(of_others, Decision::Deny(DenyReason::NoGrant));
    // An account that loses the role loses the access.
    Chain::new().role(DOCTOR, Role::Hospital).install();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::NoGrant));
}

#[ink::test]
fn each_role_has_a_grant_of_its_own() {
    let mut contract = with_role_grant(None, None);
    contract.grant_role(Role::Hospital, ActionSet::of(&[Action::Infer]), None, None).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::Infer), Decision::Deny(DenyReason::NoGrant));
    Chain::new().role(DOCTOR, Role::Clinician).role(DOCTOR, Role::Hospital).install();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    assert_eq!(ask(&contract, DOCTOR, Action::Infer), Decision::Allow);
    let hospitals = Grant::new(ActionSet::of(&[Action::Infer]), None);
    assert_eq!(contract.role_grant_of(PATIENT, Role::Hospital), Some(hospitals));
    assert_eq!(contract.role_grant_of(PATIENT, Role::Custodian), None);
    assert_eq!(contract.role_grant_of(OTHER_PATIENT, Role::Hospital), None);
}

#[ink::test]
fn boundary_of_expiry() {
    let contract = with_role_grant(None, Some(10));
    at_block(10);
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    at_block(11);
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::NoGrant));
}

#[ink::test]
fn a_grant_to_a_role_can_be_for_a_purpose() {
    let research = PurposeSet::of(&[Purpose::Research]);
    let contract = with_role_grant(Some(research), None);
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::NoGrant));
    Chain::new().role(DOCTOR, Role::Clinician).purpose(Purpose::Research).install();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
}

#[ink::test]
fn a_grant_to_an_account_does_not_narrow_the_role() {
    let mut contract = with_role_grant(None, None);
    contract.grant(DOCTOR, ActionSet::of(&[Action::Append]), Some(10)).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    assert_eq!(ask(&contract, DOCTOR, Action::Append), Decision::Allow);
    // The account's own grant gives the reason.
    let refused = Decision::Deny(DenyReason::ActionNotGranted);
    assert_eq!(ask(&contract, DOCTOR, Action::Share), refused);
    at_block(11);
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
}

#[ink::test]
fn a_role_does_not_readmit_a_revoked_account() {
    let mut contract = with_role_grant(None, None);
    contract.grant(DOCTOR, view(), None).unwrap();
    contract.revoke(DOCTOR).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
}

#[ink::test]
fn revoke_role_works() {
    let mut contract = with_role_grant(None, None);
    assert_eq!(contract.revoke_role(Role::Clinician), Ok(()));
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::NoGrant));
    let tombstone = Grant { revoked: true, ..Grant::new(view(), None) };
    assert_eq!(contract.role_grant_of(PATIENT, Role::Clinician), Some(tombstone));
    // A new grant replaces it.
    contract.grant_role(Role::Clinician, view(), None, None).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
}

#[ink::test]
fn fails_when_there_is_nothing_to_revoke() {
    let mut contract = with_role_grant(None, None);
    assert_eq!(contract.revoke_role(Role::Hospital), Err(GrantError::NotGranted));
    contract.revoke_role(Role::Clinician).unwrap();
    assert_eq!(contract.revoke_role(Role::Clinician), Err(GrantError::NotGranted));
    call_as(STRANGER);
    assert_eq!(contract.revoke_role(Role::Clinician), Err(GrantError::NotGranted));
}

#[ink::test]
fn fails_when_the_grant_is_invalid() {
    at_block(5);
    let mut contract = AccessControl::new();
    let mut grant = |actions, until| contract.grant_role(Role::Clinician, actions, None, until);
    assert_eq!(grant(ActionSet::EMPTY, None), Err(GrantError::NoActions));
    assert_eq!(grant(ActionSet(64), None), Err(GrantError::UnknownAction));
    assert_eq!(grant(view(), Some(4)), Err(GrantError::AlreadyExpired));
}

#[ink::test]
fn every_change_is_an_event() {
    let research = Some(PurposeSet::of(&[Purpose::Research]));
    let mut contract = with_role_grant(research, Some(10));
    contract.revoke_role(Role::Clinician).unwrap();
    let events: Vec<_> = test::recorded_events().collect();
    assert_eq!(events.len(), 2);

    let granted = RoleGranted::decode(&mut &events[0].data[..]).unwrap();
    assert_eq!((granted.patient, granted.role), (PATIENT, Role::Clinician));
    assert_eq!((granted.actions, granted.until), (view(), Some(10)));
    assert_eq!(granted.purposes, research);
    let revoked = RoleRevoked::decode(&mut &events[1].data[..]).unwrap();
    assert_eq!((revoked.patient, revoked.role), (PATIENT, Role::Clinician));

    let mut role = vec![0; 32];
    role[0] = Role::Clinician as u8;
    let signatures = [RoleGranted::SIGNATURE_TOPIC, RoleRevoked::SIGNATURE_TOPIC];
    for (event, signature) in events.iter().zip(signatures) {
        let signature = signature.expect("the events are not anonymous").to_vec();
        assert_eq!(event.topics, [signature, PATIENT.encode(), role.clone()]);
    }
}
