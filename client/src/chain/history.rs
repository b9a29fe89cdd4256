//! What happened in blocks that are long past.
//!
//! A block costs two requests, its hash and one storage value, and no runtime
//! is run: which runtime made a block is found by bisection, as it changes
//! seldom, and never back.

use codec::{Compact, Decode};
use futures::{stream, Stream, StreamExt};
use subxt::rpcs::methods::legacy::NumberOrHex;

use super::{
    event,
    proof::keys::{events, last_runtime_upgrade, timestamp},
    Chain, ChainError, ChainEvent, View,
};
use crate::H256;

/// How many blocks are asked for at once.
const AT_ONCE: usize = 32;

/// A block of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastBlock {
    /// Its height.
    pub number: u32,
    /// Its hash.
    pub hash: H256,
    /// Its events, in order.
    pub events: Vec<PastEvent>,
}

/// An event and its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEvent {
    /// The index of the extrinsic that caused it, if one did.
    pub extrinsic: Option<u32>,
    /// What happened.
    pub event: ChainEvent,
}

/// A range of blocks, ready to be read.
#[derive(Clone, Debug)]
pub struct History {
    chain: Chain,
    from: u32,
    to: u32,
    /// From which block on which runtime's metadata counts, in order. The first
    /// is that of `from`.
    runtimes: Vec<(u32, View)>,
}

impl Chain {
    /// Prepares to read the blocks `from` up to and including `to`, which must
    /// exist.
    ///
    /// Errors: [`ChainError::StatePruned`] where the node threw the state of
    /// `from` away, [`ChainError::Incompatible`] where this program does not fit
    /// a runtime of these blocks.
    pub async fn history(&self, from: u32, to: u32) -> Result<History, ChainError> {
        if !self.has_state(from).await? {
            let first = self.first_with_state(from, to).await?;
            return Err(ChainError::StatePruned { block: from, first });
        }
        let mut runtimes = Vec::new();
        let mut first = from;
        loop {
            let version = self.made_by(first).await?;
            runtimes.push((first, self.view_of_runtime(first, version).await?));
            if self.made_by(to).await? == version {
                break;
            }
            let made_by_it = async |number| Ok(self.made_by(number).await? == version);
            first = first_without(first, to, made_by_it).await?;
        }
        Ok(History { chain: self.clone(), from, to, runtimes })
    }

    /// The hash of the block `number` of the best chain, if there is one.
    pub async fn hash_of(&self, number: u32) -> Result<Option<H256>, ChainError> {
        let number = Some(NumberOrHex::Number(number.into()));
        self.rpc(self.inner.rpc.chain_get_block_hash(number)).await
    }

    async fn existing(&self, number: u32) -> Result<H256, ChainError> {
        self.hash_of(number).await?.ok_or_else(|| ChainError::Other {
            reason: format!("the node does not know the block {number}"),
        })
    }

    /// The state at a block, given by its height.
    ///
    /// Errors: as of [`Chain::at`].
    pub async fn at_number(&self, number: u32) -> Result<View, ChainError> {
        let hash = self.existing(number).await?;
        self.view(hash, number.into()).await
    }

    async fn raw(&self, key: &[u8], at: H256) -> Result<Option<Vec<u8>>, ChainError> {
        self.rpc(self.inner.rpc.state_get_storage(key, Some(at))).await
    }

    /// The version of the runtime that made a block. The block in which an
    /// upgrade takes effect is still made by the runtime before.
    async fn made_by(&self, number: u32) -> Result<u32, ChainError> {
        const WHAT: &str = "System.LastRuntimeUpgrade";
        let hash = self.existing(number).await?;
        let bytes = self.raw(&last_runtime_upgrade(), hash).await?;
        let bytes = bytes.ok_or_else(|| ChainError::decode(WHAT, "there is none"))?;
        let version = Compact::<u32>::decode(&mut bytes.as_slice());
        version.map(|version| version.0).map_err(|error| ChainError::decode(WHAT, error))
    }

