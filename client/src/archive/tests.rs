//! Archives that the tests make up, and those that lie.

use std::sync::Arc;

use medchain_primitives::{Cid, CidCodec, LogHead};

use super::{shard_of, Archive, ArchiveError, ArchivedRuntime, Index, Piece, Shard, SHARDS};
use crate::{
    chain::{LoggedBlock, LoggedEntry},
    crypto::EncryptionSecret,
    store::{LocalStore, Store},
    AccountId32, H256,
};

const GENESIS: H256 = H256([7; 32]);
const PATIENT: AccountId32 = AccountId32([1; 32]);
const OTHER: AccountId32 = AccountId32([2; 32]);

fn secret(of: u8) -> EncryptionSecret {
    EncryptionSecret::of_account(&[of; 32])
}

fn block(number: u32, entries: &[&str]) -> LoggedBlock {
    let entry = |text: &&str| LoggedEntry {
        index: 0,
        extrinsic: None,
        signer: None,
        event: text.as_bytes().to_vec(),
    };
    let entries = entries.iter().map(entry).collect();
    LoggedBlock { number, hash: [2; 32], time: 3, default_policy: None, entries }
}

fn log() -> Vec<LoggedBlock> {
    vec![block(3, &["registered", "key"]), block(40, &["added"]), block(41, &["asked", "given"])]
}

fn end(blocks: &[LoggedBlock]) -> LogHead<u32> {
    blocks.iter().fold(LogHead::default(), |head, block| block.head_after(head))
}

fn piece(before: LogHead<u32>, previous: Option<Cid>, blocks: &[LoggedBlock]) -> Piece {
    let after = blocks.iter().fold(before, |head, block| block.head_after(head));
    let (genesis, patient, blocks) = (GENESIS.0, PATIENT, blocks.to_vec());
    Piece { genesis, patient, before, after, previous, blocks }
}

/// An archive in a folder.
struct World {
    store: Arc<dyn Store>,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(LocalStore::open(folder.path().join("store")).unwrap());
        Self { store, _folder: folder }
    }

    async fn seal(&self, piece: &Piece) -> Cid {
        let key = secret(1).public();
        self.store.put(&piece.seal(&key).unwrap()).await.unwrap()
    }

    /// An archive whose newest piece of the patient is this one.
    async fn archive(&self, newest: Cid) -> Archive {
        let mut shard = Shard { genesis: GENESIS.0, logs: Vec::new() };
        shard.set(OTHER, Cid::new(CidCodec::Raw, [9; 32]), 4);
        shard.set(PATIENT, newest, 5);
        let mut shards = vec![None; SHARDS];
        let shard = self.store.put(&shard.to_bytes()).await.unwrap();
        shards[usize::from(shard_of(&PATIENT))] = Some(shard);
        let metadata = Cid::new(CidCodec::Raw, [8; 32]);
        let runtimes = vec![ArchivedRuntime { first: 1, version: 3, metadata }];
        let index = Index { genesis: GENESIS.0, block: 50, runtimes, shards };
        let cid = self.store.put(&index.to_bytes()).await.unwrap();
        Archive::open(self.store.clone(), GENESIS, &cid).await.unwrap()
    }

    async fn read(
        &self,
        newest: Cid,
        known: &LogHead<u32>,
    ) -> Result<Vec<LoggedBlock>, ArchiveError> {
        self.archive(newest).await.blocks_of(&PATIENT, &secret(1), known, |_| ()).await
    }

    /// The log in two pieces; the newest.
    async fn two(&self) -> (Cid, Cid) {
        let log = log();
        let first = self.seal(&piece(LogHead::default(), None, &log[..1])).await;
        let second = self.seal(&piece(end(&log[..1]), Some(first.clone()), &log[1..])).await;
        (first, second)
    }
}

#[tokio::test]
async fn a_log_comes_back_from_its_pieces() {
    let world = World::new();
    let (_, newest) = world.two().await;
    assert_eq!(world.read(newest.clone(), &LogHead::default()).await.unwrap(), log());
    // Only what is new, also where that begins within a piece.
    let log = log();
    for known in 1..=3 {
        let read = world.read(newest.clone(), &end(&log[..known])).await.unwrap();
        assert_eq!(read, log[known..], "{known}");
    }
}

#[tokio::test]
async fn a_piece_that_is_known_is_not_read_again() {
    let world = World::new();
    let log = log();
    let lost = Cid::new(CidCodec::Raw, [6; 32]);
    let newest = world.seal(&piece(end(&log[..1]), Some(lost.clone()), &log[1..])).await;
    assert_eq!(world.read(newest.clone(), &end(&log[..1])).await.unwrap(), log[1..]);
    // Where it is needed, the error names it.
    let error = world.read(newest, &LogHead::default()).await.unwrap_err();
    assert!(matches!(&error, ArchiveError::Missing { cid, .. } if *cid == lost.to_string()));
}

#[tokio::test]
async fn a_piece_that_was_replaced_is_named() {
    let world = World::new();
    let log = log();
    // It begins as the right one, and ends elsewhere.
    let other = [block(3, &["registered", "another"])];
    let first = world.seal(&piece(LogHead::default(), None, &other)).await;
    let newest = world.seal(&piece(end(&log[..1]), Some(first.clone()), &log[1..])).await;
    let error = world.read(newest, &LogHead::default()).await.unwrap_err().to_string();
    assert!(error.contains(&first.to_string()) && error.contains("does not end"), "{error}");
}

