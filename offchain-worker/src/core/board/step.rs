//! The transitions of one request.

use std::time::Duration;

use medchain_primitives::RequestId;

use super::{Board, Job, State};
use crate::core::{
    decide::{Next, Timing},
    Action, Answer, Closed, Moment, Note,
};

impl Board {
    /// Moves one request on, as `decide` says; `None` leaves it alone.
    pub(super) fn step(
        &mut self,
        id: RequestId,
        moment: Moment,
        actions: &mut Vec<Action>,
        decide: impl FnOnce(&Job, &Timing) -> Option<Next>,
    ) {
        let rules = self.rules;
        let Some(timing) = self.timing(id) else {
            return;
        };
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        let Some(next) = decide(job, &timing) else {
            return;
        };
        let answer = match &job.state {
            State::Submitting(answer) => Some(answer.clone()),
            _ => None,
        };
        let mut note = None;
        job.state = match (next, answer) {
            (Next::Report(code), _) => State::Answered(moment.now, Answer::Failure(code)),
            (Next::AwaitFinality(block), Some(answer)) => State::Included(block, answer),
            (Next::Park(reason), _) => {
                // The answer is forgotten with the consent that it was made under.
                job.refusals = job.refusals.saturating_add(1);
                let after = rules.consent.delay(job.refusals, moment.chance);
                note = Some(Note::Parked { reason, after });
                State::Parked(moment.now.saturating_add(after))
            }
            (Next::Resubmit(reason), Some(answer)) => {
                job.submissions = job.submissions.saturating_add(1);
                let after = rules.resubmit.delay(job.submissions, moment.chance);
                note = Some(retrying(job.submissions, after, reason));
                State::Answered(moment.now.saturating_add(after), answer)
            }
            (Next::ResubmitLate(reason), Some(answer)) => {
                job.submissions = job.submissions.saturating_add(1);
                let after = rules.resubmit.longest;
                note = Some(retrying(job.submissions, after, reason));
                State::Answered(moment.now.saturating_add(after), answer)
            }
            (Next::Elsewhere, _) => {
                note = Some(Note::Closed(Closed::Elsewhere));
                // The block that holds the other answer may be a little newer
                // than the newest one that this worker has heard of.
                State::GivenUp(Some(timing.block.saturating_add(2)))
            }
            (Next::Expired, _) => {
                note = Some(Note::Closed(Closed::Expired));
                State::GivenUp(None)
            }
            (Next::Gone, _) => {
                note = Some(Note::Closed(Closed::Gone));
                State::GivenUp(None)
            }
            (Next::Retry(reason), _)
            | (Next::Resubmit(reason), None)
            | (Next::ResubmitLate(reason), None) => {
                job.attempts = job.attempts.saturating_add(1);
                let after = rules.retry.delay(job.attempts, moment.chance);
                note = Some(retrying(job.attempts, after, reason));
                State::Waiting(moment.now.saturating_add(after))
            }
            // Only a submission leads here, and a submission has an answer.
            (Next::AwaitFinality(_), None) => State::GivenUp(None),
        };
        if let Some(note) = note {
            actions.push(Action::Note(job.request.clone(), note));
        }
    }
}

fn retrying(attempt: u32, after: Duration, reason: String) -> Note {
    Note::Retrying { attempt, after, reason }
}
