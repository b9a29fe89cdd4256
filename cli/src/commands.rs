//! The subcommands, one file each, named after the command.
//!
//! In every file, `run` is what [`crate::cli`] calls, and a function that returns a
//! report does the work: the demo calls it too. No command uses another; what several
//! need is in a room of its own, such as [`crate::records`] or [`crate::consent`].

pub mod access;
pub mod annul;
pub mod archive;
pub mod audit;
pub mod balance;
pub mod batch;
pub mod completions;
pub mod council;
pub mod custodian;
pub mod custodians;
pub mod delegate;
pub mod disclose;
pub mod disputes;
pub mod emergency;
pub mod erase;
pub mod ethics;
pub mod fetch;
pub mod grant;
pub mod infer;
pub mod institution;
pub mod key;
pub mod model;
pub mod parameters;
pub mod patient;
pub mod policy;
pub mod portal;
pub mod predict;
pub mod provider;
pub mod records;
pub mod relation;
pub mod release;
pub mod replay;
pub mod report;
pub mod request;
pub mod request_access;
pub mod restore;
pub mod resume;
pub mod revoke;
pub mod rotate;
pub mod share;
pub mod show;
pub mod store;
pub mod transfer;
pub mod upload;
pub mod verify_certificate;
pub mod verify_report;
pub mod withdraw;
pub mod worker;
