mod dispatch;

use crate::{Granted, ModelAllowList, ModelAllowed, ModelError, ModelRemoved, Revoked, MAX_MODELS};
use ink::{
    env::test,
    primitives::AccountId,
    scale::{Decode, Encode},
};
use policy::{
    reasons::MODEL_NOT_ALLOWED,
    testing::{at_block, call_as, Chain},
    Action, ActionSet, Decision, DenyReason, Grant, GrantError, ModelId, Policy, Purpose, SetError,
};

const PATIENT: AccountId = AccountId([1; 32]);
const OTHER_PATIENT: AccountId = AccountId([2; 32]);
const WORKER: AccountId = AccountId([3; 32]);
const STRANGER: AccountId = AccountId([4; 32]);
const LISTED: ModelId = ModelId(7);
const UNLISTED: ModelId = ModelId(8);

const NO_MODEL: Decision = Decision::Deny(MODEL_NOT_ALLOWED);

/// A policy in which the patient granted the worker these actions and allows a model.
fn with_grant(actions: &[Action]) -> ModelAllowList {
    Chain::new().install();
    call_as(PATIENT);
    let mut contract = ModelAllowList::new();
    contract.grant(WORKER, ActionSet::of(actions), None).unwrap();
    contract.allow_model(LISTED).unwrap();
    contract
}

/// The answer to a request's question whether `subject` may run `model`.
fn infer(contract: &ModelAllowList, subject: AccountId, model: ModelId) -> Decision {
    Chain::new().model(model).install();
    contract.check(PATIENT, subject, Some(0), Action::Infer)
}

policy::conformance_tests!(
    ModelAllowList::new(),
    grant: |contract, patient, grantee| {
        call_as(patient);
        contract.grant(grantee, ActionSet::of(&[Action::View]), None).unwrap();
    },
    grant_until: |contract, patient, grantee, until| {
        call_as(patient);
        contract.grant(grantee, ActionSet::of(&[Action::View]), Some(until)).unwrap();
    },
    revoke: |contract, patient, grantee| {
        call_as(patient);
        contract.revoke(grantee).unwrap();
    },
);

#[ink::test]
fn infer_is_allowed_for_listed_models_only() {
    let mut contract = with_grant(&[Action::Infer]);
    assert_eq!(infer(&contract, WORKER, LISTED), Decision::Allow);
    assert_eq!(infer(&contract, WORKER, UNLISTED), NO_MODEL);
    contract.allow_model(UNLISTED).unwrap();
    assert_eq!(infer(&contract, WORKER, UNLISTED), Decision::Allow);
    contract.remove_model(LISTED).unwrap();
    assert_eq!(infer(&contract, WORKER, LISTED), NO_MODEL);
    assert_eq!(infer(&contract, WORKER, UNLISTED), Decision::Allow);
}

#[ink::test]
fn infer_is_refused_where_the_question_names_no_model() {
    let contract = with_grant(&[Action::Infer]);
    for chain in [Chain::new(), Chain::new().purpose(Purpose::Treatment)] {
        chain.install();
        assert_eq!(contract.check(PATIENT, WORKER, Some(0), Action::Infer), NO_MODEL);
    }
}

#[ink::test]
fn an_empty_list_allows_no_model() {
    let mut contract = with_grant(&[Action::Infer]);
    contract.remove_model(LISTED).unwrap();
    for model in [ModelId(0), LISTED, ModelId(u32::MAX)] {
        assert_eq!(infer(&contract, WORKER, model), NO_MODEL);
    }
    assert_eq!(contract.models_of(PATIENT), []);
}

#[ink::test]
fn a_listed_model_admits_nobody_without_a_grant() {
    let mut contract = with_grant(&[Action::View]);
    let not_granted = Decision::Deny(DenyReason::ActionNotGranted);
    assert_eq!(infer(&contract, WORKER, LISTED), not_granted);
    assert_eq!(infer(&contract, STRANGER, LISTED), Decision::Deny(DenyReason::NoGrant));
    contract.grant(WORKER, ActionSet::of(&[Action::Infer]), Some(10)).unwrap();
    at_block(10);
    assert_eq!(infer(&contract, WORKER, LISTED), Decision::Allow);
    at_block(11);
    assert_eq!(infer(&contract, WORKER, LISTED), Decision::Deny(DenyReason::Expired));
    contract.revoke(WORKER).unwrap();
    assert_eq!(infer(&contract, WORKER, LISTED), Decision::Deny(DenyReason::Revoked));
}

