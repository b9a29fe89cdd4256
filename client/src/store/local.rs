//! A folder of blocks: the store that needs no daemon.
//!
//! Each block is a file `blocks/<xy>/<cid>`, where `xy` are the two characters
//! before the CID's last, as in Kubo's own folders. A file appears under its
//! name only once it is complete and on disk.

mod unpin;

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use cid::Cid as BlockCid;
use medchain_primitives::Cid;

use super::{
    dag::{self, BlockSource, MAX_BLOCK},
    look::{self, Depth, Looked},
    Kept, Progress, ProgressUpdate, Store, StoreError, Stored, Unpinned,
};

/// Blocks in a folder.
#[derive(Clone, Debug)]
pub struct LocalStore {
    folder: PathBuf,
}

impl LocalStore {
    /// The store in `folder`, which is created when content is first stored: reading
    /// alone leaves no empty folder behind.
    ///
    /// Errors: [`StoreError::Io`] where the path, or a part of it, is not a folder.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let folder = folder.into();
        match fs::metadata(&folder) {
            Ok(found) if found.is_dir() => Ok(Self { folder }),
            Ok(_) => Err(at(&folder, io::Error::from(io::ErrorKind::NotADirectory))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self { folder }),
            Err(error) => Err(at(&folder, error)),
        }
    }

    /// Where the block `cid` is or would be.
    pub fn path_of(&self, cid: &BlockCid) -> PathBuf {
        let name = cid.to_string();
        let shard =
            name.len().checked_sub(3).and_then(|start| name.get(start..start + 2)).unwrap_or("__");
        self.folder.join("blocks").join(shard).join(&name)
    }

    /// The error of a block that is not there.
    fn lacks(&self, cid: &BlockCid) -> StoreError {
        match self.folder.is_dir() {
            true => StoreError::NotFound { cid: cid.to_string() },
            false => StoreError::NoFolder { path: self.folder.clone() },
        }
    }

    /// Writes a block whose folder is synced later.
    fn write(&self, cid: &BlockCid, bytes: &[u8]) -> Result<(), StoreError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let path = self.path_of(cid);
        // An existing block is kept if it is right, and replaced if the disk has
        // damaged it.
        if matches!(read_block(&path), Ok(Some(present)) if present == bytes) {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(|source| at(folder, source))?;
        let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!(".{}-{unique}.partial", process::id()));
        let written = write_whole(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path));
        written.map_err(|source| {
            // A remaining file is harmless: nobody reads it.
            let _ = fs::remove_file(&temporary);
            at(&path, source)
        })
    }
}

#[async_trait]
impl Store for LocalStore {
    async fn put_with_progress(
        &self,
        bytes: &[u8],
        progress: Progress<'_>,
    ) -> Result<Stored, StoreError> {
        let blocks = self.folder.join("blocks");
        fs::create_dir_all(&blocks).map_err(|source| at(&blocks, source))?;
        let total = bytes.len() as u64;
        let mut done = 0u64;
        let mut folders = BTreeSet::new();
        // The root comes last, so that a tree with a root is complete.
        let root = dag::build(bytes, |cid, block| {
            self.write(cid, block)?;
            folders.extend(self.path_of(cid).parent().map(Path::to_owned));
            done = done.saturating_add(block.len() as u64).min(total);
            progress(ProgressUpdate { done, total: Some(total) });
            Ok(())
        })?;
        // Stored content must survive a power cut, names included.
        folders.insert(blocks);
        for folder in folders {
            let synced = File::open(&folder).and_then(|folder| folder.sync_all());
            synced.map_err(|source| at(&folder, source))?;
        }
        Ok(Stored { cid: root, places: vec![self.describe()], missed: Vec::new() })
    }

    async fn get_with_progress(
        &self,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, StoreError> {
        dag::read(self, cid, limit, progress).await
    }

    async fn unpin(&self, cid: &Cid) -> Vec<Unpinned> {
        vec![Unpinned::now(self.describe(), self.delete(cid))]
    }

    async fn goes_with(&self, cid: &Cid) -> Vec<Cid> {
        // Where that cannot be told, nothing can be deleted either.
        self.below(cid).unwrap_or_default()
    }

    async fn kept(&self) -> Vec<Kept> {
        vec![Kept { store: self.describe(), cids: self.roots() }]
    }

    async fn look(&self, cid: &Cid, depth: Depth) -> Vec<Looked> {
        let found = look::at(self, cid, depth).await;
        vec![Looked { store: self.describe(), found }]
    }

    fn describe(&self) -> String {
        format!("the folder {}", self.folder.display())
    }
}

#[async_trait]
impl BlockSource for LocalStore {
    async fn block(&self, cid: &BlockCid) -> Result<Vec<u8>, StoreError> {
        let path = self.path_of(cid);
        let block = read_block(&path).map_err(|source| at(&path, source))?;
        block.ok_or_else(|| self.lacks(cid))
    }

    async fn has(&self, cid: &BlockCid, size: u64) -> Result<(), StoreError> {
        let path = self.path_of(cid);
        match fs::metadata(&path) {
            Ok(about) => dag::ensure_size(cid, about.len(), size),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(self.lacks(cid)),
            Err(error) => Err(at(&path, error)),
        }
    }
}

/// The file's first bytes, one more than a block may have; `None` where there
/// is no file.
fn read_block(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BLOCK as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn at(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}
