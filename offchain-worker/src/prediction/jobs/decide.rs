//! What follows from a failed attempt and from a finished submission.

use medchain_primitives::FailureCode;

use super::job::{Phase, Problem};
use crate::shared::outcome::Outcome;

/// How much time a job has left, in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLeft {
    /// The newest known block.
    pub block: u32,
    /// The block at which this worker first saw the job.
    pub first_seen: u32,
    /// The last block in which its call is accepted.
    pub deadline: u32,
    /// A failure is reported this many blocks before the deadline at the latest.
    pub report_margin: u32,
    /// For how many blocks a missing envelope may still arrive.
    pub envelope_grace: u32,
}

impl TimeLeft {
    /// Whether a call submitted now would come too late.
    pub fn is_over(&self) -> bool {
        self.block >= self.deadline
    }

    /// Whether it is time to report a failure rather than to try again.
    pub fn is_near_deadline(&self) -> bool {
        self.block.saturating_add(self.report_margin) >= self.deadline
    }

    fn has_waited_for_envelope(&self) -> bool {
        self.block >= self.first_seen.saturating_add(self.envelope_grace)
    }
}

/// What to do with a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Attempt it again, after a growing wait.
    Retry(String),
    /// Ask for consent again, after a growing wait.
    Park(String),
    /// Report to the chain why there is no answer.
    Report(FailureCode),
    /// Report that there is no answer, for want of consent.
    Leave(String),
    /// Submit the same answer again, soon.
    Resubmit(String),
    /// Submit the same answer again, after the longest wait.
    ResubmitLate(String),
    /// The answer is in this block; wait until the block is final.
    AwaitFinality(u32),
    /// The request does not ask for it any more.
    Elsewhere,
    /// Too late for any answer.
    Expired,
    /// There is nothing to work on.
    Gone,
}

/// What follows from an attempt that ended without an answer.
///
/// With a report the worker leaves the request, which costs no bond; to be silent does. So
/// a failure is reported at once where another attempt must have the same result, and
/// whatever else keeps the worker from answering shortly before the deadline.
pub fn after_problem(problem: Problem, phase: Phase, timing: &TimeLeft) -> Next {
    if timing.is_over() {
        return Next::Expired;
    }
    let next = match problem {
        Problem::NoConsent(reason) => Next::Park(reason),
        Problem::Gone(_) => return Next::Gone,
        Problem::NotAsked => return Next::Elsewhere,
        Problem::Content(code, reason) => match phase {
            Phase::Answer => return Next::Report(code),
            _ => Next::Retry(reason),
        },
        Problem::NoEnvelope
            if phase == Phase::Answer
                && (timing.is_near_deadline() || timing.has_waited_for_envelope()) =>
        {
            return Next::Report(FailureCode::CannotDecrypt);
        }
        Problem::NoEnvelope => Next::Retry("the record has no envelope for this worker".into()),
        Problem::NoShares(reason)
        | Problem::NotAvailable(reason)
        | Problem::Passing(reason)
        | Problem::Unproven(reason)
        | Problem::Ended(reason) => Next::Retry(reason),
    };
    or_report(next, phase, timing)
}

/// What follows from a submission.
pub fn after_submission(outcome: Outcome, phase: Phase, timing: &TimeLeft) -> Next {
    match outcome {
        Outcome::Included { block } => Next::AwaitFinality(block),
        Outcome::ClosedElsewhere | Outcome::Exposed { .. } => Next::Elsewhere,
        Outcome::TooLate => Next::Expired,
        Outcome::Gone => Next::Gone,
        _ if timing.is_over() => Next::Expired,
        Outcome::NoConsent(reason) => or_report(Next::Park(reason), phase, timing),
        Outcome::Lost(reason) => Next::Resubmit(reason),
        Outcome::Rejected(reason) => Next::ResubmitLate(reason),
    }
}

