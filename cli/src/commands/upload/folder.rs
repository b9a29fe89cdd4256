//! `medchain upload DIR --manifest FILE.csv`: the films of a folder, many records in a
//! transaction.
//!
//! Each film has an entry of its own in the journal, the same as when it is uploaded alone. While
//! a transaction is on its way, the films of the next one are read, encrypted and stored.

mod ask;
mod chunk;
mod film;
mod halves;
mod manifest;
mod plan;
mod report;
mod silence;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        Mutex, MutexGuard, PoisonError,
    },
    time::Instant,
};

use anyhow::{bail, Context as _, Result};
use futures::{stream, StreamExt};
use medchain_client::{
    chain::{ChainError, TxOutcome},
    keys::Identity,
    H256,
};
use medchain_primitives::{ModelId, RecordId};
use tokio::sync::mpsc;

use super::UploadArgs;
use crate::{
    context::Context,
    exit,
    journal::{self, Entry, Journal, Locks, Tag},
    output::Outcome,
};

use ask::Asks;
use chunk::Landed;
use film::{Film, Prepared};
use manifest::Row;
use plan::Plan;
use report::{FileOutcome, FileReport, Summary};
use silence::Silence;

/// The lock of commands that hold many publications at once.
const LOCK: &str = "many";

/// Films on their way.
struct Run<'a> {
    context: &'a Context,
    args: &'a UploadArgs,
    /// The folder's real path.
    folder: PathBuf,
    plan: Plan,
    journal: Journal,
    locks: Locks,
    /// The lines of the films that were met, by what tells them apart.
    met: Mutex<HashMap<Tag, u64>>,
    /// What became of transactions of an earlier command.
    settled: tokio::sync::Mutex<HashMap<H256, Result<TxOutcome, ChainError>>>,
    /// What became of the files so far.
    summary: Mutex<Summary>,
    /// Whether nobody tells any more what became of the films' transactions.
    silence: Silence,
    /// Whether nobody does of those that move requests on.
    silence_of_asks: Silence,
    /// Whether no store said what it has: asked for each film, they may hold up each.
    stores_are_silent: AtomicBool,
    /// How many transactions are in blocks that are not final.
    in_flight: AtomicUsize,
    /// Records that were added before with an order of which no request is open.
    idle: Mutex<Vec<(RecordId, ModelId)>>,
}

