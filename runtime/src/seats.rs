//! Who sits in the council and in the ethics committee: no account in both.
//!
//! The members of the committee are those of `EthicsMembership` who do not sit in the council. A
//! seat of an account in both rests, from the block in which it came about until one of them ends.
//! pallet-membership cannot be told to refuse: what it calls after a change has no answer, and root,
//! which makes the changes, is not filtered.

use alloc::vec::Vec;

use frame_support::{
    instances::{Instance1, Instance2},
    traits::{ChangeMembers, Contains, Get, InitializeMembers},
    weights::Weight,
};
use sp_runtime::traits::StaticLookup;

use crate::{
    AccountId, Council, CouncilMembership, EthicsCommittee, EthicsMembership, Runtime, RuntimeCall,
};

type DbWeight = <Runtime as frame_system::Config>::DbWeight;
type Measured = pallet_membership::weights::SubstrateWeight<Runtime>;

/// Seats those in the ethics committee who do not sit in the council as well.
fn seat(ethics: &[AccountId], council: &[AccountId]) {
    let seated: Vec<AccountId> =
        ethics.iter().filter(|who| !council.contains(*who)).cloned().collect();
    let before = pallet_collective::Members::<Runtime, Instance2>::get();
    if seated != before {
        <EthicsCommittee as ChangeMembers<AccountId>>::set_members_sorted(&seated, &before);
    }
}

/// Follows the members of `EthicsMembership`.
pub struct EthicsSeats;

impl ChangeMembers<AccountId> for EthicsSeats {
    fn change_members_sorted(_: &[AccountId], _: &[AccountId], new: &[AccountId]) {
        seat(new, &pallet_membership::Members::<Runtime, Instance1>::get());
    }
}

impl InitializeMembers<AccountId> for EthicsSeats {
    fn initialize_members(members: &[AccountId]) {
        seat(members, &pallet_membership::Members::<Runtime, Instance1>::get());
    }
}

/// Follows the members of `CouncilMembership`.
pub struct CouncilSeats;

impl ChangeMembers<AccountId> for CouncilSeats {
    fn change_members_sorted(incoming: &[AccountId], outgoing: &[AccountId], new: &[AccountId]) {
        <Council as ChangeMembers<AccountId>>::change_members_sorted(incoming, outgoing, new);
        seat(&pallet_membership::Members::<Runtime, Instance2>::get(), new);
    }
}

/// Refuses to hand a seat to a member of the other body, with `System.CallFiltered`.
///
/// Members do that by themselves, at once. A member of the council could otherwise take a member
/// of the committee out of it, by giving away their own seat.
pub struct NoSecondSeat;

impl Contains<RuntimeCall> for NoSecondSeat {
    fn contains(call: &RuntimeCall) -> bool {
        type Lookup = <Runtime as frame_system::Config>::Lookup;
        match call {
            RuntimeCall::CouncilMembership(pallet_membership::Call::change_key { new }) => {
                !Lookup::lookup(new.clone())
                    .is_ok_and(|who| <EthicsMembership as Contains<AccountId>>::contains(&who))
            }
            RuntimeCall::EthicsMembership(pallet_membership::Call::change_key { new }) => {
                !Lookup::lookup(new.clone())
                    .is_ok_and(|who| <CouncilMembership as Contains<AccountId>>::contains(&who))
            }
            _ => true,
        }
    }
}

/// What a change of members costs, with that of the seats of the committee.
///
/// The latter is counted by hand: the two lists of members, and the open motions of both bodies, from
/// whose votes those of former members are taken. What is measured has no open motion.
pub struct SeatingWeight;

impl SeatingWeight {
    /// A list of members, or the votes on a motion, and their nodes in the proof.
    const PROOF: u64 = 3_000;

    fn with_seats(measured: Weight) -> Weight {
        let of_council: u32 =
            <Runtime as pallet_collective::Config<Instance1>>::MaxProposals::get();
        let of_ethics: u32 = <Runtime as pallet_collective::Config<Instance2>>::MaxProposals::get();
        let motions = u64::from(of_council.saturating_add(of_ethics));
        let (reads, writes) = (motions.saturating_add(4), motions.saturating_add(2));
        measured
            .saturating_add(DbWeight::get().reads_writes(reads, writes))
            .saturating_add(Weight::from_parts(0, Self::PROOF.saturating_mul(reads)))
    }
}

impl pallet_membership::WeightInfo for SeatingWeight {
    fn add_member(members: u32) -> Weight {
        Self::with_seats(Measured::add_member(members))
    }

    fn remove_member(members: u32) -> Weight {
        Self::with_seats(Measured::remove_member(members))
    }

    fn swap_member(members: u32) -> Weight {
        Self::with_seats(Measured::swap_member(members))
    }

    fn reset_members(members: u32) -> Weight {
        Self::with_seats(Measured::reset_members(members))
    }

    fn change_key(members: u32) -> Weight {
        Self::with_seats(Measured::change_key(members))
    }

    fn set_prime(members: u32) -> Weight {
        Measured::set_prime(members)
    }

    fn clear_prime() -> Weight {
        Measured::clear_prime()
    }
}
