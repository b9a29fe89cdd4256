//! Tests, one file for each group of calls.

mod announce;
mod enact;
