//! `break_glass` and `request_in_emergency`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, Basis, EmergencyId, EndReason, RecordId};
use sp_runtime::TokenError;

use super::world::*;
use crate::{
    mock::*, AccessGrant, Emergencies, Emergency, EmergencyGrants, EmergencyStatus, Error, Event,
    Grants, HoldReason, NextEmergencyId, OpenEmergencies, RunningEmergencies, WeightInfo,
};

type EmrError = pallet_emr::Error<Test>;

#[test]
fn contacts_and_clinicians_break_the_glass() {
    for who in [CONTACT, CLINICIAN] {
        ExtBuilder::default().build_and_execute(|| {
            let info = Custody::break_glass(signed(who), ALICE, REASON);
            let info = info.expect("they may break the glass");
            let base = <() as WeightInfo>::break_glass();
            assert_eq!(info.actual_weight, Some(base + ASKED_WEIGHT));
            let question = (ALICE, who, None, Action::Emergency, None);
            assert_eq!(Policy::asked(), [question], "the policy is asked whoever it is");
            let (until, review_until) = (1 + EMERGENCY_PERIOD, 1 + REVIEW_PERIOD);
            let expected = Emergency {
                patient: ALICE,
                subject: who,
                reason: REASON,
                broken_at: 1,
                until,
                review_until,
                bond: BOND,
                grants: 0,
                requested: 0,
                deliveries: 0,
                status: EmergencyStatus::Open,
            };
            assert_eq!(emergency(), Some(expected));
            assert_eq!(RunningEmergencies::<Test>::get(ALICE, who), Some(FIRST));
            assert_eq!(OpenEmergencies::<Test>::get(who), 1);
            assert_eq!(held(who, HoldReason::Emergency), BOND);
            let (emergency, patient, subject, reason) = (FIRST, ALICE, who, REASON);
            let broken =
                Event::GlassBroken { emergency, patient, subject, reason, until, review_until };
            assert_eq!(events(), [broken]);
        });
    }
}

#[test]
fn others_need_permission_from_the_policy() {
    ExtBuilder::default().build_and_execute(|| {
        // Nor a relative who is not a contact, nor an account that may view.
        Policy::grant(ALICE, READER, Action::View);
        for who in [GUARDIAN, READER, STRANGER, BOB, TECHNICIAN, CUSTODIAN] {
            assert_noop!(break_glass(who), EmrError::NoGrant);
        }
        Policy::grant(ALICE, READER, Action::Emergency);
        assert_ok!(break_glass(READER));
    });
}

#[test]
fn breaking_the_glass_fails() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(break_glass(ALICE), Error::<Test>::OwnRecord);
        let unknown = Custody::break_glass(signed(CLINICIAN), STRANGER, REASON);
        assert_noop!(unknown, EmrError::PatientNotFound);
        appoint(POOR, medchain_primitives::Role::Clinician);
        assert_noop!(break_glass(POOR), TokenError::FundsUnavailable);
        NextEmergencyId::<Test>::put(EmergencyId(u64::MAX));
        assert_noop!(break_glass(CLINICIAN), Error::<Test>::EmergencyIdsExhausted);
    });
}

#[test]
fn a_record_is_opened_in_an_emergency() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN, CUSTODIAN_2], 2);
        assert_ok!(break_glass(CLINICIAN));
        go_to(3);
        events();
        Policy::asked();
        assert_ok!(request_in_emergency(CLINICIAN, XRAY));
        let question = (ALICE, CLINICIAN, Some(XRAY), Action::Emergency, None);
        assert_eq!(Policy::asked(), [question]);
        let until = 1 + EMERGENCY_PERIOD;
        let expected = AccessGrant {
            basis: Basis::Emergency { emergency: FIRST },
            reply: reply(CLINICIAN),
            granted_at: 3,
            until,
            deliveries: Default::default(),
            deposit: GRANT_DEPOSIT,
            fees: 2 * DELIVERY_FEE,
        };
        assert_eq!(grant(CLINICIAN), Some(expected));
        assert_eq!(held(CLINICIAN, HoldReason::Grant), GRANT_DEPOSIT + 2 * DELIVERY_FEE);
        assert_eq!(EmergencyGrants::<Test>::get(FIRST, XRAY), Some(false));
        let (emergency, record, patient, subject) = (FIRST, XRAY, ALICE, CLINICIAN);
        let access = Event::EmergencyAccess { emergency, record, patient, subject, until };
        assert_eq!(events(), [access]);

        assert_ok!(deliver(CUSTODIAN, CLINICIAN));
        assert_ok!(deliver(CUSTODIAN_2, CLINICIAN));
        assert_eq!(recover(XRAY, CLINICIAN), Some(CONTENT_KEY));
        let entry = Emergencies::<Test>::get(FIRST).expect("under review");
        assert_eq!((entry.grants, entry.requested, entry.deliveries), (1, 1, 2));
    });
}

