//! Who judges emergencies: the ethics committee, and the council while there is none.

use codec::Encode;
use frame_support::{
    assert_noop, assert_ok,
    dispatch::GetDispatchInfo,
    instances::{Instance1, Instance2},
    storage::unhashed,
    traits::{BeforeAllRuntimeMigrations, GetStorageVersion, PalletInfoAccess},
};
use medchain_primitives::{ChangeId, EmergencyId, EmergencyReason, RelationKind};
use pallet_collective::RawOrigin;
use pallet_custody::EmergencyStatus;
use sp_keyring::Sr25519Keyring::{
    Alice, AliceStash, Bob, BobStash, Charlie, CharlieStash, Dave, DaveStash, Eve, EveStash,
    Ferdie, FerdieStash,
};
use sp_runtime::{
    traits::{BlakeTwo256, Hash as _},
    DispatchError,
};

use super::{
    council::{announce, council, dispatch, on_a_chain_with_ethics, signed},
    custodians::{choose_custodians, deliver_share, entrust, go_to, reply_key_of},
    *,
};
use crate::configs::EthicsMajority;

/// More than half of the first three are 2, of all five 3.
const ETHICS: [Sr25519Keyring; 5] = [BobStash, CharlieStash, DaveStash, EveStash, FerdieStash];
const COUNCIL: [Sr25519Keyring; 5] = [Alice, Bob, Charlie, Dave, Eve];
/// Breaks the glass.
const CONTACT: Sr25519Keyring = AliceStash;
const EMERGENCY: EmergencyId = EmergencyId(0);

type Membership = pallet_membership::Call<Runtime, Instance2>;
type CouncilMembers = pallet_membership::Call<Runtime, Instance1>;

/// Runs a test on a chain with the first `ethics` members in the committee, and an emergency that
/// nobody reviewed.
fn with_an_emergency(ethics: usize, test: impl FnOnce()) {
    on_a_chain_with_ethics(&ETHICS[..ethics], || {
        register(None);
        let contact = CONTACT.to_account_id();
        assert_ok!(Emr::set_relation(signed(PATIENT), contact, RelationKind::Partner, true));
        choose_custodians(&[Ferdie], 1);
        assert_ok!(add_record(PATIENT));
        entrust(RecordId(0));
        let (patient, reason) = (PATIENT.to_account_id(), EmergencyReason::Other);
        assert_ok!(Custody::break_glass(signed(CONTACT), patient, reason));
        let reply = reply_key_of(CONTACT);
        assert_ok!(Custody::request_in_emergency(signed(CONTACT), RecordId(0), reply));
        assert_ok!(deliver_share(Ferdie, RecordId(0), CONTACT));
        assert_eq!(dispatch(judge(false), RuntimeOrigin::root()), Err(not_yet()), "reviews first");
        go_to(7 * DAYS + 2);
        assert!(is_escalated());
        test();
        assert_ok!(Custody::do_try_state());
    });
}

/// What judging an emergency gives that the patient can still review.
fn not_yet() -> DispatchError {
    pallet_custody::Error::<Runtime>::EmergencyNotEscalated.into()
}

fn is_escalated() -> bool {
    pallet_custody::Emergencies::<Runtime>::get(EMERGENCY)
        .is_some_and(|one| one.status == EmergencyStatus::Escalated)
}

fn judge(accepted: bool) -> RuntimeCall {
    pallet_custody::Call::<Runtime>::judge_emergency { emergency: EMERGENCY, accepted }.into()
}

fn lift() -> RuntimeCall {
    let account = CONTACT.to_account_id();
    pallet_custody::Call::<Runtime>::lift_suspension { account }.into()
}

/// The origin of a motion of the committee, with so many ayes of so many members.
fn committee(ayes: u32, members: u32) -> RuntimeOrigin {
    RawOrigin::<AccountId, Instance2>::Members(ayes, members).into()
}

/// The members who can vote.
fn seated() -> Vec<AccountId> {
    pallet_collective::Members::<Runtime, Instance2>::get()
}

