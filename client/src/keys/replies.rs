//! The secrets of requests for access.
//!
//! Shares are delivered to a key that is used for one request only. Its secret is random,
//! so that nothing else opens the shares, and is written to disk before the request is
//! sent: the file `<genesis hash>-<record>-<reply key>`, each with the first 8 digits. A
//! request that is renewed has a file of its own, because the chain may refuse it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use medchain_primitives::RecordId;
use medchain_sharing::{ReplyKey, ReplySecret};
use rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

use super::{file, KeyError};
use crate::H256;

/// A request that is on its way is younger than this.
const ON_ITS_WAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The secrets of an account's requests on one chain, each in a file that only its owner may
/// read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyFiles {
    folder: PathBuf,
    genesis: H256,
}

impl ReplyFiles {
    /// Those in the folder `<key file>.requests`.
    pub(super) fn beside(key_file: &Path, genesis: H256) -> Self {
        let mut folder = key_file.as_os_str().to_owned();
        folder.push(".requests");
        Self::in_folder(folder.into(), genesis)
    }

    /// Those in this folder, on the chain with this genesis hash.
    pub fn in_folder(folder: PathBuf, genesis: H256) -> Self {
        Self { folder, genesis }
    }

    /// Draws the secret of a new request, and writes it to disk. Send the request afterwards.
    ///
    /// # Errors
    /// [`KeyError`] where there is no randomness, or nothing can be written.
    pub fn create(&self, record: RecordId) -> Result<ReplySecret, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.try_fill_bytes(&mut *seed).map_err(|_| KeyError::NoRandomness)?;
        let secret = ReplySecret::from_seed(&seed);
        let text = Zeroizing::new(hex::encode(*seed));
        file::create_private(&self.path(record, &secret.public()), text.as_bytes())?;
        Ok(secret)
    }

    /// The secret of a request, by its reply key; `None` where this account did not make
    /// the request from here.
    ///
    /// # Errors
    /// [`KeyError`] where the file cannot be read.
    pub fn find(&self, record: RecordId, key: &ReplyKey) -> Result<Option<ReplySecret>, KeyError> {
        let path = self.path(record, key);
        let text = match file::read_private(&path) {
            Err(KeyError::NotFound { .. }) => return Ok(None),
            read => read?,
        };
        let mut seed = Zeroizing::new([0; 32]);
        let secret = hex::decode_to_slice(text.as_slice(), &mut *seed)
            .map(|()| ReplySecret::from_seed(&seed))
            .ok()
            .filter(|secret| secret.public() == *key);
        secret.map(Some).ok_or(KeyError::MalformedReply { path })
    }

    /// Deletes the secret of a request, if it is there.
    ///
    /// # Errors
    /// [`KeyError::Io`]
    pub fn remove(&self, record: RecordId, key: &ReplyKey) -> Result<(), KeyError> {
        delete(&self.path(record, key))
    }

    /// Deletes the secrets of all requests for a record but the one with this reply key.
    ///
    /// # Errors
    /// [`KeyError::Io`]
    pub fn retain(&self, record: RecordId, key: Option<&ReplyKey>) -> Result<(), KeyError> {
        self.delete_others(record, key, Duration::ZERO)
    }

    /// As [`ReplyFiles::retain`], but leaves requests of the last day alone: they may be on
    /// their way into a block.
    ///
    /// # Errors
    /// [`KeyError::Io`]
    pub fn tidy(&self, record: RecordId, running: Option<&ReplyKey>) -> Result<(), KeyError> {
        self.delete_others(record, running, ON_ITS_WAY)
    }

    /// Deletes those that are at least this old.
    fn delete_others(
        &self,
        record: RecordId,
        key: Option<&ReplyKey>,
        age: Duration,
    ) -> Result<(), KeyError> {
        let io = |source| KeyError::Io { path: self.folder.clone(), source };
        let kept = key.map(|key| self.path(record, key));
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(io)?,
        };
        let prefix = self.prefix(record);
        for entry in entries {
            let entry = entry.map_err(io)?;
            let is_of_record = entry.file_name().to_string_lossy().starts_with(&prefix);
            if is_of_record && Some(entry.path()) != kept && is_aged(&entry, age) {
                delete(&entry.path())?;
            }
        }
        Ok(())
    }

    fn path(&self, record: RecordId, key: &ReplyKey) -> PathBuf {
        self.folder.join(format!("{}{}", self.prefix(record), digits(key.0)))
    }

    fn prefix(&self, record: RecordId) -> String {
        format!("{}-{record}-", digits(self.genesis.0))
    }
}

