//! Every course of a grant, block by block.

use std::{collections::BTreeSet, slice::from_ref, sync::Arc};

use medchain_client::chain::Custody;
use medchain_primitives::RecordId;
use proptest::prelude::*;

use super::*;
use crate::custody::world;

const TAKEOVER: u32 = 5;
const ME: AccountId32 = AccountId32([1; 32]);

fn entrusted(threshold: u8, custodians: u8) -> Option<Arc<Custody>> {
    Some(Arc::new(world::custody(threshold, custodians)))
}

fn custody(grant: &Grant) -> &Custody {
    grant.custody.as_deref().unwrap()
}

/// A grant of block 100 to the account `subject`, until block 200.
fn grant(subject: u8, threshold: u8, custodians: u8) -> Grant {
    let (record, subject) = (RecordId(7), AccountId32([subject; 32]));
    Grant {
        id: GrantId { record, subject, granted_at: 100, reply: [0; 32] },
        until: 200,
        is_emergency: false,
        custody: entrusted(threshold, custodians),
        delivered: BTreeSet::new(),
    }
}

/// A grant for which `ME` has this rank.
fn with_rank(rank: u32, threshold: u8, custodians: u8) -> Grant {
    // None of them is a custodian.
    let mut all = (100..=255).map(|subject| grant(subject, threshold, custodians));
    all.find(|grant| grant.id.rank(&ME, custody(grant)) == rank).unwrap()
}

fn delivered(grant: &Grant, numbers: &[u8]) -> Grant {
    Grant { delivered: numbers.iter().copied().collect(), ..grant.clone() }
}

struct Play(Deliveries);

impl Play {
    fn new() -> Self {
        Self(Deliveries::new(Rules { takeover_blocks: TAKEOVER }, ME))
    }

    /// What a list at this final block, the newest block two ahead, leads to.
    fn at(&mut self, finalised: u32, grants: &[Grant]) -> Vec<Step> {
        let list = Grants { finalised, best: finalised + 2, grants: grants.to_vec() };
        self.0.handle(Event::Listed(list))
    }

    fn starts(&mut self, finalised: u32, grants: &[Grant]) -> usize {
        started(&self.at(finalised, grants))
    }

    fn submitted(&mut self, grant: &Grant, outcome: Outcome) -> Vec<Step> {
        self.0.handle(Event::Submitted { grant: grant.id, outcome })
    }

    fn obstructed(&mut self, grant: &Grant, obstacle: Obstacle) -> Vec<Step> {
        self.0.handle(Event::Obstructed { grant: grant.id, obstacle })
    }
}

fn started(steps: &[Step]) -> usize {
    steps.iter().filter(|step| matches!(step, Step::Deliver(_))).count()
}

fn notes(steps: &[Step]) -> Vec<Note> {
    let notes = steps.iter().filter_map(|step| match step {
        Step::Note(_, note) => Some(note.clone()),
        Step::Deliver(_) => None,
    });
    notes.collect()
}

fn why() -> String {
    "why".to_owned()
}

#[test]
fn an_ordinary_grant_is_served_once() {
    let grant = with_rank(0, 1, 3);
    let mut play = Play::new();
    let steps = play.at(101, from_ref(&grant));
    assert_eq!(steps, [Step::Note(grant.id, Note::Seen), Step::Deliver(grant.clone())], "at once");
    assert_eq!(play.starts(102, from_ref(&grant)), 0, "it is on its way");
    assert_eq!(play.submitted(&grant, Outcome::Included { block: 104 }), []);
    assert_eq!(play.starts(103, from_ref(&grant)), 0, "it is in a block");
    assert_eq!(play.0.counts().included, 1);
    let served = delivered(&grant, &[1]);
    let steps = play.at(104, from_ref(&served));
    assert_eq!(notes(&steps), [Note::Closed(Closed::Delivered)]);
    assert_eq!(play.at(105, from_ref(&served)), []);
    assert_eq!(play.0.counts(), Counts { delivered: 1, ..Counts::default() });
    assert_eq!(play.at(201, &[]), [], "its end is not noted");
    assert_eq!(play.0.counts(), Counts::default());
}