#[ink::test]
fn a_list_concerns_only_its_own_patient() {
    let mut contract = with_grant(&[Action::Infer]);
    call_as(OTHER_PATIENT);
    assert_eq!(contract.remove_model(LISTED), Err(ModelError::NotAllowed));
    contract.grant(WORKER, ActionSet::of(&[Action::Infer]), None).unwrap();
    contract.allow_model(UNLISTED).unwrap();
    assert_eq!(infer(&contract, WORKER, LISTED), Decision::Allow);
    assert_eq!(infer(&contract, WORKER, UNLISTED), NO_MODEL);
    Chain::new().model(LISTED).install();
    assert_eq!(contract.check(OTHER_PATIENT, WORKER, Some(0), Action::Infer), NO_MODEL);
    assert_eq!(contract.models_of(PATIENT), [LISTED]);
    assert_eq!(contract.models_of(OTHER_PATIENT), [UNLISTED]);
    assert_eq!(contract.models_of(STRANGER), []);
}

#[ink::test]
fn other_actions_do_not_depend_on_the_model() {
    let others: Vec<_> = Action::ALL.into_iter().filter(|one| *one != Action::Infer).collect();
    let contract = with_grant(&others);
    for chain in [Chain::new(), Chain::new().model(LISTED), Chain::new().model(UNLISTED)] {
        chain.install();
        for action in &others {
            let ask = |subject| contract.check(PATIENT, subject, Some(0), *action);
            assert_eq!(ask(WORKER), Decision::Allow, "{action:?}");
            assert_eq!(ask(STRANGER), Decision::Deny(DenyReason::NoGrant), "{action:?}");
        }
    }
}

#[ink::test]
fn fails_when_the_list_does_not_change() {
    let mut contract = with_grant(&[Action::Infer]);
    let before = test::recorded_events().count();
    assert_eq!(contract.allow_model(LISTED), Err(ModelError::AlreadyAllowed));
    assert_eq!(contract.remove_model(UNLISTED), Err(ModelError::NotAllowed));
    assert_eq!(contract.models_of(PATIENT), [LISTED]);
    assert_eq!(test::recorded_events().count(), before, "nothing changed");
}

#[ink::test]
fn boundary_of_the_number_of_models() {
    call_as(PATIENT);
    let mut contract = ModelAllowList::new();
    for model in 0..MAX_MODELS as u32 {
        assert_eq!(contract.allow_model(ModelId(model)), Ok(()));
    }
    let one_more = ModelId(MAX_MODELS as u32);
    assert_eq!(contract.allow_model(one_more), Err(ModelError::MaxModelsExceeded));
    assert_eq!(contract.models_of(PATIENT).len(), MAX_MODELS);
    contract.remove_model(ModelId(0)).unwrap();
    assert_eq!(contract.allow_model(one_more), Ok(()));
}

#[ink::test]
fn fails_when_a_grant_is_invalid() {
    call_as(PATIENT);
    let mut contract = ModelAllowList::new();
    at_block(5);
    let nothing = contract.grant(WORKER, ActionSet::of(&[]), None);
    assert_eq!(nothing, Err(GrantError::NoActions));
    let unknown = ActionSet::decode(&mut &[0x40u8][..]).unwrap();
    assert_eq!(unknown.validate(), Err(SetError::Unknown));
    assert_eq!(contract.grant(WORKER, unknown, None), Err(GrantError::UnknownAction));
    let view = ActionSet::of(&[Action::View]);
    assert_eq!(contract.grant(WORKER, view, Some(4)), Err(GrantError::AlreadyExpired));
    assert_eq!(contract.revoke(WORKER), Err(GrantError::NotGranted));
    assert_eq!(contract.grant(WORKER, view, Some(5)), Ok(()));
    assert_eq!(contract.revoke(WORKER), Ok(()));
    assert_eq!(contract.revoke(WORKER), Err(GrantError::NotGranted));
    let revoked = Grant { revoked: true, ..Grant::new(view, Some(5)) };
    assert_eq!(contract.grant_of(PATIENT, WORKER), Some(revoked));
    assert_eq!(contract.grant_of(PATIENT, STRANGER), None);
}

#[ink::test]
fn every_change_is_an_event() {
    let mut contract = with_grant(&[Action::Infer]);
    contract.remove_model(LISTED).unwrap();
    contract.revoke(WORKER).unwrap();
    let events: Vec<_> = test::recorded_events().collect();
    let [granted, allowed, removed, revoked] = &events[..] else { panic!("{}", events.len()) };
    for event in [granted, revoked] {
        assert_eq!(event.topics[1..], [PATIENT.encode(), WORKER.encode()]);
    }
    let granted = Granted::decode(&mut &granted.data[..]).unwrap();
    assert_eq!((granted.actions, granted.until), (ActionSet::of(&[Action::Infer]), None));
    let revoked = Revoked::decode(&mut &revoked.data[..]).unwrap();
    assert_eq!((revoked.patient, revoked.grantee), (PATIENT, WORKER));
    let allowed = ModelAllowed::decode(&mut &allowed.data[..]).unwrap();
    assert_eq!((allowed.patient, allowed.model), (PATIENT, LISTED));
    let removed = ModelRemoved::decode(&mut &removed.data[..]).unwrap();
    assert_eq!((removed.patient, removed.model), (PATIENT, LISTED));
}
