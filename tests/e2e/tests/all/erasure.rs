//! A patient erases a record, and a certificate shows it to people without a node.

use std::process::Command;

use medchain_client::{
    chain::{Call, ChainEvent, CustodyError, Document},
    crypto::{self, ContentKey},
    store::{cid_of, dag::CHUNK, LocalStore, Store},
};
use medchain_e2e::{program, Answer, World, CUSTODIANS, LAB, PATIENT, STRANGER};
use medchain_primitives::{Cid, CidCodec, ContentDigest, RecordId, RecordKind};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use super::{
    calls::{account, deliver, delivery, submit},
    custody::film,
    parts::in_turn,
};

/// Checks a certificate without a node, a store or a key.
pub fn verify(world: &World, file: &str) -> Answer {
    let output = Command::new(program("medchain"))
        .args(["verify-certificate", file, "--json", "--node", "ws://127.0.0.1:1"])
        .env_clear()
        .env("HOME", "/nowhere")
        .current_dir(world.folder())
        .output()
        .unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// An X-ray of the patient, added by the laboratory and also sealed to a stranger.
fn record(world: &World, seed: u64) -> u64 {
    world.write_image("scan.png", &synthetic_radiograph_png(seed));
    let upload = ["upload", "scan.png", "--patient", PATIENT, "--reader", STRANGER];
    world.done(LAB, &upload)["record_id"].as_u64().unwrap()
}

fn certificate(world: &World, file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(world.folder().join(file)).unwrap()).unwrap()
}

#[test]
fn a_record_is_erased_and_its_certificate_shows_it() {
    let mut world = World::with_everybody();
    // For the copies of other people's CIDs.
    world.done(STRANGER, &["patient", "register"]);
    in_turn!(
        world,
        what_is_erased_is_gone_and_the_certificate_shows_it_offline,
        the_file_stays_where_that_is_asked_for,
        a_copied_cid_neither_deletes_a_film_nor_keeps_it,
        whoever_came_second_with_a_cid_has_the_film_deleted_all_the_same,
        the_patient_makes_the_previous_version_the_newest_again,
    );
    // A folder, and an IPFS node that is not running.
    let folder = tempfile::TempDir::new().unwrap();
    world.use_store(&format!("{},http://127.0.0.1:1", folder.path().display()));
    in_turn!(world, what_failed_halfway_is_finished_by_the_same_command);

    let certificate = std::fs::read(world.folder().join("erased.json")).unwrap();
    drop(world);
    let elsewhere = World::with_custodians();
    std::fs::write(elsewhere.folder().join("erased.json"), certificate).unwrap();
    in_turn!(
        elsewhere,
        the_node_of_a_different_chain_does_not_have_the_block,
        what_custodians_keep_goes_with_the_record,
    );
}

#[test]
fn films_of_others_are_not_deleted() {
    let world = World::with_everybody();
    world.done(STRANGER, &["patient", "register"]);
    // In it the stranger leaves.
    in_turn!(world, a_profile_with_the_cid_of_a_film_does_not_have_it_deleted);
    world.done(STRANGER, &["patient", "register"]);
    in_turn!(
        world,
        a_film_that_opens_for_its_patient_is_deleted_though_a_copy_stands,
        a_thief_who_came_first_with_a_cid_does_not_have_the_film_deleted,
        a_record_with_the_cid_of_a_model_does_not_have_it_deleted,
        a_file_that_contains_another_patients_does_not_have_that_deleted,
        a_record_of_a_piece_of_a_film_does_not_keep_it,
    );
}

