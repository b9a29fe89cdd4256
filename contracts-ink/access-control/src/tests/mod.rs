//! The reference policy on ink!'s off-chain environment.

mod delegates;
mod dispatch;
mod grants;
mod purposes;
mod roles;

use crate::AccessControl;
use ink::primitives::AccountId;
use policy::{
    testing::{at_block, call_as},
    Action, ActionSet, Decision, Policy,
};

const PATIENT: AccountId = AccountId([1; 32]);
const OTHER_PATIENT: AccountId = AccountId([2; 32]);
const DOCTOR: AccountId = AccountId([3; 32]);
const STRANGER: AccountId = AccountId([4; 32]);

fn view() -> ActionSet {
    ActionSet::of(&[Action::View])
}

fn ask(contract: &AccessControl, subject: AccountId, action: Action) -> Decision {
    contract.check(PATIENT, subject, Some(0), action)
}

/// A contract in which the patient granted the doctor View.
fn with_grant(until: Option<u32>) -> AccessControl {
    policy::testing::Chain::new().install();
    let mut contract = AccessControl::new();
    call_as(PATIENT);
    contract.grant(DOCTOR, view(), until).unwrap();
    contract
}

policy::conformance_tests!(
    AccessControl::new(),
    grant: |contract, patient, grantee| {
        call_as(patient);
        contract.grant(grantee, view(), None).unwrap();
    },
    grant_until: |contract, patient, grantee, until| {
        call_as(patient);
        contract.grant(grantee, view(), Some(until)).unwrap();
    },
    revoke: |contract, patient, grantee| {
        call_as(patient);
        contract.revoke(grantee).unwrap();
    },
);
