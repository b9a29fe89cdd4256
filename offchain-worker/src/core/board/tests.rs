//! Table tests of the board: the service is replaced by a script of events.

use std::time::Duration;

use medchain_primitives::{FailureCode, ModelId, Output, Receipt, RecordId, RequestId};

use super::*;
use crate::core::{Problem, View};

mod chain;
mod turns;
mod work;

const MODEL: ModelId = ModelId(0);
const ME: Account = [1; 32];

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

fn request(id: u64) -> Request {
    Request {
        id: RequestId(id),
        record: RecordId(id + 100),
        patient: [7; 32],
        model: MODEL,
        opened: Some(100),
        deadline: 200,
        candidates: BTreeSet::new(),
    }
}

fn answer() -> Answer {
    Answer::Prediction { output: Output::quantise(&[0.2, 0.8]).unwrap(), receipt: Receipt([3; 32]) }
}

/// A board with its clock. The die always shows the top, so waits are full.
struct Play {
    board: Board,
    now: Duration,
}

impl Play {
    fn new() -> Self {
        Self { board: Board::new(rules(), ME, [MODEL]), now: Duration::from_secs(1_000) }
    }

    fn tell(&mut self, event: Event) -> Vec<Action> {
        let moment = Moment { now: self.now, chance: 1.0 };
        self.board.handle(event, moment)
    }

    fn open(&mut self, view: View, block: u32, ids: &[u64]) -> Vec<Action> {
        let open = ids.iter().map(|id| request(*id)).collect();
        self.tell(Event::Open { view, block, open })
    }

    fn finalised(&mut self, block: u32, ids: &[u64]) -> Vec<Action> {
        self.open(View::Finalised, block, ids)
    }

    fn best(&mut self, block: u32, ids: &[u64]) -> Vec<Action> {
        self.open(View::Best, block, ids)
    }

    fn worked(&mut self, id: u64, result: Result<Answer, Problem>) -> Vec<Action> {
        let request = RequestId(id);
        self.tell(Event::Worked { request, result })
    }

    fn submitted(&mut self, id: u64, outcome: Outcome) -> Vec<Action> {
        let request = RequestId(id);
        self.tell(Event::Submitted { request, outcome })
    }

    fn wait(&mut self, seconds: u64) -> Vec<Action> {
        self.now += Duration::from_secs(seconds);
        self.tell(Event::Tick)
    }

    /// Brings request 0 to the moment where its answer is on its way.
    fn submitting() -> Self {
        let mut play = Self::new();
        play.finalised(100, &[0]);
        assert_eq!(work_of(&play.worked(0, Ok(answer()))), ["submit 0"]);
        play
    }

    /// Brings request 0 to the moment where its answer stands in block 102.
    fn included() -> Self {
        let mut play = Self::submitting();
        play.submitted(0, Outcome::Included { block: 102 });
        assert_eq!(play.board.counts().included, 1);
        play
    }
}

/// The actions that are work, in short.
fn work_of(actions: &[Action]) -> Vec<String> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Process(request) => Some(format!("process {}", request.id.0)),
            Action::Submit(request, Answer::Failure(code)) => {
                Some(format!("report {} {code:?}", request.id.0))
            }
            Action::Submit(request, _) => Some(format!("submit {}", request.id.0)),
            Action::Note(..) => None,
        })
        .collect()
}

/// The notes about closing.
fn closed(actions: &[Action]) -> Vec<Closed> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Note(_, Note::Closed(how)) => Some(*how),
            _ => None,
        })
        .collect()
}

fn why() -> String {
    "why".to_owned()
}

const NOTHING: [&str; 0] = [];
