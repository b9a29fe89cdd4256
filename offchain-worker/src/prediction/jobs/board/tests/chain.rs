//! Submissions and reorganisations.

use super::*;

#[test]
fn a_lost_submission_is_repeated_without_new_work() {
    let mut play = Play::submitting();
    assert_eq!(work_of(&play.submitted(0, Outcome::Lost(why()))), NOTHING);
    assert_eq!(work_of(&play.wait(3)), NOTHING);
    assert_eq!(work_of(&play.wait(1)), ["submit 0"]);
    play.submitted(0, Outcome::Lost(why()));
    assert_eq!(work_of(&play.wait(8)), ["submit 0"]);
}

#[test]
fn a_rejected_submission_waits_long() {
    let mut play = Play::submitting();
    play.submitted(0, Outcome::Rejected(why()));
    assert_eq!(work_of(&play.wait(299)), NOTHING);
    assert_eq!(work_of(&play.wait(1)), ["submit 0"]);
}

#[test]
fn a_reorganisation_after_inclusion_submits_again() {
    let mut play = Play::included();
    assert_eq!(play.finalised(101, &[0]), [], "block 102 is not final yet");
    assert_eq!(work_of(&play.finalised(102, &[0])), ["submit 0"]);
    play.submitted(0, Outcome::Included { block: 104 });
    assert_eq!(work_of(&play.finalised(103, &[0])), NOTHING);
    assert_eq!(closed(&play.finalised(104, &[])), [Closed::Ours]);
}

#[test]
fn a_request_that_never_becomes_final_is_dropped() {
    let mut play = Play::new();
    assert_eq!(work_of(&play.best(101, &[0])), ["attempt 0"]);
    assert_eq!(play.finalised(99, &[]), [], "its block is not final yet");
    play.best(101, &[]);
    assert_eq!(closed(&play.finalised(101, &[])), [Closed::Elsewhere]);
    assert_eq!(play.attempted(0, Ok(commitment())), []);
}

#[test]
fn what_the_newest_block_does_not_ask_for_is_not_submitted() {
    let mut play = Play::new();
    play.finalised(100, &[0]);
    play.best(103, &[]);
    assert_eq!(work_of(&play.attempted(0, Ok(commitment()))), NOTHING);
    assert_eq!(play.board.next_wake(), None);
    // A reorganisation: now it is wanted.
    assert_eq!(work_of(&play.best(103, &[0])), ["submit 0"]);
}

#[test]
fn what_the_chain_calls_settled_is_done_unless_a_reorganisation_undoes_it() {
    let mut play = Play::submitting();
    play.best(104, &[0]);
    assert_eq!(closed(&play.submitted(0, Outcome::ClosedElsewhere)), [Closed::Elsewhere]);
    assert_eq!(work_of(&play.finalised(103, &[0])), NOTHING);
    let mut kept = Play { board: play.board.clone(), now: play.now };
    assert_eq!(kept.finalised(106, &[]), []);
    assert_eq!(kept.board.counts(), Counts::default());
    assert_eq!(work_of(&play.finalised(106, &[0])), ["attempt 0"]);
}

#[test]
fn news_of_our_own_inclusion_may_come_after_finality() {
    for (outcome, how) in [
        (Outcome::Included { block: 102 }, Closed::Ours),
        (Outcome::ClosedElsewhere, Closed::Elsewhere),
        (Outcome::Lost(why()), Closed::Elsewhere),
    ] {
        let mut play = Play::submitting();
        assert_eq!(play.finalised(102, &[]), []);
        assert_eq!(closed(&play.submitted(0, outcome)), [how]);
        assert_eq!(play.board.counts(), Counts::default());
    }
}

#[test]
fn a_request_closed_while_it_is_worked_on_is_forgotten() {
    let mut play = Play::new();
    play.finalised(100, &[0]);
    assert_eq!(closed(&play.finalised(101, &[])), [Closed::Elsewhere]);
    assert_eq!(play.attempted(0, Ok(commitment())), []);
}

#[test]
fn the_chain_says_too_late_or_gone() {
    for (outcome, how) in [(Outcome::TooLate, Closed::Expired), (Outcome::Gone, Closed::Gone)] {
        let mut play = Play::submitting();
        assert_eq!(closed(&play.submitted(0, outcome)), [how]);
        assert_eq!(work_of(&play.wait(10_000)), NOTHING);
    }
}
