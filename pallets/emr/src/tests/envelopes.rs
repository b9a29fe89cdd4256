//! `share_record`, `remove_envelope` and `Pallet::admit_reader`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, RecordId};
use sp_runtime::{DispatchResult, TokenError};

use crate::{mock::*, Envelope, Envelopes, Error, Event, HoldReason, Patients, Records};

fn share(who: u64, reader: u64) -> DispatchResult {
    share_garbled(who, reader, false)
}

fn share_garbled(who: u64, reader: u64, garbled: bool) -> DispatchResult {
    let key = if garbled { garbage(reader) } else { sealed(reader) };
    Emr::share_record(signed(who), XRAY, reader, key).map(|_| ()).map_err(|failed| failed.error)
}

fn remove(who: u64, reader: u64) -> DispatchResult {
    Emr::remove_envelope(signed(who), XRAY, reader)
}

/// As another pallet does.
fn admit(depositor: u64, reader: u64) -> DispatchResult {
    Emr::admit_reader(&depositor, XRAY, reader, sealed(reader))
}

fn envelope(reader: u64, depositor: u64) -> Option<crate::EnvelopeOf<Test>> {
    Some(Envelope { sealed: sealed(reader), depositor, deposit: ENVELOPE_DEPOSIT })
}

fn count() -> u32 {
    Records::<Test>::get(XRAY).map_or(0, |record| record.envelopes)
}

fn key_epoch() -> u32 {
    Patients::<Test>::get(ALICE).map_or(0, |patient| patient.key_epoch)
}

fn added(reader: u64) -> Event<Test> {
    Event::EnvelopeAdded { record: XRAY, reader }
}

fn removed(reader: u64) -> Event<Test> {
    Event::EnvelopeRemoved { record: XRAY, reader }
}

#[test]
fn a_patient_shares_a_record() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(share(ALICE, READER));
        assert_eq!(Envelopes::<Test>::get(XRAY, READER), envelope(READER, ALICE));
        assert_eq!(count(), 2);
        assert_eq!(held(ALICE, HoldReason::Envelope), 2 * ENVELOPE_DEPOSIT);
        assert_eq!(Policy::asked(), []);
        assert_eq!(events(), [added(READER)]);
    });
}

#[test]
fn an_account_with_consent_shares_a_record() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(share(OTHER_READER, READER));
        let expected = envelope(READER, OTHER_READER);
        assert_eq!(Envelopes::<Test>::get(XRAY, READER), expected);
        assert_eq!(held(OTHER_READER, HoldReason::Envelope), ENVELOPE_DEPOSIT);
        let question = (POLICY, ALICE, OTHER_READER, Some(XRAY), Action::Share);
        assert_eq!(Policy::asked(), [question]);
        let checked = Event::AccessChecked {
            patient: ALICE,
            subject: OTHER_READER,
            record: Some(XRAY),
            action: Action::Share,
            policy: Some(POLICY),
        };
        assert_eq!(events(), [checked, added(READER)]);
    });
}

#[test]
fn sharing_fails_without_consent() {
    ExtBuilder::default().build_and_execute(|| {
        // A reader who may view cannot hand on what they opened.
        assert_ok!(share(ALICE, READER));
        Policy::grant(ALICE, READER, Action::View);
        Policy::grant(BOB, READER, Action::Share);
        for who in [BOB, TECHNICIAN, READER, STRANGER] {
            assert_noop!(share(who, OTHER_READER), Error::<Test>::NoGrant);
        }
    });
}

#[test]
fn sharing_fails_when_the_reader_has_no_key() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(share(ALICE, STRANGER), Error::<Test>::EncryptionKeyNotFound);
    });
}

#[test]
fn sharing_fails_when_there_is_no_such_record() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::share_record(signed(ALICE), NEXT, READER, sealed(READER)),
            Error::<Test>::RecordNotFound
        );
    });
}

#[test]
fn sharing_fails_when_erased() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        for who in [ALICE, OTHER_READER] {
            assert_noop!(share(who, READER), Error::<Test>::RecordErased);
        }
    });
}

