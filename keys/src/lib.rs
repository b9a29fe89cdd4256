//! An account's secret ([`AccountSecret`]), and the file in which wallets keep it
//! ([`AccountFile`]).
//!
//! The crate does no IO, so that the command line and a web page open the same files with the
//! same code. Random bytes come from the operating system or the browser.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing))]

mod error;
mod file;
mod secret;

pub use error::FileError;
pub use file::AccountFile;
pub use secret::{AccountSecret, EXPANDED_LENGTH};
/// An account: 32 bytes, written as an SS58 address with prefix 42.
pub use subxt_utils_accountid32::AccountId32;
