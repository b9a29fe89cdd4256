//! Who decides on a chain with a council and without sudo.

use codec::Encode;
use frame_support::{
    assert_noop, assert_ok, dispatch::GetDispatchInfo, instances::Instance1, storage::unhashed,
};
use medchain_primitives::ChangeId;
use pallet_collective::RawOrigin;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{
    traits::{BlakeTwo256, Dispatchable, Hash as _},
    BoundedVec, DispatchError, DispatchResult,
};

use super::*;

/// More than half of them are 3, two thirds 4, and more than a third 2.
const COUNCIL: [Sr25519Keyring; 5] = [Alice, Bob, Charlie, Dave, Eve];

fn accounts(of: &[Sr25519Keyring]) -> Vec<AccountId> {
    of.iter().map(|who| who.to_account_id()).collect()
}

/// Runs a test on a chain with the council, without an ethics committee and sudo, at block 1.
pub(super) fn on_a_chain_with_a_council(test: impl FnOnce()) {
    on_a_chain_with_ethics(&[], test);
}

/// Runs a test on a chain with the council, this ethics committee, and without sudo, at block 1.
pub(super) fn on_a_chain_with_ethics(ethics: &[Sr25519Keyring], test: impl FnOnce()) {
    let endowed = Sr25519Keyring::well_known().map(|who| (who.to_account_id(), 100_000 * UNIT));
    let storage = RuntimeGenesisConfig {
        balances: BalancesConfig { balances: endowed.collect(), ..Default::default() },
        council_membership: CouncilMembershipConfig {
            members: BoundedVec::truncate_from(accounts(&COUNCIL)),
            ..Default::default()
        },
        ethics_membership: EthicsMembershipConfig {
            members: BoundedVec::truncate_from(accounts(ethics)),
            ..Default::default()
        },
        emr: EmrConfig { institutions: vec![("clinic".into(), REGISTRAR.to_account_id())] },
        ..Default::default()
    }
    .build_storage()
    .expect("the genesis is valid");
    TestExternalities::new(storage).execute_with(|| {
        System::set_block_number(1);
        test();
    });
}

pub(super) fn signed(who: Sr25519Keyring) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.to_account_id())
}

/// The origin of a motion with so many ayes.
pub(super) fn council(ayes: u32) -> RuntimeOrigin {
    RawOrigin::<AccountId, Instance1>::Members(ayes, 5).into()
}

pub(super) fn dispatch(call: RuntimeCall, origin: RuntimeOrigin) -> DispatchResult {
    call.dispatch(origin).map(|_| ()).map_err(|failed| failed.error)
}

fn announce_default(policy: &AccountId) -> RuntimeCall {
    pallet_emr::Call::<Runtime>::announce_default_policy { policy: Some(policy.clone()) }.into()
}

/// A call that only root may make.
fn store() -> RuntimeCall {
    frame_system::Call::<Runtime>::set_storage { items: vec![(b"key".to_vec(), b"value".to_vec())] }
        .into()
}

pub(super) fn announce(call: RuntimeCall) -> RuntimeCall {
    pallet_timelock::Call::<Runtime>::announce { call: Box::new(call) }.into()
}

#[test]
fn no_part_of_the_council_is_root_at_once() {
    on_a_chain_with_a_council(|| {
        let member = RawOrigin::<AccountId, Instance1>::Member(Alice.to_account_id());
        for origin in [council(5), RuntimeOrigin::from(member), signed(Alice)] {
            assert_eq!(dispatch(store(), origin.clone()), Err(DispatchError::BadOrigin));
            let batch = pallet_utility::Call::<Runtime>::batch_all { calls: vec![store()] };
            assert!(dispatch(batch.into(), origin.clone()).is_err());
            let sudo = pallet_sudo::Call::<Runtime>::sudo { call: Box::new(store()) };
            assert!(dispatch(sudo.into(), origin).is_err());
        }
        assert!(!unhashed::exists(b"key"));
    });
}

