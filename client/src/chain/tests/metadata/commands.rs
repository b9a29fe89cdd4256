//! Every call that people can make has a command.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::metadata;

/// The pallets whose calls are MedChain's own.
const PALLETS: [&str; 5] = ["Emr", "Custody", "Inference", "Disputes", "Timelock"];

/// Calls without a command, each with the reason.
const WITHOUT: &[(&str, &str)] = &[
    ("Custody.deliver_share", "a custodian's program makes it, which alone has the share at hand"),
    ("Custody.forget_grant", "the chain does it by itself; nobody loses anything by waiting"),
    ("Custody.request_as_worker", "a worker's program makes it, once it is drawn"),
    ("Inference.commit_answer", "a worker's program makes it, once it has run the model"),
    ("Inference.reveal_answer", "a worker's program makes it"),
    ("Inference.submit_answer", "a worker's program makes it, once it has run the model"),
    ("Inference.report_failure", "a worker's program makes it, which knows what failed"),
    ("Disputes.show_roots", "a worker's program makes the moves of a dispute"),
    ("Disputes.show_nodes", "a worker's program makes the moves of a dispute"),
    ("Disputes.show_leaf", "a worker's program makes the moves of a dispute"),
    ("Disputes.show_sums", "a worker's program makes the moves of a dispute"),
    ("Disputes.open_value", "a worker's program makes the moves of a dispute"),
    ("Disputes.open_secret", "a worker's program makes the moves of a dispute"),
    ("Timelock.remove_expired", "nothing is held for a change that expired, and it does no harm"),
];

fn folder() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package's folder");
    Path::new(&own).to_owned()
}

fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The demo's people use the commands.
        if path.is_dir() && !path.ends_with("demo") && !path.ends_with("tests") {
            all.push_str(&sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
    all
}

/// The variant of a call, as the table declares it.
fn variant(table: &str, pallet: &str, call: &str) -> Option<String> {
    let nested = format!("{pallet}.{call}(");
    let start = table.find(&format!("\n        {pallet} {{"));
    let block = start.map(|start| &table[start..]);
    let block = block.map(|block| &block[..block.find("\n        }").unwrap_or(block.len())]);
    let declared = block.into_iter().flat_map(str::lines).find_map(|line| {
        let (name, rest) = line.trim().split_once(" = ")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let declares = rest.split(|c| !is_name(c)).next() == Some(call);
        declares.then(|| name.to_owned())
    });
    declared.or_else(|| {
        let line = table.lines().find(|line| line.contains(&nested))?;
        Some(line.trim().split('(').next()?.to_owned())
    })
}

#[test]
fn every_call_has_a_command_or_a_reason() {
    let table = fs::read_to_string(folder().join("src/chain/call.rs")).unwrap();
    // Some calls are put together by the client, for a command.
    let mut commands = sources(&folder().join("../cli/src"));
    for file in ["custody.rs", "chain/contracts.rs"] {
        commands.push_str(&fs::read_to_string(folder().join("src").join(file)).unwrap());
    }
    let has_command = |variant: &str| {
        commands.match_indices(&format!("Call::{variant}")).any(|(at, found)| {
            let after = commands[at + found.len()..].chars().next();
            !after.is_some_and(|after| after.is_alphanumeric() || after == '_')
        })
    };
    let metadata = metadata();
    let mut missing = Vec::new();
    let mut known = Vec::new();
    for pallet in PALLETS {
        let found = metadata.pallet_by_name(pallet).expect(pallet);
        for call in found.call_variants().expect(pallet) {
            let name = format!("{pallet}.{}", call.name);
            let covered = variant(&table, pallet, &call.name).is_some_and(|one| has_command(&one));
            let reason = WITHOUT.iter().find(|(without, _)| *without == name);
            match (covered, reason) {
                (true, None) | (false, Some(_)) => {}
                (false, None) => missing.push(name.clone()),
                (true, Some((_, reason))) => panic!("{name} has a command, and a reason: {reason}"),
            }
            known.push(name);
        }
    }
    assert_eq!(missing, [""; 0], "no command makes these calls");
    for (name, _) in WITHOUT {
        assert!(known.iter().any(|known| known == name), "{name} is no call");
    }
}
