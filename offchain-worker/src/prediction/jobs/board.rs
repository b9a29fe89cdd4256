//! The board of all jobs that this worker knows, and their states.
//!
//! ```text
//! seen ─► Waiting ◄─► Running ─► Answered ◄─► Submitting ─► Included ─► closed
//!                        ▲          ▲             │            │
//!                        ▼          └─────────────┼─ reorganised
//!                      Parked ◄────── no consent ─┘
//! ```
//! A request of several workers is two jobs, one after the other: to commit to an answer,
//! and to show it. An answer is shown only once a final block asks for it: a fork could
//! give another worker, who has seen it, the time to commit again.
//!
//! Each round of a dispute is a job of its own. The newest block is enough for a move: it
//! follows from what the worker computed, whatever another player has seen of it. A move that
//! makes the verdict or the secret of a record public waits until shortly before the end of its
//! round: the patient can end the dispute before.
//!
//! Before it can answer, a drawn worker needs the key of the record. Where nobody seals it to the
//! worker for a while, to ask custodians for it is a job, and to seal to itself what they deliver
//! another. To be without the key costs nothing, so nothing is reported then.
//!
//! A board that declines takes no new work: what it has not answered or committed to yet, it
//! reports as unavailable, which costs no bond, and it asks for no key. Answers are still shown,
//! and disputes played.
//!
//! The board only remembers what the chain holds: a worker that is killed at any
//! moment rebuilds it from its work list.

use std::{collections::BTreeMap, time::Duration};

use medchain_primitives::FailureCode;

use super::{
    decide::{after_problem, after_submission, TimeLeft},
    job::{Answer, Closed, Event, Job, JobId, Moment, Note, Phase, Step},
};
use crate::shared::{backoff::Backoff, outcome::Outcome};

mod advance;
mod listed;
#[cfg(test)]
mod tests;

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many jobs are attempted at the same time.
    pub max_running: usize,
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
    /// For how many blocks drawing workers and sealing the key are left to the uploader.
    pub uploader_grace: u32,
    /// How many blocks before the end of its round a move is made that shows the verdict, or the
    /// secret of a record.
    pub secret_margin: u32,
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
    /// Left alone until the chain closes it. With a block: the chain asked for it no more
    /// there, which a reorganisation may still undo.
    GivenUp(Option<u32>),
    /// Its time was over in this block. Another fork may leave it time.
    TooLate(u32),
}

#[derive(Clone, Debug)]
struct Entry {
    job: Job,
    state: State,
    first_seen: u32,
    /// Whether a final block held it open.
    confirmed: bool,
    /// Whether the newest block still holds it open.
    open_at_best: bool,
    /// Whether a final block has closed it during its submission.
    closed: bool,
    attempts: u32,
    refusals: u32,
    submissions: u32,
    /// Whether its wait was cut short for one more try before the deadline.
    last_call: bool,
}

impl Entry {
    /// Whether it may be attempted, and its answer submitted. Only an answer that is to be
    /// shown waits for a final block. Where none comes in time, to be silent costs more than
    /// to show the answer too early.
    fn is_wanted(&self, rules: &Rules, block: u32) -> bool {
        let is_time = match self.job.phase {
            Phase::Reveal => self.confirmed || self.time_left(rules, block).is_near_deadline(),
            // It costs fees, and the uploader mostly seals the key in the next block.
            Phase::Ask => block >= self.first_seen.saturating_add(rules.uploader_grace),
            _ => true,
        };
        self.open_at_best && is_time
    }

    /// The block from which on an answer may be submitted, where that is not now.
    fn held_until(&self, rules: &Rules, block: u32, answer: &Answer) -> Option<u32> {
        let from = self.job.deadline.saturating_sub(rules.secret_margin);
        let tells = answer.shows_secret() || self.job.shows_answer;
        (tells && block < from).then_some(from)
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
    /// Requests that have chosen this worker and ask nothing of it now.
    pub idle: usize,
}

/// All known jobs. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Board {
    rules: Rules,
    entries: BTreeMap<JobId, Entry>,
    block: u32,
    idle: usize,
    is_declining: bool,
}

impl Board {
    /// An empty board.
    pub fn new(rules: Rules) -> Self {
        Self { rules, entries: BTreeMap::new(), block: 0, idle: 0, is_declining: false }
    }