#[test]
fn a_piece_that_contradicts_itself_is_refused() {
    let (key, log) = (secret(1).public(), log());
    let whole = piece(LogHead::default(), None, &log);
    let open =
        |piece: &Piece| Piece::open(&piece.seal(&key).unwrap(), &secret(1), GENESIS.0, &PATIENT);
    assert_eq!(open(&whole).unwrap(), whole);
    let mut left_out = whole.clone();
    left_out.blocks[2].entries.remove(0);
    let mut moved = whole.clone();
    moved.blocks[1].number = 39;
    let mut swapped = whole.clone();
    swapped.blocks.swap(0, 1);
    let mut empty = whole.clone();
    empty.blocks.insert(1, block(20, &[]));
    let nothing = Piece { blocks: Vec::new(), after: whole.before, ..whole.clone() };
    let begun = Piece { previous: Some(Cid::new(CidCodec::Raw, [1; 32])), ..whole.clone() };
    let unbegun = piece(end(&log[..1]), None, &log[1..]);
    for wrong in [left_out, moved, swapped, empty, nothing, begun, unbegun] {
        assert!(open(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_piece_of_another_chain_patient_or_reader_does_not_open() {
    let whole = piece(LogHead::default(), None, &log());
    let bytes = whole.seal(&secret(1).public()).unwrap();
    let open = |secret: &EncryptionSecret, genesis, patient| {
        Piece::open(&bytes, secret, genesis, patient).map(|_| ())
    };
    assert_eq!(open(&secret(1), GENESIS.0, &PATIENT), Ok(()));
    assert!(open(&secret(1), [8; 32], &PATIENT).is_err());
    assert!(open(&secret(1), GENESIS.0, &OTHER).is_err());
    let another = open(&secret(2), GENESIS.0, &PATIENT).unwrap_err();
    assert!(another.contains("another key"), "{another}");
    let damaged = [&bytes[..bytes.len() - 1], &[bytes[bytes.len() - 1] ^ 1]].concat();
    assert!(Piece::open(&damaged, &secret(1), GENESIS.0, &PATIENT).is_err());
    assert!(Piece::open(b"MCLP1", &secret(1), GENESIS.0, &PATIENT).is_err());
}

#[test]
fn the_length_of_a_piece_is_padded() {
    let key = secret(1).public();
    let length = |text: &str| {
        piece(LogHead::default(), None, &[block(3, &[text])]).seal(&key).unwrap().len()
    };
    // Padmé: contents of nearly the same length give files of the same length.
    let long = "x".repeat(1000);
    assert_eq!(length(&long), length(&long[1..]));
}

#[tokio::test]
async fn an_archive_of_another_chain_is_refused() {
    let world = World::new();
    let index =
        Index { genesis: [8; 32], block: 1, runtimes: Vec::new(), shards: vec![None; SHARDS] };
    let cid = world.store.put(&index.to_bytes()).await.unwrap();
    let error = Archive::open(world.store.clone(), GENESIS, &cid).await.unwrap_err().to_string();
    assert!(error.contains("another chain") && error.contains(&cid.to_string()), "{error}");
    for garbage in [&b"garbage"[..], b"MCLI1", b"MCLS1"] {
        let cid = world.store.put(garbage).await.unwrap();
        assert!(Archive::open(world.store.clone(), GENESIS, &cid).await.is_err());
    }
}

#[tokio::test]
async fn a_patient_whom_the_archive_does_not_know_has_no_blocks() {
    let world = World::new();
    let (_, newest) = world.two().await;
    let archive = world.archive(newest).await;
    let unknown = AccountId32([5; 32]);
    let read = archive.blocks_of(&unknown, &secret(5), &LogHead::default(), |_| ()).await.unwrap();
    assert_eq!(read, []);
    assert!(archive.runtimes(&[block(0, &["early"])]).await.is_err(), "no runtime made block 0");
}

#[tokio::test]
async fn metadata_of_another_version_than_the_index_says_is_of_no_use() {
    let world = World::new();
    let tested = include_bytes!("../../metadata/medchain.scale");
    let metadata = world.store.put(tested).await.unwrap();
    let read = async |version| {
        let runtimes = vec![ArchivedRuntime { first: 1, version, metadata: metadata.clone() }];
        let shards = vec![None; SHARDS];
        let index = Index { genesis: GENESIS.0, block: 50, runtimes, shards };
        let cid = world.store.put(&index.to_bytes()).await.unwrap();
        let archive = Archive::open(world.store.clone(), GENESIS, &cid).await.unwrap();
        archive.runtimes(&log()).await.map(|_| ())
    };
    let error = read(77).await.unwrap_err().to_string();
    assert!(error.contains("another version") && error.contains("metadata"), "{error}");
}

#[test]
fn a_shard_has_each_patient_once() {
    let mut shard = Shard { genesis: GENESIS.0, logs: Vec::new() };
    let cid = |byte| Cid::new(CidCodec::Raw, [byte; 32]);
    for (patient, piece) in [(OTHER, 1), (PATIENT, 2), (OTHER, 3)] {
        shard.set(patient, cid(piece), 7);
    }
    assert_eq!(shard.logs, [(PATIENT, cid(2), 7), (OTHER, cid(3), 7)]);
    assert_eq!(Shard::read(&shard.to_bytes()).unwrap(), shard);
}
