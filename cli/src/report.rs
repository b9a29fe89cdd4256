//! Reports on paper: what the chain and the reader's key say of a record, and how a page that
//! somebody shows is compared with them.

mod choice;
mod gather;

pub use choice::Choice;
pub use gather::{gather, Opening, Wanted};
