//! Random sequences of deeds by random accounts, in the runtime and the model.

use medchain_primitives::Role;
use proptest::{collection, prelude::*, sample::select};
use sp_keyring::Sr25519Keyring as Who;

use super::{
    model::{Deed, PATIENT},
    table::{Both, CLINICIAN, CUSTODIANS, EVERYBODY, TECHNICIAN},
};
use crate::tests::development_chain;

/// One step of a sequence.
#[derive(Clone, Debug)]
enum Step {
    Act(Who, Deed),
    Grant(Who, u8, Option<u32>),
    Revoke(Who),
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

fn deed() -> impl Strategy<Value = (Who, Deed)> {
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

/// The accounts with a role, which lose it and get it back.
fn role() -> impl Strategy<Value = (Who, Role)> {
    select(vec![
        (CLINICIAN, Role::Clinician),
        (TECHNICIAN, Role::LabTechnician),
        (CUSTODIANS[0], Role::Custodian),
        (CUSTODIANS[2], Role::Custodian),
    ])
}

/// A few blocks, as long as a grant, an emergency, or its review.
fn wait() -> impl Strategy<Value = u32> {
    prop_oneof![6 => 1..60u32, 2 => 60..3_000u32, 1 => 90_000..110_000u32]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => deed().prop_map(|(who, deed)| Step::Act(who, deed)),
        6 => (who(), 1u8..64, proptest::option::of(0..400u32))
            .prop_map(|(who, actions, after)| Step::Grant(who, actions, after)),
        4 => who().prop_map(Step::Revoke),
        2 => (role(), any::<bool>()).prop_map(|((who, role), has)| Step::Role(who, role, has)),
        2 => (0..4usize, any::<bool>()).prop_map(|(place, accepted)| Step::Judge(place, accepted)),
        1 => who().prop_map(Step::Forgive),
        3 => wait().prop_map(Step::Wait),
    ]
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
                match step {
                    Step::Act(who, deed) => both.act(who, deed),
                    Step::Grant(who, actions, after) => {
                        let until = after.map(|blocks| both.model.now + blocks);
                        both.grant(who, actions, until);
                    }
                    Step::Revoke(who) => both.revoke(who),
                    Step::Role(who, role, has) => both.set_role(who, role, has),
                    Step::Judge(place, accepted) => both.judge(place, accepted),
                    Step::Forgive(who) => both.forgive(who),
                    Step::Wait(blocks) => both.go_to(both.model.now + blocks),
                }
                if index % 10 == 9 {
                    both.compare();
                }
            }
            both.compare();
        });
    }
}
