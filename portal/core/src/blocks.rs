//! Content as blocks and back, as `medchain-client` does it with every store.

use cid::Cid;
use rust_unixfs::file::adder::{Chunker, FileAdder};
use sha2::{Digest, Sha256};

use crate::unixfs::Node;

/// The size of a leaf, in bytes; Kubo's `size-262144`.
const CHUNK: usize = 262_144;
/// The largest block that is read, in bytes: the limit among IPFS nodes.
pub const MAX_BLOCK: usize = 2 * 1024 * 1024;

const RAW: u64 = 0x55;
const DAG_PB: u64 = 0x70;
const SHA2_256: u64 = 0x12;

/// Splits `bytes` as Kubo does: every block with its CID, leaves first and the root last.
pub fn build(bytes: &[u8]) -> Vec<(Cid, Vec<u8>)> {
    let mut adder = FileAdder::builder()
        .with_chunker(Chunker::Size(CHUNK))
        .with_cid_version(cid::Version::V1)
        .with_raw_leaves(true)
        .build();
    let mut all = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (blocks, taken) = adder.push(rest);
        all.extend(blocks);
        rest = rest.get(taken..).unwrap_or_default();
    }
    all.extend(adder.finish());
    all
}

/// The bytes behind a CID, put together from blocks that come from anywhere.
///
/// Whoever uses it fetches what [`Self::wanted`] names and passes it to [`Self::supply`], which
/// verifies it. The tree is untrusted: the size, the number and the sum of its blocks are
/// bounded.
pub struct Assembly {
    limit: u64,
    blocks_left: u64,
    total: Option<u64>,
    /// The blocks still to be read, the next one last, with the size that the parent promised.
    pending: Vec<(Cid, Option<u64>)>,
    bytes: Vec<u8>,
}

impl Assembly {
    /// Starts with the root `cid`, for at most `limit` bytes.
    ///
    /// # Errors
    /// Where the text is not a CID that MedChain takes.
    pub fn new(cid: &str, limit: u64) -> Result<Self, String> {
        let root = parse(cid)?;
        let (pending, bytes) = (vec![(root, None)], Vec::new());
        // Other tools make smaller leaves; 4 KiB is far below all of them.
        Ok(Self { limit, blocks_left: 64 + limit / 4096, total: None, pending, bytes })
    }

    /// The CIDs of the next blocks, at most `count`, in the order in which they are supplied.
    pub fn wanted(&self, count: usize) -> Vec<String> {
        self.pending.iter().rev().take(count).map(|(cid, _)| cid.to_string()).collect()
    }

    /// Takes the first wanted block.
    ///
    /// # Errors
    /// Where its hash is another, where it is no part of a file, or where there is too much.
    pub fn supply(&mut self, block: &[u8]) -> Result<(), String> {
        let (cid, promised) = self.pending.pop().ok_or("no block is missing")?;
        verify(&cid, block)?;
        let too_large = || format!("the content is larger than {} bytes", self.limit);
        self.blocks_left = self.blocks_left.checked_sub(1).ok_or_else(too_large)?;
        let corrupt = |reason: &str| format!("the stored block {cid} is damaged: {reason}");
        let node = match cid.codec() {
            RAW => Node { content: block, links: Vec::new(), size: block.len() as u64 },
            _ => Node::read(block).map_err(corrupt)?,
        };
        if promised.is_some_and(|size| size != node.size) {
            return Err(corrupt("its size differs from the one in its parent block"));
        }
        if node.size > self.limit {
            return Err(too_large());
        }
        self.total.get_or_insert(node.size);
        self.bytes.extend_from_slice(node.content);
        for (cid, size) in node.links.into_iter().rev() {
            check_kind(&cid)?;
            self.pending.push((cid, Some(size)));
        }
        Ok(())
    }

    /// How many bytes there are, and how many there will be.
    pub fn progress(&self) -> (u64, u64) {
        (self.bytes.len() as u64, self.total.unwrap_or(0))
    }

    /// The content, once no block is wanted.
    ///
    /// # Errors
    /// While blocks are missing.
    pub fn finish(self) -> Result<Vec<u8>, String> {
        match self.pending.is_empty() {
            true => Ok(self.bytes),
            false => Err("blocks are missing".into()),
        }
    }
}

/// Reads the text of a CID.
fn parse(text: &str) -> Result<Cid, String> {
    let cid = Cid::try_from(text).map_err(|error| format!("{text} is no CID: {error}"))?;
    check_kind(&cid)?;
    Ok(cid)
}

fn check_kind(cid: &Cid) -> Result<(), String> {
    let is_known = cid.version() == cid::Version::V1
        && matches!(cid.codec(), RAW | DAG_PB)
        && cid.hash().code() == SHA2_256
        && cid.hash().size() == 32;
    is_known.then_some(()).ok_or_else(|| format!("{cid} is not of a kind that MedChain reads"))
}

/// Checks that `block` is the one that `cid` names.
fn verify(cid: &Cid, block: &[u8]) -> Result<(), String> {
    if block.len() > MAX_BLOCK {
        return Err(format!("the block {cid} is larger than {MAX_BLOCK} bytes"));
    }
    let digest: [u8; 32] = Sha256::digest(block).into();
    match cid.hash().digest() == digest {
        true => Ok(()),
        false => Err(format!("the store returned other bytes than those of {cid}")),
    }
}
