use crate::PolicyTemplate;
use ink::primitives::AccountId;
use policy::{
    testing::{call_as, Chain},
    Action, Decision, DenyReason, Policy, Role,
};

const PATIENT: AccountId = AccountId([1; 32]);
const DOCTOR: AccountId = AccountId([2; 32]);
const STRANGER: AccountId = AccountId([3; 32]);

policy::conformance_tests!(PolicyTemplate::new());

#[ink::test]
fn clinicians_may_view() {
    Chain::new().role(DOCTOR, Role::Clinician).install();
    call_as(PATIENT);
    let contract = PolicyTemplate::new();
    let ask = |patient, subject, action| contract.check(patient, subject, Some(0), action);
    assert_eq!(ask(PATIENT, DOCTOR, Action::View), Decision::Allow);
    let no = Decision::Deny;
    assert_eq!(ask(PATIENT, DOCTOR, Action::Amend), no(DenyReason::ActionNotGranted));
    assert_eq!(ask(PATIENT, STRANGER, Action::View), no(DenyReason::NoGrant));
    assert_eq!(ask(STRANGER, DOCTOR, Action::View), no(DenyReason::NoGrant));
}
