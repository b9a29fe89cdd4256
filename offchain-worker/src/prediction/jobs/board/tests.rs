//! Table tests of the board: the service is replaced by a script of events.

use std::time::Duration;

use medchain_client::chain::Finality;
use medchain_primitives::{FailureCode, ModelId, Output, Receipt, RecordId, RequestId};

use super::*;
use crate::prediction::jobs::Problem;

mod chain;
mod turns;
mod work;

const MODEL: ModelId = ModelId(0);
const ME: AccountId32 = AccountId32([1; 32]);

fn rules() -> Rules {
    let backoff = |first, longest| Backoff {
        first: Duration::from_secs(first),
        longest: Duration::from_secs(longest),
    };
    Rules {
        max_running: 2,
        max_taken_over: 1,
        takeover_blocks: 5,
        retry: backoff(2, 60),
        consent: backoff(6, 30),
        resubmit: backoff(4, 300),
        report_margin: 20,
        envelope_grace: 10,
    }
}

fn job(id: u64) -> Job {
    Job {
        id: RequestId(id),
        record: RecordId(id + 100),
        patient: AccountId32([7; 32]),
        model: MODEL,
        opened: 100,
        deadline: 200,
        candidates: BTreeSet::new(),
    }
}

fn answer() -> Answer {
    Answer::Prediction { output: Output::quantise(&[0.2, 0.8]).unwrap(), receipt: Receipt([3; 32]) }
}

/// A board with its clock. Chance is always at its top, so waits are full.
struct Play {
    board: Board,
    now: Duration,
}

impl Play {
    fn new() -> Self {
        Self { board: Board::new(rules(), ME, [MODEL]), now: Duration::from_secs(1_000) }
    }

    fn tell(&mut self, event: Event) -> Vec<Step> {
        let moment = Moment { now: self.now, chance: 1.0 };
        self.board.handle(event, moment)
    }

    fn open(&mut self, finality: Finality, block: u32, ids: &[u64]) -> Vec<Step> {
        let open = ids.iter().map(|id| job(*id)).collect();
        self.tell(Event::Open { finality, block, open })
    }

    fn finalised(&mut self, block: u32, ids: &[u64]) -> Vec<Step> {
        self.open(Finality::Finalised, block, ids)
    }

    fn best(&mut self, block: u32, ids: &[u64]) -> Vec<Step> {
        self.open(Finality::Best, block, ids)
    }

    fn attempted(&mut self, id: u64, result: Result<Answer, Problem>) -> Vec<Step> {
        let request = RequestId(id);
        self.tell(Event::Attempted { request, result })
    }

    fn submitted(&mut self, id: u64, outcome: Outcome) -> Vec<Step> {
        let request = RequestId(id);
        self.tell(Event::Submitted { request, outcome })
    }

    fn wait(&mut self, seconds: u64) -> Vec<Step> {
        self.now += Duration::from_secs(seconds);
        self.tell(Event::Tick)
    }

    /// A board whose job 0 has its answer on the way.
    fn submitting() -> Self {
        let mut play = Self::new();
        play.finalised(100, &[0]);
        assert_eq!(work_of(&play.attempted(0, Ok(answer()))), ["submit 0"]);
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
            Step::Attempt(job) => Some(format!("attempt {}", job.id)),
            Step::Submit(job, Answer::Failure(code)) => Some(format!("report {} {code:?}", job.id)),
            Step::Submit(job, _) => Some(format!("submit {}", job.id)),
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
