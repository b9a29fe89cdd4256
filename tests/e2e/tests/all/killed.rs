//! The real program, killed at random moments and repeated: nothing twice, nothing lost.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    path::Path,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use medchain_e2e::{model_folder, World, LAB, PATIENT, REGISTRAR};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use crate::parts::in_turn;

/// How often each command is killed.
const KILLS: u32 = 20;

/// Runs a command to its end, and says how long that took.
fn timed(world: &World, who: &str, arguments: &[&str]) -> Duration {
    let started = Instant::now();
    world.done(who, arguments);
    started.elapsed()
}

/// Starts a command, kills it after `after`, and repeats it until its end.
fn killed_and_repeated(world: &World, who: &str, arguments: &[&str], after: Duration) -> Value {
    killed(world, who, arguments, after);
    world.done(who, arguments)
}

/// A random moment within the `part`th of [`KILLS`] parts of so long a time.
fn moment(part: u32, whole: Duration) -> Duration {
    let random = (RandomState::new().hash_one(part) % 1000) as f64 / 1000.0;
    whole.mul_f64((f64::from(part) + random) / f64::from(KILLS))
}

/// The patient's records: their numbers, statuses and CIDs, which those that are erased have not.
pub fn records(world: &World) -> Vec<(u64, String, String)> {
    let listed = world.done(PATIENT, &["records"]);
    let text = |record: &Value, field: &str| record[field].as_str().unwrap_or_default().to_owned();
    let records = listed["records"].as_array().unwrap().iter();
    records
        .map(|record| {
            let number = record["record_id"].as_u64().unwrap();
            (number, text(record, "status"), text(record, "cid"))
        })
        .collect()
}

/// The number that the patient's next record has at least.
pub fn next(world: &World) -> u64 {
    records(world).iter().map(|(number, ..)| number + 1).max().unwrap_or_default()
}

/// The patient's records from this number on.
pub fn since(world: &World, first: u64) -> Vec<(u64, String, String)> {
    records(world).into_iter().filter(|(number, ..)| *number >= first).collect()
}

/// What the store has that nothing on chain names.
pub fn unnamed(world: &World, who: &str) -> Vec<Value> {
    let checked = world.done(who, &["store", "check"]);
    checked["stores"][0]["unnamed"].as_array().unwrap().clone()
}

/// Checks that the journal has nothing open, and no content of its own.
pub fn assert_nothing_open(world: &World, who: &str) {
    let open = world.done(who, &["resume", "--list"]);
    assert_eq!(open["entries"].as_array().unwrap().len(), 0, "{open}");
    assert_eq!(contents(world), Vec::<String>::new());
}

/// The contents that the journal keeps.
pub fn contents(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    walk(&world.folder().join("keys"), &mut found);
    found.retain(|path| path.ends_with(".content"));
    found
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => walk(&path, found),
            false => found.push(path.display().to_string()),
        }
    }
}

#[test]
fn what_is_killed_and_repeated_is_one_record_and_one_version() {
    in_turn!(
        World::with_patient(),
        an_upload_that_is_killed_and_repeated_is_one_record,
        a_rotation_that_is_killed_and_repeated_is_one_version,
    );
}

#[test]
fn what_is_killed_and_repeated_of_a_list_is_added_once() {
    in_turn!(
        World::with_patient(),
        a_folder_that_is_killed_and_repeated_is_added_once,
        a_batch_that_is_killed_and_repeated_adds_each_film_once,
    );
}

