//! A patient's audit log: what the chain's blocks tell about their records, also as FHIR.
//!
//! Nothing here asks a node: `medchain audit` reads the blocks.

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
