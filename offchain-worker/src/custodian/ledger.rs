//! Logs and counts what happens to each grant. Neither logs nor metrics hold
//! shares or keys; records and accounts stand on chain for everybody to see.

use std::{collections::HashMap, sync::Arc, time::Duration};

use medchain_client::AccountId32;
use tracing::{debug, info, warn};

use super::CustodianMetrics;
use crate::core::{
    custody::{Closed, GrantId, Note, Obstacle},
    Outcome,
};

/// What is remembered of each grant until it is closed.
pub(crate) struct Ledger {
    metrics: Arc<CustodianMetrics>,
    seen: HashMap<GrantId, Duration>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(metrics: Arc<CustodianMetrics>) -> Self {
        Self { metrics, seen: HashMap::new() }
    }

    /// A share could not be made ready.
    pub fn obstructed(&self, obstacle: &Obstacle) {
        self.metrics.ended(match obstacle {
            Obstacle::Unopened(_) => "unopened",
            Obstacle::NoKey(_) => "no_key",
            Obstacle::Passing(_) => "failed",
        });
    }

    /// A submission has ended.
    pub fn submitted(&mut self, grant: &GrantId, outcome: &Outcome, took: Duration, now: Duration) {
        self.metrics.ended(match outcome {
            Outcome::Included { .. } => "delivered",
            Outcome::ClosedElsewhere => "elsewhere",
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
            subject = %AccountId32(grant.subject),
            block,
            submit_ms = took.as_millis() as u64,
            total_ms = total.as_millis() as u64,
            "the share is in a block"
        );
    }

    /// The core has something to say.
    pub fn note(&mut self, grant: &GrantId, note: &Note, now: Duration) {
        let record = grant.record.0;
        let subject = AccountId32(grant.subject);
        match note {
            Note::Seen => {
                self.metrics.seen.inc();
                self.seen.insert(*grant, now);
                info!(record, %subject, granted_at = grant.granted_at, "access is granted");
            }
            Note::TakenOver { rank } => {
                info!(record, %subject, rank, "taken over from those before in the order");
            }
            Note::Retrying { attempt, after, reason } => {
                warn!(record, %subject, attempt, after_blocks = after, "tried again later: {reason}");
            }
            // Once; a patient who takes consent back may leave it so for days.
            Note::Refused { attempt: 1, after, reason } => {
                info!(
                    record, %subject, after_blocks = after,
                    "nothing is handed over, the policy refuses by now: {reason}"
                );
            }
            Note::Refused { attempt, after, reason } => {
                debug!(record, %subject, attempt, after_blocks = after, "still refused: {reason}");
            }
            Note::Unopened { reason } => {
                warn!(record, %subject, "the share for this custodian cannot be opened: {reason}");
            }
            Note::TakenBack => {
                warn!(record, %subject, "a fork took the share's block back; it is sent again");
            }
            Note::Closed(how) => {
                self.seen.remove(grant);
                let how = match how {
                    Closed::Delivered => "the share is final",
                    Closed::Enough => "others have handed over enough",
                    Closed::Ended => "the grant has ended",
                };
                info!(record, %subject, "{how}");
            }
        }
    }
}
