//! Attempts: order, limits, retries, consent, deadlines.

use super::*;

#[test]
fn work_is_limited_and_the_nearest_deadline_comes_first() {
    let mut play = Play::new();
    let mut urgent = job(9);
    urgent.deadline = 150;
    let open = vec![job(1), job(2), urgent];
    let steps = play.listed(Finality::Finalised, 100, open);
    assert_eq!(work_of(&steps), ["attempt 9", "attempt 1"]);
    let steps = play.attempted(9, Ok(commitment()));
    assert_eq!(work_of(&steps), ["submit 9", "attempt 2"]);
}

#[test]
fn of_many_jobs_each_free_place_goes_to_the_nearest_deadline() {
    let mut play = Play::new();
    // In another order than that of their numbers.
    let number = |place: u64| place * 37 % 101;
    let jobs = (0..100u32).map(|place| Job { deadline: 200 + place, ..job(number(place.into())) });
    let steps = play.listed(Finality::Finalised, 100, jobs.collect());
    let attempt = |place: u64| format!("attempt {}", number(place));
    assert_eq!(work_of(&steps), [attempt(0), attempt(1)]);
    for place in 0..98 {
        let steps = play.attempted(number(place), Ok(commitment()));
        assert_eq!(work_of(&steps), [format!("submit {}", number(place)), attempt(place + 2)]);
    }
}

#[test]
fn jobs_that_fail_again_and_again_hold_up_no_others() {
    let mut play = Play::new();
    let missing = || Err(Problem::NotAvailable(why()));
    // As many bad jobs as there are places, all with the nearer deadline.
    play.finalised(100, &[0, 1]);
    play.attempted(0, missing());
    play.attempted(1, missing());
    let mut fresh = job(2);
    fresh.deadline = 300;
    let open = vec![job(0), job(1), fresh.clone()];
    let steps = play.listed(Finality::Finalised, 101, open);
    assert_eq!(work_of(&steps), ["attempt 2"]);
    // All are due, and one place is free: it goes to the job that has failed less often.
    let mut other = job(3);
    other.deadline = 300;
    play.now += Duration::from_secs(2);
    let open = vec![job(0), job(1), fresh, other];
    let steps = play.listed(Finality::Finalised, 102, open);
    assert_eq!(work_of(&steps), ["attempt 3"]);
}

#[test]
fn duplicates_and_late_events_change_nothing() {
    let mut play = Play::new();
    assert_eq!(work_of(&play.finalised(100, &[0])), ["attempt 0"]);
    assert_eq!(play.finalised(100, &[0]), []);
    assert_eq!(play.best(101, &[0]), []);
    assert_eq!(work_of(&play.attempted(0, Ok(commitment()))), ["submit 0"]);
    assert_eq!(play.attempted(0, Ok(commitment())), []);
    assert_eq!(play.attempted(0, Err(Problem::NoEnvelope)), []);
    let included = Outcome::Included { block: 102 };
    assert_eq!(play.submitted(0, included.clone()), []);
    assert_eq!(play.submitted(0, included.clone()), []);
    assert_eq!(play.submitted(0, Outcome::Lost(why())), []);
    assert_eq!(closed(&play.finalised(102, &[])), [Closed::Ours]);
    assert_eq!(play.submitted(0, included), []);
    assert_eq!(play.attempted(77, Ok(commitment())), []);
    assert_eq!(play.board.counts(), Counts::default());
}

#[test]
fn a_restart_starts_from_the_list_alone() {
    // Wherever the old process died, the new one knows only the chain: an open request
    // is attempted, a closed one is not.
    for prepare in [Play::new, Play::submitting, Play::included] {
        drop(prepare());
        let mut restarted = Play::new();
        assert_eq!(work_of(&restarted.finalised(103, &[0, 1])), ["attempt 0", "attempt 1"]);
        let mut restarted = Play::new();
        assert_eq!(work_of(&restarted.finalised(103, &[])), NOTHING);
    }
}

#[test]
fn missing_content_is_retried_and_reported_near_the_deadline() {
    let mut play = Play::new();
    play.finalised(100, &[0]);
    let missing = || Err(Problem::NotAvailable(why()));
    for seconds in [2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(work_of(&play.attempted(0, missing())), NOTHING);
        assert_eq!(work_of(&play.wait(seconds - 1)), NOTHING, "{seconds}");
        assert_eq!(work_of(&play.wait(1)), ["attempt 0"], "{seconds}");
    }
    assert_eq!(work_of(&play.attempted(0, missing())), NOTHING);
    // The margin cuts the wait short for one last attempt, and only one.
    assert_eq!(work_of(&play.finalised(179, &[0])), NOTHING);
    assert_eq!(work_of(&play.finalised(180, &[0])), ["attempt 0"]);
    assert_eq!(work_of(&play.attempted(0, missing())), ["report 0 Unavailable"]);
}

