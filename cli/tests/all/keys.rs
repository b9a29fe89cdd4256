//! Key files: encrypted, moved in and out of wallets, and independent of how a secret is
//! spelled.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::program::{medchain, medchain_reading, Ran};

const WORDS: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const SEED: &str = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
const ADDRESS: &str = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";

/// A file that only its owner may read.
fn private(folder: &Path, name: &str, content: &str) {
    fs::write(folder.join(name), content).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// The file that `@polkadot/keyring` made; see `keys/tests/polkadot-js`.
fn wallet_file(name: &str) -> String {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let file = package.join("../keys/tests/polkadot-js").join(name);
    file.to_str().unwrap().to_owned()
}

/// The folder of a case from the field, if it is on this machine.
fn case(name: &str) -> Option<PathBuf> {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let beside = package.join("../../shared/cases");
    let cases = std::env::var_os("MEDCHAIN_CASES").map_or(beside, PathBuf::from);
    let folder = cases.join(name).join("in");
    if !folder.is_dir() {
        eprintln!("{} is not here; fixtures of this repository cover it", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn without_a_terminal_a_key_is_encrypted_by_a_file_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| medchain(folder.path(), args);
    run(&["key", "new", "--out", "me.key"]).failed_with(&["--passphrase-file", "--unencrypted"]);
    assert!(!folder.path().join("me.key").exists());
    private(folder.path(), "passphrase", "four little words\n");
    let made =
        json(&run(&["key", "new", "--out", "me.key", "--passphrase-file", "passphrase", "--json"]));
    let content = fs::read_to_string(folder.path().join("me.key")).unwrap();
    assert!(content.contains("xsalsa20-poly1305"), "{content}");
    let show = ["key", "show", "--key", "me.key", "--json"];
    run(&show).failed_with(&["me.key is encrypted", "MEDCHAIN_PASSPHRASE_FILE"]);
    let shown = json(&run(&[&show[..], &["--passphrase-file", "passphrase"]].concat()));
    assert_eq!(shown["encryption_key"], made["encryption_key"]);
    let from_input = [&show[..], &["--passphrase-file", "-"]].concat();
    let shown = json(&medchain_reading(folder.path(), &from_input, "four little words\n"));
    assert_eq!(shown["account"], made["account"]);
    // What an editor of Windows adds is not a part of it.
    let marked = "\u{feff}four little words\r\n";
    let shown = json(&medchain_reading(folder.path(), &from_input, marked));
    assert_eq!(shown["account"], made["account"]);
    private(folder.path(), "passphrase", marked);
    let shown = json(&run(&[&show[..], &["--passphrase-file", "passphrase"]].concat()));
    assert_eq!(shown["account"], made["account"]);
    medchain_reading(folder.path(), &from_input, "four little birds\n")
        .failed_with(&["does not open me.key"]);
    // A passphrase that others can read is refused, and so is a short one.
    fs::set_permissions(folder.path().join("passphrase"), fs::Permissions::from_mode(0o644))
        .unwrap();
    run(&[&show[..], &["--passphrase-file", "passphrase"]].concat()).failed_with(&["chmod 600"]);
    private(folder.path(), "short", "short");
    run(&["key", "new", "--out", "you.key", "--passphrase-file", "short"])
        .failed_with(&["at least 8 characters"]);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn a_program_prints_the_passphrase_and_is_told_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| medchain(folder.path(), args);
    private(folder.path(), "passphrase", "four little words\n");
    // Our variables are not its own, and it has nothing to read.
    let command = r#"/bin/sh -c 'test -z "$MEDCHAIN_NODE$MEDCHAIN_STORE" && ! read -r line &&
        echo asked >&2 && echo "four little words"'"#;
    let new = ["key", "new", "--out", "me.key", "--json", "--passphrase-command"];
    let made = run(&[&new[..], &[command]].concat());
    assert_eq!(made.stderr, "asked\n");
    let made = json(&made);
    let content = fs::read_to_string(folder.path().join("me.key")).unwrap();
    assert!(content.contains("xsalsa20-poly1305"), "{content}");
    let show = ["key", "show", "--key", "me.key", "--json"];
    for flags in [["--passphrase-command", command], ["--passphrase-file", "passphrase"]] {
        let shown = json(&run(&[&show[..], &flags].concat()));
        assert_eq!(shown["encryption_key"], made["encryption_key"]);
    }
    let printing = |command: &str| run(&[&show[..], &["--passphrase-command", command]].concat());
    printing("echo four little birds").failed_with(&["does not open me.key"]);
    let failed = printing("/bin/sh -c 'echo four little words; exit 7'");
    failed.failed_with(&["the passphrase command `/bin/sh` failed", "7"]);
    assert!(!failed.stderr.contains("little"), "{}", failed.stderr);
    printing("true").failed_with(&["`true` printed nothing"]);
    printing("cat /dev/zero").failed_with(&["`cat`", "longer than a passphrase"]);
    printing("/no/such/keychain").failed_with(&["`/no/such/keychain` cannot be started"]);
    run(&[&show[..], &["--passphrase-file", "passphrase", "--passphrase-command", "true"]].concat())
        .failed_with(&["leave one of them out"]);
    run(&show).failed_with(&["--passphrase-command", "MEDCHAIN_PASSPHRASE_COMMAND"]);
    // A short one is refused as any other, and an unencrypted file needs none.
    run(&["key", "new", "--out", "you.key", "--passphrase-command", "echo short"])
        .failed_with(&["at least 8 characters"]);
    json(&run(&["key", "new", "--out", "open.key", "--unencrypted", "--json"]));
    let show = ["key", "show", "--key", "open.key", "--json", "--passphrase-command", "false"];
    json(&run(&show));
}

#[test]
fn a_folder_that_is_made_for_a_key_is_closed_to_others_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let new = |out: &str| {
        medchain(folder.path(), &["key", "new", "--unencrypted", "--out", out, "--json"])
    };
    // Refused before: no folder for nothing.
    medchain(folder.path(), &["key", "new", "--out", "x/y/me.key"]).failed_with(&["--unencrypted"]);
    assert!(!folder.path().join("x").exists());
    let made = new("a/b/me.key");
    json(&made);
    assert_eq!(made.stderr.lines().count(), 1, "{}", made.stderr);
    assert!(made.stderr.contains("the folder a/b was not there; it is made"), "{}", made.stderr);
    for part in ["a", "a/b"] {
        let mode = fs::metadata(folder.path().join(part)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{part}");
    }
    for there in ["a/b/you.key", "here.key"] {
        let made = new(there);
        json(&made);
        assert_eq!(made.stderr, "", "{there}");
    }
    // The default folder is the program's own.
    let made = medchain(folder.path(), &["key", "new", "--unencrypted", "--json"]);
    json(&made);
    assert_eq!(made.stderr, "");
}

#[test]
fn an_account_of_polkadot_js_moves_in_and_out() {
    let folder = tempfile::tempdir().unwrap();
    private(folder.path(), "passphrase", "correct horse battery staple ü");
    private(folder.path(), "wrong", "correct horse battery staple");
    private(folder.path(), "other", "another good passphrase");
    let run = |args: &[&str]| medchain(folder.path(), args);
    // The address of no node is in the environment here, and a named node is asked.
    let named = ["key", "import", &wallet_file("account.json"), "--out", "asked.key"];
    run(&[&named[..], &["--passphrase-file", "passphrase"]].concat()).failed_with(&["--node"]);
    assert!(!folder.path().join("asked.key").exists());
    let import = |exported: &str, passphrase: &str, out: &str| {
        let args = ["key", "import", exported, "--out", out, "--passphrase-file", passphrase];
        without_node(folder.path(), &[&args[..], &["--json"]].concat())
    };
    import(&wallet_file("account.json"), "wrong", "me.key").failed_with(&["does not open"]);
    assert!(!folder.path().join("me.key").exists());
    let imported = json(&import(&wallet_file("account.json"), "passphrase", "me.key"));
    assert_eq!(imported["account"], ADDRESS);
    // The same keys as those of its words.
    let words = ["key", "new", "--import", "--unencrypted", "--out", "words.key", "--json"];
    let from_words = json(&medchain_reading(folder.path(), &words, WORDS));
    assert_eq!(imported["encryption_key"], from_words["encryption_key"]);
    for (name, said) in [("ed25519.json", "of another kind"), ("several.json", "several accounts")]
    {
        import(&wallet_file(name), "passphrase", "no.key").failed_with(&[name, said]);
    }
    // Out again, under another passphrase.
    let export = ["key", "export", "--key", "me.key", "--out", "out.json"];
    run(&[&export[..], &["--passphrase-file", "passphrase", "--new-passphrase-file", "other"]]
        .concat());
    let again = json(&import("out.json", "other", "again.key"));
    assert_eq!(again["encryption_key"], imported["encryption_key"]);
    let exported = fs::read_to_string(folder.path().join("out.json")).unwrap();
    assert!(exported.contains("radiology"), "what the wallet remembers is kept: {exported}");
}

/// Runs `medchain` for which nobody has named a node.
fn without_node(folder: &Path, args: &[&str]) -> Ran {
    crate::program::medchain_without(folder, args, "MEDCHAIN_NODE")
}

#[test]
fn the_accounts_of_the_case_are_imported() {
    let Some(case) = case("16-polkadotjs-json") else { return };
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| fs::read_to_string(case.join(name)).unwrap().trim().to_owned();
    private(folder.path(), "account.json", &read("account-no-password.json"));
    let import = ["key", "import", "account.json", "--unencrypted", "--out", "me.key", "--json"];
    let imported = json(&without_node(folder.path(), &import));
    assert_eq!(imported["account"], read("address.txt"));
    for (seed, address) in
        [("seed.txt", "address.txt"), ("derived-seed.txt", "derived-address.txt")]
    {
        let new = ["key", "new", "--import", "--unencrypted", "--out", seed, "--json"];
        let made = json(&medchain_reading(folder.path(), &new, &read(seed)));
        assert_eq!(made["account"], read(address));
        if seed == "seed.txt" {
            assert_eq!(made["encryption_key"], imported["encryption_key"]);
        }
    }
    private(folder.path(), "passphrase", "not this one");
    for (name, said) in [
        ("account.json", "does not open"),
        ("account-derived.json", "does not open"),
        ("account-ed25519.json", "of another kind"),
        ("all-accounts.json", "several accounts"),
    ] {
        let file = case.join(name).display().to_string();
        let args = ["key", "import", &file, "--out", "no.key", "--passphrase-file", "passphrase"];
        without_node(folder.path(), &args).failed_with(&[said]);
    }
}

#[test]
fn however_a_secret_is_spelled_it_gives_the_same_keys_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let spelled = |spelling: &str, place: usize| {
        let out = format!("{place}.key");
        let args = ["key", "new", "--import", "--unencrypted", "--out", &out, "--json"];
        let ran = medchain_reading(folder.path(), &args, spelling);
        assert_eq!(folder.path().join(&out).exists(), ran.code == 0, "{spelling}");
        ran
    };
    let expected = json(&spelled(WORDS, 0));
    assert_eq!(expected["account"], ADDRESS);
    let same = [
        WORDS.replace(' ', "  "),
        WORDS.replace(' ', "\t"),
        WORDS.replace(' ', "\u{a0}"),
        WORDS.replace(" curtain", "\ncurtain"),
        format!(" {WORDS} \r\n"),
        format!("\u{feff}{WORDS}\r\n"),
        WORDS.to_uppercase(),
        SEED.to_owned(),
        SEED.to_uppercase(),
    ];
    for (place, spelling) in same.iter().enumerate() {
        let made = json(&spelled(spelling, 1 + place));
        for field in ["account", "encryption_key"] {
            assert_eq!(made[field], expected[field], "{spelling:?}");
        }
    }
    let refused = [
        WORDS.replace(' ', "\u{200b}"),
        WORDS.replace("walk", "walks"),
        WORDS.replace(' ', ", "),
        SEED[2..].to_owned(),
        SEED[..60].to_owned(),
    ];
    for (place, spelling) in refused.iter().enumerate() {
        let ran = spelled(spelling, 100 + place);
        ran.failed_with(&["neither a mnemonic nor a seed"]);
        assert!(!ran.stderr.contains("walk"), "{}", ran.stderr);
    }
    // No words at all would be the account that everybody has.
    for (place, spelling) in ["", "\n", "//Alice", "///password"].iter().enumerate() {
        spelled(spelling, 200 + place).failed_with(&["its secret is public"]);
    }
}

#[test]
fn a_key_file_of_version_1_opens_and_says_how_it_is_renewed() {
    let folder = tempfile::tempdir().unwrap();
    private(folder.path(), "old.key", &format!(r#"{{"version":1,"secret_uri":"{WORDS}"}}"#));
    let show = ["key", "show", "--key", "old.key", "--json"];
    let shown = medchain(folder.path(), &show);
    assert_eq!(json(&shown)["account"], ADDRESS);
    assert!(shown.stderr.contains("medchain key passphrase --key old.key"), "{}", shown.stderr);
    private(folder.path(), "passphrase", "four little words");
    let renew = ["key", "passphrase", "--key", "old.key", "--new-passphrase-file", "passphrase"];
    assert_eq!(medchain(folder.path(), &renew).code, 0);
    medchain(folder.path(), &show).failed_with(&["is encrypted"]);
    let shown =
        medchain(folder.path(), &[&show[..], &["--passphrase-file", "passphrase"]].concat());
    assert_eq!(json(&shown)["account"], ADDRESS);
    assert_eq!(shown.stderr, "");
    assert!(!fs::read_to_string(folder.path().join("old.key")).unwrap().contains("bottom"));
}

#[test]
fn a_node_elsewhere_needs_encryption_and_its_password_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let balance = |node: &str, more: &[&str]| {
        let args = ["balance", ADDRESS, "--node", node];
        medchain(folder.path(), &[&args[..], more].concat())
    };
    let refused = balance("ws://clinic:hunter2@node.example/k3y", &[]);
    refused.failed_with(&["ws://…@node.example", "wss://", "--insecure-node"]);
    assert!(!refused.stderr.contains("hunter2") && !refused.stderr.contains("k3y"));
    for more in [&["--insecure-node", "-vv"][..], &["-vv"]] {
        let tried = balance("ws://clinic:hunter2@127.0.0.1:1/k3y", more);
        assert_eq!(tried.code, 1);
        for secret in ["hunter2", "k3y"] {
            assert!(!tried.stderr.contains(secret), "{}", tried.stderr);
        }
    }
    let tried = balance("ws://192.0.2.1:1", &[]);
    tried.failed_with(&["--insecure-node"]);
}
