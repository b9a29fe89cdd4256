//! The misbehaviours that show without a chain.

use super::*;
use ink::{primitives::AccountId, scale::Encode};
use policy::{
    testing::{call_as, Chain},
    Action, Decision, DenyReason, InstitutionId, ModelId, Policy, Purpose, Relation, RelationKind,
    Role,
};

const PATIENT: AccountId = AccountId([1; 32]);
const SUBJECT: AccountId = AccountId([2; 32]);

fn answer(behaviour: Behaviour) -> Decision {
    MisbehavingPolicy::new(behaviour).check(PATIENT, SUBJECT, Some(7), Action::View)
}

fn refused(code: u8) -> Decision {
    Decision::Deny(DenyReason::Other(code))
}

#[ink::test]
fn the_indices_are_pinned() {
    let cases = [
        (Behaviour::Allow, &[0u8][..]),
        (Behaviour::Refuse(9), &[1, 9]),
        (Behaviour::Trap, &[2]),
        (Behaviour::Loop, &[3]),
        (Behaviour::Answer(vec![1]), &[4, 4, 1]),
        (Behaviour::AllowReverted, &[5]),
        (Behaviour::AskItself, &[6]),
        (Behaviour::Dispatch(vec![2, 3]), &[7, 8, 2, 3]),
        (Behaviour::AskExtension(2, 1), &[8, 2, 1]),
        (Behaviour::UnknownExtension, &[9]),
        (Behaviour::Fickle, &[10]),
        (Behaviour::WriteAndAllow, &[11]),
        (Behaviour::ByCaller, &[12]),
    ];
    for (behaviour, encoded) in cases {
        assert_eq!(behaviour.encode(), encoded);
    }
}

#[ink::test]
fn refuses_with_its_code() {
    assert_eq!(answer(Behaviour::Refuse(9)), refused(9));
}

#[ink::test]
fn asks_the_extension() {
    let relation = Relation { kind: RelationKind::Sibling, emergency_contact: false };
    Chain::new()
        .owner(7, PATIENT)
        .role(SUBJECT, Role::Clinician)
        .appointment(SUBJECT, Role::LabTechnician, InstitutionId(4), 9)
        .relation(PATIENT, SUBJECT, relation)
        .purpose(Purpose::Research)
        .model(ModelId(7))
        .install();
    let asked = |function, expected| answer(Behaviour::AskExtension(function, expected));
    assert_eq!(asked(1, 0), Decision::Allow);
    assert_eq!(asked(2, Role::Clinician as u8), Decision::Allow);
    assert_eq!(asked(2, Role::Hospital as u8), refused(254));
    assert_eq!(asked(3, RelationKind::Sibling as u8), Decision::Allow);
    assert_eq!(asked(3, RelationKind::Child as u8), refused(254));
    assert_eq!(asked(4, Purpose::Research as u8), Decision::Allow);
    assert_eq!(asked(4, Purpose::Billing as u8), refused(254));
    assert_eq!(asked(5, 7), Decision::Allow);
    assert_eq!(asked(5, 8), refused(254));
    assert_eq!(asked(6, 4), Decision::Allow);
    assert_eq!(asked(6, 0), refused(254));
    Chain::new().install();
    assert_eq!(asked(1, 0), refused(254));
    assert_eq!(asked(4, Purpose::Research as u8), refused(254));
    assert_eq!(asked(5, 7), refused(254));
    assert_eq!(asked(6, 4), refused(254));
}

#[ink::test]
#[should_panic = "the chain has no function 99"]
fn asks_what_no_chain_knows() {
    Chain::new().install();
    answer(Behaviour::UnknownExtension);
}

#[ink::test]
fn changes_its_mind() {
    let mut contract = MisbehavingPolicy::new(Behaviour::Fickle);
    let ask = |contract: &MisbehavingPolicy| contract.check(PATIENT, SUBJECT, None, Action::View);
    assert_eq!(ask(&contract), refused(253));
    contract.set_allowed(true);
    assert_eq!(ask(&contract), Decision::Allow);
    contract.set_allowed(false);
    assert_eq!(ask(&contract), refused(253));
}

#[ink::test]
fn writes_what_a_chain_rolls_back() {
    let contract = MisbehavingPolicy::new(Behaviour::WriteAndAllow);
    assert_eq!(contract.written(), 0);
    let answer = contract.check(PATIENT, SUBJECT, None, Action::View);
    assert_eq!(answer, Decision::Allow);
    // Nothing rolls it back here.
    assert_eq!(contract.written(), 1);
}

#[ink::test]
fn believes_its_caller() {
    call_as(SUBJECT);
    assert_eq!(answer(Behaviour::ByCaller), refused(252));
    call_as(PATIENT);
    assert_eq!(answer(Behaviour::ByCaller), Decision::Allow);
}
