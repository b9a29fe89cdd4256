//! Random sequences of deeds by random accounts, in the runtime and the model.

use medchain_primitives::Role;
use proptest::{collection, prelude::*, sample::select};
use sp_keyring::Sr25519Keyring as Who;

use super::{
    model::{Deed, PATIENT},
    table::{Both, CLINICIAN, CONTACT, CUSTODIANS, EVERYBODY, GRANTEE, GUARDIAN, TECHNICIAN},
};
use crate::tests::development_chain;

/// The accounts that work most often: they meet their places.
const WORKERS: [Who; 3] = [GRANTEE, CLINICIAN, Who::Eve];
/// The accounts that are delegates most often.
const DELEGATES: [Who; 2] = [GUARDIAN, CONTACT];

/// One step of a sequence.
#[derive(Clone, Copy, Debug)]
enum Step {
    Act(Who, Deed),
    Grant(Who, u8, Option<u32>),
    Revoke(Who),
    Delegate(Who, u8, Option<u32>),
    Dismiss(Who),
    GrantAs(Who, Who, u8, Option<u32>),
    RevokeAs(Who, Who),
    Seat(Who, usize, bool, u32),
    Leave(usize),
    Role(Who, Role, bool),
    Judge(usize, bool),
    Forgive(Who),
    Wait(u32),
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![2 => Just(PATIENT), 5 => select(&EVERYBODY[..])]
}

/// Most often the first record, which is entrusted.
fn record() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0usize), 2 => 0..4usize]
}

fn custodian() -> impl Strategy<Value = Who> {
    prop_oneof![6 => select(&CUSTODIANS[..]), 1 => who()]
}

fn worker() -> impl Strategy<Value = Who> {
    prop_oneof![8 => select(&WORKERS[..]), 1 => who()]
}

fn delegate() -> impl Strategy<Value = Who> {
    prop_oneof![6 => select(&DELEGATES[..]), 1 => who()]
}

/// A set of actions, often with those that open a film.
fn actions() -> impl Strategy<Value = u8> {
    prop_oneof![3 => 1u8..64, 1 => Just(0b01_0001u8)]
}

fn deed() -> impl Strategy<Value = (Who, Deed)> {
    prop_oneof![
        16 => patients_and_readers(),
        4 => workers_and_custodians(),
        1 => versions_and_nobody(),
    ]
}

fn versions_and_nobody() -> impl Strategy<Value = (Who, Deed)> {
    prop_oneof![
        4 => (prop_oneof![3 => Just(PATIENT), 1 => who()], record())
            .prop_map(|(who, id)| (who, Deed::Restore(id))),
        2 => (who(), record()).prop_map(|(who, id)| (who, Deed::Withdraw(id))),
        1 => who().prop_map(|who| (who, Deed::AllowNobody)),
    ]
}

fn workers_and_custodians() -> impl Strategy<Value = (Who, Deed)> {
    prop_oneof![
        6 => (worker(), 0..4usize).prop_map(|(who, place)| (who, Deed::Work(place))),
        3 => (worker(), 0..4usize).prop_map(|(who, place)| (who, Deed::Seal(place))),
        1 => (who(), 0..4usize).prop_map(|(who, place)| (who, Deed::Seal(place))),
        3 => (custodian(), record(), worker())
            .prop_map(|(who, id, subject)| (who, Deed::Deliver(id, subject))),
        2 => (who(), record(), worker())
            .prop_map(|(who, id, subject)| (who, Deed::Expire(id, subject))),
        1 => custodian().prop_map(|who| (who, Deed::Retire)),
        2 => custodian().prop_map(|who| (who, Deed::Register)),
        1 => custodian().prop_map(|who| (who, Deed::Decline(true))),
        2 => custodian().prop_map(|who| (who, Deed::Decline(false))),
    ]
}

