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
    /// Its answer to this request and those of others differ.
    Differ(RequestId),
    /// A dispute in which it plays has begun, gone on or ended.
    Played(RequestId, Play),
    /// A verdict that it gave or challenged is doubted, or no longer.
    Doubted(RequestId, Doubt),
}

impl Happened {
    /// The request whose dispute is over for it.
    pub fn ended_dispute(&self) -> Option<RequestId> {
        match self {
            Self::Played(request, Play::Won { .. } | Play::Lost { .. } | Play::Abandoned) => {
                Some(*request)
            }
            _ => None,
        }
    }
}

/// How a request ended for a worker that was chosen for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its answer is part of the verdict.
    Verdict,
    /// It lost a dispute about its answer.
    Lost,
    /// The request failed.
    Failed,
    /// The requester cancelled the request.
    Cancelled,
    /// The patient ended the dispute about it.
    Annulled,
    /// The key was not sealed to the workers in time.
    Expired,
    /// It reported a failure, and left.
    Declined,
    /// It did not answer in time, and left.
    Missed,
}

impl Ended {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Verdict,
        Self::Lost,
        Self::Failed,
        Self::Cancelled,
        Self::Annulled,
        Self::Expired,
        Self::Declined,
        Self::Missed,
    ];

    /// The name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Lost => "lost",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Annulled => "annulled",
            Self::Expired => "expired",
            Self::Declined => "declined",
            Self::Missed => "missed",
        }
    }
}

/// How a dispute goes for a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// It has begun.
    Begun {
        /// The other player.
        other: AccountId32,
        /// The last block in which the first move can be made.
        deadline: u32,
    },
    /// Both have moved: the next round has begun.
    Round {
        /// The last block in which its move can be made.
        deadline: u32,
    },
    /// It has won.
    Won {
        /// Whether the other player did not move in time.
        timed_out: bool,
    },
    /// It has lost.
    Lost {
        /// Whether it did not move in time.
        timed_out: bool,
    },
    /// The dispute ended without a loser.
    Abandoned,
}

impl Play {
    /// The names of those that are counted.
    pub const NAMES: [&str; 4] = ["begun", "won", "lost", "abandoned"];

    /// The name in metrics; a round has none.
    pub fn as_str(self) -> Option<&'static str> {
        let [begun, won, lost, abandoned] = Self::NAMES;
        match self {
            Self::Begun { .. } => Some(begun),
            Self::Round { .. } => None,
            Self::Won { .. } => Some(won),
            Self::Lost { .. } => Some(lost),
            Self::Abandoned => Some(abandoned),
        }
    }
}

/// What becomes of a verdict after it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A worker with another answer disputes it.
    Challenged {
        /// That worker, perhaps this one.
        challenger: AccountId32,
    },
    /// It stands.
    Upheld,
    /// It does not count any more.
    Annulled,
}

/// What a worker has to do with at a final block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Involved {
    /// The open requests that have chosen it.
    pub chosen: BTreeSet<RequestId>,
    /// Those of them in which it is a player of the present dispute.
    pub playing: BTreeSet<RequestId>,
}

impl Involved {
    /// What events tell about `me`, who had to do with `self` before them, and has to do with
    /// `after` now.
    pub fn hear(&mut self, me: &AccountId32, events: &[ChainEvent], after: &Self) -> Vec<Happened> {
        let mut all = Vec::new();
        for event in events {
            all.extend(slashed(me, event));
            all.extend(self.doubted(me, event, after));
            all.extend(self.played(me, event));
            let Some((request, ended)) = end(me, event) else { continue };
            // The events that name the worker come first: where a request fails because the
            // worker left, the worker has declined it or missed it.
            let was_chosen = self.chosen.remove(&request);
            let is_named =
                matches!(ended, Ended::Verdict | Ended::Lost | Ended::Declined | Ended::Missed);
            if was_chosen || is_named {
                all.push(Happened::Ended(request, ended));
            }
        }
        all
    }

    fn played(&mut self, me: &AccountId32, event: &ChainEvent) -> Option<Happened> {
        let (request, play) = match event {
            ChainEvent::AnswersDiffer { request, answers, .. }
                if answers.iter().any(|(worker, _)| worker == me) =>
            {
                return Some(Happened::Differ(*request));
            }
            ChainEvent::DisputeStarted { request, players, deadline } if players.contains(me) => {
                let other = *players.iter().find(|player| *player != me)?;
                self.playing.insert(*request);
                (request, Play::Begun { other, deadline: *deadline })
            }
            ChainEvent::RoundStarted { request, deadline } if self.playing.contains(request) => {
                (request, Play::Round { deadline: *deadline })
            }
            ChainEvent::DisputeSettled { request, winner, losers, timed_out } => {
                self.playing.remove(request);
                let timed_out = *timed_out;
                if losers.contains(me) {
                    (request, Play::Lost { timed_out })
                } else if winner.as_ref() == Some(me) {
                    (request, Play::Won { timed_out })
                } else {
                    return None;
                }
            }
            ChainEvent::DisputeAbandoned { request } if self.playing.remove(request) => {
                (request, Play::Abandoned)
            }
            _ => return None,
        };
        Some(Happened::Played(*request, play))
    }

    fn doubted(&mut self, me: &AccountId32, event: &ChainEvent, after: &Self) -> Option<Happened> {
        let (request, doubt) = match event {
            // It does not name the verdict's workers: a challenge chooses them again.
            ChainEvent::VerdictChallenged { request, challenger, .. }
                if challenger == me || after.chosen.contains(request) =>
            {
                self.chosen.insert(*request);
                (request, Doubt::Challenged { challenger: *challenger })
            }
            ChainEvent::VerdictUpheld { request, .. } if self.chosen.remove(request) => {
                (request, Doubt::Upheld)
            }
            ChainEvent::VerdictAnnulled { request, .. } if self.chosen.remove(request) => {
                (request, Doubt::Annulled)
            }
            _ => return None,
        };
        Some(Happened::Doubted(*request, doubt))
    }
}

fn slashed(me: &AccountId32, event: &ChainEvent) -> Option<Happened> {
    match event {
        ChainEvent::WorkerSlashed { worker, request, reason, amount } if worker == me => {
            let (request, reason, amount) = (*request, *reason, *amount);
            Some(Happened::Slashed { request, reason, amount })
        }
        _ => None,
    }
}

/// The end that an event tells, if it can be one for `me`.
fn end(me: &AccountId32, event: &ChainEvent) -> Option<(RequestId, Ended)> {
    let (request, ended) = match event {
        ChainEvent::VerdictReached { request, workers, .. } if workers.contains(me) => {
            (request, Ended::Verdict)
        }
        ChainEvent::DisputeSettled { request, losers, .. } if losers.contains(me) => {
            (request, Ended::Lost)
        }
        ChainEvent::FailureReported { request, worker, .. } if worker == me => {
            (request, Ended::Declined)
        }
        ChainEvent::WorkerMissed { request, worker } if worker == me => (request, Ended::Missed),
        ChainEvent::InferenceFailed { request, .. } => (request, Ended::Failed),
        ChainEvent::RequestCancelled { request } => (request, Ended::Cancelled),
        ChainEvent::DisputeAnnulled { request, .. } => (request, Ended::Annulled),
        ChainEvent::RequestExpired { request } => (request, Ended::Expired),
        _ => return None,
    };
    Some((*request, ended))
}

#[cfg(test)]
mod tests;
