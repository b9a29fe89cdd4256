//! Logs and counts what happens to each job. Neither logs nor metrics hold plaintext,
//! keys, labels or probabilities.

use std::{collections::HashMap, sync::Arc, time::Duration};

use medchain_primitives::{RecordId, RequestId};
use tracing::{info, warn};

use super::{inference::Stages, outbox::Submission, pipeline::Attempt};
use crate::{
    prediction::{
        jobs::{Answer, Closed, Job, Note, Problem},
        metrics::{kind, PredictionMetrics},
    },
    shared::{clock::millis, outcome::Outcome, submit::Submitted},
};

#[derive(Clone, Copy, Debug)]
struct Progress {
    record: RecordId,
    seen: Duration,
    stages: Stages,
}

/// What is remembered of each job until it is closed.
pub(super) struct Journal {
    metrics: Arc<PredictionMetrics>,
    progress: HashMap<RequestId, Progress>,
}

impl Journal {
    /// An empty journal.
    pub fn new(metrics: Arc<PredictionMetrics>) -> Self {
        Self { metrics, progress: HashMap::new() }
    }

    /// An attempt has ended.
    pub fn attempted(&mut self, request: RequestId, attempt: &Attempt) {
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
                let code = kind(Some(*code));
                warn!(request = request.0, code, "cannot predict: {reason}");
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
    pub fn submitted(&self, submitted: &Submitted<Submission>, now: Duration) {
        match submitted.outcome {
            Outcome::Included { block } => {
                self.included(&submitted.item, block, submitted.took, now);
            }
            Outcome::Lost(_) | Outcome::Rejected(_) => {
                self.metrics.retries.with_label_values(&["submission"]).inc();
            }
            _ => {}
        }
    }

    fn included(&self, submission: &Submission, block: u32, took: Duration, now: Duration) {
        let failure = match submission.answer {
            Answer::Prediction { .. } => None,
            Answer::Failure(code) => Some(code),
        };
        self.metrics.answered(failure);
        self.metrics.observe("submit", took);
        let request = submission.request;
        let Some(progress) = self.progress.get(&request) else {
            return;
        };
        let total = now.saturating_sub(progress.seen);
        self.metrics.observe("total", total);
        info!(
            request = request.0,
            record = progress.record.0,
            kind = kind(failure),
            block,
            fetch_verify_ms = millis(progress.stages.fetch_verify),
            decrypt_decode_ms = millis(progress.stages.decrypt_decode),
            infer_ms = millis(progress.stages.infer),
            submit_ms = millis(took),
            total_ms = millis(total),
            "the answer is in a block"
        );
    }

    /// The board has noted something.
    pub fn note(&mut self, job: &Job, note: &Note, now: Duration) {
        let request = job.id.0;
        let record = job.record.0;
        match note {
            Note::Seen => {
                self.metrics.seen.inc();
                let progress =
                    Progress { record: job.record, seen: now, stages: Stages::default() };
                self.progress.insert(job.id, progress);
                let (model, deadline) = (job.model.0, job.deadline);
                info!(request, record, model, deadline, "new request");
            }
            Note::TakenOver { rank } => {
                info!(
                    request,
                    record, rank, "taken over: the workers before this one have not answered"
                );
            }
            Note::Retrying { attempt, after, reason } => {
                let after_ms = millis(*after);
                warn!(request, attempt, after_ms, "trying again later: {reason}");
            }
            Note::Parked { reason, after } => {
                let after_ms = millis(*after);
                info!(request, after_ms, "waiting for consent: {reason}");
            }
            Note::Reorganised => {
                warn!(request, "a reorganisation removed the answer's block; submitting it again");
            }
            Note::Closed(how) => {
                self.progress.remove(&job.id);
                let how = closed_name(*how);
                self.metrics.closed.with_label_values(&[how]).inc();
                info!(request, record, how, "request closed");
            }
        }
    }
}

fn closed_name(how: Closed) -> &'static str {
    match how {
        Closed::Ours => "ours",
        Closed::Elsewhere => "elsewhere",
        Closed::Expired => "expired",
        Closed::Gone => "gone",
    }
}
