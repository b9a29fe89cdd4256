//! What the worker and the command line share: access to the chain
//! ([`chain`]), the content store ([`store`]), archives of logs in it ([`archive`]), the cryptography of records
//! ([`crypto`]), content keys among custodians ([`custody`]), signing identities
//! ([`keys`]), contracts by their bundles ([`contract`]) and the calls of the reference
//! policy contract ([`policy`]).
//!
//! Nothing here depends on images or models.

pub mod archive;
pub mod chain;
pub mod contract;
pub mod custody;
pub mod keys;
pub mod policy;
pub mod store;

/// The cryptography of records.
pub use medchain_crypto as crypto;
/// An account: 32 bytes, written as an ss58 address with prefix 42.
pub use subxt::utils::AccountId32;
/// A 32-byte hash of a block, an extrinsic or a contract's code.
pub use subxt::utils::H256;
/// Memory that is wiped when it is dropped.
pub use zeroize::Zeroizing;
