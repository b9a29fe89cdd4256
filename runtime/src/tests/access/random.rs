//! Random sequences of deeds by random accounts, in the runtime and the model.

use proptest::{collection, prelude::*, sample::select};
use sp_keyring::Sr25519Keyring as Who;

use super::{
    model::{Deed, PATIENT},
    table::{Both, CUSTODIAN, EVERYBODY},
};
use crate::tests::development_chain;

/// One step of a sequence.
#[derive(Clone, Debug)]
enum Step {
    Act(Who, Deed),
    Grant(Who, u8, Option<u32>),
    Revoke(Who),
    Wait(u32),
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![2 => Just(PATIENT), 5 => select(&EVERYBODY[..])]
}

/// Most often the first record, which is entrusted.
fn record() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0usize), 2 => 0..4usize]
}

fn deed() -> impl Strategy<Value = (Who, Deed)> {
    prop_oneof![
        2 => who().prop_map(|who| (who, Deed::Append)),
        2 => (who(), record()).prop_map(|(who, id)| (who, Deed::Amend(id))),
        2 => (who(), record()).prop_map(|(who, id)| (who, Deed::Share(id))),
        6 => (who(), record()).prop_map(|(who, id)| (who, Deed::View(id))),
        1 => (who(), record()).prop_map(|(who, id)| (who, Deed::Erase(id))),
        2 => (who(), record()).prop_map(|(who, id)| (who, Deed::Entrust(id))),
        6 => (prop_oneof![Just(CUSTODIAN), who()], record(), who())
            .prop_map(|(who, id, subject)| (who, Deed::Deliver(id, subject))),
        4 => (who(), record()).prop_map(|(who, id)| (who, Deed::Break(id))),
        4 => (who(), 0..4usize, any::<bool>())
            .prop_map(|(who, place, accepted)| (who, Deed::Review(place, accepted))),
        2 => (who(), record(), who())
            .prop_map(|(who, id, subject)| (who, Deed::Take(id, subject))),
        1 => (who(), any::<bool>()).prop_map(|(who, one)| (who, Deed::SetPolicy(one))),
        1 => (who(), any::<bool>()).prop_map(|(who, yes)| (who, Deed::SetEmergency(yes))),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => deed().prop_map(|(who, deed)| Step::Act(who, deed)),
        3 => (who(), 1u8..64, proptest::option::of(0..400u32))
            .prop_map(|(who, actions, after)| Step::Grant(who, actions, after)),
        2 => who().prop_map(Step::Revoke),
        1 => prop_oneof![3 => 1..60u32, 1 => 60..3_000u32].prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_runtime_and_the_model_agree(steps in collection::vec(step(), 1..60)) {
        development_chain().execute_with(|| {
            let mut both = Both::new();
            for (index, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Act(who, deed) => both.act(who, deed),
                    Step::Grant(who, actions, after) => {
                        let until = after.map(|blocks| both.model.now + blocks);
                        both.grant(who, actions, until);
                    }
                    Step::Revoke(who) => both.revoke(who),
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