fn is_seated(who: Sr25519Keyring) -> bool {
    seated().contains(&who.to_account_id())
}

fn add(who: Sr25519Keyring) -> RuntimeCall {
    Membership::add_member { who: who.to_account_id().into() }.into()
}

fn remove(who: Sr25519Keyring) -> RuntimeCall {
    Membership::remove_member { who: who.to_account_id().into() }.into()
}

fn by_root(call: RuntimeCall) {
    assert_ok!(dispatch(call, RuntimeOrigin::root()));
}

/// A motion of the committee to reject the emergency.
struct Judgement {
    hash: Hash,
    weight: frame_support::weights::Weight,
    length: u32,
}

impl Judgement {
    fn propose(by: Sr25519Keyring, threshold: u32) -> Self {
        let call = judge(false);
        let (length, weight) = (call.encoded_size() as u32, call.get_dispatch_info().call_weight);
        let hash = BlakeTwo256::hash_of(&call);
        assert_ok!(EthicsCommittee::propose(signed(by), threshold, Box::new(call), length));
        Self { hash, weight, length }
    }

    fn vote(&self, who: Sr25519Keyring) -> Result<(), DispatchError> {
        EthicsCommittee::vote(signed(who), self.hash, 0, true)
            .map(|_| ())
            .map_err(|failed| failed.error)
    }

    /// Anybody closes it.
    fn close(&self) -> Result<(), DispatchError> {
        EthicsCommittee::close(signed(STRANGER), self.hash, 0, self.weight, self.length + 4)
            .map(|_| ())
            .map_err(|failed| failed.error)
    }
}

#[test]
fn more_than_half_of_the_committee_judges() {
    with_an_emergency(3, || {
        let issued = Balances::total_issuance();
        assert_ok!(dispatch(judge(false), committee(2, 3)));
        assert_eq!(Balances::total_issuance(), issued - 10 * UNIT, "the bond is burned");
        assert_eq!(pallet_custody::Rejections::<Runtime>::get(CONTACT.to_account_id()), 1);
        assert!(dispatch(judge(false), committee(2, 3)).is_err(), "once");
        assert_ok!(dispatch(lift(), committee(2, 3)));
        assert_eq!(pallet_custody::Rejections::<Runtime>::get(CONTACT.to_account_id()), 0);
    });
    with_an_emergency(5, || {
        assert_eq!(dispatch(judge(true), committee(2, 5)), Err(DispatchError::BadOrigin));
        assert_ok!(dispatch(judge(true), committee(3, 5)));
    });
}

/// All of the council, one member of the committee, and whoever is concerned.
#[test]
fn nobody_else_judges() {
    with_an_emergency(3, || {
        let member = RawOrigin::<AccountId, Instance2>::Member(BobStash.to_account_id());
        let councillor = RawOrigin::<AccountId, Instance1>::Member(Alice.to_account_id());
        appoint(FerdieStash, Role::Clinician);
        let origins = [
            council(5),
            council(3),
            councillor.into(),
            committee(1, 3),
            member.into(),
            signed(BobStash),
            signed(Alice),
            // A clinician of an institution, and its registrar.
            signed(FerdieStash),
            signed(REGISTRAR),
            signed(CONTACT),
            signed(PATIENT),
            RuntimeOrigin::none(),
        ];
        for origin in origins {
            for call in [judge(true), judge(false), lift()] {
                assert_eq!(dispatch(call, origin.clone()), Err(DispatchError::BadOrigin));
            }
        }
        assert!(is_escalated());
    });
}