#[test]
fn emergency_access_expires() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        go_to(1 + EMERGENCY_PERIOD);
        assert!(grant(CLINICIAN).is_some());
        go_to(2 + EMERGENCY_PERIOD);
        assert_eq!(grant(CLINICIAN), None);
        assert_eq!(events(), [ended(CLINICIAN, EndReason::Expired)]);
        assert_eq!(emergency().map(|entry| (entry.grants, entry.requested)), Some((0, 1)));
        assert_eq!(status(), Some(EmergencyStatus::Open), "the review is still due");
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
    });
}

#[test]
fn requesting_in_an_emergency_fails() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        let request = |record| request_in_emergency(CLINICIAN, record);
        assert_noop!(request(XRAY), Error::<Test>::EmergencyNotFound);
        assert_ok!(break_glass(CLINICIAN));
        assert_noop!(request(RecordId(9)), EmrError::RecordNotFound);
        // Nobody else's emergency, and no other patient's records.
        assert_noop!(request_in_emergency(CONTACT, XRAY), Error::<Test>::EmergencyNotFound);
        assert_ok!(choose_for(BOB, &[CUSTODIAN], 1));
        assert_ok!(add_record(BOB, BOB, cid(3), Some(entrustment(BOB, BOB, cid(3)))));
        assert_noop!(request(NEXT), Error::<Test>::EmergencyNotFound);

        assert_ok!(add_record(ALICE, ALICE, cid(2), None));
        assert_noop!(request(RecordId(2)), Error::<Test>::RecordNotEntrusted);
        assert_ok!(Emr::erase_record(signed(ALICE), RecordId(2)));
        assert_noop!(request(RecordId(2)), EmrError::RecordErased);
        assert_ok!(request(XRAY));
        assert_noop!(request(XRAY), Error::<Test>::AccessAlreadyGranted);
    });
}

#[test]
fn a_grant_in_an_emergency_that_cannot_be_paid_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        assert_ok!(break_glass(CLINICIAN));
        let all = Balances::free_balance(CLINICIAN);
        assert_ok!(Balances::transfer_keep_alive(signed(CLINICIAN), BOB, all - 1));
        assert_noop!(request_in_emergency(CLINICIAN, XRAY), TokenError::FundsUnavailable);
    });
}

#[test]
fn boundary_of_the_last_block_of_an_emergency() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let other = add_entrusted(2);
        System::set_block_number(1 + EMERGENCY_PERIOD);
        assert_noop!(break_glass(CLINICIAN), Error::<Test>::GlassAlreadyBroken);
        assert_ok!(request_in_emergency(CLINICIAN, other));
        let until = Grants::<Test>::get(other, CLINICIAN).map(|grant| grant.until);
        assert_eq!(until, Some(1 + EMERGENCY_PERIOD), "no longer than the emergency");
        go_to(2 + EMERGENCY_PERIOD);
        assert_noop!(request_in_emergency(CLINICIAN, XRAY), Error::<Test>::EmergencyOver);
        // Another one may follow, with a bond of its own, although the first awaits its review.
        assert_ok!(break_glass(CLINICIAN));
        assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), Some(SECOND));
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 2);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 2 * BOND);
        let again = other_reply(CLINICIAN);
        assert_ok!(Custody::request_in_emergency(signed(CLINICIAN), XRAY, again));
        let basis = grant(CLINICIAN).map(|grant| grant.basis);
        assert_eq!(basis, Some(Basis::Emergency { emergency: SECOND }));
        // The end of the first leaves the second alone.
        assert_ok!(review(ALICE, true));
        assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), Some(SECOND));
        assert!(grant(CLINICIAN).is_some());
    });
}

