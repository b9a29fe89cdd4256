//! One film of a folder, until it waits for its transaction.

use std::{
    path::Path,
    sync::{atomic::Ordering, PoisonError},
};

use anyhow::{anyhow, bail, Context as _, Error, Result};
use medchain_client::{
    chain::{FilmCommitments, Transaction, TxOutcome},
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{Cid, ContentDigest, RecordId, RecordKind};
use medchain_vision::{Square, MAX_FILE_BYTES};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    super::{
        call, command, same,
        stored::{self, Ensured, OnChain},
        what, PURPOSE,
    },
    manifest::Row,
    report::{FileOutcome, FileReport},
    Run,
};
use crate::{
    files,
    journal::{self, certainty, Certainty, Done, Held, Stage},
    records::{self, Content},
};

/// A film that is stored, and not on chain.
pub(super) struct Film<'a> {
    /// What the list says of it.
    pub(super) row: &'a Row,
    /// Its entry in the journal.
    pub(super) held: Held,
    /// Its key.
    pub(super) key: ContentKey,
    /// The CID of its encrypted content.
    pub(super) cid: Cid,
    /// The digest of that.
    pub(super) digest: ContentDigest,
    /// What its uploader commits to.
    pub(super) commitments: Option<FilmCommitments>,
    /// What was taken out of the file.
    pub(super) removed: Vec<String>,
    /// Whether an earlier command had begun it.
    pub(super) is_kept: bool,
}

/// How far a film is.
pub(super) enum Prepared<'a> {
    /// It waits for its transaction.
    Ready(Box<Film<'a>>),
    /// Nothing more is to be done for it.
    Decided(Box<FileReport>),
}

/// A film that is encrypted.
struct Encrypted {
    key: ContentKey,
    content: Vec<u8>,
    commitments: Option<FilmCommitments>,
    removed: Vec<String>,
    square: Option<Square>,
}

