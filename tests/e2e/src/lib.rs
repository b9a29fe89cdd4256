//! A small world for end-to-end tests: a development chain, the command line
//! and workers, all of them the real programs, each in its own process.
//!
//! A test does everything as a person would: by running `medchain`.

mod ipfs;
mod people;
mod prepared;
mod process;
mod programs;
mod testnet;
mod watch;
mod world;

pub use ipfs::IpfsDaemon;
pub use people::{
    address, CUSTODIANS, DOCTOR, ETHICS, HELPER, LAB, PATIENT, REGISTRAR, STRANGER, WORKER,
};
pub use process::{free_port, machine, Place, Running};
pub use programs::{contract, model_folder, program, repository, shared_images};
pub use testnet::{wait_for, Program, Release, Testnet, COUNCIL, TESTNET_WORKERS};
pub use world::{Answer, World};
