//! `set_log_archive` and `remove_log_archive`.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

use crate::{mock::*, Error, Event, HoldReason, LogArchive, LogArchives, Logs};

fn archive_of(who: u64) -> Option<LogArchive<u64, u64>> {
    LogArchives::<Test>::get(who)
}

#[test]
fn any_account_may_name_an_archive_and_pays_once() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::set_log_archive(signed(STRANGER), cid(1)));
        System::set_block_number(5);
        assert_ok!(Emr::set_log_archive(signed(STRANGER), cid(2)));

        let entry = LogArchive { cid: cid(2), at: 5, deposit: RECORD_DEPOSIT };
        assert_eq!(archive_of(STRANGER), Some(entry));
        assert_eq!(held(STRANGER, HoldReason::LogArchive), RECORD_DEPOSIT);
        let set = |cid| Event::LogArchiveSet { archive: STRANGER, cid };
        assert_eq!(events(), [set(cid(1)), set(cid(2))]);
    });
}

#[test]
fn a_patient_who_runs_one_has_no_entry_of_it_in_the_log() {
    ExtBuilder::default().build_and_execute(|| {
        let before = Logs::<Test>::get(ALICE);
        assert_ok!(Emr::set_log_archive(signed(ALICE), cid(1)));
        assert_ok!(Emr::remove_log_archive(signed(ALICE)));
        assert_eq!(Logs::<Test>::get(ALICE), before);
    });
}

#[test]
fn naming_fails_when_the_cid_is_not_supported() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Emr::set_log_archive(signed(STRANGER), bad_cid()), Error::<Test>::InvalidCid);
    });
}

#[test]
fn naming_fails_when_the_deposit_cannot_be_held() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Emr::set_log_archive(signed(POOR), cid(1)), TokenError::FundsUnavailable);
    });
}

#[test]
fn naming_and_removing_fail_without_a_signer() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Emr::set_log_archive(root(), cid(1)), DispatchError::BadOrigin);
        assert_noop!(Emr::remove_log_archive(root()), DispatchError::BadOrigin);
    });
}

#[test]
fn removing_releases_the_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::set_log_archive(signed(STRANGER), cid(1)));
        events();
        assert_ok!(Emr::remove_log_archive(signed(STRANGER)));
        assert_eq!(archive_of(STRANGER), None);
        assert_eq!(held(STRANGER, HoldReason::LogArchive), 0);
        assert_eq!(Balances::free_balance(STRANGER), FUNDS);
        assert_eq!(events(), [Event::LogArchiveRemoved { archive: STRANGER }]);
    });
}

#[test]
fn removing_fails_when_there_is_none_and_leaves_those_of_others() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::set_log_archive(signed(STRANGER), cid(1)));
        assert_noop!(Emr::remove_log_archive(signed(READER)), Error::<Test>::LogArchiveNotFound);
        assert!(archive_of(STRANGER).is_some());
    });
}
