//! The steps of an archive. It can be killed between any two of them.

use std::{collections::BTreeMap, mem, sync::Arc};

use anyhow::{Context as _, Result};
use codec::Encode;
use medchain_client::{
    archive::{shard_of, ArchivedRuntime, Index, Piece, MAX_INDEX, MAX_METADATA},
    chain::{BlockLogs, LogHead, LoggedBlock},
    store::{cid_of, Depth, Found, Store},
    AccountId32, H256,
};
use medchain_primitives::{log_topic, Cid, EncryptionKey};

use super::folder::{Folder, PatientLog, Progress};

/// From how many bytes of entries on a piece is full. What comes later is in the next one, so a
/// long log has few pieces, and a new entry replaces one small piece.
pub const FULL: usize = 64 * 1024;
/// After how many blocks without entries it is kept how far the archive is.
const SAVED_EVERY: u32 = 64;

/// The chain, as an archive sees it.
pub trait ChainLogs {
    /// The entries of all logs in a final block.
    async fn logs_in(&self, number: u32) -> Result<BlockLogs>;
    /// The patient whose log has a topic, of those who have one after a block.
    async fn patient_of(&self, topic: H256, number: u32) -> Result<Option<AccountId32>>;
    /// The end of a patient's log after a block.
    async fn head_after(&self, patient: &AccountId32, number: u32) -> Result<LogHead<u32>>;
    /// The metadata of the runtime that executed a block.
    async fn metadata_of(&self, number: u32) -> Result<Vec<u8>>;
    /// The encryption key that an account has published.
    async fn key_of(&self, account: &AccountId32) -> Result<Option<EncryptionKey>>;
    /// The one that it had after a block.
    async fn key_at(&self, account: &AccountId32, number: u32) -> Result<Option<EncryptionKey>>;
    /// Names the newest index on chain, unless it is named already. Returns whether it was not.
    async fn name(&self, index: &Cid) -> Result<bool>;
}

/// An archive of one chain.
pub struct Keeper<L> {
    chain: L,
    store: Arc<dyn Store>,
    folder: Folder,
    progress: Progress,
    /// Whether the chain was asked for the name of the index: who began here may have removed it
    /// since, or have another account.
    is_looked_up: bool,
}

impl<L: ChainLogs> Keeper<L> {
    /// Goes on with the archive in a folder.
    pub fn open(chain: L, store: Arc<dyn Store>, folder: Folder) -> Result<Self> {
        let progress = folder.progress()?;
        Ok(Self { chain, store, folder, progress, is_looked_up: false })
    }

    /// The next block to read.
    pub fn next(&self) -> u32 {
        self.progress.next
    }

    /// Puts shards, the index and metadata into the stores again where one of them has lost them.
    /// Returns the metadata that neither a store nor the node has any more.
    ///
    /// Pieces are not looked at, because there are as many as patients. The last one of each is
    /// replaced with the patient's next entry.
    pub async fn mend(&mut self) -> Result<Vec<Cid>> {
        for number in 0..=u8::MAX {
            let place = self.progress.shards.get(usize::from(number));
            let Some(cid) = place.cloned().flatten() else { continue };
            let bytes = self.folder.shard(number)?.to_bytes();
            // Another one in the folder was not stored before an interruption, and will be.
            if cid_of(&bytes) == cid && !self.is_kept(&cid).await {
                self.store.put(&bytes).await?;
            }
        }
        if let Some(index) = self.progress.index.clone()
            && !self.is_kept(&index).await
            && !self.put_again(&index, MAX_INDEX).await?
        {
            // The folder does not have it: the next one takes its place.
            self.progress.is_ahead = true;
        }
        let mut lost = Vec::new();
        for ArchivedRuntime { first, metadata, .. } in self.progress.runtimes.clone() {
            if self.is_kept(&metadata).await || self.put_again(&metadata, MAX_METADATA).await? {
                continue;
            }
            match self.chain.metadata_of(first).await {
                Ok(bytes) if cid_of(&bytes) == metadata => _ = self.store.put(&bytes).await?,
                _ => lost.push(metadata),
            }
        }
        Ok(lost)
    }

    /// Whether no store says that it lacks content.
    async fn is_kept(&self, cid: &Cid) -> bool {
        let looked = self.store.look(cid, Depth::Present).await;
        !looked.iter().any(|one| matches!(one.found, Ok(Found::Nothing | Found::Damaged(_))))
    }

    /// Puts content that one of the stores has into all of them; whether one has it.
    async fn put_again(&self, cid: &Cid, limit: u64) -> Result<bool> {
        let Ok(bytes) = self.store.get(cid, limit).await else { return Ok(false) };
        self.store.put(&bytes).await?;
        Ok(true)
    }

    /// Collects the entries of the next block, which is final.
    pub async fn collect(&mut self) -> Result<()> {
        let number = self.progress.next;
        let block = self.chain.logs_in(number).await?;
        self.note_runtime(&block).await?;
        for (topic, logged) in block.logs {
            self.take(topic, logged).await?;
        }
        self.progress.next = number.saturating_add(1);
        match number % SAVED_EVERY {
            0 => self.folder.keep_progress(&self.progress),
            // Read again after an interruption, and taken once.
            _ => Ok(()),
        }
    }

