//! The board of all requests that this worker knows, and their states.
//!
//! ```text
//! seen ─► Waiting ◄─► Running ─► Answered ◄─► Submitting ─► Included ─► closed
//!                        ▲          ▲             │            │
//!                        ▼          └─────────────┼─ taken back┘
//!                      Parked ◄────── no consent ─┘
//! ```
//! Where several workers can answer a request, they take turns by their rank
//! ([`super::turn`]): what waits for its turn is `Waiting` and is not started.
//!
//! The board is only a memory of what stands on chain: a worker that is
//! killed at any moment rebuilds it from the list of open requests.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use medchain_primitives::{ModelId, RequestId};

use super::{
    decide::{after_problem, after_submission, Timing},
    Account, Action, Answer, Backoff, Closed, Event, Moment, Note, Outcome, Request,
};

mod open;
mod step;
#[cfg(test)]
mod tests;

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many requests are worked on at the same time.
    pub max_running: usize,
    /// With fewer than this many being worked on, there is room for requests
    /// whose turn is another worker's, and who has let them lie.
    pub max_taken_over: usize,
    /// How many blocks each worker before this one in a request's order has to
    /// itself; 0 where all start at once.
    pub takeover_blocks: u32,
    /// The waits between attempts.
    pub retry: Backoff,
    /// The waits between questions for a consent that was refused.
    pub consent: Backoff,
    /// The waits between submissions of the same answer.
    pub resubmit: Backoff,
    /// How many blocks before the deadline a failure is reported.
    pub report_margin: u32,
    /// How many blocks a missing envelope may still arrive.
    pub envelope_grace: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// To be worked on from this time on.
    Waiting(Duration),
    /// Consent was refused; to be asked again from this time on.
    Parked(Duration),
    /// Being worked on.
    Running,
    /// Its answer is to be submitted from this time on.
    Answered(Duration, Answer),
    /// Its answer is on its way.
    Submitting(Answer),
    /// Its answer is in this block, which is not final yet.
    Included(u32, Answer),
    /// Nothing more to do, until the chain closes it. With a block: another
    /// answer was seen there, which a re-organisation may still take back.
    GivenUp(Option<u32>),
}

#[derive(Clone, Debug)]
struct Job {
    request: Request,
    state: State,
    first_seen: u32,
    /// How many workers come before this one; none where it is in no order.
    rank: Option<u32>,
    /// Whether a final block held it.
    confirmed: bool,
    /// Whether the newest block still holds it open.
    open_at_best: bool,
    /// Whether a final block has closed it while its submission was under way.
    closed: bool,
    attempts: u32,
    refusals: u32,
    submissions: u32,
    /// Whether its wait was cut short for one attempt before the deadline.
    last_call: bool,
}

/// Whether a request that waits may be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It is this worker's own.
    Own,
    /// This many workers came before and have let it lie.
    TakeOver(u32),
    /// It is another worker's for now.
    Later,
}

impl Job {
    fn turn(&self, rules: &Rules, block: u32) -> Turn {
        let rank = match self.rank {
            Some(rank) if rank > 0 && rules.takeover_blocks > 0 => rank,
            _ => return Turn::Own,
        };
        // Shortly before the deadline nobody leaves a request to others.
        if self.timing(rules, block).is_near_deadline() {
            return Turn::Own;
        }
        // On chain where the chain tells, so that a restart does not wait anew.
        let opened = self.request.opened.unwrap_or(self.first_seen);
        match block >= opened.saturating_add(rank.saturating_mul(rules.takeover_blocks)) {
            true => Turn::TakeOver(rank),
            false => Turn::Later,
        }
    }

    fn timing(&self, rules: &Rules, block: u32) -> Timing {
        Timing {
            block,
            first_seen: self.first_seen,
            deadline: self.request.deadline,
            report_margin: rules.report_margin,
            envelope_grace: rules.envelope_grace,
        }
    }
}

/// How many requests are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// To be worked on.
    pub waiting: usize,
    /// Left to workers whose turn comes before.
    pub assigned_elsewhere: usize,
    /// Without consent.
    pub parked: usize,
    /// Being worked on.
    pub running: usize,
    /// With an answer that is not in a block yet.
    pub submitting: usize,
    /// With an answer that is not final yet.
    pub included: usize,
    /// Left until the chain closes them.
    pub given_up: usize,
}

/// All known requests. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Board {
    rules: Rules,
    me: Account,
    served: BTreeSet<ModelId>,
    jobs: BTreeMap<RequestId, Job>,
    block: u32,
}

impl Board {
    /// An empty board of the worker `me` that runs the models `served`.
    pub fn new(rules: Rules, me: Account, served: impl IntoIterator<Item = ModelId>) -> Self {
        Self { rules, me, served: served.into_iter().collect(), jobs: BTreeMap::new(), block: 0 }
    }

