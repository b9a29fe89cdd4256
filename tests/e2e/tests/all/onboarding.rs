//! Coming aboard in one transaction, and several commands that wait once.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    time::Duration,
};

use medchain_e2e::{
    address, contract, program, World, DOCTOR, LAB, PATIENT, REGISTRAR, STRANGER, WORKER,
};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use crate::parts::in_turn;

/// A patient who comes aboard with a list of commands.
const NEWCOMER: &str = "//Bob//stash";
/// A patient who lets the registrar grant.
const DELEGATING: &str = "//Alice//stash";
/// A laboratory that the registrar appoints for that patient.
const APPOINTED: &str = "//Eve//stash";

fn bundle() -> String {
    contract("access-control").display().to_string()
}

/// The JSON objects that a command printed, one a line.
fn lines(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

/// The number of the patient's records.
fn records(world: &World) -> usize {
    let listed = world.done(PATIENT, &["records"]);
    listed["records"].as_array().unwrap().len()
}

#[test]
fn people_come_aboard_and_begin() {
    // No policy's code is on chain for the first, and nobody is registered. The last three need
    // the patient and the laboratory of the one before them.
    in_turn!(
        World::new(),
        a_registration_that_fails_leaves_nothing,
        several_commands_wait_once,
        a_registrar_appoints_and_grants_as_a_delegate,
        a_patient_registers_with_policy_and_grants_in_one_transaction,
        a_list_with_a_fault_begins_nothing,
        whoever_paid_for_an_envelope_takes_it_back,
        a_folder_is_added_once_however_often_it_is_uploaded,
    );
}

fn a_patient_registers_with_policy_and_grants_in_one_transaction(world: &World) {
    let lab = format!("{LAB}:append,infer");
    let doctor = format!("{DOCTOR}:view:treatment:30");
    let policy = bundle();
    let arguments = [
        "patient",
        "register",
        "--policy",
        &policy,
        "--grant",
        &lab,
        "--grant",
        &doctor,
        "--grant",
        "clinician:view:second-opinion",
    ];
    let report = world.done(PATIENT, &arguments);
    let contract = report["policy"].as_str().unwrap().to_owned();
    assert_eq!(report["policy_deployed"], true);
    assert_eq!(report["grants"].as_array().unwrap().len(), 3);
    // One transaction: one hash, one block, one nonce.
    let shown = world.done(PATIENT, &["patient", "show"]);
    assert_eq!(shown["policy"], contract.as_str());
    assert_eq!(shown["policy_is_default"], false);
    let check = |who: &str, arguments: &[&str]| {
        let check = ["policy", "check", "--subject", who, "--patient", PATIENT];
        world.run(REGISTRAR, &[&check[..], arguments].concat()).code
    };
    assert_eq!(check(LAB, &["--action", "append"]), 0);
    assert_eq!(check(LAB, &["--action", "share"]), 3);
    assert_eq!(check(DOCTOR, &["--action", "view", "--purpose", "treatment"]), 0);
    assert_eq!(check(DOCTOR, &["--action", "view", "--purpose", "research"]), 3);
    assert_eq!(check(STRANGER, &["--action", "view", "--purpose", "treatment"]), 3);
    // The laboratory can begin at once.
    world.done(LAB, &["key", "publish"]);
    let added = ["provider", "add", LAB, "lab-technician", "--fund", "1"];
    world.done(REGISTRAR, &added);
    world.write_image("film.png", &synthetic_radiograph_png(2_000));
    world.done(LAB, &["upload", "film.png", "--patient", PATIENT]);
}

fn a_registration_that_fails_leaves_nothing(world: &World) {
    // Not enough for what the policy's code holds.
    world.done(REGISTRAR, &["transfer", "//Poor", "0.05"]);
    let policy = bundle();
    let poor = world.run("//Poor", &["patient", "register", "--policy", &policy]);
    assert_eq!(poor.code, 1, "{}", poor.out);
    assert!(poor.one_error_line().contains("does not have the funds"), "{}", poor.err);
    assert_eq!(world.run("//Poor", &["patient", "show"]).code, 1);
    // What can never be granted is refused before anything is signed.
    let refused = world
        .run(PATIENT, &["patient", "register", "--policy", "nobody", "--grant", "clinician:view"]);
    assert!(refused.one_error_line().contains("leave out --grant"), "{}", refused.err);
    assert_eq!(world.run(PATIENT, &["patient", "show"]).code, 1);
}

fn a_registrar_appoints_and_grants_as_a_delegate(world: &World) {
    let policy = bundle();
    world.done(DELEGATING, &["patient", "register", "--policy", &policy]);
    world.done(DELEGATING, &["delegate", "set", REGISTRAR, "--actions", "append,infer"]);
    let grant = format!("{DELEGATING}:append:90");
    let report = world.done(
        REGISTRAR,
        &["provider", "add", APPOINTED, "lab-technician", "--grant-for", &grant, "--fund", "2"],
    );
    assert_eq!(report["grants"][0]["patient"], address(DELEGATING).as_str());
    let check =
        ["policy", "check", "--subject", APPOINTED, "--patient", DELEGATING, "--action", "append"];
    assert_eq!(world.run(STRANGER, &check).code, 0);
    // Beyond what the delegate may: nothing of it is done.
    let beyond = format!("{DELEGATING}:share");
    let refused =
        world.run(REGISTRAR, &["provider", "add", WORKER, "clinician", "--grant-for", &beyond]);
    assert_eq!(refused.code, 1, "{}", refused.out);
    let listed = world.done(REGISTRAR, &["provider", "list", WORKER]);
    assert_eq!(listed["providers"].as_array().unwrap().len(), 0);
}

fn whoever_paid_for_an_envelope_takes_it_back(world: &World) {
    world.done(STRANGER, &["key", "publish"]);
    world.write_image("film.png", &synthetic_radiograph_png(2_001));
    let uploaded =
        world.done(LAB, &["upload", "film.png", "--patient", PATIENT, "--reader", STRANGER]);
    let record = uploaded["record_id"].to_string();
    assert_eq!(world.run(STRANGER, &["fetch", &record, "-o", "seen.png"]).code, 0);
    // The stranger paid for nothing.
    let other = world.run(STRANGER, &["withdraw", &record]);
    assert!(other.one_error_line().contains("you paid for no envelope"), "{}", other.err);
    let report = world.done(LAB, &["withdraw", &record]);
    assert_eq!(report["readers"], serde_json::json!([address(STRANGER)]));
    assert_ne!(report["released"], "0");
    assert_eq!(world.run(STRANGER, &["fetch", &record, "-o", "again.png"]).code, 1);
    // The patient's stays, whoever paid for it.
    let patients = world.run(LAB, &["withdraw", &record, "--from", PATIENT]);
    assert!(patients.one_error_line().contains("patient's own"), "{}", patients.err);
    assert_eq!(world.run(PATIENT, &["fetch", &record, "-o", "own.png"]).code, 0);
}

fn several_commands_wait_once(world: &World) {
    let policy = bundle();
    let text = format!(
        "# coming aboard\nmedchain patient register\npolicy deploy '{policy}' --use\n\
         grant --to {LAB} --actions append   # the laboratory\n\
         policy check --subject {STRANGER} --patient {NEWCOMER} --action append\n\
         grant --to {DOCTOR} --actions view\n"
    );
    std::fs::write(world.folder().join("aboard.txt"), text).unwrap();
    // A no stops it; what is in a block stays.
    let stopped = world.run(NEWCOMER, &["batch", "aboard.txt"]);
    assert_eq!(stopped.code, 3, "{}{}", stopped.out, stopped.err);
    let printed = lines(&stopped.out);
    let summary = printed.last().unwrap();
    let outcomes: Vec<&str> = summary["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["done", "done", "done", "no", "not begun"]);
    let transactions = summary["transactions"].as_array().unwrap();
    let nonces: Vec<u64> = transactions.iter().map(|one| one["nonce"].as_u64().unwrap()).collect();
    assert_eq!(nonces, [0, 1, 2], "consecutive nonces: {summary}");
    assert!(transactions.iter().all(|one| one["block_number"].is_u64()), "{summary}");
    let open = world.done(NEWCOMER, &["resume", "--list"]);
    assert_eq!(open["transactions"], serde_json::json!([]));
    // A line that is no command: nothing is begun.
    std::fs::write(world.folder().join("wrong.txt"), "balance\nfly\n").unwrap();
    let wrong = world.run(NEWCOMER, &["batch", "wrong.txt"]);
    assert_eq!(wrong.code, 1, "{}", wrong.err);
    assert!(wrong.one_error_line().contains("line 2") && wrong.out.is_empty(), "{}", wrong.err);
    // A failure stops, unless it is to go on.
    let failing = format!(
        "grant --to {LAB} --actions append --until 1\ngrant --to {DOCTOR} --actions view\n"
    );
    std::fs::write(world.folder().join("failing.txt"), failing).unwrap();
    assert_eq!(world.run(NEWCOMER, &["batch", "failing.txt"]).code, 1);
    let check = ["policy", "check", "--subject", DOCTOR, "--patient", NEWCOMER, "--action", "view"];
    assert_eq!(world.run(STRANGER, &check).code, 3);
    assert_eq!(world.run(NEWCOMER, &["batch", "failing.txt", "--keep-going"]).code, 1);
    assert_eq!(world.run(STRANGER, &check).code, 0);
}

fn a_folder_is_added_once_however_often_it_is_uploaded(world: &World) {
    let before = records(world);
    let films = world.folder().join("films");
    std::fs::create_dir(&films).unwrap();
    let mut list = "file,patient,kind\r\n".to_owned();
    for seed in 0..12 {
        let name = format!("film {seed}.png");
        std::fs::write(films.join(&name), synthetic_radiograph_png(3_000 + seed)).unwrap();
        list.push_str(&format!("\"{name}\",{PATIENT},\r\n"));
    }
    std::fs::write(films.join("letter.txt"), "a letter").unwrap();
    std::fs::write(films.join("broken.png"), "no image").unwrap();
    list.push_str(&format!("letter.txt,{PATIENT},report\r\nbroken.png,{PATIENT},\r\n"));
    list.push_str(&format!("film 0.png,{STRANGER},\r\n"));
    std::fs::write(world.folder().join("list.csv"), list).unwrap();
    let upload = ["upload", "films", "--manifest", "list.csv"];
    let first = world.run(LAB, &upload);
    assert_eq!(first.code, 1, "{}{}", first.out, first.err);
    let printed = lines(&first.out);
    assert_eq!(printed.len(), 16);
    let summary = &printed.last().unwrap()["summary"];
    assert_eq!(summary["added"], 13, "{summary}");
    assert_eq!(summary["failed"].as_array().unwrap().len(), 2, "{summary}");
    let added: BTreeSet<u64> = printed.iter().filter_map(|one| one["record_id"].as_u64()).collect();
    assert_eq!(added.len(), 13);
    let again = world.run(LAB, &upload);
    let printed = lines(&again.out);
    let summary = &printed.last().unwrap()["summary"];
    assert_eq!((&summary["added"], &summary["added_before"]), (&0.into(), &13.into()), "{summary}");
    // Alone, a film is known as well.
    let alone = world.done(LAB, &["upload", "films/film 3.png", "--patient", PATIENT]);
    assert_eq!(alone["added_before"], true);
    assert_eq!(records(world), before + 13);
    let open = world.done(LAB, &["resume", "--list"]);
    assert_eq!(open["entries"], serde_json::json!([]));
    let back = format!("{}", added.first().unwrap());
    world.done(PATIENT, &["fetch", &back, "-o", "back.png"]);
}

fn a_list_with_a_fault_begins_nothing(world: &World) {
    let before = records(world);
    let films = world.folder().join("faulty");
    std::fs::create_dir(&films).unwrap();
    std::fs::write(films.join("a.png"), synthetic_radiograph_png(3_100)).unwrap();
    let list = format!("file,patient\na.png,{PATIENT}\n../a.png,{PATIENT}\n");
    std::fs::write(world.folder().join("faulty.csv"), list).unwrap();
    let refused = world.run(LAB, &["upload", "faulty", "--manifest", "faulty.csv"]);
    let line = refused.one_error_line();
    assert!(line.contains("line 3, column 1") && line.contains("nothing was begun"), "{line}");
    assert_eq!(records(world), before);
}

#[test]
fn on_a_terminal_a_wait_says_how_long_and_which_block_is_final() {
    let world = World::with_block_time(Duration::from_secs(4));
    let program = program("medchain");
    let line = format!(
        "stty cols 200 rows 50 && '{}' transfer {REGISTRAR} 1 --dev --suri {LAB} --node {} --yes",
        program.display(),
        world.url()
    );
    let mut session = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(world.folder())
        .env("MEDCHAIN_KEYS", world.folder().join("keys"))
        .env_remove("MEDCHAIN_KEY")
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("util-linux has `script`, which makes a terminal");
    // It is open as long as the terminal is in use: its end would be typed.
    let input = session.stdin.take();
    let output = session.wait_with_output().unwrap();
    drop(input);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    for words in ["Waiting for the ", "is the newest", "is final"] {
        assert!(said.contains(words), "no '{words}' in {said}");
    }
}
