//! What the worker and the custodian decide: pure functions and one state machine
//! each, with no IO, no clock, no randomness and no `async`. Time and chance come in as values,
//! so every duplicate, restart and re-organisation is a plain table test.

pub mod backoff;
pub mod board;
pub mod custody;
pub mod decide;
pub mod job;
pub mod result;
pub mod turn;

pub use backoff::Backoff;
pub use board::{Board, Counts, Rules};
pub use job::{
    Account, Action, Answer, Closed, Event, Moment, Note, Outcome, Problem, Request, View,
};
