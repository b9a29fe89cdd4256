//! `medchain audit`: what happened to a patient's records.

mod archived;
mod cache;
mod log;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use anyhow::{bail, Result};
use clap::Args;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_audit::{fhir, Entry, Filter, Gathering, Kinds};
use medchain_client::{
    chain::{ChainError, History, PastEvent},
    AccountId32, H256,
};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    arguments::{self, Since},
    context::Context,
    files,
    output::{self, hex, time, Outcome},
};

/// How many block times to ask for at once.
const AT_ONCE: usize = 16;

/// Arguments of `medchain audit`.
#[derive(Args, Clone, Debug)]
pub struct AuditArgs {
    /// The patient; defaults to you.
    pub patient: Option<String>,
    /// Stop at entries older than this block or UTC date, such as 1200 or 2026-11-29.
    #[arg(long, value_name = "BLOCK|DATE", value_parser = arguments::since(),
        conflicts_with_all = ["full", "from", "to"])]
    pub since: Option<Since>,
    /// Read all entries from the node again, also those kept from earlier readings.
    ///
    /// What was read is kept beside the key file. The entries were verified; their times and
    /// signers are what the node of that time said, or with --archive what this archive said.
    #[arg(long, alias = "anew", conflicts_with_all = ["full", "from", "to"])]
    pub refresh: bool,
    /// Take old entries from this account's archive of logs, which keeps them in the store.
    ///
    /// For a node that has discarded old states. What the archive has is compared with the end of
    /// the log that the chain proves, so the archive need not be trusted; times and signers are
    /// its word. `medchain archive list` lists archives. Only the patient can open the entries.
    #[arg(long, value_name = "ACCOUNT", conflicts_with_all = ["full", "from", "to"])]
    pub archive: Option<String>,
    /// Read every block instead of the patient's log.
    ///
    /// Shows what is not in the log: what happened before the chain kept logs, the moves of
    /// disputes, changes of the default policy, and a contract's events from before it was the
    /// patient's policy. A missing entry is not noticed.
    #[arg(long)]
    pub full: bool,
    /// Read every block from this one on; defaults to the chain's first.
    #[arg(long, value_name = "BLOCK", value_parser = arguments::block())]
    pub from: Option<u32>,
    /// Read every block up to this one; defaults to the newest finalised one.
    #[arg(long, value_name = "BLOCK", value_parser = arguments::block())]
    pub to: Option<u32>,
    /// Only entries that involve this account.
    #[arg(long, value_name = "ACCOUNT")]
    pub subject: Option<String>,
    /// Only entries about this record.
    #[arg(long, value_name = "RECORD", value_parser = arguments::record())]
    pub record: Option<RecordId>,
    /// Only these kinds, comma-separated, such as access_denied,emergency.
    ///
    /// A kind's name, such as access_denied, or a word of such names, which stands for
    /// all of them: denied, emergency, policy.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    pub kind: Vec<Kinds>,
    /// Also write the log to this file, as a FHIR R4 Bundle of AuditEvent resources.
    #[arg(long, value_name = "FILE")]
    pub fhir: Option<PathBuf>,
    /// Replace the FHIR file if it exists.
    #[arg(long, requires = "fhir")]
    pub force: bool,
}

/// A patient's log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditReport {
    /// The patient.
    pub patient: AccountId32,
    /// The genesis block's hash.
    pub chain: String,
    /// The first block that was read.
    pub from: u32,
    /// The last block that was read.
    pub to: u32,
    /// What the entries were checked against; none where every block was read.
    pub log: Option<log::Checked>,
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// The FHIR file.
    pub fhir_file: Option<String>,
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { patient, from, to, entries, log, .. } = self;
        if entries.is_empty() {
            write!(f, "no entries of {patient} in blocks {from} to {to}")?;
        } else {
            writeln!(
                f,
                "{:>8}  {:<20}  {:<23}  {:>6}  {:<48}  details",
                "block", "time", "kind", "record", "who"
            )?;
            for entry in entries {
                writeln!(f, "{entry}")?;
            }
            write!(f, "{} entries of {patient} in blocks {from} to {to}", entries.len())?;
        }
        if let Some(log::Checked { length, head, block_hash, not_read }) = log {
            write!(
                f,
                "\nchecked against the patient's log of {length} entries, {head}, at block {to}, \
                 {block_hash}"
            )?;
            if *not_read > 0 {
                write!(
                    f,
                    "\n{not_read} entries before block {from} were left out, as --since says"
                )?;
            }
        }
        match &self.fhir_file {
            Some(file) => write!(f, "\nwritten as FHIR to {file}"),
            None => Ok(()),
        }
    }
}

