//! Looking at what a store has of content, without taking it.

use std::collections::BTreeSet;

use cid::Cid as BlockCid;
use medchain_primitives::Cid;

use super::{
    dag::{self, BlockSource, DAG_PB},
    unixfs::Node,
    StoreError,
};

/// The largest content that is looked at block by block, in bytes.
pub(super) const MOST: u64 = 1 << 36;

/// How closely a store is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Whether it has all blocks. Those that link to others are read and verified. That the others
    /// are there, and how large they are, a folder's files say, and the pin of an IPFS node.
    Present,
    /// Whether all blocks have the hash in their CID: each of them is read.
    Verified,
}

/// What a store has of content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// All of it, as far as it was looked at.
    Whole,
    /// Nothing of it, or nothing that it keeps.
    Nothing,
    /// A part of it is missing, or not what it was: which, and how.
    Damaged(String),
}

/// What one store has of content.
#[derive(Debug)]
pub struct Looked {
    /// The store, as [`super::Store::describe`] names it.
    pub store: String,
    /// What it has, or why that is not known.
    pub found: Result<Found, StoreError>,
}

impl Looked {
    /// Whether the store said that it has not all of it.
    pub fn is_lacking(&self) -> bool {
        matches!(self.found, Ok(Found::Nothing | Found::Damaged(_)))
    }
}

/// Looks at what a source has of the content of `root`.
pub(super) async fn at(
    source: &dyn BlockSource,
    root: &Cid,
    depth: Depth,
) -> Result<Found, StoreError> {
    let looked = match depth {
        Depth::Present => present(source, root).await,
        Depth::Verified => dag::verify_tree(source, root, MOST).await,
    };
    found(root, looked)
}

/// What follows from an attempt to read the content of `root`.
pub(super) fn found(root: &Cid, read: Result<(), StoreError>) -> Result<Found, StoreError> {
    match read {
        Ok(()) => Ok(Found::Whole),
        Err(StoreError::NotFound { cid }) if cid == root.as_str() => Ok(Found::Nothing),
        Err(StoreError::NoFolder { .. }) => Ok(Found::Nothing),
        Err(error @ (StoreError::NotFound { .. } | StoreError::Corrupt { .. })) => {
            Ok(Found::Damaged(error.cause()))
        }
        Err(error) => Err(error),
    }
}

/// Checks that a source has all blocks under `root`, and reads those that link to others.
async fn present(source: &dyn BlockSource, root: &Cid) -> Result<(), StoreError> {
    let root = dag::block_cid(root)?;
    let mut pending = vec![(root, None)];
    // A tree is untrusted: one whose nodes link to the same ones again and again has no end.
    let mut seen = BTreeSet::from([root]);
    while let Some((cid, promised)) = pending.pop() {
        match promised {
            Some(size) if cid.codec() != DAG_PB => source.has(&cid, size).await?,
            _ => {
                let block = source.block(&cid).await?;
                dag::verify(&cid, &block)?;
                for (link, size) in links(&cid, &block)? {
                    if seen.insert(link) {
                        pending.push((link, Some(size)));
                    }
                }
            }
        }
    }
    Ok(())
}

/// The blocks that a block links to, each with the bytes of content under it.
fn links(cid: &BlockCid, block: &[u8]) -> Result<Vec<(BlockCid, u64)>, StoreError> {
    if cid.codec() != DAG_PB {
        return Ok(Vec::new());
    }
    let node = Node::read(block).map_err(|reason| StoreError::Unsupported {
        cid: cid.to_string(),
        reason: reason.into(),
    })?;
    Ok(node.links)
}