#[test]
fn bad_content_is_reported_at_once() {
    for code in FailureCode::ALL {
        let mut play = Play::new();
        play.finalised(100, &[0]);
        assert_eq!(
            work_of(&play.attempted(0, Err(Problem::Content(code, why())))),
            [format!("report 0 {code:?}")]
        );
    }
}

#[test]
fn a_missing_envelope_may_arrive_for_a_while() {
    let mut play = Play::new();
    play.finalised(100, &[0]);
    assert_eq!(work_of(&play.attempted(0, Err(Problem::NoEnvelope))), NOTHING);
    play.finalised(110, &[0]);
    assert_eq!(work_of(&play.wait(2)), ["attempt 0"]);
    assert_eq!(work_of(&play.attempted(0, Err(Problem::NoEnvelope))), ["report 0 CannotDecrypt"]);
}

#[test]
fn without_consent_it_is_parked_and_resumed_once_consent_is_granted() {
    let mut play = Play::new();
    play.finalised(100, &[0]);
    for seconds in [6, 12, 24, 30, 30] {
        play.attempted(0, Err(Problem::NoConsent(why())));
        assert_eq!(play.board.counts().parked, 1);
        assert_eq!(work_of(&play.wait(seconds - 1)), NOTHING);
        assert_eq!(work_of(&play.wait(1)), ["attempt 0"]);
    }
    assert_eq!(work_of(&play.attempted(0, Ok(commitment()))), ["submit 0"]);
}

#[test]
fn a_worker_without_consent_leaves_before_its_silence_costs_bond() {
    let mut play = Play::new();
    play.finalised(100, &[0]);
    play.attempted(0, Err(Problem::NoConsent(why())));
    assert_eq!(work_of(&play.finalised(179, &[0])), NOTHING);
    assert_eq!(work_of(&play.finalised(180, &[0])), ["attempt 0"], "it asks once more");
    let refused = play.attempted(0, Err(Problem::NoConsent(why())));
    assert_eq!(work_of(&refused), ["report 0 Unavailable"]);
}

#[test]
fn consent_revoked_before_the_submission_parks_and_forgets_the_answer() {
    let mut play = Play::submitting();
    play.submitted(0, Outcome::NoConsent(why()));
    assert_eq!(play.board.counts().parked, 1);
    assert_eq!(work_of(&play.wait(6)), ["attempt 0"]);
    assert_eq!(work_of(&play.attempted(0, Ok(commitment()))), ["submit 0"]);
}

#[test]
fn nothing_is_done_after_the_deadline() {
    let mut play = Play::new();
    assert_eq!(closed(&play.finalised(200, &[0])), [Closed::Expired]);
    assert_eq!(play.finalised(201, &[0]), []);
    assert_eq!(play.wait(1_000), []);
    assert_eq!(play.finalised(202, &[]), []);

    let mut parked = Play::new();
    parked.finalised(150, &[0]);
    parked.attempted(0, Err(Problem::NoConsent(why())));
    assert_eq!(closed(&parked.finalised(200, &[0])), [Closed::Expired]);

    let mut running = Play::new();
    running.finalised(199, &[0]);
    running.finalised(200, &[0]);
    assert_eq!(
        closed(&running.attempted(0, Ok(commitment()))),
        [Closed::Expired],
        "no fee is paid for a call that comes too late"
    );
}

#[test]
fn the_next_wake_is_the_earliest_wait() {
    let mut play = Play::new();
    assert_eq!(play.board.next_wake(), None);
    play.finalised(100, &[0, 1]);
    assert_eq!(play.board.next_wake(), None, "both are running");
    play.attempted(0, Err(Problem::NoConsent(why())));
    play.attempted(1, Err(Problem::Passing(why())));
    assert_eq!(play.board.next_wake(), Some(play.now + Duration::from_secs(2)));
}

#[test]
fn work_without_a_free_place_wakes_nobody() {
    let mut play = Play::new();
    play.finalised(100, &[0, 1, 2]);
    assert_eq!(play.board.counts().waiting, 1);
    assert_eq!(play.board.next_wake(), None);
    assert_eq!(work_of(&play.attempted(0, Err(Problem::Passing(why())))), ["attempt 2"]);
}

#[test]
fn a_job_without_a_record_is_closed() {
    let mut play = Play::new();
    play.finalised(100, &[0]);
    assert_eq!(closed(&play.attempted(0, Err(Problem::Gone(why())))), [Closed::Gone]);
    assert_eq!(work_of(&play.wait(10_000)), NOTHING);
    assert_eq!(play.finalised(101, &[0]), []);
}
