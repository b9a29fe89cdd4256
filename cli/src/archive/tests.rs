//! An archive over a chain and a store that the tests make up, killed between its steps.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    path::Path,
    rc::Rc,
    sync::Arc,
};

use anyhow::{bail, Result};
use async_trait::async_trait;
use medchain_client::{
    archive::Archive,
    chain::{BlockLogs, LogHead, LoggedBlock, LoggedEntry},
    crypto::EncryptionSecret,
    store::{Kept, LocalStore, Progress, Store, StoreError, Stored, Unpinned},
    AccountId32, H256,
};
use medchain_primitives::{log_topic, Cid, EncryptionKey};

use super::{keeper::FULL, ChainLogs, Folder, Keeper};

const GENESIS: H256 = H256([7; 32]);
const ALICE: AccountId32 = AccountId32([1; 32]);
const BOB: AccountId32 = AccountId32([2; 32]);

fn secret(of: &AccountId32) -> EncryptionSecret {
    EncryptionSecret::of_account(&of.0)
}

fn topic(patient: &AccountId32) -> H256 {
    H256(log_topic(&patient.0))
}

/// What the chain has.
#[derive(Default)]
struct Chain {
    blocks: RefCell<BTreeMap<u32, BTreeMap<H256, LoggedBlock>>>,
    /// The end of each log after each block with entries.
    heads: RefCell<BTreeMap<(AccountId32, u32), LogHead<u32>>>,
    /// From which block on an account has no key.
    keyless: RefCell<BTreeMap<AccountId32, u32>>,
    runtime: Cell<u32>,
    named: RefCell<Vec<Cid>>,
}

