//! A block with what its transactions did.

use std::sync::Arc;

use crate::{
    chain::{compat::Needs, Chain, ChainError, ChainEvent, PastEvent},
    H256,
};

/// A block with what its transactions did.
pub struct Executed {
    hash: H256,
    /// Its height.
    pub number: u32,
    extrinsics: Vec<Vec<u8>>,
    events: Vec<PastEvent>,
}

impl Executed {
    /// What a transaction did; `None` where it is not in this block.
    pub fn events_of(&self, encoded: &[u8]) -> Option<Vec<ChainEvent>> {
        let index = self.extrinsics.iter().position(|extrinsic| extrinsic == encoded)?;
        let index = u32::try_from(index).ok()?;
        let own = self.events.iter().filter(|one| one.extrinsic == Some(index));
        Some(own.map(|one| one.event.clone()).collect())
    }
}

impl Chain {
    /// Reads a block for one of its transactions.
    ///
    /// The others wait for it: a worker has as many in a block as it has answered requests, and
    /// each would read and decode all of it again.
    pub(in crate::chain) async fn executed(&self, hash: H256) -> Result<Arc<Executed>, ChainError> {
        let mut last = self.inner.executed.lock().await;
        if let Some(block) = last.as_ref().filter(|block| block.hash == hash) {
            return Ok(block.clone());
        }
        let found = self.rpc(self.inner.rpc.chain_get_block(Some(hash))).await?;
        let block = found.ok_or(ChainError::BlockNotFound { hash })?.block;
        let view = self.view(hash, &block.header, Needs::History).await?;
        let events = view.past_events().await?;
        let extrinsics = block.extrinsics.into_iter().map(|extrinsic| extrinsic.0).collect();
        let block = Arc::new(Executed { hash, number: view.number(), extrinsics, events });
        *last = Some(block.clone());
        Ok(block)
    }
}
