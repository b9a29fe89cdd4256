//! `medchain audit`: everything that happened to a patient's records.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{Chain, ChainError, History},
    AccountId32, H256,
};
use serde::Serialize;

use crate::{
    audit::{fhir, Entry, Filter, Gathering, Kinds},
    certificate::time_shown,
    context::Context,
    files,
    output::{self, Outcome},
};

/// How many blocks' times are asked for at once.
const AT_ONCE: usize = 16;

/// Arguments of `medchain audit`.
#[derive(Args, Clone, Debug)]
pub struct AuditArgs {
    /// The patient; without it, you.
    pub patient: Option<String>,
    /// The first block to look at; without it, the chain's first.
    #[arg(long, value_name = "BLOCK")]
    pub from: Option<u32>,
    /// The last block to look at; without it, the last that is final.
    #[arg(long, value_name = "BLOCK")]
    pub to: Option<u32>,
    /// Only what this account took part in.
    #[arg(long, value_name = "ACCOUNT")]
    pub subject: Option<String>,
    /// Only what concerns this record.
    #[arg(long, value_name = "RECORD")]
    pub record: Option<u64>,
    /// Only these kinds, with commas between: names such as access_denied, or a
    /// word of names, such as denied, emergency or policy.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    pub kind: Vec<Kinds>,
    /// Also write it to a file, as a FHIR R4 Bundle of AuditEvent resources.
    #[arg(long, value_name = "FILE")]
    pub fhir: Option<PathBuf>,
    /// Replace that file where it exists.
    #[arg(long, requires = "fhir")]
    pub force: bool,
}

/// A patient's log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditReport {
    /// The patient.
    pub patient: String,
    /// The hash of the chain's first block.
    pub chain: String,
    /// The first block that was looked at.
    pub from: u32,
    /// The last.
    pub to: u32,
    /// What happened, in its order.
    pub entries: Vec<Entry>,
    /// The file that was written.
    pub fhir_file: Option<String>,
}