    /// How many requests are in which state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for job in self.jobs.values() {
            match job.state {
                State::Waiting(_) => match job.turn(&self.rules, self.block) {
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

    /// When the next wait ends: an [`Event::Tick`] is due then. Work that
    /// waits for a free place or for its turn is not counted: it starts with the
    /// event that frees the place, or with the block that brings the turn.
    pub fn next_wake(&self) -> Option<Duration> {
        let running = self.counts().running;
        self.jobs
            .values()
            .filter(|job| job.open_at_best)
            .filter_map(|job| match job.state {
                State::Waiting(until) | State::Parked(until) => {
                    (running < self.places(job.turn(&self.rules, self.block))).then_some(until)
                }
                State::Answered(until, _) => Some(until),
                _ => None,
            })
            .min()
    }

    /// Takes in what happened and says what to do. Events about requests that
    /// are not waiting for them (duplicates, late ones) change nothing.
    pub fn handle(&mut self, event: Event, moment: Moment) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Open { view, block, open } => {
                self.on_open(view, block, open, moment, &mut actions)
            }
            Event::Worked { request, result } => match result {
                Ok(answer) => self.on_answer(request, answer),
                Err(problem) => self.step(request, moment, &mut actions, |job, timing| {
                    matches!(job.state, State::Running).then(|| after_problem(problem, timing))
                }),
            },
            Event::Submitted { request, outcome } => {
                self.on_submitted(request, outcome, moment, &mut actions)
            }
            Event::Tick => {}
        }
        self.expire(&mut actions);
        self.start(moment, &mut actions);
        actions
    }

    fn on_answer(&mut self, id: RequestId, answer: Answer) {
        if let Some(job) = self.jobs.get_mut(&id) {
            if matches!(job.state, State::Running) {
                job.state = State::Answered(Duration::ZERO, answer);
            }
        }
    }

    fn on_submitted(
        &mut self,
        id: RequestId,
        outcome: Outcome,
        moment: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        if job.closed && matches!(job.state, State::Submitting(_)) {
            let how = match outcome {
                Outcome::Included { .. } => Closed::Ours,
                _ => Closed::Elsewhere,
            };
            actions.push(Action::Note(job.request.clone(), Note::Closed(how)));
            self.jobs.remove(&id);
            return;
        }
        self.step(id, moment, actions, |job, timing| {
            matches!(job.state, State::Submitting(_)).then(|| after_submission(outcome, timing))
        });
    }

    /// Gives up what no answer can reach in time.
    fn expire(&mut self, actions: &mut Vec<Action>) {
        let block = self.block;
        for job in self.jobs.values_mut() {
            let idle =
                matches!(job.state, State::Waiting(_) | State::Parked(_) | State::Answered(..));
            if idle && block >= job.request.deadline {
                job.state = State::GivenUp(None);
                actions.push(Action::Note(job.request.clone(), Note::Closed(Closed::Expired)));
            }
        }
    }

    /// How many may be worked on for one with this turn to be started.
    fn places(&self, turn: Turn) -> usize {
        match turn {
            Turn::Own => self.rules.max_running,
            Turn::TakeOver(_) => self.rules.max_taken_over.min(self.rules.max_running),
            Turn::Later => 0,
        }
    }

    /// Starts what is due: submissions all at once, work up to the limit.
    ///
    /// What must have its one attempt before the deadline comes first, then what
    /// has failed least often, and among those the nearest deadline: requests
    /// that fail again and again, whoever made them, hold up no others.
    ///
    /// What others have let lie comes after all of that, and where it is theirs
    /// last, so that two workers at one backlog meet as late as possible.
    fn start(&mut self, moment: Moment, actions: &mut Vec<Action>) {
        let (rules, block) = (self.rules, self.block);
        let mut due = Vec::new();
        let mut left_lying = Vec::new();
        let mut running = 0;
        for (id, job) in &mut self.jobs {
            match &job.state {
                State::Running => running += 1,
                State::Waiting(until) | State::Parked(until)
                    if *until <= moment.now && job.open_at_best =>
                {
                    let failures = job.attempts.saturating_add(job.refusals);
                    let is_last_call = job.last_call && matches!(job.state, State::Waiting(_));
                    let deadline = job.request.deadline;
                    match job.turn(&rules, block) {
                        Turn::Own => due.push((!is_last_call, failures, deadline, *id)),
                        Turn::TakeOver(rank) => {
                            left_lying.push((failures, rank, Reverse(deadline), Reverse(*id)))
                        }
                        Turn::Later => {}
                    }
                }
                State::Answered(until, answer) if *until <= moment.now && job.open_at_best => {
                    let answer = answer.clone();
                    job.state = State::Submitting(answer.clone());
                    actions.push(Action::Submit(job.request.clone(), answer));
                }
                _ => {}
            }
        }
        due.sort_unstable();
        left_lying.sort_unstable();
        let own = due.into_iter().map(|(.., id)| (id, Turn::Own));
        let others =
            left_lying.into_iter().map(|(_, rank, _, Reverse(id))| (id, Turn::TakeOver(rank)));
        for (id, turn) in own.chain(others) {
            if running >= self.places(turn) {
                continue;
            }
            let Some(job) = self.jobs.get_mut(&id) else {
                continue;
            };
            running += 1;
            job.state = State::Running;
            // Told once: consent that is refused is asked for again and again.
            let is_first = job.attempts == 0 && job.refusals == 0;
            if let (Turn::TakeOver(rank), true) = (turn, is_first) {
                actions.push(Action::Note(job.request.clone(), Note::TakenOver { rank }));
            }
            actions.push(Action::Process(job.request.clone()));
        }
    }

    fn timing(&self, id: RequestId) -> Option<Timing> {
        self.jobs.get(&id).map(|job| job.timing(&self.rules, self.block))
    }
}
