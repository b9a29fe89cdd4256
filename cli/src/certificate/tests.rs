//! Certificates of made-up states, and of altered ones.

use codec::{Compact, Encode};
use medchain_client::{
    chain::{proof::keys, RecordStatus},
    store::StoreError,
};
use medchain_primitives::{CidCodec, ContentDigest, RecordContent, RecordKind};
use sp_core::Blake2Hasher;
use sp_trie::{
    recorder::Recorder,
    trie_types::{TrieDBBuilder, TrieDBMutBuilderV1},
    MemoryDB, Trie, TrieMut,
};

use super::*;

const RECORD: RecordId = RecordId(7);
const PATIENT: AccountId32 = AccountId32([1; 32]);
const LAB: AccountId32 = AccountId32([2; 32]);

/// A state of the chain, by a runtime of this version.
struct State {
    version: u32,
    status: RecordStatus,
    envelopes: u32,
    left: Vec<Vec<u8>>,
}

fn erased() -> State {
    State { version: 4, status: RecordStatus::Erased, envelopes: 0, left: Vec::new() }
}

/// The content of a record.
fn content(id: u64) -> (Cid, ContentDigest) {
    let digest = ContentDigest([id as u8; 32]);
    (Cid::new(CidCodec::Raw, digest.0), digest)
}

/// The record that is erased, with its content.
fn it() -> (RecordId, Cid) {
    (RECORD, content(RECORD.0).0)
}

impl State {
    fn values(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        // The fields of Emr.Records, in their order in the runtime.
        let record = |id: u64, status: RecordStatus, envelopes: u32| {
            let (cid, digest) = content(id);
            let content = match (self.version, status) {
                (..4, _) => (cid, digest).encode(),
                (_, RecordStatus::Erased) => RecordContent::Erased(cid.hashed()).encode(),
                _ => RecordContent::kept(cid, digest).encode(),
            };
            let rest = (RecordKind::ChestXray, None::<RecordId>, 12u32, status, envelopes, 0u128);
            [(PATIENT, LAB).encode(), content, rest.encode()].concat()
        };
        let mut values = vec![
            (keys::genesis_hash(), H256([6; 32]).encode()),
            (keys::last_runtime_upgrade(), (Compact(self.version), "medchain").encode()),
            (keys::timestamp(), 1_764_118_487_123u64.encode()),
            (keys::record(RECORD), record(RECORD.0, self.status, self.envelopes)),
        ];
        for id in (0..30).filter(|id| *id != RECORD.0) {
            values.push((keys::record(RecordId(id)), record(id, RecordStatus::Active, 1)));
            values.push((keys::envelope(RecordId(id), &LAB), vec![5; 130]));
        }
        values.extend(self.left.iter().map(|key| (key.clone(), vec![5; 130])));
        values
    }

    /// What a node would hand out.
    fn proof(&self, asked: &[Vec<u8>]) -> ReadProof {
        let (mut db, mut root) = (MemoryDB::<Blake2Hasher>::default(), Default::default());
        let mut trie = TrieDBMutBuilderV1::new(&mut db, &mut root).build();
        for (key, value) in self.values() {
            trie.insert(&key, &value).unwrap();
        }
        drop(trie);
        let recorder = Recorder::<Blake2Hasher>::default();
        for key in asked {
            let mut recorder = recorder.as_trie_recorder(root);
            let trie = TrieDBBuilder::new(&db, &root).with_recorder(&mut recorder).build();
            trie.get(key).unwrap();
        }
        // Parent, height, state, extrinsics, and an empty digest.
        let header = ([3u8; 32], Compact(1234u32), root.0, [4u8; 32], Vec::<u8>::new());
        let nodes = recorder.drain_storage_proof().into_iter_nodes().collect();
        ReadProof { header: header.encode(), nodes }
    }

    fn certificate(&self) -> Result<Certificate> {
        let readers = vec![PATIENT, LAB];
        let proof = self.proof(&proven_keys(RECORD, &readers));
        let erasure = ErasurePart { extrinsic_hash: H256([8; 32]), readers };
        let gone = Unpinned::now("the folder x".into(), Ok(LetGo::Deleted));
        let lost = StoreError::Unreachable { store: "y".into(), reason: "no\nroute".into() };
        let lost = Unpinned::now("the IPFS node at y".into(), Err(lost));
        let stores = vec![gone.into(), lost.into()];
        Certificate::new(it(), proof, Some(erasure), stores, None)
    }
}

/// The claims that fail once a good certificate is altered.
fn failing(alter: impl FnOnce(&mut Certificate)) -> Vec<String> {
    let mut certificate = erased().certificate().unwrap();
    alter(&mut certificate);
    // As the file would be read.
    let certificate = Certificate::read(certificate.to_json().unwrap().as_bytes()).unwrap();
    let all = checks(&certificate);
    all.iter().filter(|check| !check.holds()).map(Check::to_string).collect()
}

