//! Contracts by their bundles: mistakes are reported before a node is asked.

use std::path::Path;

use serde_json::{json, Value};

use crate::program::{medchain, Ran, NO_NODE};

/// The first version of the reference contract, as ink! describes it.
const METADATA: &str = include_str!("../../../client/src/contract/tests/access-control-1.json");
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// A folder with a bundle `a.contract`, whose constructor takes an account and a
/// role in place of nothing, and the metadata `a.json`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), METADATA).unwrap();
    let mut bundle: Value = serde_json::from_str(METADATA).unwrap();
    bundle["source"]["wasm"] = json!("0x0061736d01000000");
    bundle["spec"]["constructors"][0]["args"] = json!([
        { "label": "owner", "type": { "displayName": [], "type": 5 } },
        { "label": "may", "type": { "displayName": [], "type": 24 } },
    ]);
    std::fs::write(folder.path().join("a.contract"), bundle.to_string()).unwrap();
    folder
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    medchain(folder, &[args, &["--suri", "//Alice", "--dev", "--yes"]].concat())
}

#[test]
fn messages_are_listed_without_a_node() {
    let folder = folder();
    let text = medchain(folder.path(), &["policy", "messages", "a.json"]);
    assert_eq!(text.code, 0, "{}", text.stderr);
    for line in [
        "access-control",
        "  new()",
        "  grant(grantee: AccountId, actions: ActionSet, until: Option<u32>) -> Result<(), Error>",
        "    0x4d435010, signed",
        "    0x4d435001, free",
        "  Action: View | Append | Amend | Share | Infer | Emergency",
    ] {
        assert!(text.stdout.lines().any(|found| found == line), "{line}\n{}", text.stdout);
    }
    let json = medchain(folder.path(), &["policy", "messages", "a.json", "--json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let revoke = &json["messages"][1];
    assert_eq!(revoke["name"], "revoke");
    assert_eq!(revoke["selector"], "0x4d435011");
    assert_eq!(revoke["arguments"], json!([{ "name": "grantee", "type": "AccountId" }]));
    assert_eq!(revoke["mutates"], true);
}

#[test]
fn a_file_that_is_not_a_bundle_is_refused() {
    let folder = folder();
    std::fs::write(folder.path().join("a.wasm"), b"\0asm").unwrap();
    medchain(folder.path(), &["policy", "messages", "a.wasm"])
        .failed_with(&["a.wasm is not a contract bundle", "ink! 5"]);
    medchain(folder.path(), &["policy", "messages", "b.json"]).failed_with(&["b.json"]);
    run(folder.path(), &["policy", "deploy", "a.json"]).failed_with(&["a.json contains no code"]);
}

#[test]
fn a_constructor_s_arguments_are_checked() {
    let folder = folder();
    let check = |args: &[&str], words: &[&str]| {
        let deploy = ["policy", "deploy", "a.contract"];
        run(folder.path(), &[&deploy[..], args].concat()).failed_with(words);
    };
    check(
        &["--constructor", "old"],
        &["no constructor `old`", "new(owner: AccountId, may: Action)"],
    );
    check(&[], &["`new(owner: AccountId, may: Action)` takes 2 arguments, not 0"]);
    check(&["--args", BOB], &["takes 2 arguments, not 1"]);
    check(&["--args", "//Bob, Fly"], &["`may`", "View | Append", "there is no `Fly`"]);
    check(&["--args", "-1, View"], &["`owner`", "AccountId", "`-1`"]);
    check(&["--args", &format!("{BOB}x, View")], &["`owner`", "is not an account"]);
    check(&["--args", "[//Bob, View"], &["`[` is not closed"]);
    // All is well, so the node is asked next.
    check(&["--args", "//Bob, View"], &[NO_NODE]);
    check(&["--args", &format!("{BOB}, Emergency"), "--use"], &[NO_NODE]);
}

#[test]
fn a_development_account_among_the_arguments_needs_dev() {
    let folder = folder();
    let args = ["policy", "call", BOB, "a.json", "revoke", "--args", "//Bob"];
    medchain(folder.path(), &args).failed_with(&["`grantee`", "//Bob", "--dev"]);
}

#[test]
fn a_message_and_its_arguments_are_checked() {
    let folder = folder();
    let check = |args: &[&str], words: &[&str]| {
        let call = ["policy", "call", BOB, "a.json"];
        run(folder.path(), &[&call[..], args].concat()).failed_with(words);
    };
    check(&["grants"], &["no message `grants`", "revoke(grantee: AccountId)"]);
    check(&["grant", "--args", "//Bob, 300, None"], &["`actions`", "ActionSet", "300 is out of"]);
    check(&["grant", "--args", "//Bob, 1, 7"], &["`until`", "None | Some(u32)"]);
    check(&["revoke", "--args", "//Bob", "--value", "1"], &["takes no money", "--value"]);
    check(&["check", "--args", "//Bob, //Bob, None, View"], &[NO_NODE]);
    let call = ["policy", "call", "5Nonsense", "a.json", "revoke", "--args", "//Bob"];
    run(folder.path(), &call).failed_with(&["5Nonsense"]);
}

#[test]
fn grants_to_roles_and_by_delegates_are_checked() {
    let folder = folder();
    for usage in [
        &["grant", "--actions", "view"][..],
        &["grant", "--to", BOB, "--role", "clinician", "--actions", "view"],
        &["grant", "--role", "clinician", "--patient", BOB, "--actions", "view"],
        &["grant", "--role", "nurse", "--actions", "view"],
        &["grant", "--to", BOB, "--actions", "view", "--purposes", "fun"],
        &["revoke"],
        &["revoke", "--role", "clinician", "--remove-envelopes"],
        &["revoke", "--from", BOB, "--patient", BOB, "--remove-envelopes"],
        &["delegate"],
        &["delegate", "set"],
        &["delegate", "set", BOB, "--until", "100"],
        &["delegate", "set", BOB, "--actions", "view", "--until", "soon"],
    ] {
        assert_eq!(run(folder.path(), usage).code, 2, "{usage:?}");
    }
    for line in [
        &["grant", "--role", "clinician", "--actions", "view", "--purposes", "treatment"][..],
        &["grant", "--to", BOB, "--patient", BOB, "--actions", "all", "--until", "9"],
        &["revoke", "--role", "lab-technician"],
        &["revoke", "--from", BOB, "--patient", BOB],
        &["delegate", "set", BOB, "--actions", "view", "--until", "100"],
        &["delegate", "remove", "//Bob"],
    ] {
        run(folder.path(), line).failed_with(&[NO_NODE]);
    }
}
