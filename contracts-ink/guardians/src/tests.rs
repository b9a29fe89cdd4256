//! The life cycle of a proposal in ink!'s off-chain environment.

use super::*;
use ink::{
    env::test,
    primitives::AccountId,
    scale::{Decode, Encode},
};
use policy::{
    testing::{at_block, call_as},
    Action, ActionSet, GrantError, QuorumError,
};
use std::cell::RefCell;

const PATIENT: AccountId = AccountId([1; 32]);
const POLICY: AccountId = AccountId([2; 32]);
const DOCTOR: AccountId = AccountId([3; 32]);
const STRANGER: AccountId = AccountId([4; 32]);
const GUARDIANS: [AccountId; 3] = [AccountId([11; 32]), AccountId([12; 32]), AccountId([13; 32])];
/// The number of blocks in which a proposal can be approved.
const LIFETIME: u32 = 100;

thread_local! {
    /// The changes that the policy received.
    static RECEIVED: RefCell<Vec<Change>> = const { RefCell::new(Vec::new()) };
    /// The policy's answer to them.
    static ANSWER: RefCell<Result<(), Error>> = const { RefCell::new(Ok(())) };
}

/// Stands in for the call of the policy.
pub fn execute(policy: AccountId, patient: AccountId, change: &Change) -> Result<(), Error> {
    assert_eq!((policy, patient), (POLICY, PATIENT));
    RECEIVED.with_borrow_mut(|all| all.push(change.clone()));
    ANSWER.with_borrow(|answer| *answer)
}

fn received() -> Vec<Change> {
    RECEIVED.take()
}

fn deploy(threshold: u8) -> Result<Guardians, Error> {
    Guardians::new(PATIENT, POLICY, GUARDIANS.to_vec(), threshold, LIFETIME)
}

fn grant() -> Change {
    Change::Grant {
        grantee: DOCTOR,
        actions: ActionSet::of(&[Action::View]),
        purposes: None,
        until: Some(1000),
    }
}

/// Two of three, and a proposal of the first.
fn with_proposal() -> Guardians {
    let mut contract = deploy(2).unwrap();
    call_as(GUARDIANS[0]);
    assert_eq!(contract.propose(grant()), Ok(0));
    contract
}

#[ink::test]
fn two_of_three_execute_a_change() {
    let mut contract = with_proposal();
    assert_eq!(received(), []);
    call_as(GUARDIANS[2]);
    assert_eq!(contract.approve(0), Ok(true));
    assert_eq!(received(), [grant()]);
    // It is executed once.
    assert_eq!(contract.proposal(0), None);
    call_as(GUARDIANS[1]);
    assert_eq!(contract.approve(0), Err(Error::ProposalNotFound));
    assert_eq!(received(), []);
    // The next one has another ID.
    let revoke = Change::Revoke { grantee: DOCTOR };
    assert_eq!(contract.propose(revoke.clone()), Ok(1));
    call_as(GUARDIANS[0]);
    assert_eq!(contract.approve(1), Ok(true));
    assert_eq!(received(), [revoke]);
}

#[ink::test]
fn a_threshold_of_one_executes_at_once() {
    let mut contract = deploy(1).unwrap();
    call_as(GUARDIANS[1]);
    assert_eq!(contract.propose(grant()), Ok(0));
    assert_eq!(received(), [grant()]);
    assert_eq!(contract.proposal(0), None);
}

#[ink::test]
fn each_guardian_counts_once() {
    let mut contract = with_proposal();
    let again = Err(Error::Quorum(QuorumError::AlreadyApproved));
    assert_eq!(contract.approve(0), again);
    assert_eq!(received(), []);
}

#[ink::test]
fn fails_when_the_caller_is_not_a_guardian() {
    let mut contract = with_proposal();
    let refused = Error::Quorum(QuorumError::NotMember);
    for caller in [STRANGER, PATIENT, DOCTOR, POLICY] {
        call_as(caller);
        assert_eq!(contract.propose(grant()), Err(refused));
        assert_eq!(contract.approve(0), Err(refused));
        assert_eq!(contract.withdraw(0), Err(refused));
    }
    assert_eq!(received(), []);
}