#[test]
fn two_thirds_change_what_root_can_after_a_week_in_public() {
    on_a_chain_with_a_council(|| {
        assert_eq!(dispatch(announce(store()), council(3)), Err(DispatchError::BadOrigin));
        assert_eq!(dispatch(announce(store()), signed(Alice)), Err(DispatchError::BadOrigin));
        assert_ok!(dispatch(announce(store()), council(4)));
        System::set_block_number(7 * DAYS);
        assert_noop!(
            Timelock::enact(signed(Alice), ChangeId(0)),
            pallet_timelock::Error::<Runtime>::ChangeNotDue
        );
        System::set_block_number(7 * DAYS + 1);
        assert_ok!(Timelock::enact(signed(STRANGER), ChangeId(0)));
        assert!(unhashed::exists(b"key"));
    });
}

#[test]
fn more_than_a_third_stops_what_was_announced() {
    on_a_chain_with_a_council(|| {
        assert_ok!(dispatch(announce(store()), council(4)));
        assert_ok!(dispatch(announce_default(&STRANGER.to_account_id()), council(3)));
        let cancel = || -> RuntimeCall {
            pallet_timelock::Call::<Runtime>::cancel { change: ChangeId(0) }.into()
        };
        let cancel_default =
            || -> RuntimeCall { pallet_emr::Call::<Runtime>::cancel_default_policy {}.into() };
        for origin in [council(1), signed(Alice)] {
            assert_eq!(dispatch(cancel(), origin.clone()), Err(DispatchError::BadOrigin));
            assert_eq!(dispatch(cancel_default(), origin), Err(DispatchError::BadOrigin));
        }
        assert_ok!(dispatch(cancel(), council(2)));
        assert_ok!(dispatch(cancel_default(), council(2)));
        System::set_block_number(8 * DAYS);
        assert!(Timelock::enact(signed(Alice), ChangeId(0)).is_err());
        assert!(Emr::enact_default_policy(signed(Alice)).is_err());
    });
}

#[test]
fn a_minority_governs_nothing() {
    on_a_chain_with_a_council(|| {
        let name = BoundedVec::truncate_from(b"theirs".to_vec());
        let registrar = Eve.to_account_id();
        let calls: [RuntimeCall; 4] = [
            announce_default(&registrar),
            pallet_emr::Call::<Runtime>::admit_institution { name, registrar }.into(),
            pallet_emr::Call::<Runtime>::remove_institution { institution: CLINIC }.into(),
            pallet_inference::Call::<Runtime>::set_model_status {
                model: medchain_primitives::ModelId(0),
                status: medchain_primitives::ModelStatus::Retired,
            }
            .into(),
        ];
        for call in calls {
            for origin in [council(2), signed(Alice)] {
                assert_eq!(dispatch(call.clone(), origin), Err(DispatchError::BadOrigin));
            }
            assert_ne!(dispatch(call, council(3)), Err(DispatchError::BadOrigin));
        }
    });
}

#[test]
fn a_default_policy_opens_nobody_at_once() {
    on_a_chain_with_a_council(|| {
        // Anything but a contract at the address denies; what matters is which one is in force.
        register(None);
        assert_ok!(dispatch(announce_default(&STRANGER.to_account_id()), council(5)));
        assert_eq!(Emr::policy_of(&PATIENT.to_account_id()), None);
        assert_ok!(Emr::allow_nobody(signed(PATIENT)));
        System::set_block_number(7 * DAYS + 1);
        assert_ok!(Emr::enact_default_policy(signed(STRANGER)));
        assert_eq!(Emr::policy_of(&PATIENT.to_account_id()), None);
        assert_eq!(Emr::policy_of(&TECHNICIAN.to_account_id()), Some(STRANGER.to_account_id()));
    });
}

#[test]
fn members_change_after_the_delay_and_in_one_place() {
    on_a_chain_with_a_council(|| {
        let add = |who: Sr25519Keyring| -> RuntimeCall {
            pallet_membership::Call::<Runtime, Instance1>::add_member {
                who: who.to_account_id().into(),
            }
            .into()
        };
        // All of them could otherwise remove those who would cancel what they announce.
        assert_eq!(dispatch(add(Ferdie), council(5)), Err(DispatchError::BadOrigin));
        let announce = pallet_timelock::Call::<Runtime>::announce { call: Box::new(add(Ferdie)) };
        assert_ok!(dispatch(announce.into(), council(4)));
        System::set_block_number(System::block_number() + 7 * DAYS);
        assert_ok!(Timelock::enact(signed(STRANGER), medchain_primitives::ChangeId(0)));
        let members = pallet_collective::Members::<Runtime, Instance1>::get();
        assert!(members.contains(&Ferdie.to_account_id()));
        assert_eq!(members, pallet_membership::Members::<Runtime, Instance1>::get().to_vec());
        for origin in [council(5), RuntimeOrigin::root()] {
            let replace = pallet_collective::Call::<Runtime, Instance1>::set_members {
                new_members: accounts(&[Ferdie]),
                prime: None,
                old_count: 6,
            };
            assert_eq!(dispatch(replace.into(), origin), Err(DispatchError::BadOrigin));
        }
    });
}

