//! Archives of logs in the store: the second way to the entries of a patient, for readers whose
//! node has discarded old states.
//!
//! ```text
//! Emr.LogArchives: account → index
//! index  = MCLI1 | block, runtimes → metadata, 256 shards
//! shard  = MCLS1 | patient → newest piece
//! piece  = MCLP1 | envelope | encrypted file: link to the piece before, blocks with entries
//! ```
//!
//! A patient's shard is the first byte of the topic of the patient's log, which is a hash of the
//! account. A piece is sealed to its patient; the index and the shards are readable by anybody, and
//! tell who has a log and how long it is, which the chain tells as well.
//!
//! *Invariant:* nothing of an archive is believed. A piece is checked against itself and the one
//! after it, and whoever reads compares all of them with the end of the log that the chain proves.

mod error;
mod reader;

use codec::{Decode, DecodeAll, Encode};
use medchain_primitives::{log_topic, Cid, EncryptionKey, LogHead, SealedKey};

pub use self::{
    error::ArchiveError,
    reader::{Archive, Runtimes},
};
use crate::{
    chain::LoggedBlock,
    crypto::{self, ContentKey, CryptoError, EncryptionSecret, EnvelopeName, Sealed},
    AccountId32,
};

/// The number of shards of an index.
pub const SHARDS: usize = 256;

/// The most bytes that a reader takes for an index, a shard, a piece, and a runtime's metadata.
pub const MAX_INDEX: u64 = 1 << 20;
/// See [`MAX_INDEX`].
pub const MAX_SHARD: u64 = 64 << 20;
/// See [`MAX_INDEX`].
pub const MAX_PIECE: u64 = 32 << 20;
/// See [`MAX_INDEX`].
pub const MAX_METADATA: u64 = 16 << 20;

/// What each kind of file begins with: its name, and the version of its layout.
const INDEX: &[u8; 5] = b"MCLI1";
const SHARD: &[u8; 5] = b"MCLS1";
const PIECE: &[u8; 5] = b"MCLP1";

/// The shard that has a patient.
pub fn shard_of(patient: &AccountId32) -> u8 {
    let [shard, ..] = log_topic(&patient.0);
    shard
}

/// A piece of a patient's log: blocks with entries that follow each other in the log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Piece {
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The patient.
    pub patient: AccountId32,
    /// The end of the log before the first of the blocks.
    pub before: LogHead<u32>,
    /// The end of the log after the last of them.
    pub after: LogHead<u32>,
    /// The piece that ends with `before`; none where the log begins with this one.
    pub previous: Option<Cid>,
    /// The blocks, in order.
    pub blocks: Vec<LoggedBlock>,
}

impl Piece {
    /// Seals the piece to the patient's encryption key, as it is stored.
    ///
    /// # Errors
    /// [`CryptoError::WeakKey`], [`CryptoError::NoRandomness`].
    pub fn seal(&self, key: &EncryptionKey) -> Result<Vec<u8>, CryptoError> {
        let content = ContentKey::generate();
        let sealed = crypto::seal(&content, key, &name(self.genesis, &self.patient))?;
        let file = crypto::encrypt(&content, &self.patient.0, &self.encode())?;
        Ok([&PIECE[..], &sealed.encode(), &file].concat())
    }

    /// Opens a stored piece of a patient on a chain, and checks that its blocks lead from its one
    /// end to the other.
    ///
    /// # Errors
    /// What is wrong with it, to be said with the CID.
    pub fn open(
        bytes: &[u8],
        secret: &EncryptionSecret,
        genesis: [u8; 32],
        patient: &AccountId32,
    ) -> Result<Self, String> {
        let mut rest = bytes.strip_prefix(PIECE).ok_or("it is no piece of a log")?;
        let sealed = SealedKey::decode(&mut rest).map_err(|_| "its envelope is damaged")?;
        let key = secret.open(&sealed, &name(genesis, patient)).map_err(|error| match error {
            CryptoError::EnvelopeForAnotherKey => {
                "it is sealed to another key than yours, such as one that you have replaced"
                    .to_owned()
            }
            error => error.to_string(),
        })?;
        let content = crypto::decrypt(&key, &patient.0, rest).map_err(|error| error.to_string())?;
        let piece = Self::decode_all(&mut content.as_slice()).map_err(|error| error.to_string())?;
        match (piece.genesis, piece.patient) == (genesis, *patient) {
            true => piece.checked().map_err(str::to_owned),
            false => Err("it is of another chain or patient".to_owned()),
        }
    }

    fn checked(self) -> Result<Self, &'static str> {
        let mut head = self.before;
        for block in &self.blocks {
            if block.entries.is_empty() || block.number <= head.at {
                return Err("its blocks are out of order");
            }
            head = block.head_after(head);
        }
        if self.blocks.is_empty() || head != self.after {
            return Err("its entries are not those that it says");
        }
        let is_first = self.before == LogHead::default();
        if is_first != self.previous.is_none() {
            return Err("it does not name the piece before it");
        }
        Ok(self)
    }
}

/// What the envelope of a piece is for.
fn name(genesis: [u8; 32], patient: &AccountId32) -> EnvelopeName<'static> {
    let account = patient.0;
    EnvelopeName { genesis, patient: account, content: Sealed::Log, reader: account }
}

/// The patients of a shard, by account, each with the newest piece and the number of entries up to
/// its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Shard {
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The patients.
    pub logs: Vec<(AccountId32, Cid, u32)>,
}

impl Shard {
    /// Names the newest piece of a patient.
    pub fn set(&mut self, patient: AccountId32, piece: Cid, length: u32) {
        let one = (patient, piece, length);
        match self.logs.binary_search_by_key(&patient, |(patient, ..)| *patient) {
            Ok(at) => {
                if let Some(known) = self.logs.get_mut(at) {
                    *known = one;
                }
            }
            Err(at) => self.logs.insert(at, one),
        }
    }

    /// The newest piece of a patient.
    pub fn piece_of(&self, patient: &AccountId32) -> Option<&Cid> {
        // Whoever made it may not have sorted it.
        self.logs.iter().find(|(one, ..)| one == patient).map(|(_, piece, _)| piece)
    }

    /// The shard as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&SHARD[..], &self.encode()].concat()
    }

    /// Reads a stored shard.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        file(SHARD, bytes, "shard")
    }
}

/// What executed blocks of the chain: what the bytes of their entries mean.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ArchivedRuntime {
    /// The first block that it executed.
    pub first: u32,
    /// Its version.
    pub version: u32,
    /// Where its metadata is.
    pub metadata: Cid,
}

/// All that an archive has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Index {
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The final block up to which the archive has read.
    pub block: u32,
    /// The runtimes, in the order of their blocks.
    pub runtimes: Vec<ArchivedRuntime>,
    /// The shards, by their number; none where a shard has no patients.
    pub shards: Vec<Option<Cid>>,
}

impl Index {
    /// The index as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&INDEX[..], &self.encode()].concat()
    }

    /// Reads a stored index.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let index: Self = file(INDEX, bytes, "index")?;
        match index.shards.len() {
            SHARDS => Ok(index),
            count => Err(format!("it has {count} shards in place of {SHARDS}")),
        }
    }
}

fn file<T: DecodeAll>(magic: &[u8; 5], bytes: &[u8], what: &str) -> Result<T, String> {
    let mut rest = bytes
        .strip_prefix(magic)
        .ok_or_else(|| format!("it is no {what} of an archive, or of another version"))?;
    T::decode_all(&mut rest).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
