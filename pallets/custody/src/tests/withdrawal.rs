//! `withdraw_shares`: deposits for shares that come back without the patient's help.

use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use medchain_primitives::{Action, ContentDigest, RecordId};

use super::world::*;
use crate::{impl_custodies::VERSIONS_READ, mock::*, Custodies, Error, Event, HoldReason};

const NEWEST: RecordId = RecordId(2);
const PERIOD: u64 = crate::SHARES_PERIOD as u64;

fn withdraw(who: u64, record: RecordId) -> DispatchResult {
    Custody::withdraw_shares(signed(who), record)
}

/// [`TECHNICIAN`] uploads a film of [`ALICE`], and entrusts its key.
fn uploaded() {
    Policy::grant(ALICE, TECHNICIAN, Action::Append);
    assert_ok!(choose(&CUSTODIANS, 2));
    let custody = entrustment(ALICE, TECHNICIAN, cid(2));
    assert_ok!(add_record(TECHNICIAN, ALICE, cid(2), Some(custody)));
    events();
}

/// [`ALICE`] replaces a version.
fn amend(record: RecordId, content: u8, entrusted: bool) {
    let custody = entrusted.then(|| entrustment(ALICE, ALICE, cid(content)));
    let (digest, readers) = (ContentDigest([content; 32]), Default::default());
    let who = signed(ALICE);
    assert_ok!(Emr::amend_record(who, record, cid(content), digest, None, readers, custody));
    events();
}

/// Lets the patient have had time to restore a version.
fn wait() {
    System::set_block_number(System::block_number() + PERIOD + 1);
}

#[test]
fn whoever_paid_for_the_shares_of_a_replaced_version_gets_the_deposit_back() {
    ExtBuilder::default().build_and_execute(|| {
        uploaded();
        assert_eq!(held(TECHNICIAN, HoldReason::Custody), 3 * CUSTODY_DEPOSIT);
        amend(NEXT, 3, true);
        let last = System::block_number() + PERIOD;
        for block in [System::block_number(), last] {
            System::set_block_number(block);
            assert_noop!(withdraw(TECHNICIAN, NEXT), Error::<Test>::SharesNeeded);
        }
        System::set_block_number(last + 1);
        assert_ok!(withdraw(TECHNICIAN, NEXT));
        assert_eq!(held(TECHNICIAN, HoldReason::Custody), 0);
        let (custodians, threshold) = (Default::default(), 0);
        let event =
            Event::<Test>::RecordEntrusted { record: NEXT, patient: ALICE, custodians, threshold };
        assert_eq!(events(), [event]);
        assert!(!Custodies::<Test>::contains_key(NEXT));
        assert!(Custodies::<Test>::contains_key(NEWEST), "the newest version keeps its own");
        assert_noop!(withdraw(TECHNICIAN, NEXT), Error::<Test>::RecordNotEntrusted);
    });
}

/// Otherwise a laboratory could take the film that it uploaded from the doctor in an emergency.
#[test]
fn the_shares_of_the_newest_version_stay() {
    ExtBuilder::default().build_and_execute(|| {
        uploaded();
        wait();
        assert_noop!(withdraw(TECHNICIAN, NEXT), Error::<Test>::SharesNeeded);
    });
}

#[test]
fn shares_stay_where_custodians_keep_no_newer_version() {
    ExtBuilder::default().build_and_execute(|| {
        uploaded();
        amend(NEXT, 3, false);
        wait();
        assert_noop!(withdraw(TECHNICIAN, NEXT), Error::<Test>::SharesNeeded);
    });
}

/// Whoever may amend could replace the film with garbage.
#[test]
fn a_restored_version_keeps_its_shares() {
    ExtBuilder::default().build_and_execute(|| {
        uploaded();
        amend(NEXT, 3, true);
        assert_ok!(Emr::restore_record(signed(ALICE), NEXT));
        wait();
        assert_noop!(withdraw(TECHNICIAN, NEXT), Error::<Test>::SharesNeeded);
        assert_ok!(withdraw(ALICE, NEWEST));
    });
}

/// The restored version is old. The patient may find out that the other one was right after all.
#[test]
fn a_version_that_was_restored_over_keeps_its_shares_as_long() {
    ExtBuilder::default().build_and_execute(|| {
        uploaded();
        System::set_block_number(TERM);
        amend(NEXT, 3, true);
        let last = TERM + PERIOD;
        assert_ok!(Emr::restore_record(signed(ALICE), NEXT));
        for block in [TERM, last] {
            System::set_block_number(block);
            assert_noop!(withdraw(ALICE, NEWEST), Error::<Test>::SharesNeeded);
        }
        System::set_block_number(last + 1);
        assert_ok!(withdraw(ALICE, NEWEST));
    });
}

#[test]
fn an_erased_version_does_not_tell_whether_there_is_a_later_one() {
    ExtBuilder::default().build_and_execute(|| {
        uploaded();
        amend(NEXT, 3, true);
        amend(NEWEST, 4, true);
        wait();
        assert_ok!(Emr::erase_record(signed(ALICE), NEWEST));
        assert_noop!(withdraw(TECHNICIAN, NEXT), Error::<Test>::SharesNeeded);
        // The patient's erasure gives back what is left.
        assert_ok!(Emr::erase_record(signed(ALICE), NEXT));
        assert_eq!(held(TECHNICIAN, HoldReason::Custody), 0);
    });
}

#[test]
fn nobody_withdraws_what_another_paid_for() {
    ExtBuilder::default().build_and_execute(|| {
        uploaded();
        amend(NEXT, 3, true);
        wait();
        for who in [ALICE, BOB, STRANGER, CUSTODIAN] {
            assert_noop!(withdraw(who, NEXT), Error::<Test>::NotDepositor);
        }
        assert_noop!(withdraw(TECHNICIAN, XRAY), Error::<Test>::RecordNotEntrusted);
        assert_noop!(withdraw(TECHNICIAN, RecordId(9)), Error::<Test>::RecordNotEntrusted);
        let as_root = || Custody::withdraw_shares(root(), NEXT);
        assert_noop!(as_root(), sp_runtime::DispatchError::BadOrigin);
    });
}

#[test]
fn nobody_loses_access_that_runs() {
    ExtBuilder::default().build_and_execute(|| {
        uploaded();
        amend(NEXT, 3, true);
        wait();
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(request_with(READER, NEXT, reply(READER)));
        assert_noop!(withdraw(TECHNICIAN, NEXT), Error::<Test>::SharesNeeded);
        assert_ok!(Emr::remove_envelope(signed(ALICE), NEXT, READER));
        assert_ok!(withdraw(TECHNICIAN, NEXT));
    });
}

#[test]
fn boundary_as_many_versions_as_are_looked_at() {
    ExtBuilder::default().build_and_execute(|| {
        uploaded();
        let mut newest = NEXT;
        for content in 3..3 + VERSIONS_READ as u8 {
            amend(newest, content, true);
            newest = RecordId(newest.0 + 1);
        }
        amend(newest, 99, true);
        wait();
        assert_noop!(withdraw(TECHNICIAN, NEXT), Error::<Test>::SharesNeeded);
        assert_ok!(Emr::restore_record(signed(ALICE), newest));
        assert_ok!(withdraw(TECHNICIAN, NEXT));
    });
}
