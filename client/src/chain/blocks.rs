//! Following the chain.

use futures::{stream, stream::BoxStream, StreamExt};
use subxt::rpcs::{client::RpcSubscription, methods::legacy::NumberOrHex};

use super::{compat::Needs, connect::Header, Chain, ChainError, ChainEvent, Finality};
use crate::H256;

/// A block and what happened in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockEvents {
    /// Its height.
    pub number: u32,
    /// Its hash.
    pub hash: H256,
    /// The hash of the block before it.
    pub parent: H256,
    /// Its events, in order.
    pub events: Vec<ChainEvent>,
}

impl Chain {
    /// Every block from the current one on.
    ///
    /// Whatever happens after this returns is in the stream, however late its next
    /// item is requested: follow first, then read the state, and nothing is missed.
    ///
    /// With [`Finality::Finalised`] each height comes once, without gaps. With
    /// [`Finality::Best`] a height comes again where a fork replaced its block.
    /// After an error the same block is tried again; the stream ends when the
    /// connection does.
    pub async fn blocks(
        &self,
        finality: Finality,
    ) -> Result<BoxStream<'static, Result<BlockEvents, ChainError>>, ChainError> {
        // subxt's own streams subscribe only when they are first polled.
        let heads = self.subscribe(finality).await?;
        let follower = Follower { chain: self.clone(), finality, heads, next: None, newest: 0 };
        let blocks = stream::unfold(follower, |mut follower| async move {
            let block = follower.next().await?;
            Some((block, follower))
        });
        Ok(blocks.boxed())
    }
}

impl Chain {
    /// The height of each new head from the current one on, and nothing else of it: for whoever
    /// only wants to know that there is something to read. Heights may be skipped, and come again.
    ///
    /// As with [`Chain::blocks`], follow first, then read. The stream ends when the connection does.
    pub async fn heights(
        &self,
        finality: Finality,
    ) -> Result<BoxStream<'static, Result<u32, ChainError>>, ChainError> {
        let heads = self.subscribe(finality).await?;
        let heights = heads.map(|head| match head {
            Ok(head) => Ok(u32::try_from(head.number).unwrap_or(u32::MAX)),
            Err(error) => Err(ChainError::from_rpc(&error)),
        });
        Ok(heights.boxed())
    }

    /// What happened in a final block, or in the best one of this height.
    pub async fn events_of(&self, number: u32) -> Result<Vec<ChainEvent>, ChainError> {
        Ok(self.block_events(number.into()).await?.events)
    }

    async fn subscribe(&self, finality: Finality) -> Result<RpcSubscription<Header>, ChainError> {
        let rpc = &self.inner.rpc;
        match finality {
            Finality::Finalised => self.rpc(rpc.chain_subscribe_finalized_heads()).await,
            Finality::Best => self.rpc(rpc.chain_subscribe_new_heads()).await,
        }
    }
}

struct Follower {
    chain: Chain,
    finality: Finality,
    heads: RpcSubscription<Header>,
    /// The next height to yield, once a block was yielded.
    next: Option<u64>,
    /// The newest height that the node announced.
    newest: u64,
}

impl Follower {
    async fn next(&mut self) -> Option<Result<BlockEvents, ChainError>> {
        loop {
            if let Some(next) = self.next.filter(|next| *next <= self.newest) {
                let block = self.chain.block_events(next).await;
                if block.is_ok() {
                    self.next = Some(next.saturating_add(1));
                }
                return Some(block);
            }
            let head = match self.heads.next().await? {
                Ok(head) => head.number,
                Err(error) => return Some(Err(ChainError::from_rpc(&error))),
            };
            // A node may skip heights when several blocks come at once, and
            // go back where a fork becomes the best chain.
            self.next = Some(match (self.next, self.finality) {
                (Some(next), Finality::Finalised) => next,
                (Some(next), Finality::Best) => next.min(head),
                (None, _) => head,
            });
            self.newest = head;
        }
    }
}

impl Chain {
    async fn block_events(&self, number: u64) -> Result<BlockEvents, ChainError> {
        let rpc = &self.inner.rpc;
        let hash = self.rpc(rpc.chain_get_block_hash(Some(NumberOrHex::Number(number)))).await?;
        let hash = hash.ok_or_else(|| ChainError::Other {
            reason: format!("the node does not know its own block {number}"),
        })?;
        let header = self.header(hash).await?;
        let view = self.view(hash, &header, Needs::History).await?;
        Ok(BlockEvents {
            number: view.number(),
            hash,
            parent: header.parent_hash,
            events: view.events().await?,
        })
    }
}
