//! Upgrades from a released runtime.

use frame_support::{
    assert_ok,
    storage::unhashed,
    traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion},
};
use medchain_primitives::{RecordContent, RecordId, RecordKind, RecordStatus};

use crate::{
    migrations::{v1, HideErased},
    mock::*,
    Contents, Error, Records,
};

/// Puts the state back to what version 1 stored, with this digest of every record.
fn as_version_1(byte: u8) {
    let all: Vec<_> = Records::<Test>::iter().collect();
    let _ = Contents::<Test>::clear(u32::MAX, None);
    for (id, record) in all {
        let cid = content(id);
        let old = v1::Record {
            patient: record.patient,
            author: record.author,
            cid: cid.clone(),
            digest: digest(byte),
            kind: record.kind,
            previous: record.previous,
            added_at: record.added_at,
            status: record.status,
            envelopes: record.envelopes,
            deposit: record.deposit,
        };
        unhashed::put::<v1::RecordOf<Test>>(&Records::<Test>::hashed_key_for(id), &old);
        v1::Contents::<Test>::insert(cid, record.patient, id);
    }
    StorageVersion::new(1).put::<Emr>();
}

#[test]
fn records_and_contents_of_version_1_are_kept_but_for_what_is_erased() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_record(ALICE, XRAY, &[ALICE]));
        assert_ok!(add_record(ALICE, ALICE, &[ALICE]));
        assert_ok!(Emr::erase_record(signed(ALICE), RecordId(2)));
        let before: Vec<_> = Records::<Test>::iter().collect();
        as_version_1(0x77);

        HideErased::<Test>::on_runtime_upgrade();
        assert_eq!(Emr::on_chain_storage_version(), Emr::in_code_storage_version());
        for (id, mut record) in before {
            record.content = match record.status {
                RecordStatus::Erased => RecordContent::Erased(content(id).hashed()),
                _ => RecordContent::kept(content(id), digest(0x77)),
            };
            assert_eq!(Records::<Test>::get(id), Some(record), "{id}");
            assert_eq!(Contents::<Test>::get(content(id).hashed(), ALICE), Some(id));
        }
        assert_eq!(Contents::<Test>::iter().count(), 3);
        assert_ok!(Emr::do_try_state());
        // An erased content does not come back with the upgrade.
        let (kind, readers) = (RecordKind::Report, envelopes(&[ALICE]));
        let (me, again) = (signed(ALICE), content(RecordId(2)));
        let back = Emr::add_record(me, ALICE, again, digest(1), kind, None, readers, None, None);
        assert_eq!(
            back.map_err(|failed| failed.error),
            Err(Error::<Test>::ContentAlreadyExists.into())
        );

        // Once is enough.
        let all: Vec<_> = Records::<Test>::iter().collect();
        HideErased::<Test>::on_runtime_upgrade();
        assert_eq!(Records::<Test>::iter().collect::<Vec<_>>(), all);
    });
}
