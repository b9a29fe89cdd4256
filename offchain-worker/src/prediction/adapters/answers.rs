//! Answers in files, one for each request.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use medchain_client::{chain::SealedAnswer, AccountId32};
use medchain_primitives::RequestId;
use tokio::task::spawn_blocking;

use crate::prediction::ports::Answers;

/// How the names of the files end.
const SUFFIX: &str = ".sealed";

/// The answers of one worker on one chain, in a folder.
pub struct AnswerFiles {
    folder: PathBuf,
}

impl AnswerFiles {
    /// Opens the folder `state`, which chains and workers may share, and makes it where it is
    /// not there.
    ///
    /// # Errors
    /// Where nothing can be written there.
    pub fn open(state: &Path, genesis: &[u8; 32], account: &AccountId32) -> io::Result<Self> {
        let folder = state.join(hex::encode(genesis)).join(account.to_string());
        fs::create_dir_all(&folder)?;
        let probe = folder.join(".probe");
        fs::write(&probe, b"")?;
        fs::remove_file(&probe)?;
        Ok(Self { folder })
    }

    fn file(&self, request: RequestId) -> PathBuf {
        self.folder.join(format!("{}{SUFFIX}", request.0))
    }
}

/// Writes a file so that after a crash the old one is there, or all of the new one.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // The name is in the folder, which is written on its own.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn read(path: &Path) -> io::Result<Option<SealedAnswer>> {
    match fs::read(path) {
        Ok(bytes) => Ok(SealedAnswer::try_from(bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn list(folder: &Path) -> io::Result<Vec<RequestId>> {
    let mut requests = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)?.parse().ok());
        requests.extend(number.map(RequestId));
    }
    Ok(requests)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

#[async_trait]
impl Answers for AnswerFiles {
    async fn put(&self, request: RequestId, sealed: &SealedAnswer) -> io::Result<()> {
        let (path, sealed) = (self.file(request), sealed.clone());
        blocking(move || write(&path, &sealed)).await
    }

    async fn get(&self, request: RequestId) -> io::Result<Option<SealedAnswer>> {
        let path = self.file(request);
        blocking(move || read(&path)).await
    }

    async fn remove(&self, request: RequestId) -> io::Result<()> {
        let path = self.file(request);
        blocking(move || fs::remove_file(path)).await
    }

    async fn requests(&self) -> io::Result<Vec<RequestId>> {
        let folder = self.folder.clone();
        blocking(move || list(&folder)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: AccountId32 = AccountId32([1; 32]);
    const REQUEST: RequestId = RequestId(7);

    fn sealed(byte: u8) -> SealedAnswer {
        SealedAnswer::truncate_from(vec![byte; 50])
    }

    #[tokio::test]
    async fn what_was_put_is_there_after_a_restart_until_it_is_removed() {
        let state = tempfile::tempdir().unwrap();
        let open = || AnswerFiles::open(state.path(), &[9; 32], &ME).unwrap();
        assert_eq!(open().get(REQUEST).await.unwrap(), None);
        open().put(REQUEST, &sealed(1)).await.unwrap();
        open().put(REQUEST, &sealed(2)).await.unwrap();
        assert_eq!(open().get(REQUEST).await.unwrap(), Some(sealed(2)));
        assert_eq!(open().requests().await.unwrap(), [REQUEST]);
        open().remove(REQUEST).await.unwrap();
        assert_eq!(open().requests().await.unwrap(), []);
    }

    #[tokio::test]
    async fn chains_and_workers_can_share_a_folder() {
        let state = tempfile::tempdir().unwrap();
        let open = |genesis, account| {
            AnswerFiles::open(state.path(), &[genesis; 32], &AccountId32([account; 32])).unwrap()
        };
        open(1, 1).put(REQUEST, &sealed(1)).await.unwrap();
        assert_eq!(open(2, 1).get(REQUEST).await.unwrap(), None);
        assert_eq!(open(1, 2).requests().await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_a_crash_has_left_is_no_answer() {
        let state = tempfile::tempdir().unwrap();
        let files = AnswerFiles::open(state.path(), &[9; 32], &ME).unwrap();
        fs::write(files.file(REQUEST).with_extension("new"), b"half").unwrap();
        fs::write(files.file(REQUEST), vec![0; 1_000]).unwrap();
        assert_eq!(files.get(REQUEST).await.unwrap(), None);
        assert_eq!(files.requests().await.unwrap(), [REQUEST]);
        files.put(REQUEST, &sealed(1)).await.unwrap();
        assert_eq!(files.get(REQUEST).await.unwrap(), Some(sealed(1)));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let state = tempfile::NamedTempFile::new().unwrap();
        assert!(AnswerFiles::open(state.path(), &[9; 32], &ME).is_err());
    }
}
