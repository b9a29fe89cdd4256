//! Logs and counts what happens to each grant. Neither logs nor metrics hold shares or
//! keys; records and accounts are public on chain.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

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
    /// Those of them for which access was refused.
    refused: BTreeSet<GrantId>,
}

impl Journal {
    /// An empty journal.
    pub fn new(metrics: Arc<CustodyMetrics>) -> Self {
        Self { metrics, seen: BTreeMap::new(), refused: BTreeSet::new() }
    }

    /// A share could not be prepared.
    pub fn obstructed(&self, obstacle: &Obstacle) {
        self.metrics.ended(match obstacle {
            Obstacle::Unopened(_) => "unopened",
            Obstacle::Passing(_) => "failed",
        });
    }

    /// Whether access was refused when a share was sent for a grant.
    pub fn was_refused(&self, grant: &GrantId) -> bool {
        self.refused.contains(grant)
    }

    fn ended(&mut self, grant: &GrantId, outcome: &Outcome, after_refusal: bool) {
        // One that is closed is not tried again.
        if matches!(outcome, Outcome::NoConsent(_)) && self.seen.contains_key(grant) {
            self.refused.insert(*grant);
        }
        self.metrics.ended(match outcome {
            Outcome::Included { .. } => "delivered",
            Outcome::ClosedElsewhere => "elsewhere",
            Outcome::Exposed { .. } => "exposed",
            Outcome::NoConsent(_) => "refused",
            // Whoever refused is to blame, if anybody is.
            Outcome::TooLate if after_refusal => "late-after-refusal",
            Outcome::TooLate => "late",
            Outcome::Gone => "gone",
            Outcome::Lost(_) => "lost",
            Outcome::Rejected(_) => "rejected",
        });
    }

    /// A submission has ended.
    pub fn submitted(&mut self, submitted: &Submitted<Submission>, now: Duration) {
        let Submitted { item: Submission { grant, after_refusal, .. }, outcome, took } = submitted;
        self.ended(grant, outcome, *after_refusal);
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
                self.refused.remove(grant);
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

#[cfg(test)]
mod tests {
    use medchain_client::AccountId32;
    use medchain_primitives::RecordId;

    use super::*;
    use crate::shared::metrics::DutyMetrics;

    fn grant(record: u64) -> GrantId {
        let (record, subject) = (RecordId(record), AccountId32([7; 32]));
        GrantId { record, subject, granted_at: 1, reply: [9; 32] }
    }

    #[test]
    fn what_is_late_because_it_was_refused_is_told_from_what_is_late() {
        let mut journal = Journal::new(Arc::new(CustodyMetrics::new().unwrap()));
        for record in [1, 2] {
            journal.note(&grant(record), &Note::Seen, Duration::ZERO);
        }
        journal.ended(&grant(1), &Outcome::NoConsent("revoked".to_owned()), false);
        for record in [1, 2] {
            let after_refusal = journal.was_refused(&grant(record));
            journal.ended(&grant(record), &Outcome::TooLate, after_refusal);
        }
        for outcome in ["refused", "late", "late-after-refusal"] {
            let count = journal.metrics.deliveries.with_label_values(&[outcome]).get();
            assert_eq!(count, 1, "{outcome}");
        }
        journal.note(&grant(1), &Note::Closed(Closed::Ended), Duration::ZERO);
        journal.ended(&grant(1), &Outcome::NoConsent("revoked".to_owned()), true);
        assert!(journal.refused.is_empty(), "nothing is left of a grant that is over");
    }
}
