//! `announce` and `cancel`.

use frame_support::{assert_noop, assert_ok, traits::Get};
use medchain_primitives::ChangeId;
use sp_runtime::{traits::Hash, DispatchError::BadOrigin};

use crate::{mock::*, Change, Changes, Error, Event, NextChangeId};

#[test]
fn announcing_fails_when_not_the_council() {
    execute(|| {
        for who in [MINORITY, STRANGER] {
            assert_noop!(Timelock::announce(signed(who), Box::new(store(1))), BadOrigin);
        }
        assert_noop!(Timelock::announce(RuntimeOrigin::root(), Box::new(store(1))), BadOrigin);
    });
}

#[test]
fn cancelling_fails_when_not_the_minority() {
    execute(|| {
        assert_ok!(announce(store(1)));
        for who in [COUNCIL, STRANGER] {
            assert_noop!(Timelock::cancel(signed(who), FIRST), BadOrigin);
        }
    });
}

#[test]
fn announcing_works() {
    execute(|| {
        assert_ok!(announce(store(1)));
        let (enactable_at, expires_at) = (1 + DELAY, 1 + DELAY + ENACT_PERIOD);
        let change = Change { call: store(1), transaction_version: 7, enactable_at, expires_at };
        assert_eq!(Changes::<Test>::get(FIRST), Some(change));
        assert_eq!(stored(), None);
        let call_hash = <Test as frame_system::Config>::Hashing::hash_of(&store(1));
        let change = FIRST;
        assert_eq!(
            events(),
            [Event::ChangeAnnounced { change, call_hash, enactable_at, expires_at }]
        );
    });
}

#[test]
fn the_first_block_can_set_the_delay() {
    chain_with(Some(2)).execute_with(|| {
        assert_ok!(announce(store(1)));
        assert_eq!(Changes::<Test>::get(FIRST).map(|change| change.enactable_at), Some(3));
        assert_eq!(<Timelock as Get<u64>>::get(), 2);
    });
    execute(|| assert_eq!(<Timelock as Get<u64>>::get(), DELAY));
}

#[test]
fn announcing_fails_when_the_call_is_too_long() {
    execute(|| {
        let remark = |length| frame_system::Call::<Test>::remark { remark: vec![0; length] }.into();
        assert_noop!(announce(remark(MAX_BYTES as usize)), Error::<Test>::CallTooLong);
        // Two indices and the length, in two bytes.
        assert_ok!(announce(remark(MAX_BYTES as usize - 4)));
    });
}

#[test]
fn announcing_fails_when_the_call_is_too_heavy() {
    execute(|| {
        MaxTime::set(1);
        assert_noop!(announce(store(1)), Error::<Test>::CallTooHeavy);
    });
}

#[test]
fn announcing_fails_when_too_many_wait() {
    execute(|| {
        for value in 0..MAX_CHANGES {
            assert_ok!(announce(store(value as u8)));
        }
        assert_noop!(announce(store(9)), Error::<Test>::MaxChangesExceeded);
        assert_ok!(Timelock::cancel(signed(MINORITY), FIRST));
        assert_ok!(announce(store(9)));
    });
}

#[test]
fn announcing_fails_when_every_number_is_taken() {
    execute(|| {
        NextChangeId::<Test>::put(ChangeId(u32::MAX));
        assert_noop!(announce(store(1)), Error::<Test>::ChangeIdsExhausted);
    });
}

#[test]
fn a_cancelled_change_is_never_enacted() {
    execute(|| {
        assert_ok!(announce(store(1)));
        events();
        assert_ok!(Timelock::cancel(signed(MINORITY), FIRST));
        assert_eq!(events(), [Event::ChangeCancelled { change: FIRST }]);
        System::set_block_number(1 + DELAY);
        assert_noop!(Timelock::enact(signed(COUNCIL), FIRST), Error::<Test>::ChangeNotFound);
        assert_noop!(Timelock::cancel(signed(MINORITY), FIRST), Error::<Test>::ChangeNotFound);
        assert_eq!(stored(), None);
    });
}
