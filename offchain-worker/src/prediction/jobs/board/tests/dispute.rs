//! Moves in disputes.

use medchain_disputes::Secret;
use medchain_primitives::VerdictRoot;

use super::*;

/// The job to make a move in a round of the dispute about request `id`.
fn round_of(id: u64, number: u8) -> Job {
    Job { phase: Phase::Dispute(Round::numbered(number)), deadline: 300, ..job(id) }
}

fn made() -> Answer {
    Answer::Move(Box::new(Move::Roots(Default::default())))
}

impl Play {
    fn disputing(&mut self, finality: Finality, block: u32, number: u8) -> Vec<Step> {
        self.listed(finality, block, vec![round_of(0, number)])
    }

    fn thought(&mut self, number: u8, result: Result<Answer, Problem>) -> Vec<Step> {
        self.tell(Event::Attempted { job: round_of(0, number).id(), result })
    }

    fn moved(&mut self, number: u8, outcome: Outcome) -> Vec<Step> {
        self.tell(Event::Submitted { job: round_of(0, number).id(), outcome })
    }
}

#[test]
fn the_newest_block_is_enough_for_a_move() {
    let mut play = Play::new();
    assert_eq!(work_of(&play.disputing(Finality::Best, 100, 1)), ["think 0"]);
    assert_eq!(work_of(&play.thought(1, Ok(made()))), ["move 0"]);
}

#[test]
fn each_round_is_a_job_of_its_own() {
    let mut play = Play::new();
    play.disputing(Finality::Best, 100, 1);
    play.thought(1, Ok(made()));
    play.moved(1, Outcome::Included { block: 101 });
    assert_eq!(work_of(&play.best(101, &[])), NOTHING, "the other player is to move");
    assert_eq!(work_of(&play.disputing(Finality::Best, 102, 2)), ["think 0"]);
    assert_eq!(work_of(&play.disputing(Finality::Finalised, 100, 1)), NOTHING);
    assert_eq!(closed(&play.finalised(101, &[])), [Closed::Ours]);
    assert_eq!(work_of(&play.thought(2, Ok(made()))), ["move 0"]);
    play.moved(2, Outcome::Included { block: 103 });
    assert_eq!(closed(&play.finalised(103, &[])), [Closed::Ours]);
    assert_eq!(play.board.counts(), Counts::default());
}

#[test]
fn a_round_that_is_gone_is_not_played() {
    let mut play = Play::new();
    play.disputing(Finality::Best, 100, 1);
    // A fork has another round in its place, while the move is being thought about.
    assert_eq!(work_of(&play.disputing(Finality::Best, 101, 2)), ["think 0"]);
    assert_eq!(work_of(&play.thought(1, Ok(made()))), NOTHING);
    assert_eq!(work_of(&play.thought(2, Ok(made()))), ["move 0"]);
    assert_eq!(closed(&play.disputing(Finality::Finalised, 101, 2)), [Closed::Elsewhere]);
}

#[test]
fn a_move_that_is_not_asked_for_is_left_alone_unless_a_final_block_asks() {
    let mut play = Play::new();
    play.disputing(Finality::Best, 100, 1);
    assert_eq!(closed(&play.thought(1, Err(Problem::NotAsked))), [Closed::Elsewhere]);
    assert_eq!(work_of(&play.disputing(Finality::Finalised, 101, 1)), NOTHING);
    assert_eq!(work_of(&play.disputing(Finality::Finalised, 102, 1)), ["think 0"]);
}

#[test]
fn a_move_that_a_fork_drops_is_made_again() {
    let mut play = Play::new();
    play.disputing(Finality::Best, 100, 1);
    play.thought(1, Ok(made()));
    play.moved(1, Outcome::Included { block: 101 });
    assert_eq!(work_of(&play.disputing(Finality::Finalised, 101, 1)), ["move 0"]);
}

#[test]
fn a_move_is_tried_until_the_deadline_and_nothing_is_reported() {
    let mut play = Play::new();
    play.disputing(Finality::Finalised, 100, 1);
    for seconds in [2, 4, 8, 16, 32, 60] {
        let failed = play.thought(1, Err(Problem::NotAvailable(why())));
        assert_eq!(work_of(&failed), NOTHING);
        assert_eq!(work_of(&play.wait(seconds)), ["think 0"]);
    }
    play.thought(1, Err(Problem::Content(FailureCode::WrongHash, why())));
    assert_eq!(work_of(&play.disputing(Finality::Best, 280, 1)), ["think 0"], "one last time");
    let failed = play.thought(1, Err(Problem::NoEnvelope));
    assert_eq!(work_of(&failed), NOTHING);
    assert_eq!(closed(&play.disputing(Finality::Best, 300, 1)), [Closed::Expired]);
}

#[test]
fn moves_come_before_work_that_takes_long() {
    let mut play = Play::new();
    let urgent = Job { deadline: 150, ..job(1) };
    let jobs = vec![urgent, job(2), round_of(3, 1)];
    let steps = play.listed(Finality::Finalised, 100, jobs);
    assert_eq!(work_of(&steps), ["think 3", "attempt 1"]);
}

