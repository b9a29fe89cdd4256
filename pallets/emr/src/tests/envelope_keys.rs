//! Which key an envelope names, and what happens to it when its reader publishes another.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, Denied, DenyReason, EncryptionKey, RecordKind, SealedKey};
use sp_runtime::{DispatchError, DispatchResult, TokenError};

use crate::{mock::*, Envelope, Envelopes, EnvelopesOf, Error, Event, HoldReason, Records};

/// What readers publish after their first key.
const SECOND: EncryptionKey = EncryptionKey([0x22; 32]);

fn share(who: u64, reader: u64, sealed: SealedKey) -> DispatchResult {
    let shared = Emr::share_record(signed(who), XRAY, reader, sealed);
    shared.map(|_| ()).map_err(|failed| failed.error)
}

fn add(envelopes: Vec<(u64, SealedKey)>) -> DispatchResult {
    let envelopes = EnvelopesOf::<Test>::truncate_from(envelopes);
    let (cid, kind) = (next_content(), RecordKind::Report);
    Emr::add_record(signed(ALICE), ALICE, cid, digest(1), kind, None, envelopes, None, None)
        .map(|_| ())
        .map_err(|failed| failed.error)
}

fn amend(envelopes: Vec<(u64, SealedKey)>) -> DispatchResult {
    let envelopes = EnvelopesOf::<Test>::truncate_from(envelopes);
    Emr::amend_record(signed(ALICE), XRAY, next_content(), digest(1), None, envelopes, None)
        .map(|_| ())
        .map_err(|failed| failed.error)
}

/// Every call that stores an envelope refuses this one, for this reason.
fn refused(reader: u64, sealed: SealedKey, error: impl Into<DispatchError>) {
    let error = error.into();
    assert_noop!(share(ALICE, reader, sealed), error);
    assert_noop!(add(vec![(ALICE, self::sealed(ALICE)), (reader, sealed)]), error);
    assert_noop!(amend(vec![(reader, sealed)]), error);
    assert_noop!(Emr::admit_reader(&TECHNICIAN, XRAY, reader, sealed), error);
}

/// [`ALICE`] shares [`XRAY`] with a reader, who then publishes another key.
fn share_and_change(reader: u64) {
    if reader != ALICE {
        assert_ok!(share(ALICE, reader, sealed(reader)));
    }
    assert_ok!(Emr::set_encryption_key(signed(reader), SECOND));
    events();
}

fn envelope(reader: u64) -> (SealedKey, u64) {
    let envelope = Envelopes::<Test>::get(XRAY, reader).expect("the reader has an envelope");
    (envelope.sealed, envelope.depositor)
}

fn count() -> u32 {
    Records::<Test>::get(XRAY).map_or(0, |record| record.envelopes)
}

#[test]
fn fails_when_the_version_is_unknown() {
    ExtBuilder::default().build_and_execute(|| {
        for version in [0, 2, 255] {
            let other = SealedKey { version, ..sealed(READER) };
            refused(READER, other, Error::<Test>::UnknownEnvelopeVersion);
        }
    });
}

#[test]
fn fails_when_made_for_another_key() {
    ExtBuilder::default().build_and_execute(|| {
        // For somebody else, or for a key that the reader never had.
        for other in [sealed(BOB), sealed_to(&SECOND)] {
            refused(READER, other, Error::<Test>::EnvelopeForAnotherKey);
        }
        // For the key that the reader had until now.
        assert_ok!(Emr::set_encryption_key(signed(READER), SECOND));
        refused(READER, sealed(READER), Error::<Test>::EnvelopeForAnotherKey);
        assert_ok!(share(ALICE, READER, sealed_to(&SECOND)));
    });
}

#[test]
fn the_patient_renews_the_envelope_of_a_reader_with_a_new_key() {
    ExtBuilder::default().build_and_execute(|| {
        share_and_change(READER);
        assert_eq!(envelope(READER), (sealed(READER), ALICE), "nothing happens by itself");
        assert_ok!(share(ALICE, READER, sealed_to(&SECOND)));
        assert_eq!(envelope(READER), (sealed_to(&SECOND), ALICE));
        assert_eq!(count(), 2);
        assert_eq!(held(ALICE, HoldReason::Envelope), 2 * ENVELOPE_DEPOSIT);
        let (record, reader) = (XRAY, READER);
        let renewed =
            [Event::EnvelopeRemoved { record, reader }, Event::EnvelopeAdded { record, reader }];
        assert_eq!(events(), renewed);
    });
}

#[test]
fn an_account_with_consent_to_share_renews_it_at_its_own_expense() {
    ExtBuilder::default().build_and_execute(|| {
        share_and_change(READER);
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(share(OTHER_READER, READER, sealed_to(&SECOND)));
        assert_eq!(envelope(READER), (sealed_to(&SECOND), OTHER_READER));
        assert_eq!(count(), 2);
        assert_eq!(held(ALICE, HoldReason::Envelope), ENVELOPE_DEPOSIT, "her own");
        assert_eq!(held(OTHER_READER, HoldReason::Envelope), ENVELOPE_DEPOSIT);
        // Once only: it is for the published key now.
        let garbage = SealedKey::new(&SECOND, [0xff; 32], [0xff; 48]);
        for who in [OTHER_READER, TECHNICIAN] {
            Policy::grant(ALICE, who, Action::Share);
            assert_noop!(share(who, READER, garbage), Error::<Test>::EnvelopeAlreadyExists);
        }
    });
}

