//! The vectors that the native crates and the page's module must agree on.
//!
//! `golden.json` is written by [`write`]: what is random in it, an envelope for one, then stays as
//! it is. [`check`] opens it with the native crates; `portal/tests/core.test.mjs` does the
//! same with the module that a page loads.

use codec::{Decode, DecodeAll, Encode};
use medchain_crypto::{ContentKey, EncryptionSecret, EnvelopeName, Sealed, VerdictName};
use medchain_keys::AccountSecret;
use medchain_primitives::{
    ActionSet, Cid, EncryptionKey, ModelId, Output, PreprocessingId, PurposeSet, RecordId,
    RequestId, Role, SealedKey,
};
use serde_json::{json, Value};

use crate::{
    blocks,
    custody::{self, Reply},
    policy, preview, profile,
    secrets::{self, Secret},
};

mod kinds;
mod log;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.json");
const GENESIS: [u8; 32] = [9; 32];
const PATIENT: [u8; 32] = [7; 32];
const READER: [u8; 32] = [1; 32];
const CONTENT: &[u8] = b"a chest X-ray";
const PROFILE: &[u8] = br#"{"name":"Suhana"}"#;
const PASSPHRASE: &str = "a passphrase for the vectors";
/// Of the file of another program: three bytes, `abc`.
const CID: &str = "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu";
/// What `medchain key new` writes for [`SEED`], and the page: `medchain-keys` has both.
const SEED: &str = "0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// A file of `@polkadot/keyring`, and its passphrase.
const WALLET: &str = include_str!("../../../keys/tests/polkadot-js/account.json");
const WALLET_PASSPHRASE: &str = "correct horse battery staple ü";
/// The words in it, as a seed.
const WALLET_SEED: &str = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";

/// What a report says.
const REPORT: &str = include_str!("../tests/report.json");

/// A file for each way in which DICOM compresses pictures.
const DICOM: [&str; 6] = [
    "deflated.dcm",
    "explicit.dcm",
    "jpeg-2000.dcm",
    "jpeg-lossless.dcm",
    "jpeg-ls.dcm",
    "rle.dcm",
];

fn cid() -> Cid {
    Cid::parse(CID.as_bytes()).expect("the text is a CID")
}

fn key() -> ContentKey {
    ContentKey::from_bytes([5; 32])
}

fn verdict() -> VerdictName {
    VerdictName {
        genesis: GENESIS,
        record: RecordId(4),
        model: ModelId(1),
        request: RequestId(1 << 40),
    }
}

fn seed(text: &str) -> Secret {
    Secret::from_key_file(text, "").expect("the text is a seed")
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/../../models/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("the fixture is there")
}

fn report(name: &str) -> Vec<u8> {
    let film = medchain_vision::decode(&fixture(name)).expect("the fixture is an image");
    crate::report::draw(REPORT, &film).expect("it can be drawn").pdf
}

/// Of a model's file, a preprocessing, the film and the sealed verdict.
fn receipt() -> [u8; 32] {
    let output = Output::quantise(&[0.15, 0.05, 0.8]).expect("these are probabilities");
    let sealed = key().verdict_key(&verdict()).seal(&output);
    let preprocessing = PreprocessingId::try_from(b"medchain/1".to_vec()).expect("it is short");
    medchain_primitives::receipt(&GENESIS, &preprocessing, &cid(), &sealed).0
}

