//! The states of requests in words: those that the page has as well are of `medchain-audit`.

pub use medchain_audit::requests::{ended, state};
use medchain_client::chain::Step;

/// How far a worker is, as one word.
pub fn step(step: &Step) -> &'static str {
    match step {
        Step::Chosen => "chosen",
        Step::Committed(_) => "committed",
        Step::Revealed(_) => "revealed",
    }
}
