//! Delegates, who act in a patient's name.

use super::*;
use crate::{DelegateRemoved, DelegateSet, Granted};
use ink::{
    env::{test, Event},
    scale::{Decode, Encode},
};
use policy::{
    testing::Chain, Delegation, DenyReason, Grant, GrantError, Purpose, PurposeSet, Role,
};

const DELEGATE: AccountId = AccountId([5; 32]);

/// A contract in which the patient has a delegate for viewing, who is the caller.
fn with_delegate(until: Option<u32>) -> AccessControl {
    Chain::new().install();
    let mut contract = AccessControl::new();
    call_as(PATIENT);
    contract.set_delegate(DELEGATE, view(), until).unwrap();
    call_as(DELEGATE);
    contract
}

fn grant_as(contract: &mut AccessControl, actions: ActionSet) -> Result<(), GrantError> {
    contract.grant_as(PATIENT, DOCTOR, actions, None, None)
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
fn a_delegate_does_not_replace_what_the_patient_revoked() {
    let mut contract = with_delegate(None);
    for by_delegate in [true, false] {
        call_as(if by_delegate { DELEGATE } else { PATIENT });
        match by_delegate {
            true => grant_as(&mut contract, view()).unwrap(),
            false => contract.grant(DOCTOR, view(), None).unwrap(),
        }
        call_as(PATIENT);
        contract.revoke(DOCTOR).unwrap();
        call_as(DELEGATE);
        assert_eq!(grant_as(&mut contract, view()), Err(GrantError::RevokedByPatient));
        assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
        // The patient can.
        call_as(PATIENT);
        contract.grant(DOCTOR, view(), None).unwrap();
    }
}

#[ink::test]
fn the_patient_makes_a_delegates_revocation_the_own_one() {
    let mut contract = with_delegate(None);
    grant_as(&mut contract, view()).unwrap();
    contract.revoke_as(PATIENT, DOCTOR).unwrap();
    // What a delegate revoked, delegates can grant again.
    grant_as(&mut contract, view()).unwrap();
    contract.revoke_as(PATIENT, DOCTOR).unwrap();
    assert_eq!(contract.revoke_as(PATIENT, DOCTOR), Err(GrantError::NotGranted));
    call_as(PATIENT);
    assert_eq!(contract.revoke(DOCTOR), Ok(()));
    assert_eq!(contract.revoke(DOCTOR), Err(GrantError::NotGranted));
    call_as(DELEGATE);
    assert_eq!(grant_as(&mut contract, view()), Err(GrantError::RevokedByPatient));
}

#[ink::test]
fn a_delegate_grants_and_ends_nothing_beyond_the_delegation() {
    let mut contract = with_delegate(None);
    let beyond = Err(GrantError::BeyondDelegation);
    for action in Action::ALL.into_iter().filter(|action| *action != Action::View) {
        assert_eq!(grant_as(&mut contract, view().with(action)), beyond);
    }
    call_as(PATIENT);
    let more = ActionSet::of(&[Action::View, Action::Emergency]);
    contract.grant(DOCTOR, more, Some(10)).unwrap();
    call_as(DELEGATE);
    assert_eq!(grant_as(&mut contract, view()), Err(GrantError::GrantedByPatient));
    assert_eq!(contract.revoke_as(PATIENT, DOCTOR), beyond);
    assert_eq!(ask(&contract, DOCTOR, Action::Emergency), Decision::Allow);
    // What is over is in nobody's way, and is not there to be revoked.
    at_block(11);
    assert_eq!(contract.revoke_as(PATIENT, DOCTOR), Err(GrantError::NotGranted));
    let over = Decision::Deny(DenyReason::Expired);
    assert_eq!(ask(&contract, DOCTOR, Action::Emergency), over);
    assert_eq!(grant_as(&mut contract, view()), Ok(()));
}

/// Otherwise it would end with the delegation, and the patient's with it.
#[ink::test]
fn a_delegate_does_not_replace_what_the_patient_granted() {
    let mut contract = with_delegate(None);
    call_as(PATIENT);
    let treatment = Some(PurposeSet::of(&[Purpose::Treatment]));
    contract.grant_for_purposes(DOCTOR, view(), treatment, None).unwrap();
    call_as(DELEGATE);
    assert_eq!(grant_as(&mut contract, view()), Err(GrantError::GrantedByPatient));
    // To revoke it is a decision of its own.
    assert_eq!(contract.revoke_as(PATIENT, DOCTOR), Ok(()));
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
    assert_eq!(grant_as(&mut contract, view()), Ok(()));
}

/// Otherwise a delegate for viewing could keep a clinician from breaking the glass: `Revoked` is
/// a veto, and outweighs roles.
#[ink::test]
fn a_delegate_vetoes_nothing_beyond_the_delegation() {
    let mut contract = with_delegate(None);
    call_as(PATIENT);
    let role = ActionSet::of(&[Action::View, Action::Amend]);
    contract.grant_role(Role::Clinician, role, None, None).unwrap();
    Chain::new().role(DOCTOR, Role::Clinician).install();
    call_as(DELEGATE);
    grant_as(&mut contract, view()).unwrap();
    contract.revoke_as(PATIENT, DOCTOR).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
    assert_eq!(ask(&contract, DOCTOR, Action::Amend), Decision::Allow);
    let no_veto = Decision::Deny(DenyReason::ActionNotGranted);
    assert_eq!(ask(&contract, DOCTOR, Action::Emergency), no_veto);
}

#[ink::test]
fn what_ended_with_a_delegation_is_in_no_delegates_way() {
    let mut contract = with_delegate(None);
    let other = AccountId([6; 32]);
    call_as(PATIENT);
    let more = ActionSet::of(&[Action::View, Action::Amend]);
    contract.set_delegate(other, more, None).unwrap();
    call_as(other);
    contract.grant_as(PATIENT, DOCTOR, more, None, None).unwrap();
    call_as(DELEGATE);
    assert_eq!(grant_as(&mut contract, view()), Err(GrantError::BeyondDelegation));
    call_as(PATIENT);
    contract.remove_delegate(other).unwrap();
    call_as(DELEGATE);
    assert_eq!(grant_as(&mut contract, view()), Ok(()));
}

#[ink::test]
fn what_a_delegate_granted_reaches_no_further_than_the_delegation() {
    let mut contract = with_delegate(None);
    call_as(PATIENT);
    let more = ActionSet::of(&[Action::View, Action::Infer]);
    contract.set_delegate(DELEGATE, more, None).unwrap();
    call_as(DELEGATE);
    grant_as(&mut contract, more).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::Infer), Decision::Allow);
    call_as(PATIENT);
    contract.set_delegate(DELEGATE, view(), None).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    let narrowed = Decision::Deny(DenyReason::ActionNotGranted);
    assert_eq!(ask(&contract, DOCTOR, Action::Infer), narrowed);
    assert_eq!(contract.grant_of(PATIENT, DOCTOR).map(|grant| grant.actions), Some(view()));
    // It is the same delegation, which the patient can widen again.
    contract.set_delegate(DELEGATE, more, None).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::Infer), Decision::Allow);
}

