//! `medchain archive`: archives of logs, for those who run them and those who look for one.

mod node;

use std::{fmt, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use medchain_client::{
    archive,
    chain::{format_balance, Call, ChainError, ChainEvent, LogArchive},
    keys, AccountId32,
};
use serde::Serialize;

use self::node::Node;
use crate::{
    archive::{Folder, Keeper},
    context::Context,
    exit,
    output::{self, Outcome},
    signing::{ensure_event, Included},
};

/// How long to wait before looking for new final blocks.
const PAUSE: Duration = Duration::from_secs(6);
/// After how many blocks entries are sealed while the archive is far behind: so few wait.
const SEALED_EVERY: u32 = 1000;

/// Subcommands of `medchain archive`.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Run an archive: keep the entries of all logs in the store, sealed to their patients.
    ///
    /// Follows final blocks from where it stopped, and names what is new on chain, which costs a
    /// fee, and the deposit of a record the first time. The first run reads the chain from its
    /// first block and needs an archive node; later ones need the states since the last run. Any
    /// account may run one: nobody has to believe it, because readers compare its entries with
    /// what the chain proves. The account signs where the index is, and opens nothing.
    Run(RunArgs),
    /// List the archives that are named on chain.
    List,
    /// Show what an archive has, by its index in the store.
    Show {
        /// The archive's account; defaults to you.
        archive: Option<String>,
    },
    /// End your archive: remove its name from the chain and get the deposit back.
    ///
    /// What it stored stays in the store.
    Remove,
}

/// Arguments of `medchain archive run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// The folder that keeps how far the archive is; defaults to one beside your keys.
    #[arg(long, env = "MEDCHAIN_ARCHIVE_STATE", value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Name what is new on chain at most once in so many blocks.
    #[arg(long, env = "MEDCHAIN_ARCHIVE_EVERY", default_value_t = 100, value_name = "BLOCKS")]
    pub every: u32,
    /// Read up to the newest final block, name what is new, and end.
    #[arg(long)]
    pub once: bool,
}

/// An archive on chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArchiveRow {
    /// The account.
    pub archive: AccountId32,
    /// The CID of its index.
    pub index: String,
    /// The block in which that was named.
    pub named_at: u32,
    /// The deposit in MEDC.
    pub deposit: String,
}

impl From<&LogArchive> for ArchiveRow {
    fn from(archive: &LogArchive) -> Self {
        Self {
            archive: archive.account,
            index: archive.cid.to_string(),
            named_at: archive.at,
            deposit: format_balance(archive.deposit),
        }
    }
}

impl fmt::Display for ArchiveRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { archive, index, named_at, .. } = self;
        write!(f, "{archive}  index {index}, named in block {named_at}")
    }
}

/// The archives on chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// By account.
    pub archives: Vec<ArchiveRow>,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.archives.is_empty() {
            return f.write_str(
                "no account has named an archive of logs; `medchain archive run` runs one",
            );
        }
        self.archives.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

/// What an archive has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// Where it is.
    #[serde(flatten)]
    pub row: ArchiveRow,
    /// The block up to which it has read, by its own word.
    pub block: u32,
    /// The newest final block.
    pub newest: u32,
    /// The number of its 256 shards that have patients.
    pub shards: usize,
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, block, newest, shards } = self;
        writeln!(f, "{row}")?;
        writeln!(f, "by its own word, it has all entries up to block {block}, of {newest} blocks")?;
        write!(f, "{shards} of its {} shards have patients", archive::SHARDS)
    }
}

/// How far an archive is after a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReport {
    /// The archive's account.
    pub archive: AccountId32,
    /// The block up to which it has read.
    pub block: u32,
    /// The CID of the index that was named; none where there was nothing new.
    pub index: Option<String>,
}

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { block, index, .. } = self;
        match index {
            Some(index) => write!(f, "all entries up to block {block} are in the index {index}"),
            None => write!(f, "nothing new up to block {block}"),
        }
    }
}

/// An archive that ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RemoveReport {
    /// The archive's account.
    pub archive: AccountId32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RemoveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { archive, included } = self;
        write!(f, "the archive of {archive} is no longer named on chain ({included})")
    }
}

