//! `set_encryption_key` and `remove_encryption_key`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::EncryptionKey;
use sp_runtime::{DispatchError, TokenError};

use crate::{mock::*, EncryptionKeyDeposits, EncryptionKeys, Envelopes, Error, Event, HoldReason};

fn key_deposit(who: u64) -> u64 {
    let held = held(who, HoldReason::EncryptionKey);
    assert_eq!(EncryptionKeyDeposits::<Test>::get(who).unwrap_or_default(), held);
    held
}

#[test]
fn any_account_may_set_an_encryption_key() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::set_encryption_key(signed(STRANGER), key(8)));
        assert_ok!(Emr::set_encryption_key(signed(STRANGER), key(9)));

        assert_eq!(EncryptionKeys::<Test>::get(STRANGER), Some(key(9)));
        // Once, however often it is replaced.
        assert_eq!(key_deposit(STRANGER), KEY_DEPOSIT);
        let set = |key| Event::EncryptionKeySet { account: STRANGER, key };
        assert_eq!(events(), [set(key(8)), set(key(9))]);
    });
}

#[test]
fn a_patient_pays_for_the_key_with_the_registration() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::set_encryption_key(signed(ALICE), key(8)));
        assert_eq!(key_deposit(ALICE), 0);
        // The deposit for an earlier key is released: nobody pays twice.
        assert_eq!(key_deposit(READER), KEY_DEPOSIT);
        assert_ok!(Emr::register_patient(signed(READER), None, key(9)));
        assert_ok!(Emr::set_encryption_key(signed(READER), key(10)));
        assert_eq!(key_deposit(READER), 0);
        assert_eq!(Balances::free_balance(READER), FUNDS - PATIENT_DEPOSIT);
    });
}

#[test]
fn setting_fails_when_the_key_is_of_small_order() {
    ExtBuilder::default().build_and_execute(|| {
        for key in EncryptionKey::SMALL_ORDER {
            // The highest bit is not part of the key.
            let mut other = key;
            other[31] |= 0x80;
            for bytes in [key, other] {
                assert_noop!(
                    Emr::set_encryption_key(signed(STRANGER), EncryptionKey(bytes)),
                    Error::<Test>::InvalidEncryptionKey
                );
            }
        }
    });
}

#[test]
fn setting_fails_when_the_deposit_cannot_be_held() {
    ExtBuilder::bare().build_and_execute(|| {
        assert_noop!(
            Emr::set_encryption_key(signed(POOR), key(POOR)),
            TokenError::FundsUnavailable
        );
    });
}

#[test]
fn removing_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::share_record(signed(ALICE), XRAY, READER, sealed(READER)));
        events();
        assert_ok!(Emr::remove_encryption_key(signed(READER)));
        assert_eq!(EncryptionKeys::<Test>::get(READER), None);
        assert_eq!(key_deposit(READER), 0);
        assert_eq!(Balances::free_balance(READER), FUNDS);
        assert_eq!(events(), [Event::EncryptionKeyRemoved { account: READER }]);
        // Existing envelopes stay readable; nothing new is sealed.
        assert!(Envelopes::<Test>::contains_key(XRAY, READER));
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        assert_noop!(
            Emr::share_record(signed(ALICE), XRAY, READER, sealed(READER)),
            Error::<Test>::EncryptionKeyNotFound
        );
    });
}

#[test]
fn removing_fails_when_a_patient() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::remove_encryption_key(signed(ALICE)),
            Error::<Test>::EncryptionKeyRequired
        );
    });
}

#[test]
fn removing_fails_when_there_is_none() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::remove_encryption_key(signed(STRANGER)),
            Error::<Test>::EncryptionKeyNotFound
        );
        assert_ok!(Emr::remove_encryption_key(signed(READER)));
        assert_noop!(
            Emr::remove_encryption_key(signed(READER)),
            Error::<Test>::EncryptionKeyNotFound
        );
        assert_noop!(Emr::remove_encryption_key(root()), DispatchError::BadOrigin);
    });
}
