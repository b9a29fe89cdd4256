//! Programs that are killed at every step, and repeated.

mod behind;
mod folder;
mod left;
mod pictures;
mod together;

use std::{
    collections::BTreeSet,
    fs,
    sync::{Arc, Mutex},
};

use anyhow::{bail, Result};
use async_trait::async_trait;
use futures::FutureExt;
use medchain_client::{
    chain::{ChainError, EmrError, FailureKind, Note, Transaction, TxOutcome},
    crypto::{self, ContentKey},
    keys::Identity,
    store, AccountId32, H256,
};
use medchain_primitives::Cid;

use super::*;

/// What outlives a killed program: the chain and the store.
#[derive(Default)]
struct Outside {
    /// The CIDs of the records, in order.
    records: Vec<String>,
    /// The transactions of records.
    included: Vec<Transaction>,
    /// Those that a node has, and no block.
    pool: Vec<Transaction>,
    stored: BTreeSet<String>,
    /// What the next transactions meet.
    refuses: bool,
    unreachable: bool,
    signed: u64,
    /// Whether the node does not have the newest blocks yet.
    behind: bool,
    /// How often somebody who looks for a record does not see it yet.
    unseen: usize,
}

impl Outside {
    /// The number of the record with this content.
    fn number(&self, contents: &[Cid]) -> Option<u64> {
        let cid = contents.first()?;
        let at = self.records.iter().position(|one| one == cid.as_str());
        at.map(|at| at as u64)
    }
}

/// A program that stops for ever after so many steps.
struct Program {
    outside: Arc<Mutex<Outside>>,
    film: Vec<u8>,
    steps_left: Option<usize>,
    /// How many steps it took.
    steps: usize,
    prepared: Option<String>,
}

impl Program {
    async fn step(&mut self) {
        self.steps += 1;
        if self.steps_left.is_some_and(|left| self.steps > left) {
            // Killed: nothing after this runs.
            std::future::pending::<()>().await;
        }
    }

    fn include(&self, transaction: &Transaction) -> TxOutcome {
        let mut outside = self.outside.lock().unwrap();
        let is_new = !outside.included.contains(transaction);
        if is_new {
            // One for each line.
            let cids = String::from_utf8(transaction.bytes.clone()).unwrap();
            outside.records.extend(cids.lines().map(str::to_owned));
            outside.included.push(transaction.clone());
        }
        outside.pool.retain(|one| one != transaction);
        TxOutcome {
            block_hash: H256([7; 32]),
            block_number: transaction.nonce as u32,
            extrinsic_hash: transaction.hash,
            fee: 1,
            events: Vec::new(),
        }
    }
}

#[async_trait]
impl Stores for Program {
    async fn let_go(&mut self, cid: &Cid) -> Result<()> {
        if self.outside.lock().unwrap().unreachable {
            bail!("the store does not answer");
        }
        self.outside.lock().unwrap().stored.remove(cid.as_str());
        self.step().await;
        Ok(())
    }

    async fn between(&mut self) {
        self.step().await;
    }
}

#[async_trait]
impl World for Program {
    fn create(&mut self) -> Result<(Option<ContentKey>, Vec<Vec<u8>>)> {
        let key = ContentKey::generate();
        let content = crypto::encrypt(&key, &[1; 32], &self.film)?;
        Ok((Some(key), vec![content]))
    }

    async fn prepare(&mut self, key: Option<&ContentKey>, contents: &[Vec<u8>]) -> Result<()> {
        let opened = crypto::decrypt(key.unwrap(), &[1; 32], &contents[0])?;
        assert_eq!(*opened, self.film);
        self.prepared = Some(store::cid_of(&contents[0]).to_string());
        Ok(())
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.outside.lock().unwrap().stored.insert(store::cid_of(bytes).to_string());
        self.step().await;
        Ok(())
    }

    async fn submit(&mut self, note: Note<'_>) -> Result<TxOutcome> {
        let transaction = {
            let mut outside = self.outside.lock().unwrap();
            outside.signed += 1;
            Transaction {
                call: "Emr.add_record".into(),
                account: AccountId32([2; 32]),
                nonce: outside.signed,
                hash: H256([outside.signed as u8; 32]),
                bytes: self.prepared.clone().unwrap().into_bytes(),
                spec_version: 1,
                since: 0,
                until: 9,
            }
        };
        note(&transaction).map_err(anyhow::Error::msg)?;
        self.step().await;
        if self.outside.lock().unwrap().refuses {
            bail!(ChainError::Dispatch(EmrError::NoGrant.into()));
        }
        if self.outside.lock().unwrap().records.contains(self.prepared.as_ref().unwrap()) {
            let (pallet, error) = ("Emr".to_owned(), "ContentAlreadyExists".to_owned());
            bail!(ChainError::Dispatch(FailureKind::Other { pallet, error }.into()));
        }
        // In the pool, while nobody waits.
        self.outside.lock().unwrap().pool.push(transaction.clone());
        self.step().await;
        let outcome = self.include(&transaction);
        self.step().await;
        Ok(outcome)
    }

