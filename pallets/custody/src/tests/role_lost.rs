//! Custodians and clinicians whose role a registrar ends.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use medchain_primitives::{EndReason, Role};

use super::world::*;
use crate::{mock::*, EmergencyStatus, Error};

/// Its share stands in a block, as any: the log says so, and the account has it.
#[test]
fn a_custodian_without_the_role_exposes_its_share() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 1);
        let delivery = delivery_of(CUSTODIAN, XRAY, READER);
        dismiss(CUSTODIAN, Role::Custodian);
        assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::Yes));
        assert_eq!(events(), [exposed(READER, CUSTODIAN)]);
        assert_eq!(Policy::asked(), [], "there is nothing to permit");
        assert!(grant(READER).is_some_and(|grant| grant.deliveries.is_empty()));
        assert_eq!(Balances::free_balance(CUSTODIAN) + CUSTODIAN_BOND, FUNDS, "it earns nothing");
        // The proof is checked all the same.
        let garbled = submit(CUSTODIAN, XRAY, READER, delivery_of(CUSTODIAN_2, XRAY, READER));
        assert_eq!(garbled, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
        assert_ok!(deliver(CUSTODIAN_2, READER));
        // Appointed again, it goes on.
        appoint(CUSTODIAN, Role::Custodian);
        assert_ok!(deliver(CUSTODIAN, READER));
    });
}

#[test]
fn terms_end_without_a_call() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, READER, medchain_primitives::Action::View);
        System::set_block_number(TERM + 1);
        assert_ok!(request(READER));
        events();
        assert_ok!(deliver(CUSTODIAN, READER));
        assert_eq!(events(), [exposed(READER, CUSTODIAN)]);
        let denied = pallet_emr::Error::<Test>::NoGrant;
        assert_noop!(break_glass(CLINICIAN), denied);
    });
}

#[test]
fn a_clinician_without_the_role_has_no_emergency_any_more() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let other = add_entrusted(2);
        let delivery = delivery_of(CUSTODIAN, XRAY, CLINICIAN);
        dismiss(CLINICIAN, Role::Clinician);
        let denied = pallet_emr::Error::<Test>::NoGrant;
        assert_noop!(request_in_emergency(CLINICIAN, other), denied);
        // Asked again at the delivery.
        assert_eq!(submit(CUSTODIAN, XRAY, CLINICIAN, delivery), Ok(Pays::No));
        let logged = events();
        assert!(logged.contains(&ended(CLINICIAN, EndReason::Refused)), "{logged:?}");
        assert!(logged.contains(&exposed(CLINICIAN, CUSTODIAN)), "{logged:?}");
        assert_eq!(grant(CLINICIAN), None);
        let count = emergency().map(|emergency| (emergency.deliveries, emergency.grants));
        assert_eq!(count, Some((1, 0)), "the share counts");
    });
}

/// Who was an emergency contact, and is none now.
#[test]
fn a_contact_who_is_removed_has_no_emergency_any_more() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN, CUSTODIAN_2], 2);
        assert_ok!(break_glass(CONTACT));
        assert_ok!(request_in_emergency(CONTACT, XRAY));
        assert_ok!(deliver(CUSTODIAN, CONTACT));
        assert_ok!(Emr::remove_relation(signed(ALICE), CONTACT));
        events();
        assert_ok!(deliver(CUSTODIAN_2, CONTACT));
        let logged = events();
        assert!(logged.contains(&ended(CONTACT, EndReason::Refused)), "{logged:?}");
        assert!(logged.contains(&exposed(CONTACT, CUSTODIAN_2)), "{logged:?}");
    });
}

/// A custodian in league with a clinician cannot deliver without a trace by losing its role.
#[test]
fn a_share_without_the_role_is_logged_and_the_emergency_is_not_void() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        dismiss(CUSTODIAN, Role::Custodian);
        // Sent again, it would count twice, so it does not count at all.
        for _ in 0..2 {
            events();
            assert_ok!(deliver(CUSTODIAN, CLINICIAN));
            assert_eq!(events(), [exposed(CLINICIAN, CUSTODIAN)]);
        }
        assert_eq!(emergency().map(|emergency| emergency.deliveries), Some(0));
        go_to(2 + REVIEW_PERIOD);
        let status = emergency().map(|emergency| emergency.status);
        assert_eq!(status, Some(EmergencyStatus::Escalated));
    });
}
