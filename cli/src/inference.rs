//! From an order to a verdict: what is ordered, the workers that are drawn and get the
//! record's key, the wait for their answers, and the verdict that a reader opens.
//!
//! Everything acts on the state of the request on chain, so that what one command left
//! undone, or another account did in the meantime, is no obstacle.

mod carry;
mod committee;
mod order;
mod state;
mod verdict;

pub use carry::{carry_on, Carried};
pub use order::{Asking, Order};
pub use state::{ended, state, step};
pub use verdict::{name_of, Opened, VerdictReport};