#[test]
fn a_motion_passes_with_the_votes_that_were_cast() {
    on_a_chain_with_a_council(|| {
        let call = announce_default(&STRANGER.to_account_id());
        let (length, weight) = (call.encoded_size() as u32, call.get_dispatch_info().call_weight);
        let hash = BlakeTwo256::hash_of(&call);
        assert_ok!(Council::propose(signed(Alice), 3, Box::new(call), length));
        let close = || Council::close(signed(STRANGER), hash, 0, weight, length + 4);
        for who in [Alice, Bob] {
            assert_ok!(Council::vote(signed(who), hash, 0, true));
        }
        assert!(Council::vote(signed(Ferdie), hash, 0, true).is_err());
        assert!(close().is_err());
        assert_ok!(Council::vote(signed(Charlie), hash, 0, true));
        assert_ok!(close());
        assert!(pallet_emr::PendingDefaultPolicy::<Runtime>::exists());
    });
}

#[test]
fn silence_is_no() {
    on_a_chain_with_a_council(|| {
        let call = announce_default(&STRANGER.to_account_id());
        let (length, weight) = (call.encoded_size() as u32, call.get_dispatch_info().call_weight);
        let hash = BlakeTwo256::hash_of(&call);
        assert_ok!(Council::propose(signed(Alice), 3, Box::new(call), length));
        for who in [Alice, Bob] {
            assert_ok!(Council::vote(signed(who), hash, 0, true));
        }
        System::set_block_number(8 * DAYS);
        assert_ok!(Council::close(signed(STRANGER), hash, 0, weight, length + 4));
        assert!(!pallet_emr::PendingDefaultPolicy::<Runtime>::exists());
    });
}

#[test]
fn a_threshold_of_one_is_no_majority() {
    on_a_chain_with_a_council(|| {
        // The call is made at once, with one aye of five, and fails.
        let call = announce_default(&STRANGER.to_account_id());
        let length = call.encoded_size() as u32;
        assert_ok!(Council::propose(signed(Alice), 1, Box::new(call), length));
        assert!(!pallet_emr::PendingDefaultPolicy::<Runtime>::exists());
    });
}

#[test]
fn without_a_key_nobody_can_use_sudo() {
    on_a_chain_with_a_council(|| {
        assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
        for who in COUNCIL {
            assert_noop!(
                Sudo::sudo(signed(who), Box::new(store())),
                pallet_sudo::Error::<Runtime>::RequireSudo
            );
            assert_noop!(
                Sudo::set_key(signed(who), who.to_account_id().into()),
                pallet_sudo::Error::<Runtime>::RequireSudo
            );
        }
    });
}

#[test]
fn the_longest_change_of_code_fits() {
    on_a_chain_with_a_council(|| {
        let upgrade =
            frame_system::Call::<Runtime>::authorize_upgrade { code_hash: Hash::repeat_byte(7) };
        assert_ok!(dispatch(announce(upgrade.into()), council(4)));
        // The code itself does not: it is applied by anybody once its hash is authorised.
        let code = vec![0; 1024 * 1024];
        let whole = announce(frame_system::Call::<Runtime>::set_code { code }.into());
        assert_eq!(
            dispatch(whole, council(5)),
            Err(pallet_timelock::Error::<Runtime>::CallTooLong.into())
        );
        System::set_block_number(7 * DAYS + 1);
        assert_ok!(Timelock::enact(signed(STRANGER), ChangeId(0)));
        assert!(System::authorized_upgrade().is_some());
    });
}
