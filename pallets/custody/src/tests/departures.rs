//! A patient who leaves: what must be closed before, and what nobody escapes by it.

use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use medchain_primitives::{Action, EmergencyReason, EncryptionKey, EndReason};

use super::world::*;
use crate::{
    mock::*, CustodianGroups, Declined, EmergencyOptOuts, EmergencyStatus, EndedGrants, Error,
    Event, Grants, HoldReason, Rejections,
};

fn leave(patient: u64) -> DispatchResult {
    Emr::deregister_patient(signed(patient)).map(|_| ()).map_err(|failed| failed.error)
}

fn come_back(patient: u64) -> DispatchResult {
    Emr::register_patient(signed(patient), None, EncryptionKey([patient as u8; 32]))
}

fn erase_xray() {
    assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
}

#[test]
fn custodians_go_with_the_patient() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&[CUSTODIAN, CUSTODIAN_2], 2));
        assert_ok!(Custody::set_emergency_access(signed(ALICE), false));
        erase_xray();
        events();
        assert_ok!(leave(ALICE));
        assert_eq!(CustodianGroups::<Test>::get(ALICE), None);
        assert!(!EmergencyOptOuts::<Test>::contains_key(ALICE));
        assert_eq!(held(ALICE, HoldReason::Custody), 0);
        assert_eq!(Balances::free_balance(ALICE), FUNDS, "every deposit is back");
        let old = vec![CUSTODIAN, CUSTODIAN_2].try_into().ok();
        assert_eq!(
            events(),
            [Event::CustodiansSet { patient: ALICE, old, new: None, threshold: 0 }]
        );
        assert_ok!(come_back(ALICE));
        assert_eq!(CustodianGroups::<Test>::get(ALICE), None);
    });
}

/// The bond of whoever broke the glass would never be burned, and nobody could say no.
#[test]
fn nobody_leaves_before_an_emergency_is_closed() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        erase_xray();
        assert_noop!(leave(ALICE), Error::<Test>::EmergencyNotClosed);
        // Neither a no nor the end of the review closes it.
        assert_ok!(review(ALICE, false));
        assert_noop!(leave(ALICE), Error::<Test>::EmergencyNotClosed);
        go_to(2 + REVIEW_PERIOD);
        assert_eq!(emergency(), None);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0, "burned");
        assert_ok!(leave(ALICE));
        assert_eq!(Rejections::<Test>::get(CLINICIAN), 1, "it is not forgotten");
    });
}

/// The newest of an account closes first: an older one that is judged is not in the index.
#[test]
fn an_older_emergency_counts_as_well() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        System::set_block_number(2 + EMERGENCY_PERIOD);
        assert_ok!(break_glass(CLINICIAN));
        erase_xray();
        go_to(2 + REVIEW_PERIOD);
        assert_eq!(status(), Some(EmergencyStatus::Escalated));
        go_to(3 + EMERGENCY_PERIOD + REVIEW_PERIOD);
        assert_eq!(crate::Emergencies::<Test>::get(SECOND), None, "void");
        assert_eq!(crate::RunningEmergencies::<Test>::get(ALICE, CLINICIAN), None);
        assert_noop!(leave(ALICE), Error::<Test>::EmergencyNotClosed);
        assert_ok!(judge(root(), true));
        assert_ok!(leave(ALICE));
    });
}

/// With the opt-out, nobody opens another one meanwhile.
#[test]
fn nobody_keeps_a_patient_by_breaking_the_glass() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(break_glass(CONTACT));
        erase_xray();
        assert_noop!(leave(ALICE), Error::<Test>::EmergencyNotClosed);
        assert_ok!(Custody::set_emergency_access(signed(ALICE), false));
        go_to(2 + REVIEW_PERIOD);
        assert_noop!(break_glass(CONTACT), Error::<Test>::EmergencyOptedOut);
        assert_ok!(leave(ALICE));
        assert_noop!(break_glass(CONTACT), pallet_emr::Error::<Test>::PatientNotFound);
    });
}

/// A patient is an account like any other over whom others break the glass: its own emergencies
/// over others, their bonds and reviews, are not the patient's.
#[test]
fn nobody_escapes_a_review_by_leaving() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(come_back(CLINICIAN));
        opened();
        assert_ok!(leave(CLINICIAN));
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
        assert_ok!(review(ALICE, false));
        go_to(2 + REVIEW_PERIOD);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
        assert_eq!(Balances::free_balance(CLINICIAN), FUNDS - BOND - DELIVERY_FEE);
        assert_eq!(Rejections::<Test>::get(CLINICIAN), 1);
    });
}

#[test]
fn whoever_is_declined_stays_declined() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Custody::set_declined(signed(CUSTODIAN), ALICE, true));
        erase_xray();
        assert_ok!(leave(ALICE));
        assert!(Declined::<Test>::contains_key(CUSTODIAN, ALICE));
        assert_ok!(come_back(ALICE));
        assert_noop!(choose(&[CUSTODIAN], 1), Error::<Test>::CustodianDeclined);
    });
}

/// Nor does the custodian need the patient for its deposit.
#[test]
fn a_custodian_gets_the_deposit_for_a_patient_who_left() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Custody::set_declined(signed(CUSTODIAN), ALICE, true));
        erase_xray();
        assert_ok!(leave(ALICE));
        assert_ok!(Custody::set_declined(signed(CUSTODIAN), ALICE, false));
        assert_eq!(held(CUSTODIAN, HoldReason::Decline), 0);
        // It cannot decline an account that is no patient.
        assert_noop!(
            Custody::set_declined(signed(CUSTODIAN), ALICE, true),
            pallet_emr::Error::<Test>::PatientNotFound
        );
    });
}

/// A share under way when the patient erases and leaves is still logged, and the reader's deposit
/// comes back by itself.
#[test]
fn a_share_under_way_is_logged_after_the_patient_left() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let late = delivery_of(CUSTODIAN, XRAY, READER);
        erase_xray();
        assert_ok!(leave(ALICE));
        assert_eq!(Grants::<Test>::iter().count(), 0);
        let length = |log: &medchain_primitives::LogHead<u64>| log.length;
        let before = pallet_emr::Logs::<Test>::get(ALICE).as_ref().map(length);
        events();
        assert_ok!(submit(CUSTODIAN, XRAY, READER, late));
        assert_eq!(events(), [exposed(READER, CUSTODIAN)]);
        let after = pallet_emr::Logs::<Test>::get(ALICE).as_ref().map(length);
        assert_eq!(after, before.map(|length| length + 1));
        go_to(2 + LATE);
        assert_eq!(EndedGrants::<Test>::iter().count(), 0);
        assert_eq!(held(READER, HoldReason::Grant), 0);
    });
}

/// In an emergency or by the policy, a grant ends with the record; nothing is left to open.
#[test]
fn access_ends_before_a_patient_leaves() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        assert_noop!(leave(ALICE), pallet_emr::Error::<Test>::RecordsNotErased);
        erase_xray();
        assert!(events().contains(&ended(READER, EndReason::Erased)));
        assert_ok!(leave(ALICE));
        Policy::grant(ALICE, READER, Action::View);
        let reply = other_reply(READER);
        assert_ok!(request_with(READER, XRAY, reply), ());
        assert_eq!(Grants::<Test>::iter().count(), 0, "denied, and logged");
        let reason = EmergencyReason::CannotConsent;
        let broken = Custody::break_glass(signed(CLINICIAN), ALICE, reason);
        let broken = broken.map(|_| ()).map_err(|failed| failed.error);
        assert_noop!(broken, pallet_emr::Error::<Test>::PatientNotFound);
    });
}