thread_local! {
    /// How many more steps the program takes before it is killed: questions to the chain, and what
    /// it does in the store and in its folder.
    static LIFE: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Whether the program lives to take the next step.
pub fn lives() -> Result<()> {
    match LIFE.get() {
        Some(0) => bail!("killed"),
        Some(left) => LIFE.set(Some(left - 1)),
        None => {}
    }
    Ok(())
}

/// A store of which a program that was killed wants nothing any more.
#[derive(Debug)]
struct Mortal(LocalStore);

#[async_trait]
impl Store for Mortal {
    async fn put_with_progress(
        &self,
        bytes: &[u8],
        progress: Progress<'_>,
    ) -> Result<Stored, StoreError> {
        lives().map_err(|_| StoreError::NotFound { cid: "killed".into() })?;
        self.0.put_with_progress(bytes, progress).await
    }

    async fn get_with_progress(
        &self,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, StoreError> {
        self.0.get_with_progress(cid, limit, progress).await
    }

    async fn unpin(&self, cid: &Cid) -> Vec<Unpinned> {
        match lives() {
            Ok(()) => self.0.unpin(cid).await,
            Err(_) => Vec::new(),
        }
    }

    async fn kept(&self) -> Vec<Kept> {
        self.0.kept().await
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

impl Chain {
    /// Adds a block with an entry of each of these patients.
    fn add(&self, number: u32, patients: &[AccountId32], text: &[u8]) {
        let mut logs = BTreeMap::new();
        for patient in patients {
            let event = [&[3, 4], &patient.0[..], text].concat();
            self.link(number, patient, event, &mut logs);
        }
        self.blocks.borrow_mut().insert(number, logs);
    }

    /// Adds a block with an entry that does not name the patient.
    fn add_unnamed(&self, number: u32, patient: &AccountId32) {
        let mut logs = BTreeMap::new();
        self.link(number, patient, b"a request".to_vec(), &mut logs);
        self.blocks.borrow_mut().insert(number, logs);
    }

    fn link(
        &self,
        number: u32,
        patient: &AccountId32,
        event: Vec<u8>,
        logs: &mut BTreeMap<H256, LoggedBlock>,
    ) {
        let entries = vec![LoggedEntry { index: 0, extrinsic: None, signer: None, event }];
        let (hash, time, default_policy) = ([5; 32], 6, None);
        let block = LoggedBlock { number, hash, time, default_policy, entries };
        let head = block.head_after(self.head(patient, number));
        self.heads.borrow_mut().insert((*patient, number), head);
        logs.insert(topic(patient), block);
    }

    fn head(&self, patient: &AccountId32, number: u32) -> LogHead<u32> {
        let heads = self.heads.borrow();
        let mut until = heads.range((*patient, 0)..=(*patient, number));
        until.next_back().map(|(_, head)| *head).unwrap_or_default()
    }

    /// Hides a block without entries of anybody else, as a node that lies; returns it.
    fn hide(&self, number: u32) -> BTreeMap<H256, LoggedBlock> {
        self.blocks.borrow_mut().remove(&number).unwrap_or_default()
    }

    /// What the chain has of a patient.
    fn log(&self, patient: &AccountId32) -> Vec<LoggedBlock> {
        let blocks = self.blocks.borrow();
        blocks.values().filter_map(|logs| logs.get(&topic(patient)).cloned()).collect()
    }
}

impl ChainLogs for Rc<Chain> {
    async fn logs_in(&self, number: u32) -> Result<BlockLogs> {
        lives()?;
        let logs = self.blocks.borrow().get(&number).cloned().unwrap_or_default();
        Ok(BlockLogs { number, runtime: self.runtime.get(), logs })
    }

    async fn patient_of(&self, wanted: H256, _: u32) -> Result<Option<AccountId32>> {
        lives()?;
        Ok([ALICE, BOB].into_iter().find(|patient| topic(patient) == wanted))
    }

    async fn head_after(&self, patient: &AccountId32, number: u32) -> Result<LogHead<u32>> {
        lives()?;
        Ok(self.head(patient, number))
    }

    async fn metadata_of(&self, _: u32) -> Result<Vec<u8>> {
        lives()?;
        Ok(format!("metadata {}", self.runtime.get()).into_bytes())
    }

    async fn key_of(&self, account: &AccountId32) -> Result<Option<EncryptionKey>> {
        lives()?;
        let has_key = !self.keyless.borrow().contains_key(account);
        Ok(has_key.then(|| secret(account).public()))
    }

    async fn key_at(&self, account: &AccountId32, number: u32) -> Result<Option<EncryptionKey>> {
        lives()?;
        let has_key = self.keyless.borrow().get(account).is_none_or(|since| number < *since);
        Ok(has_key.then(|| secret(account).public()))
    }

    async fn name(&self, index: &Cid) -> Result<bool> {
        lives()?;
        let mut named = self.named.borrow_mut();
        let is_new = named.last() != Some(index);
        if is_new {
            named.push(index.clone());
        }
        Ok(is_new)
    }
}

struct World {
    chain: Rc<Chain>,
    store: Arc<dyn Store>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        LIFE.set(None);
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Mortal(LocalStore::open(folder.path().join("store")).unwrap()));
        Self { chain: Rc::default(), store, folder }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("archive")
    }

    fn keeper(&self) -> Keeper<Rc<Chain>> {
        let folder = Folder::open(&self.path(), GENESIS).unwrap();
        Keeper::open(self.chain.clone(), self.store.clone(), folder).unwrap()
    }

    /// Reads up to a block and publishes, as one run of the program.
    async fn run(&self, to: u32) -> Result<Option<Cid>> {
        let mut keeper = self.keeper();
        while keeper.next() <= to {
            keeper.collect().await?;
        }
        keeper.publish().await
    }

    /// What a patient finds in the newest index.
    async fn found(&self, patient: &AccountId32) -> Vec<LoggedBlock> {
        let index = self.chain.named.borrow().last().cloned().expect("an index is named");
        self.found_in(&index, patient).await
    }

    /// What a patient finds in an index.
    async fn found_in(&self, index: &Cid, patient: &AccountId32) -> Vec<LoggedBlock> {
        let archive = Archive::open(self.store.clone(), GENESIS, index).await.unwrap();
        let known = LogHead::default();
        archive.blocks_of(patient, &secret(patient), &known, |_| ()).await.unwrap()
    }

    /// A run that is killed after so many steps; whether it was.
    async fn killed_after(&self, life: u32, to: u32) -> bool {
        LIFE.set(Some(life));
        let outcome = self.run(to).await;
        let is_over = LIFE.get() == Some(0);
        LIFE.set(None);
        outcome.is_err() || is_over
    }

    async fn kept(&self) -> usize {
        let kept = self.store.kept().await;
        kept.into_iter().map(|one| one.cids.unwrap().len()).sum()
    }
}

#[tokio::test]
async fn each_patient_finds_all_entries_and_no_others() {
    let world = World::new();
    world.chain.add(2, &[ALICE, BOB], b"registered");
    world.chain.add(5, &[ALICE], b"added");
    world.run(6).await.unwrap();
    world.chain.add(9, &[BOB], b"asked");
    world.run(10).await.unwrap();
    for patient in [ALICE, BOB] {
        assert_eq!(world.found(&patient).await, world.chain.log(&patient));
    }
    assert_eq!(world.found(&ALICE).await.len(), 2);
}

#[tokio::test]
async fn a_run_without_new_entries_names_nothing() {
    let world = World::new();
    world.chain.add(2, &[ALICE], b"registered");
    assert!(world.run(6).await.unwrap().is_some());
    assert_eq!(world.run(90).await.unwrap(), None);
    assert_eq!(world.chain.named.borrow().len(), 1);
}

#[tokio::test]
async fn killed_at_any_step_it_loses_and_doubles_nothing() {
    let mut life = 0;
    loop {
        let world = World::new();
        let chain = &world.chain;
        chain.add(2, &[ALICE, BOB], b"registered");
        chain.add_unnamed(3, &ALICE);
        chain.add(5, &[ALICE, BOB], &vec![9; FULL]);
        chain.add(6, &[BOB], b"asked");
        let was_killed = world.killed_after(life, 7).await;
        world.run(8).await.unwrap();
        for patient in [ALICE, BOB] {
            assert_eq!(world.found(&patient).await, chain.log(&patient), "{life}");
        }
        if !was_killed {
            assert!(life > 20, "it takes more than {life} steps");
            break;
        }
        life += 1;
    }
}

/// Also while it replaces what it has: readers find what the chain names, and what it named before.
#[tokio::test]
async fn killed_at_any_step_it_lets_go_of_nothing_that_is_named() {
    let mut life = 0;
    loop {
        let world = World::new();
        let chain = &world.chain;
        chain.add(2, &[ALICE, BOB], b"registered");
        chain.add(3, &[BOB], &vec![9; FULL]);
        world.run(3).await.unwrap();
        chain.add(4, &[ALICE, BOB], b"asked");
        world.run(4).await.unwrap();
        let indices = chain.named.borrow().clone();
        assert_eq!(indices.len(), 2);
        let before = [chain.log(&ALICE), chain.log(&BOB)];
        chain.add(6, &[ALICE], b"added");
        chain.add(7, &[BOB], &vec![8; FULL]);
        let was_killed = world.killed_after(life, 8).await;
        // The newest index that is named, and the one before.
        let named = chain.named.borrow().clone();
        for index in named.iter().rev().take(2) {
            for patient in [ALICE, BOB] {
                assert!(!world.found_in(index, &patient).await.is_empty(), "{life}");
            }
        }
        for (patient, log) in [ALICE, BOB].into_iter().zip(before) {
            assert_eq!(world.found_in(&indices[1], &patient).await, log, "{life}");
        }
        world.run(9).await.unwrap();
        for patient in [ALICE, BOB] {
            assert_eq!(world.found(&patient).await, chain.log(&patient), "{life}");
        }
        if !was_killed {
            assert!(life > 20, "it takes more than {life} steps");
            break;
        }
        life += 1;
    }
}

/// As where somebody registers and leaves in one block.
#[tokio::test]
async fn a_patient_without_a_key_is_taken_up_with_the_next_entry() {
    let world = World::new();
    world.chain.keyless.borrow_mut().insert(BOB, 0);
    world.chain.add(2, &[ALICE, BOB], b"registered");
    world.chain.add(3, &[BOB], &vec![9; 2 * FULL]);
    world.run(4).await.unwrap();
    assert_eq!(world.found(&ALICE).await.len(), 1);
    assert_eq!(world.found(&BOB).await, []);
    let waiting = || Folder::open(&world.path(), GENESIS).unwrap().progress().unwrap().waiting;
    assert!(waiting().is_empty(), "nothing is done for him at each index");
    world.chain.keyless.borrow_mut().clear();
    world.chain.add(5, &[BOB], b"registered again");
    world.run(5).await.unwrap();
    assert_eq!(world.found(&BOB).await, world.chain.log(&BOB));
    assert!(waiting().is_empty());
}

#[tokio::test]
async fn an_index_that_is_no_longer_named_is_named_again() {
    let world = World::new();
    world.chain.add(2, &[ALICE], b"registered");
    let index = world.run(2).await.unwrap().unwrap();
    // Its account removed it, or another account goes on.
    world.chain.named.borrow_mut().clear();
    assert_eq!(world.run(3).await.unwrap(), Some(index.clone()));
    assert_eq!(world.chain.named.borrow().as_slice(), [index]);
    assert_eq!(world.run(4).await.unwrap(), None);
    assert_eq!(world.found(&ALICE).await, world.chain.log(&ALICE));
}

#[tokio::test]
async fn a_long_log_has_few_pieces_and_what_is_replaced_is_let_go() {
    let world = World::new();
    // A quarter of a piece in each of 40 blocks, and a run after each.
    for number in 1..=40 {
        world.chain.add(number, &[ALICE], &vec![7; FULL / 4]);
        world.run(number).await.unwrap();
    }
    assert_eq!(world.found(&ALICE).await, world.chain.log(&ALICE));
    // Ten or so pieces, index and shard, each twice, and the metadata.
    let kept = world.kept().await;
    assert!(kept < 20, "{kept} files are kept");
}

#[tokio::test]
async fn the_index_before_stays_readable_until_the_next() {
    let world = World::new();
    world.chain.add(1, &[ALICE], b"registered");
    let before = world.run(1).await.unwrap().unwrap();
    let log = world.chain.log(&ALICE);
    world.chain.add(2, &[ALICE], b"added");
    world.run(2).await.unwrap();
    let archive = Archive::open(world.store.clone(), GENESIS, &before).await.unwrap();
    let known = LogHead::default();
    let found = archive.blocks_of(&ALICE, &secret(&ALICE), &known, |_| ()).await.unwrap();
    assert_eq!(found, log);
}

#[tokio::test]
async fn every_runtime_is_kept_once() {
    let world = World::new();
    world.chain.add(2, &[ALICE], b"registered");
    world.run(3).await.unwrap();
    world.chain.runtime.set(1);
    world.chain.add(5, &[ALICE], b"added");
    world.run(6).await.unwrap();
    let index = world.chain.named.borrow().last().cloned().unwrap();
    let bytes = world.store.get(&index, 1 << 20).await.unwrap();
    let index = medchain_client::archive::Index::read(&bytes).unwrap();
    let runtimes: Vec<_> = index.runtimes.iter().map(|one| (one.first, one.version)).collect();
    assert_eq!(runtimes, [(1, 0), (4, 1)]);
    assert_eq!(index.block, 6);
}

#[tokio::test]
async fn a_node_that_leaves_an_entry_out_is_noticed() {
    let world = World::new();
    world.chain.add(2, &[ALICE], b"registered");
    world.chain.add(3, &[ALICE], b"added");
    world.chain.blocks.borrow_mut().remove(&2);
    let error = world.run(4).await.unwrap_err().to_string();
    assert!(error.contains("block 3") && error.contains("ask another"), "{error}");
    assert!(world.chain.named.borrow().is_empty());
}

#[tokio::test]
async fn what_the_store_lost_is_put_there_again() {
    let world = World::new();
    world.chain.add(2, &[ALICE], b"registered");
    world.chain.add(3, &[BOB], b"registered");
    let index = world.run(3).await.unwrap().unwrap();
    let folder = Folder::open(&world.path(), GENESIS).unwrap();
    let progress = folder.progress().unwrap();
    drop(folder);
    let metadata = progress.runtimes[0].metadata.clone();
    let shards = progress.shards.into_iter().flatten();
    for cid in shards.chain([index.clone(), metadata.clone()]) {
        world.store.unpin(&cid).await;
        assert!(world.store.get(&cid, 1 << 20).await.is_err());
    }
    let mut keeper = world.keeper();
    assert!(keeper.mend().await.unwrap().is_empty());
    keeper.publish().await.unwrap();
    drop(keeper);
    for patient in [ALICE, BOB] {
        assert_eq!(world.found(&patient).await, world.chain.log(&patient));
    }
    assert!(world.store.get(&metadata, 1 << 20).await.is_ok());
    // Where the node does not have it any more either, it is said.
    world.store.unpin(&metadata).await;
    world.chain.runtime.set(9);
    assert_eq!(world.keeper().mend().await.unwrap(), [metadata]);
}

#[tokio::test]
async fn what_a_node_left_out_is_read_from_another_however_old_it_is() {
    let world = World::new();
    let chain = &world.chain;
    chain.add(2, &[ALICE, BOB], b"registered");
    chain.add(3, &[ALICE], b"added");
    chain.add(5, &[ALICE], b"asked");
    // Of the blocks 3 and 5, everything about her.
    let hidden: Vec<_> = [3, 5].map(|number| (number, chain.hide(number))).into();
    world.run(300).await.unwrap();
    assert_eq!(world.found(&ALICE).await, chain.log(&ALICE)[..1]);
    chain.add(301, &[ALICE, BOB], b"shared");
    let error = world.run(302).await.unwrap_err().to_string();
    assert!(error.contains("block 301") && error.contains("ask another"), "{error}");
    chain.blocks.borrow_mut().extend(hidden);
    world.run(303).await.unwrap();
    for patient in [ALICE, BOB] {
        assert_eq!(world.found(&patient).await, chain.log(&patient));
    }
    assert_eq!(world.found(&ALICE).await.len(), 4);
}

#[test]
fn a_folder_is_of_one_chain_and_one_program() {
    let world = World::new();
    let folder = Folder::open(&world.path(), GENESIS).unwrap();
    let error = |genesis| Folder::open(&world.path(), genesis).unwrap_err().to_string();
    assert!(error(GENESIS).contains("another program"), "{}", error(GENESIS));
    let progress = folder.progress().unwrap();
    folder.keep_progress(&progress).unwrap();
    drop(folder);
    let other = Folder::open(&world.path(), H256([8; 32])).unwrap();
    assert!(other.progress().unwrap_err().to_string().contains("another chain"));
    drop(other);
    damage(&world.path().join("progress"));
    let folder = Folder::open(&world.path(), GENESIS).unwrap();
    assert!(folder.progress().unwrap_err().to_string().contains("damaged"));
}

fn damage(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_log_that_begins_without_naming_its_patient_is_found_by_its_topic() {
    let world = World::new();
    world.chain.add_unnamed(3, &BOB);
    world.run(3).await.unwrap();
    assert_eq!(world.found(&BOB).await, world.chain.log(&BOB));
}

#[tokio::test]
async fn a_patient_who_left_finds_everything() {
    let world = World::new();
    let chain = &world.chain;
    chain.add(2, &[BOB], b"registered");
    world.run(2).await.unwrap();
    chain.add(3, &[BOB], &vec![9; FULL]);
    let mut keeper = world.keeper();
    // A full piece replaces the one that the shard names, and then there is no key any more.
    keeper.collect().await.unwrap();
    chain.keyless.borrow_mut().insert(BOB, 4);
    chain.add(4, &[BOB], b"left");
    keeper.collect().await.unwrap();
    assert!(keeper.publish().await.unwrap().is_some());
    drop(keeper);
    for number in 5..8 {
        assert_eq!(world.found(&BOB).await, chain.log(&BOB));
        assert_eq!(world.run(number).await.unwrap(), None, "nothing is new");
    }
}

#[tokio::test]
async fn an_archive_that_begins_after_a_patient_left_has_the_whole_log() {
    let world = World::new();
    let chain = &world.chain;
    chain.add(2, &[BOB], b"registered");
    for number in 3..6 {
        chain.add(number, &[BOB], &vec![9; FULL]);
    }
    chain.add(6, &[BOB], b"left");
    chain.keyless.borrow_mut().insert(BOB, 6);
    world.run(7).await.unwrap();
    assert_eq!(world.found(&BOB).await, chain.log(&BOB));
    let log = Folder::open(&world.path(), GENESIS).unwrap().log(&topic(&BOB)).unwrap().unwrap();
    assert_eq!(log.open.len(), 1, "full pieces are not kept in the folder");
}