#[test]
fn each_rank_starts_exactly_at_its_block() {
    for threshold in 1..=4 {
        for rank in 0..4 {
            let grant = with_rank(rank, threshold, 4);
            let first = u32::from(threshold);
            let starts = match rank < first {
                true => 100,
                false => 100 + (rank - first + 1) * TAKEOVER,
            };
            let mut play = Play::new();
            for block in 100..starts {
                assert_eq!(play.starts(block, from_ref(&grant)), 0, "{rank} at {block}");
                assert_eq!(play.0.counts().assigned_elsewhere, 1);
            }
            let steps = play.at(starts, from_ref(&grant));
            assert_eq!(started(&steps), 1, "rank {rank} of threshold {threshold}");
            let taken_over = notes(&steps).contains(&Note::TakenOver { rank });
            assert_eq!(taken_over, rank >= first);
        }
    }
}

#[test]
fn a_restart_neither_waits_again_nor_delivers_twice() {
    let last = with_rank(2, 1, 3);
    assert_eq!(Play::new().starts(109, from_ref(&last)), 0);
    assert_eq!(Play::new().starts(110, from_ref(&last)), 1);
    let served = delivered(&last, &[1]);
    let mut restarted = Play::new();
    assert_eq!(restarted.at(111, &[served]), [], "nothing to do, and nothing to note");
}

#[test]
fn enough_shares_of_others_end_the_delivery() {
    let last = with_rank(2, 2, 3);
    let mut play = Play::new();
    assert_eq!(play.starts(104, from_ref(&last)), 0);
    let enough = delivered(&last, &[2, 3]);
    let steps = play.at(105, from_ref(&enough));
    assert_eq!(steps, [Step::Note(last.id, Note::Closed(Closed::Enough))]);
    assert_eq!(play.0.counts().enough, 1);
    // One share too few is not enough.
    let mut play = Play::new();
    assert_eq!(play.starts(105, &[delivered(&last, &[2])]), 1);
}

#[test]
fn without_takeover_blocks_all_start_at_once() {
    let last = with_rank(3, 1, 4);
    let mut play = Play(Deliveries::new(Rules { takeover_blocks: 0 }, ME));
    assert_eq!(play.starts(100, &[last]), 1);
}

#[test]
fn half_of_the_time_is_left_to_the_last_custodian() {
    let last = Grant { until: 110, ..with_rank(3, 1, 4) };
    assert_eq!(Play::new().starts(104, from_ref(&last)), 0);
    assert_eq!(Play::new().starts(105, &[last]), 1);
}

#[test]
fn a_share_that_would_come_too_late_is_not_sent() {
    let grant = with_rank(0, 1, 3);
    let list = |best| Event::Listed(Grants { finalised: 190, best, grants: vec![grant.clone()] });
    let rules = Rules { takeover_blocks: TAKEOVER };
    // A share that is sent at block 199 is in block 200, the last one.
    assert_eq!(started(&Deliveries::new(rules, ME).handle(list(199))), 1);
    assert_eq!(Deliveries::new(rules, ME).handle(list(200)), []);
}

#[test]
fn a_grant_on_a_record_of_others_is_only_counted() {
    let others = grant(105, 1, 3);
    let stranger = AccountId32([9; 32]);
    let mut play = Play(Deliveries::new(Rules { takeover_blocks: TAKEOVER }, stranger));
    assert_eq!(play.at(150, from_ref(&others)), []);
    let entrusted_to_nobody = Grant { custody: None, ..others };
    assert_eq!(play.at(151, &[entrusted_to_nobody]), []);
    assert_eq!(play.0.counts(), Counts { foreign: 1, ..Counts::default() });
}

#[test]
fn a_policy_that_refuses_is_asked_again_at_growing_intervals() {
    let grant = with_rank(0, 1, 1);
    let mut play = Play::new();
    let mut block = 100;
    for (attempt, after) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 16)] {
        assert_eq!(play.starts(block, from_ref(&grant)), 1, "at {block}");
        let steps = play.submitted(&grant, Outcome::NoConsent(why()));
        assert_eq!(notes(&steps), [Note::Refused { attempt, after, reason: why() }]);
        assert_eq!(play.0.counts().refused, 1);
        for waiting in block..block + after {
            assert_eq!(play.starts(waiting, from_ref(&grant)), 0, "at {waiting}");
        }
        block += after;
    }
    // The policy allows it again.
    assert_eq!(play.starts(block, from_ref(&grant)), 1);
    play.submitted(&grant, Outcome::Included { block: block + 3 });
    assert_eq!(play.0.counts().included, 1);
}

