//! What both duties stand on. It knows neither of them.

// Pure: no IO, no clock, no randomness, no `async`.
pub mod backoff;
pub mod outcome;
pub mod turn;

pub mod ports;

// The node and the machine behind the ports.
pub mod clock;
mod dialled;
pub mod link;

// The parts of a running duty.
pub mod service;
pub(crate) mod submit;
pub mod watch;

// What an operator sees and sets.
pub mod account;
pub mod config;
pub mod health;
pub mod http;
pub mod metrics;
pub mod monitor;
pub(crate) mod oldest;
pub(crate) mod options;
pub mod process;

#[cfg(test)]
pub(crate) mod testing;