/// The first 8 hexadecimal digits.
fn digits(bytes: [u8; 32]) -> String {
    hex::encode(bytes).chars().take(8).collect()
}

/// Whether a file was written at least this long ago. One from the future counts as new.
fn is_aged(entry: &fs::DirEntry, age: Duration) -> bool {
    let written = entry.metadata().and_then(|metadata| metadata.modified());
    let passed = written.ok().and_then(|written| SystemTime::now().duration_since(written).ok());
    passed.unwrap_or_default() >= age
}

fn delete(path: &Path) -> Result<(), KeyError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        deleted => deleted.map_err(|source| KeyError::Io { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::keys::Identity;

    const RECORD: RecordId = RecordId(7);

    fn identity(folder: &Path) -> Identity {
        Identity::create(&folder.join("erin.json"), "//Erin", None).unwrap()
    }

    #[test]
    fn a_secret_is_private_and_found_by_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let replies = identity(folder.path()).replies(H256([0xab; 32]));
        let (first, second) = (replies.create(RECORD).unwrap(), replies.create(RECORD).unwrap());
        assert_ne!(first.public(), second.public());
        let requests = folder.path().join("erin.json.requests");
        let file = requests.join(format!("abababab-7-{}", digits(first.public().0)));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&requests)), (0o600, 0o700));
        // Also by a program that starts later.
        let again = Identity::load(&folder.path().join("erin.json")).unwrap();
        for secret in [&first, &second] {
            let found = again.replies(H256([0xab; 32])).find(RECORD, &secret.public()).unwrap();
            assert_eq!(found.unwrap().public(), secret.public());
        }
        let of = |genesis, record| {
            let replies = again.replies(H256([genesis; 32]));
            replies.find(record, &first.public()).unwrap().is_some()
        };
        assert!(of(0xab, RECORD) && !of(0xac, RECORD) && !of(0xab, RecordId(77)));
    }

    #[test]
    fn the_secrets_of_earlier_requests_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let replies = identity(folder.path()).replies(H256([1; 32]));
        replies.retain(RECORD, None).unwrap();
        let keys = [(); 3].map(|()| replies.create(RECORD).unwrap().public());
        // The record 77 begins with the same digit.
        let other = replies.create(RecordId(77)).unwrap().public();
        let is_there = |key| replies.find(RECORD, key).unwrap().is_some();
        replies.retain(RECORD, Some(&keys[1])).unwrap();
        assert_eq!([0, 1, 2].map(|place: usize| is_there(&keys[place])), [false, true, false]);
        // What is new may be on its way.
        replies.tidy(RECORD, None).unwrap();
        assert!(is_there(&keys[1]));
        let file = fs::File::open(replies.path(RECORD, &keys[1])).unwrap();
        file.set_modified(SystemTime::now() - ON_ITS_WAY).unwrap();
        replies.tidy(RECORD, Some(&keys[1])).unwrap();
        assert!(is_there(&keys[1]));
        replies.tidy(RECORD, None).unwrap();
        assert!(!is_there(&keys[1]));
        replies.remove(RECORD, &keys[0]).unwrap();
        replies.remove(RECORD, &keys[1]).unwrap();
        assert!(!is_there(&keys[1]));
        replies.retain(RECORD, None).unwrap();
        assert!(replies.find(RecordId(77), &other).unwrap().is_some());
    }

    #[test]
    fn what_is_no_secret_is_refused_without_quoting_it() {
        let folder = tempfile::tempdir().unwrap();
        let replies = identity(folder.path()).replies(H256([1; 32]));
        let key = replies.create(RECORD).unwrap().public();
        let other = hex::encode([5; 32]);
        for content in ["", "private words", other.as_str()] {
            fs::write(replies.path(RECORD, &key), content).unwrap();
            let error = replies.find(RECORD, &key).unwrap_err();
            assert!(matches!(error, KeyError::MalformedReply { .. }), "{error}");
            assert!(!error.to_string().contains("private"), "{error}");
        }
        fs::set_permissions(replies.path(RECORD, &key), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(replies.find(RECORD, &key), Err(KeyError::Permissions { .. })));
    }
}
