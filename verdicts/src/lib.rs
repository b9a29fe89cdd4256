//! How a verdict is sealed, how an answer is committed to, and how a film's input is.
//!
//! From the content key of a film, HKDF-SHA256 derives a *verdict root* and an *input salt*.
//! The uploader publishes a hash of the first, and with the second the root of the square that
//! the network sees. From the verdict root comes a key for each verdict, and with it the output
//! is sealed by AES-SIV (RFC 5297), which is deterministic: workers that computed the same have
//! the same bytes, and the chain compares them without reading them. See
//! `docs/adr/0020-sealed-verdicts.md`.
//!
//! The workers, the command line and the runtime use the same code. The runtime opens a
//! verdict only where the patient discloses the verdict root.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable
    )
)]

extern crate alloc;

mod answer;
mod film;
mod hash;
mod seal;
#[cfg(test)]
mod tests;
mod trace;
pub mod tree;

pub use answer::{answer_commitment, answer_salt};
pub use film::{input_root, input_tree, row_leaf, InputSalt, SIDE};
pub use hash::blake2;
pub use seal::{verdict_commitment, verdict_root, VerdictKey, VerdictName, Wrong};
pub use trace::{trace_leaf, TraceSalt};
