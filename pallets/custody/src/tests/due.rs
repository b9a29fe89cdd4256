//! What blocks process without a call.

use frame_support::{
    assert_ok,
    traits::Get,
    weights::{RuntimeDbWeight, Weight},
};
use medchain_primitives::Action;

use super::world::*;
use crate::{mock::*, Due, Emergencies, EndedGrants, Grants, NextDue, WeightInfo};

fn ask(who: u64) {
    Policy::grant(ALICE, who, Action::View);
    assert_ok!(request(who));
}

#[test]
fn nothing_is_processed_before_the_first_entry() {
    ExtBuilder::default().build_and_execute(|| {
        go_to(TERM);
        assert_eq!(NextDue::<Test>::get(), None);
        entrust(&[CUSTODIAN], 1);
        ask(READER);
        // A chain that has run for years does not walk through all of its blocks.
        assert_eq!(NextDue::<Test>::get(), Some(TERM));
    });
}

#[test]
fn entries_are_processed_in_order() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        ask(READER);
        System::set_block_number(3);
        ask(OTHER_READER);
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(request_in_emergency(CLINICIAN, XRAY));
        assert_ok!(deliver(CUSTODIAN, CLINICIAN));
        go_to(1 + ACCESS_PERIOD);
        assert!(Grants::<Test>::contains_key(XRAY, READER));
        go_to(2 + ACCESS_PERIOD);
        assert!(!Grants::<Test>::contains_key(XRAY, READER));
        assert!(Grants::<Test>::contains_key(XRAY, OTHER_READER));
        let review = 4 + REVIEW_PERIOD;
        go_to(review);
        assert_eq!(Grants::<Test>::iter().count(), 0);
        assert!(Emergencies::<Test>::contains_key(FIRST), "escalated");
        let last = review + ETHICS_PERIOD.max(LATE) + 1;
        go_to(last);
        assert_eq!(Emergencies::<Test>::iter().count(), 0);
        assert_eq!(EndedGrants::<Test>::iter().count(), 0);
        assert_eq!(Due::<Test>::iter().count(), 0);
        assert_eq!(NextDue::<Test>::get(), Some(last));
    });
}

#[test]
fn a_full_block_leaves_the_rest_to_the_next_one() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        for who in [READER, OTHER_READER, STRANGER] {
            ask(who);
        }
        System::set_block_number(100);
        let closing = <() as WeightInfo>::close_emergency(MAX_EMERGENCY_RECORDS);
        let step = (<() as WeightInfo>::process_due() + DRAW_WEIGHT).max(closing);
        let weights: RuntimeDbWeight = <Test as frame_system::Config>::DbWeight::get();
        let read = weights.reads(1);
        assert_eq!(Custody::process_due(100, Weight::zero()), Weight::zero());
        // Blocks 1 to 10 without an entry, and two grants.
        let limit = step.saturating_mul(12).saturating_add(read);
        let used = Custody::process_due(100, limit);
        assert!(used.all_lte(limit));
        assert_eq!(Grants::<Test>::iter().count(), 1);
        Custody::process_due(100, Weight::MAX);
        assert_eq!(Grants::<Test>::iter().count(), 0);
        assert_eq!(EndedGrants::<Test>::iter().count(), 3);
        go_to(101 + LATE);
        assert_eq!(EndedGrants::<Test>::iter().count(), 0);
    });
}

/// An emergency whose review lapses in a block that has no room is not lost.
#[test]
fn what_a_block_has_no_room_for_is_done_by_hand_or_later() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        let now = 2 + REVIEW_PERIOD;
        System::set_block_number(now);
        Custody::process_due(now, Weight::zero());
        assert_ok!(Custody::close_emergency(signed(STRANGER), FIRST));
        assert_eq!(status(), Some(crate::EmergencyStatus::Escalated));
        go_to(now);
        assert_eq!(status(), Some(crate::EmergencyStatus::Escalated), "not twice");
    });
}