    async fn settle(&mut self, transaction: &Transaction) -> Result<TxOutcome> {
        self.step().await;
        let (refuses, unreachable) = {
            let outside = self.outside.lock().unwrap();
            (outside.refuses, outside.unreachable)
        };
        if unreachable {
            bail!(transaction.unknown(ChainError::StaleNonce));
        }
        if refuses {
            bail!(ChainError::Dispatch(EmrError::NoGrant.into()));
        }
        // Handed over again if it was in no pool.
        Ok(self.include(transaction))
    }

    fn numbers(&self, _: &TxOutcome, contents: &[Cid]) -> Result<Vec<u64>> {
        Ok(self.outside.lock().unwrap().number(contents).into_iter().collect())
    }

    async fn found(&mut self, contents: &[Cid]) -> Result<Option<Done>> {
        let mut outside = self.outside.lock().unwrap();
        if outside.unseen > 0 {
            outside.unseen -= 1;
            return Ok(None);
        }
        Ok(outside.number(contents).map(|number| Done {
            numbers: vec![number],
            block_hash: H256([7; 32]),
            block_number: 1,
            extrinsic_hash: H256::default(),
            fee: "0".to_owned(),
        }))
    }

    async fn height(&mut self) -> Result<u32> {
        let outside = self.outside.lock().unwrap();
        Ok(if outside.behind { 0 } else { outside.signed as u32 })
    }

    async fn stands(&mut self, numbers: &[u64], contents: &[Cid]) -> Result<bool> {
        let outside = self.outside.lock().unwrap();
        if outside.behind {
            return Ok(false);
        }
        let record = numbers.first().and_then(|number| outside.records.get(*number as usize));
        Ok(record.map(String::as_str) == contents.first().map(Cid::as_str))
    }
}

/// A journal, and the outside world.
struct Scene {
    folder: tempfile::TempDir,
    outside: Arc<Mutex<Outside>>,
    identity: Identity,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity::open("//Alice", true).unwrap();
        Self { folder, outside: Arc::default(), identity }
    }

    fn journal(&self) -> Journal {
        Journal::at(self.folder.path().join("alice.journal"), H256([3; 32]))
    }

    /// Runs the program; none where it was killed. Also says how many steps it took.
    fn run(&self, film: &str, steps_left: Option<usize>) -> (Option<Result<Landed>>, usize) {
        self.run_again(film, steps_left, false)
    }

    fn run_again(
        &self,
        film: &str,
        steps_left: Option<usize>,
        again: bool,
    ) -> (Option<Result<Landed>>, usize) {
        let mut program = Program {
            outside: self.outside.clone(),
            film: film.as_bytes().to_vec(),
            steps_left,
            steps: 0,
            prepared: None,
        };
        let ended = async {
            let journal = self.journal();
            let tag = journal.tag(&[b"upload", film.as_bytes()])?;
            let mut held = journal.hold(&tag).await?;
            let task = Task {
                identity: &self.identity,
                what: format!("upload of {film}"),
                command: vec!["upload".into(), film.into()],
                path: None,
                again,
            };
            publish(&mut program, &mut held, &task).await
        }
        .now_or_never();
        (ended, program.steps)
    }

    /// Exactly this many records, all of whose content is stored, and nothing else.
    fn assert_whole(&self, count: usize, when: &str) {
        let outside = self.outside.lock().unwrap();
        assert_eq!(outside.records.len(), count, "{when}");
        let named: BTreeSet<String> = outside.records.iter().cloned().collect();
        assert_eq!(outside.stored, named, "{when}");
        let entries = self.journal().entries().unwrap();
        assert!(entries.iter().all(Entry::is_done), "{when}: {entries:?}");
        let files = fs::read_dir(self.journal().folder()).unwrap();
        let content = files.filter(|one| {
            one.as_ref().unwrap().file_name().to_string_lossy().ends_with(".content")
        });
        assert_eq!(content.count(), 0, "{when}");
    }
}

#[test]
fn killed_at_every_step_and_repeated_it_is_one_record_and_nothing_is_orphaned() {
    let (done, steps) = Scene::new().run("film", None);
    assert!(done.unwrap().is_ok());
    assert!(steps >= 8, "{steps}");
    for first in 0..steps {
        let scene = Scene::new();
        assert!(scene.run("film", Some(first)).0.is_none(), "{first}");
        let landed = scene.run("film", None).0.unwrap().unwrap();
        assert_eq!(landed.numbers, [0], "{first}");
        scene.assert_whole(1, &format!("killed after step {first}"));
        // And once more, as somebody does who saw nothing.
        let landed = scene.run("film", None).0.unwrap().unwrap();
        assert!(landed.was_done, "{first}");
        scene.assert_whole(1, &format!("killed after step {first}, repeated twice"));
    }
}