fn dicom(name: &str) -> Vec<u8> {
    let path = format!("{}/../../vision/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("the fixture is there")
}

fn square(name: &str) -> medchain_vision::Square {
    medchain_vision::square(&fixture(name)).expect("the fixture is an image")
}

fn trees() -> Vec<Value> {
    let lengths = [0usize, 1, 262_144, 262_145, 1_000_000, 174 * 262_144 + 1];
    let tree = |length: usize| {
        let content: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        let blocks = blocks::build(&content);
        let root = blocks.last().map(|(cid, _)| cid.to_string());
        json!({ "length": length, "root": root, "blocks": blocks.len() })
    };
    lengths.into_iter().map(tree).collect()
}

/// What does not depend on randomness.
fn fixed() -> Value {
    let secret = seed(SEED);
    let output = Output::quantise(&[0.15, 0.05, 0.8]).expect("these are probabilities");
    let parts = output.probabilities.iter().map(|part| part.deconstruct());
    let opened: Vec<u32> = [u32::from(output.label)].into_iter().chain(parts).collect();
    let grantee = [9; 32];
    json!({
        "genesis": hex::encode(GENESIS),
        "patient": hex::encode(PATIENT),
        "reader": hex::encode(READER),
        "cid": CID,
        "cid_hash": hex::encode(cid().hashed().0),
        "seed": SEED,
        "public": hex::encode(secret.public()),
        "wallet_file": WALLET,
        "wallet_passphrase": WALLET_PASSPHRASE,
        "wallet_public": hex::encode(seed(WALLET_SEED).public()),
        "content": hex::encode(CONTENT),
        "profile_content": hex::encode(PROFILE),
        "passphrase": PASSPHRASE,
        "verdict": {
            "record": 4, "model": 1, "request": 1u64 << 40,
            "sealed": hex::encode(key().verdict_key(&verdict()).seal(&output).as_slice()),
            "opened": opened,
        },
        "square_png": hex::encode(medchain_crypto::digest(square("grey8.png").as_ref()).0),
        "square_jpeg": hex::encode(medchain_crypto::digest(square("grey.jpg").as_ref()).0),
        "squares_dicom": DICOM.map(|name| json!({
            "name": name,
            "square": hex::encode(medchain_crypto::digest(
                medchain_vision::square(&dicom(name)).expect("it is a radiograph").as_ref()
            ).0),
            "cleaned": hex::encode(medchain_crypto::digest(
                &medchain_vision::deidentify(&dicom(name)).expect("it can be cleaned").bytes
            ).0),
        })),
        "receipt": hex::encode(receipt()),
        "report": {
            "values": REPORT,
            "salt": medchain_report::salt(key().as_bytes()),
            "pdf": hex::encode(medchain_crypto::digest(&report("grey8.png")).0),
        },
        "commitments": hex::encode(
            key().commitments(square("grey8.png").as_ref()).expect("a square fits").encode()
        ),
        "trees": trees(),
        "log": log::golden(),
        "grant": hex::encode(policy::grant(&READER, ActionSet(3), None, Some(7))),
        "grant_for_purposes": hex::encode(
            policy::grant(&READER, ActionSet(1), Some(PurposeSet(5)), None)
        ),
        "revoke": hex::encode(policy::revoke(&READER)),
        "grant_of_nine": hex::encode(policy::grant(&grantee, ActionSet(3), None, Some(7))),
    })
}

fn name(cid: &Cid) -> EnvelopeName<'_> {
    EnvelopeName {
        genesis: GENESIS,
        patient: PATIENT,
        content: Sealed::Record(cid),
        reader: READER,
    }
}

/// `cargo test -p medchain-portal-core write -- --ignored` writes the vectors again, with other
/// random bytes.
#[test]
#[ignore = "it replaces the vectors"]
fn write() {
    let mut golden = fixed();
    let secret = seed(SEED);
    let cid = cid();
    let public = EncryptionKey(secret.public());
    let envelope = medchain_crypto::seal(&key(), &public, &name(&cid)).expect("it can be sealed");
    let file = medchain_crypto::encrypt(&key(), &PATIENT, CONTENT).expect("it can be encrypted");
    let stored =
        profile::PROFILE.seal(&secret, GENESIS, READER, PROFILE).expect("it can be sealed");
    golden["envelope"] = hex::encode(envelope.encode()).into();
    golden["file"] = hex::encode(file).into();
    golden["profile"] = hex::encode(stored).into();
    let custody = custody::tests::delivered(&key(), &secret);
    golden["custody"] = json!({
        "threshold": 2,
        "keys": hex::encode(custody.keys.concat()),
        "dealing": hex::encode(custody.dealing),
        "deliveries": hex::encode(custody.deliveries),
        "reply": hex::encode(custody.reply),
    });
    let written = secret.to_key_file(PASSPHRASE, "vectors").expect("there is randomness");
    golden["key_file"] = written.into();
    let text = serde_json::to_string_pretty(&golden).expect("it is JSON");
    std::fs::write(PATH, text + "\n").expect("the file can be written");
}

