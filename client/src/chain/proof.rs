//! Evidence of the chain's state that can be checked without a node.
//!
//! A block's hash is that of its header, and the header holds the root of a
//! Merkle trie over the whole state. So the header and the nodes of the trie on
//! the way to a key prove the value under that key, or that there is none, to
//! anybody who trusts the block's hash. They do not prove that the block is on the
//! chain: a node tells that, see [`Chain::has_final`].
//!
//! Source: the Polkadot specification, sections on the Merkle proof and the
//! block header.

pub mod keys;
mod record;

use codec::{DecodeAll, Encode};
use sp_core::Blake2Hasher;
use sp_trie::{
    read_trie_first_descendant_value, read_trie_value, LayoutV1, MemoryDB, StorageProof, TrieError,
};
use thiserror::Error;

pub use record::{ProvenRecord, KEY_HOLDERS};

use super::{connect::Header, items::StorageItem, Chain, ChainError};
use crate::H256;

/// Reads the nodes of either version of the trie.
type Layout = LayoutV1<Blake2Hasher>;

/// A block's header and the nodes of its state's trie on the way to some keys,
/// as a node returns them. Nothing in it is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadProof {
    /// The header, SCALE-encoded.
    pub header: Vec<u8>,
    /// The nodes, in any order.
    pub nodes: Vec<Vec<u8>>,
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The header cannot be decoded.
    #[error("malformed block header: {reason}")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// A node on the way to a key is missing or differs.
    #[error("the proof does not lead from the block's state to {key}")]
    Incomplete {
        /// The key, in hexadecimal digits.
        key: String,
    },
    /// The value under a key cannot be decoded.
    #[error("cannot decode {what}: {reason}")]
    Value {
        /// What was read.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A block's state, as far as a proof covers it. Everything that it answers
/// follows from the block's hash.
#[derive(Clone)]
pub struct ProvenState {
    hash: H256,
    header: Header,
    nodes: MemoryDB<Blake2Hasher>,
}

impl std::fmt::Debug for ProvenState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProvenState({}, {:?})", self.header.number, self.hash)
    }
}

impl ReadProof {
    /// Opens the proof for reading. Compare [`ProvenState::hash`] with the hash that
    /// you trust.
    ///
    /// Errors: [`ProofError::Header`].
    pub fn open(&self) -> Result<ProvenState, ProofError> {
        let header = Header::decode_all(&mut self.header.as_slice())
            .map_err(|error| ProofError::Header { reason: error.to_string() })?;
        Ok(ProvenState {
            hash: H256(sp_crypto_hashing::blake2_256(&self.header)),
            header,
            nodes: StorageProof::new(self.nodes.iter().cloned()).into_memory_db(),
        })
    }
}

impl ProvenState {
    /// The block's hash.
    pub fn hash(&self) -> H256 {
        self.hash
    }

    /// The block's height.
    pub fn number(&self) -> u64 {
        self.header.number
    }

    /// The encoded value under `key`, or `None` where it is proven that there
    /// is none.
    ///
    /// Errors: [`ProofError::Incomplete`].
    pub fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ProofError> {
        read_trie_value::<Layout, _>(&self.nodes, &self.root(), key, None, None)
            .map_err(|error| incomplete(key, error.as_ref()))
    }

    /// Whether no key starts with `prefix`, either of which is proven.
    ///
    /// Errors: [`ProofError::Incomplete`].
    pub fn is_empty_under(&self, prefix: &[u8]) -> Result<bool, ProofError> {
        read_trie_first_descendant_value::<Layout, _>(&self.nodes, &self.root(), prefix, None, None)
            .map(|found| found.is_none())
            .map_err(|error| incomplete(prefix, error.as_ref()))
    }

    /// The value of `item` under `key`, decoded.
    fn decoded<T: DecodeAll>(&self, item: StorageItem, key: &[u8]) -> Result<T, ProofError> {
        let unreadable = |reason: String| ProofError::Value { what: item.to_string(), reason };
        let bytes = self.value(key)?.ok_or_else(|| unreadable("it is missing".into()))?;
        T::decode_all(&mut bytes.as_slice()).map_err(|error| unreadable(error.to_string()))
    }

    /// The hash of the chain's genesis block, as the state has it.
    pub fn genesis_hash(&self) -> Result<H256, ProofError> {
        self.decoded(StorageItem::BLOCK_HASH, &keys::genesis_hash())
    }

    /// The version of the runtime that executed the block.
    pub fn spec_version(&self) -> Result<u32, ProofError> {
        let (version, _): (codec::Compact<u32>, String) =
            self.decoded(StorageItem::LAST_RUNTIME_UPGRADE, &keys::last_runtime_upgrade())?;
        Ok(version.0)
    }

    /// The block's time in milliseconds since 1970, as its author set it.
    pub fn timestamp(&self) -> Result<u64, ProofError> {
        self.decoded(StorageItem::NOW, &keys::timestamp())
    }

    fn root(&self) -> sp_core::H256 {
        sp_core::H256(self.header.state_root.0)
    }
}

fn incomplete(key: &[u8], error: &TrieError<Layout>) -> ProofError {
    tracing::debug!("the trie's reader says: {error}");
    ProofError::Incomplete { key: format!("0x{}", hex::encode(key)) }
}

impl Chain {
    /// Asks the node for a proof of the values under `keys`, and of the absence of
    /// those that have none, at a block whose state it still has. A key may also be
    /// the prefix of others.
    pub async fn read_proof(&self, block: H256, keys: &[Vec<u8>]) -> Result<ReadProof, ChainError> {
        let header = self.true_header(block).await?;
        let keys = keys.iter().map(Vec::as_slice);
        let proof = self.rpc(self.inner.rpc.state_get_read_proof(keys, Some(block))).await?;
        Ok(ReadProof {
            header: header.encode(),
            nodes: proof.proof.into_iter().map(|node| node.0).collect(),
        })
    }

    /// The header that has the block's hash.
    pub(super) async fn true_header(&self, block: H256) -> Result<Header, ChainError> {
        let header = self.header(block).await?;
        match H256(sp_crypto_hashing::blake2_256(&header.encode())) == block {
            true => Ok(header),
            false => Err(ChainError::decode("the block's header", "its hash is not the block's")),
        }
    }

    /// Whether a block is finalised, as far as this node knows.
    pub async fn has_final(&self, number: u32, hash: H256) -> Result<bool, ChainError> {
        let (_, newest) = self.final_head().await?;
        Ok(newest.number >= number.into() && self.hash_of(number).await? == Some(hash))
    }
}