#[test]
fn killed_twice_it_is_still_one_record() {
    let steps = Scene::new().run("film", None).1;
    for first in 0..steps {
        for second in 0..steps {
            let scene = Scene::new();
            assert!(scene.run("film", Some(first)).0.is_none());
            // The second may need fewer steps.
            let _ = scene.run("film", Some(second));
            let landed = scene.run("film", None).0.unwrap().unwrap();
            assert_eq!(landed.numbers, [0], "{first}, {second}");
            scene.assert_whole(1, &format!("killed after {first} and {second}"));
        }
    }
}

#[test]
fn after_a_refusal_at_any_step_nothing_is_left() {
    let steps = Scene::new().run("film", None).1;
    for first in (0..steps).map(Some).chain([None]) {
        let scene = Scene::new();
        scene.outside.lock().unwrap().refuses = true;
        let killed = scene.run("film", first).0;
        if let Some(ended) = killed {
            assert_eq!(certainty(&ended.unwrap_err()), Certainty::Refused);
        } else {
            let error = scene.run("film", None).0.unwrap().unwrap_err();
            assert_eq!(certainty(&error), Certainty::Refused, "{first:?}");
        }
        scene.assert_whole(0, &format!("{first:?}"));
        assert_eq!(scene.journal().entries().unwrap(), [], "{first:?}");
        // Allowed later, it is a record like any other.
        scene.outside.lock().unwrap().refuses = false;
        assert!(scene.run("film", None).0.unwrap().is_ok());
        scene.assert_whole(1, &format!("{first:?}, allowed later"));
    }
}

#[test]
fn what_nobody_knows_stays_in_the_journal() {
    let scene = Scene::new();
    // Killed once the pool has it.
    assert!(scene.run("film", Some(5)).0.is_none());
    let entry = scene.journal().entries().unwrap().remove(0);
    assert!(entry.transaction.is_some(), "{entry:?}");
    scene.outside.lock().unwrap().unreachable = true;
    let error = scene.run("film", None).0.unwrap().unwrap_err();
    assert_eq!(certainty(&error), Certainty::Unknown);
    let said = format!("{error:#}");
    let cids = entry.cids();
    let [cid] = &cids[..] else { panic!("{entry:?}") };
    for words in ["upload of film", cid.as_str(), "`medchain resume`"] {
        assert!(said.contains(words), "no '{words}' in {said}");
    }
    assert_eq!(scene.journal().entries().unwrap(), [entry]);
    scene.outside.lock().unwrap().unreachable = false;
    assert!(scene.run("film", None).0.unwrap().is_ok());
    scene.assert_whole(1, "reachable again");
}

#[test]
fn content_that_no_store_let_go_of_is_known() {
    let scene = Scene::new();
    scene.outside.lock().unwrap().refuses = true;
    scene.outside.lock().unwrap().unreachable = true;
    let error = scene.run("film", None).0.unwrap().unwrap_err();
    assert!(format!("{error:#}").contains("medchain store check"), "{error:#}");
    let entry = scene.journal().entries().unwrap().remove(0);
    assert_eq!(entry.stage, Stage::Abandoned);
    let stored = scene.outside.lock().unwrap().stored.clone();
    assert_eq!(entry.cids().iter().map(ToString::to_string).collect::<BTreeSet<_>>(), stored);
}

#[test]
fn two_films_are_two_records_and_one_twice_only_if_asked_for() {
    let scene = Scene::new();
    for film in ["one", "two", "one"] {
        assert!(scene.run(film, None).0.unwrap().is_ok());
    }
    scene.assert_whole(2, "two films");
    assert!(!scene.run_again("one", None, true).0.unwrap().unwrap().was_done);
    scene.assert_whole(3, "once more");
    // A record that is gone is no reason to refuse.
    scene.outside.lock().unwrap().records.pop();
    assert!(!scene.run("one", None).0.unwrap().unwrap().was_done);
}

#[test]
fn damaged_content_is_let_go_of_and_made_again() {
    let scene = Scene::new();
    assert!(scene.run("film", Some(3)).0.is_none());
    let files = fs::read_dir(scene.journal().folder()).unwrap();
    let kept = files.map(|one| one.unwrap().path());
    let kept: Vec<PathBuf> =
        kept.filter(|path| path.extension().is_some_and(|end| end == "content")).collect();
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    fs::write(kept, b"half").unwrap();
    assert!(scene.run("film", None).0.unwrap().is_ok());
    scene.assert_whole(1, "damaged");
}
