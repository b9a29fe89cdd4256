//! `check_access`, and the error of each denial.

use frame_support::{assert_noop, assert_ok, weights::Weight};
use medchain_primitives::{Action, Denied, DenyReason, Purpose, RecordId};
use sp_runtime::DispatchError;

use crate::{
    mock::*, AccessControl, AccessQuestion, Answer, DefaultPolicy, Error, Event, InferenceOrders,
};

const NO_GRANT: Denied = Denied::Refused(DenyReason::NoGrant);

#[test]
fn a_patient_needs_no_policy() {
    ExtBuilder::default().build_and_execute(|| {
        DefaultPolicy::<Test>::kill();
        for action in Action::ALL {
            assert_eq!(check_access(ALICE, ALICE, None, action), Ok(()));
            assert_eq!(check_access(ALICE, ALICE, Some(XRAY), action), Ok(()));
        }
        assert_eq!(Policy::asked(), []);
        assert_eq!(events(), []);
    });
}

#[test]
fn everybody_else_is_denied_by_default() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [BOB, TECHNICIAN, READER, STRANGER] {
            for action in Action::ALL {
                let answer = check_access(ALICE, who, Some(XRAY), action);
                assert_eq!(answer, Err(NO_GRANT));
            }
        }
        assert_eq!(events(), []);
        DefaultPolicy::<Test>::kill();
        let answer = check_access(ALICE, READER, Some(XRAY), Action::View);
        assert_eq!(answer, Err(Denied::NoPolicy));
    });
}

#[test]
fn the_policy_is_asked_the_whole_question() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        let view = |record| check_access(ALICE, READER, record, Action::View);
        assert_eq!(view(None), Ok(()));
        assert_ok!(Emr::set_policy(signed(ALICE), Some(OTHER_POLICY)));
        events();
        assert_eq!(view(Some(XRAY)), Ok(()));
        assert_eq!(
            Policy::asked(),
            [
                (POLICY, ALICE, READER, None, Action::View),
                (OTHER_POLICY, ALICE, READER, Some(XRAY), Action::View),
            ]
        );
        let checked = Event::AccessChecked {
            patient: ALICE,
            subject: READER,
            record: Some(XRAY),
            action: Action::View,
            policy: Some(OTHER_POLICY),
        };
        assert_eq!(events(), [checked]);
    });
}

#[test]
fn permission_for_one_action_is_not_for_another() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        for action in Action::ALL.into_iter().filter(|a| *a != Action::View) {
            assert_eq!(check_access(ALICE, READER, None, action), Err(NO_GRANT));
        }
        let view = |patient, subject| check_access(patient, subject, None, Action::View);
        assert_eq!(view(BOB, READER), Err(NO_GRANT));
        assert_eq!(view(ALICE, OTHER_READER), Err(NO_GRANT));
    });
}

#[test]
fn a_missing_record_is_denied_to_everybody() {
    ExtBuilder::default().build_and_execute(|| {
        for patient in [ALICE, BOB] {
            Policy::grant(patient, READER, Action::View);
        }
        let view =
            |patient, subject, record| check_access(patient, subject, Some(record), Action::View);
        let missing = Err(Denied::RecordNotFound);
        assert_eq!(view(ALICE, READER, RecordId(9)), missing);
        assert_eq!(view(ALICE, ALICE, RecordId(9)), missing);
        // The record is Alice's: Bob's consent does not count.
        assert_eq!(view(BOB, READER, XRAY), missing);
        assert_eq!(view(BOB, BOB, XRAY), missing);
        assert_eq!(view(STRANGER, STRANGER, XRAY), Err(Denied::PatientNotFound));
    });
}

#[test]
fn a_refused_account_learns_nothing_about_records() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_record(ALICE, XRAY, &[ALICE]));
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        // An erased record, an existing one, and a missing one.
        for record in [XRAY, NEXT, RecordId(9)] {
            for patient in [ALICE, BOB, STRANGER] {
                let answer = check_access(patient, READER, Some(record), Action::View);
                assert_eq!(answer, Err(NO_GRANT), "{record} of {patient}");
            }
        }
    });
}

#[test]
fn an_erased_record_is_denied_to_everybody() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        events();
        for who in [READER, ALICE] {
            let answer = check_access(ALICE, who, Some(XRAY), Action::View);
            assert_eq!(answer, Err(Denied::RecordErased));
        }
        assert_eq!(events(), []);
    });
}

