//! One publication in the journal.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{bail, Context as _, Error, Result};
use codec::{Decode as _, Encode as _};
use medchain_client::{
    chain::{Transaction, TxOutcome},
    crypto::{self, ContentKey, EnvelopeName, Sealed},
    keys::Identity,
    store, H256,
};
use medchain_primitives::{Cid, SealedKey};
use serde::{Deserialize, Serialize};

use super::{named, Tag};
use crate::{files, output::joined};

/// The version of the format.
const VERSION: u32 = 1;
/// The largest entry, in bytes: a transaction with many envelopes.
const MAX_ENTRY_BYTES: u64 = 16 * 1024 * 1024;
/// The largest content that is kept here, in bytes.
const MAX_CONTENT_BYTES: u64 = 1024 * 1024 * 1024;

/// How far a publication is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its content may be in a store, or a part of it.
    Begun,
    /// Its content is stored.
    Stored,
    /// The chain has it.
    Done(Done),
    /// It will never be on chain, and its content may still be in a store.
    Abandoned,
}

/// Where a publication is on chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The numbers that the chain gave it.
    pub numbers: Vec<u64>,
    /// The block's hash.
    pub block_hash: H256,
    /// The block's number.
    pub block_number: u32,
    /// The extrinsic's hash; zeros where only its effect was found.
    pub extrinsic_hash: H256,
    /// The fee, in plancks; text, because JSON numbers lose digits. Zero where only the
    /// extrinsic's effect was found.
    pub fee: String,
}

impl Done {
    /// What a transaction did.
    pub fn new(outcome: &TxOutcome, numbers: Vec<u64>) -> Self {
        Self {
            numbers,
            block_hash: outcome.block_hash,
            block_number: outcome.block_number,
            extrinsic_hash: outcome.extrinsic_hash,
            fee: outcome.fee.to_string(),
        }
    }

    /// Checks that a node whose newest final block is `height` can know of it. One that is behind
    /// has no such record, which would be added once more.
    pub fn ensure_reached(&self, height: u32) -> Result<()> {
        if height < self.block_number {
            bail!(
                "the node's newest final block is {height}, and this was added in block {}; wait \
                 until the node has caught up, or name another one with --node; a development chain \
                 that began again needs a folder of its own in MEDCHAIN_KEYS",
                self.block_number
            );
        }
        Ok(())
    }

    /// The transaction's outcome, without its events.
    pub fn outcome(&self) -> TxOutcome {
        TxOutcome {
            block_hash: self.block_hash,
            block_number: self.block_number,
            extrinsic_hash: self.extrinsic_hash,
            fee: self.fee.parse().unwrap_or_default(),
            events: Vec::new(),
        }
    }
}

/// One publication, as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    version: u32,
    /// What tells it from others.
    pub tag: String,
    /// What it is, for people, with [`named::FILE`] for the path of its file.
    what: String,
    /// The arguments of `medchain` that go on with it, with the same in the place of the path.
    command: Vec<String>,
    /// The path of its file, sealed to its own account. Entries of earlier versions have it in
    /// clear, in the two above.
    #[serde(default)]
    path: Option<String>,
    /// The path, once it is opened.
    #[serde(skip)]
    opened: Option<String>,
    /// Its content key, sealed to its own account, as hexadecimal digits.
    key: Option<String>,
    /// The CIDs of its content.
    contents: Vec<String>,
    /// What its content begins with where it is encrypted, as hexadecimal digits: whoever has the
    /// key and the plaintext can make the same content again, should the stores lose it. Entries
    /// of earlier versions have none.
    #[serde(default)]
    headers: Vec<String>,
    /// How far it is.
    pub stage: Stage,
    /// The transaction that names it on chain, once it was signed.
    pub transaction: Option<Transaction>,
}