fn an_upload_that_is_killed_and_repeated_is_one_record(world: &World) {
    let film = |seed: u32| {
        let name = format!("film-{seed}.png");
        world.write_image(&name, &synthetic_radiograph_png(u64::from(900 + seed)));
        name
    };
    let upload = |file: &str| ["upload", file, "--patient", PATIENT].map(str::to_owned);
    let whole = {
        let arguments = upload(&film(KILLS));
        timed(world, LAB, &arguments.each_ref().map(String::as_str))
    };
    let mut numbers = BTreeSet::new();
    for part in 0..KILLS {
        let arguments = upload(&film(part));
        let arguments = arguments.each_ref().map(String::as_str);
        let report = killed_and_repeated(world, LAB, &arguments, moment(part, whole));
        assert!(numbers.insert(report["record_id"].as_u64().unwrap()), "{report}");
        // Whoever did not see the report and asks again gets the same record.
        let again = world.done(LAB, &arguments);
        assert_eq!(again["record_id"], report["record_id"]);
        assert_eq!(again["added_before"], true);
    }
    let records = records(world);
    assert_eq!(records.len(), KILLS as usize + 1);
    let cids: BTreeSet<&String> = records.iter().map(|(.., cid)| cid).collect();
    assert_eq!(cids.len(), records.len());
    assert_eq!(unnamed(world, LAB), Vec::<Value>::new());
    assert_nothing_open(world, LAB);
    for (record, ..) in &records {
        let output = format!("back-{record}.png");
        world.done(PATIENT, &["fetch", &record.to_string(), "--output", &output]);
    }
}

/// Writes a folder of films and its list, both of this name; returns the command that uploads it.
pub fn list_of(world: &World, name: &str, seeds: std::ops::Range<u64>) -> [String; 4] {
    let films = world.folder().join(name);
    std::fs::create_dir(&films).unwrap();
    let mut list = "file,patient\n".to_owned();
    for seed in seeds {
        let film = format!("{seed}.png");
        std::fs::write(films.join(&film), synthetic_radiograph_png(seed)).unwrap();
        list.push_str(&format!("{film},{PATIENT}\n"));
    }
    let csv = format!("{name}.csv");
    std::fs::write(world.folder().join(&csv), list).unwrap();
    ["upload".to_owned(), name.to_owned(), "--manifest".to_owned(), csv]
}

/// Starts a command, and kills it after `after`.
fn killed(world: &World, who: &str, arguments: &[&str], after: Duration) {
    let mut command = world.medchain(who, arguments);
    let command = command.args(["--json", "--yes"]).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    sleep(after);
    // This fails for a program that has ended already, which is one of the moments.
    let _ = child.kill();
    let _ = child.wait();
}

fn a_folder_that_is_killed_and_repeated_is_added_once(world: &World) {
    const FILMS: u64 = 4;
    let list = |part: u32| {
        let first = 4_000 + u64::from(part) * FILMS;
        list_of(world, &format!("films-{part}"), first..first + FILMS)
    };
    let upload = |arguments: &[String; 4]| {
        let ended = world.run(LAB, &arguments.each_ref().map(String::as_str));
        assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    };
    // How long it takes here and now says at which moments it is killed.
    let whole = {
        let arguments = list(KILLS);
        let started = Instant::now();
        upload(&arguments);
        started.elapsed()
    };
    for part in 0..KILLS {
        let arguments = list(part);
        let moment = moment(part, whole);
        killed(world, LAB, &arguments.each_ref().map(String::as_str), moment);
        upload(&arguments);
        let films = FILMS as usize * (part as usize + 2);
        assert_eq!(records(world).len(), films, "part {part}, killed after {moment:?}");
    }
    let listed = records(world);
    let cids: BTreeSet<&String> = listed.iter().map(|(.., cid)| cid).collect();
    assert_eq!(cids.len(), listed.len());
    assert_eq!(unnamed(world, LAB), Vec::<Value>::new());
    assert_nothing_open(world, LAB);
}