#[test]
fn check() {
    let text = std::fs::read_to_string(PATH).expect("the vectors are there");
    let golden: Value = serde_json::from_str(&text).expect("they are JSON");
    let Value::Object(fixed) = fixed() else { unreachable!("it is made as an object") };
    for (name, value) in fixed {
        assert_eq!(golden[&name], value, "{name}");
    }
    let bytes = |name: &str| {
        hex::decode(golden[name].as_str().expect("it is text")).expect("it is hexadecimal")
    };
    let cid = cid();
    // By the native crate alone, as the command line does it.
    let account = AccountSecret::from_seed(&hex_seed(SEED));
    let secret = EncryptionSecret::of_account(&account.canonical());
    let sealed = SealedKey::decode_all(&mut &bytes("envelope")[..]).expect("it is an envelope");
    let opened = secret.open(&sealed, &name(&cid)).expect("it opens");
    assert_eq!(opened.as_bytes(), key().as_bytes());
    let content = medchain_crypto::decrypt(&opened, &PATIENT, &bytes("file")).expect("it opens");
    assert_eq!(*content, CONTENT);
    let file = golden["key_file"].as_str().expect("it is text");
    let secret = Secret::from_key_file(file, PASSPHRASE).expect("it opens");
    let stored =
        profile::PROFILE.open(&secret, GENESIS, READER, &bytes("profile")).expect("it opens");
    assert_eq!(*stored, PROFILE);
    let custody = &golden["custody"];
    let bytes = |name: &str| {
        hex::decode(custody[name].as_str().expect("it is text")).expect("it is hexadecimal")
    };
    let reply = Reply::open(&secret, GENESIS, READER, &bytes("reply")).expect("it opens");
    let keys = bytes("keys");
    let keys: Vec<[u8; 32]> =
        keys.chunks(32).map(|one| one.try_into().expect("32 bytes")).collect();
    let name = custody::Name { genesis: GENESIS, patient: PATIENT, dealer: PATIENT, cid };
    let recovered = reply.recover(2, &keys, &name, &bytes("dealing"), &bytes("deliveries"));
    assert_eq!(recovered.expect("it is recovered").as_bytes(), key().as_bytes());
}

/// The bytes that the command line's own test expects of the same grant.
#[test]
fn messages_are_those_of_the_command_line() {
    let expected = [&[0x4d, 0x43, 0x50, 0x10][..], &[9; 32], &[3, 1, 7, 0, 0, 0]].concat();
    assert_eq!(policy::grant(&[9; 32], ActionSet(3), None, Some(7)), expected);
    let expected = [&[0x4d, 0x43, 0x50, 0x13][..], &[9; 32], &[1, 1, 5, 0]].concat();
    assert_eq!(policy::grant(&[9; 32], ActionSet(1), Some(PurposeSet(5)), None), expected);
    let expected = [0x4d, 0x43, 0x50, 0x14, 1, 1, 1, 5, 0];
    let granted = policy::grant_role(Role::Clinician, ActionSet(1), Some(PurposeSet(5)), None);
    assert_eq!(granted, expected);
    assert_eq!(policy::revoke_role(Role::Hospital), [0x4d, 0x43, 0x50, 0x15, 2]);
    let expected = [&[0x4d, 0x43, 0x50, 0x16][..], &[9; 32], &[3]].concat();
    assert_eq!(policy::role_grant_of(&[9; 32], Role::Custodian), expected);
    let grant = policy::Grant {
        actions: ActionSet(3),
        until: Some(7),
        revoked: false,
        purposes: Some(PurposeSet(5)),
    };
    let answer = [&[0][..], &Some(grant).encode()].concat();
    assert_eq!(policy::read_grant(&answer), Ok(Some(grant)));
    assert_eq!(policy::read_grant(&[0, 0]), Ok(None));
    // The contract's first version knows no purposes.
    let first = [&[0, 1][..], &(ActionSet(3), Some(7u32), false).encode()].concat();
    assert_eq!(policy::read_grant(&first), Ok(Some(policy::Grant { purposes: None, ..grant })));
    for broken in [&[][..], &[1], &[0, 1, 3], &[0, 2]] {
        assert!(policy::read_grant(broken).is_err(), "{broken:?}");
    }
}