#[test]
fn a_lost_share_is_resent() {
    let grant = with_rank(0, 1, 1);
    let mut play = Play::new();
    play.at(100, from_ref(&grant));
    let steps = play.submitted(&grant, Outcome::Lost(why()));
    assert_eq!(notes(&steps), [Note::Retrying { attempt: 1, after: 1, reason: why() }]);
    assert_eq!(play.starts(100, from_ref(&grant)), 0);
    assert_eq!(play.starts(101, from_ref(&grant)), 1);
    // A problem for an operator waits longest.
    let steps = play.submitted(&grant, Outcome::Rejected(why()));
    assert_eq!(notes(&steps), [Note::Retrying { attempt: 2, after: 16, reason: why() }]);
    assert_eq!(play.starts(116, from_ref(&grant)), 0);
    assert_eq!(play.starts(117, from_ref(&grant)), 1);
    for outcome in [Outcome::ClosedElsewhere, Outcome::TooLate, Outcome::Gone] {
        let mut play = Play::new();
        play.at(100, from_ref(&grant));
        assert_eq!(play.submitted(&grant, outcome), [], "a final block will tell");
        assert_eq!(play.starts(101, from_ref(&grant)), 1, "none did");
    }
}

#[test]
fn a_share_that_cannot_be_opened_is_noted_once_and_left_alone() {
    let grant = with_rank(0, 1, 1);
    let mut play = Play::new();
    play.at(100, from_ref(&grant));
    let steps = play.obstructed(&grant, Obstacle::Unopened(why()));
    assert_eq!(notes(&steps), [Note::Unopened { reason: why() }]);
    for block in 101..150 {
        assert_eq!(play.at(block, from_ref(&grant)), [], "at {block}");
    }
    assert_eq!(play.0.counts().unopened, 1);
    // Access that is granted again, perhaps on a new split of the key, is a new grant.
    let again = Grant { id: GrantId { granted_at: 150, ..grant.id }, until: 250, ..grant };
    assert_eq!(play.starts(151, &[again]), 1);
}

#[test]
fn a_defect_is_tried_again() {
    let grant = with_rank(0, 1, 1);
    let mut play = Play::new();
    play.at(100, from_ref(&grant));
    let steps = play.obstructed(&grant, Obstacle::Passing(why()));
    assert_eq!(notes(&steps), [Note::Retrying { attempt: 1, after: 1, reason: why() }]);
    assert_eq!(play.starts(101, from_ref(&grant)), 1);
    play.obstructed(&grant, Obstacle::Passing(why()));
    assert_eq!(play.starts(102, from_ref(&grant)), 0);
    assert_eq!(play.starts(103, from_ref(&grant)), 1);
}

#[test]
fn a_share_that_a_reorganisation_removed_is_sent_again() {
    let grant = with_rank(0, 1, 2);
    let mut play = Play::new();
    play.at(100, from_ref(&grant));
    play.submitted(&grant, Outcome::Included { block: 103 });
    assert_eq!(play.at(102, from_ref(&grant)), []);
    let steps = play.at(103, from_ref(&grant));
    assert_eq!(notes(&steps), [Note::Reorganised]);
    assert_eq!(started(&steps), 1);
}

#[test]
fn a_share_that_came_after_a_refusal_is_noted_and_not_sent_again() {
    let grant = with_rank(0, 1, 1);
    let mut play = Play::new();
    play.at(100, from_ref(&grant));
    let steps = play.submitted(&grant, Outcome::Exposed { block: 103 });
    assert_eq!(notes(&steps), [Note::Exposed { block: 103 }]);
    assert_eq!(play.0.counts(), Counts { exposed: 1, ..Counts::default() });
    assert_eq!(play.at(102, from_ref(&grant)), [], "that block is not final");
    let steps = play.at(103, &[]);
    assert_eq!(notes(&steps), [Note::Closed(Closed::Exposed)]);
    assert_eq!(play.0.counts(), Counts::default());
    // In another fork, access was not refused.
    let mut play = Play::new();
    play.at(100, from_ref(&grant));
    play.submitted(&grant, Outcome::Exposed { block: 103 });
    let steps = play.at(103, from_ref(&grant));
    assert_eq!((notes(&steps), started(&steps)), (vec![Note::Reorganised], 1));
}

