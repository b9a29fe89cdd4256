//! What blocks process without a call.

use frame_support::{
    assert_ok,
    traits::Get,
    weights::{RuntimeDbWeight, Weight},
};
use medchain_primitives::{Action, EmergencyReason, Purpose};

use crate::{mock::*, Due, Emergencies, Grants, NextDue, WeightInfo};

fn ask(who: u64) {
    Policy::grant(ALICE, who, Action::View);
    assert_ok!(Emr::request_access(signed(who), XRAY, Purpose::Treatment));
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
        assert_ok!(Emr::break_glass(signed(CLINICIAN), XRAY, EmergencyReason::Other));
        assert_ok!(Emr::deliver_share(signed(CUSTODIAN), XRAY, CLINICIAN, sealed(CLINICIAN)));
        go_to(1 + ACCESS_PERIOD);
        assert!(Grants::<Test>::contains_key(XRAY, READER));
        go_to(2 + ACCESS_PERIOD);
        assert!(!Grants::<Test>::contains_key(XRAY, READER));
        assert!(Grants::<Test>::contains_key(XRAY, OTHER_READER));
        go_to(4 + REVIEW_PERIOD);
        assert_eq!(Grants::<Test>::iter().count(), 0);
        assert_eq!(Emergencies::<Test>::iter().count(), 0);
        assert_eq!(Due::<Test>::iter().count(), 0);
        assert_eq!(NextDue::<Test>::get(), Some(4 + REVIEW_PERIOD));
    });
}

#[test]
fn a_full_block_leaves_the_rest_to_the_next_one() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        for who in [READER, OTHER_READER, CONTACT] {
            ask(who);
        }
        System::set_block_number(100);
        let step = <() as WeightInfo>::process_due();
        let weights: RuntimeDbWeight = <Test as frame_system::Config>::DbWeight::get();
        let read = weights.reads(1);
        assert_eq!(Emr::process_due(100, Weight::zero()), Weight::zero());
        // Blocks 1 to 10 without an entry, and two grants.
        let limit = step.saturating_mul(12).saturating_add(read);
        let used = Emr::process_due(100, limit);
        assert!(used.all_lte(limit));
        assert_eq!(Grants::<Test>::iter().count(), 1);
        Emr::process_due(100, Weight::MAX);
        assert_eq!(Grants::<Test>::iter().count(), 0);
    });
}
