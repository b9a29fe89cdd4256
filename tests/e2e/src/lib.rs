//! A small world for end-to-end tests: a development chain, the command line
//! and workers, all of them the real programs, each in its own process.
//!
//! What a test does, it does as a person would: by running `medchain`.

mod process;
mod programs;
mod world;

pub use process::{free_port, Running};
pub use programs::{contract, model_folder, program, repository, shared_images};
pub use world::{Answer, World, LAB, PATIENT, REGISTRAR, STRANGER, WORKER};
