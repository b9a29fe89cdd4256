//! Storing content and naming it on chain, once, however often it is interrupted.
//!
//! | before | on disk is |
//! | --- | --- |
//! | the first write to a store | the content key, sealed to one's own account; the encrypted content and its CID |
//! | a transaction is handed over | the transaction |
//! | the report | where it is on chain |
//!
//! After a definite refusal, the stores are asked to let go of the content.

use anyhow::{bail, Context as _, Error, Result};
use async_trait::async_trait;
use medchain_client::{
    chain::{ChainError, Note, Transaction, TxOutcome},
    crypto::ContentKey,
    keys::Identity,
    store,
};
use medchain_primitives::Cid;

use super::{named, Done, Held, Stage};
use crate::exit;

/// The stores that may have content that is needed no more.
#[async_trait]
pub trait Stores: Send {
    /// Asks the stores to let go of content, unless something on chain names it.
    async fn let_go(&mut self, cid: &Cid) -> Result<()>;
    /// A moment between two steps.
    async fn between(&mut self) {}
}

/// What a publication needs from the world.
#[async_trait]
pub trait World: Stores {
    /// Makes what is to be stored, under a new key where it is encrypted.
    fn create(&mut self) -> Result<(Option<ContentKey>, Vec<Vec<u8>>)>;
    /// Checks that the chain would take it, and has the fee confirmed.
    async fn prepare(&mut self, key: Option<&ContentKey>, contents: &[Vec<u8>]) -> Result<()>;
    /// Stores content.
    async fn put(&mut self, bytes: &[u8]) -> Result<()>;
    /// Signs and sends what was prepared.
    async fn submit(&mut self, note: Note<'_>) -> Result<TxOutcome>;
    /// Waits for the fate of a transaction that was signed before.
    async fn settle(&mut self, transaction: &Transaction) -> Result<TxOutcome>;
    /// The numbers that the chain gave what has these `contents`, by the events of its
    /// transaction, which may have published others as well.
    fn numbers(&self, outcome: &TxOutcome, contents: &[Cid]) -> Result<Vec<u64>>;
    /// Where the chain has what has these `contents` already, although no transaction of the
    /// journal says so; none where they do not tell, as a model's files, which anybody has.
    async fn found(&mut self, _contents: &[Cid]) -> Result<Option<Done>> {
        Ok(None)
    }
    /// The newest block that is final for the node.
    async fn height(&mut self) -> Result<u32>;
    /// Whether what was published before is still on chain.
    async fn stands(&mut self, numbers: &[u64], contents: &[Cid]) -> Result<bool>;
}

/// What is published.
pub struct Task<'a> {
    /// The account that publishes it.
    pub identity: &'a Identity,
    /// What it is, for people, with [`FILE`](super::FILE) for the path of its file.
    pub what: String,
    /// The arguments of `medchain` that go on with it, with the same for the path.
    pub command: Vec<String>,
    /// The path of its file, if that says more than what is published.
    pub path: Option<String>,
    /// Whether to publish it once more.
    pub again: bool,
}

/// A publication on chain.
#[derive(Clone, Debug)]
pub struct Landed {
    /// The transaction; without its events, where an earlier command had finished.
    pub outcome: TxOutcome,
    /// The numbers that the chain gave it.
    pub numbers: Vec<u64>,
    /// The key of its content; none where it has none, or an earlier command had finished.
    pub key: Option<ContentKey>,
    /// The CIDs of its content.
    pub cids: Vec<Cid>,
    /// Whether an earlier command had published it.
    pub was_done: bool,
}

