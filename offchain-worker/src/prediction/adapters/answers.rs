//! Answers and films in files, and which films ended the process, for each request.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use codec::{DecodeAll, Encode};
use medchain_client::{chain::SealedAnswer, AccountId32};
use medchain_primitives::RequestId;
use tokio::task::spawn_blocking;

use crate::prediction::ports::{Answers, KeptFilm};

/// How the names of files with answers end.
const ANSWER: &str = "sealed";
/// How the names of files with films end: a [`KeptFilm`], SCALE-encoded.
const FILM: &str = "film";
/// How the names of files end that count processes which a film has ended: a number in digits.
const FATAL: &str = "fatal";
/// About how long films are.
const FILM_LENGTH: usize = 1 << 16;
/// How the names of files end that are not complete, as a crash may leave them.
const NEW: &str = ".new";

/// The answers and films of one worker on one chain, in a folder.
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
        probe(&folder)?;
        Ok(Self { folder })
    }

    fn file(&self, request: RequestId, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", request.0))
    }

    async fn write(&self, request: RequestId, kind: &str, bytes: Vec<u8>) -> io::Result<()> {
        let path = self.file(request, kind);
        blocking(move || write(&path, &bytes)).await
    }

    async fn read(&self, request: RequestId, kind: &str) -> io::Result<Option<Vec<u8>>> {
        let path = self.file(request, kind);
        blocking(move || found(fs::read(path))).await
    }

    async fn forget(&self, request: RequestId, kind: &str) -> io::Result<()> {
        let path = self.file(request, kind);
        blocking(move || {
            found(fs::remove_file(new(&path)))?;
            found(fs::remove_file(path)).map(|_| ())
        })
        .await
    }
}

/// Where a file is written before it has its name.
fn new(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(NEW);
    name.into()
}

/// Writes a file so that after a crash the old one is there, or all of the new one.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = new(path);
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)?;
    // The name is in the folder, which is written on its own.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Writes as much as a film has, and removes it again.
fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(".probe");
    let written = fs::write(&path, vec![0; FILM_LENGTH]);
    found(fs::remove_file(path))?;
    written
}

/// `None` where there is no such file.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The film in a file; `None` where it is none.
fn film(bytes: &[u8]) -> Option<KeptFilm> {
    KeptFilm::decode_all(&mut &bytes[..]).ok()
}

fn list(folder: &Path, kinds: &[&str]) -> io::Result<BTreeSet<RequestId>> {
    let mut requests = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| {
            let (number, kind) = name.strip_suffix(NEW).unwrap_or(name).split_once('.')?;
            kinds.contains(&kind).then(|| number.parse().ok())?
        });
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
        self.write(request, ANSWER, sealed.to_vec()).await
    }

    async fn get(&self, request: RequestId) -> io::Result<Option<SealedAnswer>> {
        let bytes = self.read(request, ANSWER).await?;
        Ok(bytes.and_then(|bytes| SealedAnswer::try_from(bytes).ok()))
    }

    async fn remove(&self, request: RequestId) -> io::Result<()> {
        self.forget(request, ANSWER).await
    }

    async fn put_film(&self, request: RequestId, film: &KeptFilm) -> io::Result<()> {
        self.write(request, FILM, film.encode()).await
    }

    async fn film(&self, request: RequestId) -> io::Result<Option<KeptFilm>> {
        Ok(self.read(request, FILM).await?.and_then(|bytes| film(&bytes)))
    }

    async fn remove_film(&self, request: RequestId) -> io::Result<()> {
        self.forget(request, FILM).await
    }

    async fn fatalities(&self, request: RequestId) -> io::Result<u32> {
        let bytes = self.read(request, FATAL).await?;
        let count = bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
        Ok(count.unwrap_or_default())
    }

    async fn put_fatalities(&self, request: RequestId, count: u32) -> io::Result<()> {
        self.write(request, FATAL, count.to_string().into_bytes()).await
    }

    async fn remove_fatalities(&self, request: RequestId) -> io::Result<()> {
        self.forget(request, FATAL).await
    }

    async fn requests(&self) -> io::Result<BTreeSet<RequestId>> {
        let folder = self.folder.clone();
        blocking(move || list(&folder, &[ANSWER, FILM, FATAL])).await
    }

    async fn films(&self) -> io::Result<BTreeSet<RequestId>> {
        let folder = self.folder.clone();
        blocking(move || list(&folder, &[FILM])).await
    }

    async fn probe(&self) -> io::Result<()> {
        let folder = self.folder.clone();
        blocking(move || probe(&folder)).await
    }
}

#[cfg(test)]
mod tests {
    use medchain_primitives::{Cid, CidCodec, EncryptionKey, SealedKey};

    use super::*;

    const ME: AccountId32 = AccountId32([1; 32]);
    const REQUEST: RequestId = RequestId(7);

    fn sealed(byte: u8) -> SealedAnswer {
        SealedAnswer::truncate_from(vec![byte; 50])
    }

    fn film(byte: u8) -> KeptFilm {
        let envelope = SealedKey::new(&EncryptionKey([byte; 32]), [byte; 32], [byte; 48]);
        KeptFilm { envelope, cid: Cid::new(CidCodec::Raw, [byte; 32]), square: vec![byte; 500] }
    }

