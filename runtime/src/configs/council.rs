//! The council of the member institutions, and the delay before anything is done as root.
//!
//! `docs/adr/0024-council.md` says which part of the council decides what.

use frame_support::{
    instances::Instance1,
    parameter_types,
    traits::{ConstU32, EitherOfDiverse},
    weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_collective::{EnsureProportionAtLeast, EnsureProportionMoreThan};

use crate::*;

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

parameter_types! {
    /// Number of blocks for which members can vote on a motion.
    pub const MotionDuration: BlockNumber = 7 * DAYS;
    /// Why the deposit of a motion is held.
    pub const MotionHold: RuntimeHoldReason =
        RuntimeHoldReason::Council(pallet_collective::HoldReason::ProposalSubmission);
    /// Maximum weight of a call that root will make.
    pub const MaxChangeWeight: Weight =
        Weight::from_parts(MAXIMUM_BLOCK_WEIGHT.ref_time() / 4, MAXIMUM_BLOCK_WEIGHT.proof_size() / 4);
    /// Number of blocks for which a change waits on a chain whose genesis says nothing else.
    pub const PublicDelay: BlockNumber = 7 * DAYS;
    /// Number of blocks for which a change can be enacted.
    pub const EnactPeriod: BlockNumber = 7 * DAYS;
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
