//! An archive of logs: collects the entries of all patients from final blocks, seals each patient's
//! to the patient, and keeps them in the store.
//!
//! Nothing here asks a node: what does implements [`ChainLogs`].

mod folder;
mod keeper;

pub use folder::Folder;
pub use keeper::{ChainLogs, Keeper};

#[cfg(test)]
mod tests;