#[test]
fn a_custodian_that_was_granted_access_delivers_nothing_to_itself() {
    let own = Grant { id: GrantId { subject: ME, ..grant(100, 1, 3).id }, ..grant(100, 1, 3) };
    let mut play = Play::new();
    assert_eq!(play.at(150, from_ref(&own)), []);
    assert_eq!(play.0.counts(), Counts { foreign: 1, ..Counts::default() });
    // Nor do the others wait for it.
    let others = [2, 3].map(|number| AccountId32([number; 32]));
    let now = others
        .iter()
        .filter(|other| matches!(own.turn(other, 100, 100, TAKEOVER), Turn::Now { rank: 0 }));
    assert_eq!(now.count(), 1);
}

#[test]
fn a_renewed_request_is_a_new_grant() {
    let grant = with_rank(0, 1, 1);
    let mut play = Play::new();
    play.at(100, from_ref(&grant));
    // Even in the same block.
    let renewed = Grant { id: GrantId { reply: [1; 32], ..grant.id }, ..grant.clone() };
    assert_eq!(renewed.id.rank(&ME, custody(&renewed)), 0, "the reply key changes no order");
    let steps = play.at(101, from_ref(&renewed));
    assert_eq!(started(&steps), 1);
    assert!(steps.contains(&Step::Note(grant.id, Note::Closed(Closed::Ended))));
}

#[test]
fn a_grant_that_ends_during_its_delivery_is_forgotten_afterwards() {
    let grant = with_rank(0, 1, 1);
    let mut play = Play::new();
    play.at(100, from_ref(&grant));
    let steps = play.at(101, &[]);
    assert_eq!(steps, [Step::Note(grant.id, Note::Closed(Closed::Ended))]);
    assert_eq!(play.0.counts().delivering, 1, "the delivery has not ended");
    assert_eq!(play.submitted(&grant, Outcome::ClosedElsewhere), []);
    assert_eq!(play.0.counts(), Counts::default());
    assert_eq!(play.submitted(&grant, Outcome::Lost(why())), [], "it is forgotten");
}

#[test]
fn an_older_list_changes_nothing() {
    let grant = with_rank(0, 1, 1);
    let mut play = Play::new();
    assert_eq!(play.at(110, &[]), []);
    assert_eq!(play.at(109, from_ref(&grant)), []);
    assert_eq!(play.starts(110, &[grant]), 1, "the same block, read again");
}

#[test]
fn the_grant_that_ends_first_is_served_first() {
    let late = with_rank(0, 1, 1);
    let id = GrantId { record: RecordId(8), ..late.id };
    let soon = Grant { id, until: 150, ..late.clone() };
    let steps = Play::new().at(101, &[late, soon.clone()]);
    let first = steps.iter().find_map(|step| match step {
        Step::Deliver(grant) => Some(grant.id),
        Step::Note(..) => None,
    });
    assert_eq!(first, Some(soon.id));
}

fn any_grant() -> impl Strategy<Value = Grant> {
    (1u8..=8, any::<[u8; 32]>(), 0u64..1_000, 1u32..1_000, 1u32..3_000)
        .prop_flat_map(|(custodians, subject, record, granted_at, period)| {
            let threshold = 1..=custodians;
            let fixed = (Just(custodians), Just(subject), Just(record));
            (fixed, Just((granted_at, period)), threshold)
        })
        .prop_map(|((custodians, subject, record), (granted_at, period), threshold)| Grant {
            id: GrantId {
                record: RecordId(record),
                subject: AccountId32(subject),
                granted_at,
                reply: [0; 32],
            },
            until: granted_at + period,
            is_emergency: false,
            custody: entrusted(threshold, custodians),
            delivered: BTreeSet::new(),
        })
}

