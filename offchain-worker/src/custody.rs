//! The duty to keep key shares: hands a custodian's shares over to the accounts that
//! the chain has granted access.

// Pure: no IO, no clock, no randomness, no `async`.
pub mod deliveries;

pub mod adapters;
pub mod ports;

pub mod account;
pub mod metrics;
pub mod service;

pub mod config;
pub mod options;
pub mod start;

#[cfg(test)]
mod world;
