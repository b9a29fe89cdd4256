//! What a new work list changes.

use std::{collections::BTreeSet, time::Duration};

use medchain_client::chain::Finality;

use super::{Board, Entry, State};
use crate::prediction::jobs::job::{Closed, Job, JobId, Moment, Note, Phase, Step};

impl Board {
    pub(super) fn on_listed(
        &mut self,
        finality: Finality,
        block: u32,
        jobs: Vec<Job>,
        moment: Moment,
        steps: &mut Vec<Step>,
    ) {
        let open: BTreeSet<_> = jobs.iter().map(Job::id).collect();
        self.block = match finality {
            Finality::Best => block,
            Finality::Finalised => self.block.max(block),
        };
        for job in jobs {
            self.add(job, finality, block, steps);
        }
        match finality {
            Finality::Best => {
                for (id, entry) in &mut self.entries {
                    entry.open_at_best = open.contains(id);
                }
            }
            Finality::Finalised => {
                self.close_missing(block, &open, steps);
                self.revive_reorganised(block, &open, moment, steps);
            }
        }
        self.revive_late(block, &open, moment, steps);
        self.call_last(moment);
    }

    fn add(&mut self, job: Job, finality: Finality, block: u32, steps: &mut Vec<Step>) {
        if let Some(entry) = self.entries.get_mut(&job.id()) {
            // Another worker may leave, and the deadline move. An older block says nothing
            // about that.
            if block >= self.block {
                entry.job = job;
            }
            return;
        }
        steps.push(Step::Note(job.clone(), Note::Seen));
        self.entries.insert(
            job.id(),
            Entry {
                job,
                state: State::Waiting(Duration::ZERO),
                first_seen: block,
                confirmed: finality == Finality::Finalised,
                open_at_best: true,
                closed: false,
                attempts: 0,
                refusals: 0,
                submissions: 0,
                last_call: false,
            },
        );
    }

    /// Forgets what a final block holds closed.
    fn close_missing(&mut self, block: u32, open: &BTreeSet<JobId>, steps: &mut Vec<Step>) {
        self.entries.retain(|id, entry| {
            // A job of a newer block is not missing, only not final yet.
            if open.contains(id) || (!entry.confirmed && entry.first_seen > block) {
                return true;
            }
            if matches!(entry.state, State::Submitting(_)) {
                // Its own submission may have closed it: its outcome will tell.
                entry.closed = true;
                return true;
            }
            let how = match entry.state {
                State::Included(..) => Closed::Ours,
                State::GivenUp(_) | State::TooLate(_) => return false,
                _ => Closed::Elsewhere,
            };
            steps.push(Step::Note(entry.job.clone(), Note::Closed(how)));
            false
        });
    }

    /// Revives jobs whose block with this worker's call, or with whatever made the call
    /// needless, is final although the same final chain asks for it: a reorganisation
    /// removed it.
    fn revive_reorganised(
        &mut self,
        block: u32,
        open: &BTreeSet<JobId>,
        moment: Moment,
        steps: &mut Vec<Step>,
    ) {
        for (id, entry) in &mut self.entries {
            if !open.contains(id) {
                continue;
            }
            entry.confirmed = true;
            entry.closed = false;
            let revived = match &entry.state {
                State::Included(at, answer) if *at <= block => {
                    State::Answered(moment.now, answer.clone())
                }
                State::GivenUp(Some(at)) if *at <= block => State::Waiting(moment.now),
                _ => continue,
            };
            entry.state = revived;
            entry.open_at_best = true;
            steps.push(Step::Note(entry.job.clone(), Note::Reorganised));
        }
    }

    /// Revives moves that came too late, where a newer block asks for them and leaves them time:
    /// a fork has dropped the erasure of the record, or an earlier deadline. To be silent costs
    /// the whole bond, so this does not wait for a final block.
    fn revive_late(
        &mut self,
        block: u32,
        open: &BTreeSet<JobId>,
        moment: Moment,
        steps: &mut Vec<Step>,
    ) {
        for (id, entry) in &mut self.entries {
            if let State::TooLate(at) = entry.state
                && matches!(id.phase, Phase::Dispute(_))
                && open.contains(id)
                && at <= block
                && self.block < entry.job.deadline
            {
                entry.state = State::Waiting(moment.now);
                entry.open_at_best = true;
                steps.push(Step::Note(entry.job.clone(), Note::Reorganised));
            }
        }
    }

    /// Allows every job that waits one more try shortly before its deadline, whatever its
    /// wait: a failure must be reported in time.
    fn call_last(&mut self, moment: Moment) {
        let (rules, block) = (self.rules, self.block);
        for entry in self.entries.values_mut() {
            let is_near_deadline = entry.time_left(&rules, block).is_near_deadline();
            if let State::Waiting(until) | State::Parked(until) | State::Answered(until, _) =
                &mut entry.state
                && is_near_deadline
                && *until > moment.now
                && !entry.last_call
            {
                *until = moment.now;
                entry.last_call = true;
            }
        }
    }
}
