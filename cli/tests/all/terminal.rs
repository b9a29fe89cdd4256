//! Secrets that are asked for on a terminal.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::program::medchain;

/// Asks for a passphrase in a terminal, ends the program by the signal that it is given, and says
/// what the terminal is like while it asks and afterwards.
const TALK: &str = r#"
exec 3<&0
stty echo <&3
"$MEDCHAIN" key show --key me.key <&3 &
child=$!
is_silent() { stty -a <&3 | grep -qw -- '-echo'; }
shows() { if is_silent; then echo "$1: silent"; else echo "$1: shown"; fi; }
tries=0
while [ "$tries" -lt 300 ] && ! is_silent; do
    tries=$((tries + 1))
    sleep 0.1
done
shows meanwhile
kill "-$1" "$child"
wait "$child"
echo "code: $?"
shows after
"#;

#[cfg(target_os = "linux")]
#[test]
fn a_signal_while_a_passphrase_is_asked_for_leaves_a_terminal_that_shows_what_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("talk.sh"), TALK).unwrap();
    fs::write(folder.path().join("passphrase"), "four little words").unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(folder.path().join("passphrase"), private).unwrap();
    let new = ["key", "new", "--out", "me.key", "--passphrase-file", "passphrase"];
    assert_eq!(medchain(folder.path(), &new).code, 0);
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut session = Command::new("script")
            .args(["-qec", &format!("sh talk.sh {signal}"), "/dev/null"])
            .current_dir(folder.path())
            .env("MEDCHAIN", env!("CARGO_BIN_EXE_medchain"))
            .env("HOME", folder.path())
            .env_remove("MEDCHAIN_PASSPHRASE_FILE")
            .env_remove("MEDCHAIN_PASSPHRASE_COMMAND")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("util-linux has `script`, which makes a terminal");
        // It is open as long as the terminal is in use: its end would be typed.
        let input = session.stdin.take();
        let output = session.wait_with_output().unwrap();
        drop(input);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        for line in ["meanwhile: silent", &format!("code: {code}"), "after: shown"] {
            assert!(said.contains(line), "{signal}: no '{line}' in {said}");
        }
        assert!(said.contains("interrupted: nothing was stored or sent"), "{said}");
    }
}
