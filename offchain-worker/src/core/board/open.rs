//! What a new list of open requests changes.

use std::{collections::BTreeSet, time::Duration};

use medchain_primitives::RequestId;

use super::{Board, Job, State};
use crate::core::{turn, Action, Closed, Moment, Note, Request, View};

impl Board {
    pub(super) fn on_open(
        &mut self,
        view: View,
        block: u32,
        requests: Vec<Request>,
        moment: Moment,
        actions: &mut Vec<Action>,
    ) {
        let open: BTreeSet<_> = requests.iter().map(|request| request.id).collect();
        self.block = match view {
            View::Best => block,
            View::Finalised => self.block.max(block),
        };
        for request in requests {
            self.add(request, view, block, actions);
        }
        match view {
            View::Best => {
                for (id, job) in &mut self.jobs {
                    job.open_at_best = open.contains(id);
                }
            }
            View::Finalised => {
                self.close_missing(block, &open, actions);
                self.revive_taken_back(block, &open, moment, actions);
            }
        }
        self.call_last(moment);
    }

    fn add(&mut self, request: Request, view: View, block: u32, actions: &mut Vec<Action>) {
        if !self.served.contains(&request.model) {
            return;
        }
        let rank = turn::rank(request.id, &self.me, &request.candidates);
        if let Some(job) = self.jobs.get_mut(&request.id) {
            // Workers come and go. What an older block says is no news.
            if block >= self.block {
                job.rank = rank;
                job.request = request;
            }
            return;
        }
        actions.push(Action::Note(request.clone(), Note::Seen));
        self.jobs.insert(
            request.id,
            Job {
                request,
                state: State::Waiting(Duration::ZERO),
                first_seen: block,
                rank,
                confirmed: view == View::Finalised,
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
    fn close_missing(&mut self, block: u32, open: &BTreeSet<RequestId>, actions: &mut Vec<Action>) {
        self.jobs.retain(|id, job| {
            // A request of a newer block is not missing, only not final yet.
            if open.contains(id) || (!job.confirmed && job.first_seen > block) {
                return true;
            }
            if matches!(job.state, State::Submitting(_)) {
                // Its own submission may be what closed it: wait for the news.
                job.closed = true;
                return true;
            }
            let how = match job.state {
                State::Included(..) => Closed::Ours,
                State::GivenUp(_) => return false,
                _ => Closed::Elsewhere,
            };
            actions.push(Action::Note(job.request.clone(), Note::Closed(how)));
            false
        });
    }

    /// An answer, its own or another's, whose block is final, on a request
    /// that is open in that same final chain: a re-organisation took it back.
    fn revive_taken_back(
        &mut self,
        block: u32,
        open: &BTreeSet<RequestId>,
        moment: Moment,
        actions: &mut Vec<Action>,
    ) {
        for (id, job) in &mut self.jobs {
            if !open.contains(id) {
                continue;
            }
            job.confirmed = true;
            job.closed = false;
            job.state = match &job.state {
                State::Included(at, answer) if *at <= block => {
                    State::Answered(moment.now, answer.clone())
                }
                State::GivenUp(Some(at)) if *at <= block => State::Waiting(moment.now),
                _ => continue,
            };
            job.open_at_best = true;
            actions.push(Action::Note(job.request.clone(), Note::TakenBack));
        }
    }

    /// Gives every waiting request one attempt shortly before its deadline,
    /// whatever its wait: its failure must be reported in time.
    fn call_last(&mut self, moment: Moment) {
        for id in self.jobs.keys().copied().collect::<Vec<_>>() {
            let Some(timing) = self.timing(id) else {
                continue;
            };
            if let Some(job) = self.jobs.get_mut(&id) {
                if let State::Waiting(until) = &mut job.state {
                    if timing.is_near_deadline() && job.attempts > 0 && !job.last_call {
                        *until = (*until).min(moment.now);
                        job.last_call = true;
                    }
                }
            }
        }
    }
}
