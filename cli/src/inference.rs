//! From an order to a verdict: what is ordered, the workers that are drawn and get the
//! record's key, the wait for their answers and for what settles them where they differ, and
//! the verdict that a reader opens and repeats.
//!
//! Everything acts on the state of the request on chain, so that what one command left
//! undone, or another account did in the meantime, is no obstacle.

mod carry;
mod committee;
mod dispute;
mod order;
mod repeat;
mod state;
mod validity;
mod verdict;

pub use carry::{carry_on, Carried};
pub use committee::RecordKey;
pub use dispute::DisputeReport;
pub use order::{Asking, Order};
pub use repeat::{repeat, RepetitionTimings, Running};
pub use state::{ended, state, step};
pub use validity::Validity;
#[cfg(test)]
pub use verdict::tests::test_verdict;
pub use verdict::{name_of, Opened, VerdictReport};
