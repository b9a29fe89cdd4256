//! `enact` and `remove_expired`.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{mock::*, Changes, Error, Event};

#[test]
fn enacting_fails_too_early_and_too_late() {
    execute(|| {
        assert_ok!(announce(store(1)));
        for block in [1, DELAY] {
            System::set_block_number(block);
            for who in [COUNCIL, MINORITY, STRANGER] {
                assert_noop!(Timelock::enact(signed(who), FIRST), Error::<Test>::ChangeNotDue);
            }
        }
        System::set_block_number(1 + DELAY + ENACT_PERIOD + 1);
        assert_noop!(Timelock::enact(signed(COUNCIL), FIRST), Error::<Test>::ChangeExpired);
        assert_eq!(stored(), None);
    });
}

#[test]
fn enacting_works_for_anybody_in_the_first_block_and_the_last() {
    for block in [1 + DELAY, 1 + DELAY + ENACT_PERIOD] {
        execute(|| {
            assert_ok!(announce(store(7)));
            System::set_block_number(block);
            events();
            assert_ok!(Timelock::enact(signed(STRANGER), FIRST));
            assert_eq!(stored(), Some(7));
            assert_eq!(Changes::<Test>::count(), 0);
            assert_eq!(events(), [Event::ChangeEnacted { change: FIRST, result: Ok(()) }]);
            assert_noop!(Timelock::enact(signed(STRANGER), FIRST), Error::<Test>::ChangeNotFound);
        });
    }
}

#[test]
fn a_call_that_fails_is_over_and_says_so() {
    execute(|| {
        // The signed origin that it asks for is not root's.
        let call = crate::Call::<Test>::remove_expired { change: FIRST }.into();
        assert_ok!(announce(call));
        System::set_block_number(1 + DELAY);
        events();
        assert_ok!(Timelock::enact(signed(STRANGER), FIRST));
        let result = Err(DispatchError::BadOrigin);
        assert_eq!(events(), [Event::ChangeEnacted { change: FIRST, result }]);
        assert_eq!(Changes::<Test>::count(), 0);
    });
}

#[test]
fn enacting_fails_when_the_calls_of_the_runtime_changed() {
    execute(|| {
        assert_ok!(announce(store(1)));
        System::set_block_number(1 + DELAY);
        TransactionVersion::set(8);
        assert_noop!(Timelock::enact(signed(COUNCIL), FIRST), Error::<Test>::ChangeOutdated);
        assert_ok!(Timelock::cancel(signed(MINORITY), FIRST));
    });
}

#[test]
fn enacting_fails_when_the_call_became_too_heavy() {
    execute(|| {
        assert_ok!(announce(store(1)));
        System::set_block_number(1 + DELAY);
        MaxTime::set(1);
        assert_noop!(Timelock::enact(signed(COUNCIL), FIRST), Error::<Test>::CallTooHeavy);
    });
}

#[test]
fn what_was_not_enacted_can_be_removed() {
    execute(|| {
        assert_ok!(announce(store(1)));
        System::set_block_number(1 + DELAY + ENACT_PERIOD);
        let early = Timelock::remove_expired(signed(STRANGER), FIRST);
        assert_noop!(early, Error::<Test>::ChangeNotExpired);
        System::set_block_number(1 + DELAY + ENACT_PERIOD + 1);
        events();
        assert_ok!(Timelock::remove_expired(signed(STRANGER), FIRST));
        assert_eq!(events(), [Event::ChangeExpired { change: FIRST }]);
        assert_noop!(
            Timelock::remove_expired(signed(STRANGER), FIRST),
            Error::<Test>::ChangeNotFound
        );
    });
}
