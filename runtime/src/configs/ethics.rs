//! The ethics committee, which judges emergencies.
//!
//! `docs/adr/0036-ethics-committee.md` says who sits in it, and what happens while nobody does.

use frame_support::{
    instances::Instance2,
    parameter_types,
    traits::{EitherOfDiverse, EnsureOrigin},
};
use frame_system::EnsureRoot;
use medchain_primitives::MIN_ETHICS_MEMBERS;
use pallet_collective::EnsureProportionMoreThan;

use super::council::CouncilMajority;
use crate::*;

/// The maximum number of members of the ethics committee.
pub const MAX_ETHICS_MEMBERS: u32 = 9;

/// More than half of the ethics committee, or root.
type CommitteeMajority =
    EitherOfDiverse<EnsureRoot<AccountId>, EnsureProportionMoreThan<AccountId, Instance2, 1, 2>>;

/// Whoever judges emergencies that nobody reviewed or somebody rejected, and lifts suspensions:
/// more than half of the ethics committee, or root.
///
/// While fewer than [`MIN_ETHICS_MEMBERS`] sit in the committee, it is more than half of the
/// council instead. Never both.
pub struct EthicsMajority;

impl EthicsMajority {
    /// Whether the committee judges, rather than the council.
    pub fn is_committee() -> bool {
        let seats = pallet_collective::Members::<Runtime, Instance2>::decode_len();
        seats.is_some_and(|seats| seats >= MIN_ETHICS_MEMBERS as usize)
    }
}

impl EnsureOrigin<RuntimeOrigin> for EthicsMajority {
    type Success = ();

    fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
        match Self::is_committee() {
            true => CommitteeMajority::try_origin(origin).map(|_| ()),
            false => CouncilMajority::try_origin(origin).map(|_| ()),
        }
    }

    // Not root: for a body the committee is looked up, which is to be measured.
    #[cfg(feature = "runtime-benchmarks")]
    fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
        use frame_support::instances::Instance1;
        use pallet_collective::RawOrigin;

        Ok(match Self::is_committee() {
            true => RawOrigin::<AccountId, Instance2>::Members(1, 1).into(),
            false => RawOrigin::<AccountId, Instance1>::Members(1, 1).into(),
        })
    }
}

parameter_types! {
    /// Number of blocks for which members can vote on a motion: twice within the time that the
    /// committee initially has for an emergency.
    pub const EthicsMotionDuration: BlockNumber = 5 * DAYS;
    /// Why the deposit of a motion is held.
    pub const EthicsMotionHold: RuntimeHoldReason =
        RuntimeHoldReason::EthicsCommittee(pallet_collective::HoldReason::ProposalSubmission);
}