impl<'a> Run<'a> {
    /// Reads, encrypts and stores a film; an error is told as its own.
    pub(super) async fn prepare_film(&self, row: &'a Row) -> Prepared<'a> {
        self.try_prepare(row).await.unwrap_or_else(|error| decided(failed(row, &error)))
    }

    async fn try_prepare(&self, row: &'a Row) -> Result<Prepared<'a>> {
        let (context, identity) = (self.context, self.context.identity()?);
        let (path, folder) = (row.path.clone(), self.folder.clone());
        let (file, digest) = blocking(move || {
            let file =
                Zeroizing::new(files::read_within(&path, &folder, "the file", MAX_FILE_BYTES)?);
            let digest = Sha256::digest(&*file);
            Ok((file, digest))
        })
        .await?;
        let kind = row.kind.as_str().as_bytes();
        let tag = self.journal.tag(&[b"upload", &row.patient.0, kind, &digest])?;
        let before = {
            let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
            met.insert(tag.clone(), row.line)
        };
        if let Some(line) = before {
            bail!("it is the same file as in line {line}, for the same patient");
        }
        let mut held = self.journal.hold_among(&self.locks, &tag).await?;
        let path = journal::written(&row.path);
        held.call(Some(&path));
        if let Some(report) = self.before(row, &mut held).await? {
            return Ok(decided(self.still_stored(row, &held, report, file).await?));
        }
        // Only now: what was added stays added, whatever the patient allows today.
        self.plan.terms(row)?;
        let (file_path, kind, patient) = (row.path.clone(), row.kind, row.patient);
        let kept = held.kept(identity)?;
        let is_kept = kept.is_some();
        if !is_kept && held.entry.is_some() {
            // What was kept is damaged.
            if let Some(report) = self.found(row, &mut held).await? {
                return Ok(decided(self.still_stored(row, &held, report, file).await?));
            }
            journal::abandon(&mut records::LetGo(context), &mut held).await?;
        }
        let encrypted = blocking(move || match kept {
            Some((key, contents)) => again(&file_path, kind, &patient, key, contents),
            None => encrypt(&file_path, kind, &patient, file),
        })
        .await?;
        let Encrypted { key, content, commitments, removed, square } = encrypted;
        let content = Content::new(content);
        if !is_kept {
            let what = what(&row.patient);
            let command = command(&row.patient, row.kind, row.model, self.args);
            let contents = std::slice::from_ref(&content.bytes);
            let begun = (what.as_str(), &command[..], Some(path.as_str()));
            held.begin(identity, begun, Some(&key), contents)?;
            if let Some(square) = &square {
                let of = (&row.patient, square);
                same::warn_or_note(&self.journal, identity, of, &tag, &row.path)?;
            }
        }
        content.store(context, &|_| {}).await.map_err(|error| held.unfinished(error))?;
        held.reach(Stage::Stored)?;
        let Content { cid, digest, .. } = content;
        let film = Film { row, held, key, cid, digest, commitments, removed, is_kept };
        Ok(Prepared::Ready(Box::new(film)))
    }

    /// What an earlier command did about a film; none where it is still to be added.
    async fn before(&self, row: &Row, held: &mut Held) -> Result<Option<FileReport>> {
        let Some(entry) = held.entry.clone() else { return Ok(None) };
        let mut stores = records::LetGo(self.context);
        match &entry.stage {
            Stage::Done(done) => {
                // Before anything else is asked, as the journal does for a single film.
                let height = records::final_height(self.context).await?;
                let view = self.context.view().await?;
                if records::stands(&view, &done.numbers, &entry.cids()).await? {
                    let report = added_before(row, done, &entry.cids());
                    return Ok(Some(report));
                }
                done.ensure_reached(height)?;
                held.forget()?;
            }
            Stage::Abandoned => journal::abandon(&mut stores, held).await?,
            Stage::Begun | Stage::Stored => {
                if let Some(transaction) = &entry.transaction {
                    return self.signed_before(row, held, transaction).await;
                }
            }
        }
        Ok(None)
    }

    /// Sees to it that the stores have a film that an earlier command has added.
    async fn still_stored(
        &self,
        row: &Row,
        held: &Held,
        report: FileReport,
        file: Zeroizing<Vec<u8>>,
    ) -> Result<FileReport> {
        let cids = held.entry.as_ref().map(journal::Entry::cids).unwrap_or_default();
        let (Some(record), Some(cid)) = (report.record_id, cids.first()) else {
            return Ok(report);
        };
        if self.stores_are_silent.load(Ordering::Relaxed) {
            return Ok(report);
        }
        let on_chain =
            OnChain { record, cid, key: None, entry: held.entry.as_ref(), file: &row.path };
        let film = || -> Result<Zeroizing<Vec<u8>>> {
            Ok(records::Film::of(&row.path, row.kind, file)?.bytes)
        };
        let ensured = stored::ensure(self.context, &on_chain, film).await?;
        let is_first =
            ensured == Ensured::Unknown && !self.stores_are_silent.swap(true, Ordering::Relaxed);
        if is_first {
            crate::output::tell!(
                "warning: the stores are not asked about other films that are on chain already; \
                 repeat the list once they answer"
            );
        }
        Ok(FileReport { put_back: ensured == Ensured::PutBack, ..report })
    }

    /// What became of a film whose transaction an earlier command signed.
    async fn signed_before(
        &self,
        row: &Row,
        held: &mut Held,
        transaction: &Transaction,
    ) -> Result<Option<FileReport>> {
        let cids = held.entry.as_ref().map(journal::Entry::cids).unwrap_or_default();
        match self.fate(transaction).await {
            Ok(outcome) => {
                let record = call::added(&outcome, &cids)?;
                let done = Done::new(&outcome, vec![record.0]);
                held.finish(done.clone())?;
                Ok(Some(added_before(row, &done, &cids)))
            }
            Err(error) => match certainty(&error) {
                Certainty::Unknown => {
                    Ok(Some(FileReport::failed(row, FileOutcome::Unknown, &error)))
                }
                // A transaction of many is refused for one: which, the next tells.
                Certainty::NoEffect | Certainty::Refused => {
                    held.sign(None)?;
                    Ok(None)
                }
            },
        }
    }

    /// Finishes a film that the chain has already. A transaction is noted in one entry after the
    /// other: a program that was killed between two of them has signed one that this film's entry
    /// does not have.
    pub(super) async fn found(&self, row: &Row, held: &mut Held) -> Result<Option<FileReport>> {
        let cids = held.entry.as_ref().map(journal::Entry::cids).unwrap_or_default();
        let Some(cid) = cids.first() else { return Ok(None) };
        let found = records::added_already(self.context, &row.patient, cid).await?;
        let Some(done) = found else { return Ok(None) };
        held.finish(done.clone())?;
        Ok(Some(added_before(row, &done, &cids)))
    }

    /// What became of a transaction of an earlier command, which many films may have.
    async fn fate(&self, transaction: &Transaction) -> Result<TxOutcome> {
        let mut settled = self.settled.lock().await;
        if let Some(outcome) = settled.get(&transaction.hash) {
            return Ok(outcome.clone()?);
        }
        self.silence.check(transaction)?;
        let outcome = self.context.look_up(transaction, PURPOSE).await?;
        settled.insert(transaction.hash, outcome.clone());
        let outcome = outcome.map_err(Error::new);
        self.silence.note(&outcome);
        outcome
    }
}

fn decided<'a>(report: FileReport) -> Prepared<'a> {
    Prepared::Decided(Box::new(report))
}

fn failed(row: &Row, error: &Error) -> FileReport {
    FileReport::failed(row, FileOutcome::of_error(error), error)
}

fn added_before(row: &Row, done: &Done, cids: &[Cid]) -> FileReport {
    FileReport {
        record_id: done.numbers.first().map(|number| RecordId(*number)),
        cid: cids.first().map(ToString::to_string),
        included: Some((&done.outcome()).into()),
        ..FileReport::new(row, FileOutcome::AddedBefore)
    }
}

/// Takes out of a file what says whose it is, and encrypts it under a new key.
fn encrypt(
    path: &Path,
    kind: RecordKind,
    patient: &AccountId32,
    file: Zeroizing<Vec<u8>>,
) -> Result<Encrypted> {
    let film = records::Film::of(path, kind, file)?;
    let key = ContentKey::generate();
    let content = crypto::encrypt(&key, &patient.0, &film.bytes)?;
    let square = film.square.as_ref();
    let commitments = square.map(|square| records::commitments(&key, square)).transpose()?;
    Ok(Encrypted { key, content, commitments, removed: film.removed, square: film.square })
}

/// What an earlier command encrypted.
fn again(
    path: &Path,
    kind: RecordKind,
    patient: &AccountId32,
    key: ContentKey,
    contents: Vec<Vec<u8>>,
) -> Result<Encrypted> {
    let content = contents.into_iter().next().context("the journal does not have the film")?;
    let bytes = crypto::decrypt(&key, &patient.0, &content)?;
    let film = records::Film::cleaned_before(path, kind, bytes)?;
    let square = film.square.as_ref();
    let commitments = square.map(|square| records::commitments(&key, square)).transpose()?;
    Ok(Encrypted { key, content, commitments, removed: Vec::new(), square: film.square })
}

/// Does work that takes a processor, beside the work that waits.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| anyhow!("it ended early: {error}"))?
}
