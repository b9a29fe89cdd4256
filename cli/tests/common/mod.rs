//! Running the built program, and things to feed it.
#![allow(dead_code)] // Every test file uses its own part of this.

pub mod png;
pub mod tiny_model;

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// A port on which nothing listens.
pub const NO_NODE: &str = "ws://127.0.0.1:1";

/// What a run of the program left.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `medchain` in `folder`, apart from the machine's own settings, with no
/// node and nobody at the keyboard.
pub fn medchain(folder: &Path, args: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_medchain"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("MEDCHAIN_NODE", NO_NODE)
        .env("MEDCHAIN_STORE", folder.join("store"))
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ran {
    /// Exit code 1, nothing on standard output, one line on standard error that
    /// says all of `words`.
    pub fn failed_with(&self, words: &[&str]) {
        assert_eq!(self.code, 1, "{}", self.stderr);
        assert_eq!(self.stdout, "");
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "{}", self.stderr);
        assert!(lines[0].starts_with("error: "), "{}", lines[0]);
        for word in words {
            assert!(lines[0].contains(word), "no '{word}' in: {}", lines[0]);
        }
    }
}
