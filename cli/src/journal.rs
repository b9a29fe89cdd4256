//! What this account has begun and not finished, on disk before it happens: so a program that is
//! killed at any moment leaves nothing behind that the same command cannot go on with.
//!
//! The folder `<key file>.journal`, which only its owner can read, holds
//!
//! - `<genesis hash>-<tag>.json`, an [`Entry`] for each publication: content that is stored
//!   first, and then named on chain. The tag is a keyed digest of what is published, so that the
//!   same command finds it, and nobody else learns from it which film it is. The path of its file
//!   is sealed to the account;
//! - `<genesis hash>-<tag>.<number>.content`, its encrypted content until the chain has it;
//! - `<genesis hash>-<tag>.picture`, which says which publication shows a picture;
//! - `<genesis hash>-sent-<hash>.json` for each other transaction on its way;
//! - `<genesis hash>-erased-<record>.cid`, the CID of each record that this account has erased;
//! - `digest.key`, the key of the digests, and `locks/`.

mod entry;
mod erased;
mod locks;
mod named;
mod pictures;
mod publication;
mod sent;

use std::{
    fs::{self, DirBuilder, File},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::{bail, Context as _, Result};
use hmac::{Hmac, Mac};
use medchain_client::H256;
use rand_core::{OsRng, RngCore};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use entry::{Done, Entry, Held, Stage};
pub use locks::Locks;
pub use named::{written, FILE};
pub use publication::{abandon, certainty, publish, Certainty, Landed, Stores, Task, World};
pub use sent::Sent;

use crate::files;

/// Temporary files that are older were left by a program that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

/// The journal of one account on one chain.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
    genesis: H256,
}

/// What tells one publication from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag(String);

impl Journal {
    /// The journal in a folder, which is made when something is written.
    pub fn at(folder: PathBuf, genesis: H256) -> Self {
        Self { folder, genesis }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The tag of what these parts describe.
    pub fn tag(&self, parts: &[&[u8]]) -> Result<Tag> {
        let key = self.digest_key()?;
        let mut digest = Hmac::<Sha256>::new_from_slice(&key).context("an HMAC takes any key")?;
        for part in parts {
            digest.update(&(part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let digest = hex::encode(digest.finalize().into_bytes());
        Ok(Tag(digest.chars().take(32).collect()))
    }

    /// Waits until no other command works on the same, and reads what the journal has of it.
    pub async fn hold(&self, tag: &Tag) -> Result<Held> {
        self.hold_among(&Locks::default(), tag).await
    }

    /// As [`Journal::hold`], for a command that holds many at once, all of them among `locks`.
    ///
    /// It must hold [`Journal::alone`] as well: two such commands would wait for each other.
    pub async fn hold_among(&self, locks: &Locks, tag: &Tag) -> Result<Held> {
        self.make()?;
        // Few files, which stay: deleting one that another program has open would let a third
        // one lock a file of the same name.
        let name: String = tag.0.chars().take(2).collect();
        let lock = locks.take(&self.folder.join("locks").join(name)).await?;
        Held::read(self.path(&tag.0, "json"), self.genesis, lock)
    }

    /// Waits until no other command holds this name, as a command does that holds many
    /// publications at once.
    pub async fn alone(&self, name: &str) -> Result<Arc<File>> {
        self.make()?;
        Locks::default().take(&self.folder.join("locks").join(name)).await
    }

    /// All publications, the finished ones included, by the name of their file.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for path in self.files()? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_entry = name.starts_with(&self.prefix()) && name.ends_with(".json");
            if is_entry && !name.contains("-sent-") {
                // Finished by another command since its name was read.
                entries.extend(Entry::read(&path)?);
            }
        }
        Ok(entries)
    }

    /// An entry by the beginning of its tag.
    pub fn find(&self, id: &str) -> Result<Tag> {
        let found: Vec<Entry> =
            self.entries()?.into_iter().filter(|entry| entry.tag.starts_with(id)).collect();
        match &found[..] {
            [one] if !id.is_empty() => Ok(one.name()),
            _ => bail!("the journal has no entry {id}; see `medchain resume --list`"),
        }
    }

    fn prefix(&self) -> String {
        let genesis: String = hex::encode(self.genesis.0).chars().take(8).collect();
        format!("{genesis}-")
    }

    fn path(&self, name: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{}{name}.{extension}", self.prefix()))
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries,
        };
        let unreadable = || format!("cannot read the journal {}", self.folder.display());
        let mut files = Vec::new();
        for entry in entries.with_context(unreadable)? {
            files.push(entry.with_context(unreadable)?.path());
        }
        files.sort();
        Ok(files)
    }

    fn make(&self) -> Result<()> {
        let locks = self.folder.join("locks");
        if locks.is_dir() {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&locks)
            .with_context(|| format!("cannot make the journal {}", self.folder.display()))
    }

    fn digest_key(&self) -> Result<Vec<u8>> {
        self.make()?;
        let path = self.folder.join("digest.key");
        if !path.exists() {
            let mut fresh = Zeroizing::new([0; 32]);
            OsRng.try_fill_bytes(&mut *fresh).context("the system returned no random bytes")?;
            // Where another command was faster, its key counts.
            let written = files::write_atomically(&path, &*fresh, false, true);
            if !path.exists() {
                written?;
            }
        }
        files::read(&path, "the journal's key", 1024)
    }

    /// Deletes what a program that was killed has left: temporary files, and content without an
    /// entry, or whose entry is finished.
    pub fn tidy(&self) -> Result<()> {
        for path in self.files()? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_left = name.starts_with(files::TEMPORARY)
                || (name.ends_with(".content") && !self.needs(&name));
            if is_left && is_old(&path) {
                // Another command may have deleted it.
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }

    /// Whether an entry goes on with the content of this name.
    fn needs(&self, content: &str) -> bool {
        let name = content.split('.').next().unwrap_or_default();
        match Entry::read(&self.folder.join(format!("{name}.json"))) {
            Ok(Some(entry)) => !entry.is_done(),
            Ok(None) => false,
            // Whoever repairs the entry needs its content.
            Err(_) => true,
        }
    }
}

fn is_old(path: &Path) -> bool {
    let written = fs::metadata(path).and_then(|about| about.modified());
    let age = written.ok().and_then(|written| SystemTime::now().duration_since(written).ok());
    age.is_some_and(|age| age > LEFT_BEHIND)
}

#[cfg(test)]
mod tests;
