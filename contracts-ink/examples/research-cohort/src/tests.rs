use crate::{Enrolled, Error, ResearchCohort, Withdrawn};
use ink::{
    env::test,
    primitives::AccountId,
    scale::{Decode, Encode},
};
use policy::{
    conformance::GRANTEE as RESEARCHER,
    reasons::PURPOSE_NOT_GRANTED,
    testing::{at_block, call_as, Chain},
    Action, Decision, DenyReason, Policy, Purpose,
};

const PATIENTS: [AccountId; 3] = [AccountId([1; 32]), AccountId([2; 32]), AccountId([3; 32])];
const STRANGER: AccountId = AccountId([4; 32]);

/// A study for two patients until block 10, on a chain that asks for research.
fn study() -> ResearchCohort {
    Chain::new().purpose(Purpose::Research).install();
    ResearchCohort::new(RESEARCHER, 2, 10).unwrap()
}

fn enrol(contract: &mut ResearchCohort, patient: AccountId) -> Result<(), Error> {
    call_as(patient);
    contract.enrol()
}

fn ask(contract: &ResearchCohort, patient: AccountId) -> Decision {
    contract.check(patient, RESEARCHER, Some(0), Action::View)
}

policy::conformance_tests!(
    study(),
    grant: |contract, patient, _| enrol(contract, patient).unwrap(),
    grant_until: |contract, patient, _, until| {
        assert_eq!(contract.study().unwrap().agreement.until, until);
        enrol(contract, patient).unwrap();
    },
    revoke: |contract, patient, _| {
        call_as(patient);
        contract.withdraw().unwrap();
    },
);

#[ink::test]
fn the_researcher_may_view_enrolled_patients_for_research() {
    let mut contract = study();
    enrol(&mut contract, PATIENTS[0]).unwrap();
    assert_eq!(ask(&contract, PATIENTS[0]), Decision::Allow);
    assert_eq!(ask(&contract, PATIENTS[1]), Decision::Deny(DenyReason::NoGrant));
    let stranger = contract.check(PATIENTS[0], STRANGER, Some(0), Action::View);
    assert_eq!(stranger, Decision::Deny(DenyReason::NoGrant));
    let infer = contract.check(PATIENTS[0], RESEARCHER, Some(0), Action::Infer);
    assert_eq!(infer, Decision::Deny(DenyReason::ActionNotGranted));
    for chain in [Chain::new(), Chain::new().purpose(Purpose::Billing)] {
        chain.install();
        assert_eq!(ask(&contract, PATIENTS[0]), Decision::Deny(PURPOSE_NOT_GRANTED));
    }
}

#[ink::test]
fn boundary_of_the_number_of_patients() {
    let mut contract = study();
    assert_eq!(enrol(&mut contract, PATIENTS[0]), Ok(()));
    assert_eq!(enrol(&mut contract, PATIENTS[0]), Err(Error::AlreadyEnrolled));
    assert_eq!(enrol(&mut contract, PATIENTS[1]), Ok(()));
    assert_eq!(enrol(&mut contract, PATIENTS[2]), Err(Error::MaxPatientsExceeded));
    assert_eq!(contract.enrolled(), 2);
    // A withdrawal frees a place.
    call_as(PATIENTS[0]);
    assert_eq!(contract.withdraw(), Ok(()));
    assert_eq!(contract.withdraw(), Err(Error::NotEnrolled));
    assert_eq!(ask(&contract, PATIENTS[0]), Decision::Deny(DenyReason::NoGrant));
    assert_eq!(enrol(&mut contract, PATIENTS[2]), Ok(()));
    assert_eq!(contract.enrolled(), 2);
}

#[ink::test]
fn boundary_of_the_end() {
    let mut contract = study();
    at_block(10);
    assert_eq!(enrol(&mut contract, PATIENTS[0]), Ok(()));
    assert_eq!(ask(&contract, PATIENTS[0]), Decision::Allow);
    at_block(11);
    assert_eq!(ask(&contract, PATIENTS[0]), Decision::Deny(DenyReason::Expired));
    assert_eq!(enrol(&mut contract, PATIENTS[1]), Err(Error::StudyEnded));
    // A patient can withdraw after the end, too.
    call_as(PATIENTS[0]);
    assert_eq!(contract.withdraw(), Ok(()));
    assert_eq!(ResearchCohort::new(RESEARCHER, 2, 10).err(), Some(Error::StudyEnded));
}

#[ink::test]
fn every_change_is_an_event() {
    let mut contract = study();
    enrol(&mut contract, PATIENTS[0]).unwrap();
    contract.withdraw().unwrap();
    let events: Vec<_> = test::recorded_events().collect();
    assert_eq!(events.len(), 2);
    for event in &events {
        assert_eq!(event.topics[1..], [PATIENTS[0].encode(), RESEARCHER.encode()]);
    }
    let enrolled = Enrolled::decode(&mut &events[0].data[..]).unwrap();
    assert_eq!((enrolled.patient, enrolled.until), (PATIENTS[0], 10));
    let withdrawn = Withdrawn::decode(&mut &events[1].data[..]).unwrap();
    assert_eq!(withdrawn.patient, PATIENTS[0]);
}
