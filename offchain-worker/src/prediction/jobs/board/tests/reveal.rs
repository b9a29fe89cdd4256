//! Showing an answer after the commitment to it.

use super::*;

impl Play {
    fn revealing(&mut self, finality: Finality, block: u32) -> Vec<Step> {
        self.listed(finality, block, vec![reveal(0)])
    }

    fn prepared(&mut self) -> Vec<Step> {
        self.tell(Event::Attempted { job: reveal(0).id(), result: Ok(shown()) })
    }

    fn revealed(&mut self, outcome: Outcome) -> Vec<Step> {
        self.tell(Event::Submitted { job: reveal(0).id(), outcome })
    }
}

#[test]
fn a_commitment_is_shown_once_a_final_block_asks_for_it() {
    let mut play = Play::included();
    // The other workers have not committed: nothing is asked.
    assert_eq!(work_of(&play.best(103, &[])), NOTHING);
    assert_eq!(closed(&play.finalised(103, &[])), [Closed::Ours]);
    assert_eq!(work_of(&play.revealing(Finality::Best, 105)), NOTHING, "a fork may undo it");
    assert_eq!(play.board.next_wake(), None, "it comes with a block");
    assert_eq!(work_of(&play.revealing(Finality::Finalised, 105)), ["prepare 0"]);
    assert_eq!(work_of(&play.prepared()), ["reveal 0"]);
    play.revealed(Outcome::Included { block: 106 });
    assert_eq!(work_of(&play.revealing(Finality::Finalised, 105)), NOTHING);
    assert_eq!(closed(&play.finalised(106, &[])), [Closed::Ours]);
    assert_eq!(play.board.counts(), Counts::default());
}

#[test]
fn where_no_block_becomes_final_it_is_shown_shortly_before_the_deadline() {
    let mut play = Play::new();
    assert_eq!(work_of(&play.revealing(Finality::Best, 179)), NOTHING);
    assert_eq!(work_of(&play.revealing(Finality::Best, 180)), ["prepare 0"]);
    assert_eq!(work_of(&play.prepared()), ["reveal 0"]);
}

#[test]
fn a_fork_that_takes_a_commitment_back_stops_the_reveal() {
    let mut play = Play::included();
    assert_eq!(work_of(&play.revealing(Finality::Best, 103)), NOTHING);
    // Another fork holds no commitment, and becomes final.
    assert_eq!(work_of(&play.best(103, &[0])), NOTHING, "its own block may still be final");
    assert_eq!(work_of(&play.finalised(102, &[0])), ["submit 0"]);
    assert_eq!(closed(&play.finalised(103, &[0])), [Closed::Elsewhere], "the reveal is off");
    play.submitted(0, Outcome::Included { block: 104 });
    play.finalised(104, &[]);
    assert_eq!(work_of(&play.revealing(Finality::Finalised, 105)), ["prepare 0"]);
}

#[test]
fn a_lost_reveal_is_repeated_and_a_reorganised_one_too() {
    let mut play = Play::new();
    play.revealing(Finality::Finalised, 100);
    play.prepared();
    play.revealed(Outcome::Lost(why()));
    assert_eq!(work_of(&play.wait(4)), ["reveal 0"]);
    play.revealed(Outcome::Included { block: 102 });
    assert_eq!(work_of(&play.revealing(Finality::Finalised, 102)), ["reveal 0"]);
}

#[test]
fn a_reveal_that_cannot_be_prepared_is_tried_until_the_deadline_and_never_reported() {
    let mut play = Play::new();
    play.revealing(Finality::Finalised, 100);
    let failed = |play: &mut Play| {
        let result = Err(Problem::NotAvailable(why()));
        work_of(&play.tell(Event::Attempted { job: reveal(0).id(), result }))
    };
    assert_eq!(failed(&mut play), NOTHING);
    assert_eq!(work_of(&play.revealing(Finality::Finalised, 180)), ["prepare 0"]);
    assert_eq!(failed(&mut play), NOTHING, "there is nothing to report");
    assert_eq!(work_of(&play.wait(4)), ["prepare 0"]);
    assert_eq!(closed(&play.revealing(Finality::Finalised, 200)), []);
    assert_eq!(failed(&mut play), NOTHING);
    assert_eq!(play.board.counts().given_up, 1);
}

#[test]
fn answers_to_show_come_before_work_that_takes_long() {
    let mut play = Play::new();
    let urgent = Job { deadline: 150, ..job(1) };
    let jobs = vec![urgent, job(2), reveal(3)];
    let steps = play.listed(Finality::Finalised, 100, jobs);
    assert_eq!(work_of(&steps), ["prepare 3", "attempt 1"]);
}

#[test]
fn requests_that_ask_nothing_are_counted() {
    let mut play = Play::new();
    let (finality, block) = (Finality::Best, 100);
    play.tell(Event::Listed { finality, block, jobs: vec![], idle: 2 });
    assert_eq!(play.board.counts(), Counts { idle: 2, ..Counts::default() });
}
