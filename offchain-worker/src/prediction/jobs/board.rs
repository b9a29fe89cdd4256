//! The board of all jobs that this worker knows, and their states.
//!
//! ```text
//! seen ─► Waiting ◄─► Running ─► Answered ◄─► Submitting ─► Included ─► closed
//!                        ▲          ▲             │            │
//!                        ▼          └─────────────┼─ reorganised
//!                      Parked ◄────── no consent ─┘
//! ```
//! Where several workers can answer a request, they take turns by their rank
//! ([`super::turn`]): a job whose turn has not come is `Waiting` and is not started.
//!
//! The board only remembers what the chain holds: a worker that is killed at any
//! moment rebuilds it from the list of open requests.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use medchain_client::AccountId32;
use medchain_primitives::{ModelId, RequestId};

use super::{
    answer::Answer,
    decide::{after_problem, after_submission, TimeLeft},
    job::{Closed, Event, Job, Moment, Note, Step},
};
use crate::shared::{backoff::Backoff, outcome::Outcome};

mod advance;
mod open;
#[cfg(test)]
mod tests;

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many jobs are attempted at the same time.
    pub max_running: usize,
    /// While fewer than this many are attempted, there is room for jobs whose turn is
    /// another worker's and that it has not answered.
    pub max_taken_over: usize,
    /// How many blocks each worker before this one in a request's order has to itself;
    /// 0 where all start at once.
    pub takeover_blocks: u32,
    /// The waits between attempts.
    pub retry: Backoff,
    /// The waits between questions for a consent that was refused.
    pub consent: Backoff,
    /// The waits between submissions of the same answer.
    pub resubmit: Backoff,
    /// How many blocks before the deadline a failure is reported.
    pub report_margin: u32,
    /// For how many blocks a missing envelope may still arrive.
    pub envelope_grace: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// To be attempted from this time on.
    Waiting(Duration),
    /// Consent was refused; to be asked for again from this time on.
    Parked(Duration),
    /// An attempt is running.
    Running,
    /// Its answer is to be submitted from this time on.
    Answered(Duration, Answer),
    /// Its answer is being submitted.
    Submitting(Answer),
    /// Its answer is in this block, which is not final yet.
    Included(u32, Answer),
    /// Left alone until the chain closes it. With a block: another answer was seen
    /// there, which a reorganisation may still remove.
    GivenUp(Option<u32>),
}

#[derive(Clone, Debug)]
struct Entry {
    job: Job,
    state: State,
    first_seen: u32,
    /// How many workers come before this one; `None` where it is in no order.
    rank: Option<u32>,
    /// Whether a final block held it open.
    confirmed: bool,
    /// Whether the newest block still holds it open.
    open_at_best: bool,
    /// Whether a final block has closed it during its submission.
    closed: bool,
    attempts: u32,
    refusals: u32,
    submissions: u32,
    /// Whether its wait was cut short for one attempt before the deadline.
    last_call: bool,
}

/// Whether a job that waits may be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It is this worker's own.
    Own,
    /// This many workers had their turn before and did not answer.
    TakeOver(u32),
    /// It is another worker's for now.
    Later,
}

impl Entry {
    fn turn(&self, rules: &Rules, block: u32) -> Turn {
        let rank = match self.rank {
            Some(rank) if rank > 0 && rules.takeover_blocks > 0 => rank,
            _ => return Turn::Own,
        };
        // Shortly before the deadline no job is left to others.
        if self.time_left(rules, block).is_near_deadline() {
            return Turn::Own;
        }
        // Counted from the chain's block, so that a restart does not start a new wait.
        let wait = rank.saturating_mul(rules.takeover_blocks);
        match block >= self.job.opened.saturating_add(wait) {
            true => Turn::TakeOver(rank),
            false => Turn::Later,
        }
    }

    fn time_left(&self, rules: &Rules, block: u32) -> TimeLeft {
        TimeLeft {
            block,
            first_seen: self.first_seen,
            deadline: self.job.deadline,
            report_margin: rules.report_margin,
            envelope_grace: rules.envelope_grace,
        }
    }
}

/// How many jobs are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// To be attempted.
    pub waiting: usize,
    /// Left to workers whose turn comes before.
    pub assigned_elsewhere: usize,
    /// Without consent.
    pub parked: usize,
    /// Being attempted.
    pub running: usize,
    /// With an answer that is not in a block yet.
    pub submitting: usize,
    /// With an answer that is not final yet.
    pub included: usize,
    /// Left alone until the chain closes them.
    pub given_up: usize,
}

/// All known jobs. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Board {
    rules: Rules,
    me: AccountId32,
    served: BTreeSet<ModelId>,
    entries: BTreeMap<RequestId, Entry>,
    block: u32,
}

impl Board {
    /// An empty board of the worker `me` that runs the models `served`.
    pub fn new(rules: Rules, me: AccountId32, served: impl IntoIterator<Item = ModelId>) -> Self {
        Self { rules, me, served: served.into_iter().collect(), entries: BTreeMap::new(), block: 0 }
    }