#[test]
fn content_is_put_together_from_the_right_blocks_alone() {
    let content: Vec<u8> = (0..1_000_000).map(|index| (index % 251) as u8).collect();
    let tree = blocks::build(&content);
    let (root, _) = tree.last().expect("there is a root");
    let block = |cid: &str| tree.iter().find(|(one, _)| one.to_string() == cid).map(|(_, b)| b);
    let assemble = |limit: u64, spoil: bool| -> Result<Vec<u8>, String> {
        let mut assembly = blocks::Assembly::new(&root.to_string(), limit)?;
        while let Some(cid) = assembly.wanted(1).first() {
            let mut bytes = block(cid).ok_or("it is in the tree")?.clone();
            if spoil && bytes.len() > 100_000 {
                bytes[5] ^= 1;
            }
            assembly.supply(&bytes)?;
        }
        assembly.finish()
    };
    assert_eq!(assemble(1_000_000, false).as_deref(), Ok(&content[..]));
    assert!(assemble(1_000_000, true).is_err_and(|error| error.contains("other bytes")));
    assert!(assemble(999_999, false).is_err_and(|error| error.contains("larger")));
    let unfinished = blocks::Assembly::new(&root.to_string(), 1_000_000).expect("it is a CID");
    assert!(unfinished.finish().is_err());
    for text in ["", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKJXNG", "bafk"] {
        assert!(blocks::Assembly::new(text, 10).is_err(), "{text}");
    }
}

#[test]
fn a_key_file_opens_with_its_passphrase_alone() {
    let secret = Secret::generate().expect("there is randomness");
    let file = secret.to_key_file(PASSPHRASE, "my key").expect("there is randomness");
    assert!(secrets::is_encrypted(&file) && file.contains("my key"));
    let opened = Secret::from_key_file(&file, PASSPHRASE).expect("it opens");
    assert_eq!(opened.public(), secret.public());
    for other in ["", "another"] {
        let error = Secret::from_key_file(&file, other).map(|_| ()).expect_err("it does not open");
        assert!(error.contains("does not open"), "{error}");
    }
}

#[test]
fn a_wallets_file_gives_the_key_that_the_command_line_derives() {
    let opened = Secret::from_key_file(WALLET, WALLET_PASSPHRASE).expect("it opens");
    let seed = AccountSecret::from_seed(&hex_seed(WALLET_SEED));
    assert_eq!(opened.public(), EncryptionSecret::of_account(&seed.canonical()).public().0);
    // For //Alice, `client/src/keys/tests.rs` has the same vector, computed apart.
    let alice = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
    assert_eq!(
        hex::encode(self::seed(alice).public()),
        "fe5be99d4d436669ffed6472add31af086f1950373f87496d9f9781ff6275f55"
    );
    for text in ["", "{}", "0x12", "//Alice", &format!("{SEED}0"), &SEED.replace('f', "g")] {
        assert!(Secret::from_key_file(text, "").is_err(), "{text}");
        assert!(!secrets::is_encrypted(text), "{text}");
    }
}

fn hex_seed(text: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    hex::decode_to_slice(text.trim_start_matches("0x"), &mut seed).expect("these are digits");
    seed
}

