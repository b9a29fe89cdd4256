use crate::{Approved, Error, TwoGuardians, Withdrawn};
use ink::{
    env::test,
    primitives::AccountId,
    scale::{Decode, Encode},
};
use policy::{
    reasons::APPROVAL_MISSING,
    testing::{at_block, call_as},
    Action, Decision, DenyReason, Policy,
};

const PATIENT: AccountId = policy::conformance::PATIENT;
const DOCTOR: AccountId = AccountId([2; 32]);
const STRANGER: AccountId = AccountId([3; 32]);
const GUARDIANS: [AccountId; 2] = [AccountId([4; 32]), AccountId([5; 32])];
/// The number of blocks in which an approval is valid.
const LIFETIME: u32 = 10;

fn deploy() -> TwoGuardians {
    call_as(PATIENT);
    TwoGuardians::new(GUARDIANS, LIFETIME).unwrap()
}

fn approve(contract: &mut TwoGuardians, guardian: usize, grantee: AccountId) {
    call_as(GUARDIANS[guardian]);
    contract.approve(grantee).unwrap();
}

fn ask(contract: &TwoGuardians, subject: AccountId) -> Decision {
    contract.check(PATIENT, subject, Some(0), Action::View)
}

policy::conformance_tests!(
    deploy(),
    grant: |contract, _, grantee| {
        approve(contract, 0, grantee);
        approve(contract, 1, grantee);
    },
    grant_until: |contract, _, grantee, until| {
        at_block(until - LIFETIME);
        approve(contract, 0, grantee);
        approve(contract, 1, grantee);
    },
    revoke: |contract, _, grantee| {
        call_as(GUARDIANS[1]);
        contract.withdraw(grantee).unwrap();
    },
);

#[ink::test]
fn it_takes_both_guardians() {
    let mut contract = deploy();
    assert_eq!(ask(&contract, DOCTOR), Decision::Deny(DenyReason::NoGrant));
    approve(&mut contract, 0, DOCTOR);
    approve(&mut contract, 0, DOCTOR);
    assert_eq!(ask(&contract, DOCTOR), Decision::Deny(APPROVAL_MISSING));
    approve(&mut contract, 1, DOCTOR);
    assert_eq!(ask(&contract, DOCTOR), Decision::Allow);
    let amend = contract.check(PATIENT, DOCTOR, None, Action::Amend);
    assert_eq!(amend, Decision::Deny(DenyReason::ActionNotGranted));
    // It covers this patient and this subject only.
    assert_eq!(ask(&contract, STRANGER), Decision::Deny(DenyReason::NoGrant));
    let other = contract.check(STRANGER, DOCTOR, None, Action::View);
    assert_eq!(other, Decision::Deny(DenyReason::NoGrant));
}

#[ink::test]
fn the_earlier_approval_expires_first() {
    let mut contract = deploy();
    at_block(5);
    approve(&mut contract, 0, DOCTOR);
    at_block(8);
    approve(&mut contract, 1, DOCTOR);
    at_block(15);
    assert_eq!(ask(&contract, DOCTOR), Decision::Allow);
    at_block(16);
    assert_eq!(ask(&contract, DOCTOR), Decision::Deny(DenyReason::Expired));
    // It can be renewed.
    approve(&mut contract, 0, DOCTOR);
    assert_eq!(ask(&contract, DOCTOR), Decision::Allow);
    at_block(19);
    assert_eq!(ask(&contract, DOCTOR), Decision::Deny(DenyReason::Expired));
}

#[ink::test]
fn fails_when_the_caller_is_not_a_guardian() {
    let mut contract = deploy();
    for caller in [PATIENT, DOCTOR, STRANGER] {
        call_as(caller);
        assert_eq!(contract.approve(DOCTOR), Err(Error::NotGuardian));
        assert_eq!(contract.withdraw(DOCTOR), Err(Error::NotGuardian));
    }
    call_as(GUARDIANS[0]);
    assert_eq!(contract.withdraw(DOCTOR), Err(Error::NotApproved));
    let same = TwoGuardians::new([STRANGER, STRANGER], LIFETIME);
    assert_eq!(same.err(), Some(Error::SameGuardian));
}

#[ink::test]
fn every_change_is_an_event() {
    let mut contract = deploy();
    approve(&mut contract, 0, DOCTOR);
    contract.withdraw(DOCTOR).unwrap();
    let events: Vec<_> = test::recorded_events().collect();
    assert_eq!(events.len(), 2);
    for event in &events {
        assert_eq!(event.topics[1..], [PATIENT.encode(), DOCTOR.encode()]);
    }
    let approved = Approved::decode(&mut &events[0].data[..]).unwrap();
    assert_eq!((approved.guardian, approved.until), (GUARDIANS[0], LIFETIME));
    let withdrawn = Withdrawn::decode(&mut &events[1].data[..]).unwrap();
    assert_eq!(withdrawn.guardian, GUARDIANS[0]);
}
