//! What an archive has on disk, so that it goes on where it was killed.
//!
//! - `progress`: the next block, the runtimes, the shards, and the patients with entries that are
//!   not in a shard yet;
//! - `logs/<xx>/<topic>`: the log of a patient, by its topic: its end, the entries that are not in a
//!   full piece yet, and where its pieces are. One file a patient, so that one is in memory;
//! - `shards/<xx>`: the shards as they are stored;
//! - `lock`: held by the program that runs.
//!
//! Nothing in it is secret, and nothing lost: without it, the archive begins again.

use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use anyhow::{bail, Context as _, Result};
use codec::{Decode, DecodeAll, Encode};
use medchain_client::{
    archive::{ArchivedRuntime, Shard, SHARDS},
    chain::{LogHead, LoggedBlock},
    AccountId32, H256,
};
use medchain_primitives::{Cid, EncryptionKey};

use crate::files;

/// The layout of the files.
const VERSION: u8 = 2;

/// The folder of an archive of one chain.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    genesis: [u8; 32],
    _lock: File,
}

/// How far an archive is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Progress {
    version: u8,
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The next block to read.
    pub next: u32,
    /// The runtimes of the blocks before it.
    pub runtimes: Vec<ArchivedRuntime>,
    /// The shards, by their number.
    pub shards: Vec<Option<Cid>>,
    /// The patients with entries that are not in a shard yet.
    pub waiting: BTreeSet<AccountId32>,
    /// The newest index that was stored.
    pub index: Option<Cid>,
    /// Whether shards changed since.
    pub is_ahead: bool,
    /// Whether the chain has that one.
    pub is_named: bool,
    /// What that index no longer names, and the one before it may.
    pub replaced: Vec<Cid>,
    /// What neither of them names.
    pub outdated: Vec<Cid>,
}

/// What an archive has of a patient's log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PatientLog {
    version: u8,
    /// The patient.
    pub patient: AccountId32,
    /// The end of the log after the last full piece.
    pub closed: LogHead<u32>,
    /// The last full piece.
    pub last: Option<Cid>,
    /// The blocks with entries after it.
    pub open: Vec<LoggedBlock>,
    /// The newest piece: the last full one, or one of the blocks after it.
    pub newest: Option<Cid>,
    /// The number of entries up to the end of the newest piece.
    pub sealed: u32,
    /// The key that the patient published last, also after it was removed.
    pub key: Option<EncryptionKey>,
}

impl PatientLog {
    /// A log without entries.
    pub fn new(patient: AccountId32) -> Self {
        Self {
            version: VERSION,
            patient,
            closed: LogHead::default(),
            last: None,
            open: Vec::new(),
            newest: None,
            sealed: 0,
            key: None,
        }
    }

    /// Its end.
    pub fn end(&self) -> LogHead<u32> {
        self.open.iter().fold(self.closed, |head, block| block.head_after(head))
    }
}

impl Folder {
    /// Opens the folder of an archive, which is made where there is none, and keeps other programs
    /// from it.
    pub fn open(path: &Path, genesis: H256) -> Result<Self> {
        let shown = path.display();
        fs::create_dir_all(path).with_context(|| format!("cannot create the folder {shown}"))?;
        let lock = File::create(path.join("lock"))
            .with_context(|| format!("cannot write to the folder {shown}"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("another program runs an archive in {shown}; name another folder")
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock the folder {shown}"))
            }
        }
        Ok(Self { path: path.to_owned(), genesis: genesis.0, _lock: lock })
    }

    /// How far the archive is.
    pub fn progress(&self) -> Result<Progress> {
        let path = self.path.join("progress");
        let Some(progress) = self.read::<Progress>(&path)? else {
            return Ok(Progress {
                version: VERSION,
                genesis: self.genesis,
                // The first block has no events.
                next: 1,
                runtimes: Vec::new(),
                shards: vec![None; SHARDS],
                waiting: BTreeSet::new(),
                index: None,
                is_ahead: false,
                is_named: false,
                replaced: Vec::new(),
                outdated: Vec::new(),
            });
        };
        if progress.version != VERSION || progress.shards.len() != SHARDS {
            return Err(self.damaged(&path));
        }
        if progress.genesis != self.genesis {
            bail!(
                "the archive in {} is of another chain; name another folder",
                self.path.display()
            );
        }
        Ok(progress)
    }

    /// Keeps how far the archive is.
    pub fn keep_progress(&self, progress: &Progress) -> Result<()> {
        write(&self.path.join("progress"), &progress.encode())
    }

    /// The log with a topic, if there is one.
    pub fn log(&self, topic: &H256) -> Result<Option<PatientLog>> {
        let path = self.log_file(topic);
        let log = self.read::<PatientLog>(&path)?;
        match log {
            Some(log) if log.version != VERSION => Err(self.damaged(&path)),
            log => Ok(log),
        }
    }

    /// Keeps the log with a topic.
    pub fn keep_log(&self, topic: &H256, log: &PatientLog) -> Result<()> {
        write(&self.log_file(topic), &log.encode())
    }

    /// A shard.
    pub fn shard(&self, number: u8) -> Result<Shard> {
        let path = self.shard_file(number);
        let Some(bytes) = read(&path)? else {
            return Ok(Shard { genesis: self.genesis, logs: Vec::new() });
        };
        Shard::read(&bytes).map_err(|_| self.damaged(&path))
    }

    /// Keeps a shard.
    pub fn keep_shard(&self, number: u8, shard: &Shard) -> Result<()> {
        write(&self.shard_file(number), &shard.to_bytes())
    }

    fn log_file(&self, topic: &H256) -> PathBuf {
        let [shard, ..] = topic.0;
        self.path.join("logs").join(format!("{shard:02x}")).join(hex::encode(topic.0))
    }

    fn shard_file(&self, number: u8) -> PathBuf {
        self.path.join("shards").join(format!("{number:02x}"))
    }

    fn read<T: Decode>(&self, path: &Path) -> Result<Option<T>> {
        let Some(bytes) = read(path)? else { return Ok(None) };
        T::decode_all(&mut bytes.as_slice()).map(Some).map_err(|_| self.damaged(path))
    }

    fn damaged(&self, path: &Path) -> anyhow::Error {
        anyhow::anyhow!(
            "{} is damaged, or of another version; delete the folder {}, and the archive begins \
             again with an archive node",
            path.display(),
            self.path.display()
        )
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    #[cfg(test)]
    super::tests::lives()?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    }
    files::write_atomically(path, bytes, true, true)
}
