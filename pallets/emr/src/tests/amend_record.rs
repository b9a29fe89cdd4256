//! `amend_record`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{
    Action, FilmCommitments, RecordContent, RecordId, RecordKind, RecordStatus,
};

use crate::{
    mock::*, Commitments, Envelopes, Error, Event, HoldReason, NextRecordId, Record, Records,
    RecordsOf,
};

fn amend_film(
    author: u64,
    record: RecordId,
    film: Option<FilmCommitments>,
) -> frame_support::dispatch::DispatchResultWithPostInfo {
    let cid = next_content();
    Emr::amend_record(signed(author), record, cid, digest(2), film, envelopes(&[]), None)
}

fn amended(author: u64) -> Event<Test> {
    Event::RecordAmended { record: NEXT, previous: XRAY, patient: ALICE, author, cid: cid(2) }
}

#[test]
fn a_patient_amends_a_record() {
    ExtBuilder::default().build_and_execute(|| {
        System::set_block_number(5);
        assert_ok!(amend_record(ALICE, XRAY, &[READER]));

        let old = Record { status: RecordStatus::Superseded { by: NEXT }, ..xray() };
        assert_eq!(Records::<Test>::get(XRAY), Some(old), "all else stays");
        let content = RecordContent::kept(cid(2), digest(2));
        let new = Record { content, previous: Some(XRAY), added_at: 5, ..xray() };
        assert_eq!(Records::<Test>::get(NEXT), Some(new));
        for record in [XRAY, NEXT] {
            assert!(RecordsOf::<Test>::contains_key(ALICE, record));
        }
        // Each version has its own readers.
        let reads = |record, who| Envelopes::<Test>::contains_key(record, who);
        assert!(reads(XRAY, ALICE) && !reads(XRAY, READER));
        assert!(!reads(NEXT, ALICE) && reads(NEXT, READER));
        assert_eq!(held(ALICE, HoldReason::Record), 2 * RECORD_DEPOSIT);
        assert_eq!(held(ALICE, HoldReason::Envelope), 2 * ENVELOPE_DEPOSIT);
        assert_eq!(Policy::asked(), []);
        let enveloped = Event::EnvelopeAdded { record: NEXT, reader: READER };
        assert_eq!(events(), [amended(ALICE), enveloped]);
    });
}

#[test]
fn an_account_with_consent_amends_a_record() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::Amend);
        assert_ok!(amend_record(READER, XRAY, &[ALICE]));

        let new = Records::<Test>::get(NEXT).expect("added");
        assert_eq!((new.patient, new.author), (ALICE, READER), "it stays Alice's");
        assert!(RecordsOf::<Test>::contains_key(ALICE, NEXT));
        assert!(!RecordsOf::<Test>::contains_key(READER, NEXT));
        assert_eq!(held(READER, HoldReason::Record), RECORD_DEPOSIT);
        let question = (POLICY, ALICE, READER, Some(XRAY), Action::Amend);
        assert_eq!(Policy::asked(), [question]);
        let checked = Event::AccessChecked {
            patient: ALICE,
            subject: READER,
            record: Some(XRAY),
            action: Action::Amend,
            policy: Some(POLICY),
        };
        let enveloped = Event::EnvelopeAdded { record: NEXT, reader: ALICE };
        assert_eq!(events(), [checked, amended(READER), enveloped]);
    });
}

#[test]
fn the_kind_stays() {
    ExtBuilder::default().build_and_execute(|| {
        let kind = RecordKind::Report;
        let readers = envelopes(&[ALICE]);
        assert_ok!(Emr::add_record(
            signed(ALICE),
            ALICE,
            cid(30),
            digest(3),
            kind,
            None,
            readers,
            None,
            None
        ));
        assert_ok!(amend_record(ALICE, NEXT, &[]));
        let amended = Records::<Test>::get(RecordId(2)).expect("added");
        assert_eq!(amended.kind, RecordKind::Report);
        // Commitments do not make a film of it.
        let committed = amend_film(ALICE, RecordId(2), Some(film(2)));
        assert_noop!(committed, Error::<Test>::NotChestXray);
    });
}

#[test]
fn a_new_version_has_its_own_commitments_or_none() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_film(ALICE, XRAY, Some(film(2))));
        assert_eq!(Commitments::<Test>::get(NEXT), Some(film(2)));
        assert_ok!(amend_film(ALICE, NEXT, None));
        assert_eq!(Commitments::<Test>::get(RecordId(2)), None, "not carried over");
        assert_eq!(Commitments::<Test>::get(XRAY), Some(film(1)), "the old versions keep theirs");
        assert_eq!(Commitments::<Test>::get(NEXT), Some(film(2)));
        // A version without them does not keep a later one from having them.
        assert_ok!(amend_film(ALICE, RecordId(2), Some(film(3))));
        assert_eq!(Commitments::<Test>::get(RecordId(3)), Some(film(3)));
    });
}

#[test]
fn fails_without_consent() {
    ExtBuilder::default().build_and_execute(|| {
        // To add is not to amend, and Bob's consent is not Alice's.
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        Policy::grant(BOB, TECHNICIAN, Action::Amend);
        for who in [BOB, TECHNICIAN, READER, STRANGER] {
            assert_noop!(amend_record(who, XRAY, &[ALICE]), Error::<Test>::NoGrant);
        }
    });
}

#[test]
fn fails_when_superseded() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::Amend);
        assert_ok!(amend_record(ALICE, XRAY, &[]));
        for who in [ALICE, READER] {
            assert_noop!(amend_record(who, XRAY, &[]), Error::<Test>::RecordSuperseded);
        }
        assert_ok!(amend_record(READER, NEXT, &[ALICE]));
    });
}

#[test]
fn fails_when_erased() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        assert_noop!(amend_record(ALICE, XRAY, &[]), Error::<Test>::RecordErased);
    });
}

#[test]
fn erasing_the_newest_version_does_not_revive_the_one_before() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_record(ALICE, XRAY, &[]));
        assert_ok!(Emr::erase_record(signed(ALICE), NEXT));
        assert_noop!(amend_record(ALICE, XRAY, &[]), Error::<Test>::RecordSuperseded);
    });
}

#[test]
fn fails_when_there_is_no_such_record() {
    ExtBuilder::default().build_and_execute(|| {
        let missing = amend_record(ALICE, NEXT, &[]);
        assert_noop!(missing, Error::<Test>::RecordNotFound);
    });
}

#[test]
fn fails_when_the_content_is_invalid() {
    ExtBuilder::default().build_and_execute(|| {
        let none = envelopes(&[]);
        assert_noop!(
            Emr::amend_record(signed(ALICE), XRAY, bad_cid(), digest(2), None, none, None),
            Error::<Test>::InvalidCid
        );
        assert_noop!(amend_record(ALICE, XRAY, &[READER, READER]), Error::<Test>::DuplicateReader);
        assert_noop!(amend_record(ALICE, XRAY, &[STRANGER]), Error::<Test>::EncryptionKeyNotFound);
    });
}

#[test]
fn fails_when_every_number_is_taken() {
    ExtBuilder::default().build().execute_with(|| {
        NextRecordId::<Test>::put(RecordId(u64::MAX));
        let refused = amend_record(ALICE, XRAY, &[]);
        assert_noop!(refused, Error::<Test>::RecordIdsExhausted);
    });
}
