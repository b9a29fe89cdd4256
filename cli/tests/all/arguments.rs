//! Help, usage errors, completions and keys.

use crate::program::{medchain, NO_NODE};

#[test]
fn help_names_every_command_and_the_version_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let help = medchain(folder.path(), &["--help"]);
    assert_eq!(help.code, 0);
    for command in [
        "key",
        "balance",
        "transfer",
        "patient",
        "provider",
        "policy",
        "grant",
        "revoke",
        "delegate",
        "upload",
        "records",
        "show",
        "fetch",
        "share",
        "erase",
        "verify-certificate",
        "request-access",
        "access",
        "audit",
        "custodians",
        "custodian",
        "emergency",
        "relation",
        "rotate",
        "restore",
        "batch",
        "resume",
        "store",
        "withdraw",
        "release",
        "request",
        "predict",
        "model",
        "worker",
        "infer",
        "replay",
        "disclose",
        "disputes",
        "annul",
        "portal",
        "demo",
        "completions",
    ] {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command}");
        let help = medchain(folder.path(), &[command, "--help"]);
        assert_eq!(help.code, 0, "{command}: {}", help.stderr);
    }
    let version = medchain(folder.path(), &["--version"]);
    assert_eq!(version.stdout, format!("medchain {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_lists_the_values_of_an_argument() {
    let folder = tempfile::tempdir().unwrap();
    let check = |command: &[&str], values: &[&str]| {
        let help = medchain(folder.path(), &[command, &["--help"]].concat());
        for value in values {
            assert!(help.stdout.contains(&format!("- {value}:")), "{value}: {}", help.stdout);
        }
    };
    let purposes = ["treatment", "second-opinion", "research", "billing", "other"];
    check(&["request-access"], &purposes);
    check(&["policy", "diff"], &purposes);
    check(&["policy", "check"], &["view", "append", "amend", "share", "infer", "emergency"]);
    check(&["provider", "add"], &["lab-technician", "clinician", "hospital", "custodian"]);
    check(&["grant"], &["lab-technician"]);
    check(&["relation", "set"], &["parent", "partner", "child", "sibling", "guardian", "other"]);
    let reasons = ["cannot-consent", "life-threatening", "mass-casualty", "other"];
    check(&["emergency", "break-glass"], &reasons);
    check(&["emergency", "judge"], &["accept", "reject"]);
    check(&["upload"], &["chest-xray", "report", "other"]);
    check(&["demo"], &["main", "consent"]);
}

#[test]
fn usage_errors_end_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["upload", "scan.png"][..],
        &["show", "first"],
        &["transfer", "5F", "much"],
        &["fly"],
        &["upload", "scan.png", "--patient", "5F", "--quorum", "2"],
        &["upload", "films", "--manifest", "list.csv", "--worker", "5F"],
        &["infer", "0", "--model", "0", "--quorum", "8"],
        &["disclose", "it"],
        &["worker", "deregister"],
        &["fetch", "0"],
        &["provider", "add", "5F", "pilot"],
        &["model", "publish", "--fee", "much"],
        &["audit", "--kind", "access_granted,nonsense"],
        &["audit", "--force"],
        &["audit", "--since", "yesterday"],
        &["audit", "--since", "9", "--full"],
        &["emergency", "break-glass", "--reason", "other"],
        &["emergency", "judge", "0", "perhaps"],
        &["custodian", "decline"],
        &["custodians", "set", "5F", "--threshold", "300"],
    ] {
        let ran = medchain(folder.path(), args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert!(ran.stderr.lines().count() > 1, "{}", ran.stderr);
        // Programs read an error as one line, whatever it is about.
        let ran = medchain(folder.path(), &[args, &["--json"]].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn completions_are_scripts() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = medchain(folder.path(), &["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        assert!(ran.stdout.contains("request-access"), "{shell}");
    }
}

#[test]
fn a_key_is_created_shown_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let made =
        medchain(folder.path(), &["key", "new", "--unencrypted", "--out", "alice.key", "--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let made: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    let shown = medchain(folder.path(), &["key", "show", "--key", "alice.key", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(made["account"], shown["account"]);
    assert_eq!(made["encryption_key"], shown["encryption_key"]);
    assert_eq!(made["encryption_key"].as_str().unwrap().len(), 2 + 64);
    medchain(folder.path(), &["key", "new", "--unencrypted", "--out", "alice.key"])
        .failed_with(&["never overwritten"]);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    medchain(folder.path(), &["key", "new", "--unencrypted", "--out", "alice.key"]);
    let file = folder.path().join("alice.key");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    medchain(folder.path(), &["key", "show", "--key", "alice.key"]).failed_with(&["chmod"]);
}

#[test]
fn development_secrets_need_dev() {
    let folder = tempfile::tempdir().unwrap();
    medchain(folder.path(), &["key", "show", "--suri", "//Alice"]).failed_with(&["--dev"]);
    let alice = medchain(folder.path(), &["key", "show", "--suri", "//Alice", "--dev"]);
    assert!(alice.stdout.contains("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"));
    medchain(folder.path(), &["records", "//Bob"]).failed_with(&["//Bob", "--dev"]);
}

#[test]
fn errors_name_what_is_missing_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    medchain(folder.path(), &["key", "show"]).failed_with(&["medchain key new"]);
    medchain(folder.path(), &["records", "5Nonsense"]).failed_with(&["5Nonsense"]);
    let alice = ["--suri", "//Alice", "--dev", "--yes"];
    for command in [
        &["patient", "register"][..],
        &["key", "publish"],
        &["records"],
        &["show", "0"],
        &["request-access", "0"],
        &["infer", "0", "--model", "0"],
        &["disclose", "0"],
        &["custodian", "register"],
        &["custodian", "decline", "//Bob"],
        &["emergency", "break-glass", "0", "1", "--reason", "other"],
        &["emergency", "judge", "0", "accept"],
        &["resume"],
        &["store", "check"],
        &["release", "0"],
        &["request", "cancel", "0"],
        &["model", "retire", "0"],
        &["worker", "leave"],
        &["worker", "withdraw"],
        &["worker", "top-up"],
        &["worker", "list"],
        &["model", "list"],
        &["grant", "--to", "//Bob", "--actions", "view,append"],
    ] {
        let ran = medchain(folder.path(), &[command, &alice[..]].concat());
        ran.failed_with(&[NO_NODE, "--node"]);
    }
}

#[test]
fn without_a_terminal_and_yes_signing_fails_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let ran = medchain(folder.path(), &["key", "publish", "--suri", "//Alice", "--dev"]);
    ran.failed_with(&["--yes"]);
}

#[test]
fn help_has_the_exit_codes_and_each_is_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let help = medchain(folder.path(), &["--help"]);
    for words in ["0    done", "1    an error", "2    the command line", "3    the answer is no"] {
        assert!(help.stdout.contains(words), "no '{words}' in {}", help.stdout);
    }
    assert!(help.stdout.contains("4    a transaction was sent"), "{}", help.stdout);
    assert_eq!(help.code, 0);
    assert_eq!(medchain(folder.path(), &["key", "show"]).code, 1);
    assert_eq!(medchain(folder.path(), &["fly"]).code, 2);
}

/// Ctrl-C while a node does not answer.
#[cfg(unix)]
#[test]
fn an_interruption_is_one_line_that_says_what_stands() {
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    // Takes connections, and says nothing.
    let node = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", node.local_addr().unwrap());
    let child = Command::new(env!("CARGO_BIN_EXE_medchain"))
        .args(["records", "--suri", "//Alice", "--dev", "--node", &url])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It has connected once somebody is there.
    let _connection = node.accept().unwrap();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("interrupted: nothing was stored or sent"), "{said}");
}

#[test]
fn an_address_is_never_a_new_folder() {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.png");
    std::fs::write(&film, medchain_vision::synthetic_radiograph_png(1)).unwrap();
    for store in ["/ip4/127.0.0.1/tcp/1", "127.0.0.1:1", "localhost:1", "http:/127.0.0.1:1"] {
        let before = std::fs::read_dir(folder.path()).unwrap().count();
        let erase = ["erase", "0", "--suri", "//Bob", "--dev", "--yes", "--store", store];
        assert_eq!(medchain(folder.path(), &erase).code, 1, "{store}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before, "{store}");
    }
    let erase = ["erase", "0", "--suri", "//Bob", "--dev", "--yes", "--store", "127.0.0.1"];
    medchain(folder.path(), &erase).failed_with(&["http://127.0.0.1:5001"]);
}

#[test]
fn the_pages_server_is_looked_for_and_its_node_checked() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("medchain-portal");
    let portal = ["portal", "--portal-bin", missing.to_str().unwrap()];
    medchain(folder.path(), &portal).failed_with(&["there is no program", "medchain-portal"]);
    let remote = [&portal[..], &["--node", "ws://example.org:9944"]].concat();
    medchain(folder.path(), &remote).failed_with(&["example.org", "--insecure-node"]);
}