    /// Keeps what the bytes of entries mean, where that may be new.
    async fn note_runtime(&mut self, block: &BlockLogs) -> Result<()> {
        let newest = self.progress.runtimes.last();
        if newest.is_some_and(|newest| newest.version == block.runtime) {
            return Ok(());
        }
        let bytes = self.chain.metadata_of(block.number).await?;
        let metadata = self.store.put(&bytes).await?;
        let (first, version) = (block.number, block.runtime);
        self.progress.runtimes.push(ArchivedRuntime { first, version, metadata });
        self.folder.keep_progress(&self.progress)
    }

    /// Takes the entries of one log in a block.
    async fn take(&mut self, topic: H256, block: LoggedBlock) -> Result<()> {
        let mut log = match self.folder.log(&topic)? {
            Some(log) => log,
            None => PatientLog::new(self.patient_of(topic, &block).await?),
        };
        let end = log.end();
        // Before an interruption.
        if end.at >= block.number {
            return Ok(());
        }
        let (patient, number) = (log.patient, block.number);
        let head = self.chain.head_after(&patient, number).await?;
        let blocks = match head == block.head_after(end) {
            true => vec![block],
            // Another node may have left out entries before.
            false => self.left_out(topic, &patient, end, head).await?.with_context(|| {
                format!(
                    "the entries of {patient} in block {number} do not continue what the archive \
                     has of that log up to block {}: the node lacks some or is lying, so ask \
                     another with --node, which needs the states since that block; if that says \
                     the same, delete the folder to begin again",
                    end.at
                )
            })?,
        };
        // Known as waiting before there is something that waits, so that nothing is forgotten.
        if self.progress.waiting.insert(patient) {
            self.folder.keep_progress(&self.progress)?;
        }
        log.open.extend(blocks);
        // Who leaves takes the key along, and still has the secret.
        log.key = self.chain.key_at(&patient, number).await?.or(log.key);
        if log.open.encoded_size() >= FULL
            && let Some(key) = self.key_for(&log).await?
        {
            self.seal(&mut log, &key).await?;
        }
        self.folder.keep_log(&topic, &log)
    }

    /// The blocks with entries of a log after `end`, up to the one with `head`; none where the node
    /// does not have all of them.
    async fn left_out(
        &self,
        topic: H256,
        patient: &AccountId32,
        end: LogHead<u32>,
        head: LogHead<u32>,
    ) -> Result<Option<Vec<LoggedBlock>>> {
        let (mut blocks, mut after) = (Vec::new(), head);
        while after != end {
            if after.length <= end.length || after.at <= end.at {
                return Ok(None);
            }
            let mut logs = self.chain.logs_in(after.at).await?.logs;
            let before = self.chain.head_after(patient, after.at.saturating_sub(1)).await?;
            let found = logs.remove(&topic).filter(|block| block.head_after(before) == after);
            // Each is earlier than the one after it, so this ends.
            let Some(block) = found.filter(|_| before.at < after.at) else { return Ok(None) };
            blocks.push(block);
            after = before;
        }
        blocks.reverse();
        Ok(Some(blocks))
    }

    /// The key to seal a log to: that of today, or the one that the patient had last.
    async fn key_for(&self, log: &PatientLog) -> Result<Option<EncryptionKey>> {
        Ok(self.chain.key_of(&log.patient).await?.or(log.key))
    }

    /// Finds whose log it is. Most events name the patient.
    async fn patient_of(&self, topic: H256, block: &LoggedBlock) -> Result<AccountId32> {
        let parts = block.entries.iter().flat_map(|entry| entry.event.windows(32));
        let accounts = parts.filter_map(|part| part.first_chunk().copied()).map(AccountId32);
        let mut named = accounts.filter(|account| log_topic(&account.0) == topic.0);
        if let Some(patient) = named.next() {
            return Ok(patient);
        }
        let patient = self.chain.patient_of(topic, block.number).await?;
        patient.with_context(|| {
            format!(
                "block {} has entries of a log that nobody has; the node is lying, so ask another",
                block.number
            )
        })
    }

    /// Stores all entries of a log, sealed to its patient. Pieces that are full stay as they are;
    /// the last one is replaced when there are more entries.
    async fn seal(&mut self, log: &mut PatientLog, key: &EncryptionKey) -> Result<()> {
        let old = log.newest.take();
        self.progress.replaced.extend(old.filter(|old| log.last.as_ref() != Some(old)));
        while !log.open.is_empty() {
            let (count, is_full) = first_piece(&log.open);
            let blocks: Vec<LoggedBlock> = log.open.iter().take(count).cloned().collect();
            let after = blocks.iter().fold(log.closed, |head, block| block.head_after(head));
            let piece = Piece {
                genesis: self.progress.genesis,
                patient: log.patient,
                before: log.closed,
                after,
                previous: log.last.clone(),
                blocks,
            };
            let sealed = piece
                .seal(key)
                .with_context(|| format!("cannot seal the entries of {}", log.patient))?;
            let cid = self.store.put(&sealed).await?;
            log.sealed = after.length;
            log.newest = Some(cid.clone());
            if !is_full {
                return Ok(());
            }
            log.open.drain(..count);
            log.closed = after;
            log.last = Some(cid);
        }
        log.newest.clone_from(&log.last);
        Ok(())
    }

