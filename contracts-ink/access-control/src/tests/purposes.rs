//! Grants for some purposes only.

use super::*;
use policy::{
    reasons::PURPOSE_NOT_GRANTED, testing::Chain, DenyReason, Grant, GrantError, Purpose,
    PurposeSet,
};

fn treatment() -> Option<PurposeSet> {
    Some(PurposeSet::of(&[Purpose::Treatment]))
}

/// A contract in which the patient granted the doctor View for treatment.
fn with_treatment() -> AccessControl {
    Chain::new().install();
    let mut contract = AccessControl::new();
    call_as(PATIENT);
    contract.grant_for_purposes(DOCTOR, view(), treatment(), None).unwrap();
    contract
}

#[ink::test]
fn a_grant_is_valid_for_its_purposes_only() {
    let contract = with_treatment();
    for purpose in Purpose::ALL {
        Chain::new().purpose(purpose).install();
        let expected = match purpose {
            Purpose::Treatment => Decision::Allow,
            _ => Decision::Deny(PURPOSE_NOT_GRANTED),
        };
        assert_eq!(ask(&contract, DOCTOR, Action::View), expected);
    }
    let grant = Grant::new(view(), None).for_purposes(treatment());
    assert_eq!(contract.grant_of(PATIENT, DOCTOR), Some(grant));
}

#[ink::test]
fn a_question_without_a_purpose_is_refused() {
    let contract = with_treatment();
    Chain::new().install();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(PURPOSE_NOT_GRANTED));
}

#[ink::test]
fn a_grant_without_purposes_is_valid_for_all() {
    let mut contract = with_treatment();
    contract.grant_for_purposes(DOCTOR, view(), None, None).unwrap();
    Chain::new().install();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    Chain::new().purpose(Purpose::Billing).install();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
}

#[ink::test]
fn a_revoked_grant_refuses_its_purposes_too() {
    let mut contract = with_treatment();
    contract.revoke(DOCTOR).unwrap();
    Chain::new().purpose(Purpose::Treatment).install();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
}

#[ink::test]
fn fails_when_the_purposes_are_invalid() {
    let mut contract = AccessControl::new();
    call_as(PATIENT);
    let mut grant = |bits| {
        let purposes = Some(PurposeSet(bits));
        contract.grant_for_purposes(DOCTOR, view(), purposes, None)
    };
    assert_eq!(grant(0), Err(GrantError::NoPurposes));
    assert_eq!(grant(0b10_0000), Err(GrantError::UnknownPurpose));
    assert_eq!(contract.grant_of(PATIENT, DOCTOR), None);
}
