//! Where nobody reads standard error: what a command does, and its exit code, stay.

use std::{fs::File, path::Path, process::Command};

use crate::{
    program::{medchain_telling, Ran},
    tiny_model,
};

/// Runs `medchain` with a standard error that nobody reads any more, as behind `2>&1 >file | true`.
fn unread(folder: &Path, args: &[&str]) -> Ran {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    medchain_telling(folder, args, writer)
}

/// Runs `medchain` with a standard error on a disk that is full.
#[cfg(target_os = "linux")]
fn full(folder: &Path, args: &[&str]) -> Ran {
    let full = File::options().write(true).open("/dev/full").unwrap();
    medchain_telling(folder, args, full)
}

/// Runs `medchain` without standard error, as a shell does with `2>&-`.
fn closed(folder: &Path, args: &[&str]) -> Ran {
    let output = Command::new("sh")
        .args(["-c", r#"exec "$0" "$@" 2>&-"#, env!("CARGO_BIN_EXE_medchain")])
        .args(args)
        .current_dir(folder)
        .env("HOME", folder)
        .env("MEDCHAIN_NODE", crate::program::NO_NODE)
        .env_remove("MEDCHAIN_KEY")
        .env_remove("MEDCHAIN_PASSPHRASE_FILE")
        .env_remove("MEDCHAIN_PASSPHRASE_COMMAND")
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_whose_standard_error_nobody_reads_does_what_it_does() {
    type Run = fn(&Path, &[&str]) -> Ran;
    for (name, run) in [("unread", unread as Run), ("full", full), ("closed", closed)] {
        let folder = tempfile::tempdir().unwrap();
        // It says that it makes a folder.
        let made = run(folder.path(), &["key", "new", "--unencrypted", "--out", "a/me.key"]);
        assert_eq!(made.code, 0, "{name}: {}", made.stdout);
        assert!(made.stdout.contains("account"), "{name}: {}", made.stdout);
        assert!(folder.path().join("a/me.key").exists(), "{name}");
        // One film fails, which is said there, and the next one is told of all the same.
        tiny_model::write(folder.path());
        let film = medchain_vision::synthetic_radiograph_png(1);
        std::fs::write(folder.path().join("a.png"), film).unwrap();
        let predict = ["predict", "--model-dir", ".", "none.png", "a.png"];
        let predicted = run(folder.path(), &predict);
        assert_eq!(predicted.code, 1, "{name}");
        assert!(predicted.stdout.starts_with("a.png: "), "{name}: {}", predicted.stdout);
        // What fails has the code that it has, and not that of a panic.
        for (args, code) in [
            (&["key", "show", "--key", "none.key"][..], 1),
            (&["records", "//Bob", "--dev"], 1),
            (&["fly"], 2),
            (&["fly", "--json"], 2),
        ] {
            let ran = run(folder.path(), args);
            assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{name}: {args:?}");
        }
    }
}
