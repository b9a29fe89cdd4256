//! Calls that a stranger nests so deep that FRAME's own limit hits a part of them.

use super::*;
use crate::nesting::MAX_LAYERS;
use frame_support::assert_ok;
use frame_system::RawOrigin;
use sp_runtime::traits::Dispatchable;

fn signed(who: Sr25519Keyring) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.to_account_id())
}

/// A call in this many batches.
fn batched(call: RuntimeCall, batches: u32) -> RuntimeCall {
    (0..batches)
        .fold(call, |call, _| pallet_utility::Call::<Runtime>::batch { calls: vec![call] }.into())
}

const KEY: &[u8] = b"written by root";

fn announce_by_root() {
    let items = vec![(KEY.to_vec(), vec![1])];
    let write = frame_system::Call::<Runtime>::set_storage { items };
    let announce = pallet_timelock::Call::<Runtime>::announce { call: Box::new(write.into()) };
    assert_ok!(RuntimeCall::from(announce).dispatch(RawOrigin::Root.into()));
}

#[test]
fn a_change_of_root_is_not_used_up_by_whoever_enacts_it_from_the_depth() {
    development_chain().execute_with(|| {
        announce_by_root();
        let waiting = || pallet_timelock::Changes::<Runtime>::iter().next();
        let (change, found) = waiting().expect("it was announced");
        System::set_block_number(found.enactable_at);
        let enact = RuntimeCall::from(pallet_timelock::Call::<Runtime>::enact { change });
        for batches in [MAX_LAYERS + 1, 100, 252, 253, 254, 255] {
            let _ = batched(enact.clone(), batches).dispatch(signed(STRANGER));
            assert!(waiting().is_some(), "{batches}");
        }
        assert_ok!(batched(enact, 3).dispatch(signed(STRANGER)));
        assert!(waiting().is_none());
        assert!(sp_io::storage::get(KEY).is_some(), "its call was made");
    });
}

#[test]
fn whatever_is_too_deep_is_refused_by_name() {
    development_chain().execute_with(|| {
        let remark = frame_system::Call::<Runtime>::remark { remark: vec![] };
        let all = pallet_utility::Call::<Runtime>::batch_all { calls: vec![remark.clone().into()] };
        assert_ok!(batched(all.clone().into(), MAX_LAYERS - 1).dispatch(signed(STRANGER)));
        sp_io::storage::set(
            frame_support::storage::transactional::TRANSACTION_LEVEL_KEY,
            &codec::Encode::encode(&(MAX_LAYERS + 1)),
        );
        let refused = RuntimeCall::from(remark).dispatch(signed(STRANGER));
        assert_eq!(
            refused.map_err(|failed| failed.error),
            Err(frame_system::Error::<Runtime>::CallFiltered.into())
        );
    });
}
