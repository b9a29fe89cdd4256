//! A record whose emergency access the patient ended is barred for the whole emergency.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::Action;
use sp_runtime::DispatchResult;

use super::world::*;
use crate::{mock::*, EmergencyGrants, Error, Grants};

fn again() -> DispatchResult {
    let done = Custody::request_in_emergency(signed(CLINICIAN), XRAY, other_reply(CLINICIAN));
    done.map(|_| ()).map_err(|failed| failed.error)
}

/// Otherwise the patient's no would hold for one block.
#[test]
fn what_the_patient_ends_is_not_requested_again() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        let other = add_entrusted(2);
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, CLINICIAN));
        assert_eq!(EmergencyGrants::<Test>::get(FIRST, XRAY), Some(true));
        assert_noop!(again(), Error::<Test>::RecordBarred);
        // Other records are not, nor is this one barred from others.
        assert_ok!(request_in_emergency(CLINICIAN, other));
        assert_ok!(break_glass(CONTACT));
        assert_ok!(request_in_emergency(CONTACT, XRAY));
        // The policy has its own say.
        Policy::grant(ALICE, CLINICIAN, Action::View);
        assert_ok!(request_with(CLINICIAN, XRAY, other_reply(CLINICIAN)));
        // Another emergency is another question.
        go_to(2 + EMERGENCY_PERIOD);
        assert_ok!(break_glass(CLINICIAN));
        let third = reply_secret(CLINICIAN, 3).public();
        assert_ok!(Custody::request_in_emergency(signed(CLINICIAN), XRAY, third));
    });
}

/// Only the patient bars: whoever gave it up, or whose share came too late, asks again.
#[test]
fn other_ends_bar_nothing() {
    let ends: [fn() -> DispatchResult; 3] = [
        || Emr::remove_envelope(signed(CLINICIAN), XRAY, CLINICIAN),
        || entrust_record(ALICE, XRAY, Some(entrustment(ALICE, ALICE, cid(1)))),
        || {
            Policy::revoke(ALICE, CLINICIAN, Action::Emergency);
            assert_ok!(deliver(CUSTODIAN, CLINICIAN));
            Policy::grant(ALICE, CLINICIAN, Action::Emergency);
            Ok(())
        },
    ];
    for end in ends {
        ExtBuilder::default().build_and_execute(|| {
            broken();
            assert_ok!(end());
            assert!(!Grants::<Test>::contains_key(XRAY, CLINICIAN));
            assert_ok!(again());
        });
    }
}

/// Ending a grant by the policy says nothing about emergencies.
#[test]
fn a_grant_by_the_policy_that_is_revoked_bars_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        assert_ok!(break_glass(CLINICIAN));
        Policy::grant(ALICE, CLINICIAN, Action::View);
        assert_ok!(request(CLINICIAN));
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, CLINICIAN));
        assert_ok!(again());
    });
}

#[test]
fn with_the_emergency_the_bar_ends() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, CLINICIAN));
        go_to(2 + EMERGENCY_PERIOD);
        assert_ok!(review(ALICE, true));
        assert_eq!(EmergencyGrants::<Test>::iter().count(), 0);
    });
}

/// Giving the access up just before the patient ends it is no way around the bar.
#[test]
fn who_gives_access_up_first_is_barred_as_well() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        assert_ok!(Emr::remove_envelope(signed(CLINICIAN), XRAY, CLINICIAN));
        events();
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, CLINICIAN));
        let barred =
            crate::Event::RecordBarred { record: XRAY, patient: ALICE, subject: CLINICIAN };
        assert_eq!(events(), [barred]);
        assert_noop!(again(), Error::<Test>::RecordBarred);
        // Once.
        let nothing = pallet_emr::Error::<Test>::EnvelopeNotFound;
        assert_noop!(Emr::remove_envelope(signed(ALICE), XRAY, CLINICIAN), nothing);
    });
}

/// A patient's no to one emergency holds for the next one that runs.
#[test]
fn a_rejection_ends_what_a_later_emergency_opens() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        go_to(2 + EMERGENCY_PERIOD);
        assert_ok!(break_glass(CLINICIAN));
        let third = reply_secret(CLINICIAN, 3);
        assert_ok!(Custody::request_in_emergency(signed(CLINICIAN), XRAY, third.public()));
        assert_ok!(review(ALICE, false));
        assert!(Grants::<Test>::contains_key(XRAY, CLINICIAN), "that of the second emergency");
        let share = delivery_to(CUSTODIAN, XRAY, CLINICIAN, third.public());
        let sent = signed(CUSTODIAN);
        assert_ok!(Custody::deliver_share(sent, XRAY, CLINICIAN, third.public(), share));
        assert!(!Grants::<Test>::contains_key(XRAY, CLINICIAN), "refused when the share came");
    });
}
