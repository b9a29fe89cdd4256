//! The audit log of a patient: what the blocks of the chain tell of their
//! records, and the same for programs that read FHIR.
//!
//! Nothing here asks a node: `medchain audit` reads the blocks and puts them in.

mod describe;
mod entry;
pub mod fhir;
mod gather;
mod kind;
mod words;

pub use entry::{Entry, Filter};
pub use gather::Gathering;
pub use kind::{Kind, Kinds};

#[cfg(test)]
mod tests;
