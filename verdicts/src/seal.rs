//! Keys of verdicts, and what is sealed with them.

use aes_siv::{siv::Aes128Siv, KeyInit};
use codec::{DecodeAll, Encode};
use medchain_primitives::{
    ModelId, Output, RecordId, RequestId, SealedAnswer, VerdictCommitment, VerdictRoot,
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::hash::{blake2, derive};

/// Derives the verdict root of a record from the content key of its film.
pub fn verdict_root(content_key: &[u8; 32]) -> VerdictRoot {
    VerdictRoot(derive(content_key, &[b"medchain/verdict-root/1"]))
}

/// Returns what the uploader publishes of a verdict root.
pub fn verdict_commitment(root: &VerdictRoot) -> VerdictCommitment {
    VerdictCommitment(blake2(b"medchain/verdict-commitment/1", &[&root.0]))
}

/// The verdict that a key is for: no two have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub struct VerdictName {
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The record.
    pub record: RecordId,
    /// The model.
    pub model: ModelId,
    /// The request that the verdict answers.
    pub request: RequestId,
}

/// The sealed bytes are not of this key, or contain no output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong;

impl core::fmt::Display for Wrong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the verdict is not sealed with this record's key, or holds no output")
    }
}

impl core::error::Error for Wrong {}

/// The key of one verdict.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct VerdictKey([u8; 32]);

impl VerdictKey {
    /// Derives the key of a verdict from the verdict root of its record.
    pub fn new(root: &VerdictRoot, name: &VerdictName) -> Self {
        Self(derive(&root.0, &[b"medchain/verdict-key/1", &name.encode()]))
    }

    /// Seals an output. The same output always gives the same bytes.
    ///
    /// The bytes tell how many classes the model has, which its registration tells as well.
    pub fn seal(&self, output: &Output) -> SealedAnswer {
        // Only inputs of many gigabytes are refused.
        let sealed = self.cipher().encrypt(NO_HEADERS, &output.encode()).unwrap_or_default();
        SealedAnswer::truncate_from(sealed)
    }

    /// Opens a sealed output.
    ///
    /// # Errors
    /// [`Wrong`] where the bytes were sealed with another key or contain no output.
    pub fn open(&self, sealed: &SealedAnswer) -> Result<Output, Wrong> {
        let encoded = self.cipher().decrypt(NO_HEADERS, &sealed[..]).map_err(|_| Wrong)?;
        Output::decode_all(&mut &encoded[..]).map_err(|_| Wrong)
    }

    fn cipher(&self) -> Aes128Siv {
        Aes128Siv::new((&self.0).into())
    }
}

/// The key is of one verdict alone, so there is nothing to bind beside it.
const NO_HEADERS: [&[u8]; 0] = [];

impl core::fmt::Debug for VerdictKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("VerdictKey(…)")
    }
}
