//! The council of the member institutions, and the delay before anything is done as root.
//!
//! `docs/adr/0024-council.md` says which part of the council decides what.

use frame_support::{
    instances::Instance1,
    parameter_types,
    traits::{fungible::HoldConsideration, ConstU32, EitherOfDiverse, NeverEnsureOrigin},
    weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_collective::{
    deposit::{Delayed, Geometric},
    DefaultVote, EnsureProportionAtLeast, EnsureProportionMoreThan, MemberCount,
};
use sp_runtime::FixedU128;

use crate::{
    seats::{CouncilSeats, SeatingWeight},
    *,
};

/// The maximum number of members of the council.
pub const MAX_COUNCIL_MEMBERS: u32 = 32;

/// More than half of the council, or root: day-to-day decisions.
///
/// It admits institutions, announces the default policy, and publishes models. It judges emergencies
/// only while there is no ethics committee ([`EthicsMajority`](super::EthicsMajority)).
pub type CouncilMajority =
    EitherOfDiverse<EnsureRoot<AccountId>, EnsureProportionMoreThan<AccountId, Instance1, 1, 2>>;

/// At least two thirds of the council, or root: what root will do, members included.
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
    /// Number of open motions beside which another needs no deposit.
    pub const FreeMotions: u32 = 8;
    /// Deposit for the first motion beside them, held until it is closed. Each further one takes
    /// twice as much: a single member must not fill all places, of which cancelling needs one.
    pub const MotionDeposit: Balance = 10 * UNIT;
    /// By how much it grows.
    pub const MotionDepositGrows: FixedU128 = FixedU128::from_u32(2);
    /// Why the deposit of a motion is held.
    pub const MotionHold: RuntimeHoldReason =
        RuntimeHoldReason::Council(pallet_collective::HoldReason::ProposalSubmission);
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
    type Consideration = HoldConsideration<
        AccountId,
        Balances,
        MotionHold,
        Delayed<FreeMotions, Geometric<MotionDepositGrows, MotionDeposit>>,
        u32,
    >;
}

impl pallet_membership::Config<Instance1> for Runtime {
    type RuntimeEvent = RuntimeEvent;
    // In public, after the delay: otherwise two thirds could remove in one motion whoever would
    // cancel what they announce in it.
    type AddOrigin = EnsureRoot<AccountId>;
    type RemoveOrigin = EnsureRoot<AccountId>;
    type SwapOrigin = EnsureRoot<AccountId>;
    type ResetOrigin = EnsureRoot<AccountId>;
    // A prime member decides nothing here.
    type PrimeOrigin = NeverEnsureOrigin<()>;
    type MembershipInitialized = Council;
    type MembershipChanged = CouncilSeats;
    type MaxMembers = ConstU32<MAX_COUNCIL_MEMBERS>;
    type WeightInfo = SeatingWeight;
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
    type WeightInfo = crate::weights::pallet_timelock::WeightInfo<Runtime>;
}
