//! Table tests of the board: the service is replaced by a script of events.

use std::time::Duration;

use medchain_client::{
    chain::{AnswerCommitment, AnswerSalt, Finality, SealedAnswer},
    AccountId32,
};
use medchain_disputes::Move;
use medchain_primitives::{FailureCode, ModelId, RecordId, RequestId};

use super::*;
use crate::prediction::jobs::{Problem, Round};

mod chain;
mod decline;
mod dispute;
mod keys;
mod reveal;
mod work;

fn rules() -> Rules {
    let backoff = |first, longest| Backoff {
        first: Duration::from_secs(first),
        longest: Duration::from_secs(longest),
    };
    Rules {
        max_running: 2,
        retry: backoff(2, 60),
        consent: backoff(6, 30),
        resubmit: backoff(4, 300),
        report_margin: 20,
        envelope_grace: 10,
        uploader_grace: 30,
        secret_margin: 60,
    }
}

fn job(id: u64) -> Job {
    Job {
        request: RequestId(id),
        phase: Phase::Answer,
        record: RecordId(id + 100),
        patient: AccountId32([7; 32]),
        model: ModelId(0),
        quorum: 2,
        named: false,
        deadline: 200,
        commitment: None,
        shows_answer: false,
    }
}

/// The job to show the answer of request `id`.
fn reveal(id: u64) -> Job {
    Job { phase: Phase::Reveal, commitment: Some(AnswerCommitment([3; 32])), ..job(id) }
}

fn commitment() -> Answer {
    Answer::Commitment(AnswerCommitment([3; 32]))
}

fn shown() -> Answer {
    Answer::Reveal { sealed: SealedAnswer::default(), salt: AnswerSalt([5; 32]) }
}

/// A board with its clock. Chance is always at its top, so waits are full.
struct Play {
    board: Board,
    now: Duration,
}

impl Play {
    fn new() -> Self {
        Self { board: Board::new(rules()), now: Duration::from_secs(1_000) }
    }

    fn tell(&mut self, event: Event) -> Vec<Step> {
        let moment = Moment { now: self.now, chance: 1.0 };
        self.board.handle(event, moment)
    }

    fn listed(&mut self, finality: Finality, block: u32, jobs: Vec<Job>) -> Vec<Step> {
        self.tell(Event::Listed { finality, block, jobs, idle: 0 })
    }

    fn open(&mut self, finality: Finality, block: u32, ids: &[u64]) -> Vec<Step> {
        self.listed(finality, block, ids.iter().map(|id| job(*id)).collect())
    }

    fn finalised(&mut self, block: u32, ids: &[u64]) -> Vec<Step> {
        self.open(Finality::Finalised, block, ids)
    }

    fn best(&mut self, block: u32, ids: &[u64]) -> Vec<Step> {
        self.open(Finality::Best, block, ids)
    }

    fn attempted(&mut self, id: u64, result: Result<Answer, Problem>) -> Vec<Step> {
        self.tell(Event::Attempted { job: job(id).id(), result })
    }

    fn submitted(&mut self, id: u64, outcome: Outcome) -> Vec<Step> {
        self.tell(Event::Submitted { job: job(id).id(), outcome })
    }

    fn wait(&mut self, seconds: u64) -> Vec<Step> {
        self.now += Duration::from_secs(seconds);
        self.tell(Event::Tick)
    }

    /// A board whose job 0 has its answer on the way.
    fn submitting() -> Self {
        let mut play = Self::new();
        play.finalised(100, &[0]);
        assert_eq!(work_of(&play.attempted(0, Ok(commitment()))), ["submit 0"]);
        play
    }

    /// A board whose job 0 has its answer in block 102.
    fn included() -> Self {
        let mut play = Self::submitting();
        play.submitted(0, Outcome::Included { block: 102 });
        assert_eq!(play.board.counts().included, 1);
        play
    }
}

/// The steps that are work, in short.
fn work_of(steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .filter_map(|step| match step {
            Step::Attempt(Job { request, phase: Phase::Answer, .. }) => {
                Some(format!("attempt {request}"))
            }
            Step::Attempt(Job { request, phase: Phase::Reveal, .. }) => {
                Some(format!("prepare {request}"))
            }
            Step::Attempt(Job { request, .. }) => Some(format!("think {request}")),
            Step::Submit(Job { request, .. }, Answer::Failure(code)) => {
                Some(format!("report {request} {code:?}"))
            }
            Step::Submit(Job { request, .. }, Answer::Reveal { .. }) => {
                Some(format!("reveal {request}"))
            }
            Step::Submit(Job { request, .. }, Answer::Move(_)) => Some(format!("move {request}")),
            Step::Submit(Job { request, .. }, _) => Some(format!("submit {request}")),
            Step::Note(..) => None,
        })
        .collect()
}

/// The notes about closing.
fn closed(steps: &[Step]) -> Vec<Closed> {
    steps
        .iter()
        .filter_map(|step| match step {
            Step::Note(_, Note::Closed(how)) => Some(*how),
            _ => None,
        })
        .collect()
}

fn why() -> String {
    "why".to_owned()
}

const NOTHING: [&str; 0] = [];
