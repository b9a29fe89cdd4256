//! Logs and counts what happens to each request. Neither logs nor metrics
//! hold plaintext, keys, labels or probabilities.

use std::{collections::HashMap, sync::Arc, time::Duration};

use medchain_primitives::{FailureCode, RequestId};
use tracing::{info, warn};

use super::{Attempt, Stages};
use crate::{
    core::{Answer, Closed, Note, Outcome, Problem, Request},
    metrics::Metrics,
};

#[derive(Clone, Copy, Debug)]
struct Progress {
    record: u64,
    seen: Duration,
    stages: Stages,
}

/// What is remembered of each request until it is closed.
pub struct Ledger {
    metrics: Arc<Metrics>,
    progress: HashMap<RequestId, Progress>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, progress: HashMap::new() }
    }

    /// An attempt has ended.
    pub fn worked(&mut self, request: RequestId, attempt: &Attempt) {
        match &attempt.result {
            Ok(_) => {
                let stages = attempt.stages;
                self.metrics.observe("fetch_verify", stages.fetch_verify);
                self.metrics.observe("decrypt_decode", stages.decrypt_decode);
                self.metrics.observe("infer", stages.infer);
                if let Some(progress) = self.progress.get_mut(&request) {
                    progress.stages = stages;
                }
            }
            Err(problem) => self.problem(request, problem),
        }
    }

    fn problem(&self, request: RequestId, problem: &Problem) {
        let cause = match problem {
            Problem::NoConsent(_) => "consent",
            Problem::NoEnvelope => "envelope",
            Problem::NotAvailable(_) => "content",
            Problem::Passing(_) => "passing",
            Problem::Content(code, reason) => {
                warn!(
                    request = request.0,
                    code = code_name(*code),
                    "no prediction is possible: {reason}"
                );
                return;
            }
            Problem::Gone(reason) => {
                info!(request = request.0, "nothing to predict: {reason}");
                return;
            }
        };
        self.metrics.retries.with_label_values(&[cause]).inc();
    }

    /// A submission has ended.
    pub fn submitted(
        &mut self,
        request: RequestId,
        answer: &Answer,
        outcome: &Outcome,
        took: Duration,
        now: Duration,
    ) {
        match outcome {
            Outcome::Included { block } => self.included(request, answer, *block, took, now),
            Outcome::Lost(_) | Outcome::Rejected(_) => {
                self.metrics.retries.with_label_values(&["submission"]).inc();
            }
            _ => {}
        }
    }

    fn included(
        &mut self,
        request: RequestId,
        answer: &Answer,
        block: u32,
        took: Duration,
        now: Duration,
    ) {
        let kind = match answer {
            Answer::Prediction { .. } => "prediction",
            Answer::Failure(code) => code_name(*code),
        };
        self.metrics.answered.with_label_values(&[kind]).inc();
        self.metrics.observe("submit", took);
        let Some(progress) = self.progress.get(&request) else {
            return;
        };
        let total = now.saturating_sub(progress.seen);
        self.metrics.observe("total", total);
        info!(
            request = request.0,
            record = progress.record,
            kind,
            block,
            fetch_verify_ms = millis(progress.stages.fetch_verify),
            decrypt_decode_ms = millis(progress.stages.decrypt_decode),
            infer_ms = millis(progress.stages.infer),
            submit_ms = millis(took),
            total_ms = millis(total),
            "the answer is in a block"
        );
    }

    /// The core has something to tell.
    pub fn note(&mut self, request: &Request, note: &Note, now: Duration) {
        let id = request.id.0;
        let record = request.record.0;
        match note {
            Note::Seen => {
                self.metrics.seen.inc();
                let progress = Progress { record, seen: now, stages: Stages::default() };
                self.progress.insert(request.id, progress);
                info!(
                    request = id,
                    record,
                    model = request.model.0,
                    deadline = request.deadline,
                    "a new request"
                );
            }
            Note::TakenOver { rank } => info!(
                request = id,
                record, rank, "taken over: the workers before this one have not answered"
            ),
            Note::Retrying { attempt, after, reason } => warn!(
                request = id,
                attempt,
                after_ms = millis(*after),
                "to be tried again: {reason}"
            ),
            Note::Parked { reason, after } => {
                info!(request = id, after_ms = millis(*after), "waiting for consent: {reason}")
            }
            Note::TakenBack => {
                warn!(request = id, "a re-organisation of the chain took the answer back")
            }
            Note::Closed(how) => {
                self.progress.remove(&request.id);
                let how = closed_name(*how);
                self.metrics.closed.with_label_values(&[how]).inc();
                info!(request = id, record, how, "done with the request");
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn closed_name(how: Closed) -> &'static str {
    match how {
        Closed::Ours => "ours",
        Closed::Elsewhere => "elsewhere",
        Closed::Expired => "expired",
        Closed::Gone => "gone",
    }
}

fn code_name(code: FailureCode) -> &'static str {
    match code {
        FailureCode::Unavailable => "unavailable",
        FailureCode::WrongHash => "wrong_hash",
        FailureCode::CannotDecrypt => "cannot_decrypt",
        FailureCode::NotAnImage => "not_an_image",
        FailureCode::TooLarge => "too_large",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::KINDS;

    #[test]
    fn every_code_is_counted_from_zero() {
        for code in [
            FailureCode::Unavailable,
            FailureCode::WrongHash,
            FailureCode::CannotDecrypt,
            FailureCode::NotAnImage,
            FailureCode::TooLarge,
        ] {
            assert!(KINDS.contains(&code_name(code)), "{code:?}");
        }
    }
}
