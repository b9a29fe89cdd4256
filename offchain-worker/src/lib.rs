//! The MedChain off-chain worker: it watches the chain for inference requests,
//! fetches and decrypts the X-ray, runs the model and signs the answer. A second
//! duty, the custodian's, hands shares of content keys over to whom the chain has
//! granted access.
//!
//! ```text
//! core       what to do: a pure state machine a duty   (no IO, no async)
//! ports      what that needs: small traits
//! adapters   the ports over a node, a store, a key, a model
//! service    the loop that ties core and ports together
//! custodian  the same for the second duty
//! startup, config, http, metrics, health, app          the program around it
//! ```
//!
//! Neither duty keeps state of its own: every open request and every grant stands
//! on chain until it is answered, so a worker that is killed at any moment loses
//! nothing and doubles nothing.

pub mod adapters;
pub mod app;
pub mod config;
pub mod core;
pub mod custodian;
pub mod health;
pub mod http;
pub mod metrics;
pub mod ports;
pub mod service;
pub mod startup;
