//! `request_access`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, Denied, DenyReason, Purpose, RecordId};
use sp_runtime::StateVersion;

use crate::{mock::*, DefaultPolicy, Envelopes, Error, Event, WeightInfo};

const PURPOSE: Purpose = Purpose::SecondOpinion;

fn denied(subject: u64, reason: Denied) -> Event<Test> {
    Event::AccessDenied { record: XRAY, patient: ALICE, subject, purpose: PURPOSE, reason }
}

fn granted(subject: u64) -> Event<Test> {
    Event::AccessGranted { record: XRAY, patient: ALICE, subject, purpose: PURPOSE, until: None }
}

#[test]
fn a_grant_is_logged() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::request_access(signed(READER), XRAY, PURPOSE));
        let question = (POLICY, ALICE, READER, Some(XRAY), Action::View);
        assert_eq!(Policy::asked(), [question]);
        let checked = Event::AccessChecked {
            patient: ALICE,
            subject: READER,
            record: Some(XRAY),
            action: Action::View,
            policy: Some(POLICY),
        };
        assert_eq!(events(), [checked, granted(READER)]);
        // The key itself comes from a custodian.
        assert!(!Envelopes::<Test>::contains_key(XRAY, READER));
    });
}

#[test]
fn a_denial_is_logged_with_its_reason() {
    let reasons = [
        Denied::PolicyTrapped,
        Denied::PolicyOutOfGas,
        Denied::Refused(DenyReason::Expired),
        Denied::Refused(DenyReason::Other(42)),
    ];
    ExtBuilder::default().build_and_execute(|| {
        for reason in reasons {
            Policy::answer(ALICE, STRANGER, Action::View, Err(reason));
            assert_ok!(Emr::request_access(signed(STRANGER), XRAY, PURPOSE));
            assert_eq!(events(), [denied(STRANGER, reason)]);
        }
        DefaultPolicy::<Test>::kill();
        assert_ok!(Emr::request_access(signed(STRANGER), XRAY, PURPOSE));
        assert_eq!(events(), [denied(STRANGER, Denied::NoPolicy)]);
    });
}

#[test]
fn a_denial_changes_nothing_but_the_log() {
    ExtBuilder::default().build_and_execute(|| {
        let before = sp_io::storage::root(StateVersion::V1);
        assert_ok!(Emr::request_access(signed(STRANGER), XRAY, PURPOSE));
        assert_eq!(events().len(), 1);
        let after = sp_io::storage::root(StateVersion::V1);
        assert_eq!(before, after);
    });
}

#[test]
fn an_erased_record_is_denied() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        events();
        for who in [READER, ALICE] {
            assert_ok!(Emr::request_access(signed(who), XRAY, PURPOSE));
            assert_eq!(events(), [denied(who, Denied::RecordErased)]);
        }
    });
}

#[test]
fn a_patient_is_granted_access_without_a_policy() {
    ExtBuilder::default().build_and_execute(|| {
        let info = Emr::request_access(signed(ALICE), XRAY, PURPOSE).expect("granted");
        assert_eq!(Policy::asked(), []);
        assert_eq!(events(), [granted(ALICE)]);
        let base = <() as WeightInfo>::request_access();
        assert_eq!(info.actual_weight, Some(base));

        let info = Emr::request_access(signed(STRANGER), XRAY, PURPOSE).expect("it is logged");
        assert_eq!(info.actual_weight, Some(base + ASKED_WEIGHT));
    });
}

#[test]
fn fails_when_there_is_no_such_record() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::request_access(signed(READER), RecordId(9), PURPOSE),
            Error::<Test>::RecordNotFound
        );
    });
}
