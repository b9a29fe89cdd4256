//! One stored content belongs to one record of a patient, for good.

use frame_support::{assert_noop, assert_ok, dispatch::DispatchResultWithPostInfo};
use medchain_primitives::{Action, Cid, RecordId, RecordKind};

use crate::{mock::*, Contents, Error};

fn add(author: u64, patient: u64, cid: Cid) -> DispatchResultWithPostInfo {
    let (kind, readers) = (RecordKind::Report, envelopes(&[patient]));
    Emr::add_record(signed(author), patient, cid, digest(9), kind, None, readers, None, None)
}

fn amend(author: u64, record: RecordId, cid: Cid) -> DispatchResultWithPostInfo {
    Emr::amend_record(signed(author), record, cid, digest(9), None, envelopes(&[ALICE]), None)
}

#[test]
fn nobody_adds_a_content_again() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        Policy::grant(ALICE, TECHNICIAN, Action::Amend);
        // Not under another record of hers, nor as a version of the same.
        for author in [ALICE, TECHNICIAN] {
            let again = add(author, ALICE, content(XRAY));
            assert_noop!(again, Error::<Test>::ContentAlreadyExists);
        }
        for author in [ALICE, TECHNICIAN] {
            let again = amend(author, XRAY, content(XRAY));
            assert_noop!(again, Error::<Test>::ContentAlreadyExists);
        }
        assert_eq!(Contents::<Test>::get(content(XRAY).hashed(), ALICE), Some(XRAY));
        // Encrypted again, it is another content.
        assert_ok!(amend(TECHNICIAN, XRAY, content(NEXT)));
        assert_eq!(Contents::<Test>::get(content(NEXT).hashed(), ALICE), Some(NEXT));
    });
}

/// Whoever kept its key or a copy could open it again, and custodians would serve old shares.
#[test]
fn an_erased_content_does_not_come_back() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend(ALICE, XRAY, content(NEXT)));
        for record in [XRAY, NEXT] {
            assert_ok!(Emr::erase_record(signed(ALICE), record));
            let back = add(ALICE, ALICE, content(record));
            assert_noop!(back, Error::<Test>::ContentAlreadyExists);
            assert_eq!(Contents::<Test>::get(content(record).hashed(), ALICE), Some(record));
        }
    });
}

/// A stranger who sees a CID in the transaction pool cannot make the upload fail.
#[test]
fn nobody_claims_the_content_of_another_patient() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add(BOB, BOB, content(NEXT)));
        assert_ok!(add(ALICE, ALICE, content(NEXT)));
        assert_eq!(Contents::<Test>::get(content(NEXT).hashed(), BOB), Some(NEXT));
        assert_eq!(Contents::<Test>::get(content(NEXT).hashed(), ALICE), Some(RecordId(2)));
        // Nor does an erasure of the one change anything for the other.
        assert_ok!(Emr::erase_record(signed(BOB), NEXT));
        assert_eq!(Contents::<Test>::get(content(NEXT).hashed(), ALICE), Some(RecordId(2)));
    });
}

/// A refused call claims nothing.
#[test]
fn a_content_is_claimed_with_the_record_or_not_at_all() {
    ExtBuilder::default().build_and_execute(|| {
        let refused = add(TECHNICIAN, ALICE, content(NEXT));
        assert_noop!(refused, Error::<Test>::NoGrant);
        let refused = amend(READER, XRAY, content(NEXT));
        assert_noop!(refused, Error::<Test>::NoGrant);
        assert_eq!(Contents::<Test>::get(content(NEXT).hashed(), ALICE), None);
        assert_ok!(add(ALICE, ALICE, content(NEXT)));
    });
}
