//! `register_patient` and `update_profile`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::EncryptionKey;
use sp_runtime::TokenError;

use crate::{mock::*, EncryptionKeys, Error, Event, HoldReason, Patient, Patients};

#[test]
fn registering_works() {
    ExtBuilder::bare().build_and_execute(|| {
        let profile = Some(document(5));
        assert_ok!(Emr::register_patient(signed(ALICE), profile.clone(), key(ALICE)));

        let deposit = PATIENT_DEPOSIT;
        let expected = Patient { profile, key_epoch: 0, relations: 0, deposit, records: 0 };
        assert_eq!(Patients::<Test>::get(ALICE), Some(expected));
        assert_eq!(EncryptionKeys::<Test>::get(ALICE), Some(key(ALICE)));
        assert_eq!(held(ALICE, HoldReason::Patient), PATIENT_DEPOSIT);
        assert_eq!(
            events(),
            [
                Event::PatientRegistered { patient: ALICE },
                Event::EncryptionKeySet { account: ALICE, key: key(ALICE) },
            ]
        );
    });
}

#[test]
fn registering_without_a_profile_works() {
    ExtBuilder::bare().build_and_execute(|| {
        assert_ok!(Emr::register_patient(signed(ALICE), None, key(ALICE)));
        let patient = Patients::<Test>::get(ALICE).expect("registered");
        assert_eq!(patient.profile, None);
    });
}

#[test]
fn registering_fails_when_already_registered() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::register_patient(signed(ALICE), None, key(BOB)),
            Error::<Test>::PatientAlreadyExists
        );
    });
}

#[test]
fn registering_fails_when_the_cid_is_not_supported() {
    ExtBuilder::bare().build_and_execute(|| {
        let mut profile = document(5);
        profile.cid = bad_cid();
        assert_noop!(
            Emr::register_patient(signed(ALICE), Some(profile), key(ALICE)),
            Error::<Test>::InvalidCid
        );
    });
}

#[test]
fn registering_fails_when_the_key_is_of_small_order() {
    ExtBuilder::bare().build_and_execute(|| {
        for key in EncryptionKey::SMALL_ORDER.map(EncryptionKey) {
            assert_noop!(
                Emr::register_patient(signed(ALICE), None, key),
                Error::<Test>::InvalidEncryptionKey
            );
        }
    });
}

#[test]
fn registering_fails_when_the_deposit_cannot_be_held() {
    ExtBuilder::bare().build_and_execute(|| {
        assert_noop!(
            Emr::register_patient(signed(POOR), None, key(POOR)),
            TokenError::FundsUnavailable
        );
    });
}

#[test]
fn updating_the_profile_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::update_profile(signed(ALICE), document(5)));
        assert_ok!(Emr::update_profile(signed(ALICE), document(6)));

        let patient = Patients::<Test>::get(ALICE).expect("registered");
        assert_eq!(patient.profile, Some(document(6)));
        let updated = |old, new| Event::ProfileUpdated { patient: ALICE, old, new };
        assert_eq!(
            events(),
            [updated(None, document(5)), updated(Some(document(5)), document(6)),]
        );
    });
}

#[test]
fn nobody_removes_the_profile_of_another() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::update_profile(signed(ALICE), document(5)));
        // Another patient has none, and the others are no patients.
        assert_noop!(Emr::remove_profile(signed(BOB)), Error::<Test>::ProfileNotFound);
        for who in [READER, TECHNICIAN, STRANGER] {
            assert_noop!(Emr::remove_profile(signed(who)), Error::<Test>::PatientNotFound);
        }
        let patient = Patients::<Test>::get(ALICE).expect("registered");
        assert_eq!(patient.profile, Some(document(5)));
    });
}

#[test]
fn removing_the_profile_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::update_profile(signed(ALICE), document(5)));
        let before = Patients::<Test>::get(ALICE).expect("registered");
        events();
        assert_ok!(Emr::remove_profile(signed(ALICE)));
        let expected = Patient { profile: None, ..before };
        assert_eq!(Patients::<Test>::get(ALICE), Some(expected));
        assert_eq!(events(), [Event::ProfileRemoved { patient: ALICE, old: document(5) }]);
        assert_noop!(Emr::remove_profile(signed(ALICE)), Error::<Test>::ProfileNotFound);
        assert_ok!(Emr::update_profile(signed(ALICE), document(6)));
    });
}

#[test]
fn updating_the_profile_fails_when_not_a_patient() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::update_profile(signed(STRANGER), document(5)),
            Error::<Test>::PatientNotFound
        );
    });
}

#[test]
fn updating_the_profile_fails_when_the_cid_is_not_supported() {
    ExtBuilder::default().build_and_execute(|| {
        let mut profile = document(5);
        profile.cid = bad_cid();
        assert_noop!(Emr::update_profile(signed(ALICE), profile), Error::<Test>::InvalidCid);
    });
}