#[ink::test]
fn a_withdrawn_approval_does_not_count() {
    let mut contract = deploy(3).unwrap();
    call_as(GUARDIANS[0]);
    contract.propose(grant()).unwrap();
    call_as(GUARDIANS[1]);
    assert_eq!(contract.approve(0), Ok(false));
    assert_eq!(contract.withdraw(0), Ok(()));
    assert_eq!(contract.withdraw(0), Err(Error::Quorum(QuorumError::NotApproved)));
    call_as(GUARDIANS[2]);
    assert_eq!(contract.approve(0), Ok(false));
    assert_eq!(received(), []);
    // It can be given again.
    call_as(GUARDIANS[1]);
    assert_eq!(contract.approve(0), Ok(true));
    assert_eq!(received(), [grant()]);
}

#[ink::test]
fn a_proposal_without_approvals_is_removed() {
    let mut contract = with_proposal();
    at_block(LIFETIME + 1);
    assert_eq!(contract.withdraw(0), Ok(()));
    assert_eq!(contract.proposal(0), None);
    assert_eq!(contract.withdraw(0), Err(Error::ProposalNotFound));
}

#[ink::test]
fn boundary_of_expiry() {
    at_block(5);
    let mut contract = with_proposal();
    assert_eq!(contract.proposal(0).unwrap().until, 105);
    call_as(GUARDIANS[1]);
    at_block(106);
    assert_eq!(contract.approve(0), Err(Error::ProposalExpired));
    assert_eq!(received(), []);
    at_block(105);
    assert_eq!(contract.approve(0), Ok(true));
}

#[ink::test]
fn fails_when_the_policy_refuses() {
    let mut contract = with_proposal();
    let refused = Error::Refused(GrantError::NotDelegate);
    ANSWER.set(Err(refused));
    call_as(GUARDIANS[1]);
    assert_eq!(contract.approve(0), Err(refused));
    ANSWER.set(Ok(()));
}

#[ink::test]
fn fails_when_the_quorum_is_invalid() {
    assert_eq!(deploy(0).err(), Some(Error::Quorum(QuorumError::Threshold)));
    assert_eq!(deploy(4).err(), Some(Error::Quorum(QuorumError::Threshold)));
    let of = |guardians: &[AccountId]| {
        Guardians::new(PATIENT, POLICY, guardians.to_vec(), 1, LIFETIME).err()
    };
    assert_eq!(of(&[]), Some(Error::Quorum(QuorumError::MemberCount)));
    let twice = [GUARDIANS[0], GUARDIANS[1], GUARDIANS[0]];
    assert_eq!(of(&twice), Some(Error::Quorum(QuorumError::DuplicateMember)));
}

#[ink::test]
fn the_terms_can_be_read() {
    let terms = deploy(2).unwrap().terms();
    assert_eq!((terms.patient, terms.policy, terms.lifetime), (PATIENT, POLICY, LIFETIME));
    assert_eq!((terms.quorum.members(), terms.quorum.threshold()), (&GUARDIANS[..], 2));
}

#[ink::test]
fn every_step_is_an_event() {
    let mut contract = with_proposal();
    call_as(GUARDIANS[1]);
    contract.approve(0).unwrap();
    call_as(GUARDIANS[2]);
    contract.propose(Change::Revoke { grantee: DOCTOR }).unwrap();
    contract.withdraw(1).unwrap();
    let events: Vec<_> = test::recorded_events().collect();
    assert_eq!(events.len(), 5);
    for event in &events {
        assert_eq!(event.topics[1..], [PATIENT.encode(), DOCTOR.encode()]);
    }
    let proposed = Proposed::decode(&mut &events[0].data[..]).unwrap();
    assert_eq!((proposed.id, proposed.change, proposed.by), (0, grant(), GUARDIANS[0]));
    let approved = Approved::decode(&mut &events[1].data[..]).unwrap();
    assert_eq!((approved.id, approved.by), (0, GUARDIANS[1]));
    let done = Executed::decode(&mut &events[2].data[..]).unwrap();
    assert_eq!((done.patient, done.grantee, done.id), (PATIENT, DOCTOR, 0));
    let withdrawn = Withdrawn::decode(&mut &events[4].data[..]).unwrap();
    assert_eq!((withdrawn.id, withdrawn.by), (1, GUARDIANS[2]));
}

#[test]
fn the_encoding_of_a_change_is_pinned() {
    let mut expected = vec![0];
    expected.extend([3; 32]);
    expected.extend([1, 0, 1, 232, 3, 0, 0]);
    assert_eq!(grant().encode(), expected);
    assert_eq!(Change::Revoke { grantee: DOCTOR }.encode()[..2], [1, 3]);
}
