//! The council of the member institutions, and the delay before anything is done as root.
//!
//! `docs/adr/0024-council.md` says which part of the council decides what.

use frame_support::{
    instances::Instance1,
    parameter_types,
    traits::{ConstU32, EitherOfDiverse, NeverEnsureOrigin},
    weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_collective::{
    DefaultVote, EnsureProportionAtLeast, EnsureProportionMoreThan, MemberCount,
};

use crate::*;

/// The maximum number of members of the council.
pub const MAX_COUNCIL_MEMBERS: u32 = 32;

/// More than half of the council, or root: day-to-day decisions.
///
/// It admits institutions, announces the default policy and publishes models.
pub type CouncilMajority =
    EitherOfDiverse<EnsureRoot<AccountId>, EnsureProportionMoreThan<AccountId, Instance1, 1, 2>>;

/// At least two thirds of the council, or root: its members, and what root will do.
pub type CouncilTwoThirds =
    EitherOfDiverse<EnsureRoot<AccountId>, EnsureProportionAtLeast<AccountId, Instance1, 2, 3>>;

/// More than a third of the council, or root: stops what was announced.
///
/// As many could have refused the two thirds.
pub type CouncilMinority =
    EitherOfDiverse<EnsureRoot<AccountId>, EnsureProportionMoreThan<AccountId, Instance1, 1, 3>>;

/// Counts members who have not voted as against the motion.
pub struct SilenceIsNo;

impl DefaultVote for SilenceIsNo {
    fn default_vote(_: Option<bool>, _: MemberCount, _: MemberCount, _: MemberCount) -> bool {
        false
    }
}

parameter_types! {
    /// Number of blocks for which members can vote on a motion.
    pub const MotionDuration: BlockNumber = 7 * DAYS;
    /// Maximum weight of a motion's call.
    pub MaxMotionWeight: Weight = normal_block_weight().saturating_div(2);
    /// Maximum weight of a call that root will make.
    pub const MaxChangeWeight: Weight =
        Weight::from_parts(MAXIMUM_BLOCK_WEIGHT.ref_time() / 4, MAXIMUM_BLOCK_WEIGHT.proof_size() / 4);
    /// Number of blocks for which a change waits on a chain whose genesis says nothing else.
    pub const PublicDelay: BlockNumber = 7 * DAYS;
    /// Number of blocks for which a change can be enacted.
    pub const EnactPeriod: BlockNumber = 7 * DAYS;
}

impl pallet_collective::Config<Instance1> for Runtime {
    type RuntimeOrigin = RuntimeOrigin;
    type Proposal = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type MotionDuration = MotionDuration;
    type MaxProposals = ConstU32<32>;
    type MaxMembers = ConstU32<MAX_COUNCIL_MEMBERS>;
    type DefaultVote = SilenceIsNo;
    type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
    // Members change through `CouncilMembership` alone, or the two lists would differ.
    type SetMembersOrigin = NeverEnsureOrigin<()>;
    type MaxProposalWeight = MaxMotionWeight;
    type DisapproveOrigin = EnsureRoot<AccountId>;
    type KillOrigin = EnsureRoot<AccountId>;
    // Only members propose, so a motion needs no deposit.
    type Consideration = ();
}

impl pallet_membership::Config<Instance1> for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type AddOrigin = CouncilTwoThirds;
    type RemoveOrigin = CouncilTwoThirds;
    type SwapOrigin = CouncilTwoThirds;
    type ResetOrigin = CouncilTwoThirds;
    // A prime member decides nothing here.
    type PrimeOrigin = NeverEnsureOrigin<()>;
    type MembershipInitialized = Council;
    type MembershipChanged = Council;
    type MaxMembers = ConstU32<MAX_COUNCIL_MEMBERS>;
    type WeightInfo = pallet_membership::weights::SubstrateWeight<Runtime>;
}

impl pallet_timelock::Config for Runtime {
    type RuntimeCall = RuntimeCall;
    type AnnounceOrigin = CouncilTwoThirds;
    type CancelOrigin = CouncilMinority;
    type DefaultDelay = PublicDelay;
    type EnactPeriod = EnactPeriod;
    type MaxChanges = ConstU32<16>;
    type MaxCallBytes = ConstU32<4096>;
    type MaxCallWeight = MaxChangeWeight;
    // Estimates: the calls are newer than the last measurement.
    type WeightInfo = ();
}
