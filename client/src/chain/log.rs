//! The log of a patient, read from its end back to its begin.
//!
//! The chain links every event about a patient to the one before (see `pallet-emr`). The last
//! link is proven against the header of a final block; each block then tells where the one before
//! is. So reading costs as much as there are entries, however long the chain is, and a node that
//! leaves out, alters or invents an entry is noticed.
//!
//! *Invariant:* no entry is used before the links prove it. What is not in the log is the node's
//! word: that the last block is one of the chain, the times of blocks, the signers, the policies
//! at the begin, and what the bytes of an entry mean.

mod all;
mod entries;
mod links;
mod past;

use codec::DecodeAll;
use futures::{stream, Stream, StreamExt};
use medchain_primitives::{log_topic, LogHead};

pub use all::BlockLogs;
#[cfg(test)]
pub(super) use entries::{as_events, by_topic, with_topic};
pub use entries::{LoggedBlock, LoggedEntry};
pub use links::{walk, Link, Links, LogSource};
pub use past::PastRuntime;

use super::{
    event::{self, PastEvent},
    history::{first_without, is_pruned},
    items::StorageItem,
    proof::{keys, ProofError, ReadProof},
    Chain, ChainError, History,
};
use crate::{AccountId32, H256};

/// How many blocks are requested at once.
const AT_ONCE: usize = 16;

/// The end of a patient's log at a final block.
#[derive(Clone, Debug)]
pub struct Log {
    chain: Chain,
    patient: AccountId32,
    head: LogHead<u32>,
    /// The final block.
    at: (u32, H256),
}

impl Chain {
    /// Reads the end of a patient's log, with a proof, at the newest final block.
    ///
    /// Errors: [`ChainError::BrokenLog`] where the node does not prove it.
    pub async fn log_of(&self, patient: AccountId32) -> Result<Log, ChainError> {
        let (hash, header) = self.final_head().await?;
        let block = u32::try_from(header.number).unwrap_or(u32::MAX);
        let proof = self.read_proof(hash, &[keys::log(&patient)]).await?;
        let (head, number) = proven_end(&proof, &patient, block)?;
        Ok(Log { chain: self.clone(), patient, head, at: (number, hash) })
    }

    /// The first block, of those up to `newest`, that is not older than a time in milliseconds
    /// since 1970, by the node's word.
    ///
    /// Errors: [`ChainError::StatePruned`] where the node has discarded the states of that time.
    pub async fn first_block_since(&self, time: u64, newest: u32) -> Result<u32, ChainError> {
        let first = self.first_not_older(time, newest).await?;
        // Otherwise the search ended where the states begin, not at the time.
        match first.checked_sub(1) {
            Some(block) if !self.has_state(block).await? => {
                Err(ChainError::StatePruned { block, first })
            }
            _ => Ok(first),
        }
    }

    /// The same, where a block whose state the node has discarded counts as older.
    async fn first_not_older(&self, time: u64, newest: u32) -> Result<u32, ChainError> {
        let is_older = async |number: u32| {
            let hash = self.existing(number).await?;
            match self.raw(&keys::timestamp(), hash).await {
                Ok(bytes) => Ok(milliseconds(bytes)? < time),
                Err(ChainError::Node { message, .. }) if is_pruned(&message) => Ok(true),
                Err(other) => Err(other),
            }
        };
        match is_older(newest).await? {
            true => Ok(newest.saturating_add(1)),
            // The first block has no time.
            false => first_without(0, newest, is_older).await,
        }
    }
}

impl Log {
    /// The proven end of the log.
    pub fn head(&self) -> LogHead<u32> {
        self.head
    }

    /// The final block at which the end was read.
    pub fn number(&self) -> u32 {
        self.at.0
    }

    /// The hash of that block, whose header proves the end. That it is a block of the chain is
    /// the node's word.
    pub fn block_hash(&self) -> H256 {
        self.at.1
    }

    /// Finds the blocks with entries, from the end back, until `stops` says so of what was before.
    ///
    /// `step` is told how many entries there are up to the last one that was found.
    ///
    /// Errors: [`ChainError::StatePruned`], [`ChainError::BrokenLog`].
    pub async fn links(
        &self,
        stops: impl Fn(&LogHead<u32>) -> bool,
        step: impl FnMut(u32),
    ) -> Result<Links, ChainError> {
        walk(self, self.head, stops, step).await
    }