#[test]
fn a_report_is_read_and_compared() {
    let shown = crate::report::Shown::read(&report("grey8.png")).expect("it is a report");
    assert!(shown.is_as_drawn() && shown.has_its_code());
    let values: Value = serde_json::from_str(REPORT).expect("it is JSON");
    assert_eq!(shown.claims(), values);
    let film = medchain_vision::decode(&fixture("grey8.png")).expect("the fixture is an image");
    let findings = |values: &Value, film| -> Vec<String> {
        let checks = shown.compare(&values.to_string(), film).expect("these are values");
        let all = checks.as_array().expect("it is a list").iter();
        all.map(|check| check["finding"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let same = findings(&values, Some(&film));
    assert!(same.len() > 10 && same.iter().all(|finding| finding == "agrees"), "{same:?}");
    let mut other = values.clone();
    other["outcome"]["label"] = "covid".into();
    assert!(findings(&other, Some(&film)).contains(&"differs".to_owned()));
    // Without the film, whoever compares cannot tell.
    let sealed = findings(&other, None);
    assert!(!sealed.contains(&"differs".to_owned()), "{sealed:?}");
    assert!(sealed.contains(&"not_compared".to_owned()), "{sealed:?}");
    assert!(crate::report::Shown::read(b"%PDF-1.7").is_err());
    assert!(crate::report::draw("{}", &film).is_err());
}

/// What a network answers, `portal/tests/core.test.mjs` compares.
#[test]
fn a_file_that_is_not_the_models_is_not_run() {
    let onnx = b"not a network";
    let sha256 = medchain_crypto::digest(onnx).0;
    let error = |sha256: [u8; 32], steps: &str| {
        preview::Network::read(onnx, &sha256, steps, 3).map(|_| ()).expect_err("it is no network")
    };
    let steps = medchain_primitives::SQUARE_ID;
    assert!(error(sha256, steps).contains("not an exact network"), "{}", error(sha256, steps));
    assert!(error([0; 32], steps).contains("another SHA-256"), "{}", error([0; 32], steps));
    assert!(error(sha256, "other").contains("`other`"), "{}", error(sha256, "other"));
}

#[test]
fn a_code_without_its_page_is_compared() {
    let film = medchain_vision::decode(&fixture("grey8.png")).expect("the fixture is an image");
    let values: Value = serde_json::from_str(REPORT).expect("it is JSON");
    let mut other = values.clone();
    other["outcome"]["label"] = "covid".into();
    let code = |values: &Value| {
        let drawn = crate::report::draw(&values.to_string(), &film).expect("it can be drawn");
        crate::report::Scanned::read(&drawn.code.to_string()).expect("it is a code")
    };
    let (genuine, forged) = (code(&values), code(&other));
    let claims = genuine.claims();
    assert_eq!(claims["genesis"], values["genesis"]);
    assert_eq!(claims["block"]["hash"], values["block"]["hash"]);
    assert_eq!(claims["block"]["number"], values["block"]["number"]);
    assert_eq!(claims["record"], values["record"]["id"]);
    assert_eq!(claims["request"], values["request"]["id"]);
    let found = |code: &crate::report::Scanned, film, name, is_then| {
        let found = code.compare(&values.to_string(), film, name, is_then).expect("a report");
        let checks = found["checks"].as_array().expect("it is a list").iter();
        let all: Vec<_> = checks.map(|check| check["finding"].clone()).collect();
        (all, found["expected"].as_array().map(Vec::len))
    };
    let (all, listed) = found(&genuine, Some(&film), None, true);
    assert!(all.iter().all(|finding| finding == "agrees"), "{all:?}");
    assert!(listed.is_some_and(|count| count > 10), "{listed:?}");
    // Another label, with the code that belongs to it; or a name that the paper does not show.
    for (code, name) in [(&forged, None), (&genuine, Some("Ana"))] {
        let (all, _) = found(code, Some(&film), name, true);
        assert_eq!(all.last(), Some(&Value::from("differs")), "{all:?}");
        let (all, listed) = found(code, Some(&film), name, false);
        assert_eq!(all.last(), Some(&Value::from("not_compared")), "{all:?}");
        assert_eq!(listed, None);
    }
    // Without the film, whoever compares cannot tell, and is told no values.
    let (all, listed) = found(&forged, None, None, true);
    assert_eq!((all.last(), listed), (Some(&Value::from("not_compared")), None));
    let read = crate::report::Scanned::read("MEDCHAIN-REPORT/1/AB").map(|_| ());
    let error = read.expect_err("it is cut off");
    assert!(error.contains("damaged"), "{error}");
}

#[test]
fn every_end_of_a_request_is_told_as_by_the_command_line() {
    use medchain_primitives::{FailureCause, RequestStatus};
    let told = |status: &str, cause: &str, reported: &str| {
        let json = crate::report::ended(7, status, cause, reported)?;
        serde_json::from_str::<Value>(&json).ok()
    };
    let expected = |status| {
        json!({
            "state": "ended",
            "how": medchain_audit::requests::state(status),
            "reason": medchain_audit::requests::ended(RequestId(7), status),
        })
    };
    for (name, status) in
        [("Cancelled", RequestStatus::Cancelled), ("Expired", RequestStatus::Expired)]
    {
        assert_eq!(told(name, "", ""), Some(expected(status)), "{name}");
    }
    // All that the chain can encode: what is added to it is added here.
    let mut causes = 0;
    for bytes in (0..=255u8).flat_map(|cause| (0..=255u8).map(move |code| [cause, code])) {
        let Ok(cause) = FailureCause::decode(&mut &bytes[..]) else { continue };
        let name = format!("{cause:?}");
        let (name, code) = name.split_once('(').unwrap_or((name.as_str(), ""));
        let said = told("Failed", name, code.trim_end_matches(')'));
        assert_eq!(said, Some(expected(RequestStatus::Failed { cause })), "{cause:?}");
        causes += 1;
    }
    assert!(causes > 0, "no cause was decoded");
    for (status, cause, code) in
        [("Answered", "", ""), ("Failed", "", ""), ("Failed", "Reported", "Other"), ("", "", "")]
    {
        assert_eq!(told(status, cause, code), None, "{status} {cause} {code}");
    }
}
