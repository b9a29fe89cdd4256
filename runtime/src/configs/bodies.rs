//! What the council and the ethics committee have in common: they decide by motions, and root
//! alone changes their members.

use frame_support::{
    instances::{Instance1, Instance2},
    parameter_types,
    traits::{fungible::HoldConsideration, ConstU32, NeverEnsureOrigin},
    weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_collective::{
    deposit::{Delayed, Geometric},
    DefaultVote, MemberCount,
};
use sp_runtime::FixedU128;

use super::{
    council::{MotionDuration, MotionHold, MAX_COUNCIL_MEMBERS},
    ethics::{EthicsMotionDuration, EthicsMotionHold, MAX_ETHICS_MEMBERS},
};
use crate::{
    seats::{CouncilSeats, EthicsSeats, SeatingWeight},
    *,
};

/// Counts members who have not voted as against the motion.
pub struct SilenceIsNo;

impl DefaultVote for SilenceIsNo {
    fn default_vote(_: Option<bool>, _: MemberCount, _: MemberCount, _: MemberCount) -> bool {
        false
    }
}

parameter_types! {
    /// Number of open motions beside which another needs no deposit.
    pub const FreeMotions: u32 = 8;
    /// Deposit for the first motion beside them, held until it is closed. Each further one takes
    /// twice as much: a single member must not fill all places, of which cancelling needs one.
    pub const MotionDeposit: Balance = 10 * UNIT;
    /// By how much it grows.
    pub const MotionDepositGrows: FixedU128 = FixedU128::from_u32(2);
    /// Maximum weight of a motion's call.
    pub MaxMotionWeight: Weight = normal_block_weight().saturating_div(2);
}

/// Configures the motions and the members of a body.
macro_rules! body {
    (
        $instance:ty,
        at_most: $members:ident,
        motions: ($duration:ty, $hold:ty),
        seats: ($initialized:ty, $changed:ty) $(,)?
    ) => {
        impl pallet_collective::Config<$instance> for Runtime {
            type RuntimeOrigin = RuntimeOrigin;
            type Proposal = RuntimeCall;
            type RuntimeEvent = RuntimeEvent;
            type MotionDuration = $duration;
            // Few would be filled by a single member, and nothing could be decided meanwhile.
            type MaxProposals = ConstU32<32>;
            type MaxMembers = ConstU32<$members>;
            type DefaultVote = SilenceIsNo;
            type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
            // Members change through pallet-membership alone, or the two lists would differ.
            type SetMembersOrigin = NeverEnsureOrigin<()>;
            type MaxProposalWeight = MaxMotionWeight;
            type DisapproveOrigin = EnsureRoot<AccountId>;
            type KillOrigin = EnsureRoot<AccountId>;
            type Consideration = HoldConsideration<
                AccountId,
                Balances,
                $hold,
                Delayed<FreeMotions, Geometric<MotionDepositGrows, MotionDeposit>>,
                u32,
            >;
        }

        impl pallet_membership::Config<$instance> for Runtime {
            type RuntimeEvent = RuntimeEvent;
            // In public, after the delay.
            type AddOrigin = EnsureRoot<AccountId>;
            type RemoveOrigin = EnsureRoot<AccountId>;
            type SwapOrigin = EnsureRoot<AccountId>;
            type ResetOrigin = EnsureRoot<AccountId>;
            // A prime member decides nothing here.
            type PrimeOrigin = NeverEnsureOrigin<()>;
            type MembershipInitialized = $initialized;
            type MembershipChanged = $changed;
            type MaxMembers = ConstU32<$members>;
            type WeightInfo = SeatingWeight;
        }
    };
}

// Without the delay, two thirds could remove in one motion whoever would cancel what they announce
// in it.
body! {
    Instance1,
    at_most: MAX_COUNCIL_MEMBERS,
    motions: (MotionDuration, MotionHold),
    seats: (Council, CouncilSeats),
}

// Without it, half of the council could remove the committee, judge, and appoint it again,
// all in one block.
body! {
    Instance2,
    at_most: MAX_ETHICS_MEMBERS,
    motions: (EthicsMotionDuration, EthicsMotionHold),
    seats: (EthicsSeats, EthicsSeats),
}
