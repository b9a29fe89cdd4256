//! A dispute between two workers, down to one value that the chain computes.
//!
//! Two workers gave different answers to one request. At most one of them ran the network. Both
//! hold the whole trace: the input, to which the uploader committed, and what each layer gives.
//!
//! ```text
//! roots of all levels ─► nodes ─► nodes ─► one pixel ─► one value
//!          │                                   │    └─► sums ─► one piece of a value
//!          └─► the answer itself               └─► a salt
//! ```
//! Each round both players say more about the first place where they differ. At the end stands
//! something small that everybody can compute, and whoever claimed it is right.
//!
//! - [`Network`] is what a chain knows of a network, and [`Place`] finds a value's inputs.
//! - [`Game`] is the state of a dispute; [`Game::play`] takes a [`Move`].
//! - [`Opening`] shows a value's inputs, and [`Game`] computes it with `medchain_exact`.
//! - `Trace` and `Player` (with `std`) make the moves of a worker.
//!
//! An honest player never loses: it can make every move, and no other claim than its own
//! survives the end. `docs/adr/0022-disputes.md` has the reasons and what a dispute reveals.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)
)]

extern crate alloc;

mod game;
mod moves;
mod network;
mod opening;
mod place;
#[cfg(feature = "std")]
mod player;
#[cfg(feature = "std")]
mod trace;

#[cfg(test)]
mod tests;

pub use game::{Game, Progress, Refused, Said, Spec, Stage, Standing};
pub use moves::{
    Leaf, Move, Nodes, Opening, Roots, Secret, Shown, ShownParameters, Side, Sums, MAX_LEAF,
    MAX_NODES, MAX_OPENING, MAX_PIECES, MAX_ROUNDS, MAX_SIBLINGS,
};
#[cfg(feature = "std")]
pub use network::Weights;
pub use network::{Network, NetworkError, NetworkLayer};
pub use place::Place;
#[cfg(feature = "std")]
pub use player::Player;
#[cfg(feature = "std")]
pub use trace::Trace;