/// Uploads the files of a list.
pub(super) async fn upload(context: &Context, args: &UploadArgs, list: &Path) -> Result<Outcome> {
    let started = Instant::now();
    let rows = manifest::read(list, &args.file, &|text: &str| context.parse_account(text))?;
    let folder = args.file.canonicalize();
    let folder = folder.with_context(|| format!("cannot find {}", args.file.display()))?;
    context.ensure_can_ask()?;
    if !context.yes && rows.iter().any(|row| row.model.is_some()) {
        bail!(
            "each verdict that is ordered takes two more transactions, which draw the workers and \
             seal the key to them; pass --yes to sign them without asking"
        );
    }
    let journal = context.journal().await?;
    let waiting = context.progress.step("Waiting for another upload of a folder");
    let _alone = journal.alone(LOCK).await?;
    drop(waiting);
    let plan = Plan::of(context, args, &rows).await?;
    let added = added(&journal, context.identity()?, args, &rows);
    plan.confirm(context, &rows, &added).await?;
    let summary = Summary {
        files: rows.len(),
        records_a_transaction: plan.at_once,
        records_a_block: plan.a_block,
        ..Summary::default()
    };
    let run = Run {
        context,
        args,
        folder,
        plan,
        journal,
        locks: Locks::default(),
        met: Mutex::default(),
        settled: tokio::sync::Mutex::default(),
        summary: Mutex::new(summary),
        silence: Silence::default(),
        silence_of_asks: Silence::default(),
        stores_are_silent: AtomicBool::new(false),
        in_flight: AtomicUsize::new(0),
        idle: Mutex::default(),
    };
    let (asks, asked) = mpsc::unbounded_channel();
    let (added, moved) = futures::join!(run.all(&rows, asks), run.ask(asked));
    added?;
    moved?;
    exit::begun(None);
    exit::underway(None);
    run.warn();
    let mut summary = run.summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    summary.seconds = (started.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    summary.end(context)
}

impl<'a> Run<'a> {
    /// Adds all films; requests for verdicts that were made with them are moved on by others.
    async fn all(&self, rows: &'a [Row], asks: Asks) -> Result<()> {
        // The first films are stored soon.
        self.say();
        let mut chunks = rows.chunks(self.plan.at_once);
        let mut landed: Vec<Landed<'a>> = Vec::new();
        let mut stopped = false;
        let mut films = match chunks.next() {
            Some(first) => self.prepare(first, &asks, &mut stopped).await?,
            None => Vec::new(),
        };
        loop {
            let next = if stopped { None } else { chunks.next() };
            let prepare = async {
                match next {
                    Some(next) => Some(self.prepare_all(next).await),
                    None => None,
                }
            };
            // After a stop, what is stored already goes on with the same command another time.
            let submit = async {
                match stopped {
                    true => chunk::left(&std::mem::take(&mut films)),
                    false => self.submit(std::mem::take(&mut films)).await,
                }
            };
            let (submitted, prepared) = futures::join!(submit, prepare);
            stopped |= submitted.stops;
            self.summary().transactions += submitted.landed.len();
            landed.extend(submitted.landed);
            for report in submitted.reports {
                self.tell(report, &asks)?;
            }
            self.settle(&mut landed, false, &asks).await?;
            match prepared {
                Some(prepared) => films = self.sort(prepared, &asks, &mut stopped)?,
                None => break,
            }
        }
        self.settle(&mut landed, true, &asks).await?;
        for row in chunks.flatten() {
            self.count(&FileReport::new(row, FileOutcome::NotBegun))?;
        }
        // Whoever moves requests on waits for no more of them.
        drop(asks);
        Ok(())
    }

    async fn prepare(
        &self,
        rows: &'a [Row],
        asks: &Asks,
        stopped: &mut bool,
    ) -> Result<Vec<Film<'a>>> {
        let prepared = self.prepare_all(rows).await;
        self.sort(prepared, asks, stopped)
    }

    /// Reads, encrypts and stores films, so many at a time as may be in flight.
    async fn prepare_all(&self, rows: &'a [Row]) -> Vec<Prepared<'a>> {
        let films = stream::iter(rows.iter().map(|row| self.prepare_film(row)));
        films.buffered(self.args.parallel.into()).collect().await
    }

    /// Tells what is decided about films already, and returns the others.
    fn sort(
        &self,
        prepared: Vec<Prepared<'a>>,
        asks: &Asks,
        stopped: &mut bool,
    ) -> Result<Vec<Film<'a>>> {
        let mut films = Vec::new();
        for one in prepared {
            match one {
                Prepared::Ready(film) => films.push(*film),
                Prepared::Decided(report) => {
                    *stopped |= report.outcome == FileOutcome::Unknown;
                    self.tell(*report, asks)?;
                }
            }
        }
        Ok(films)
    }

    fn summary(&self) -> MutexGuard<'_, Summary> {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints what became of a film, and counts it.
    fn count(&self, report: &FileReport) -> Result<()> {
        let told = self.summary().tell(self.context, report);
        self.say();
        told
    }

    /// Notes that so many transactions are in blocks that are not final.
    fn flies(&self, in_flight: usize) {
        self.in_flight.store(in_flight, Ordering::Relaxed);
        self.say();
    }

    /// Notes that one more is.
    fn one_more_flies(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.say();
    }

    /// Says what an interruption leaves.
    fn say(&self) {
        let summary = self.summary();
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        let done = summary.added + summary.added_before;
        exit::underway(Some(format!(
            "{done} of {} files are added, and {in_flight} transactions are not final; others may \
             be begun; the same command goes on and adds nothing twice",
            summary.files
        )));
    }
}

/// The lines whose files an earlier command has added, by their names: what the files are now is
/// seen when they are read.
fn added(journal: &Journal, identity: &Identity, args: &UploadArgs, rows: &[Row]) -> BTreeSet<u64> {
    // An entry that is damaged is told when it is its turn.
    let entries = journal.entries().unwrap_or_default().into_iter();
    let mut entries: Vec<Entry> = entries.filter(Entry::is_done).collect();
    journal.name_files(identity, &mut entries);
    let done: HashSet<Vec<String>> = entries.iter().map(Entry::command).collect();
    let is_done = |row: &&Row| {
        let path = journal::written(&row.path);
        let command = super::command(&row.patient, row.kind, row.model, args).into_iter();
        let with_path = command.map(|part| if part == journal::FILE { path.clone() } else { part });
        done.contains(&with_path.collect::<Vec<_>>())
    };
    rows.iter().filter(is_done).map(|row| row.line).collect()
}
