//! Trees of blocks: building one from bytes, and reading one back without trusting
//! the source of its blocks.

mod window;

use std::collections::BTreeSet;

use async_trait::async_trait;
use cid::Cid as BlockCid;
use medchain_primitives::Cid;
use rust_unixfs::file::adder::{Chunker, FileAdder};
use sha2::{Digest, Sha256};

use self::window::{Wanted, Window};
use super::{unixfs::Node, Progress, ProgressUpdate, StoreError};

/// The size of a leaf, in bytes; Kubo's `size-262144`.
pub const CHUNK: usize = 262_144;
/// The largest block that is read, in bytes: the limit among IPFS nodes.
pub const MAX_BLOCK: usize = 2 * 1024 * 1024;

const RAW: u64 = 0x55;
/// The codec of blocks that link to others.
pub(super) const DAG_PB: u64 = 0x70;
const SHA2_256: u64 = 0x12;

/// A source of single blocks.
#[async_trait]
pub trait BlockSource: Send + Sync {
    /// How many blocks are requested at once, where each request takes a round trip. As many are
    /// held in memory.
    fn at_once(&self) -> usize {
        1
    }

    /// The bytes that the source has for `cid`, not verified.
    async fn block(&self, cid: &BlockCid) -> Result<Vec<u8>, StoreError>;

    /// Checks that the source has a block of `size` bytes, without reading it where it can tell.
    async fn has(&self, cid: &BlockCid, size: u64) -> Result<(), StoreError> {
        let block = self.block(cid).await?;
        ensure_size(cid, block.len() as u64, size)?;
        verify(cid, &block)
    }
}

/// Splits `bytes` as Kubo does, passes every block to `emit`, leaves first and
/// the root last, and returns the root's CID.
pub fn build(
    bytes: &[u8],
    mut emit: impl FnMut(&BlockCid, &[u8]) -> Result<(), StoreError>,
) -> Result<Cid, StoreError> {
    let mut adder = FileAdder::builder()
        .with_chunker(Chunker::Size(CHUNK))
        .with_cid_version(cid::Version::V1)
        .with_raw_leaves(true)
        .build();
    let mut root = None;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (blocks, taken) = adder.push(rest);
        for (cid, block) in blocks {
            emit(&cid, &block)?;
            root = Some(cid);
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    for (cid, block) in adder.finish() {
        emit(&cid, &block)?;
        root = Some(cid);
    }
    let root = root.ok_or_else(|| StoreError::Unsupported {
        cid: String::new(),
        reason: "the content has no root".into(),
    })?;
    to_medchain(&root)
}

/// The CID that `bytes` have in every store.
pub fn cid_of(bytes: &[u8]) -> Cid {
    build(bytes, |_, _| Ok(())).expect("emitting nothing cannot fail and every tree has a root")
}

/// Reads the content of `root` and verifies every block on the way.
///
/// The tree is untrusted: the size, the number and the sum of its blocks are bounded,
/// so that no shape of it costs much more than `limit` bytes. Blocks are requested ahead, as many
/// as [`BlockSource::at_once`] says, and used in their order.
pub async fn read(
    source: &dyn BlockSource,
    root: &Cid,
    limit: u64,
    progress: Progress<'_>,
) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    let mut take = |content: &[u8], total: u64| {
        bytes.extend_from_slice(content);
        progress(ProgressUpdate { done: bytes.len() as u64, total: Some(total) });
    };
    walk(source, root, limit, &mut take, &mut |_: &BlockCid, _: u64| true).await?;
    Ok(bytes)
}

/// Verifies every block of the content of `root` as [`read`] does, and keeps nothing of it.
///
/// A block that is linked to again and again is read once: a few of them may claim any size.
pub(super) async fn verify_tree(
    source: &dyn BlockSource,
    root: &Cid,
    limit: u64,
) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    let mut is_new = |cid: &BlockCid, size: u64| seen.insert((*cid, size));
    walk(source, root, limit, &mut |_: &[u8], _: u64| (), &mut is_new).await
}

/// Passes the content of every verified block to `take`, in order, with the number of bytes of all
/// of them. A link is followed where `is_wanted` says so of its block and size.
async fn walk(
    source: &dyn BlockSource,
    root: &Cid,
    limit: u64,
    take: &mut (dyn FnMut(&[u8], u64) + Send),
    is_wanted: &mut (dyn FnMut(&BlockCid, u64) -> bool + Send),
) -> Result<(), StoreError> {
    let root = block_cid(root)?;
    let mut window = Window::new(source, limit);
    let mut total = None;
    // The blocks still to be read, the next one last, with the size that the parent
    // promised. The sizes never add up to more than the total.
    let mut pending = vec![Wanted::new(root, None)];
    loop {
        window.look_ahead(&mut pending);
        let Some(Wanted { cid, promised, ticket }) = pending.pop() else { break };
        let block = window.block(&cid, ticket).await?;
        let corrupt =
            |reason: &str| StoreError::Corrupt { cid: cid.to_string(), reason: reason.to_owned() };
        let node = if cid.codec() == RAW {
            Node { content: &block, links: Vec::new(), size: block.len() as u64 }
        } else {
            Node::read(&block).map_err(|reason| match promised {
                Some(_) => corrupt(reason),
                None => StoreError::Unsupported { cid: cid.to_string(), reason: reason.into() },
            })?
        };
        if promised.is_some_and(|size| size != node.size) {
            return Err(corrupt("its size differs from the one in its parent block"));
        }
        if node.size > limit {
            return Err(StoreError::TooLarge { limit });
        }
        let total = *total.get_or_insert(node.size);
        take(node.content, total);
        let links = node.links.into_iter().rev().filter(|(cid, size)| is_wanted(cid, *size));
        pending.extend(links.map(|(cid, size)| Wanted::new(cid, Some(size))));
    }
    Ok(())
}

/// A CID as the name of a block.
pub(super) fn block_cid(cid: &Cid) -> Result<BlockCid, StoreError> {
    BlockCid::try_from(cid.as_str()).map_err(|error| StoreError::Unsupported {
        cid: cid.to_string(),
        reason: error.to_string(),
    })
}

/// Checks that a block has as many bytes as the block that links to it says.
pub(super) fn ensure_size(cid: &BlockCid, has: u64, promised: u64) -> Result<(), StoreError> {
    if has == promised {
        return Ok(());
    }
    let reason = format!("it has {has} bytes in place of {promised}");
    Err(StoreError::Corrupt { cid: cid.to_string(), reason })
}

/// Checks that `bytes` have the hash in `cid`.
pub fn verify(cid: &BlockCid, bytes: &[u8]) -> Result<(), StoreError> {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    if cid.hash().digest() == digest {
        Ok(())
    } else {
        Err(StoreError::Corrupt {
            cid: cid.to_string(),
            reason: "the hash of its bytes differs from the one in the CID".into(),
        })
    }
}

fn check_kind(cid: &BlockCid) -> Result<(), StoreError> {
    let reason = if !matches!(cid.codec(), RAW | DAG_PB) {
        "its codec is neither raw nor dag-pb"
    } else if cid.hash().code() != SHA2_256 || cid.hash().size() != 32 {
        "its hash is not sha2-256"
    } else {
        return Ok(());
    };
    Err(StoreError::Unsupported { cid: cid.to_string(), reason: reason.into() })
}

fn to_medchain(cid: &BlockCid) -> Result<Cid, StoreError> {
    let text = cid.to_string();
    Cid::parse(text.as_bytes())
        .map_err(|error| StoreError::Unsupported { cid: text, reason: error.to_string() })
}
