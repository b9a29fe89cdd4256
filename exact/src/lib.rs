//! VGG-16 in integers: the same bytes on every machine.
//!
//! ```text
//! square of greys ── Engine ──> logits ── softmax ──> Output
//! ```
//!
//! A network of floats gives slightly different numbers on another processor, and
//! a worker that answers honestly cannot be told from one that nearly does. Here
//! an activation is one byte, a weight is one signed byte, and a sum is rounded by
//! a shift. Every machine that computes this gets the same bytes, so that answers
//! can be compared without being read, and a dispute ends at one [`sum`] that a
//! chain can compute.
//!
//! - [`Layer`] and [`Network`] say what a network is, and refuse what is none.
//! - [`sum`], [`activation`] and [`pooled`] are the arithmetic, in a few lines. They
//!   are what everything else here is tested against. The chain uses them.
//! - [`softmax()`] turns logits into probabilities, in integers too.
//! - `Engine` computes a whole network with what the processor offers.
//!
//! `docs/adr/0019-exact-network.md` has the reasons.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)
)]

extern crate alloc;

mod arithmetic;
mod network;
mod softmax;

#[cfg(feature = "std")]
mod engine;

pub use arithmetic::{activation, pooled, sum};
pub use network::{
    check_shapes, Finish, Layer, Network, NetworkError, Parameters, Window, MAX_CHANNELS,
    MAX_LAYERS, MAX_SHIFT, MAX_SIZE, MAX_SUM,
};
pub use softmax::{softmax, SoftmaxScale};

#[cfg(feature = "std")]
pub use engine::{Engine, Instructions, Levels, Unavailable, WrongInput};
