//! Nobody else can fill a patient's file with what the patient cannot open.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, RecordId};
use sp_runtime::DispatchResult;

use crate::{mock::*, Envelopes, Error, Records};

fn count(record: RecordId) -> u32 {
    Records::<Test>::get(record).map_or(0, |record| record.envelopes)
}

fn share(who: u64, record: RecordId, reader: u64) -> DispatchResult {
    Emr::share_record(signed(who), record, reader, sealed(reader))
        .map(|_| ())
        .map_err(|failed| failed.error)
}

#[test]
fn what_others_add_comes_with_an_envelope_for_the_patient() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        Policy::grant(ALICE, READER, Action::Amend);
        for readers in [&[][..], &[TECHNICIAN], &[READER, OTHER_READER, BOB]] {
            assert_ok!(Emr::set_encryption_key(signed(TECHNICIAN), key(TECHNICIAN)));
            let added = add_record(TECHNICIAN, ALICE, readers);
            assert_noop!(added, Error::<Test>::PatientEnvelopeMissing);
            let amended = amend_record(READER, XRAY, readers);
            assert_noop!(amended, Error::<Test>::PatientEnvelopeMissing);
        }
        assert_ok!(add_record(TECHNICIAN, ALICE, &[READER, ALICE]));
        assert_ok!(amend_record(READER, XRAY, &[OTHER_READER, READER, BOB, ALICE]));
        assert!(Envelopes::<Test>::contains_key(NEXT, ALICE));
        assert!(Envelopes::<Test>::contains_key(RecordId(2), ALICE));
    });
}

/// The patient has the document, and may keep its key elsewhere.
#[test]
fn patients_may_add_without_one() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add_record(ALICE, ALICE, &[]));
        assert_ok!(amend_record(ALICE, NEXT, &[READER]));
    });
}

#[test]
fn others_leave_a_place_for_the_patient() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::Share);
        assert_ok!(add_record(ALICE, ALICE, &[]));
        for reader in [BOB, READER, OTHER_READER] {
            assert_ok!(share(READER, NEXT, reader));
        }
        assert_eq!(count(NEXT), MAX_ENVELOPES - 1);
        assert_noop!(share(READER, NEXT, POOR), Error::<Test>::MaxEnvelopesExceeded);
        // Nor through another pallet, which seals to workers.
        let admitted = Emr::admit_reader(&TECHNICIAN, NEXT, POOR, sealed(POOR));
        assert_noop!(admitted, Error::<Test>::MaxEnvelopesExceeded);
        // The place is for an envelope of the patient's, whoever adds it.
        assert_ok!(share(READER, NEXT, ALICE));
        assert_eq!(count(NEXT), MAX_ENVELOPES);
    });
}

#[test]
fn the_place_stays_the_patients_when_the_envelope_goes() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::Share);
        for reader in [BOB, READER, OTHER_READER] {
            assert_ok!(share(READER, XRAY, reader));
        }
        assert_eq!(count(XRAY), MAX_ENVELOPES);
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, ALICE));
        assert_noop!(share(READER, XRAY, POOR), Error::<Test>::MaxEnvelopesExceeded);
        assert_ok!(share(ALICE, XRAY, ALICE));
    });
}

/// It is the patient's own place to give away.
#[test]
fn the_patient_may_use_every_place() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, ALICE));
        for reader in [BOB, READER, OTHER_READER, POOR] {
            assert_ok!(share(ALICE, XRAY, reader));
        }
        assert_noop!(share(ALICE, XRAY, ALICE), Error::<Test>::MaxEnvelopesExceeded);
    });
}
