//! The MedChain off-chain worker: one program with two duties.
//!
//! Prediction fetches and decrypts the X-rays of the requests for which this worker was
//! chosen, runs the model, and seals and signs the answers. Custody hands shares of content keys over to the accounts
//! that the chain has granted access.
//!
//! ```text
//! shared      what both duties stand on: node connection, submitting, watching,
//!             health, HTTP, metrics, configuration, process
//! prediction  jobs (pure) ─ ports ─ adapters ─ service ─ start
//! custody     deliveries (pure) ─ ports ─ adapters ─ service ─ start
//! cli         which duty, with which options
//! ```
//!
//! *Invariants:* `shared` imports neither duty, and the duties do not import each
//! other. `prediction::jobs`, `prediction::drift`, `custody::deliveries` and, of `shared`,
//! `backoff`, `outcome` and `turn` are pure: no IO, no clock, no randomness, no `async`.
//! `rooms.rs` checks both.
//!
//! The chain is the memory of both. Work lists and grants stay on chain until they are
//! served, so a worker that is killed at any moment loses nothing and does nothing twice.
//! What prediction has on disk, it could compute again as long as it can open the film.

pub mod cli;
pub mod custody;
pub mod prediction;
pub mod shared;

#[cfg(test)]
mod rooms;