fn a_batch_that_is_killed_and_repeated_adds_each_film_once(world: &World) {
    const ROUNDS: u32 = 6;
    let first = next(world);
    let batch = |part: u32| {
        let mut lines = String::new();
        for film in 0..2 {
            let name = format!("batch-{part}-{film}.png");
            let seed = 4_200 + u64::from(part) * 2 + film;
            world.write_image(&name, &synthetic_radiograph_png(seed));
            lines.push_str(&format!("upload {name} --patient {PATIENT}\n"));
        }
        let name = format!("batch-{part}.txt");
        std::fs::write(world.folder().join(&name), lines).unwrap();
        name
    };
    let run = |name: &str| {
        let ended = world.run(LAB, &["batch", name]);
        assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    };
    let whole = {
        let name = batch(ROUNDS);
        let started = Instant::now();
        run(&name);
        started.elapsed()
    };
    for part in 0..ROUNDS {
        let name = batch(part);
        // The rounds are spread over all moments.
        let moment = moment(part * KILLS / ROUNDS, whole);
        killed(world, LAB, &["batch", &name], moment);
        run(&name);
        let films = 2 * (part as usize + 2);
        assert_eq!(since(world, first).len(), films, "part {part}, killed after {moment:?}");
    }
    assert_eq!(unnamed(world, LAB), Vec::<Value>::new());
    assert_nothing_open(world, LAB);
}

fn a_rotation_that_is_killed_and_repeated_is_one_version(world: &World) {
    let first = next(world);
    world.write_image("film.png", &synthetic_radiograph_png(950));
    let uploaded = world.done(LAB, &["upload", "film.png", "--patient", PATIENT]);
    let mut newest = uploaded["record_id"].as_u64().unwrap();
    let rotate = |record: u64| ["rotate".to_owned(), record.to_string(), "--erase-old".to_owned()];
    let started = Instant::now();
    let arguments = rotate(newest);
    newest = world.done(PATIENT, &arguments.each_ref().map(String::as_str))["record_id"]
        .as_u64()
        .unwrap();
    let whole = started.elapsed();
    for part in 0..KILLS {
        let arguments = rotate(newest);
        let arguments = arguments.each_ref().map(String::as_str);
        let report = killed_and_repeated(world, PATIENT, &arguments, moment(part, whole));
        newest = report["record_id"].as_u64().unwrap();
    }
    let records = since(world, first);
    let live: Vec<_> = records.iter().filter(|(_, status, _)| status != "erased").collect();
    assert_eq!(live.len(), 1, "{records:?}");
    assert_eq!(live[0].0, newest);
    assert_eq!(records.len(), KILLS as usize + 2);
    assert_eq!(unnamed(world, PATIENT), Vec::<Value>::new());
    assert_nothing_open(world, PATIENT);
    world.done(PATIENT, &["fetch", &newest.to_string(), "--output", "newest.png"]);
    let newest = std::fs::read(world.folder().join("newest.png")).unwrap();
    assert_eq!(newest, synthetic_radiograph_png(950));
}

pub fn a_model_whose_publication_is_killed_and_repeated_is_one_model(world: &World) {
    let onnx = model_folder().join("medchain-vgg16.onnx").display().to_string();
    let publish = |part: u32| {
        ["model", "publish", &onnx, "--model-version", &format!("kill-{part}")].map(str::to_owned)
    };
    let whole = {
        let arguments = publish(KILLS);
        timed(world, REGISTRAR, &arguments.each_ref().map(String::as_str))
    };
    let mut numbers = BTreeSet::new();
    for part in 0..KILLS {
        let arguments = publish(part);
        let arguments = arguments.each_ref().map(String::as_str);
        let report = killed_and_repeated(world, REGISTRAR, &arguments, moment(part, whole));
        assert!(numbers.insert(report["model_id"].as_u64().unwrap()), "{report}");
    }
    let listed = world.done(REGISTRAR, &["model", "list"]);
    assert_eq!(listed["models"].as_array().unwrap().len(), KILLS as usize + 1);
    // The preprocessing file of the models, which are many with the same one.
    let is_orphan = |one: &Value| one["known_as"] != "part";
    let orphans: Vec<_> = unnamed(world, REGISTRAR).into_iter().filter(is_orphan).collect();
    assert_eq!(orphans, Vec::<Value>::new());
    assert_nothing_open(world, REGISTRAR);
}
