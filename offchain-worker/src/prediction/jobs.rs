//! What to do about each request for which this worker was chosen: one state machine and
//! pure functions. Time and chance come in as values, so every duplicate, restart and
//! reorganisation is a plain table test.

mod answer;
pub mod board;
pub mod decide;
pub mod happened;
pub mod job;

pub use board::{Board, Counts, Rules};
pub use happened::{Doubt, Ended, Happened, Play};
pub use job::{Answer, Closed, Event, Job, JobId, Moment, Note, Phase, Problem, Round, Step};