    #[tokio::test]
    async fn what_was_put_is_there_after_a_restart_until_it_is_removed() {
        let state = tempfile::tempdir().unwrap();
        let open = || AnswerFiles::open(state.path(), &[9; 32], &ME).unwrap();
        assert_eq!(open().get(REQUEST).await.unwrap(), None);
        assert_eq!(open().film(REQUEST).await.unwrap(), None);
        open().put(REQUEST, &sealed(1)).await.unwrap();
        open().put(REQUEST, &sealed(2)).await.unwrap();
        open().put_film(REQUEST, &film(3)).await.unwrap();
        assert_eq!(open().get(REQUEST).await.unwrap(), Some(sealed(2)));
        assert_eq!(open().film(REQUEST).await.unwrap(), Some(film(3)));
        assert_eq!(open().requests().await.unwrap(), [REQUEST].into());
        for _ in 0..2 {
            open().remove(REQUEST).await.unwrap();
            assert_eq!(open().get(REQUEST).await.unwrap(), None);
            assert_eq!(open().film(REQUEST).await.unwrap(), Some(film(3)));
            assert_eq!(open().requests().await.unwrap(), [REQUEST].into());
            assert_eq!(open().films().await.unwrap(), [REQUEST].into());
        }
        open().put(RequestId(8), &sealed(1)).await.unwrap();
        assert_eq!(open().films().await.unwrap(), [REQUEST].into());
        open().remove(RequestId(8)).await.unwrap();
        open().remove_film(REQUEST).await.unwrap();
        assert_eq!(open().requests().await.unwrap(), [].into());
    }

    #[tokio::test]
    async fn what_a_film_has_ended_is_counted_across_processes() {
        let state = tempfile::tempdir().unwrap();
        let open = || AnswerFiles::open(state.path(), &[9; 32], &ME).unwrap();
        assert_eq!(open().fatalities(REQUEST).await.unwrap(), 0);
        for count in 1..4 {
            open().put_fatalities(REQUEST, count).await.unwrap();
            assert_eq!(open().fatalities(REQUEST).await.unwrap(), count);
        }
        assert_eq!(open().requests().await.unwrap(), [REQUEST].into());
        open().remove_fatalities(REQUEST).await.unwrap();
        assert_eq!(open().fatalities(REQUEST).await.unwrap(), 0);
        assert_eq!(open().requests().await.unwrap(), [].into());
        fs::write(open().file(REQUEST, FATAL), b"half a").unwrap();
        assert_eq!(open().fatalities(REQUEST).await.unwrap(), 0, "a damaged note blames nobody");
    }

    #[tokio::test]
    async fn chains_and_workers_can_share_a_folder() {
        let state = tempfile::tempdir().unwrap();
        let open = |genesis, account| {
            AnswerFiles::open(state.path(), &[genesis; 32], &AccountId32([account; 32])).unwrap()
        };
        open(1, 1).put(REQUEST, &sealed(1)).await.unwrap();
        assert_eq!(open(2, 1).get(REQUEST).await.unwrap(), None);
        assert_eq!(open(1, 2).requests().await.unwrap(), [].into());
    }

    #[tokio::test]
    async fn what_a_crash_has_left_is_no_answer_and_no_film() {
        let state = tempfile::tempdir().unwrap();
        let files = AnswerFiles::open(state.path(), &[9; 32], &ME).unwrap();
        fs::write(new(&files.file(REQUEST, FILM)), b"half").unwrap();
        assert_eq!(files.film(REQUEST).await.unwrap(), None);
        assert_eq!(files.requests().await.unwrap(), [REQUEST].into(), "it is to be removed");
        files.remove_film(REQUEST).await.unwrap();
        assert_eq!(files.requests().await.unwrap(), [].into());
        fs::write(files.file(REQUEST, ANSWER), vec![0; 1_000]).unwrap();
        let whole = film(3).encode();
        fs::write(files.file(REQUEST, FILM), &whole[..whole.len() - 1]).unwrap();
        assert_eq!(files.get(REQUEST).await.unwrap(), None);
        assert_eq!(files.film(REQUEST).await.unwrap(), None);
        assert_eq!(files.requests().await.unwrap(), [REQUEST].into());
        files.put(REQUEST, &sealed(1)).await.unwrap();
        assert_eq!(files.get(REQUEST).await.unwrap(), Some(sealed(1)));
    }

    #[tokio::test]
    async fn a_probe_leaves_nothing_and_finds_a_folder_that_is_gone() {
        let state = tempfile::tempdir().unwrap();
        let files = AnswerFiles::open(state.path(), &[9; 32], &ME).unwrap();
        files.probe().await.unwrap();
        assert_eq!(fs::read_dir(&files.folder).unwrap().count(), 0);
        fs::remove_dir(&files.folder).unwrap();
        assert!(files.probe().await.is_err());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let state = tempfile::NamedTempFile::new().unwrap();
        assert!(AnswerFiles::open(state.path(), &[9; 32], &ME).is_err());
    }
}