fn patients_and_readers() -> impl Strategy<Value = (Who, Deed)> {
    prop_oneof![
        1 => who().prop_map(|who| (who, Deed::Append(false))),
        2 => who().prop_map(|who| (who, Deed::Append(true))),
        2 => (who(), record()).prop_map(|(who, id)| (who, Deed::Amend(id))),
        2 => (who(), record()).prop_map(|(who, id)| (who, Deed::Share(id))),
        6 => (who(), record()).prop_map(|(who, id)| (who, Deed::View(id))),
        3 => (who(), record()).prop_map(|(who, id)| (who, Deed::Renew(id))),
        1 => (who(), record()).prop_map(|(who, id)| (who, Deed::Erase(id))),
        1 => (prop_oneof![3 => Just(PATIENT), 1 => who()], 0..5u8)
            .prop_map(|(who, threshold)| (who, Deed::Choose(threshold))),
        2 => (who(), record()).prop_map(|(who, id)| (who, Deed::Entrust(id))),
        12 => (custodian(), record(), who())
            .prop_map(|(who, id, subject)| (who, Deed::Deliver(id, subject))),
        4 => who().prop_map(|who| (who, Deed::Break)),
        6 => (who(), record()).prop_map(|(who, id)| (who, Deed::Request(id))),
        4 => (who(), 0..4usize, any::<bool>())
            .prop_map(|(who, place, accepted)| (who, Deed::Review(place, accepted))),
        2 => (who(), record(), who())
            .prop_map(|(who, id, subject)| (who, Deed::Take(id, subject))),
        1 => (who(), any::<bool>()).prop_map(|(who, one)| (who, Deed::SetPolicy(one))),
        1 => (who(), any::<bool>()).prop_map(|(who, yes)| (who, Deed::SetEmergency(yes))),
    ]
}

/// A change by the patient's delegates, or of them.
fn delegation() -> impl Strategy<Value = Step> {
    let after = || proptest::option::of(0..400u32);
    prop_oneof![
        2 => (delegate(), actions(), after())
            .prop_map(|(who, actions, after)| Step::Delegate(who, actions, after)),
        1 => delegate().prop_map(Step::Dismiss),
        4 => (delegate(), who(), actions(), after())
            .prop_map(|(by, who, actions, after)| Step::GrantAs(by, who, actions, after)),
        2 => (delegate(), who()).prop_map(|(by, who)| Step::RevokeAs(by, who)),
    ]
}

/// The accounts with a role, which lose it and get it back.
fn role() -> impl Strategy<Value = (Who, Role)> {
    select(vec![
        (CLINICIAN, Role::Clinician),
        (TECHNICIAN, Role::LabTechnician),
        (CUSTODIANS[0], Role::Custodian),
        (CUSTODIANS[2], Role::Custodian),
    ])
}

/// A few blocks, as long as a grant, an emergency, its review, or an old version's shares.
fn wait() -> impl Strategy<Value = u32> {
    prop_oneof![
        12 => 1..60u32,
        4 => 60..3_000u32,
        2 => 90_000..110_000u32,
        1 => 432_000..440_000u32,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => deed().prop_map(|(who, deed)| Step::Act(who, deed)),
        6 => (who(), actions(), proptest::option::of(0..400u32))
            .prop_map(|(who, actions, after)| Step::Grant(who, actions, after)),
        4 => who().prop_map(Step::Revoke),
        8 => delegation(),
        3 => (worker(), record(), prop_oneof![3 => Just(true), 1 => Just(false)], 0..200u32)
            .prop_map(|(who, id, drawn, blocks)| Step::Seat(who, id, drawn, blocks)),
        1 => (0..4usize).prop_map(Step::Leave),
        2 => (role(), any::<bool>()).prop_map(|((who, role), has)| Step::Role(who, role, has)),
        2 => (0..4usize, any::<bool>()).prop_map(|(place, accepted)| Step::Judge(place, accepted)),
        1 => who().prop_map(Step::Forgive),
        3 => wait().prop_map(Step::Wait),
    ]
}

fn take(both: &mut Both, step: Step) {
    let now = both.model.now;
    let block = |after: Option<u32>| after.map(|blocks| now + blocks);
    match step {
        Step::Act(who, deed) => both.act(who, deed),
        Step::Grant(who, actions, after) => both.grant(who, actions, block(after)),
        Step::Revoke(who) => both.revoke(who),
        Step::Delegate(who, actions, after) => both.delegate(who, actions, block(after)),
        Step::Dismiss(who) => both.dismiss(who),
        Step::GrantAs(by, who, actions, after) => both.grant_as(by, who, actions, block(after)),
        Step::RevokeAs(by, who) => both.revoke_as(by, who),
        Step::Seat(who, id, drawn, blocks) => {
            both.seat(who, id, drawn, blocks);
        }
        Step::Leave(place) => both.leave(place),
        Step::Role(who, role, has) => both.set_role(who, role, has),
        Step::Judge(place, accepted) => both.judge(place, accepted),
        Step::Forgive(who) => both.forgive(who),
        Step::Wait(blocks) => both.go_to(now + blocks),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_runtime_and_the_model_agree(
        threshold in 1..=3u8,
        steps in collection::vec(step(), 1..80),
    ) {
        development_chain().execute_with(|| {
            let mut both = Both::new(threshold);
            for (index, step) in steps.into_iter().enumerate() {
                take(&mut both, step);
                if index % 10 == 9 {
                    both.compare();
                }
            }
            both.compare();
        });
    }
}
