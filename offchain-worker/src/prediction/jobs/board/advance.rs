//! The transitions of one job.

use std::time::Duration;

use medchain_primitives::FailureCode;

use super::{Board, Entry, State};
use crate::prediction::jobs::{
    decide::{Next, TimeLeft},
    job::{Answer, Closed, JobId, Moment, Note, Step},
};

impl Board {
    /// Moves one job on, as `decide` says; `None` leaves it alone.
    pub(super) fn advance(
        &mut self,
        id: JobId,
        moment: Moment,
        steps: &mut Vec<Step>,
        decide: impl FnOnce(&Entry, &TimeLeft) -> Option<Next>,
    ) {
        let rules = self.rules;
        let Some(time) = self.time_left(id) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let Some(next) = decide(entry, &time) else {
            return;
        };
        let answer = match &entry.state {
            State::Submitting(answer) => Some(answer.clone()),
            _ => None,
        };
        let mut note = None;
        entry.state = match (next, answer) {
            (Next::Report(code), _) => State::Answered(moment.now, Answer::Failure(code)),
            (Next::Leave(reason), _) => {
                note = Some(Note::Left { reason });
                State::Answered(moment.now, Answer::Failure(FailureCode::Unavailable))
            }
            (Next::AwaitFinality(block), Some(answer)) => State::Included(block, answer),
            (Next::Park(reason), _) => {
                // The answer is forgotten with the consent that it was made under.
                entry.refusals = entry.refusals.saturating_add(1);
                let after = rules.consent.delay(entry.refusals, moment.chance);
                note = Some(Note::Parked { reason, after });
                State::Parked(moment.now.saturating_add(after))
            }
            (Next::Resubmit(reason), Some(answer)) => {
                entry.submissions = entry.submissions.saturating_add(1);
                let after = rules.resubmit.delay(entry.submissions, moment.chance);
                note = Some(retrying(entry.submissions, after, reason));
                State::Answered(moment.now.saturating_add(after), answer)
            }
            (Next::ResubmitLate(reason), Some(answer)) => {
                entry.submissions = entry.submissions.saturating_add(1);
                let after = rules.resubmit.longest;
                note = Some(retrying(entry.submissions, after, reason));
                State::Answered(moment.now.saturating_add(after), answer)
            }
            (Next::Elsewhere, _) => {
                note = Some(Note::Closed(Closed::Elsewhere));
                // The block in which that happened may be a little newer than the newest
                // block that this worker knows.
                State::GivenUp(Some(time.block.saturating_add(2)))
            }
            (Next::Expired, _) => {
                note = Some(Note::Closed(Closed::Expired));
                // As above.
                State::TooLate(time.block.saturating_add(2))
            }
            (Next::Gone, _) => {
                note = Some(Note::Closed(Closed::Gone));
                State::GivenUp(None)
            }
            (Next::Retry(reason), _)
            | (Next::Resubmit(reason) | Next::ResubmitLate(reason), None) => {
                entry.attempts = entry.attempts.saturating_add(1);
                let after = rules.retry.delay(entry.attempts, moment.chance);
                note = Some(retrying(entry.attempts, after, reason));
                State::Waiting(moment.now.saturating_add(after))
            }
            // Only a submission leads here, and a submission has an answer.
            (Next::AwaitFinality(_), None) => State::GivenUp(None),
        };
        if let Some(note) = note {
            steps.push(Step::Note(entry.job.clone(), note));
        }
    }
}

fn retrying(attempt: u32, after: Duration, reason: String) -> Note {
    Note::Retrying { attempt, after, reason }
}
