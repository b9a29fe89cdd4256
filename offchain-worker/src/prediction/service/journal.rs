//! Logs and counts what happens to each job. Neither logs nor metrics hold plaintext,
//! keys, labels or probabilities; `drift` shows labels, of whole batches.

use std::{collections::HashMap, sync::Arc, time::Duration};

use medchain_client::chain::format_balance;
use medchain_primitives::{RecordId, RequestId};
use tracing::{info, warn};

use super::{inference::Stages, outbox::Submission, pipeline::Attempt};
use crate::{
    prediction::{
        jobs::{Closed, Doubt, Ended, Happened, Job, JobId, Note, Phase, Play, Problem},
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
    progress: HashMap<JobId, Progress>,
}

impl Journal {
    /// An empty journal.
    pub fn new(metrics: Arc<PredictionMetrics>) -> Self {
        Self { metrics, progress: HashMap::new() }
    }

    /// An attempt has ended.
    pub fn attempted(&mut self, job: JobId, attempt: &Attempt) {
        match &attempt.result {
            Ok(_) => {
                let stages = attempt.stages;
                // A remembered answer takes no time.
                if stages != Stages::default() {
                    self.metrics.observe("fetch_verify", stages.fetch_verify);
                    self.metrics.observe("decrypt_decode", stages.decrypt_decode);
                    self.metrics.observe("infer", stages.infer);
                }
                if let Some(progress) = self.progress.get_mut(&job) {
                    progress.stages = stages;
                }
            }
            Err(problem) => self.problem(job, problem),
        }
    }

    fn problem(&self, job: JobId, problem: &Problem) {
        let request = job.request.0;
        let cause = match problem {
            Problem::NoConsent(_) => "consent",
            Problem::NoEnvelope => "envelope",
            Problem::NoShares(_) => "shares",
            Problem::NotAvailable(_) => "content",
            Problem::Passing(_) => "passing",
            Problem::Ended(_) => "decoder",
            Problem::Unproven(_) => "witness",
            Problem::NotAsked => return,
            Problem::Content(code, reason) => {
                warn!(request, %code, "cannot answer: {reason}");
                return;
            }
            Problem::Gone(reason) => {
                info!(request, "nothing to answer: {reason}");
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
        self.metrics.answered(&submission.answer);
        self.metrics.observe("submit", took);
        let Some(progress) = self.progress.get(&submission.job) else {
            return;
        };
        let total = now.saturating_sub(progress.seen);
        if submission.job.phase == Phase::Answer {
            self.metrics.observe("total", total);
        }
        let (request, kind) = (submission.job.request.0, kind(&submission.answer));
        let what = match submission.job.phase {
            Phase::Dispute(_) => Some("the move is in a block"),
            Phase::Ask => Some("the request to the custodians is in a block"),
            Phase::Collect => Some("custodians delivered the key, and it is sealed to this worker"),
            Phase::Draw | Phase::Answer | Phase::Reveal => None,
        };
        if let Some(what) = what {
            let (submit_ms, total_ms) = (millis(took), millis(total));
            info!(request, kind, block, submit_ms, total_ms, "{what}");
            return;
        }
        info!(
            request,
            record = progress.record.0,
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

    /// The board has noted something.
    pub fn note(&mut self, job: &Job, note: &Note, now: Duration) {
        let request = job.request.0;
        let record = job.record.0;
        let phase = phase_name(job.phase);
        match note {
            Note::Seen => {
                let progress =
                    Progress { record: job.record, seen: now, stages: Stages::default() };
                self.progress.insert(job.id(), progress);
                let (model, quorum, deadline) = (job.model.0, job.quorum, job.deadline);
                match job.phase {
                    Phase::Draw => info!(request, record, "workers are to be drawn"),
                    Phase::Ask => {
                        info!(request, record, model, deadline, "drawn, and waiting for the key");
                    }
                    Phase::Collect => {
                        info!(request, record, deadline, "custodians are asked for the key");
                    }
                    Phase::Answer => {
                        self.metrics.seen.inc();
                        info!(request, record, model, quorum, deadline, "chosen for a request");
                    }
                    Phase::Reveal => info!(request, record, deadline, "the answer is to be shown"),
                    Phase::Dispute(_) => {
                        info!(request, record, deadline, "a move in a dispute is to be made");
                    }
                }
            }
            Note::Retrying { attempt, after, reason } => {
                let after_ms = millis(*after);
                warn!(request, phase, attempt, after_ms, "trying again later: {reason}");
            }
            Note::Parked { reason, after } => {
                let after_ms = millis(*after);
                info!(request, after_ms, "waiting for consent: {reason}");
            }
            Note::Left { reason } => {
                self.metrics.left.inc();
                info!(request, record, "leaving the request to others: {reason}");
            }
            Note::Held { from } => {
                info!(
                    request,
                    record,
                    from,
                    deadline = job.deadline,
                    "the next move makes the verdict, or all verdicts on the record, public: it \
                     waits for block {from}, so that the patient can end the dispute before"
                );
            }
            Note::Reorganised => {
                warn!(
                    request,
                    phase, "a reorganisation removed the block with the call; submitting it again"
                );
            }
            Note::Closed(how) => {
                self.progress.remove(&job.id());
                match how {
                    Closed::Ours => info!(request, record, phase, "the call is final"),
                    Closed::Elsewhere => info!(request, record, phase, "not asked for any more"),
                    Closed::Expired => warn!(request, record, phase, "the deadline has passed"),
                    Closed::Gone => info!(request, record, phase, "the record is gone"),
                }
            }
        }
    }

    /// A final block has told something about this worker.
    pub fn happened(&self, happened: &Happened) {
        match *happened {
            Happened::Ended(request, how) => {
                self.metrics.ended(how);
                let (request, how) = (request.0, how.as_str());
                match is_bad(happened) {
                    true => warn!(request, how, "request closed"),
                    false => info!(request, how, "request closed"),
                }
            }
            Happened::Slashed { request, reason, amount } => {
                self.metrics.slashed(reason, amount);
                let amount = format_balance(amount);
                warn!(request = request.0, %reason, "lost {amount} of the bond");
            }
            Happened::Differ(request) => {
                let request = request.0;
                warn!(request, "the answers differ; two workers at a time settle which is right");
            }
            Happened::Played(request, play) => {
                self.metrics.played(play);
                played(request, play);
            }
            Happened::Doubted(request, doubt) => doubted(request, doubt),
        }
    }
}

fn played(request: RequestId, play: Play) {
    let request = request.0;
    match play {
        Play::Begun { other, deadline } => {
            warn!(request, %other, deadline, "in a dispute: the bond is at stake");
        }
        Play::Round { deadline } => info!(request, deadline, "the next round of the dispute"),
        Play::Won { timed_out } => info!(request, timed_out, "won the dispute"),
        Play::Lost { timed_out } => {
            warn!(request, timed_out, "lost the dispute, and the whole bond with it");
        }
        Play::Abandoned => info!(request, "the dispute ended without a loser"),
    }
}

fn doubted(request: RequestId, doubt: Doubt) {
    let request = request.0;
    match doubt {
        Doubt::Challenged { challenger } => {
            warn!(request, %challenger, "a verdict is challenged: its workers defend it");
        }
        Doubt::Upheld => info!(request, "the challenged verdict stands"),
        Doubt::Annulled => warn!(request, "the challenged verdict is annulled"),
    }
}

/// Whether an operator should look at it.
fn is_bad(happened: &Happened) -> bool {
    matches!(happened, Happened::Ended(_, Ended::Missed | Ended::Lost))
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Draw => "draw",
        Phase::Ask => "ask",
        Phase::Collect => "collect",
        Phase::Answer => "answer",
        Phase::Reveal => "reveal",
        Phase::Dispute(_) => "dispute",
    }
}