impl std::fmt::Display for AuditReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { patient, from, to, entries, .. } = self;
        if entries.is_empty() {
            write!(f, "nothing of {patient} in the blocks {from} to {to}")?;
        } else {
            writeln!(
                f,
                "{:>8}  {:<20}  {:<23}  {:>6}  {:<48}  details",
                "block", "time", "kind", "record", "who"
            )?;
            for entry in entries {
                writeln!(f, "{entry}")?;
            }
            write!(f, "{} entries of {patient} in the blocks {from} to {to}", entries.len())?;
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

/// Reads the log, and writes the file where one is asked for.
pub async fn audit(context: &Context, args: &AuditArgs) -> Result<AuditReport> {
    let patient = context.account_or_own(args.patient.as_deref())?;
    let subject = args.subject.as_deref().map(|text| context.parse_account(text)).transpose()?;
    let kinds = args.kind.iter().flat_map(|kinds| kinds.0.iter().copied()).collect();
    let filter = Filter { subject, record: args.record, kinds };
    if let Some(file) = &args.fhir {
        files::ensure_can_write(file, args.force)?;
    }
    let chain = context.chain().await?;
    let head = chain.finalised().await?;
    if head.patient(&patient).await?.is_none() {
        bail!(
            "{patient} is not registered as a patient (as of block {}, the last that is final); \
             see `medchain patient register`",
            head.number()
        );
    }
    let (from, to) = range(head.number(), args)?;
    let history = chain.history(from, to).await.map_err(|error| pruned(error, from, to))?;
    let entries = read(context, chain, &history, patient, (from, to)).await?;
    let entries: Vec<Entry> = entries.into_iter().filter(|entry| filter.keeps(entry)).collect();
    if let Some(file) = &args.fhir {
        let end = time_shown(chain.at_number(to).await?.timestamp().await?);
        let naming = fhir::Naming::new(chain.genesis_hash());
        let bundle = fhir::bundle(&entries, &patient.to_string(), &naming, &end);
        let bytes = serde_json::to_vec_pretty(&bundle).context("cannot write the bundle")?;
        files::write_atomically(file, &bytes, args.force, false)?;
    }
    Ok(AuditReport {
        patient: patient.to_string(),
        chain: format!("0x{}", hex::encode(chain.genesis_hash().0)),
        from,
        to,
        entries,
        fhir_file: args.fhir.as_ref().map(|file| file.display().to_string()),
    })
}

/// The blocks that are asked for, up to the `newest` that is final. Nothing happens
/// in the first block of all, number 0.
fn range(newest: u32, args: &AuditArgs) -> Result<(u32, u32)> {
    let (from, to) = (args.from.unwrap_or(1).max(1), args.to.unwrap_or(newest));
    if to > newest {
        bail!("block {to} is not final yet; the newest that is final is {newest} (--to)");
    }
    if from > to {
        bail!("there is nothing between block {from} and block {to}; --from must not be past --to");
    }
    Ok((from, to))
}

/// What people can do about a node that threw old states away.
fn pruned(error: ChainError, from: u32, to: u32) -> anyhow::Error {
    match error {
        ChainError::StatePruned { first, .. } if first <= to => {
            anyhow::Error::new(error).context(format!(
                "cannot read the log from block {from} on; name an archive node with --node, \
                 or begin with --from {first}"
            ))
        }
        ChainError::StatePruned { .. } => anyhow::Error::new(error).context(format!(
            "cannot read the log from block {from} on; name an archive node with --node"
        )),
        error => error.into(),
    }
}

async fn read(
    context: &Context,
    chain: &Chain,
    history: &History,
    patient: AccountId32,
    (from, to): (u32, u32),
) -> Result<Vec<Entry>> {
    let begin = chain.at_number(from).await?;
    let end = chain.at_number(to).await?;
    let records = end.records_of(&patient).await?;
    let mut gathering = Gathering::new(
        patient,
        records.iter().map(|record| record.id),
        begin.own_policy_of(&patient).await?,
        begin.default_policy().await?,
    );
    let total = u64::from(to.saturating_sub(from)).saturating_add(1);
    let bar = context.progress.bar("Reading blocks", total, false);
    let mut found = Vec::new();
    let mut hashes = BTreeMap::new();
    let mut blocks = std::pin::pin!(history.blocks());
    let mut done = 0;
    while let Some(block) = blocks.next().await {
        let block = block.map_err(|error| pruned(error, from, to))?;
        for request in gathering.unknown_requests(&block) {
            if let Some(request) = end.request(request).await? {
                let (record, patient, requester) =
                    (request.record, request.patient, request.requester);
                gathering.learn_request(request.id, record, &patient, &requester);
            }
        }
        let entries = gathering.take(&block);
        hashes.insert(block.number, block.hash);
        found.extend(entries);
        done += 1;
        bar.at(done);
    }
    // A policy's older events come with the block that chose it.
    found.sort_by_key(|entry| (entry.block_number, entry.event_index));
    let times = times(history, &found, &hashes).await?;
    let time = |entry: &Entry| times.get(&entry.block_number).cloned().unwrap_or_default();
    Ok(found
        .into_iter()
        .map(|entry| {
            let time = time(&entry);
            entry.at(time)
        })
        .collect())
}

/// The times of the blocks that entries are from, and of no others.
async fn times(
    history: &History,
    entries: &[Entry],
    hashes: &BTreeMap<u32, H256>,
) -> Result<BTreeMap<u32, String>> {
    let numbers: BTreeSet<u32> = entries.iter().map(|entry| entry.block_number).collect();
    let asked = numbers.into_iter().filter_map(|number| Some((number, *hashes.get(&number)?)));
    let times = stream::iter(asked.map(|(number, hash)| async move {
        Ok::<_, ChainError>((number, time_shown(history.time(hash).await?)))
    }));
    Ok(times.buffered(AT_ONCE).try_collect().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pruned_node_is_told_with_two_ways_out() {
        let error = |first| {
            let error = pruned(ChainError::StatePruned { block: 1, first }, 1, 900);
            output::error_line(&error)
        };
        let line = error(644);
        for words in ["the first that it has is 644", "archive node", "--from 644"] {
            assert!(line.contains(words), "{line}");
        }
        // What the node has is later than what is asked for.
        assert!(!error(901).contains("--from"), "{}", error(901));
    }

    #[test]
    fn an_empty_log_says_what_was_looked_at() {
        let report = AuditReport {
            patient: "5F".into(),
            chain: "0x00".into(),
            from: 1,
            to: 9,
            entries: Vec::new(),
            fhir_file: None,
        };
        assert_eq!(report.to_string(), "nothing of 5F in the blocks 1 to 9");
    }
}
