//! The duty to predict: answers the requests for which this worker was chosen.

// Pure: no IO, no clock, no randomness, no `async`.
pub mod drift;
pub mod jobs;

pub mod adapters;
pub mod ports;

pub mod account;
pub mod memory;
pub mod metrics;
pub mod models;
pub mod service;

pub mod config;
pub mod options;
pub mod start;

#[cfg(test)]
mod world;