/// The only claim that fails, and how.
fn fails_with(expected: &str, alter: impl FnOnce(&mut Certificate)) {
    let failing = failing(alter);
    assert!(failing.len() == 1 && failing[0].contains(expected), "{expected}: {failing:?}");
}

#[test]
fn what_is_written_reads_back_and_holds() {
    let certificate = erased().certificate().unwrap();
    let json = certificate.to_json().unwrap();
    assert_eq!(Certificate::read(json.as_bytes()).unwrap(), certificate);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["medchain_erasure_certificate"], 2);
    assert_eq!(value["record"]["cid"], it().1.to_string());
    assert_eq!(value["record"].get("digest"), None);
    assert_eq!(value["block"]["number"], 1234);
    assert_eq!(value["block"]["time"], "2025-11-26T00:54:47.123Z");
    assert_eq!(value["record"]["patient"], PATIENT.to_string());
    assert_eq!(value["stores"][0]["outcome"], "deleted");
    assert_eq!(value["stores"][1]["reason"], "cannot be reached: no route");
    let checks = checks(&certificate);
    assert_eq!(checks.len(), 8, "{checks:?}");
    assert_eq!(failing(|_| ()), Vec::<String>::new());
    assert_eq!(failing(|certificate| certificate.erasure = None), Vec::<String>::new());
}

#[test]
fn none_is_made_of_a_record_that_is_not_erased() {
    let refused = |state: &State| state.certificate().unwrap_err().to_string();
    let active = State { status: RecordStatus::Active, ..erased() };
    assert!(refused(&active).ends_with("it is not erased"), "{}", refused(&active));
    let counted = State { envelopes: 2, ..erased() };
    assert!(refused(&counted).ends_with("2 envelopes are left"), "{}", refused(&counted));
    for reader in [LAB, AccountId32([77; 32])] {
        // Also for a reader that the certificate does not name.
        let left = State { left: vec![keys::envelope(RECORD, &reader)], ..erased() };
        let refused = refused(&left);
        assert!(refused.contains("Emr.Envelopes still has an entry for it"), "{refused}");
    }
    // Shares are stored under the record, a grant under record and subject.
    let grant = [keys::of_record("Custody.Grants", RECORD), vec![7; 48]].concat();
    let shares = keys::of_record("Custody.Custodies", RECORD);
    for (entry, key) in [("Custody.Custodies", shares), ("Custody.Grants", grant)] {
        let left = State { left: vec![key], ..erased() };
        let refused = refused(&left);
        assert!(refused.contains(&format!("{entry} still has an entry for it")), "{refused}");
    }
    let proof = erased().proof(&proven_keys(RecordId(99), &[]));
    let other = (RecordId(99), it().1);
    let refused = Certificate::new(other, proof, None, Vec::new(), None).unwrap_err();
    assert_eq!(refused.to_string(), "there is no record 99");
    // Nor with the CID of another content, which a false journal could name.
    let (proof, other) = (erased().proof(&proven_keys(RECORD, &[])), (RECORD, content(8).0));
    let refused = Certificate::new(other, proof, None, Vec::new(), None).unwrap_err().to_string();
    assert!(refused.contains("the hash of the CID is 0x"), "{refused}");
}

#[test]
fn a_proof_of_a_state_with_the_record_shows_so() {
    // A certificate that somebody forges from the state before.
    let before = State {
        status: RecordStatus::Active,
        envelopes: 1,
        left: vec![keys::envelope(RECORD, &LAB)],
        ..erased()
    };
    let proof = before.proof(&proven_keys(RECORD, &[PATIENT, LAB]));
    let failing = failing(|certificate| {
        certificate.block.hash = proof.open().unwrap().hash();
        certificate.block.header = HexBytes(proof.header);
        certificate.proof = proof.nodes.into_iter().map(HexBytes).collect();
    });
    assert_eq!(failing.len(), 3, "{failing:?}");
    assert!(failing[0].ends_with("it is not erased"), "{failing:?}");
    assert!(failing[1].ends_with("Emr.Envelopes still has an entry for it"), "{failing:?}");
    assert!(failing[2].ends_with(&format!("{LAB} has an envelope")), "{failing:?}");
}

#[test]
fn every_flipped_byte_of_the_proof_is_noticed() {
    let good = erased().certificate().unwrap();
    for node in 0..good.proof.len() {
        for at in 0..good.proof[node].0.len() {
            let mut bad = good.clone();
            bad.proof[node].0[at] ^= 1;
            assert!(!checks(&bad).iter().all(Check::holds), "byte {at} of node {node}");
        }
    }
    for at in 0..good.block.header.0.len() {
        let mut bad = good.clone();
        bad.block.header.0[at] ^= 1;
        assert!(!checks(&bad)[0].holds(), "byte {at} of the header");
    }
}

