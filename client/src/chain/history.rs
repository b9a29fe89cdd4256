//! What happened in past blocks.
//!
//! A block costs two requests, its hash and one storage value, and no runtime is
//! run: which runtime executed a block is found by bisection, because versions
//! change seldom and only rise.
//!
//! *Invariant:* nothing is read here but events, [`StorageItem::HISTORY`] and
//! [`StorageItem::HISTORY_REQUEST`], because nothing else of an older runtime is compared.

use codec::{Compact, Decode};
use futures::{stream, Stream, StreamExt};
use medchain_primitives::{RecordId, RequestId};
use subxt::{config::polkadot::PolkadotConfig, events::Events, rpcs::methods::legacy::NumberOrHex};

use super::{
    compat::Needs,
    event::{self, PastEvent},
    items::StorageItem,
    proof::keys::{events, last_runtime_upgrade, timestamp},
    view::{AtBlock, View},
    Chain, ChainError, PastRequest,
};
use crate::{AccountId32, H256};

/// How many blocks are requested at once.
const AT_ONCE: usize = 32;

/// A past block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastBlock {
    /// Its height.
    pub number: u32,
    /// Its hash.
    pub hash: H256,
    /// Its events, in order.
    pub events: Vec<PastEvent>,
}

/// A range of blocks, ready to be read.
#[derive(Clone, Debug)]
pub struct History {
    chain: Chain,
    from: u32,
    to: u32,
    /// The first block that each runtime executed, and a block with that runtime's
    /// metadata, in order. The first entry is that of `from`.
    runtimes: Vec<(u32, AtBlock)>,
    /// The states after the first block and after the last.
    begin: View,
    end: View,
}

impl Chain {
    /// Prepares to read the blocks `from` up to and including `to`, which must
    /// exist.
    ///
    /// Errors: [`ChainError::StatePruned`] where the node pruned the state of
    /// `from`, [`ChainError::UnreadableBlocks`] where a runtime of these blocks has
    /// other events.
    pub async fn history(&self, from: u32, to: u32) -> Result<History, ChainError> {
        if !self.has_state(from).await? {
            let first = self.first_with_state(from, to).await?;
            return Err(ChainError::StatePruned { block: from, first });
        }
        let mut runtimes = Vec::new();
        let mut first = from;
        loop {
            let version = self.executed_by(first).await?;
            let by_it = async |number| Ok(self.executed_by(number).await? == version);
            let next = match by_it(to).await? {
                true => None,
                false => Some(first_without(first, to, by_it).await?),
            };
            let runtime = self.past(first).await.and_then(|view| view.executed_by().cloned());
            runtimes.push((first, runtime.map_err(|error| until(error, first, next))?));
            let Some(next) = next else { break };
            first = next;
        }
        let (begin, end) = (self.past(from).await?, self.past(to).await?);
        Ok(History { chain: self.clone(), from, to, runtimes, begin, end })
    }

    /// The hash of the block `number` of the best chain, if there is one.
    pub async fn hash_of(&self, number: u32) -> Result<Option<H256>, ChainError> {
        let number = Some(NumberOrHex::Number(number.into()));
        self.rpc(self.inner.rpc.chain_get_block_hash(number)).await
    }

    pub(super) async fn existing(&self, number: u32) -> Result<H256, ChainError> {
        self.hash_of(number).await?.ok_or_else(|| ChainError::Other {
            reason: format!("the node does not have block {number}"),
        })
    }

    /// The state at a block that an older runtime may have made.
    async fn past(&self, number: u32) -> Result<View, ChainError> {
        let hash = self.existing(number).await?;
        let header = self.header(hash).await?;
        self.view(hash, &header, Needs::History).await
    }

    pub(super) async fn raw(&self, key: &[u8], at: H256) -> Result<Option<Vec<u8>>, ChainError> {
        self.rpc(self.inner.rpc.state_get_storage(key, Some(at))).await
    }

    /// The version of the runtime that executed a block. The block in which an
    /// upgrade takes effect is still executed by the runtime before.
    async fn executed_by(&self, number: u32) -> Result<u32, ChainError> {
        const ITEM: StorageItem = StorageItem::LAST_RUNTIME_UPGRADE;
        let hash = self.existing(number).await?;
        let bytes = self.raw(&last_runtime_upgrade(), hash).await?;
        let bytes = bytes.ok_or_else(|| ChainError::decode(ITEM, "it is missing"))?;
        let version = Compact::<u32>::decode(&mut bytes.as_slice());
        version.map(|version| version.0).map_err(|error| ChainError::decode(ITEM, error))
    }