fn what_is_erased_is_gone_and_the_certificate_shows_it_offline(world: &World) {
    let (kept, id) = (record(world, 61), record(world, 62));
    let (kept, id) = (kept.to_string(), id.to_string());
    let erase = ["erase", &id, "--certificate", "erased.json"];

    // Impossible requests are refused before anything is signed.
    let refused = world.run(LAB, &["erase", &id]);
    assert!(refused.one_error_line().contains("only its patient"), "{}", refused.err);
    let refused = world.run(PATIENT, &["erase", "99"]);
    assert!(refused.one_error_line().contains("there is no record 99"), "{}", refused.err);
    let refused = world.run(PATIENT, &[&erase[..], &["--in-block"]].concat());
    assert!(refused.one_error_line().contains("final block"), "{}", refused.err);
    std::fs::write(world.folder().join("erased.json"), "mine").unwrap();
    let refused = world.run(PATIENT, &erase);
    assert!(refused.one_error_line().contains("exists already"), "{}", refused.err);
    assert_eq!(std::fs::read(world.folder().join("erased.json")).unwrap(), b"mine");
    assert_eq!(world.show(id.parse().unwrap())["status"], "active");

    let (film, before) = (cid(world, id.parse().unwrap()), world.show(id.parse().unwrap()));

    let report = world.done(PATIENT, &[&erase[..], &["--force"]].concat());
    assert_eq!(report["stores"][0]["outcome"], "deleted", "{report}");
    assert_eq!(report["cid"], film.to_string());
    assert_eq!(report["readers"].as_array().map(Vec::len), Some(3), "{report}");
    // The chain forgets where the film was; its hash stays, which the certificate proves.
    let shown = world.show(id.parse().unwrap());
    assert_eq!(shown["status"], "erased");
    assert!(shown["cid"].is_null() && shown["digest"].is_null(), "{shown}");
    assert!(shown["cid_hash"].is_string() && shown["cid_hash"] == before["cid_hash"], "{shown}");
    let refused = world.run(PATIENT, &["fetch", &id, "--output", "back.png"]);
    assert!(refused.one_error_line().contains("erased"), "{}", refused.err);
    let refused = world.run(PATIENT, &["fetch", &id, "--output", "back.mcx", "--ciphertext"]);
    assert!(refused.one_error_line().contains("does not know its CID"), "{}", refused.err);
    assert!(!is_stored(world, &film));
    world.done(STRANGER, &["fetch", &kept, "--output", "kept.png"]);

    let verified = verify(world, "erased.json");
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
    assert_eq!(verified.json()["valid"], true);
    let written = certificate(world, "erased.json");
    assert_eq!(written["block"]["number"], report["block_number"]);
    assert_eq!(written["erasure"]["extrinsic_hash"], report["extrinsic_hash"]);
    let online = world.run(STRANGER, &["verify-certificate", "erased.json", "--online"]);
    assert_eq!(online.code, 0, "{}{}", online.out, online.err);

    // A changed certificate shows nothing.
    let forge = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(world.folder().join("erased.json")).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(world.folder().join(file), text.replacen(from, to, 1)).unwrap();
        let verified = verify(world, file);
        assert_eq!((verified.code, &verified.json()["valid"]), (3, &Value::Bool(false)), "{from}");
    };
    forge("id.json", &format!("\"id\": {id}"), &format!("\"id\": {kept}"));
    let number = report["block_number"].to_string();
    let other = cid_of(b"another film").to_string();
    forge("cid.json", &film.to_string(), &other);
    forge("number.json", &format!("\"number\": {number}"), "\"number\": 1");
}

/// `erased.json` is of another chain, which has the same genesis.
fn the_node_of_a_different_chain_does_not_have_the_block(world: &World) {
    assert_eq!(verify(world, "erased.json").code, 0);
    let online = world.run(STRANGER, &["verify-certificate", "erased.json", "--online"]);
    assert_eq!((online.code, &online.json()["valid"]), (3, &Value::Bool(false)), "{}", online.out);
    assert!(online.out.contains("no such final block"), "{}", online.out);
}

