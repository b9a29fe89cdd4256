//! Requesting blocks ahead, in their order.

use std::collections::BTreeMap;

use cid::Cid as BlockCid;
use futures::{future::BoxFuture, stream::FuturesUnordered, FutureExt, StreamExt};

use super::{check_kind, verify, BlockSource, MAX_BLOCK};
use crate::store::StoreError;

type Fetched = Result<Vec<u8>, StoreError>;

/// A block that is to be read.
pub(super) struct Wanted {
    /// Its name.
    pub cid: BlockCid,
    /// The bytes of content under it, as its parent promised.
    pub promised: Option<u64>,
    /// The number of the request for it, once that was made.
    pub ticket: Option<u64>,
}

impl Wanted {
    /// One that was not requested yet.
    pub fn new(cid: BlockCid, promised: Option<u64>) -> Self {
        Self { cid, promised, ticket: None }
    }
}

/// Requests that were made, and how much may still be fetched.
pub(super) struct Window<'a> {
    source: &'a dyn BlockSource,
    running: FuturesUnordered<BoxFuture<'a, (u64, Fetched)>>,
    /// Blocks that came before their turn.
    early: BTreeMap<u64, Fetched>,
    tickets: u64,
    limit: u64,
    blocks: u64,
    bytes: u64,
}

impl<'a> Window<'a> {
    /// Nothing is requested yet; the content may have `limit` bytes.
    pub fn new(source: &'a dyn BlockSource, limit: u64) -> Self {
        Self {
            source,
            running: FuturesUnordered::new(),
            early: BTreeMap::new(),
            tickets: 0,
            limit,
            // Other tools make smaller leaves; 4 KiB is far below all of them.
            blocks: 64 + limit / 4096,
            // Nodes of a tree add less than one part in a thousand.
            bytes: limit.saturating_add(limit / 8).saturating_add(MAX_BLOCK as u64),
        }
    }

    /// Requests what comes next, which is last, as far as there is room.
    pub fn look_ahead(&mut self, pending: &mut [Wanted]) {
        let most = self.source.at_once();
        for wanted in pending.iter_mut().rev().take(most) {
            if self.running.len() + self.early.len() >= most {
                break;
            }
            if wanted.ticket.is_none() {
                // What must not be requested is an error when its turn comes.
                wanted.ticket = self.request(&wanted.cid).ok();
            }
        }
    }

    fn request(&mut self, cid: &BlockCid) -> Result<u64, StoreError> {
        check_kind(cid)?;
        let too_large = StoreError::TooLarge { limit: self.limit };
        self.blocks = self.blocks.checked_sub(1).ok_or(too_large)?;
        let (source, cid, ticket) = (self.source, *cid, self.tickets);
        self.tickets += 1;
        self.running.push(async move { (ticket, source.block(&cid).await) }.boxed());
        Ok(ticket)
    }

    /// The block whose turn it is, verified.
    pub async fn block(&mut self, cid: &BlockCid, ticket: Option<u64>) -> Fetched {
        let ticket = ticket.map_or_else(|| self.request(cid), Ok)?;
        let block = loop {
            if let Some(fetched) = self.early.remove(&ticket) {
                break fetched?;
            }
            match self.running.next().await {
                Some((other, fetched)) => _ = self.early.insert(other, fetched),
                // A request ends with an answer: this one was made, and not taken.
                None => return Err(StoreError::NotFound { cid: cid.to_string() }),
            }
        };
        if block.len() > MAX_BLOCK {
            // It is not hashed, so it may be anything.
            return Err(StoreError::Corrupt {
                cid: cid.to_string(),
                reason: format!("the block is larger than {MAX_BLOCK} bytes"),
            });
        }
        // Before it is counted: wrong bytes from one store must not make content too
        // large, because no other store is asked after that error.
        verify(cid, &block)?;
        let too_large = StoreError::TooLarge { limit: self.limit };
        self.bytes = self.bytes.checked_sub(block.len() as u64).ok_or(too_large)?;
        Ok(block)
    }
}