    /// Prepares to read the blocks from `first` on.
    ///
    /// Errors: [`ChainError::StatePruned`], [`ChainError::UnreadableBlocks`].
    pub async fn history(&self, first: u32) -> Result<History, ChainError> {
        self.chain.history(first, self.at.0).await
    }

    /// The blocks of these links, in order, each compared with its link.
    ///
    /// Errors: [`ChainError::BrokenLog`] names the first block that differs.
    pub fn blocks<'a>(
        &'a self,
        history: &'a History,
        links: &'a [Link],
    ) -> impl Stream<Item = Result<LoggedBlock, ChainError>> + 'a {
        stream::iter(links)
            .map(move |link| async move {
                let block = self.block(history, link.block()).await?;
                link.check(block.entries.iter().map(|entry| entry.event.as_slice()))?;
                Ok(block)
            })
            .buffered(AT_ONCE)
    }

    async fn block(&self, history: &History, number: u32) -> Result<LoggedBlock, ChainError> {
        let hash = self.chain.existing(number).await?;
        let (time, default) = (keys::timestamp(), keys::default_policy());
        let (events, time, default) = futures::try_join!(
            history.raw_events(number, hash),
            self.chain.raw(&time, hash),
            self.chain.raw(&default, hash),
        )?;
        let (events, runtime) = events;
        let topic = H256(log_topic(&self.patient.0));
        let entries = entries::with_topic(&events, topic)?;
        let signers = event::signers(&events, runtime.metadata_ref())?;
        Ok(LoggedBlock {
            number,
            hash: hash.0,
            time: milliseconds(time)?,
            default_policy: default
                .map(|bytes| account(StorageItem::DEFAULT_POLICY, &bytes))
                .transpose()?,
            entries: entries
                .into_iter()
                .map(|entry| {
                    let signer = entry.extrinsic.and_then(|index| signers.get(&index).copied());
                    LoggedEntry { signer, ..entry }
                })
                .collect(),
        })
    }
}

impl LogSource for Log {
    async fn head_after(&self, number: u32) -> Result<LogHead<u32>, ChainError> {
        let hash = self.chain.existing(number).await?;
        match self.chain.raw(&keys::log(&self.patient), hash).await {
            Ok(bytes) => decoded(bytes),
            Err(ChainError::Node { message, .. }) if is_pruned(&message) => {
                let first = self.chain.first_with_state(number, self.at.0).await?;
                Err(ChainError::StatePruned { block: number, first })
            }
            Err(other) => Err(other),
        }
    }
}

impl History {
    /// The entries of a block as events, in its order.
    pub fn logged_events(&self, block: &LoggedBlock) -> Result<Vec<PastEvent>, ChainError> {
        let runtime = self.runtime_of(block.number)?;
        let events = runtime.events().from_bytes(entries::as_events(block));
        event::read_all(&events, runtime.metadata_ref())
    }
}

/// The end of a patient's log, and the height of the block, as a proof shows them. Where it shows
/// nothing, the error names `block`.
///
/// Whether the proof is of the block that was asked for is not looked at.
pub(super) fn proven_end(
    proof: &ReadProof,
    patient: &AccountId32,
    block: u32,
) -> Result<(LogHead<u32>, u32), ChainError> {
    let unproven = |error: ProofError| ChainError::BrokenLog {
        block,
        what: format!("the node does not prove its end: {error}"),
    };
    let state = proof.open().map_err(unproven)?;
    let head = decoded(state.value(&keys::log(patient)).map_err(unproven)?)?;
    // The header is hashed, and the number is in it.
    Ok((head, u32::try_from(state.number()).unwrap_or(u32::MAX)))
}

fn decoded(bytes: Option<Vec<u8>>) -> Result<LogHead<u32>, ChainError> {
    let Some(bytes) = bytes else { return Ok(LogHead::default()) };
    LogHead::decode_all(&mut bytes.as_slice())
        .map_err(|error| ChainError::decode(StorageItem::LOGS, error))
}

fn milliseconds(bytes: Option<Vec<u8>>) -> Result<u64, ChainError> {
    u64::decode_all(&mut bytes.unwrap_or_default().as_slice())
        .map_err(|error| ChainError::decode(StorageItem::NOW, error))
}

fn account(item: StorageItem, mut bytes: &[u8]) -> Result<AccountId32, ChainError> {
    AccountId32::decode_all(&mut bytes).map_err(|error| ChainError::decode(item, error))
}
