//! What to do about each inference request: one state machine and pure functions.
//! Time and chance come in as values, so every duplicate, restart and reorganisation
//! is a plain table test.

pub mod answer;
pub mod board;
pub mod decide;
pub mod job;
pub mod turn;

pub use answer::{Answer, ModelFacts};
pub use board::{Board, Counts, Rules};
pub use job::{Closed, Event, Job, Moment, Note, Problem, Step};
