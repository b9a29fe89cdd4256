//! Whatever keeps a node from starting is one clear line and an exit code.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use medchain_e2e::program;

fn node(base: &Path, arguments: &[&str]) -> Output {
    Command::new("timeout")
        .arg("60")
        .arg(program("medchain-node"))
        .args(arguments)
        .arg("--base-path")
        .arg(base)
        .output()
        .expect("the node starts")
}

/// The last line of an error, and nothing before it but the library's notice.
fn error_line(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().last().unwrap_or_default().to_owned();
    assert!(line.starts_with("error: "), "{text}");
    line
}

#[test]
fn a_collator_without_a_network_key_says_how_it_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("data");
    let line = error_line(&node(&base, &["--collator", "--chain", "local"]));
    let advice = format!("`medchain-node key generate-node-key --base-path {}", base.display());
    assert!(line.contains(&advice), "{line}");
    // As it says, and for its owner alone.
    let generate = ["key", "generate-node-key", "--chain", "local"];
    let made = node(&base, &generate);
    assert!(made.status.success(), "{made:?}");
    let key = base.join("chains/medchain-local/network/secret_ed25519");
    let secret = fs::read(&key).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    // Never a second one in its place.
    let line = error_line(&node(&base, &generate));
    assert!(line.contains("there is a network key already"), "{line}");
    assert_eq!(fs::read(&key).unwrap(), secret);
}

#[test]
fn a_chain_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let line = error_line(&node(folder.path(), &["--chain", "nowhere.json"]));
    assert!(line.starts_with("error: there is no chain 'nowhere.json'"), "{line}");
}
