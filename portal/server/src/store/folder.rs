//! A folder of blocks, with the layout of `medchain-client`: `blocks/<xy>/<cid>`, where `xy` are
//! the two characters before the CID's last.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use cid::Cid;
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncReadExt, AsyncWriteExt},
};

use super::Missed;
use crate::MAX_BLOCK;

/// A folder of blocks.
pub struct Folder(PathBuf);

impl Folder {
    /// The store in this folder, which is created when content is first stored.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn path_of(&self, cid: &Cid) -> PathBuf {
        let name = cid.to_string();
        let shard =
            name.len().checked_sub(3).and_then(|start| name.get(start..start + 2)).unwrap_or("__");
        self.0.join("blocks").join(shard).join(&name)
    }

    /// The block's bytes, not verified.
    pub async fn get(&self, cid: &Cid) -> Result<Bytes, Missed> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Missed::NotFound,
            _ => Missed::Failed("the store's folder cannot be read".into()),
        };
        let file = File::open(self.path_of(cid)).await.map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(MAX_BLOCK as u64 + 1).read_to_end(&mut bytes).await.map_err(failed)?;
        Ok(bytes.into())
    }

    /// Writes a block that was verified. Its name appears once it is complete and on disk.
    pub async fn put(&self, cid: &Cid, block: Bytes) -> Result<(), String> {
        let path = self.path_of(cid);
        if matches!(self.get(cid).await, Ok(present) if present == block) {
            return Ok(());
        }
        self.write(&path, &block)
            .await
            .map_err(|error| format!("the store's folder cannot be written to: {}", error.kind()))
    }

    /// Whether there is anything under the block's name.
    pub async fn has(&self, cid: &Cid) -> bool {
        // What cannot be looked at may be there.
        fs::try_exists(self.path_of(cid)).await.unwrap_or(true)
    }

    /// Deletes a block for good.
    pub async fn remove(&self, cid: &Cid) -> Result<(), String> {
        let path = self.path_of(cid);
        let failed =
            |error: io::Error| format!("the store's folder cannot be written to: {}", error.kind());
        match fs::remove_file(&path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed(error)),
            // It must not come back after a power cut.
            Ok(()) => sync(path.parent().unwrap_or(&self.0)).await.map_err(failed),
        }
    }

    async fn write(&self, path: &Path, block: &[u8]) -> io::Result<()> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder).await?;
        let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder.join(format!(".{}-{unique}.partial", std::process::id()));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&unfinished).await?;
        let written = async {
            file.write_all(block).await?;
            file.sync_all().await?;
            fs::rename(&unfinished, path).await?;
            sync(folder).await
        };
        let written = written.await;
        if written.is_err() {
            // A remaining file is harmless: nobody reads it.
            let _ = fs::remove_file(&unfinished).await;
        }
        written
    }
}

async fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder).await?.sync_all().await
}