    /// A state whose runtime is the one that made the block `number`.
    async fn view_of_runtime(&self, number: u32, version: u32) -> Result<View, ChainError> {
        let view = self.at_number(number).await?;
        if view.spec_version() == version {
            return Ok(view);
        }
        // An upgrade took effect in this very block.
        self.at_number(number.saturating_sub(1)).await
    }

    /// Whether the node has a block and still knows its state.
    async fn has_state(&self, number: u32) -> Result<bool, ChainError> {
        let Some(hash) = self.hash_of(number).await? else {
            return Ok(false);
        };
        match self.raw(&last_runtime_upgrade(), hash).await {
            Ok(_) => Ok(true),
            Err(ChainError::Node { message, .. }) if is_pruned(&message) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The first block after `low`, whose state is gone, that has one. States are
    /// thrown away in the order of their blocks.
    async fn first_with_state(&self, low: u32, to: u32) -> Result<u32, ChainError> {
        let high = if self.has_state(to).await? { to } else { self.finalised().await?.number() };
        first_without(low, high, async |number| Ok(!self.has_state(number).await?)).await
    }
}

/// The first number after `low` for which `holds` does not hold: it does for
/// `low`, not for `high`, and after the first no never again.
async fn first_without(
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

/// How a node says that it threw a state away.
fn is_pruned(message: &str) -> bool {
    ["State already discarded", "UnknownBlock"].iter().any(|words| message.contains(words))
}

impl History {
    /// The blocks, in order, several asked for at once.
    pub fn blocks(&self) -> impl Stream<Item = Result<PastBlock, ChainError>> + '_ {
        stream::iter(self.from..=self.to).map(|number| self.block(number)).buffered(AT_ONCE)
    }

    async fn block(&self, number: u32) -> Result<PastBlock, ChainError> {
        let hash = self.chain.existing(number).await?;
        let bytes = match self.chain.raw(&events(), hash).await {
            // It was still there when the reading began.
            Err(ChainError::Node { message, .. }) if is_pruned(&message) => {
                let first = self.chain.first_with_state(number, self.to).await?;
                return Err(ChainError::StatePruned { block: number, first });
            }
            other => other?.unwrap_or_default(),
        };
        Ok(PastBlock { number, hash, events: self.runtime_of(number)?.past_events(bytes)? })
    }

    /// A view with the metadata of the runtime that made a block.
    fn runtime_of(&self, number: u32) -> Result<&View, ChainError> {
        let made_it = self.runtimes.iter().rev().find(|(first, _)| *first <= number);
        made_it.map(|(_, view)| view).ok_or_else(|| ChainError::Other {
            reason: format!("block {number} is before those that were asked for"),
        })
    }

    /// The time of a block in milliseconds since 1970.
    pub async fn time(&self, hash: H256) -> Result<u64, ChainError> {
        let bytes = self.chain.raw(&timestamp(), hash).await?.unwrap_or_default();
        u64::decode(&mut bytes.as_slice())
            .map_err(|error| ChainError::decode("Timestamp.Now", error))
    }
}

impl View {
    /// The events in the bytes of `System.Events`.
    fn past_events(&self, bytes: Vec<u8>) -> Result<Vec<PastEvent>, ChainError> {
        let events = self.at.events().from_bytes(bytes);
        let mut all = Vec::new();
        for event in events.iter() {
            let event = event.map_err(ChainError::from_subxt)?;
            all.push(PastEvent {
                extrinsic: event::extrinsic_of(&event),
                event: event::read(&event, self.metadata())?,
            });
        }
        Ok(all)
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
    fn what_nodes_say_of_states_that_are_gone_is_known() {
        assert!(is_pruned("Client error: UnknownBlock: State already discarded for 0x12"));
        assert!(!is_pruned("too many requests"));
    }
}