fn custodians_of(grant: &Grant) -> Vec<AccountId32> {
    custody(grant).accounts()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever the chain holds: no share is delivered that is too late, not needed, or
    /// not this custodian's.
    #[test]
    fn only_owed_shares_are_delivered(
        grant in any_grant(),
        numbers in proptest::collection::btree_set(1u8..=8, 0..4),
        me in 1u8..=10,
        finalised in 0u32..5_000,
        ahead in 0u32..20,
        takeover_blocks in 0u32..20,
    ) {
        let me = AccountId32([me; 32]);
        let grant = Grant { delivered: numbers, ..grant };
        let best = finalised + ahead;
        let mut deliveries = Deliveries::new(Rules { takeover_blocks }, me);
        let list = Grants { finalised, best, grants: vec![grant.clone()] };
        let steps = deliveries.handle(Event::Listed(list));
        if started(&steps) > 0 {
            let number = custody(&grant).number_of(&me).expect("a share of its own");
            prop_assert!(!grant.delivered.contains(&number));
            prop_assert!((grant.delivered.len() as u32) < grant.threshold());
            prop_assert!(best < grant.until);
        }
        let gone = Grants { finalised: finalised + 1, best: best + 1, grants: Vec::new() };
        prop_assert_eq!(started(&deliveries.handle(Event::Listed(gone))), 0);
    }

    /// With a threshold of t, exactly t start in the block of the grant.
    #[test]
    fn exactly_the_threshold_start_at_once(grant in any_grant(), takeover_blocks in 1u32..20) {
        prop_assume!(grant.until - grant.id.granted_at >= 2);
        let at = grant.id.granted_at;
        let now = custodians_of(&grant).iter().filter(|custodian| {
            matches!(grant.turn(custodian, at, at, takeover_blocks), Turn::Now { .. })
        }).count();
        prop_assert_eq!(now as u32, grant.threshold());
    }

    /// Whichever custodians are dead: while enough of them live for the threshold, the
    /// key is delivered in the time of the grant, and never by more than that.
    #[test]
    fn the_living_cover_for_the_dead(
        grant in any_grant(),
        alive in proptest::collection::vec(any::<bool>(), 8),
        takeover_blocks in 0u32..20,
    ) {
        let threshold = grant.threshold() as usize;
        let living: Vec<AccountId32> = custodians_of(&grant)
            .into_iter()
            .zip(&alive)
            .filter_map(|(custodian, alive)| alive.then_some(custodian))
            .collect();
        let mut all: Vec<_> = living
            .iter()
            .map(|custodian| (*custodian, Deliveries::new(Rules { takeover_blocks }, *custodian)))
            .collect();
        // A share that is sent at a block is in the next one, and final at once.
        let mut grant = grant;
        for block in grant.id.granted_at..grant.until {
            let mut sent = Vec::new();
            for (custodian, deliveries) in &mut all {
                let list = Grants { finalised: block, best: block, grants: vec![grant.clone()] };
                if started(&deliveries.handle(Event::Listed(list))) > 0 {
                    sent.push(custody(&grant).number_of(custodian).unwrap());
                    let outcome = Outcome::Included { block: block + 1 };
                    deliveries.handle(Event::Submitted { grant: grant.id, outcome });
                }
            }
            grant.delivered.extend(sent);
        }
        let there = grant.delivered.len();
        // A period of two blocks and less may be over before the last turn.
        if grant.until - grant.id.granted_at > 2 {
            prop_assert!(there >= living.len().min(threshold), "{} of {}", there, threshold);
        }
        if takeover_blocks > 1 && grant.until - grant.id.granted_at > 2 * 8 * takeover_blocks {
            prop_assert!(there <= threshold, "{} of {}", there, threshold);
        }
    }

    /// A custodian that is killed at every block does the same as one that lives.
    #[test]
    fn a_restart_at_every_block_changes_nothing(grant in any_grant(), me in 1u8..=8) {
        let me = AccountId32([me; 32]);
        let rules = Rules { takeover_blocks: TAKEOVER };
        let mut alive = Deliveries::new(rules, me);
        let first = |deliveries: &mut Deliveries, block| {
            let list = Grants { finalised: block, best: block, grants: vec![grant.clone()] };
            started(&deliveries.handle(Event::Listed(list))) > 0
        };
        let blocks = grant.id.granted_at..grant.until + 1;
        let lived = blocks.clone().find(|block| first(&mut alive, *block));
        let killed = blocks.clone().find(|block| first(&mut Deliveries::new(rules, me), *block));
        prop_assert_eq!(lived, killed);
    }
}
