use crate::{working_hours::Error, WorkingHours};
use ink::{env::test, primitives::AccountId};
use policy::{
    reasons::OUTSIDE_HOURS,
    testing::{call_as, Chain},
    Action, Decision, DenyReason, MedChainEnvironment, Policy, Role, RoleSet, SetError,
};

const PATIENT: AccountId = AccountId([1; 32]);
const DOCTOR: AccountId = AccountId([2; 32]);
const STRANGER: AccountId = AccountId([3; 32]);
const HOUR: u64 = 3_600_000;

fn clinicians() -> RoleSet {
    RoleSet::of(&[Role::Clinician])
}

/// A policy for clinicians from 8 to 18 o'clock UTC, at the hour `hour`, on a chain
/// where the doctor is a clinician.
fn at(hour: u64) -> WorkingHours {
    Chain::new().role(DOCTOR, Role::Clinician).install();
    test::set_block_timestamp::<MedChainEnvironment>(hour * HOUR);
    call_as(PATIENT);
    WorkingHours::new(clinicians(), 8, 18, 0).unwrap()
}

policy::conformance_tests!(at(12));

#[ink::test]
fn the_role_may_view_within_the_hours() {
    let contract = at(12);
    let ask = |patient, subject, action| contract.check(patient, subject, Some(0), action);
    assert_eq!(ask(PATIENT, DOCTOR, Action::View), Decision::Allow);
    let no = Decision::Deny;
    assert_eq!(ask(PATIENT, DOCTOR, Action::Amend), no(DenyReason::ActionNotGranted));
    assert_eq!(ask(PATIENT, STRANGER, Action::View), no(DenyReason::NoGrant));
    assert_eq!(ask(STRANGER, DOCTOR, Action::View), no(DenyReason::NoGrant));
}

#[ink::test]
fn nobody_may_view_outside_the_hours() {
    for (hour, expected) in [
        (7, Decision::Deny(OUTSIDE_HOURS)),
        (8, Decision::Allow),
        (17, Decision::Allow),
        (18, Decision::Deny(OUTSIDE_HOURS)),
    ] {
        let contract = at(hour);
        assert_eq!(contract.check(PATIENT, DOCTOR, Some(0), Action::View), expected);
    }
}

#[ink::test]
fn fails_when_the_rule_is_invalid() {
    let of = |roles, from| WorkingHours::new(roles, from, 18, 0).err();
    assert_eq!(of(clinicians(), 24), Some(Error::Hours));
    assert_eq!(of(clinicians(), 18), Some(Error::Hours));
    assert_eq!(of(RoleSet::EMPTY, 8), Some(Error::Roles(SetError::Empty)));
    assert_eq!(of(RoleSet(16), 8), Some(Error::Roles(SetError::Unknown)));
}
