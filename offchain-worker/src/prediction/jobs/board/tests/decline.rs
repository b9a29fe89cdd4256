//! A board that takes no new work.

use super::*;

impl Play {
    fn decline(&mut self) -> Vec<Step> {
        self.tell(Event::Decline)
    }
}

const REPORTED: [&str; 1] = ["report 0 Unavailable"];

#[test]
fn new_requests_are_declined_at_once() {
    let mut play = Play::new();
    play.decline();
    assert_eq!(work_of(&play.finalised(100, &[0])), REPORTED);
    assert_eq!(play.finalised(101, &[0]), [], "once");
    play.submitted(0, Outcome::Included { block: 102 });
    assert_eq!(closed(&play.finalised(102, &[])), [Closed::Ours]);
    assert_eq!(work_of(&play.best(103, &[1])), ["report 1 Unavailable"]);
}

#[test]
fn what_is_in_hand_and_not_submitted_is_declined() {
    // Two are attempted, one waits for a place.
    let mut play = Play::new();
    play.finalised(100, &[0, 1, 2]);
    assert_eq!(work_of(&play.decline()), ["report 2 Unavailable"]);
    assert_eq!(work_of(&play.attempted(0, Ok(commitment()))), REPORTED);
    assert_eq!(work_of(&play.attempted(1, Err(Problem::NotAvailable(why())))), NOTHING);
    assert_eq!(work_of(&play.wait(2)), ["report 1 Unavailable"]);
    assert_eq!(play.board.next_wake(), None);
}

#[test]
fn a_reason_that_is_known_is_still_the_one_that_is_reported() {
    let mut play = Play::new();
    play.finalised(100, &[0]);
    play.decline();
    let bad = Err(Problem::Content(FailureCode::NotAnImage, why()));
    assert_eq!(work_of(&play.attempted(0, bad)), ["report 0 NotAnImage"]);
}

#[test]
fn without_consent_it_declines_too() {
    let mut play = Play::new();
    play.finalised(100, &[0]);
    play.attempted(0, Err(Problem::NoConsent(why())));
    assert_eq!(work_of(&play.decline()), NOTHING);
    assert_eq!(work_of(&play.wait(6)), REPORTED);
}

#[test]
fn a_commitment_on_its_way_is_not_taken_back_and_is_shown() {
    let mut play = Play::submitting();
    assert_eq!(work_of(&play.decline()), NOTHING);
    play.submitted(0, Outcome::Included { block: 102 });
    assert_eq!(closed(&play.finalised(102, &[])), [Closed::Ours]);
    let steps = play.listed(Finality::Finalised, 103, vec![reveal(0)]);
    assert_eq!(work_of(&steps), ["prepare 0"]);
    let steps = play.tell(Event::Attempted { job: reveal(0).id(), result: Ok(shown()) });
    assert_eq!(work_of(&steps), ["reveal 0"]);
}

#[test]
fn a_commitment_that_is_lost_is_not_made_again() {
    let mut play = Play::submitting();
    play.decline();
    play.submitted(0, Outcome::Lost(why()));
    assert_eq!(work_of(&play.wait(4)), REPORTED);
    let mut play = Play::included();
    play.decline();
    assert_eq!(work_of(&play.finalised(102, &[0])), REPORTED, "a fork has dropped it");
}

#[test]
fn moves_are_still_made() {
    let mut play = Play::new();
    play.decline();
    let round = Job { phase: Phase::Dispute(Round::numbered(1)), ..job(0) };
    let steps = play.listed(Finality::Best, 100, vec![round]);
    assert_eq!(work_of(&steps), ["think 0"]);
}