#[test]
fn a_superseded_version_can_be_shared() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_record(ALICE, XRAY, &[ALICE]));
        assert_ok!(share(ALICE, READER));
    });
}

#[test]
fn nobody_but_the_patient_replaces_an_envelope() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(share(ALICE, READER));
        for reader in [ALICE, READER] {
            // Garbage in place of the key would lock the reader out.
            assert_noop!(
                share_garbled(OTHER_READER, reader, true),
                Error::<Test>::EnvelopeAlreadyExists
            );
            let untouched = envelope(reader, ALICE);
            assert_eq!(Envelopes::<Test>::get(XRAY, reader), untouched);
        }
        // Not even the account that added it: it may have lost the patient's trust since.
        assert_ok!(share(OTHER_READER, BOB));
        assert_noop!(share_garbled(OTHER_READER, BOB, true), Error::<Test>::EnvelopeAlreadyExists);
        // Nor the reader: they could not seal another key to themselves.
        Policy::grant(ALICE, READER, Action::Share);
        assert_noop!(share(READER, READER), Error::<Test>::EnvelopeAlreadyExists);
    });
}

#[test]
fn the_patient_replaces_an_envelope_and_pays_for_it() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(share_garbled(OTHER_READER, READER, true));
        events();
        assert_ok!(share(ALICE, READER));
        assert_eq!(Envelopes::<Test>::get(XRAY, READER), envelope(READER, ALICE));
        assert_eq!(count(), 2);
        assert_eq!(held(OTHER_READER, HoldReason::Envelope), 0);
        assert_eq!(Balances::free_balance(OTHER_READER), FUNDS - KEY_DEPOSIT);
        assert_eq!(held(ALICE, HoldReason::Envelope), 2 * ENVELOPE_DEPOSIT);
        assert_eq!(events(), [removed(READER), added(READER)]);
        assert_eq!(key_epoch(), 0, "nobody lost the key");
    });
}

#[test]
fn boundary_of_the_number_of_envelopes() {
    ExtBuilder::default().build_and_execute(|| {
        for reader in [BOB, READER, OTHER_READER] {
            assert_ok!(share(ALICE, reader));
        }
        assert_eq!(count(), MAX_ENVELOPES);
        assert_noop!(share(ALICE, POOR), Error::<Test>::MaxEnvelopesExceeded);
        // A full record can still be repaired, and freed.
        assert_ok!(share(ALICE, READER));
        assert_ok!(remove(ALICE, BOB));
        assert_ok!(share(ALICE, POOR));
        assert_noop!(share(ALICE, BOB), Error::<Test>::MaxEnvelopesExceeded);
    });
}

#[test]
fn sharing_fails_when_the_deposit_cannot_be_held() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, POOR, Action::Share);
        assert_noop!(share(POOR, READER), TokenError::FundsUnavailable);
    });
}

#[test]
fn the_patient_removes_a_readers_envelope() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(share(OTHER_READER, READER));
        events();
        assert_ok!(remove(ALICE, READER));
        assert_eq!(Envelopes::<Test>::get(XRAY, READER), None);
        assert_eq!(count(), 1);
        assert_eq!(key_epoch(), 1);
        // The deposit returns to the account that paid it.
        assert_eq!(held(OTHER_READER, HoldReason::Envelope), 0);
        assert_eq!(Balances::free_balance(OTHER_READER), FUNDS - KEY_DEPOSIT);
        assert_eq!(Balances::free_balance(READER), FUNDS - KEY_DEPOSIT);
        assert_eq!(events(), [removed(READER)]);
    });
}

#[test]
fn a_reader_removes_their_own_envelope() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(share(ALICE, READER));
        events();
        assert_ok!(remove(READER, READER));
        assert_eq!(Envelopes::<Test>::get(XRAY, READER), None);
        assert_eq!(key_epoch(), 0, "the patient revoked nothing");
        assert_eq!(held(ALICE, HoldReason::Envelope), ENVELOPE_DEPOSIT);
        assert_eq!(events(), [removed(READER)]);
    });
}

#[test]
fn the_patients_own_envelope_does_not_raise_the_key_epoch() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(remove(ALICE, ALICE));
        assert_eq!(key_epoch(), 0);
    });
}