#[test]
fn a_pallet_that_admits_renews_it() {
    ExtBuilder::default().build_and_execute(|| {
        share_and_change(READER);
        assert_ok!(Emr::admit_reader(&TECHNICIAN, XRAY, READER, sealed_to(&SECOND)));
        let deposit = ENVELOPE_DEPOSIT;
        let expected = Envelope { sealed: sealed_to(&SECOND), depositor: TECHNICIAN, deposit };
        assert_eq!(Envelopes::<Test>::get(XRAY, READER), Some(expected));
        assert_eq!((count(), held(ALICE, HoldReason::Envelope)), (2, ENVELOPE_DEPOSIT));
    });
}

#[test]
fn fails_without_consent_to_share_whoever_it_is() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(share(OTHER_READER, READER, sealed(READER)));
        assert_ok!(Emr::set_encryption_key(signed(READER), SECOND));
        // Not even the reader, nor the account that paid for the old one.
        let no_grant = Err(Denied::Refused(DenyReason::NoGrant));
        Policy::answer(ALICE, OTHER_READER, Action::Share, no_grant);
        for action in [Action::View, Action::Append, Action::Amend, Action::Infer] {
            Policy::grant(ALICE, READER, action);
        }
        for who in [READER, OTHER_READER, BOB, TECHNICIAN, CLINICIAN, STRANGER] {
            let renewed = share(who, READER, sealed_to(&SECOND));
            assert_noop!(renewed, Error::<Test>::NoGrant);
        }
        assert_eq!(envelope(READER), (sealed(READER), OTHER_READER));
    });
}

/// The patient may have the old secret still, and garbage would lock the patient out.
#[test]
fn nobody_but_the_patient_renews_the_patients_own() {
    ExtBuilder::default().build_and_execute(|| {
        share_and_change(ALICE);
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        let renewed = share(OTHER_READER, ALICE, sealed_to(&SECOND));
        assert_noop!(renewed, Error::<Test>::EnvelopeAlreadyExists);
        let admitted = Emr::admit_reader(&TECHNICIAN, XRAY, ALICE, sealed_to(&SECOND));
        assert_noop!(admitted, Error::<Test>::EnvelopeAlreadyExists);
        assert_eq!(envelope(ALICE), (sealed(ALICE), ALICE));
        assert_ok!(share(ALICE, ALICE, sealed_to(&SECOND)));
        assert_eq!(envelope(ALICE), (sealed_to(&SECOND), ALICE));
        // A patient who has lost the old secret makes room, and is given the key again.
        assert_ok!(Emr::set_encryption_key(signed(ALICE), key(ALICE)));
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, ALICE));
        assert_ok!(share(OTHER_READER, ALICE, sealed(ALICE)));
    });
}

#[test]
fn fails_when_the_reader_has_taken_the_key_back_or_published_the_first_again() {
    ExtBuilder::default().build_and_execute(|| {
        share_and_change(READER);
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(Emr::remove_encryption_key(signed(READER)));
        for sealed in [sealed(READER), sealed_to(&SECOND)] {
            let error = Error::<Test>::EncryptionKeyNotFound;
            assert_noop!(share(OTHER_READER, READER, sealed), error);
        }
        assert_ok!(Emr::set_encryption_key(signed(READER), key(READER)));
        let renewed = share(OTHER_READER, READER, garbage(READER));
        assert_noop!(renewed, Error::<Test>::EnvelopeAlreadyExists);
    });
}

#[test]
fn a_full_record_can_be_renewed_and_a_poor_account_renews_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        for reader in [BOB, OTHER_READER] {
            assert_ok!(share(ALICE, reader, sealed(reader)));
        }
        share_and_change(READER);
        assert_eq!(count(), MAX_ENVELOPES);
        Policy::grant(ALICE, POOR, Action::Share);
        let renewed = share(POOR, READER, sealed_to(&SECOND));
        assert_noop!(renewed, TokenError::FundsUnavailable);
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(share(OTHER_READER, READER, sealed_to(&SECOND)));
        assert_eq!(count(), MAX_ENVELOPES);
    });
}

#[test]
fn an_envelope_is_current_while_it_names_the_published_key() {
    ExtBuilder::default().build_and_execute(|| {
        assert!(!Emr::has_current_envelope(XRAY, &READER));
        assert_ok!(share(ALICE, READER, sealed(READER)));
        assert!(Emr::has_current_envelope(XRAY, &READER));
        assert_ok!(Emr::set_encryption_key(signed(READER), SECOND));
        assert!(!Emr::has_current_envelope(XRAY, &READER));
        assert_ok!(Emr::remove_encryption_key(signed(READER)));
        assert!(!Emr::has_current_envelope(XRAY, &READER));
    });
}