#[test]
fn members_vote_on_a_judgement_and_others_do_not() {
    with_an_emergency(3, || {
        let not_member: DispatchError =
            pallet_collective::Error::<Runtime, Instance2>::NotMember.into();
        for who in [Alice, CONTACT, EveStash, STRANGER] {
            assert_noop!(
                EthicsCommittee::propose(signed(who), 2, Box::new(judge(false)), 1_000),
                not_member
            );
        }
        let motion = Judgement::propose(BobStash, 2);
        assert_ok!(motion.vote(BobStash));
        for who in [Alice, Bob, CONTACT, EveStash] {
            assert_eq!(motion.vote(who), Err(not_member));
        }
        assert!(motion.close().is_err(), "one of three");
        assert_ok!(motion.vote(CharlieStash));
        assert_ok!(motion.close());
        assert!(!pallet_custody::Emergencies::<Runtime>::contains_key(EMERGENCY));
    });
}

#[test]
fn a_threshold_of_one_judges_nothing() {
    with_an_emergency(3, || {
        // The call is made at once, with one aye of three, and fails.
        let call = judge(false);
        let length = call.encoded_size() as u32;
        assert_ok!(EthicsCommittee::propose(signed(BobStash), 1, Box::new(call), length));
        assert!(is_escalated());
    });
}

#[test]
fn the_vote_of_a_removed_member_does_not_count() {
    with_an_emergency(4, || {
        let motion = Judgement::propose(BobStash, 3);
        for who in [BobStash, CharlieStash] {
            assert_ok!(motion.vote(who));
        }
        by_root(remove(BobStash));
        assert_eq!(
            motion.vote(BobStash),
            Err(pallet_collective::Error::<Runtime, Instance2>::NotMember.into())
        );
        assert_ok!(motion.vote(DaveStash));
        assert!(motion.close().is_err(), "two of three, and three are asked for");
        assert_ok!(motion.vote(EveStash));
        assert_ok!(motion.close());
    });
}

/// A motion from when the committee was smaller.
#[test]
fn an_old_threshold_is_not_enough_in_a_larger_committee() {
    with_an_emergency(3, || {
        let motion = Judgement::propose(BobStash, 2);
        for who in [BobStash, CharlieStash] {
            assert_ok!(motion.vote(who));
        }
        for who in [EveStash, FerdieStash] {
            by_root(add(who));
        }
        assert_ok!(motion.close());
        assert!(is_escalated(), "its call was made with two of five, and failed");
    });
}

/// Also the answer on a chain that was upgraded from a release without a committee.
#[test]
fn while_the_committee_is_too_small_the_council_judges() {
    for members in 0..3 {
        with_an_emergency(members, || {
            assert!(!EthicsMajority::is_committee());
            let all = members as u32;
            for origin in [committee(all, all), council(2), signed(Alice), signed(BobStash)] {
                for call in [judge(false), lift()] {
                    assert_eq!(dispatch(call, origin.clone()), Err(DispatchError::BadOrigin));
                }
            }
            assert_ok!(dispatch(judge(false), council(3)));
            assert_ok!(dispatch(lift(), council(3)));
        });
    }
}

/// One body at a time, also for an emergency that waits meanwhile.
#[test]
fn who_judges_changes_with_the_number_of_members() {
    with_an_emergency(3, || {
        let refused = |origin| {
            assert_eq!(dispatch(judge(true), origin), Err(DispatchError::BadOrigin));
        };
        refused(council(5));
        by_root(remove(BobStash));
        refused(committee(2, 2));
        by_root(add(EveStash));
        refused(council(5));
        by_root(remove(EveStash));
        assert_ok!(dispatch(judge(true), council(3)));
    });
}

/// Silence is no rejection, whoever was silent.
#[test]
fn an_emergency_of_which_the_committee_says_nothing_ends() {
    for members in [0, 3] {
        with_an_emergency(members, || {
            let entry = pallet_custody::Emergencies::<Runtime>::get(EMERGENCY).expect("it waits");
            let issued = Balances::total_issuance();
            go_to(entry.review_until + 1);
            assert!(!pallet_custody::Emergencies::<Runtime>::contains_key(EMERGENCY));
            assert_eq!(Balances::total_issuance(), issued, "the bond went back");
        });
    }
}

