//! The suite passes good policies and fails bad ones.

use super::*;
use crate::{decide, ActionSet, Grant};
use std::cell::Cell;

/// A policy made of a function, so that a test can write one in a line.
struct Rule<F>(F);

impl<F: Fn(AccountId, AccountId, Action) -> Decision> Rule<F> {
    fn ask(&self) -> impl Fn(AccountId, AccountId, Option<u64>, Action) -> Decision + '_ {
        |patient, subject, _, action| (self.0)(patient, subject, action)
    }
}

const NO: Decision = Decision::Deny(DenyReason::NoGrant);

/// The answers of a grant of View by the patient to the grantee.
fn granted(grant: Grant, patient: AccountId, subject: AccountId, action: Action) -> Decision {
    let own = (patient, subject) == (PATIENT, GRANTEE);
    let now = ink::env::block_number::<crate::MedChainEnvironment>();
    decide(own.then_some(grant), now, action, || None)
}

fn view() -> ActionSet {
    ActionSet::of(&[Action::View])
}

#[ink::test]
fn a_policy_that_refuses_passes() {
    refuses_everybody(|_, _, _, _| Decision::Deny(DenyReason::Other(1)));
}

#[ink::test]
#[should_panic = "was allowed to a stranger"]
fn a_policy_that_admits_everybody_fails() {
    refuses_everybody(|_, _, record, _| match record {
        Some(_) => Decision::Allow,
        None => NO,
    });
}

#[ink::test]
#[should_panic = "was allowed to a stranger"]
fn a_policy_that_admits_everybody_for_a_purpose_fails() {
    let chain = <crate::MedChain as ink::ChainExtensionInstance>::instantiate;
    refuses_everybody(|_, _, _, _| match chain().purpose() {
        Some(Purpose::Billing) => Decision::Allow,
        _ => NO,
    });
}

#[ink::test]
#[should_panic = "was allowed to a stranger"]
fn a_policy_that_admits_everybody_for_a_model_fails() {
    let chain = <crate::MedChain as ink::ChainExtensionInstance>::instantiate;
    refuses_everybody(|_, _, _, action| match (action, chain().model()) {
        (Action::Infer, Some(_)) => Decision::Allow,
        _ => NO,
    });
}

#[ink::test]
#[should_panic = "was allowed to a stranger"]
fn a_policy_that_admits_everybody_to_its_own_patient_fails() {
    refuses_everybody(|patient, _, _, _| if patient == PATIENT { Decision::Allow } else { NO });
}

#[ink::test]
#[should_panic = "cannot have ended"]
fn a_policy_that_misnames_the_reason_fails() {
    refuses_everybody(|_, _, _, _| Decision::Deny(DenyReason::Revoked));
}

#[ink::test]
#[should_panic = "got two answers"]
fn a_policy_that_answers_in_turns_fails() {
    let turn = Cell::new(0);
    refuses_everybody(|_, _, _, _| {
        turn.set(turn.get() + 1);
        Decision::Deny(DenyReason::Other(turn.get() % 2))
    });
}

#[ink::test]
fn a_policy_that_keeps_to_its_grants_passes() {
    let grant = Grant::new(view(), Some(10));
    let rule = Rule(|patient, subject, action| granted(grant, patient, subject, action));
    admits_only_the_grantee(rule.ask());
    ends_after(10, rule.ask());
    let revoked = Grant { revoked: true, ..grant };
    let rule = Rule(|patient, subject, action| granted(revoked, patient, subject, action));
    refuses_the_grantee(rule.ask());
}

#[ink::test]
#[should_panic = "the granted action was refused"]
fn a_policy_that_forgets_what_was_granted_fails() {
    admits_only_the_grantee(Rule(|_, _, _| NO).ask());
}

#[ink::test]
#[should_panic = "was allowed to a stranger"]
fn a_policy_that_looks_only_at_the_patient_fails() {
    let rule = Rule(|patient, _, _| if patient == PATIENT { Decision::Allow } else { NO });
    admits_only_the_grantee(rule.ask());
}

#[ink::test]
#[should_panic = "was allowed to a stranger"]
fn a_policy_that_looks_only_at_the_subject_fails() {
    let rule = Rule(|_, subject, _| if subject == GRANTEE { Decision::Allow } else { NO });
    admits_only_the_grantee(rule.ask());
}

#[ink::test]
#[should_panic = "before its last block"]
fn a_policy_that_ends_a_block_early_fails() {
    let grant = Grant::new(view(), Some(9));
    ends_after(10, Rule(|p, s, a| granted(grant, p, s, a)).ask());
}

#[ink::test]
#[should_panic = "is still allowed"]
fn a_policy_that_ends_a_block_late_fails() {
    let grant = Grant::new(view(), Some(11));
    ends_after(10, Rule(|p, s, a| granted(grant, p, s, a)).ask());
}

#[ink::test]
#[should_panic = "is still allowed"]
fn a_policy_that_does_not_revoke_fails() {
    let grant = Grant::new(view(), None);
    refuses_the_grantee(Rule(|p, s, a| granted(grant, p, s, a)).ask());
}
