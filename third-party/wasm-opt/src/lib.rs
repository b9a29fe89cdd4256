//! The part of the crate `wasm-opt` that `substrate-wasm-builder` uses, on top
//! of the program `wasm-opt` from the Debian package `binaryen`.
//!
//! The crate of that name compiles Binaryen from its C++ source: eight minutes
//! of CPU time for two passes over one file. See `docs/adr/0017-cold-build.md`.

use std::{
    fmt, io,
    path::Path,
    process::{Command, ExitStatus},
};

/// A pass over the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Removes the DWARF debug information.
    StripDwarf,
    /// Asks for a module without sign-extension instructions. Debian's program
    /// cannot rewrite them, and does not have to: rustc emits none for the
    /// target `wasm32v1-none`. [`OptimizationOptions::run`] refuses a module
    /// that has some.
    SignextLowering,
}

/// What to do with a module.
#[derive(Clone, Debug, Default)]
pub struct OptimizationOptions {
    passes: Vec<Pass>,
    mvp_features_only: bool,
    debug_info: bool,
}

impl OptimizationOptions {
    /// No optimisation: the added passes alone.
    pub fn new_opt_level_0() -> Self {
        Self::default()
    }

    /// Leaves a module with features of the MVP alone.
    pub fn mvp_features_only(&mut self) -> &mut Self {
        self.mvp_features_only = true;
        self
    }

    /// Keeps the names of functions.
    pub fn debug_info(&mut self, value: bool) -> &mut Self {
        self.debug_info = value;
        self
    }

    /// Adds a pass. They run in the order of adding.
    pub fn add_pass(&mut self, pass: Pass) -> &mut Self {
        self.passes.push(pass);
        self
    }

    /// Reads a module from `input`, runs the passes and writes it to `output`.
    ///
    /// # Errors
    ///
    /// When there is no `wasm-opt` on the `PATH`, or when it fails.
    pub fn run(
        &self,
        input: impl AsRef<Path>,
        output: impl AsRef<Path>,
    ) -> Result<(), OptimizationError> {
        let mut command = Command::new("wasm-opt");
        if self.passes.contains(&Pass::StripDwarf) {
            command.arg("--strip-dwarf");
        }
        // `wasm32v1-none` is the MVP and mutable globals; with anything else
        // in it, the module does not validate.
        if self.mvp_features_only || self.passes.contains(&Pass::SignextLowering) {
            command.args(["--mvp-features", "--enable-mutable-globals"]);
        }
        if self.debug_info {
            command.arg("--debuginfo");
        }
        command.arg(input.as_ref()).arg("--output").arg(output.as_ref());
        let status = command.status().map_err(OptimizationError::Start)?;
        if status.success() {
            Ok(())
        } else {
            Err(OptimizationError::Failed(status))
        }
    }
}

/// Why a module could not be worked on.
#[derive(Debug)]
pub enum OptimizationError {
    /// The program could not be started.
    Start(io::Error),
    /// The program failed; it has said why on the standard error.
    Failed(ExitStatus),
}

impl fmt::Display for OptimizationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => write!(
                f,
                "wasm-opt could not be started ({error}): install the Debian package binaryen, \
                 or run 'make setup'"
            ),
            Self::Failed(status) => write!(f, "wasm-opt failed with {status}"),
        }
    }
}

impl std::error::Error for OptimizationError {}