#[test]
fn removing_fails_when_neither_patient_nor_reader() {
    ExtBuilder::default().build_and_execute(|| {
        for reader in [READER, OTHER_READER] {
            assert_ok!(share(ALICE, reader));
        }
        // Consent to share is no consent to remove.
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        for who in [BOB, TECHNICIAN, OTHER_READER, STRANGER] {
            assert_noop!(remove(who, READER), Error::<Test>::NotPatientOrReader);
            assert_noop!(remove(who, ALICE), Error::<Test>::NotPatientOrReader);
        }
        // Nor may the account that paid for an envelope.
        assert_ok!(share(OTHER_READER, BOB));
        assert_noop!(remove(OTHER_READER, BOB), Error::<Test>::NotPatientOrReader);
    });
}

#[test]
fn removing_fails_when_there_is_nothing_to_remove() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(remove(ALICE, READER), Error::<Test>::EnvelopeNotFound);
        assert_noop!(remove(READER, READER), Error::<Test>::EnvelopeNotFound);
        assert_noop!(
            Emr::remove_envelope(signed(ALICE), RecordId(9), ALICE),
            Error::<Test>::RecordNotFound
        );
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        assert_noop!(remove(ALICE, ALICE), Error::<Test>::EnvelopeNotFound);
    });
}

#[test]
fn a_reader_is_admitted_at_the_depositors_expense() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(admit(TECHNICIAN, READER));
        assert_eq!(Envelopes::<Test>::get(XRAY, READER), envelope(READER, TECHNICIAN));
        assert_eq!(count(), 2);
        assert_eq!(held(TECHNICIAN, HoldReason::Envelope), ENVELOPE_DEPOSIT);
        assert_eq!(held(ALICE, HoldReason::Envelope), ENVELOPE_DEPOSIT, "her own");
        assert_eq!(Policy::asked(), [], "the pallet that admits has asked");
        assert_eq!(events(), [added(READER)]);
        // Like any envelope, it can be taken away, and the deposit returns.
        assert_ok!(remove(ALICE, READER));
        assert_eq!(held(TECHNICIAN, HoldReason::Envelope), 0);
        assert_eq!(Balances::free_balance(TECHNICIAN), FUNDS);
    });
}

#[test]
fn nobody_is_admitted_to_a_record_that_is_missing_or_erased() {
    ExtBuilder::default().build_and_execute(|| {
        let missing = Emr::admit_reader(&ALICE, NEXT, READER, sealed(READER));
        assert_noop!(missing, Error::<Test>::RecordNotFound);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        assert_noop!(admit(ALICE, READER), Error::<Test>::RecordErased);
    });
}

#[test]
fn nobody_is_admitted_without_a_key() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(admit(ALICE, STRANGER), Error::<Test>::EncryptionKeyNotFound);
    });
}

#[test]
fn admitting_replaces_no_envelope() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(share(ALICE, READER));
        // Not even the patient replaces one in this way.
        for depositor in [ALICE, TECHNICIAN] {
            let replaced = Emr::admit_reader(&depositor, XRAY, READER, garbage(READER));
            assert_noop!(replaced, Error::<Test>::EnvelopeAlreadyExists);
        }
        assert_eq!(Envelopes::<Test>::get(XRAY, READER), envelope(READER, ALICE));
    });
}

#[test]
fn boundary_of_the_number_of_readers_admitted() {
    ExtBuilder::default().build_and_execute(|| {
        for reader in [BOB, READER, OTHER_READER] {
            assert_ok!(admit(TECHNICIAN, reader));
        }
        assert_eq!(count(), MAX_ENVELOPES);
        assert_noop!(admit(TECHNICIAN, POOR), Error::<Test>::MaxEnvelopesExceeded);
        assert_ok!(remove(ALICE, BOB));
        assert_ok!(admit(TECHNICIAN, POOR));
    });
}

#[test]
fn admitting_fails_when_the_deposit_cannot_be_held() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(admit(POOR, READER), TokenError::FundsUnavailable);
    });
}