#[test]
fn an_altered_claim_fails() {
    fails_with("the header belongs to block 1234", |it| it.block.hash = H256([9; 32]));
    fails_with("its height is 1234", |it| it.block.number = 1235);
    fails_with("malformed block header", |it| it.block.header = HexBytes(vec![1, 2, 3]));
    fails_with("as the genesis block", |it| it.chain.genesis_hash = H256([7; 32]));
    fails_with("the version is 4", |it| it.chain.spec_version = 3);
    fails_with("the time is", |it| it.block.time = "2020-01-01T00:00:00.000Z".into());
    fails_with("the patient is", |it| it.record.patient = LAB);
    // The same digest, and another codec.
    let other = Cid::new(CidCodec::DagPb, content(RECORD.0).1 .0);
    fails_with("the hash of the CID is", |it| it.record.cid = other);
    fails_with("no SHA-256 of it", |it| it.record.digest = Some(H256([7; 32])));
}

/// As programs wrote it for runtimes that kept the CID and the digest of an erased record.
#[test]
fn a_certificate_of_version_1_is_read() {
    let older = State { version: 3, ..erased() };
    let mut certificate = older.certificate().unwrap();
    certificate.version = 1;
    certificate.record.digest = Some(H256(content(RECORD.0).1 .0));
    let json = certificate.to_json().unwrap();
    assert!(json.contains("\"digest\": \"0x0707"), "{json}");
    let read = Certificate::read(json.as_bytes()).unwrap();
    assert_eq!(read, certificate);
    assert!(checks(&read).iter().all(Check::holds), "{:?}", checks(&read));
    let failing = |alter: fn(&mut RecordPart)| {
        let mut altered = read.clone();
        alter(&mut altered.record);
        let all = checks(&altered);
        all.iter().filter(|check| !check.holds()).map(Check::to_string).collect::<Vec<_>>().concat()
    };
    let digest = failing(|record| record.digest = Some(H256([8; 32])));
    assert!(digest.contains("the SHA-256 is 0x0707"), "{digest}");
    let cid = failing(|record| record.cid = content(8).0);
    assert!(cid.contains("the hash of the CID is 0x"), "{cid}");
}

#[test]
fn another_record_or_a_missing_node_fails() {
    let other = failing(|certificate| certificate.record.id = RecordId(8));
    assert!(other.iter().any(|check| check.contains("record 8")), "{other:?}");
    for claim in ["is erased", "belonged", "no key of it"] {
        assert!(other.iter().any(|check| check.contains(claim)), "{claim}: {other:?}");
    }
    let count = erased().certificate().unwrap().proof.len();
    for node in 0..count {
        assert!(!failing(|certificate| drop(certificate.proof.remove(node))).is_empty(), "{node}");
    }
}

#[test]
fn what_must_be_absent_cannot_be_left_out() {
    assert_eq!(failing(|certificate| certificate.absent.clear()), Vec::<String>::new());
    let proof = erased().proof(&[
        keys::record(RECORD),
        keys::genesis_hash(),
        keys::last_runtime_upgrade(),
        keys::timestamp(),
    ]);
    fails_with("of Emr.Envelopes, the proof does not lead", |certificate| {
        certificate.absent.clear();
        certificate.erasure = None;
        certificate.proof = proof.nodes.into_iter().map(HexBytes).collect();
    });
}

#[test]
fn items_are_named_with_their_pallets() {
    let claim = |alter: fn(&mut Certificate)| {
        let mut certificate = erased().certificate().unwrap();
        alter(&mut certificate);
        let all = checks(&certificate).into_iter().map(|check| check.claim);
        all.filter(|claim| claim.contains("no key of it")).collect::<Vec<_>>().concat()
    };
    assert!(claim(|_| ()).ends_with("Emr.Envelopes, Custody.Custodies, Custody.Grants"));
    // As older certificates name them.
    let older = claim(|certificate| certificate.absent = vec!["Envelopes".into()]);
    assert!(older.contains("no entry in Emr.Envelopes, "), "{older}");
}

#[test]
fn a_file_that_is_not_a_certificate_is_refused() {
    let check = |text: &str, expected: &str| {
        let error = format!("{:#}", Certificate::read(text.as_bytes()).unwrap_err());
        assert!(error.contains(expected), "{error}");
    };
    check("", "not a certificate of erasure");
    check("[]", "not a certificate of erasure");
    check("{\"record\": 7}", "not a certificate of erasure");
    for version in [0, 3] {
        let text = format!("{{\"medchain_erasure_certificate\": {version}}}");
        check(&text, &format!("version {version}, and this program reads versions 1 to 2"));
    }
    check("{\"medchain_erasure_certificate\": 1}", "damaged: missing field");
    let good = erased().certificate().unwrap().to_json().unwrap();
    check(&good.replacen("\"0x", "\"0y", 1), "damaged");
    check(&good.replace(&PATIENT.to_string(), "5Nobody"), "damaged");
}

#[test]
fn a_strangers_words_stay_on_their_line() {
    let store = StorePart {
        store: "the\u{1b}[2J folder\nx".into(),
        outcome: StoreOutcome::Failed,
        reason: Some("no".into()),
        at: "now".into(),
    };
    assert_eq!(store.to_string(), "the [2J folder x: failed: no (now)");
}
