//! `withdraw_envelope`: deposits that come back without the patient's help.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, RecordId};

use crate::{mock::*, Envelopes, Error, Event, HoldReason, Patients, Records};

fn withdraw(who: u64, reader: u64) -> frame_support::dispatch::DispatchResult {
    Emr::withdraw_envelope(signed(who), XRAY, reader)
}

/// [`OTHER_READER`] may share, and paid for the envelope of [`READER`].
fn shared() {
    Policy::grant(ALICE, OTHER_READER, Action::Share);
    assert_ok!(Emr::share_record(signed(OTHER_READER), XRAY, READER, sealed(READER)));
    events();
}

#[test]
fn a_depositor_gets_the_deposit_back() {
    ExtBuilder::default().build_and_execute(|| {
        shared();
        // Not by consent: it has none any more.
        Policy::revoke(ALICE, OTHER_READER, Action::Share);
        assert_ok!(withdraw(OTHER_READER, READER));
        assert_eq!(Envelopes::<Test>::get(XRAY, READER), None);
        assert_eq!(Records::<Test>::get(XRAY).map(|entry| entry.envelopes), Some(1));
        assert_eq!(held(OTHER_READER, HoldReason::Envelope), 0);
        assert_eq!(Balances::free_balance(OTHER_READER), FUNDS - KEY_DEPOSIT);
        let epoch = Patients::<Test>::get(ALICE).map(|entry| entry.key_epoch);
        assert_eq!(epoch, Some(0), "the patient revoked nothing");
        let (record, reader, depositor) = (XRAY, READER, OTHER_READER);
        assert_eq!(events(), [Event::EnvelopeWithdrawn { record, reader, depositor }]);
        // The patient can give the key again.
        assert_ok!(Emr::share_record(signed(ALICE), XRAY, READER, sealed(READER)));
    });
}

#[test]
fn nobody_withdraws_what_another_paid_for() {
    ExtBuilder::default().build_and_execute(|| {
        shared();
        for who in [ALICE, BOB, READER, TECHNICIAN, STRANGER] {
            assert_noop!(withdraw(who, READER), Error::<Test>::NotDepositor);
        }
        // What the patient replaced is the patient's.
        assert_ok!(Emr::share_record(signed(ALICE), XRAY, READER, sealed(READER)));
        assert_noop!(withdraw(OTHER_READER, READER), Error::<Test>::NotDepositor);
    });
}

/// Otherwise a laboratory could lock the patient out of the film that it uploaded.
#[test]
fn the_patients_own_envelope_stays() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(add_record(TECHNICIAN, ALICE, &[ALICE, READER]));
        let withdraw = |reader| Emr::withdraw_envelope(signed(TECHNICIAN), NEXT, reader);
        assert_noop!(withdraw(ALICE), Error::<Test>::PatientEnvelopeRequired);
        assert_ok!(withdraw(READER));
        assert_noop!(withdraw(READER), Error::<Test>::EnvelopeNotFound);
        assert_noop!(
            Emr::withdraw_envelope(signed(TECHNICIAN), RecordId(9), READER),
            Error::<Test>::RecordNotFound
        );
        // The erasure gives back what is left.
        assert_eq!(held(TECHNICIAN, HoldReason::Envelope), ENVELOPE_DEPOSIT);
        assert_ok!(Emr::erase_record(signed(ALICE), NEXT));
        assert_eq!(Balances::free_balance(TECHNICIAN), FUNDS);
    });
}

/// Otherwise a requester who sees the answer in the pool could keep its worker from giving it.
#[test]
fn workers_keep_their_envelopes_as_long_as_they_need_them() {
    ExtBuilder::default().build_and_execute(|| {
        shared();
        Orders::open(XRAY);
        assert_noop!(withdraw(OTHER_READER, READER), Error::<Test>::RequestOpen);
        Orders::taken();
        Orders::challengeable(XRAY, true);
        assert_noop!(withdraw(OTHER_READER, READER), Error::<Test>::VerdictChallengeable);
        Orders::challengeable(XRAY, false);
        assert_ok!(withdraw(OTHER_READER, READER));
    });
}
