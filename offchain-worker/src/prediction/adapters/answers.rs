//! Answers and films of requests in files, and which films ended the process.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use codec::{DecodeAll, Encode};
use medchain_client::{chain::SealedAnswer, AccountId32};
use medchain_primitives::{Cid, RequestId};
use tokio::task::spawn_blocking;

use crate::prediction::ports::{Answers, KeptFilm};

/// How the names of files with answers end.
const ANSWER: &str = "sealed";
/// How the names of files with films end: a [`KeptFilm`], SCALE-encoded.
const FILM: &str = "film";
/// How the names of files end that count processes which a film has ended: a number in digits, and
/// the version of the worker. The name begins with the film's CID.
const FATAL: &str = "fatal";
/// The version of this worker.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// For how long such a file is kept.
const FATAL_AGE: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How many of them are kept at most.
const MOST_FATAL: usize = 1_000;
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

    fn fatal(&self, cid: &Cid) -> PathBuf {
        self.folder.join(format!("{cid}.{FATAL}"))
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
        blocking(move || remove(&path)).await
    }
}

/// Where a file is written before it has its name.
fn new(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(NEW);
    name.into()
}

/// Writes a file so that after a crash, also of the machine, the old one is there, or all of the
/// new one.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, File::sync_all)?;
    // The name is in the folder, which is written on its own.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// The same after the end of this process, however it ends.
///
/// When the disk has it does not matter: films are decoded in a process with limits, so they end
/// processes and not machines. To wait for the disk would cost more than to decode the film.
fn note(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, |_| Ok(()))
}

fn replace(
    path: &Path,
    bytes: &[u8],
    finish: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let new = new(path);
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    finish(&file)?;
    fs::rename(new, path)
}

/// Removes a file, and what a crash has left of it.
fn remove(path: &Path) -> io::Result<()> {
    found(fs::remove_file(new(path)))?;
    found(fs::remove_file(path)).map(|_| ())
}

/// The number of processes in a note; `None` where it is damaged.
fn count(note: &[u8]) -> Option<u32> {
    let note = std::str::from_utf8(note).ok()?;
    let (count, version) = note.split_once(' ')?;
    let count = count.parse::<u32>().ok()?;
    Some(if version == VERSION { count } else { count.min(1) })
}

fn is_note(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        name.strip_suffix(NEW).unwrap_or(name).rsplit('.').next() == Some(FATAL)
    })
}

/// Removes notes that were written before `oldest`, and more than `most` others, oldest first.
fn prune(folder: &Path, oldest: SystemTime, most: usize) -> io::Result<()> {
    let mut notes = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if is_note(&path) {
            // One that was taken back meanwhile is gone.
            let written = found(fs::metadata(&path))?.map(|data| data.modified()).transpose()?;
            notes.extend(written.map(|written| (written, path)));
        }
    }
    notes.sort();
    let too_many = notes.len().saturating_sub(most);
    for (place, (written, path)) in notes.iter().enumerate() {
        if place < too_many || *written < oldest {
            remove(path)?;
        }
    }
    Ok(())
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

    async fn fatalities(&self, cid: &Cid) -> io::Result<u32> {
        let path = self.fatal(cid);
        let note = blocking(move || found(fs::read(path))).await?;
        Ok(note.and_then(|note| count(&note)).unwrap_or_default())
    }

    async fn put_fatalities(&self, cid: &Cid, count: u32) -> io::Result<()> {
        let path = self.fatal(cid);
        let text = format!("{count} {VERSION}");
        blocking(move || note(&path, text.as_bytes())).await
    }

    async fn remove_fatalities(&self, cid: &Cid) -> io::Result<()> {
        let path = self.fatal(cid);
        blocking(move || remove(&path)).await
    }

    async fn prune_fatalities(&self) -> io::Result<()> {
        let folder = self.folder.clone();
        let oldest = SystemTime::now().checked_sub(FATAL_AGE).unwrap_or(SystemTime::UNIX_EPOCH);
        blocking(move || prune(&folder, oldest, MOST_FATAL)).await
    }

    async fn requests(&self) -> io::Result<BTreeSet<RequestId>> {
        let folder = self.folder.clone();
        blocking(move || list(&folder, &[ANSWER, FILM])).await
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
    use medchain_primitives::{CidCodec, EncryptionKey, SealedKey};

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
        let cid = Cid::new(CidCodec::Raw, [7; 32]);
        assert_eq!(open().fatalities(&cid).await.unwrap(), 0);
        for count in 1..4 {
            open().put_fatalities(&cid, count).await.unwrap();
            assert_eq!(open().fatalities(&cid).await.unwrap(), count);
        }
        assert_eq!(open().requests().await.unwrap(), [].into(), "it is of no request");
        open().remove_fatalities(&cid).await.unwrap();
        assert_eq!(open().fatalities(&cid).await.unwrap(), 0);
        let file = open().fatal(&cid);
        fs::write(&file, b"half a").unwrap();
        assert_eq!(open().fatalities(&cid).await.unwrap(), 0, "a damaged note blames nobody");
        fs::write(&file, b"3 0.0.0").unwrap();
        assert_eq!(open().fatalities(&cid).await.unwrap(), 1, "another version may open it");
    }

    #[tokio::test]
    async fn old_notes_and_too_many_are_removed_and_nothing_else() {
        let state = tempfile::tempdir().unwrap();
        let files = AnswerFiles::open(state.path(), &[9; 32], &ME).unwrap();
        let cids = [1, 2, 3].map(|byte| Cid::new(CidCodec::Raw, [byte; 32]));
        let now = SystemTime::now();
        for (cid, age) in cids.iter().zip([30, 20, 10]) {
            files.put_fatalities(cid, 2).await.unwrap();
            let file = File::options().write(true).open(files.fatal(cid)).unwrap();
            file.set_modified(now - Duration::from_secs(age)).unwrap();
        }
        files.put_film(REQUEST, &film(3)).await.unwrap();
        files.prune_fatalities().await.unwrap();
        assert_eq!(files.fatalities(&cids[0]).await.unwrap(), 2);
        prune(&files.folder, now - Duration::from_secs(25), 5).unwrap();
        assert_eq!(files.fatalities(&cids[0]).await.unwrap(), 0, "it is too old");
        assert_eq!(files.fatalities(&cids[1]).await.unwrap(), 2);
        prune(&files.folder, now - Duration::from_secs(25), 1).unwrap();
        assert_eq!(files.fatalities(&cids[1]).await.unwrap(), 0, "the newest stays");
        assert_eq!(files.fatalities(&cids[2]).await.unwrap(), 2);
        assert_eq!(files.film(REQUEST).await.unwrap(), Some(film(3)));
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
