//! The bodies whose members vote on motions.

use std::fmt;

use serde::Serialize;

use super::{items::StorageItem, Call, ChainEvent, Gas, Motion};
use crate::H256;

/// A body whose members vote on motions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The council of the member institutions, which governs.
    Council,
    /// The ethics committee, which judges emergencies.
    Ethics,
}

/// What people call it.
impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Council => "the council",
            Self::Ethics => "the ethics committee",
        })
    }
}

impl Body {
    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Council => "council",
            Self::Ethics => "ethics",
        }
    }

    /// The body that decides a call: the ethics committee's are its motions, and the judgements.
    pub fn of(call: &Call) -> Self {
        match call {
            Call::EthicsPropose(_)
            | Call::EthicsVote { .. }
            | Call::EthicsClose { .. }
            | Call::JudgeEmergency { .. }
            | Call::LiftSuspension { .. } => Self::Ethics,
            _ => Self::Council,
        }
    }

    /// Proposes a motion; with a threshold of 1, its call is made at once.
    pub fn propose(self, motion: Motion) -> Call {
        match self {
            Self::Council => Call::CouncilPropose(motion),
            Self::Ethics => Call::EthicsPropose(motion),
        }
    }

    /// Votes for or against a motion.
    pub fn vote(self, motion: H256, index: u32, approve: bool) -> Call {
        match self {
            Self::Council => Call::CouncilVote { motion, index, approve },
            Self::Ethics => Call::EthicsVote { motion, index, approve },
        }
    }

    /// Ends a motion that has its votes, and makes its call, which may use so much.
    pub fn close(self, motion: H256, index: u32, weight: Gas, length: u32) -> Call {
        match self {
            Self::Council => Call::CouncilClose { motion, index, weight, length },
            Self::Ethics => Call::EthicsClose { motion, index, weight, length },
        }
    }

    /// The hash and the number of the motion that was proposed to it, if the event says that.
    pub fn proposed(self, event: &ChainEvent) -> Option<(H256, u32)> {
        match (self, event) {
            (Self::Council, ChainEvent::MotionProposed { motion, index, .. })
            | (Self::Ethics, ChainEvent::EthicsMotionProposed { motion, index, .. }) => {
                Some((*motion, *index))
            }
            _ => None,
        }
    }

    /// Whether the event says that it made a motion's call, which did not fail.
    pub fn executed(self, event: &ChainEvent) -> bool {
        matches!(
            (self, event),
            (Self::Council, ChainEvent::MotionExecuted { failure: None, .. })
                | (Self::Ethics, ChainEvent::EthicsMotionExecuted { failure: None, .. })
        )
    }

    pub(super) const fn members(self) -> StorageItem {
        match self {
            Self::Council => StorageItem::COUNCIL_MEMBERS,
            Self::Ethics => StorageItem::ETHICS_MEMBERS,
        }
    }

    pub(super) const fn proposals(self) -> StorageItem {
        match self {
            Self::Council => StorageItem::COUNCIL_PROPOSALS,
            Self::Ethics => StorageItem::ETHICS_PROPOSALS,
        }
    }

    pub(super) const fn proposal_of(self) -> StorageItem {
        match self {
            Self::Council => StorageItem::COUNCIL_PROPOSAL_OF,
            Self::Ethics => StorageItem::ETHICS_PROPOSAL_OF,
        }
    }

    pub(super) const fn voting(self) -> StorageItem {
        match self {
            Self::Council => StorageItem::COUNCIL_VOTING,
            Self::Ethics => StorageItem::ETHICS_VOTING,
        }
    }
}