impl Entry {
    /// The entry in a file; none where there is no file.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes = files::read(path, "the journal's entry", MAX_ENTRY_BYTES)?;
        let read = serde_json::from_slice::<Self>(&bytes)
            .ok()
            .filter(|entry| entry.version == VERSION)
            .with_context(|| {
                format!(
                    "{} is damaged, or of another version of this program; its content may be \
                     in a store, so move the file away only if you need nothing of it",
                    path.display()
                )
            })?;
        Ok(Some(read))
    }

    /// What it is held by.
    pub fn name(&self) -> Tag {
        Tag(self.tag.clone())
    }

    /// The first digits of the tag, which name it to people.
    pub fn id(&self) -> &str {
        self.tag.get(..8).unwrap_or(&self.tag)
    }

    /// What it is, for people; the path of its file in it where that is opened.
    pub fn what(&self) -> String {
        named::shown(&self.what, self.opened.as_deref())
    }

    /// The arguments of `medchain` that go on with it, with the path where that is opened.
    pub fn command(&self) -> Vec<String> {
        let path = |argument: &String| match &self.opened {
            Some(path) if argument == named::FILE => path.clone(),
            _ => argument.clone(),
        };
        self.command.iter().map(path).collect()
    }

    /// The name of the command that began it, such as `upload`.
    pub fn command_name(&self) -> Option<&str> {
        self.command.first().map(String::as_str)
    }

    /// Whether it has a path that is not opened.
    pub fn is_sealed(&self) -> bool {
        self.path.is_some() && self.opened.is_none()
    }

    /// Opens the path of its file, where that was sealed to this account.
    pub(super) fn name_file(&mut self, identity: &Identity, genesis: H256) {
        if let (Some(path), None) = (&self.path, &self.opened) {
            self.opened = named::open(identity, genesis, path).ok();
        }
    }

    /// The CIDs of its content.
    pub fn cids(&self) -> Vec<Cid> {
        self.contents.iter().filter_map(|text| Cid::parse(text.as_bytes()).ok()).collect()
    }

    /// What its first content begins with, where it is encrypted and that was written down.
    pub fn header(&self) -> Option<Vec<u8>> {
        self.headers.first().and_then(|header| hex::decode(header).ok())
    }

    /// Whether nothing has to be done for it any more.
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done(_))
    }
}

/// A publication that this command alone works on, as long as this lives.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    genesis: H256,
    /// What the journal has of it.
    pub entry: Option<Entry>,
    _lock: Arc<File>,
}

impl Held {
    pub(super) fn read(path: PathBuf, genesis: H256, lock: Arc<File>) -> Result<Self> {
        let held = Self { entry: Entry::read(&path)?, path, genesis, _lock: lock };
        if held.entry.as_ref().is_some_and(Entry::is_done) {
            // A program that was killed between the two steps of `finish` has left it.
            held.delete_contents();
        }
        Ok(held)
    }

    /// Writes that a publication begins: what it is, the arguments that go on with it, and the
    /// path that [`named::FILE`] stands for in both. Its content, where it was encrypted under a
    /// `key`, is kept as well: encrypting it again would give it another name.
    pub fn begin(
        &mut self,
        identity: &Identity,
        (what, command, path): (&str, &[String], Option<&str>),
        key: Option<&ContentKey>,
        contents: &[Vec<u8>],
    ) -> Result<()> {
        let cids: Vec<Cid> = contents.iter().map(|bytes| store::cid_of(bytes)).collect();
        let (mut sealed, mut headers) = (None, Vec::new());
        if let Some(key) = key {
            for bytes in contents {
                headers.push(hex::encode(crypto::file_header(bytes)?));
            }
            let name = self.name(identity, &cids)?;
            sealed = Some(crypto::seal(key, &identity.encryption_key(), &name)?);
            for (number, bytes) in contents.iter().enumerate() {
                files::write_atomically(&self.content(number), bytes, true, true)?;
            }
        }
        let named = path.map(|path| named::seal(identity, self.genesis, path)).transpose()?;
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.write(Entry {
            version: VERSION,
            tag: name.split_once('-').map(|(_, tag)| tag.to_owned()).unwrap_or_default(),
            what: what.to_owned(),
            command: command.to_vec(),
            path: named,
            opened: path.map(str::to_owned),
            key: sealed.map(|sealed| hex::encode(sealed.encode())),
            contents: cids.iter().map(ToString::to_string).collect(),
            headers,
            stage: Stage::Begun,
            transaction: None,
        })
    }