#[test]
fn a_superseded_version_can_still_be_viewed() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(amend_record(ALICE, XRAY, &[]));
        let answer = check_access(ALICE, READER, Some(XRAY), Action::View);
        assert_eq!(answer, Ok(()));
    });
}

#[test]
fn another_policy_can_be_asked_as_if_it_were_chosen() {
    ExtBuilder::default().build_and_execute(|| {
        let question = |subject| AccessQuestion {
            patient: &ALICE,
            subject,
            record: Some(RecordId(9)),
            action: Action::View,
            purpose: Some(Purpose::Research),
            model: None,
        };
        Policy::grant(ALICE, READER, Action::View);
        let answer = Emr::check_policy(&OTHER_POLICY, question(&READER));
        assert_eq!(answer, Answer { result: Ok(()), weight: ASKED_WEIGHT });
        let asked = (OTHER_POLICY, ALICE, READER, Some(RecordId(9)), Action::View);
        assert_eq!(
            (Policy::asked(), Policy::purposes()),
            (vec![asked], vec![Some(Purpose::Research)])
        );
        let answer = Emr::check_policy(&OTHER_POLICY, question(&STRANGER));
        assert_eq!(answer.result, Err(NO_GRANT));
        assert_eq!(Emr::check_policy(&OTHER_POLICY, question(&ALICE)), Answer::free(Ok(())));
        assert_eq!(events(), [], "nothing was allowed");
    });
}

#[test]
fn each_denial_has_its_error() {
    let cases = [
        (Denied::NoPolicy, Error::<Test>::NoPolicy),
        (Denied::PolicyNotFound, Error::PolicyNotFound),
        (Denied::PolicyTrapped, Error::PolicyTrapped),
        (Denied::PolicyOutOfGas, Error::PolicyOutOfGas),
        (Denied::PolicyAnswerInvalid, Error::PolicyAnswerInvalid),
        (Denied::PolicyReentered, Error::PolicyReentered),
        (NO_GRANT, Error::NoGrant),
        (Denied::Refused(DenyReason::ActionNotGranted), Error::ActionNotGranted),
        (Denied::Refused(DenyReason::Expired), Error::GrantExpired),
        (Denied::Refused(DenyReason::Revoked), Error::GrantRevoked),
        (Denied::Refused(DenyReason::Other(3)), Error::PolicyRefused),
        (Denied::PatientNotFound, Error::PatientNotFound),
        (Denied::RecordNotFound, Error::RecordNotFound),
        (Denied::RecordErased, Error::RecordErased),
    ];
    for (denied, error) in cases {
        ExtBuilder::default().build_and_execute(|| {
            Policy::answer(ALICE, TECHNICIAN, Action::Append, Err(denied));
            Policy::answer(ALICE, TECHNICIAN, Action::Amend, Err(denied));
            Policy::answer(ALICE, TECHNICIAN, Action::Share, Err(denied));
            let share = || Emr::share_record(signed(TECHNICIAN), XRAY, READER, sealed(READER));
            assert_noop!(add_record(TECHNICIAN, ALICE, &[ALICE]), DispatchError::from(error));
            let error = Error::<Test>::from(denied);
            assert_noop!(amend_record(TECHNICIAN, XRAY, &[ALICE]), DispatchError::from(error));
            let error = Error::<Test>::from(denied);
            assert_noop!(share(), DispatchError::from(error));
        });
    }
}

#[test]
fn the_unit_type_denies_everything() {
    for policy in [None, Some(&POLICY)] {
        let question = AccessQuestion {
            patient: &ALICE,
            subject: &READER,
            record: None,
            action: Action::View,
            purpose: None,
            model: None,
        };
        let answer = <() as AccessControl<u64>>::check(policy, question);
        assert_eq!(answer, Answer::free(Err(Denied::NoPolicy)));
    }
    assert_eq!(<() as AccessControl<u64>>::weight(), Weight::zero());
    let ordered = <() as InferenceOrders<u64>>::order(&ALICE, &ALICE, XRAY, &order(MODEL));
    assert_eq!(ordered, Err(DispatchError::Unavailable));
    assert_eq!(<() as InferenceOrders<u64>>::weight(), Weight::zero());
}