/// Runs `medchain archive`.
pub async fn run(context: &Context, command: &ArchiveCommand) -> Result<Outcome> {
    match command {
        ArchiveCommand::Run(args) => keep(context, args).await?,
        ArchiveCommand::List => output::print(&list(context).await?, context.json)?,
        ArchiveCommand::Show { archive } => {
            output::print(&show(context, archive.as_deref()).await?, context.json)?;
        }
        ArchiveCommand::Remove => output::print(&remove(context).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

/// Runs an archive until it is ended, or up to the newest final block.
async fn keep(context: &Context, args: &RunArgs) -> Result<()> {
    context.ensure_can_ask()?;
    let archive = context.identity()?.account();
    let chain = context.chain().await?;
    let folder = match &args.state_dir {
        Some(folder) => folder.clone(),
        None => keys::default_folder().join(format!("{archive}.archive")),
    };
    let folder = Folder::open(&folder, chain.genesis_hash())?;
    let mut keeper = Keeper::open(Node { context, chain }, context.store()?, folder)?;
    for metadata in keeper.mend().await? {
        output::tell!(
            "warning: the store has lost the metadata {metadata}, without which readers cannot read \
             old entries; run once with --node and an archive node, which still has it"
        );
    }
    // When the chain was told last, so that a restart does not tell it earlier; with --once, whoever
    // calls decides.
    let named = chain.finalised().await?.log_archive(&archive).await?;
    let mut looked_at = named.filter(|_| !args.once).map(|named| named.at);
    loop {
        let newest = chain.heads().await?.finalised;
        collect(context, &mut keeper, newest).await?;
        if looked_at.is_none_or(|block| newest.saturating_sub(block) >= args.every) {
            let index = keeper.publish().await?.map(|cid| cid.to_string());
            looked_at = Some(newest);
            let block = keeper.next().saturating_sub(1);
            let report = RunReport { archive, block, index };
            if args.once || report.index.is_some() {
                output::print(&report, context.json)?;
            }
        }
        if args.once {
            exit::underway(None);
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Collects the entries of all blocks up to `newest`.
async fn collect(context: &Context, keeper: &mut Keeper<Node<'_>>, newest: u32) -> Result<()> {
    let begin = keeper.next();
    if begin > newest {
        return Ok(());
    }
    let behind = u64::from(newest.saturating_add(1).saturating_sub(begin));
    let bar = context.progress.bar("Collecting entries", behind, false);
    while keeper.next() <= newest {
        let block = keeper.next();
        exit::underway(Some(format!("the archive goes on from about block {block}")));
        keeper.collect().await.map_err(|error| pruned(error, block))?;
        bar.at(u64::from(block.saturating_sub(begin)));
        if block.is_multiple_of(SEALED_EVERY) {
            keeper.seal_waiting().await?;
        }
    }
    Ok(())
}

/// The way out where the node has discarded the state of the next block.
fn pruned(error: anyhow::Error, block: u32) -> anyhow::Error {
    match error.downcast_ref() {
        Some(ChainError::StatePruned { .. }) => error.context(format!(
            "the archive goes on from block {block}; name an archive node with --node until it \
             has caught up"
        )),
        _ => error,
    }
}

async fn list(context: &Context) -> Result<ListReport> {
    let archives = context.view().await?.log_archives().await?;
    Ok(ListReport { archives: archives.iter().map(Into::into).collect() })
}

/// Shows what an archive has.
async fn show(context: &Context, archive: Option<&str>) -> Result<ShowReport> {
    let account = context.account_or_own(archive)?;
    let chain = context.chain().await?;
    let named = chain.best().await?.log_archive(&account).await?.with_context(|| {
        format!("{account} has named no archive of logs; see `medchain archive list`")
    })?;
    let found = archive::Archive::open(context.store()?, chain.genesis_hash(), &named.cid).await?;
    Ok(ShowReport {
        row: (&named).into(),
        block: found.block(),
        newest: chain.heads().await?.finalised,
        shards: found.shards(),
    })
}

async fn remove(context: &Context) -> Result<RemoveReport> {
    let archive = context.account()?;
    let purpose = "end the archive of logs";
    let outcome = context.sign(&Call::RemoveLogArchive, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::LogArchiveRemoved { .. }))?;
    Ok(RemoveReport { archive, included: (&outcome).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_says_what_is_new() {
        let archive = AccountId32([1; 32]);
        let report = RunReport { archive, block: 9, index: Some("bafk".into()) };
        let shown = report.to_string();
        assert!(shown.contains("up to block 9 are in the index bafk"), "{shown}");
        let nothing = RunReport { index: None, ..report };
        assert_eq!(nothing.to_string(), "nothing new up to block 9");
        assert!(ListReport { archives: Vec::new() }.to_string().contains("archive run"));
    }

    #[test]
    fn a_node_without_the_state_has_a_way_out() {
        let error = ChainError::StatePruned { block: 1, first: 900 };
        let line = output::error_line(&pruned(error.into(), 1));
        for words in ["block 1", "archive node", "--node"] {
            assert!(line.contains(words), "{line}");
        }
    }
}