    /// How many jobs are in which state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { idle: self.idle, ..Counts::default() };
        for entry in self.entries.values() {
            match entry.state {
                State::Waiting(_) => counts.waiting += 1,
                State::Parked(_) => counts.parked += 1,
                State::Running => counts.running += 1,
                State::Answered(..) | State::Submitting(_) => counts.submitting += 1,
                State::Included(..) => counts.included += 1,
                State::GivenUp(_) | State::TooLate(_) => counts.given_up += 1,
            }
        }
        counts
    }

    /// When the next wait ends: an [`Event::Tick`] is due then. A job that waits for a
    /// free place or for a block is not counted: it goes on with the event that frees the
    /// place, or with the block.
    pub fn next_wake(&self) -> Option<Duration> {
        let has_place = self.counts().running < self.rules.max_running;
        self.entries
            .values()
            .filter(|entry| entry.is_wanted(&self.rules, self.block))
            .filter_map(|entry| match entry.state {
                State::Waiting(until) | State::Parked(until) => has_place.then_some(until),
                State::Answered(until, ref answer) => {
                    let is_held = entry.held_until(&self.rules, self.block, answer).is_some();
                    (!is_held).then_some(until)
                }
                _ => None,
            })
            .min()
    }

    /// Processes an event and says what to do. Events about jobs that do not wait for
    /// them (duplicates, late ones) change nothing.
    pub fn handle(&mut self, event: Event, moment: Moment) -> Vec<Step> {
        let mut steps = Vec::new();
        match event {
            Event::Listed { finality, block, jobs, idle } => {
                self.idle = idle;
                self.on_listed(finality, block, jobs, moment, &mut steps);
            }
            Event::Attempted { job, result } => match result {
                Ok(answer) => self.on_answer(job, answer, &mut steps),
                Err(problem) => self.advance(job, moment, &mut steps, |entry, time| {
                    matches!(entry.state, State::Running)
                        .then(|| after_problem(problem, job.phase, time))
                }),
            },
            Event::Submitted { job, outcome } => {
                self.on_submitted(job, outcome, moment, &mut steps);
            }
            Event::Decline => self.is_declining = true,
            Event::Tick => {}
        }
        self.decline();
        self.expire(&mut steps);
        self.start(moment, &mut steps);
        steps
    }

    fn on_answer(&mut self, id: JobId, answer: Answer, steps: &mut Vec<Step>) {
        let (rules, block) = (self.rules, self.block);
        if let Some(entry) = self.entries.get_mut(&id)
            && matches!(entry.state, State::Running)
        {
            if let Some(from) = entry.held_until(&rules, block, &answer) {
                steps.push(Step::Note(entry.job.clone(), Note::Held { from }));
            }
            entry.state = State::Answered(Duration::ZERO, answer);
        }
    }

    fn on_submitted(&mut self, id: JobId, outcome: Outcome, moment: Moment, steps: &mut Vec<Step>) {
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
            matches!(entry.state, State::Submitting(_))
                .then(|| after_submission(outcome, id.phase, time))
        });
    }

    /// Turns what is to be answered into reports, where the board declines. What is being
    /// attempted follows when that ends, and what is being submitted is not held up.
    fn decline(&mut self) {
        if !self.is_declining {
            return;
        }
        for (id, entry) in &mut self.entries {
            match entry.state {
                _ if !matches!(id.phase, Phase::Ask | Phase::Collect | Phase::Answer) => {}
                State::Answered(_, Answer::Failure(_)) => {}
                State::Waiting(_) | State::Parked(_) | State::Answered(..)
                    if id.phase != Phase::Answer =>
                {
                    entry.state = State::GivenUp(None);
                }
                State::Waiting(until) | State::Parked(until) | State::Answered(until, _) => {
                    let report = Answer::Failure(FailureCode::Unavailable);
                    entry.state = State::Answered(until, report);
                }
                _ => {}
            }
        }
    }

    /// Closes jobs that no answer can reach in time.
    fn expire(&mut self, steps: &mut Vec<Step>) {
        let block = self.block;
        for entry in self.entries.values_mut() {
            let idle =
                matches!(entry.state, State::Waiting(_) | State::Parked(_) | State::Answered(..));
            if idle && block >= entry.job.deadline {
                entry.state = State::TooLate(block);
                steps.push(Step::Note(entry.job.clone(), Note::Closed(Closed::Expired)));
            }
        }
    }

    /// Starts what is due: submissions all at once, attempts up to the limit.
    ///
    /// Moves and answers that are to be shown come first: they take little time, and to be
    /// late with them costs most. Then come jobs that must have their one attempt before the
    /// deadline, then those that have failed least often, and among these the nearest
    /// deadline: jobs that fail again and again hold up no others.
    fn start(&mut self, moment: Moment, steps: &mut Vec<Step>) {
        let (rules, block) = (self.rules, self.block);
        let mut due = Vec::new();
        let mut running = 0;
        for (id, entry) in &mut self.entries {
            match &entry.state {
                State::Running => running += 1,
                State::Waiting(until) | State::Parked(until)
                    if *until <= moment.now && entry.is_wanted(&rules, block) =>
                {
                    let failures = entry.attempts.saturating_add(entry.refusals);
                    let is_last_call = entry.last_call;
                    let is_answer = id.phase == Phase::Answer;
                    due.push((is_answer, !is_last_call, failures, entry.job.deadline, *id));
                }
                State::Answered(until, answer)
                    if *until <= moment.now
                        && entry.is_wanted(&rules, block)
                        && entry.held_until(&rules, block, answer).is_none() =>
                {
                    let answer = answer.clone();
                    entry.state = State::Submitting(answer.clone());
                    steps.push(Step::Submit(entry.job.clone(), answer));
                }
                _ => {}
            }
        }
        let places = rules.max_running.saturating_sub(running);
        if places < due.len() {
            // Hundreds may wait for the one that has become free: only the next are put in order.
            due.select_nth_unstable(places);
            due.truncate(places);
        }
        due.sort_unstable();
        for (.., id) in due {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.state = State::Running;
                steps.push(Step::Attempt(entry.job.clone()));
            }
        }
    }

    fn time_left(&self, id: JobId) -> Option<TimeLeft> {
        self.entries.get(&id).map(|entry| entry.time_left(&self.rules, self.block))
    }
}