/// Runs `medchain audit`.
pub async fn run(context: &Context, args: &AuditArgs) -> Result<Outcome> {
    output::print(&audit(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Reads the log, and writes the FHIR file where one is named.
pub async fn audit(context: &Context, args: &AuditArgs) -> Result<AuditReport> {
    let patient = context.account_or_own(args.patient.as_deref())?;
    let subject = context.parse_optional(args.subject.as_deref())?;
    let kinds = args.kind.iter().flat_map(|kinds| kinds.0.iter().copied()).collect();
    let filter = Filter { subject, record: args.record, kinds };
    if let Some(file) = &args.fhir {
        files::ensure_can_write(file, args.force)?;
    }
    let chain = context.chain().await?;
    let head = chain.finalised().await?;
    // The log outlasts the patient.
    let has_left = || async { chain.log_of(patient).await.map(|log| log.head().length > 0) };
    if head.patient(&patient).await?.is_none() && !has_left().await? {
        bail!(
            "{patient} is not registered as a patient (as of block {}, the newest finalised \
             one); its owner runs `medchain patient register`",
            head.number()
        );
    }
    let ((from, to), entries, end, log) = if args.full || args.from.is_some() || args.to.is_some() {
        let (from, to) = range(head.number(), args)?;
        let history = chain.history(from, to).await.map_err(|error| unreadable(error, from, to))?;
        let entries = read(context, &history, patient, (from, to)).await?;
        ((from, to), entries, time::shown(history.end_time().await?), None)
    } else {
        let read = match context.parse_optional(args.archive.as_deref())? {
            Some(archive) => {
                let whose = (patient, archive);
                archived::read(context, chain, whose, args.since, args.refresh).await?
            }
            None => log::read(context, chain, patient, args.since, args.refresh)
                .await
                .map_err(unlinked)?,
        };
        (read.blocks, read.entries, read.end, Some(read.checked))
    };
    let entries: Vec<Entry> = entries.into_iter().filter(|entry| filter.keeps(entry)).collect();
    if let Some(file) = &args.fhir {
        let naming = fhir::Naming::new(chain.genesis_hash().0);
        let bytes = fhir::file(&entries, &patient.to_string(), &naming, &end);
        files::write_atomically(file, &bytes, args.force, false)?;
    }
    Ok(AuditReport {
        patient,
        chain: hex(chain.genesis_hash().0),
        from,
        to,
        log,
        entries,
        fhir_file: args.fhir.as_ref().map(|file| file.display().to_string()),
    })
}

/// The blocks to read, up to the `newest` finalised one. Block 0 has no events.
fn range(newest: u32, args: &AuditArgs) -> Result<(u32, u32)> {
    let (from, to) = (args.from.unwrap_or(1).max(1), args.to.unwrap_or(newest));
    if to > newest {
        bail!("block {to} is not final yet; --to can be at most block {newest}");
    }
    if from > to {
        bail!("--from {from} is later than --to {to}; name an earlier block");
    }
    Ok((from, to))
}

/// The way out where the node has discarded old states, or where an old runtime differs.
fn unreadable(error: ChainError, from: u32, to: u32) -> anyhow::Error {
    match error {
        ChainError::StatePruned { first, .. } if first <= to => {
            anyhow::Error::new(error).context(format!(
                "cannot read the log from block {from} on; name an archive node with --node, \
                 or start later with --from {first}"
            ))
        }
        ChainError::StatePruned { .. } => anyhow::Error::new(error).context(format!(
            "cannot read the log from block {from} on; name an archive node with --node"
        )),
        ChainError::UnreadableBlocks { next: Some(next), .. } => {
            anyhow::Error::new(error).context(format!(
                "cannot read the log from block {from} on; start later with --from {next}, or \
                 use the release of that time"
            ))
        }
        ChainError::UnreadableBlocks { .. } => anyhow::Error::new(error).context(format!(
            "cannot read the log from block {from} on; use the release of that time"
        )),
        error => error.into(),
    }
}

/// The way out where the node has discarded the state of a block with an entry.
fn unlinked(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(ChainError::StatePruned { block, first }) => {
            let context = format!(
                "the log leads to block {block}; name an archive node with --node, or an archive of \
                 logs with --archive, or stop before with --since {}",
                first.saturating_add(1)
            );
            error.context(context)
        }
        _ => error,
    }
}

async fn read(
    context: &Context,
    history: &History,
    patient: AccountId32,
    (from, to): (u32, u32),
) -> Result<Vec<Entry>> {
    let mut gathering = Gathering::new(
        patient,
        history.record_ids_of(&patient).await?,
        history.own_policy_of(&patient).await?,
        history.default_policy().await?,
    );
    let total = u64::from(to.saturating_sub(from)).saturating_add(1);
    let bar = context.progress.bar("Reading blocks", total, false);
    let mut found = Vec::new();
    let mut hashes = BTreeMap::new();
    let mut blocks = std::pin::pin!(history.blocks());
    let mut done = 0;
    while let Some(block) = blocks.next().await {
        let block = block.map_err(|error| unreadable(error, from, to))?;
        learn(&mut gathering, history, &block.events).await?;
        let entries = gathering.take(block.number, &block.events);
        hashes.insert(block.number, block.hash);
        found.extend(entries);
        done += 1;
        bar.at(done);
    }
    // A policy's earlier events come with the block that chose it.
    found.sort_by_key(|entry| (entry.block_number, entry.event_index));
    let times = times(history, &found, &hashes).await?;
    let time_of = |entry: &Entry| times.get(&entry.block_number).cloned().unwrap_or_default();
    Ok(found
        .into_iter()
        .map(|entry| {
            let time = time_of(&entry);
            entry.at(time)
        })
        .collect())
}

/// Learns what the requests are about that these events only name.
async fn learn(
    gathering: &mut Gathering,
    history: &History,
    events: &[PastEvent],
) -> Result<(), ChainError> {
    for request in gathering.unknown_requests(events) {
        if let Some(request) = history.request(request).await? {
            let (record, requester) = (request.record, request.requester);
            gathering.learn_request(request.id, record, &request.patient, &requester);
        }
    }
    Ok(())
}

/// The times of the blocks that have entries.
async fn times(
    history: &History,
    entries: &[Entry],
    hashes: &BTreeMap<u32, H256>,
) -> Result<BTreeMap<u32, String>> {
    let numbers: BTreeSet<u32> = entries.iter().map(|entry| entry.block_number).collect();
    let asked = numbers.into_iter().filter_map(|number| Some((number, *hashes.get(&number)?)));
    let times = stream::iter(asked.map(|(number, hash)| async move {
        Ok::<_, ChainError>((number, time::shown(history.time(hash).await?)))
    }));
    Ok(times.buffered(AT_ONCE).try_collect().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_pruned_node_has_two_ways_out() {
        let error = |first| {
            let error = unreadable(ChainError::StatePruned { block: 1, first }, 1, 900);
            output::error_line(&error)
        };
        let line = error(644);
        for words in ["644", "archive node", "--from 644"] {
            assert!(line.contains(words), "{line}");
        }
        // The node has only later blocks than those wanted.
        assert!(!error(901).contains("--from"), "{}", error(901));
    }

    #[test]
    fn blocks_of_a_runtime_that_differs_have_a_way_out() {
        let line = |next| {
            let what = "it has version 2: event Emr.RecordAdded differs".to_owned();
            let error = ChainError::UnreadableBlocks { first: 7, next, what };
            output::error_line(&unreadable(error, 1, 900))
        };
        for words in ["block 7", "version 2", "Emr.RecordAdded differs", "--from 644"] {
            assert!(line(Some(644)).contains(words), "{}", line(Some(644)));
        }
        assert!(!line(None).contains("--from"), "{}", line(None));
    }

    #[test]
    fn an_empty_log_says_which_blocks_were_read() {
        let report = AuditReport {
            patient: AccountId32([1; 32]),
            chain: "0x00".into(),
            from: 1,
            to: 9,
            log: None,
            entries: Vec::new(),
            fhir_file: None,
        };
        let expected = format!("no entries of {} in blocks 1 to 9", AccountId32([1; 32]));
        assert_eq!(report.to_string(), expected);
        let (head, block_hash) = ("0xab".into(), "0xcd".into());
        let log = Some(log::Checked { length: 5, head, block_hash, not_read: 3 });
        let shown = AuditReport { from: 7, log, ..report }.to_string();
        for words in
            ["log of 5 entries, 0xab, at block 9, 0xcd", "3 entries before block 7 were left out"]
        {
            assert!(shown.contains(words), "{shown}");
        }
    }

    #[test]
    fn a_log_that_leads_to_a_discarded_state_has_two_ways_out() {
        let error = unlinked(ChainError::StatePruned { block: 39, first: 40 }.into());
        let line = output::error_line(&error);
        for words in ["block 39", "archive node", "--since 41"] {
            assert!(line.contains(words), "{line}");
        }
    }
}
