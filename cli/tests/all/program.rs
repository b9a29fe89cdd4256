//! Runs the built program.

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// A node that does not exist: nothing listens on this port.
pub const NO_NODE: &str = "ws://127.0.0.1:1";

/// The result of a run.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `medchain` in `folder`, without the machine's settings, a node or a terminal.
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
    /// Checks for exit code 1, nothing on standard output, and one line on standard error that
    /// contains all of `words`.
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