/// Publishes something, or goes on with that. The journal says at every moment what is to be
/// done.
pub async fn publish<W: World>(world: &mut W, held: &mut Held, task: &Task<'_>) -> Result<Landed> {
    held.call(task.path.as_deref());
    if let Some(landed) = before(world, held, task).await? {
        return Ok(landed);
    }
    if held.entry.as_ref().is_some_and(|entry| entry.transaction.is_some()) {
        world.between().await;
        if let Some(landed) = settle(world, held, task).await? {
            return Ok(landed);
        }
    }
    let kept = held.kept(task.identity)?;
    // A transaction of many is noted in one entry after the other: a program that was killed
    // between two of them has signed one that this entry does not have.
    if let Some(landed) = found(world, held, kept.as_ref().map(|(key, _)| key)).await? {
        return Ok(landed);
    }
    let (key, contents) = match kept {
        Some((key, contents)) => (Some(key), contents),
        None => world.create()?,
    };
    let cids: Vec<Cid> = contents.iter().map(|bytes| store::cid_of(bytes)).collect();
    let is_begun = held.entry.as_ref().is_some_and(|entry| entry.cids() == cids);
    if !is_begun && held.entry.is_some() {
        // What was kept is damaged, or the files differ now.
        abandon(world, held).await?;
    }
    world.prepare(key.as_ref(), &contents).await?;
    world.between().await;
    if !is_begun {
        let begun = (task.what.as_str(), &task.command[..], task.path.as_deref());
        held.begin(task.identity, begun, key.as_ref(), &contents)?;
    }
    exit::begun(Some(format!(
        "{} is begun and not on chain; the same command goes on with it, and so does \
         `medchain resume`",
        named::shown(&task.what, task.path.as_deref())
    )));
    world.between().await;
    for bytes in &contents {
        world.put(bytes).await?;
        world.between().await;
    }
    held.reach(Stage::Stored)?;
    world.between().await;
    let submitted = world
        .submit(&mut |transaction| {
            held.sign(Some(transaction.clone())).map_err(|error| format!("{error:#}"))
        })
        .await;
    world.between().await;
    match submitted {
        Ok(outcome) => land(world, held, outcome, key).await,
        Err(error) => failed(world, held, error, key.as_ref()).await,
    }
}

/// What an earlier command finished.
async fn before<W: World>(
    world: &mut W,
    held: &mut Held,
    task: &Task<'_>,
) -> Result<Option<Landed>> {
    let Some(entry) = held.entry.clone() else { return Ok(None) };
    match &entry.stage {
        Stage::Done(done) => {
            if !task.again {
                // Before anything else is asked: a node that catches up meanwhile is no reason
                // to believe what it said before.
                let height = world.height().await?;
                if world.stands(&done.numbers, &entry.cids()).await? {
                    let (numbers, cids) = (done.numbers.clone(), entry.cids());
                    let outcome = done.outcome();
                    return Ok(Some(Landed { outcome, numbers, key: None, cids, was_done: true }));
                }
                done.ensure_reached(height)?;
            }
            held.forget()?;
        }
        Stage::Abandoned => abandon(world, held).await?,
        Stage::Begun | Stage::Stored => {}
    }
    Ok(None)
}

/// Waits for the transaction of an earlier command. None where it certainly has no effect, and
/// another may be signed.
async fn settle<W: World>(
    world: &mut W,
    held: &mut Held,
    task: &Task<'_>,
) -> Result<Option<Landed>> {
    let transaction = held.entry.as_ref().and_then(|entry| entry.transaction.clone());
    let Some(transaction) = transaction else { return Ok(None) };
    let key = held.kept(task.identity).ok().flatten().map(|(key, _)| key);
    match world.settle(&transaction).await {
        Ok(outcome) => land(world, held, outcome, key).await.map(Some),
        Err(error) if certainty(&error) == Certainty::NoEffect => {
            held.sign(None)?;
            Ok(None)
        }
        Err(error) => failed(world, held, error, key.as_ref()).await.map(Some),
    }
}