fn secret() -> Answer {
    Answer::Move(Box::new(Move::Secret(Secret { root: VerdictRoot([1; 32]), logits: None })))
}

/// From which blocks on moves wait, by the notes.
fn held(steps: &[Step]) -> Vec<u32> {
    steps
        .iter()
        .filter_map(|step| match step {
            Step::Note(_, Note::Held { from }) => Some(*from),
            _ => None,
        })
        .collect()
}

#[test]
fn the_secret_is_shown_shortly_before_the_end_of_the_round() {
    let mut play = Play::new();
    play.disputing(Finality::Best, 100, 1);
    let thought = play.thought(1, Ok(secret()));
    assert_eq!((work_of(&thought), held(&thought)), (vec![], vec![240]));
    assert_eq!(play.board.next_wake(), None, "it comes with a block");
    let waiting = [play.disputing(Finality::Best, 239, 1), play.wait(600)].concat();
    assert_eq!((work_of(&waiting), held(&waiting)), (vec![], vec![]), "it is said once");
    assert_eq!(work_of(&play.disputing(Finality::Best, 240, 1)), ["move 0"]);
    play.moved(1, Outcome::Lost(why()));
    assert_eq!(work_of(&play.wait(4)), ["move 0"]);
}

/// All that a fully connected layer gave: the rest is for anybody to compute.
#[test]
fn what_the_verdict_follows_from_is_shown_as_late() {
    let mut play = Play::new();
    let listed = |play: &mut Play, block| {
        let job = Job { shows_answer: true, ..round_of(0, 1) };
        play.listed(Finality::Best, block, vec![job])
    };
    assert_eq!(work_of(&listed(&mut play, 100)), ["think 0"]);
    let thought = play.thought(1, Ok(made()));
    assert_eq!((work_of(&thought), held(&thought)), (vec![], vec![240]));
    assert_eq!(work_of(&listed(&mut play, 239)), NOTHING);
    assert_eq!(work_of(&listed(&mut play, 240)), ["move 0"]);
}

#[test]
fn nothing_else_waits() {
    let mut play = Play::new();
    play.disputing(Finality::Best, 100, 1);
    let thought = play.thought(1, Ok(made()));
    assert_eq!((work_of(&thought), held(&thought)), (vec!["move 0".to_owned()], vec![]));
}

#[test]
fn a_secret_is_not_shown_after_the_dispute() {
    let mut play = Play::new();
    play.disputing(Finality::Best, 100, 1);
    play.thought(1, Ok(secret()));
    // The patient ends it.
    assert_eq!(work_of(&play.best(150, &[])), NOTHING);
    assert_eq!(work_of(&play.best(245, &[])), NOTHING);
    assert_eq!(closed(&play.finalised(245, &[])), [Closed::Elsewhere]);
}

#[test]
fn after_a_restart_the_secret_goes_on_waiting_and_is_shown_in_time() {
    let mut play = Play::new();
    play.disputing(Finality::Best, 200, 1);
    let thought = play.thought(1, Ok(secret()));
    assert_eq!((work_of(&thought), held(&thought)), (vec![], vec![240]));
    let mut late = Play::new();
    late.disputing(Finality::Best, 241, 1);
    assert_eq!(work_of(&late.thought(1, Ok(secret()))), ["move 0"]);
}

#[test]
fn a_margin_that_is_longer_than_a_round_holds_nothing_back() {
    let rules = Rules { secret_margin: 1_000, ..rules() };
    let mut play = Play { board: Board::new(rules), ..Play::new() };
    play.disputing(Finality::Best, 100, 1);
    assert_eq!(work_of(&play.thought(1, Ok(secret()))), ["move 0"]);
}

#[test]
fn a_move_that_a_fork_refused_as_too_late_is_made_where_the_newest_block_asks_for_it() {
    for finality in [Finality::Best, Finality::Finalised] {
        let mut play = Play::new();
        play.disputing(Finality::Best, 100, 1);
        play.thought(1, Ok(made()));
        // The record was erased in that fork, and nobody shows anything of it there.
        assert_eq!(closed(&play.moved(1, Outcome::TooLate)), [Closed::Expired]);
        assert_eq!(work_of(&play.best(101, &[])), NOTHING);
        assert_eq!(work_of(&play.disputing(finality, 101, 1)), NOTHING, "it may be an old view");
        assert_eq!(work_of(&play.disputing(finality, 102, 1)), ["think 0"], "{finality:?}");
        assert_eq!(work_of(&play.thought(1, Ok(made()))), ["move 0"]);
    }
}

#[test]
fn a_fork_with_a_later_deadline_is_played_on() {
    let mut play = Play::new();
    play.disputing(Finality::Best, 299, 1);
    play.thought(1, Err(Problem::NotAvailable(why())));
    assert_eq!(closed(&play.disputing(Finality::Best, 300, 1)), [Closed::Expired]);
    assert_eq!(work_of(&play.disputing(Finality::Best, 305, 1)), NOTHING, "its time is over");
    let later = Job { deadline: 330, ..round_of(0, 1) };
    assert_eq!(work_of(&play.listed(Finality::Best, 306, vec![later])), ["think 0"]);
}