/// Of two stores, the second one is gone.
fn what_failed_halfway_is_finished_by_the_same_command(world: &World) {
    let id = record(world, 63).to_string();
    let outcomes = |report: &Value| {
        let stores = report["stores"].as_array().unwrap().iter();
        stores.map(|answer| answer["outcome"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let erased = world.run(PATIENT, &["erase", &id]);
    assert_eq!(erased.code, 0, "{}", erased.err);
    let warning = "warning: the encrypted file may still be in a store";
    assert!(erased.err.starts_with(warning), "{}", erased.err);
    assert_eq!(erased.err.lines().count(), 1, "{}", erased.err);
    assert_eq!(outcomes(&erased.json()), ["deleted", "failed"]);

    let again = world.done(PATIENT, &["erase", &id, "--certificate", "later.json"]);
    assert_eq!(outcomes(&again), ["not_kept", "failed"]);
    assert_eq!(again.get("extrinsic_hash"), None, "nothing was signed: {again}");
    assert_eq!(verify(world, "later.json").code, 0);
    assert!(certificate(world, "later.json")["erasure"].is_null());
    let refused = world.run(PATIENT, &["erase", &id, "--keep-stored"]);
    assert!(refused.one_error_line().contains("nothing to do"), "{}", refused.err);
}

fn the_file_stays_where_that_is_asked_for(world: &World) {
    let record = record(world, 64);
    let (id, film) = (record.to_string(), cid(world, record));
    let report = world.done(PATIENT, &["erase", &id, "--keep-stored", "--certificate", "c.json"]);
    assert_eq!(report["stores"].as_array().map(Vec::len), Some(0), "{report}");
    assert!(is_stored(world, &film));
    assert_eq!(verify(world, "c.json").code, 0);
    // It can be deleted later, where the journal has the CID.
    let report = world.done(PATIENT, &["erase", &id]);
    assert_eq!(report["stores"][0]["outcome"], "deleted", "{report}");
    assert!(!is_stored(world, &film));
}

/// Whether the store, a folder, has the content.
pub fn is_stored(world: &World, cid: &Cid) -> bool {
    let store = LocalStore::open(world.store()).unwrap();
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    runtime.block_on(store.get(cid, u64::MAX)).is_ok()
}

/// The CID of a record's content.
fn cid(world: &World, record: u64) -> Cid {
    Cid::parse(world.show(record)["cid"].as_str().unwrap().as_bytes()).unwrap()
}

/// A record of the stranger with the CID of another patient's film.
fn copy(world: &World, record: u64) -> u64 {
    add(world, STRANGER, cid(world, record))
}

/// A record of a patient with this CID, whose content the patient cannot open.
pub fn add(world: &World, patient: &str, cid: Cid) -> u64 {
    let call = Call::AddRecord {
        patient: account(patient),
        cid,
        digest: ContentDigest([0; 32]),
        kind: RecordKind::Report,
        commitments: None,
        envelopes: Vec::new(),
        inference: None,
        custody: None,
    };
    let sent = submit(world, patient, &call).expect("everybody may add to their own records");
    let added = sent.events.iter().find_map(|event| match event {
        ChainEvent::RecordAdded { record, .. } => Some(record.0),
        _ => None,
    });
    added.expect("a record was added")
}

/// Otherwise whoever sees a CID on the chain could have a stranger's film deleted, or keep it
/// from being deleted.
fn a_copied_cid_neither_deletes_a_film_nor_keeps_it(world: &World) {
    let film = record(world, 67);
    let id = film.to_string();
    let erased = world.done(STRANGER, &["erase", &copy(world, film).to_string()]);
    let why = erased["stores_not_asked"].as_str().unwrap_or_default();
    assert!(why.contains(&format!("record {film} of another patient")), "{erased}");
    world.done(PATIENT, &["fetch", &id, "--output", "mine.png"]);
    let report = world.done(PATIENT, &["erase", &id]);
    assert_eq!(report["stores"][0]["outcome"], "deleted", "{report}");
}

/// A file opens for one patient alone: so it shows whose it is, although a copy stands.
fn a_film_that_opens_for_its_patient_is_deleted_though_a_copy_stands(world: &World) {
    let (erased, rotated) = (record(world, 73), record(world, 74));
    copy(world, erased);
    copy(world, rotated);
    let report = world.done(PATIENT, &["erase", &erased.to_string()]);
    assert_eq!(report["stores"][0]["outcome"], "deleted", "{report}");
    let report = world.done(PATIENT, &["rotate", &rotated.to_string(), "--erase-old"]);
    assert_eq!(report["stores"][0]["outcome"], "deleted", "{report}");
}

/// Whoever reads a CID in the pool can be first with it, and would have the film deleted by
/// erasing their own record.
fn a_thief_who_came_first_with_a_cid_does_not_have_the_film_deleted(world: &World) {
    let cid = Cid::new(CidCodec::Raw, [75; 32]);
    let stolen = add(world, STRANGER, cid.clone());
    let film = add(world, PATIENT, cid);
    let stolen = stolen.to_string();
    let erase = ["erase", &stolen];
    // Repeated, too.
    for _ in 0..2 {
        let erased = world.done(STRANGER, &erase);
        let why = erased["stores_not_asked"].as_str().unwrap_or_default();
        assert!(why.contains(&format!("record {film} of another patient")), "{erased}");
        assert_eq!(erased["stores"].as_array().map(Vec::len), Some(0), "{erased}");
    }
    // Nobody else has the content any more.
    let erased = world.done(PATIENT, &["erase", &film.to_string()]);
    assert_eq!(erased["stores"][0]["outcome"], "not_kept", "{erased}");
}

/// Otherwise anybody could take the workers' model out of the stores, for the price of a record.
fn a_record_with_the_cid_of_a_model_does_not_have_it_deleted(world: &World) {
    let model = world.done(STRANGER, &["model", "show", "0"])["cid"].clone();
    let cid = Cid::parse(model.as_str().unwrap().as_bytes()).unwrap();
    let id = add(world, STRANGER, cid).to_string();
    let erased = world.done(STRANGER, &["erase", &id, "--even-if-shared"]);
    let why = erased["stores_not_asked"].as_str().unwrap_or_default();
    assert!(why.contains("a file of a model"), "{erased}");
}

/// Whoever may put blocks into a folder can make a tree that links to the film of another patient,
/// and a folder deletes trees.
fn a_file_that_contains_another_patients_does_not_have_that_deleted(world: &World) {
    let film = crypto::encrypt(&ContentKey::generate(), &account(PATIENT).0, &[77; 1000]).unwrap();
    let tree = [vec![78; CHUNK], film.clone()].concat();
    let store = LocalStore::open(world.store()).unwrap();
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    for content in [&film, &tree] {
        runtime.block_on(store.put(content)).unwrap();
    }
    let record = add(world, PATIENT, cid_of(&film));
    let stolen = add(world, STRANGER, cid_of(&tree)).to_string();
    let erased = world.done(STRANGER, &["erase", &stolen]);
    let why = erased["stores_not_asked"].as_str().unwrap_or_default();
    assert!(why.contains(&format!("contains that of record {record}")), "{erased}");
    assert_eq!(runtime.block_on(store.get(&cid_of(&film), u64::MAX)).unwrap(), film);
}

/// Otherwise a record with the CID of one of its blocks would keep a film from being deleted.
fn a_record_of_a_piece_of_a_film_does_not_keep_it(world: &World) {
    let key = ContentKey::generate();
    let film = crypto::encrypt(&key, &account(PATIENT).0, &vec![79; 2 * CHUNK]).unwrap();
    let store = LocalStore::open(world.store()).unwrap();
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    runtime.block_on(store.put(&film)).unwrap();
    let record = add(world, PATIENT, cid_of(&film)).to_string();
    for piece in film.chunks(CHUNK) {
        add(world, STRANGER, cid_of(piece));
    }
    let erased = world.done(PATIENT, &["erase", &record]);
    assert_eq!(erased["stores"][0]["outcome"], "deleted", "{erased}");
}

/// A profile is named by its CID as well, which the chain compares with nothing.
fn a_profile_with_the_cid_of_a_film_does_not_have_it_deleted(world: &World) {
    let film = record(world, 76);
    let digest = ContentDigest([0; 32]);
    let stolen = Call::UpdateProfile { profile: Document { cid: cid(world, film), digest } };
    for leave in [["patient", "remove-profile"], ["patient", "deregister"]] {
        submit(world, STRANGER, &stolen).expect("everybody names their own profile");
        let left = world.done(STRANGER, &leave);
        let why = left["stores_not_asked"].as_str().unwrap_or_default();
        assert!(why.contains("did not open as your profile"), "{left}");
        assert_eq!(left["stores"].as_array().map(Vec::len), Some(0), "{left}");
    }
    world.done(PATIENT, &["fetch", &film.to_string(), "--output", "mine.png"]);

    std::fs::write(world.folder().join("profile.json"), "{}").unwrap();
    world.done(PATIENT, &["patient", "update-profile", "profile.json"]);
    let removed = world.done(PATIENT, &["patient", "remove-profile"]);
    assert_eq!(removed["stores"][0]["outcome"], "deleted", "{removed}");
}

/// Whoever reads a CID in the pool can be first with it. The chain cannot tell whose film it was,
/// so the record that came second is erased, and the answer names the way to have the file deleted.
fn whoever_came_second_with_a_cid_has_the_film_deleted_all_the_same(world: &World) {
    // As if it were the thief's, who was a block earlier.
    let earlier = record(world, 68);
    let mine = copy(world, earlier).to_string();
    assert_eq!(world.show(earlier)["cid"], world.done(STRANGER, &["show", &mine])["cid"]);
    let erased = world.done(STRANGER, &["erase", &mine]);
    let why = erased["stores_not_asked"].as_str().unwrap_or_default();
    assert!(why.contains("if the file is yours, add --even-if-shared"), "{erased}");
    assert_eq!(erased["stores"].as_array().map(Vec::len), Some(0), "{erased}");
    let erased = world.done(STRANGER, &["erase", &mine, "--even-if-shared"]);
    assert_eq!(erased["stores"][0]["outcome"], "deleted", "{erased}");
    assert!(erased["stores_not_asked"].is_null(), "{erased}");
}

/// As after a version that a caretaker should not have added.
fn the_patient_makes_the_previous_version_the_newest_again(world: &World) {
    let first = record(world, 69);
    let id = first.to_string();
    let call = Call::AmendRecord {
        record: RecordId(first),
        cid: Cid::new(CidCodec::Raw, [69; 32]),
        digest: ContentDigest([0; 32]),
        commitments: None,
        envelopes: Vec::new(),
        custody: None,
    };
    submit(world, PATIENT, &call).expect("the patient may amend their own records");
    let refused = world.run(LAB, &["restore", &id]);
    assert!(refused.one_error_line().contains("only the patient"), "{}", refused.err);
    let restored = world.done(PATIENT, &["restore", &id]);
    assert_eq!(restored["record_id"], first, "{restored}");
    assert_eq!(restored["replaced"], first + 1, "{restored}");
    world.done(PATIENT, &["fetch", &id, "--output", "first.png"]);
    let again = world.run(PATIENT, &["restore", &id]);
    assert!(again.one_error_line().contains("the newest version already"), "{}", again.err);
}

fn what_custodians_keep_goes_with_the_record(world: &World) {
    let record = film(world, 66).0;
    let id = record.to_string();
    world.done(PATIENT, &["grant", "--to", STRANGER, "--actions", "view"]);
    world.done(STRANGER, &["request-access", &id, "--no-wait"]);
    let [custodian, ..] = CUSTODIANS;
    let late = delivery(world, custodian, record, STRANGER);
    world.done(PATIENT, &["erase", &id, "--certificate", "kept.json"]);
    let verified = verify(world, "kept.json");
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
    let absent = certificate(world, "kept.json")["absent"].clone();
    for item in ["Custody.Custodies", "Custody.Grants"] {
        assert!(absent.as_array().is_some_and(|all| all.contains(&item.into())), "{absent}");
    }
    // What was under way is logged, or comes too late even for that.
    match submit(world, custodian, &deliver(record, STRANGER, late)) {
        Ok(sent) => {
            let exposed = |event: &ChainEvent| matches!(event, ChainEvent::ShareExposed { .. });
            assert!(sent.events.iter().any(exposed), "{:?}", sent.events);
        }
        Err(error) => assert!(error.is(CustodyError::AccessNotFound), "{error:?}"),
    }
}

/// The store is an IPFS daemon.
pub fn an_ipfs_node_unpins_the_file(world: &World) {
    let id = record(world, 65).to_string();
    let report = world.done(PATIENT, &["erase", &id]);
    assert_eq!(report["stores"][0]["outcome"], "unpinned", "{report}");
    let again = world.done(PATIENT, &["erase", &id]);
    assert_eq!(again["stores"][0]["outcome"], "not_kept", "{again}");
}