    /// The key and the content of a publication that was begun with a key; none without an
    /// entry, or where it has no key or its content is damaged.
    pub fn kept(&self, identity: &Identity) -> Result<Option<(ContentKey, Vec<Vec<u8>>)>> {
        let Some(entry) = &self.entry else { return Ok(None) };
        let Some(sealed) = &entry.key else { return Ok(None) };
        let damaged = "the journal's key is damaged";
        let envelope = hex::decode(sealed).context(damaged)?;
        let envelope = SealedKey::decode(&mut &envelope[..]).context(damaged)?;
        let cids = entry.cids();
        let name = self.name(identity, &cids)?;
        let key = identity.encryption_secret().open(&envelope, &name).with_context(|| {
            format!("{} was begun with another key file, which alone goes on", entry.what())
        })?;
        let mut contents = Vec::new();
        for (number, cid) in entry.contents.iter().enumerate() {
            let read =
                files::read(&self.content(number), "the journal's content", MAX_CONTENT_BYTES);
            match read {
                Ok(bytes) if store::cid_of(&bytes).as_str() == cid => contents.push(bytes),
                _ => return Ok(None),
            }
        }
        Ok(Some((key, contents)))
    }

    /// What the envelope here is for: the content, as its author's own.
    fn name<'a>(&self, identity: &Identity, cids: &'a [Cid]) -> Result<EnvelopeName<'a>> {
        let content = Sealed::Record(cids.first().context("the journal's entry has no content")?);
        let author = identity.account().0;
        Ok(EnvelopeName { genesis: self.genesis.0, patient: author, content, reader: author })
    }

    /// Says how to go on after an error, where something is begun.
    pub fn unfinished(&self, error: Error) -> Error {
        match &self.entry {
            Some(entry) if matches!(entry.stage, Stage::Begun | Stage::Stored) => {
                let cids = joined(entry.cids());
                error.context(format!(
                    "{} is not finished (CID {cids}); the same command goes on with it and does \
                     nothing twice, and so does `medchain resume`; `medchain resume {} --drop` \
                     gives it up",
                    entry.what(),
                    entry.id()
                ))
            }
            _ => error,
        }
    }

    /// Notes the path of its file, by which it is told here.
    pub fn call(&mut self, path: Option<&str>) {
        if let (Some(entry), Some(path)) = (&mut self.entry, path) {
            entry.opened = Some(path.to_owned());
        }
    }

    /// Writes how far it is.
    pub fn reach(&mut self, stage: Stage) -> Result<()> {
        let entry = self.entry()?;
        self.write(Entry { stage, ..entry })
    }

    /// Writes the transaction that is about to be handed over, or that none is on its way.
    pub fn sign(&mut self, transaction: Option<Transaction>) -> Result<()> {
        let entry = self.entry()?;
        self.write(Entry { transaction, ..entry })
    }

    /// Writes that it is on chain, and deletes the content that was kept.
    pub fn finish(&mut self, done: Done) -> Result<()> {
        let entry = self.entry()?;
        self.write(Entry { stage: Stage::Done(done), transaction: None, key: None, ..entry })?;
        self.delete_contents();
        Ok(())
    }

    /// Forgets it.
    pub fn forget(&mut self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("cannot delete the journal's entry")
            }
            _ => {}
        }
        files::sync_folder_of(&self.path)?;
        self.delete_contents();
        self.entry = None;
        Ok(())
    }

    fn delete_contents(&self) {
        let count = self.entry.as_ref().map_or(0, |entry| entry.contents.len());
        for number in 0..count {
            // One that stays is deleted as left behind.
            let _ = fs::remove_file(self.content(number));
        }
    }

    fn entry(&self) -> Result<Entry> {
        match &self.entry {
            Some(entry) => Ok(entry.clone()),
            None => bail!("the journal has no such entry"),
        }
    }

    fn content(&self, number: usize) -> PathBuf {
        self.path.with_extension(format!("{number}.content"))
    }

    fn write(&mut self, entry: Entry) -> Result<()> {
        let json = serde_json::to_vec_pretty(&entry).context("cannot write the journal")?;
        files::write_atomically(&self.path, &json, true, true)?;
        self.entry = Some(entry);
        Ok(())
    }
}
