//! What follows from a failed attempt and from a finished submission.

use medchain_primitives::FailureCode;

use super::job::Problem;
use crate::shared::outcome::Outcome;

/// How much time a request has left, in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLeft {
    /// The newest known block.
    pub block: u32,
    /// The block at which this worker first saw the request.
    pub first_seen: u32,
    /// The last block in which an answer is accepted.
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
    /// Report to the chain why there is no prediction.
    Report(FailureCode),
    /// Submit the same answer again, soon.
    Resubmit(String),
    /// Submit the same answer again, after the longest wait.
    ResubmitLate(String),
    /// The answer is in this block; wait until the block is final.
    AwaitFinality(u32),
    /// Another answer was first.
    Elsewhere,
    /// Too late for any answer.
    Expired,
    /// There is nothing to work on.
    Gone,
}

/// What follows from an attempt that ended without an answer.
///
/// A worker can report one failure on a request, and the report may close it for all
/// workers. So a failure is reported at once only where another attempt must have the
/// same result; content and envelope may still arrive.
pub fn after_problem(problem: Problem, timing: &TimeLeft) -> Next {
    if timing.is_over() {
        return Next::Expired;
    }
    match problem {
        Problem::NoConsent(reason) => Next::Park(reason),
        Problem::Content(code, _) => Next::Report(code),
        Problem::NotAvailable(_) if timing.is_near_deadline() => {
            Next::Report(FailureCode::Unavailable)
        }
        Problem::NoEnvelope if timing.is_near_deadline() || timing.has_waited_for_envelope() => {
            Next::Report(FailureCode::CannotDecrypt)
        }
        Problem::NoEnvelope => Next::Retry("the record has no envelope for this worker".into()),
        Problem::NotAvailable(reason) | Problem::Passing(reason) => Next::Retry(reason),
        Problem::Gone(_) => Next::Gone,
    }
}

/// What follows from a submission.
pub fn after_submission(outcome: Outcome, timing: &TimeLeft) -> Next {
    match outcome {
        Outcome::Included { block } => Next::AwaitFinality(block),
        Outcome::ClosedElsewhere => Next::Elsewhere,
        Outcome::TooLate => Next::Expired,
        Outcome::Gone => Next::Gone,
        _ if timing.is_over() => Next::Expired,
        Outcome::NoConsent(reason) => Next::Park(reason),
        Outcome::Lost(reason) => Next::Resubmit(reason),
        Outcome::Rejected(reason) => Next::ResubmitLate(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(block: u32) -> TimeLeft {
        TimeLeft { block, first_seen: 100, deadline: 200, report_margin: 20, envelope_grace: 10 }
    }

    #[test]
    fn a_problem_leads_where_it_must() {
        let check = |problem: &Problem, block, expected| {
            assert_eq!(
                after_problem(problem.clone(), &at(block)),
                expected,
                "{problem:?} at block {block}"
            );
        };
        let text = || "why".to_owned();

        let unavailable = Problem::NotAvailable(text());
        check(&unavailable, 100, Next::Retry(text()));
        check(&unavailable, 179, Next::Retry(text()));
        check(&unavailable, 180, Next::Report(FailureCode::Unavailable));
        check(&unavailable, 199, Next::Report(FailureCode::Unavailable));
        check(&unavailable, 200, Next::Expired);

        let envelope = Problem::NoEnvelope;
        assert!(matches!(after_problem(envelope.clone(), &at(109)), Next::Retry(_)));
        check(&envelope, 110, Next::Report(FailureCode::CannotDecrypt));
        check(&envelope, 180, Next::Report(FailureCode::CannotDecrypt));
        check(&envelope, 201, Next::Expired);

        for code in [
            FailureCode::WrongHash,
            FailureCode::CannotDecrypt,
            FailureCode::NotAnImage,
            FailureCode::TooLarge,
        ] {
            check(&Problem::Content(code, text()), 100, Next::Report(code));
            check(&Problem::Content(code, text()), 200, Next::Expired);
        }

        check(&Problem::NoConsent(text()), 100, Next::Park(text()));
        check(&Problem::NoConsent(text()), 190, Next::Park(text()));
        check(&Problem::Passing(text()), 199, Next::Retry(text()));
        check(&Problem::Gone(text()), 100, Next::Gone);
    }

    #[test]
    fn a_submission_leads_where_it_must() {
        let check = |outcome: Outcome, block, expected| {
            assert_eq!(
                after_submission(outcome.clone(), &at(block)),
                expected,
                "{outcome:?} at block {block}"
            );
        };
        let text = || "why".to_owned();
        let included = Outcome::Included { block: 120 };
        check(included.clone(), 120, Next::AwaitFinality(120));
        check(included, 200, Next::AwaitFinality(120));
        check(Outcome::ClosedElsewhere, 120, Next::Elsewhere);
        check(Outcome::TooLate, 120, Next::Expired);
        check(Outcome::Gone, 120, Next::Gone);
        check(Outcome::NoConsent(text()), 120, Next::Park(text()));
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
