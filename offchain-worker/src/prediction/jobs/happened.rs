//! What final blocks tell about this worker, for the log and the metrics. Nothing is done
//! because of it: work follows from the chain's state.

use std::collections::BTreeSet;

use medchain_client::{
    chain::{ChainEvent, SlashReason},
    AccountId32,
};
use medchain_primitives::RequestId;

/// What happened to this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A request is over for it.
    Ended(RequestId, Ended),
    /// It lost a part of its bond.
    Slashed {
        /// Because of which request.
        request: RequestId,
        /// Why.
        reason: SlashReason,
        /// How much, in the chain's smallest unit.
        amount: u128,
    },
}

/// How a request ended for a worker that was chosen for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its answer is part of the verdict.
    Verdict,
    /// Its answer and those of others differ.
    Differ,
    /// The request failed.
    Failed,
    /// The requester cancelled the request.
    Cancelled,
    /// The key was not sealed to the workers in time.
    Expired,
    /// It reported a failure, and left.
    Declined,
    /// It did not answer in time, and left.
    Missed,
}

impl Ended {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Verdict,
        Self::Differ,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
        Self::Declined,
        Self::Missed,
    ];

    /// The name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Differ => "differ",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Declined => "declined",
            Self::Missed => "missed",
        }
    }
}

/// What events tell about `me`. `chosen` are the requests for which it was chosen before
/// them; those that end are removed.
pub fn happened(
    me: &AccountId32,
    chosen: &mut BTreeSet<RequestId>,
    events: &[ChainEvent],
) -> Vec<Happened> {
    let mut all = Vec::new();
    for event in events {
        if let ChainEvent::WorkerSlashed { worker, request, reason, amount } = event
            && worker == me
        {
            let (request, reason, amount) = (*request, *reason, *amount);
            all.push(Happened::Slashed { request, reason, amount });
        }
        let Some((request, ended)) = end(me, event) else { continue };
        // The events that name the worker come first: where a request fails because the
        // worker left, the worker has declined it or missed it.
        let was_chosen = chosen.remove(&request);
        let is_named = !matches!(ended, Ended::Failed | Ended::Cancelled | Ended::Expired);
        if was_chosen || is_named {
            all.push(Happened::Ended(request, ended));
        }
    }
    all
}

/// The end that an event tells, if it can be one for `me`.
fn end(me: &AccountId32, event: &ChainEvent) -> Option<(RequestId, Ended)> {
    let (request, ended) = match event {
        ChainEvent::VerdictReached { request, workers, .. } if workers.contains(me) => {
            (request, Ended::Verdict)
        }
        ChainEvent::AnswersDiffer { request, answers, .. }
            if answers.iter().any(|(worker, _)| worker == me) =>
        {
            (request, Ended::Differ)
        }
        ChainEvent::FailureReported { request, worker, .. } if worker == me => {
            (request, Ended::Declined)
        }
        ChainEvent::WorkerMissed { request, worker } if worker == me => (request, Ended::Missed),
        ChainEvent::InferenceFailed { request, .. } => (request, Ended::Failed),
        ChainEvent::RequestCancelled { request } => (request, Ended::Cancelled),
        ChainEvent::RequestExpired { request } => (request, Ended::Expired),
        _ => return None,
    };
    Some((*request, ended))
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::FailureCause;
    use medchain_primitives::{FailureCode, ModelId, Receipt, RecordId};

    use super::*;

    const ME: AccountId32 = AccountId32([1; 32]);
    const OTHER: AccountId32 = AccountId32([2; 32]);
    const RECORD: RecordId = RecordId(5);

    fn told(chosen: &[u64], events: &[ChainEvent]) -> Vec<Happened> {
        let mut chosen = chosen.iter().copied().map(RequestId).collect();
        happened(&ME, &mut chosen, events)
    }

    fn verdict(request: u64, workers: &[AccountId32]) -> ChainEvent {
        ChainEvent::VerdictReached {
            request: RequestId(request),
            record: RECORD,
            model: ModelId(0),
            workers: workers.to_vec(),
            sealed: Default::default(),
            receipt: Receipt([0; 32]),
            provisional_until: None,
        }
    }

    #[test]
    fn what_concerns_others_is_left_out() {
        let events = [
            verdict(1, &[OTHER]),
            ChainEvent::RequestCancelled { request: RequestId(1) },
            ChainEvent::WorkerMissed { request: RequestId(2), worker: OTHER },
            ChainEvent::AnswersDiffer {
                request: RequestId(1),
                record: RECORD,
                answers: vec![(OTHER, Default::default())],
            },
        ];
        assert_eq!(told(&[2, 3], &events), []);
    }

    #[test]
    fn each_end_is_told_once() {
        let failed = |request| ChainEvent::InferenceFailed {
            request: RequestId(request),
            record: RECORD,
            cause: FailureCause::Reported(FailureCode::TooLarge),
        };
        let events = [
            verdict(1, &[OTHER, ME]),
            ChainEvent::FailureReported {
                request: RequestId(2),
                record: RECORD,
                worker: ME,
                code: FailureCode::TooLarge,
            },
            failed(2),
            failed(3),
            ChainEvent::RequestCancelled { request: RequestId(4) },
        ];
        let ended = |request, how| Happened::Ended(RequestId(request), how);
        assert_eq!(
            told(&[1, 2, 3, 4], &events),
            [
                ended(1, Ended::Verdict),
                ended(2, Ended::Declined),
                ended(3, Ended::Failed),
                ended(4, Ended::Cancelled)
            ]
        );
    }

    #[test]
    fn a_missed_request_and_its_price_are_told() {
        let request = RequestId(1);
        let (reason, amount) = (SlashReason::Absent, 7);
        let events = [
            ChainEvent::WorkerMissed { request, worker: ME },
            ChainEvent::WorkerSlashed { worker: ME, request, reason, amount },
            ChainEvent::WorkerSlashed { worker: OTHER, request, reason, amount },
        ];
        let slashed = Happened::Slashed { request, reason, amount };
        assert_eq!(told(&[1], &events), [Happened::Ended(request, Ended::Missed), slashed]);
    }
}