/// Finishes what the chain has already.
async fn found<W: World>(
    world: &mut W,
    held: &mut Held,
    key: Option<&ContentKey>,
) -> Result<Option<Landed>> {
    let cids = held.entry.as_ref().map(super::Entry::cids).unwrap_or_default();
    if cids.is_empty() {
        return Ok(None);
    }
    let Some(done) = world.found(&cids).await? else { return Ok(None) };
    let (outcome, numbers) = (done.outcome(), done.numbers.clone());
    held.finish(done)?;
    exit::begun(None);
    world.between().await;
    Ok(Some(Landed { outcome, numbers, key: key.cloned(), cids, was_done: true }))
}

async fn land<W: World>(
    world: &mut W,
    held: &mut Held,
    outcome: TxOutcome,
    key: Option<ContentKey>,
) -> Result<Landed> {
    let cids = held.entry.as_ref().map(super::Entry::cids).unwrap_or_default();
    let numbers = world.numbers(&outcome, &cids)?;
    held.finish(Done::new(&outcome, numbers.clone()))?;
    exit::begun(None);
    world.between().await;
    Ok(Landed { outcome, numbers, key, cids, was_done: false })
}

/// What is left to do after an error, and the error with what follows from it; no error where the
/// chain refuses what it has already.
async fn failed<W: World>(
    world: &mut W,
    held: &mut Held,
    error: Error,
    key: Option<&ContentKey>,
) -> Result<Landed> {
    let left = match certainty(&error) {
        // Whoever repeats the command finds the transaction.
        Certainty::Unknown => return Err(error.context(unknown(held))),
        Certainty::NoEffect => held.sign(None),
        Certainty::Refused => match found(world, held, key).await {
            Ok(Some(landed)) => return Ok(landed),
            Ok(None) => abandon(world, held).await,
            // Whoever repeats the command asks again.
            Err(further) => Err(further),
        },
    };
    match left {
        Ok(()) => Err(error),
        Err(further) => Err(error.context(format!("{further:#}"))),
    }
}

/// What is unknown, with the content by which it is found, and how.
fn unknown(held: &Held) -> String {
    let what = held.entry.as_ref().map_or_else(|| "it".to_owned(), super::Entry::what);
    let cids = held.entry.as_ref().map(super::Entry::cids).unwrap_or_default();
    let cids: Vec<String> = cids.iter().map(ToString::to_string).collect();
    format!("{what} (CID {}; `medchain resume` finds out)", cids.join(", "))
}

/// Asks the stores to let go of the content of something that will never be on chain, and
/// forgets it.
pub async fn abandon<S: Stores>(world: &mut S, held: &mut Held) -> Result<()> {
    let Some(entry) = held.entry.clone() else { return Ok(()) };
    if entry.transaction.is_some() {
        held.sign(None)?;
    }
    if entry.stage != Stage::Abandoned {
        held.reach(Stage::Abandoned)?;
    }
    world.between().await;
    for cid in entry.cids() {
        world.let_go(&cid).await.with_context(|| {
            format!("the content {cid} is in a store still; see `medchain store check`")
        })?;
        world.between().await;
    }
    held.forget()?;
    world.between().await;
    Ok(())
}

/// What an error says about the transaction in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It may have an effect.
    Unknown,
    /// It has none, and the same call may be signed again.
    NoEffect,
    /// The chain refuses the call.
    Refused,
}

/// What an error of sending says.
pub fn certainty(error: &Error) -> Certainty {
    match error.chain().find_map(|cause| cause.downcast_ref::<ChainError>()) {
        Some(error) if error.is_unknown() => Certainty::Unknown,
        Some(
            ChainError::Dispatch(_)
            | ChainError::InsufficientFunds { .. }
            | ChainError::Pool { temporary: false, .. },
        ) => Certainty::Refused,
        _ => Certainty::NoEffect,
    }
}

impl Landed {
    /// The first of its numbers.
    pub fn number(&self) -> Result<u64> {
        match self.numbers.first() {
            Some(number) => Ok(*number),
            None => bail!("the journal does not say which number the chain gave it"),
        }
    }
}