#[test]
fn two_accounts_have_emergencies_over_one_patient() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(break_glass(CONTACT));
        assert_ok!(request_in_emergency(CONTACT, XRAY));
        assert_ok!(review(ALICE, false));
        assert_eq!(grant(CLINICIAN), None);
        assert!(grant(CONTACT).is_some(), "the other's");
    });
}

#[test]
fn a_grant_by_the_policy_is_replaced() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, CLINICIAN, Action::View);
        assert_ok!(request_with(CLINICIAN, XRAY, other_reply(CLINICIAN)));
        Policy::revoke(ALICE, CLINICIAN, Action::View);
        assert_ok!(break_glass(CLINICIAN));
        events();
        assert_ok!(request_in_emergency(CLINICIAN, XRAY));
        assert_eq!(events().first(), Some(&ended(CLINICIAN, EndReason::Replaced)));
        // Also what is held for the one that was replaced, in case that its share is under way.
        assert_eq!(held(CLINICIAN, HoldReason::Grant), 2 * (GRANT_DEPOSIT + DELIVERY_FEE));
        assert_ok!(deliver(CUSTODIAN, CLINICIAN));
        assert_eq!(recover(XRAY, CLINICIAN), Some(CONTENT_KEY));
    });
}

/// An account that lost the secret of the reply key asks again.
#[test]
fn another_reply_key_replaces_emergency_access() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        let other = other_reply(CLINICIAN);
        assert_ok!(Custody::request_in_emergency(signed(CLINICIAN), XRAY, other));
        assert_eq!(events().first(), Some(&ended(CLINICIAN, EndReason::Replaced)));
        assert_eq!(grant(CLINICIAN).map(|grant| grant.reply), Some(other));
        let entry = emergency().expect("under review");
        assert_eq!((entry.grants, entry.requested, entry.deliveries), (1, 1, 1));
    });
}

#[test]
fn a_request_to_the_policy_leaves_emergency_access_alone() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let before = grant(CLINICIAN);
        // A no ends nothing.
        assert_ok!(request(CLINICIAN));
        assert!(matches!(events().pop(), Some(Event::AccessDenied { .. })));
        assert_eq!(grant(CLINICIAN), before);
        // A yes finds access already, or another request's.
        Policy::grant(ALICE, CLINICIAN, Action::View);
        assert_ok!(request(CLINICIAN));
        let (record, patient, subject, purpose) = (XRAY, ALICE, CLINICIAN, PURPOSE);
        let until = Some(1 + EMERGENCY_PERIOD);
        let found = Event::AccessGranted { record, patient, subject, purpose, until };
        assert_eq!(events(), [found]);
        assert_eq!(grant(CLINICIAN), before);
        let other = request_with(CLINICIAN, XRAY, other_reply(CLINICIAN));
        assert_noop!(other, Error::<Test>::EmergencyAccessRuns);
    });
}

#[test]
fn the_patient_ends_access_at_once_and_the_review_goes_on() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, CLINICIAN));
        assert_eq!(grant(CLINICIAN), None);
        assert_eq!(status(), Some(EmergencyStatus::Open));
        assert_eq!(emergency().map(|entry| entry.grants), Some(0));
        assert_ok!(review(ALICE, false));
        assert_eq!(status(), Some(EmergencyStatus::Rejected { by: ALICE }));
    });
}

#[test]
fn boundary_of_the_number_of_emergencies() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(Custody::break_glass(signed(CLINICIAN), BOB, REASON));
        go_to(2 + EMERGENCY_PERIOD);
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), MAX_EMERGENCIES);
        assert_noop!(break_glass(CLINICIAN), Error::<Test>::MaxEmergenciesExceeded);
        assert_ok!(break_glass(CONTACT));
        assert_ok!(review(ALICE, true));
        assert_ok!(break_glass(CLINICIAN));
    });
}
