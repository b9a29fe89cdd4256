//! Runs the built program.

use std::{
    io::Write,
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
    medchain_reading(folder, args, "")
}

/// Runs `medchain` like [`medchain`], with `input` on its standard input.
pub fn medchain_reading(folder: &Path, args: &[&str], input: &str) -> Ran {
    run(&mut command(folder, args), input)
}

/// Runs `medchain` like [`medchain`], without one of the variables of the environment.
pub fn medchain_without(folder: &Path, args: &[&str], variable: &str) -> Ran {
    run(command(folder, args).env_remove(variable), "")
}

/// Runs `medchain` like [`medchain`], with this as its standard error.
pub fn medchain_telling(folder: &Path, args: &[&str], stderr: impl Into<Stdio>) -> Ran {
    run(command(folder, args).stderr(stderr), "")
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medchain"));
    command
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("MEDCHAIN_NODE", NO_NODE)
        .env("MEDCHAIN_STORE", folder.join("store"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(command: &mut Command, input: &str) -> Ran {
    let mut program = command.spawn().expect("the program starts");
    // A program that does not read may be gone by now.
    let _ = program.stdin.take().expect("it is a pipe").write_all(input.as_bytes());
    let output = program.wait_with_output().expect("the program ends");
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
