//! Logs and counts what happens to each grant. Neither logs nor metrics hold shares or
//! keys; records and accounts are public on chain.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tracing::{debug, info, warn};

use super::outbox::Submission;
use crate::{
    custody::{
        deliveries::{Closed, GrantId, Note, Obstacle},
        metrics::CustodyMetrics,
    },
    shared::{clock::millis, outcome::Outcome, submit::Submitted},
};

/// What is remembered of each grant until it is closed.
pub(super) struct Journal {
    metrics: Arc<CustodyMetrics>,
    seen: BTreeMap<GrantId, Duration>,
}

impl Journal {
    /// An empty journal.
    pub fn new(metrics: Arc<CustodyMetrics>) -> Self {
        Self { metrics, seen: BTreeMap::new() }
    }

    /// A share could not be prepared.
    pub fn obstructed(&self, obstacle: &Obstacle) {
        self.metrics.ended(match obstacle {
            Obstacle::Unopened(_) => "unopened",
            Obstacle::Passing(_) => "failed",
        });
    }

    /// A submission has ended.
    pub fn submitted(&self, submitted: &Submitted<Submission>, now: Duration) {
        let Submitted { item: Submission { grant, .. }, outcome, took } = submitted;
        self.metrics.ended(match outcome {
            Outcome::Included { .. } => "delivered",
            Outcome::ClosedElsewhere => "elsewhere",
            Outcome::Exposed { .. } => "exposed",
            Outcome::NoConsent(_) => "refused",
            Outcome::TooLate => "late",
            Outcome::Gone => "gone",
            Outcome::Lost(_) => "lost",
            Outcome::Rejected(_) => "rejected",
        });
        let Outcome::Included { block } = outcome else {
            return;
        };
        let total = now.saturating_sub(self.seen.get(grant).copied().unwrap_or(now));
        self.metrics.observe(total);
        info!(
            record = grant.record.0,
            subject = %grant.subject,
            block,
            submit_ms = millis(*took),
            total_ms = millis(total),
            "the share is in a block"
        );
    }

    /// The state machine has noted something.
    pub fn note(&mut self, grant: &GrantId, note: &Note, now: Duration) {
        let record = grant.record.0;
        let subject = grant.subject;
        match note {
            Note::Seen => {
                self.metrics.seen.inc();
                self.seen.insert(*grant, now);
                info!(record, %subject, granted_at = grant.granted_at, "access was granted");
            }
            Note::TakenOver { rank } => {
                info!(
                    record, %subject, rank,
                    "taken over: the custodians before this one have not delivered"
                );
            }
            Note::Retrying { attempt, after, reason } => {
                warn!(record, %subject, attempt, after_blocks = after, "trying again later: {reason}");
            }
            // Logged once; a patient may leave consent revoked for days.
            Note::Refused { attempt: 1, after, reason } => {
                info!(
                    record, %subject, after_blocks = after,
                    "not sending the share, because access is refused: {reason}"
                );
            }
            Note::Refused { attempt, after, reason } => {
                debug!(record, %subject, attempt, after_blocks = after, "still refused: {reason}");
            }
            Note::Unopened { reason } => {
                warn!(record, %subject, "cannot open the share of this custodian: {reason}");
            }
            Note::Exposed { block } => {
                warn!(
                    record, %subject, block,
                    "the share came after access was refused or had ended: the subject holds it"
                );
            }
            Note::Reorganised => {
                warn!(
                    record, %subject,
                    "a reorganisation removed the share's block; sending it again"
                );
            }
            Note::Closed(how) => {
                self.seen.remove(grant);
                let how = match how {
                    Closed::Delivered => "the share is final",
                    Closed::Exposed => "the share is final, and the grant has ended",
                    Closed::Enough => "others have delivered enough shares",
                    Closed::Ended => "the grant has ended",
                };
                info!(record, %subject, "{how}");
            }
        }
    }
}