/// A wait, or shortly before the deadline a report. A worker that has committed can report
/// nothing: it has to show its answer, and to defend it.
fn or_report(wait: Next, phase: Phase, timing: &TimeLeft) -> Next {
    match phase {
        Phase::Answer if timing.is_near_deadline() => match wait {
            Next::Park(reason) => Next::Leave(reason),
            _ => Next::Report(FailureCode::Unavailable),
        },
        _ => wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::jobs::Round;

    fn at(block: u32) -> TimeLeft {
        TimeLeft { block, first_seen: 100, deadline: 200, report_margin: 20, envelope_grace: 10 }
    }

    fn text() -> String {
        "why".to_owned()
    }

    #[test]
    fn a_problem_leads_where_it_must() {
        let check = |problem: &Problem, block, expected| {
            assert_eq!(
                after_problem(problem.clone(), Phase::Answer, &at(block)),
                expected,
                "{problem:?} at block {block}"
            );
        };
        let passing = [
            Problem::NotAvailable(text()),
            Problem::Passing(text()),
            Problem::Unproven(text()),
            Problem::Ended(text()),
        ];
        for problem in passing {
            check(&problem, 100, Next::Retry(text()));
            check(&problem, 179, Next::Retry(text()));
            check(&problem, 180, Next::Report(FailureCode::Unavailable));
            check(&problem, 199, Next::Report(FailureCode::Unavailable));
            check(&problem, 200, Next::Expired);
        }

        let envelope = Problem::NoEnvelope;
        let next = after_problem(envelope.clone(), Phase::Answer, &at(109));
        assert!(matches!(next, Next::Retry(_)));
        check(&envelope, 110, Next::Report(FailureCode::CannotDecrypt));
        check(&envelope, 180, Next::Report(FailureCode::CannotDecrypt));
        check(&envelope, 201, Next::Expired);

        for code in FailureCode::ALL {
            check(&Problem::Content(code, text()), 100, Next::Report(code));
            check(&Problem::Content(code, text()), 200, Next::Expired);
        }

        // A worker that may not open the film leaves in time: to be silent costs bond.
        check(&Problem::NoConsent(text()), 100, Next::Park(text()));
        check(&Problem::NoConsent(text()), 180, Next::Leave(text()));
        check(&Problem::Gone(text()), 100, Next::Gone);
    }

    #[test]
    fn after_a_commitment_nothing_is_reported() {
        for block in [100, 180, 199] {
            let next = |problem| after_problem(problem, Phase::Reveal, &at(block));
            assert_eq!(next(Problem::NoConsent(text())), Next::Park(text()));
            assert_eq!(next(Problem::NotAvailable(text())), Next::Retry(text()));
            assert_eq!(next(Problem::Content(FailureCode::WrongHash, text())), Next::Retry(text()));
            assert!(matches!(next(Problem::NoEnvelope), Next::Retry(_)));
        }
    }

    #[test]
    fn without_a_key_nothing_is_reported() {
        for phase in [Phase::Ask, Phase::Collect] {
            for block in [100, 180, 199] {
                let next = |problem| after_problem(problem, phase, &at(block));
                assert_eq!(next(Problem::NoShares(text())), Next::Retry(text()));
                assert_eq!(next(Problem::NoConsent(text())), Next::Park(text()));
                let code = FailureCode::CannotDecrypt;
                assert_eq!(next(Problem::Content(code, text())), Next::Retry(text()));
                assert_eq!(next(Problem::NotAsked), Next::Elsewhere);
            }
            let over = after_problem(Problem::NoShares(text()), phase, &at(200));
            assert_eq!(over, Next::Expired);
        }
    }

    #[test]
    fn in_a_dispute_nothing_is_reported_either() {
        let phase = Phase::Dispute(Round::numbered(1));
        for block in [100, 180, 199] {
            let next = |problem| after_problem(problem, phase, &at(block));
            assert_eq!(next(Problem::NotAvailable(text())), Next::Retry(text()));
            assert_eq!(next(Problem::Content(FailureCode::WrongHash, text())), Next::Retry(text()));
            assert!(matches!(next(Problem::NoEnvelope), Next::Retry(_)));
            assert_eq!(next(Problem::NotAsked), Next::Elsewhere);
            let next = |outcome| after_submission(outcome, phase, &at(block));
            assert_eq!(next(Outcome::NoConsent(text())), Next::Park(text()));
            assert_eq!(next(Outcome::Lost(text())), Next::Resubmit(text()));
        }
    }

    #[test]
    fn a_submission_leads_where_it_must() {
        let check = |outcome: Outcome, block, expected| {
            assert_eq!(
                after_submission(outcome.clone(), Phase::Answer, &at(block)),
                expected,
                "{outcome:?} at block {block}"
            );
        };
        let included = Outcome::Included { block: 120 };
        check(included.clone(), 120, Next::AwaitFinality(120));
        check(included, 200, Next::AwaitFinality(120));
        check(Outcome::ClosedElsewhere, 120, Next::Elsewhere);
        check(Outcome::TooLate, 120, Next::Expired);
        check(Outcome::Gone, 120, Next::Gone);
        check(Outcome::NoConsent(text()), 120, Next::Park(text()));
        check(Outcome::NoConsent(text()), 180, Next::Leave(text()));
        check(Outcome::NoConsent(text()), 200, Next::Expired);
        check(Outcome::Lost(text()), 120, Next::Resubmit(text()));
        check(Outcome::Lost(text()), 200, Next::Expired);
        check(Outcome::Rejected(text()), 120, Next::ResubmitLate(text()));
    }

    #[test]
    fn a_deadline_below_the_margin_still_gets_one_attempt() {
        let short = TimeLeft { deadline: 105, ..at(100) };
        assert!(!short.is_over() && short.is_near_deadline());
    }
}