    /// Whether the node has a block and still has its state.
    pub(super) async fn has_state(&self, number: u32) -> Result<bool, ChainError> {
        let Some(hash) = self.hash_of(number).await? else {
            return Ok(false);
        };
        match self.raw(&last_runtime_upgrade(), hash).await {
            Ok(_) => Ok(true),
            Err(ChainError::Node { message, .. }) if is_pruned(&message) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The first block after `low`, whose state is pruned, that has one. States are
    /// pruned in the order of their blocks.
    pub(super) async fn first_with_state(&self, low: u32, to: u32) -> Result<u32, ChainError> {
        let high = match self.has_state(to).await? {
            true => to,
            false => u32::try_from(self.final_head().await?.1.number).unwrap_or(u32::MAX),
        };
        first_without(low, high, async |number| Ok(!self.has_state(number).await?)).await
    }
}

/// Adds to an error of a runtime which blocks it made.
fn until(error: ChainError, first: u32, next: Option<u32>) -> ChainError {
    match error {
        ChainError::UnreadableBlocks { what, .. } => {
            ChainError::UnreadableBlocks { first, next, what }
        }
        error => error,
    }
}

/// The first number after `low` for which `holds` is false. It must be true for
/// `low`, false for `high`, and change only once between them.
pub(super) async fn first_without(
    mut low: u32,
    mut high: u32,
    holds: impl AsyncFn(u32) -> Result<bool, ChainError>,
) -> Result<u32, ChainError> {
    while high.saturating_sub(low) > 1 {
        let middle = low.saturating_add(high.saturating_sub(low) / 2);
        if holds(middle).await? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(high)
}

/// Whether a node's message says that it pruned a state.
pub(super) fn is_pruned(message: &str) -> bool {
    ["State already discarded", "UnknownBlock"].iter().any(|words| message.contains(words))
}

impl History {
    /// The blocks, in order, several requested at once.
    pub fn blocks(&self) -> impl Stream<Item = Result<PastBlock, ChainError>> + '_ {
        stream::iter(self.from..=self.to).map(|number| self.block(number)).buffered(AT_ONCE)
    }

    async fn block(&self, number: u32) -> Result<PastBlock, ChainError> {
        let hash = self.chain.existing(number).await?;
        let (events, runtime) = self.raw_events(number, hash).await?;
        let events = event::read_all(&events, runtime.metadata_ref())?;
        Ok(PastBlock { number, hash, events })
    }

    /// The events of a block, with a block that has the metadata to decode them.
    pub(super) async fn raw_events(
        &self,
        number: u32,
        hash: H256,
    ) -> Result<(Events<PolkadotConfig>, &AtBlock), ChainError> {
        let bytes = match self.chain.raw(&events(), hash).await {
            // It was still there when the reading began.
            Err(ChainError::Node { message, .. }) if is_pruned(&message) => {
                let first = self.chain.first_with_state(number, self.to).await?;
                return Err(ChainError::StatePruned { block: number, first });
            }
            other => other?.unwrap_or_default(),
        };
        let runtime = self.runtime_of(number)?;
        Ok((runtime.events().from_bytes(bytes), runtime))
    }

    /// A block with the metadata of the runtime that executed the block `number`.
    pub(super) fn runtime_of(&self, number: u32) -> Result<&AtBlock, ChainError> {
        let found = self.runtimes.iter().rev().find(|(first, _)| *first <= number);
        found.map(|(_, runtime)| runtime).ok_or_else(|| ChainError::Other {
            reason: format!("block {number} is before the requested range"),
        })
    }

    /// The policy contract that a patient had chosen after the first block.
    pub async fn own_policy_of(
        &self,
        patient: &AccountId32,
    ) -> Result<Option<AccountId32>, ChainError> {
        self.begin.own_policy_of(patient).await
    }

    /// The policy contract, after the first block, of patients who chose none.
    pub async fn default_policy(&self) -> Result<Option<AccountId32>, ChainError> {
        self.begin.default_policy().await
    }

    /// The numbers of the records that a patient had after the last block.
    pub async fn record_ids_of(&self, patient: &AccountId32) -> Result<Vec<RecordId>, ChainError> {
        self.end.record_ids_of(patient).await
    }

    /// A request as it was after the last block.
    pub async fn request(&self, id: RequestId) -> Result<Option<PastRequest>, ChainError> {
        self.end.past_request(id).await
    }

    /// The time of the last block in milliseconds since 1970.
    pub async fn end_time(&self) -> Result<u64, ChainError> {
        self.end.timestamp().await
    }

    /// The time of a block in milliseconds since 1970.
    pub async fn time(&self, hash: H256) -> Result<u64, ChainError> {
        let bytes = self.chain.raw(&timestamp(), hash).await?.unwrap_or_default();
        u64::decode(&mut bytes.as_slice())
            .map_err(|error| ChainError::decode(StorageItem::NOW, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_without_is_found_with_few_questions() {
        let check = |low, high, first| {
            let asked = std::cell::Cell::new(0);
            let holds = async |number| {
                asked.set(asked.get() + 1);
                Ok(number < first)
            };
            let found = futures::executor::block_on(first_without(low, high, holds));
            assert_eq!(found, Ok(first));
            assert!(asked.get() <= 32, "{}", asked.get());
        };
        check(0, 1, 1);
        check(3, 10, 4);
        check(3, 10, 10);
        check(1, u32::MAX, 1_000_003);
    }

    #[test]
    fn the_messages_about_pruned_states_are_known() {
        assert!(is_pruned("Client error: UnknownBlock: State already discarded for 0x12"));
        assert!(!is_pruned("too many requests"));
    }
}
