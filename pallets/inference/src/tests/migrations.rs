//! The migration of the state of the released runtime 2.

use super::*;
use crate::migrations::{FromV2, MigrateV2ToV3};
use codec::Encode;
use frame_support::{
    storage::{migration::move_prefix, storage_prefix, unhashed},
    traits::{GetStorageVersion, Hooks, OnRuntimeUpgrade, StorageVersion},
    weights::{RuntimeDbWeight, Weight},
};

type Migration = MigrateV2ToV3<Test>;

fn set_version(version: u16) {
    StorageVersion::new(version).put::<Inference>();
}

/// The prefix of a storage item of the pallet.
fn prefix(item: &str) -> [u8; 32] {
    storage_prefix(b"Inference", item.as_bytes())
}

/// Turns the state into that of version 2, which stored the next block from its first one on.
fn turn_back(next: u64) {
    move_prefix(&prefix("Due"), &prefix("Deadlines"));
    NextDue::<Test>::kill();
    unhashed::put(&prefix("NextExpiry"), &next);
    set_version(2);
}

fn due() -> Vec<(u64, RequestId, ())> {
    Due::<Test>::iter().collect()
}

#[test]
fn due_requests_are_moved_and_still_expire() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        let before = due();
        turn_back(7);
        assert_eq!(due(), []);
        let snapshot = FromV2::<Test>::snapshot().encode();

        let used = Migration::on_runtime_upgrade();
        assert_eq!(due(), before);
        assert_eq!(NextDue::<Test>::get(), Some(7));
        assert_eq!(Inference::on_chain_storage_version(), 3);
        for item in ["Deadlines", "NextExpiry"] {
            assert!(!unhashed::contains_prefixed_key(&prefix(item)), "{item} is left");
        }
        FromV2::<Test>::compare(&snapshot).expect("the checks of try-runtime pass");
        // Key, value and the end of the list, the next due block, the version.
        let db: RuntimeDbWeight = <Test as frame_system::Config>::DbWeight::get();
        assert_eq!(used.ref_time(), db.reads_writes(2 + 2 + 1, 2 + 2 + 1).ref_time());

        System::set_block_number(2 + DEADLINE);
        Inference::on_idle(2 + DEADLINE, Weight::MAX);
        assert_eq!(status(id), RequestStatus::Expired);
    });
}

#[test]
fn keys_of_version_2_are_moved() {
    // Not made by this code: request 4, due in block 57, as release 2 stored it.
    let mut key = prefix("Deadlines").to_vec();
    for part in [57u64, 4] {
        key.extend(sp_io::hashing::twox_64(&part.to_le_bytes()));
        key.extend(part.to_le_bytes());
    }
    ExtBuilder::bare().build().execute_with(|| {
        unhashed::put_raw(&key, &[]);
        set_version(2);
        Migration::on_runtime_upgrade();
        assert_eq!(due(), [(57, RequestId(4), ())]);
        // It was never processed, so every block may hold something due.
        assert_eq!(NextDue::<Test>::get(), Some(0));
    });
}

#[test]
fn the_checks_find_what_was_not_moved() {
    ExtBuilder::default().build_and_execute(|| {
        request();
        turn_back(7);
        let snapshot = FromV2::<Test>::snapshot().encode();
        assert!(FromV2::<Test>::compare(&snapshot).is_err());
        Migration::on_runtime_upgrade();
        assert_eq!(FromV2::<Test>::compare(&snapshot), Ok(()));
    });
}

#[test]
fn a_second_run_changes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        request();
        turn_back(1);
        Migration::on_runtime_upgrade();
        let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
        let used = Migration::on_runtime_upgrade();
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), root);
        assert_eq!(used, <Test as frame_system::Config>::DbWeight::get().reads(1));
    });
}

#[test]
fn it_runs_only_from_version_2() {
    ExtBuilder::default().build_and_execute(|| {
        request();
        assert_eq!(Inference::on_chain_storage_version(), 3, "a new chain has the new layout");
        let before = due();
        for prepare in [
            || set_version(1),
            || set_version(4),
            || unhashed::kill(&StorageVersion::storage_key::<Inference>()),
        ] {
            prepare();
            let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
            Migration::on_runtime_upgrade();
            assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), root);
            assert_eq!(due(), before);
        }
    });
}

#[test]
fn it_runs_without_requests() {
    ExtBuilder::default().build_and_execute(|| {
        set_version(2);
        Migration::on_runtime_upgrade();
        assert_eq!(due(), []);
        assert_eq!(NextDue::<Test>::get(), None);
        assert_eq!(Inference::on_chain_storage_version(), 3);
    });
}
