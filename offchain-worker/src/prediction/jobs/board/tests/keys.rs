//! The key of a record that nobody seals: asked for, collected, and left alone where it comes.

use medchain_client::custody::ReplyKey;
use medchain_primitives::{EncryptionKey, SealedKey};

use super::*;

fn ask(id: u64) -> Job {
    Job { phase: Phase::Ask, ..job(id) }
}

fn collect(id: u64) -> Job {
    Job { phase: Phase::Collect, ..job(id) }
}

fn asked() -> Answer {
    Answer::Ask(ReplyKey([4; 32]))
}

impl Play {
    fn lists(&mut self, block: u32, jobs: &[Job]) -> Vec<Step> {
        self.listed(Finality::Best, block, jobs.to_vec())
    }

    fn tried(&mut self, job: &Job, result: Result<Answer, Problem>) -> Vec<Step> {
        self.tell(Event::Attempted { job: job.id(), result })
    }
}

#[test]
fn it_leaves_the_key_to_the_uploader_for_a_while() {
    let mut play = Play::new();
    assert_eq!(work_of(&play.lists(100, &[ask(0)])), NOTHING);
    assert_eq!(play.board.next_wake(), None, "a block wakes it");
    assert_eq!(work_of(&play.lists(129, &[ask(0)])), NOTHING);
    // Not even a deadline that comes near makes it hurry.
    let urgent = Job { deadline: 131, ..ask(1) };
    assert_eq!(work_of(&play.lists(129, &[ask(0), urgent])), NOTHING);
    assert_eq!(work_of(&play.lists(130, &[ask(0)])), ["think 0"]);
    assert_eq!(work_of(&play.tried(&ask(0), Ok(asked()))), ["submit 0"]);
}

#[test]
fn it_asks_nobody_where_the_uploader_seals_the_key() {
    let mut play = Play::new();
    play.lists(100, &[ask(0)]);
    // The request asks for the answer now.
    assert_eq!(work_of(&play.lists(131, &[job(0)])), ["attempt 0"]);
    assert_eq!(work_of(&play.lists(150, &[job(0)])), NOTHING);
}

#[test]
fn what_custodians_deliver_follows_and_then_the_answer() {
    let mut play = Play::new();
    play.lists(100, &[ask(0)]);
    play.lists(130, &[ask(0)]);
    play.tried(&ask(0), Ok(asked()));
    play.tell(Event::Submitted { job: ask(0).id(), outcome: Outcome::Included { block: 131 } });
    assert_eq!(work_of(&play.lists(131, &[collect(0)])), ["think 0"]);
    let missing = || Err(Problem::NoShares(why()));
    assert_eq!(work_of(&play.tried(&collect(0), missing())), NOTHING);
    assert_eq!(work_of(&play.wait(2)), ["think 0"]);
    let kept = Answer::Keep(SealedKey::new(&EncryptionKey([5; 32]), [5; 32], [5; 48]));
    assert_eq!(work_of(&play.tried(&collect(0), Ok(kept))), ["submit 0"]);
    let outcome = Outcome::Included { block: 133 };
    play.tell(Event::Submitted { job: collect(0).id(), outcome });
    assert_eq!(work_of(&play.lists(133, &[job(0)])), ["attempt 0"]);
    let steps = play.listed(Finality::Finalised, 133, vec![job(0)]);
    assert_eq!(closed(&steps), [Closed::Ours, Closed::Ours]);
}

#[test]
fn a_restart_goes_on_from_what_the_chain_has() {
    // With the request to custodians in a block, there is nothing to wait for.
    let mut play = Play::new();
    assert_eq!(work_of(&play.lists(140, &[collect(0)])), ["think 0"]);
}

#[test]
fn a_fork_that_dropped_the_request_has_it_sent_again() {
    let mut play = Play::new();
    play.lists(100, &[ask(0)]);
    play.lists(130, &[ask(0)]);
    play.tried(&ask(0), Ok(asked()));
    play.tell(Event::Submitted { job: ask(0).id(), outcome: Outcome::Included { block: 131 } });
    let steps = play.listed(Finality::Finalised, 131, vec![ask(0)]);
    assert_eq!(work_of(&steps), ["submit 0"]);
}

#[test]
fn without_consent_it_waits_and_reports_nothing() {
    let mut play = Play::new();
    play.lists(100, &[ask(0)]);
    play.lists(195, &[ask(0)]);
    assert_eq!(work_of(&play.tried(&ask(0), Err(Problem::NoConsent(why())))), NOTHING);
    assert_eq!(play.board.counts().parked, 1);
    assert_eq!(closed(&play.lists(200, &[ask(0)])), [Closed::Expired]);
}

#[test]
fn a_board_that_declines_asks_for_no_key() {
    let mut play = Play::new();
    play.lists(100, &[ask(0), collect(1)]);
    play.tell(Event::Decline);
    assert_eq!(work_of(&play.lists(140, &[ask(0), collect(1), ask(2)])), NOTHING);
    let missing = Err(Problem::NoShares(why()));
    assert_eq!(work_of(&play.tried(&collect(1), missing)), NOTHING);
    assert_eq!(work_of(&play.wait(100)), NOTHING);
}
