//! Reading an archive of logs.

use std::sync::Arc;

use medchain_primitives::{Cid, LogHead};

use super::{
    shard_of, ArchiveError, ArchivedRuntime, Index, Piece, Shard, MAX_INDEX, MAX_METADATA,
    MAX_PIECE, MAX_SHARD,
};
use crate::{
    chain::{LoggedBlock, PastEvent, PastRuntime},
    crypto::EncryptionSecret,
    store::Store,
    AccountId32, H256,
};

/// An archive of logs, as its index has it.
#[derive(Clone, Debug)]
pub struct Archive {
    store: Arc<dyn Store>,
    index: Index,
}

impl Archive {
    /// Opens the archive of a chain with the index `cid`.
    ///
    /// # Errors
    /// [`ArchiveError`], also where it is of another chain.
    pub async fn open(
        store: Arc<dyn Store>,
        genesis: H256,
        cid: &Cid,
    ) -> Result<Self, ArchiveError> {
        const WHAT: &str = "index";
        let bytes = get(store.as_ref(), WHAT, cid, MAX_INDEX).await?;
        let index =
            Index::read(&bytes).map_err(|reason| ArchiveError::unusable(WHAT, cid, reason))?;
        match index.genesis == genesis.0 {
            true => Ok(Self { store, index }),
            false => Err(ArchiveError::unusable(WHAT, cid, "it is of another chain")),
        }
    }

    /// The final block up to which it has read, by its own word.
    pub fn block(&self) -> u32 {
        self.index.block
    }

    /// The number of shards that have patients.
    pub fn shards(&self) -> usize {
        self.index.shards.iter().flatten().count()
    }

    /// The blocks of a patient's log after `known`, in order, back to the begin of the log where
    /// nothing is known: as far as the archive has them.
    ///
    /// They are consistent, and not yet compared with the chain. `step` is told how many entries
    /// are before each piece that was read.
    ///
    /// # Errors
    /// [`ArchiveError`] names the piece that is missing or wrong.
    pub async fn blocks_of(
        &self,
        patient: &AccountId32,
        secret: &EncryptionSecret,
        known: &LogHead<u32>,
        mut step: impl FnMut(u32),
    ) -> Result<Vec<LoggedBlock>, ArchiveError> {
        const WHAT: &str = "piece of the log";
        let mut next = self.newest_of(patient).await?;
        let mut after: Option<LogHead<u32>> = None;
        let mut pieces = Vec::new();
        while let Some(cid) = next {
            let wrong = |reason: String| ArchiveError::unusable(WHAT, &cid, reason);
            let bytes = get(self.store.as_ref(), WHAT, &cid, MAX_PIECE).await?;
            let piece = Piece::open(&bytes, secret, self.index.genesis, patient).map_err(wrong)?;
            // Each is shorter than the one after it, so this ends.
            if after.is_some_and(|after| after != piece.after) {
                return Err(wrong("it does not end where the next one begins".to_owned()));
            }
            step(piece.before.length);
            after = Some(piece.before);
            next = piece.previous.filter(|_| piece.before.length > known.length);
            pieces.push(piece.blocks);
        }
        pieces.reverse();
        let mut blocks: Vec<LoggedBlock> = pieces.into_iter().flatten().collect();
        blocks.retain(|block| block.number > known.at);
        Ok(blocks)
    }

    async fn newest_of(&self, patient: &AccountId32) -> Result<Option<Cid>, ArchiveError> {
        const WHAT: &str = "shard";
        let shard = self.index.shards.get(usize::from(shard_of(patient)));
        let Some(cid) = shard.and_then(Option::as_ref) else { return Ok(None) };
        let wrong = |reason: String| ArchiveError::unusable(WHAT, cid, reason);
        let bytes = get(self.store.as_ref(), WHAT, cid, MAX_SHARD).await?;
        let shard = Shard::read(&bytes).map_err(wrong)?;
        match shard.genesis == self.index.genesis {
            true => Ok(shard.piece_of(patient).cloned()),
            false => Err(wrong("it is of another chain".to_owned())),
        }
    }

    /// What is needed to read the entries of these blocks.
    ///
    /// # Errors
    /// [`ArchiveError`], also where a runtime's events differ from those that this program knows.
    pub async fn runtimes(&self, blocks: &[LoggedBlock]) -> Result<Runtimes, ArchiveError> {
        const WHAT: &str = "metadata";
        let mut needed: Vec<&ArchivedRuntime> = Vec::new();
        for block in blocks {
            let runtime = self.runtime_of(block.number)?;
            if needed.last() != Some(&runtime) {
                needed.push(runtime);
            }
        }
        let mut runtimes = Vec::new();
        for runtime in needed {
            let cid = &runtime.metadata;
            let bytes = get(self.store.as_ref(), WHAT, cid, MAX_METADATA).await?;
            let read = PastRuntime::read(runtime.first, &bytes)?;
            if read.version() != Some(runtime.version) {
                let reason = "it is of another version than the index says";
                return Err(ArchiveError::unusable(WHAT, cid, reason));
            }
            runtimes.push((runtime.first, read));
        }
        Ok(Runtimes(runtimes))
    }

    fn runtime_of(&self, block: u32) -> Result<&ArchivedRuntime, ArchiveError> {
        let mut runtimes = self.index.runtimes.iter().rev();
        runtimes.find(|one| one.first <= block).ok_or(ArchiveError::NoRuntime { block })
    }
}

/// The runtimes that executed some blocks, by the first block of each.
#[derive(Clone, Debug)]
pub struct Runtimes(Vec<(u32, PastRuntime)>);

impl Runtimes {
    /// The entries of a block as events, in its order.
    ///
    /// # Errors
    /// [`ArchiveError::NoRuntime`] where the block is none of those, and what the bytes of the
    /// entries are wrong in.
    pub fn logged_events(&self, block: &LoggedBlock) -> Result<Vec<PastEvent>, ArchiveError> {
        let found = self.0.iter().rev().find(|(first, _)| *first <= block.number);
        let (_, runtime) = found.ok_or(ArchiveError::NoRuntime { block: block.number })?;
        Ok(runtime.logged_events(block)?)
    }
}

async fn get(
    store: &dyn Store,
    what: &'static str,
    cid: &Cid,
    limit: u64,
) -> Result<Vec<u8>, ArchiveError> {
    store.get(cid, limit).await.map_err(|source| ArchiveError::Missing {
        what,
        cid: cid.to_string(),
        source,
    })
}