    /// Seals the entries of all patients who have some that are in no piece, and stores the shards
    /// that change.
    ///
    /// Whoever registered and left in one block had no key after any block. A new key would come
    /// with an entry, so nobody is waited for.
    pub async fn seal_waiting(&mut self) -> Result<()> {
        let mut newest = BTreeMap::<u8, Vec<Newest>>::new();
        let waiting: Vec<AccountId32> = self.progress.waiting.iter().copied().collect();
        for patient in waiting {
            if let Some(one) = self.seal_one(patient).await? {
                newest.entry(shard_of(&patient)).or_default().push(one);
            }
        }
        for (number, logs) in newest {
            self.keep_in_shard(number, logs).await?;
        }
        self.folder.keep_progress(&self.progress)?;
        if self.progress.index.is_none() {
            // No reader knows of it.
            let replaced = mem::take(&mut self.progress.replaced);
            self.unpin(&replaced).await;
        }
        Ok(())
    }

    /// Seals the entries of one patient, if there is a key. Returns the newest piece.
    async fn seal_one(&mut self, patient: AccountId32) -> Result<Option<Newest>> {
        let topic = H256(log_topic(&patient.0));
        // Without a file, an interruption came between the two.
        let Some(mut log) = self.folder.log(&topic)? else { return Ok(None) };
        if log.sealed < log.end().length {
            let Some(key) = self.key_for(&log).await? else {
                self.progress.waiting.remove(&patient);
                return Ok(None);
            };
            self.seal(&mut log, &key).await?;
            self.folder.keep_log(&topic, &log)?;
        }
        let sealed = log.sealed;
        Ok(log.newest.map(|piece| Newest { patient, piece, sealed }))
    }

    /// Names the newest pieces of patients in their shard, and stores it where that is new.
    async fn keep_in_shard(&mut self, number: u8, logs: Vec<Newest>) -> Result<()> {
        let mut shard = self.folder.shard(number)?;
        let mut done = Vec::new();
        for Newest { patient, piece, sealed } in logs {
            shard.set(patient, piece, sealed);
            done.push(patient);
        }
        let bytes = shard.to_bytes();
        let cid = cid_of(&bytes);
        let Some(place) = self.progress.shards.get_mut(usize::from(number)) else { return Ok(()) };
        if place.as_ref() != Some(&cid) {
            self.folder.keep_shard(number, &shard)?;
            self.store.put(&bytes).await?;
            self.progress.replaced.extend(place.replace(cid));
            self.progress.is_ahead = true;
        }
        for patient in done {
            self.progress.waiting.remove(&patient);
        }
        Ok(())
    }

    /// Stores what is new, and names it on chain. Returns the index where it is new.
    pub async fn publish(&mut self) -> Result<Option<Cid>> {
        self.seal_waiting().await?;
        if self.progress.is_ahead || self.progress.index.is_none() {
            let index = Index {
                genesis: self.progress.genesis,
                block: self.progress.next.saturating_sub(1),
                runtimes: self.progress.runtimes.clone(),
                shards: self.progress.shards.clone(),
            };
            let cid = self.store.put(&index.to_bytes()).await?;
            let old = self.progress.index.replace(cid.clone());
            self.progress.replaced.extend(old.filter(|old| *old != cid));
            (self.progress.is_ahead, self.progress.is_named) = (false, false);
        }
        self.folder.keep_progress(&self.progress)?;
        let index = match &self.progress.index {
            Some(index) if !self.progress.is_named || !self.is_looked_up => index.clone(),
            _ => return Ok(None),
        };
        let is_new = self.chain.name(&index).await?;
        self.is_looked_up = true;
        if mem::replace(&mut self.progress.is_named, true) {
            return Ok(is_new.then_some(index));
        }
        // A reader who has the index before this one finds all of it until the next.
        let replaced = mem::take(&mut self.progress.replaced);
        let outdated = mem::replace(&mut self.progress.outdated, replaced);
        self.folder.keep_progress(&self.progress)?;
        self.unpin(&outdated).await;
        Ok(Some(index))
    }

    /// Asks the stores to let go of what no index names. What they keep only takes space.
    async fn unpin(&self, cids: &[Cid]) {
        for cid in cids {
            self.store.unpin(cid).await;
        }
    }
}

/// The newest piece of a patient's log.
struct Newest {
    patient: AccountId32,
    piece: Cid,
    /// The number of entries up to its end.
    sealed: u32,
}

/// How many blocks fill the first piece, or how many there are, and whether they fill it.
fn first_piece(open: &[LoggedBlock]) -> (usize, bool) {
    let mut bytes = 0usize;
    for (place, block) in open.iter().enumerate() {
        bytes = bytes.saturating_add(block.encoded_size());
        if bytes >= FULL {
            return (place.saturating_add(1), true);
        }
    }
    (open.len(), false)
}
