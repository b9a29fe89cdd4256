//! Any ink! contract, by the metadata in its `.contract` bundle: its constructors
//! and messages, arguments from text, answers and events to text and JSON.
//!
//! The bundle's metadata must be of version 5 (ink! 5):
//! <https://use.ink/docs/v5/metadata>. Values are encoded and decoded by the
//! type registry in it.

mod argument;
mod decoded;
mod file;
mod interface;
mod types;

use thiserror::Error;

pub use argument::{Accounts, MAX_NESTING};
pub(crate) use decoded::read as read_value;
pub use decoded::Decoded;
pub use file::code_of_bundle;
pub use interface::{Argument, Emitted, Function, Interface};

/// Why a contract cannot be used as asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContractError {
    /// Not a contract bundle of ink! 5.
    #[error("not a .contract bundle of ink! 5: {0}")]
    NotABundle(String),
    /// No constructor or message with this name.
    #[error("the contract has no {kind} `{name}`; it has {known}")]
    Unknown {
        /// Constructor or message.
        kind: &'static str,
        /// The name that was given.
        name: String,
        /// The contract's, with their arguments.
        known: String,
    },
    /// Several constructors, none of them `new`, and none was named.
    #[error("the contract has several constructors; name one of {known}")]
    Ambiguous {
        /// The contract's, with their arguments.
        known: String,
    },
    /// Too many arguments, or too few.
    #[error(
        "`{function}` takes {expected} argument{}, not {given}",
        if *expected == 1 { "" } else { "s" }
    )]
    Count {
        /// The constructor or message, with its arguments.
        function: String,
        /// How many it takes.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// The text of the arguments cannot be split into arguments.
    #[error("cannot read the arguments: {0}")]
    Syntax(String),
    /// A value that is not of its argument's type.
    #[error("the argument `{argument}` must be of type {expected}: {reason}")]
    Argument {
        /// The argument's name.
        argument: String,
        /// Its type, with the values that it has.
        expected: String,
        /// What is wrong.
        reason: String,
    },
    /// Bytes that are not of the type that the bundle gives.
    #[error("{what} does not have the type in the bundle ({reason}); name this contract's bundle")]
    Undecodable {
        /// What was read.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[cfg(test)]
mod tests;