#[ink::test]
fn what_a_delegate_granted_does_not_come_back() {
    let mut contract = with_delegate(Some(10));
    grant_as(&mut contract, view()).unwrap();
    let over = Decision::Deny(DenyReason::Expired);
    // After a removal, and after the last block.
    for end in [false, true] {
        call_as(PATIENT);
        match end {
            false => contract.remove_delegate(DELEGATE).unwrap(),
            true => at_block(21),
        }
        assert_eq!(ask(&contract, DOCTOR, Action::View), over);
        contract.set_delegate(DELEGATE, view(), Some(if end { 30 } else { 20 })).unwrap();
        assert_eq!(ask(&contract, DOCTOR, Action::View), over);
        call_as(DELEGATE);
        grant_as(&mut contract, view()).unwrap();
        assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    }
}

#[ink::test]
fn a_role_admits_where_a_delegates_grant_has_ended() {
    let mut contract = with_delegate(None);
    grant_as(&mut contract, view()).unwrap();
    call_as(PATIENT);
    contract.grant_role(Role::Clinician, view(), None, None).unwrap();
    contract.remove_delegate(DELEGATE).unwrap();
    Chain::new().role(DOCTOR, Role::Clinician).install();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
}

#[ink::test]
fn a_delegates_grant_is_shown_with_its_end() {
    let mut contract = with_delegate(Some(10));
    grant_as(&mut contract, view()).unwrap();
    let until =
        |contract: &AccessControl| contract.grant_of(PATIENT, DOCTOR).and_then(|grant| grant.until);
    assert_eq!(until(&contract), Some(10));
    contract.grant_as(PATIENT, DOCTOR, view(), None, Some(7)).unwrap();
    assert_eq!(until(&contract), Some(7));
    at_block(11);
    assert_eq!(until(&contract), Some(0));
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
    contract.set_delegate(STRANGER, view(), None).unwrap();
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
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Allow);
    at_block(11);
    assert_eq!(contract.revoke_as(PATIENT, DOCTOR), Err(GrantError::NotDelegate));
    // The delegate's grants end as well.
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Expired));
    let delegation = Delegation { actions: view(), until: Some(10), number: 0 };
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
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Expired));
}

#[ink::test]
fn what_a_delegate_revoked_stays_revoked() {
    let mut contract = with_delegate(None);
    grant_as(&mut contract, view()).unwrap();
    contract.revoke_as(PATIENT, DOCTOR).unwrap();
    call_as(PATIENT);
    contract.remove_delegate(DELEGATE).unwrap();
    assert_eq!(ask(&contract, DOCTOR, Action::View), Decision::Deny(DenyReason::Revoked));
}

#[ink::test]
fn fails_when_there_is_no_delegate_or_it_has_expired() {
    let mut contract = with_delegate(None);
    // Only the patient can remove a delegate.
    assert_eq!(contract.remove_delegate(DELEGATE), Err(GrantError::NotDelegate));
    call_as(PATIENT);
    assert_eq!(contract.remove_delegate(STRANGER), Err(GrantError::NotDelegate));
    contract.remove_delegate(DELEGATE).unwrap();
    assert_eq!(contract.remove_delegate(DELEGATE), Err(GrantError::NotDelegate));
    at_block(5);
    let over = contract.set_delegate(STRANGER, view(), Some(4));
    assert_eq!(over, Err(GrantError::AlreadyExpired));
    let nothing = contract.set_delegate(STRANGER, ActionSet::EMPTY, None);
    assert_eq!(nothing, Err(GrantError::NoActions));
    let unknown = contract.set_delegate(STRANGER, ActionSet(0b0100_0000), None);
    assert_eq!(unknown, Err(GrantError::UnknownAction));
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
    assert_eq!((set.patient, set.delegate), (PATIENT, DELEGATE));
    assert_eq!((set.actions, set.until), (view(), Some(10)));
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
