//! The MedChain off-chain worker: one program with two duties.
//!
//! Prediction fetches and decrypts the X-rays of inference requests, runs the model
//! and signs the answers. Custody hands shares of content keys over to the accounts
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
//! other. `prediction::jobs`, `custody::deliveries` and, of `shared`, `backoff`,
//! `outcome` and `turn` are pure: no IO, no clock, no randomness, no `async`.
//!
//! Neither duty keeps state of its own. Open requests and grants stay on chain until
//! they are served, so a worker that is killed at any moment loses nothing and does
//! nothing twice.

pub mod cli;
pub mod custody;
pub mod prediction;
pub mod shared;
