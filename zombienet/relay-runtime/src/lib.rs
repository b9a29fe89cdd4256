//! Rococo's runtime as a WASM file: its exported functions, and nothing else.
#![no_std]
pub use rococo_runtime::*;