/// Half of the council would otherwise remove the committee, judge, and appoint it again.
#[test]
fn no_part_of_the_council_changes_the_committee_at_once() {
    with_an_emergency(3, || {
        let calls: [RuntimeCall; 5] = [
            add(EveStash),
            remove(BobStash),
            Membership::swap_member {
                remove: BobStash.to_account_id().into(),
                add: EveStash.to_account_id().into(),
            }
            .into(),
            Membership::reset_members { members: vec![] }.into(),
            pallet_collective::Call::<Runtime, Instance2>::set_members {
                new_members: vec![],
                prime: None,
                old_count: 3,
            }
            .into(),
        ];
        for call in calls {
            for origin in [council(5), council(3), committee(3, 3), signed(Alice)] {
                assert_eq!(dispatch(call.clone(), origin), Err(DispatchError::BadOrigin));
            }
        }
        let batch = pallet_utility::Call::<Runtime>::batch_all {
            calls: vec![remove(BobStash), judge(false)],
        };
        assert!(dispatch(batch.into(), council(5)).is_err());
        assert!(is_escalated());

        // Two thirds do, in public, after a week.
        assert_eq!(dispatch(announce(remove(BobStash)), council(3)), Err(DispatchError::BadOrigin));
        assert_ok!(dispatch(announce(remove(BobStash)), council(4)));
        assert_noop!(
            Timelock::enact(signed(STRANGER), ChangeId(0)),
            pallet_timelock::Error::<Runtime>::ChangeNotDue
        );
        assert_eq!(seated(), accounts(&ETHICS[..3]));
        // And a minority stops them.
        assert_ok!(Timelock::cancel(council(2), ChangeId(0)));
        assert_ok!(dispatch(announce(remove(BobStash)), council(4)));
        System::set_block_number(System::block_number() + 7 * DAYS);
        assert_ok!(Timelock::enact(signed(STRANGER), ChangeId(1)));
        assert_eq!(seated(), accounts(&ETHICS[1..3]));
    });
}

/// The accounts in the order of the members.
fn accounts(of: &[Sr25519Keyring]) -> Vec<AccountId> {
    let mut accounts: Vec<_> = of.iter().map(|who| who.to_account_id()).collect();
    accounts.sort();
    accounts
}

/// An account on both lists sits in the council alone, in whichever order it got there.
#[test]
fn nobody_sits_in_both() {
    on_a_chain_with_ethics(&ETHICS[..3], || {
        by_root(add(Alice));
        assert!(!is_seated(Alice), "of the council");
        let join = |who: Sr25519Keyring| -> RuntimeCall {
            CouncilMembers::add_member { who: who.to_account_id().into() }.into()
        };
        let leave = |who: Sr25519Keyring| -> RuntimeCall {
            CouncilMembers::remove_member { who: who.to_account_id().into() }.into()
        };
        by_root(leave(Alice));
        assert!(is_seated(Alice), "no longer");
        by_root(join(BobStash));
        assert!(!is_seated(BobStash) && is_seated(Alice));
        by_root(leave(BobStash));
        assert!(is_seated(BobStash));
        let swap = CouncilMembers::swap_member {
            remove: Bob.to_account_id().into(),
            add: CharlieStash.to_account_id().into(),
        };
        by_root(swap.into());
        assert!(!is_seated(CharlieStash));
        let reset = CouncilMembers::reset_members { members: accounts(&[DaveStash, Eve]) };
        by_root(reset.into());
        assert!(is_seated(CharlieStash) && !is_seated(DaveStash));
        by_root(Membership::reset_members { members: accounts(&[DaveStash, Eve, Dave]) }.into());
        assert_eq!(seated(), accounts(&[Dave]));
    });
    // In the first block as well.
    on_a_chain_with_ethics(&[Alice, BobStash, CharlieStash, DaveStash], || {
        assert_eq!(seated(), accounts(&ETHICS[..3]));
    });
}

