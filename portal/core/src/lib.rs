//! MedChain's own crates for a web page.
//!
//! A thin adapter: what is computed here is computed by `medchain-crypto`, `medchain-keys`,
//! `medchain-sharing`, `medchain-audit`, `medchain-vision`, `medchain-exact`, `medchain-report`,
//! `medchain-primitives` and the same libraries for CIDs as in `medchain-client`, so that a page, a
//! worker and the command line have the same bytes.
//! `bindings.rs` is what JavaScript sees; everything else is plain Rust, and tested as such.
//!
//! Secrets stay in this module's memory. JavaScript holds handles, and what it frees is wiped.

pub mod bindings;
pub mod blocks;
pub mod custody;
pub mod kinds;
pub mod log;
pub mod policy;
pub mod preview;
pub mod profile;
pub mod random;
pub mod report;
pub mod secrets;
#[cfg(test)]
mod tests;

// The client's own reader of UnixFS nodes, which depends on nothing but the crate `cid`.
#[path = "../../../client/src/store/unixfs.rs"]
mod unixfs;