    /// How many jobs are in which state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in self.entries.values() {
            match entry.state {
                State::Waiting(_) => match entry.turn(&self.rules, self.block) {
                    Turn::Later => counts.assigned_elsewhere += 1,
                    Turn::Own | Turn::TakeOver(_) => counts.waiting += 1,
                },
                State::Parked(_) => counts.parked += 1,
                State::Running => counts.running += 1,
                State::Answered(..) | State::Submitting(_) => counts.submitting += 1,
                State::Included(..) => counts.included += 1,
                State::GivenUp(_) => counts.given_up += 1,
            }
        }
        counts
    }

    /// When the next wait ends: an [`Event::Tick`] is due then. A job that waits for a
    /// free place or for its turn is not counted: it starts with the event that frees
    /// the place, or with the block of its turn.
    pub fn next_wake(&self) -> Option<Duration> {
        let running = self.counts().running;
        self.entries
            .values()
            .filter(|entry| entry.open_at_best)
            .filter_map(|entry| match entry.state {
                State::Waiting(until) | State::Parked(until) => {
                    (running < self.places(entry.turn(&self.rules, self.block))).then_some(until)
                }
                State::Answered(until, _) => Some(until),
                _ => None,
            })
            .min()
    }

    /// Processes an event and says what to do. Events about jobs that do not wait for
    /// them (duplicates, late ones) change nothing.
    pub fn handle(&mut self, event: Event, moment: Moment) -> Vec<Step> {
        let mut steps = Vec::new();
        match event {
            Event::Open { finality, block, open } => {
                self.on_open(finality, block, open, moment, &mut steps);
            }
            Event::Attempted { request, result } => match result {
                Ok(answer) => self.on_answer(request, answer),
                Err(problem) => self.advance(request, moment, &mut steps, |entry, time| {
                    matches!(entry.state, State::Running).then(|| after_problem(problem, time))
                }),
            },
            Event::Submitted { request, outcome } => {
                self.on_submitted(request, outcome, moment, &mut steps);
            }
            Event::Tick => {}
        }
        self.expire(&mut steps);
        self.start(moment, &mut steps);
        steps
    }

    fn on_answer(&mut self, id: RequestId, answer: Answer) {
        if let Some(entry) = self.entries.get_mut(&id)
            && matches!(entry.state, State::Running)
        {
            entry.state = State::Answered(Duration::ZERO, answer);
        }
    }

    fn on_submitted(
        &mut self,
        id: RequestId,
        outcome: Outcome,
        moment: Moment,
        steps: &mut Vec<Step>,
    ) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        if entry.closed && matches!(entry.state, State::Submitting(_)) {
            let how = match outcome {
                Outcome::Included { .. } => Closed::Ours,
                _ => Closed::Elsewhere,
            };
            steps.push(Step::Note(entry.job.clone(), Note::Closed(how)));
            self.entries.remove(&id);
            return;
        }
        self.advance(id, moment, steps, |entry, time| {
            matches!(entry.state, State::Submitting(_)).then(|| after_submission(outcome, time))
        });
    }

    /// Closes jobs that no answer can reach in time.
    fn expire(&mut self, steps: &mut Vec<Step>) {
        let block = self.block;
        for entry in self.entries.values_mut() {
            let idle =
                matches!(entry.state, State::Waiting(_) | State::Parked(_) | State::Answered(..));
            if idle && block >= entry.job.deadline {
                entry.state = State::GivenUp(None);
                steps.push(Step::Note(entry.job.clone(), Note::Closed(Closed::Expired)));
            }
        }
    }

    /// How many attempts may run at once for a job with this turn to be started.
    fn places(&self, turn: Turn) -> usize {
        match turn {
            Turn::Own => self.rules.max_running,
            Turn::TakeOver(_) => self.rules.max_taken_over.min(self.rules.max_running),
            Turn::Later => 0,
        }
    }

    /// Starts what is due: submissions all at once, attempts up to the limit.
    ///
    /// Jobs that must have their one attempt before the deadline come first, then those
    /// that have failed least often, and among these the nearest deadline: jobs that
    /// fail again and again hold up no others.
    ///
    /// Jobs that other workers have not answered come after all of these, and in the
    /// reverse order, so that two workers at one backlog meet as late as possible.
    fn start(&mut self, moment: Moment, steps: &mut Vec<Step>) {
        let (rules, block) = (self.rules, self.block);
        let mut due = Vec::new();
        let mut unanswered = Vec::new();
        let mut running = 0;
        for (id, entry) in &mut self.entries {
            match &entry.state {
                State::Running => running += 1,
                State::Waiting(until) | State::Parked(until)
                    if *until <= moment.now && entry.open_at_best =>
                {
                    let failures = entry.attempts.saturating_add(entry.refusals);
                    let is_last_call = entry.last_call && matches!(entry.state, State::Waiting(_));
                    let deadline = entry.job.deadline;
                    match entry.turn(&rules, block) {
                        Turn::Own => due.push((!is_last_call, failures, deadline, *id)),
                        Turn::TakeOver(rank) => {
                            unanswered.push((failures, rank, Reverse(deadline), Reverse(*id)));
                        }
                        Turn::Later => {}
                    }
                }
                State::Answered(until, answer) if *until <= moment.now && entry.open_at_best => {
                    let answer = answer.clone();
                    entry.state = State::Submitting(answer.clone());
                    steps.push(Step::Submit(entry.job.clone(), answer));
                }
                _ => {}
            }
        }
        due.sort_unstable();
        unanswered.sort_unstable();
        let own = due.into_iter().map(|(.., id)| (id, Turn::Own));
        let others =
            unanswered.into_iter().map(|(_, rank, _, Reverse(id))| (id, Turn::TakeOver(rank)));
        for (id, turn) in own.chain(others) {
            if running >= self.places(turn) {
                continue;
            }
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            running += 1;
            entry.state = State::Running;
            // Noted once: consent that is refused is asked for again and again.
            let is_first = entry.attempts == 0 && entry.refusals == 0;
            if let (Turn::TakeOver(rank), true) = (turn, is_first) {
                steps.push(Step::Note(entry.job.clone(), Note::TakenOver { rank }));
            }
            steps.push(Step::Attempt(entry.job.clone()));
        }
    }

    fn time_left(&self, id: RequestId) -> Option<TimeLeft> {
        self.entries.get(&id).map(|entry| entry.time_left(&self.rules, self.block))
    }
}