/// The votes of a seat that rests do not count.
#[test]
fn a_member_of_the_committee_who_joins_the_council_loses_the_vote() {
    with_an_emergency(4, || {
        let motion = Judgement::propose(BobStash, 3);
        for who in [BobStash, CharlieStash, DaveStash] {
            assert_ok!(motion.vote(who));
        }
        let join = CouncilMembers::add_member { who: BobStash.to_account_id().into() };
        by_root(join.into());
        assert!(motion.close().is_err());
        assert!(is_escalated());
    });
}

/// Members hand their seats on at once, but not to the other body: that would empty a seat of it.
#[test]
fn a_seat_is_not_handed_to_a_member_of_the_other_body() {
    with_an_emergency(3, || {
        let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
        let council_to = |new: Sr25519Keyring| -> RuntimeCall {
            CouncilMembers::change_key { new: new.to_account_id().into() }.into()
        };
        let ethics_to = |new: Sr25519Keyring| -> RuntimeCall {
            Membership::change_key { new: new.to_account_id().into() }.into()
        };
        for who in COUNCIL {
            let handed = dispatch(council_to(BobStash), signed(who));
            assert_eq!(handed, Err(filtered));
        }
        assert_eq!(dispatch(ethics_to(Alice), signed(BobStash)), Err(filtered));
        // Nor in a batch, or by somebody's proxy.
        let batch =
            pallet_utility::Call::<Runtime>::batch_all { calls: vec![council_to(BobStash)] };
        assert_eq!(dispatch(batch.into(), signed(Alice)), Err(filtered));
        let any = crate::configs::ProxyType::Any;
        assert_ok!(Proxy::add_proxy(signed(Alice), STRANGER.to_account_id().into(), any, 0));
        let real = Alice.to_account_id().into();
        let call = Box::new(council_to(BobStash));
        assert_ok!(Proxy::proxy(signed(STRANGER), real, None, call));
        assert!(EthicsMajority::is_committee());
        assert_eq!(dispatch(judge(false), council(5)), Err(DispatchError::BadOrigin));

        // To others they do, and the lists are the same.
        assert_ok!(dispatch(council_to(FerdieStash), signed(Alice)));
        assert_ok!(dispatch(ethics_to(EveStash), signed(BobStash)));
        assert_eq!(seated(), accounts(&[CharlieStash, DaveStash, EveStash]));
        let members = pallet_membership::Members::<Runtime, Instance1>::get();
        assert_eq!(pallet_collective::Members::<Runtime, Instance1>::get(), members.to_vec());
    });
}

#[test]
fn no_more_than_nine_sit_in_the_committee() {
    on_a_chain_with_ethics(&ETHICS, || {
        let reset = |count: u8| -> RuntimeCall {
            let members = (0..count).map(|number| AccountId::new([number; 32])).collect();
            Membership::reset_members { members }.into()
        };
        by_root(reset(9));
        assert_eq!(seated().len(), crate::configs::MAX_ETHICS_MEMBERS as usize);
        assert_eq!(
            dispatch(reset(10), RuntimeOrigin::root()),
            Err(pallet_membership::Error::<Runtime, Instance2>::TooManyMembers.into())
        );
    });
}

/// As after an upgrade from a release that does not have these pallets.
#[test]
fn a_chain_without_the_pallets_needs_no_migration() {
    with_an_emergency(0, || {
        for prefix in [EthicsCommittee::name_hash(), EthicsMembership::name_hash()] {
            let _ = unhashed::clear_prefix(&prefix, None, None);
        }
        AllPalletsWithSystem::before_all_runtime_migrations();
        assert_eq!(
            EthicsCommittee::on_chain_storage_version(),
            EthicsCommittee::in_code_storage_version()
        );
        assert_eq!(
            EthicsMembership::on_chain_storage_version(),
            EthicsMembership::in_code_storage_version()
        );
        assert!(seated().is_empty());
        // Then the council judges, until a committee is appointed.
        for who in &ETHICS[..3] {
            by_root(add(*who));
        }
        assert_eq!(dispatch(judge(false), council(5)), Err(DispatchError::BadOrigin));
        assert_ok!(dispatch(judge(false), committee(2, 3)));
    });
}
