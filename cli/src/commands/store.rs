//! `medchain store`: what the stores keep.

mod report;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clap::{Args, Subcommand};
use medchain_client::store::{Depth, Found, Kept, Looked, Store, StoreError};
use medchain_primitives::Cid;

use crate::{
    context::Context,
    journal::{self, Entry, Journal, Stage},
    output::{self, Outcome},
    records::{self, Naming},
};

use report::{CheckReport, Damaged, Known, Lost, StoreReport, Unnamed};

/// Subcommands of `medchain store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Compare what the stores keep with what the chain names.
    ///
    /// Lists what nothing on chain names, and what the chain names and a store has lost or
    /// damaged. Content of others in the same stores is listed too, and left alone: profiles of
    /// patients, preprocessing files of models, shards and pieces of archives of logs, whatever else
    /// an IPFS node has pinned. Ends with 3 where something is damaged or in no store, and was not
    /// healed.
    Check(CheckArgs),
}

/// Arguments of `medchain store check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// Ask the stores to delete content that your journal shows is no longer needed.
    #[arg(long)]
    pub unpin: bool,
    /// Put what the chain names, and a store lacks or has damaged, into all stores.
    ///
    /// They keep it from then on. One of the stores must have it whole.
    #[arg(long)]
    pub heal: bool,
    /// Read every block that the chain names, and compare it with its hash.
    ///
    /// Without it, the blocks that link to others are read, and of the others it is seen that they
    /// are there, and how large they are: a bit that has flipped in them does not show. An IPFS
    /// node is believed that it has what it keeps.
    #[arg(long)]
    pub verify: bool,
}

/// The largest content that is put into other stores: a model's file is larger than a film's.
const MAX_CONTENT_BYTES: u64 = 1 << 30;

/// Runs `medchain store`.
pub async fn run(context: &Context, command: &StoreCommand) -> Result<Outcome> {
    let StoreCommand::Check(args) = command;
    let journal = context.journal().await?;
    let unpinned = match args.unpin {
        true => unpin(context, &journal).await?,
        false => Vec::new(),
    };
    let depth = if args.verify { Depth::Verified } else { Depth::Present };
    let mut report = check(context, &journal, depth).await?;
    report.unpinned = unpinned;
    if args.heal {
        report.healed = heal(context, &report.to_heal(), depth).await?;
    }
    output::print(&report, context.json)?;
    Ok(report.outcome())
}

/// Asks the stores to let go of everything that was given up.
async fn unpin(context: &Context, journal: &Journal) -> Result<Vec<String>> {
    let mut gone = Vec::new();
    for entry in journal.entries()? {
        if entry.stage != Stage::Abandoned {
            continue;
        }
        let mut held = journal.hold(&entry.name()).await?;
        // Another command may have begun it again.
        if held.entry.as_ref().is_some_and(|now| now.stage == Stage::Abandoned) {
            journal::abandon(&mut records::LetGo(context), &mut held).await?;
            gone.extend(entry.cids().iter().map(ToString::to_string));
        }
    }
    Ok(gone)
}

/// What the journal knows of one piece of content.
struct Noted {
    cid: Cid,
    how: Known,
    /// What it belongs to.
    what: String,
    /// The command that published it, such as `upload`.
    command: Option<String>,
}

/// What is known of one piece of content.
struct Content {
    naming: Naming,
    /// What each store has of it, where the chain names it.
    looked: Vec<Looked>,
}

impl Content {
    /// Whether the chain names it, and every store has said that it has not, or not whole.
    fn is_lost(&self) -> bool {
        !self.looked.is_empty() && self.looked.iter().all(Looked::is_lacking)
    }

    /// Whether it is said what it belongs to, as the journal has it.
    fn is_told(&self) -> bool {
        matches!(self.naming, Naming::Nothing) || self.is_lost()
    }
}

async fn check(context: &Context, journal: &Journal, depth: Depth) -> Result<CheckReport> {
    let view = context.view().await?;
    let mut entries = journal.entries()?;
    let step = context.progress.step("Asking the stores what they keep");
    let store = context.store()?;
    let kept = store.kept().await;
    drop(step);
    let step = context.progress.step("Looking at what the chain names");
    // What this account has published, and no store keeps, would not be missed otherwise.
    let published = known(&entries).into_iter().filter(|noted| noted.how == Known::Part);
    let published: Vec<Cid> = published.map(|noted| noted.cid).collect();
    let listed = kept.iter().filter_map(|one| one.cids.as_ref().ok()).flatten();
    // A store that hangs would hold up each of them, and what it says of itself is listed already.
    let is_silent = |one: &Kept| {
        matches!(one.cids, Err(StoreError::Unreachable { .. } | StoreError::Timeout { .. }))
    };
    let answers = !kept.iter().all(is_silent);
    let mut contents = BTreeMap::new();
    for cid in listed.chain(&published) {
        if contents.contains_key(cid.as_str()) {
            continue;
        }
        let naming = records::naming(&view, cid).await?;
        let looked = match naming {
            Naming::Named if answers => store.look(cid, depth).await,
            Naming::Named | Naming::Erased(_) | Naming::Nothing => Vec::new(),
        };
        contents.insert(cid.to_string(), Content { naming, looked });
    }
    drop(step);
    // Where nothing is to be said of an entry, nobody is asked for a passphrase to name its file.
    let is_told = |cid: &Cid| contents.get(cid.as_str()).is_some_and(Content::is_told);
    entries.retain(|entry| entry.cids().iter().any(is_told));
    context.name_files(journal, &mut entries);
    let known = known(&entries);
    Ok(CheckReport {
        stores: kept.into_iter().map(|one| of_store(one, &contents, &known)).collect(),
        lost: lost(&contents, &known),
        verified: depth == Depth::Verified,
        unpinned: Vec::new(),
        healed: Vec::new(),
    })
}

/// What one store keeps, lacks and has damaged.
fn of_store(kept: Kept, contents: &BTreeMap<String, Content>, known: &[Noted]) -> StoreReport {
    let (cids, problem) = match kept.cids {
        Ok(cids) => (cids, None),
        Err(error) => (Vec::new(), Some(error.cause())),
    };
    let mut report = StoreReport {
        store: kept.store,
        kept: cids.len(),
        unnamed: cids.iter().filter_map(|cid| unnamed(cid, contents, known)).collect(),
        damaged: Vec::new(),
        lacks: Vec::new(),
        problem,
    };
    for (cid, content) in contents {
        let here = content.looked.iter().filter(|one| one.store == report.store);
        for looked in here {
            match &looked.found {
                Ok(Found::Whole) => {}
                Ok(Found::Nothing) => report.lacks.push(cid.clone()),
                Ok(Found::Damaged(how)) => {
                    report.damaged.push(Damaged { cid: cid.clone(), how: how.clone() });
                }
                // It may have it.
                Err(error) => _ = report.problem.get_or_insert_with(|| error.cause()),
            }
        }
    }
    report
}

/// What is not named by anything on chain; none where it is.
fn unnamed(cid: &Cid, contents: &BTreeMap<String, Content>, known: &[Noted]) -> Option<Unnamed> {
    let (known_as, what) = match contents.get(cid.as_str())?.naming {
        Naming::Named => return None,
        Naming::Erased(record) => (Known::Erased, Some(format!("record {record}"))),
        Naming::Nothing => match known.iter().find(|noted| noted.cid == *cid) {
            Some(noted) => (noted.how, Some(noted.what.clone())),
            None => (Known::Unknown, None),
        },
    };
    Some(Unnamed { cid: cid.to_string(), known_as, what })
}

/// What the chain names, and every store has said that it has not, or not whole.
fn lost(contents: &BTreeMap<String, Content>, known: &[Noted]) -> Vec<Lost> {
    let lost = contents.iter().filter(|(_, content)| content.is_lost());
    lost.map(|(cid, _)| {
        let noted = known.iter().find(|noted| noted.cid.as_str() == cid);
        Lost {
            cid: cid.clone(),
            what: noted.map(|noted| noted.what.clone()),
            command: noted.and_then(|noted| noted.command.clone()),
        }
    })
    .collect()
}

/// Puts content that a store lacks or has damaged into all of them. Content of others is left
/// alone.
async fn heal(context: &Context, cids: &BTreeSet<String>, depth: Depth) -> Result<Vec<String>> {
    let store = context.store()?;
    let mut healed = Vec::new();
    for cid in cids.iter().filter_map(|cid| Cid::parse(cid.as_bytes()).ok()) {
        let _step = context.progress.step("Putting content into the stores that lack it");
        // What fails for one film must not keep the others from being healed.
        if heal_one(store.as_ref(), &cid, depth).await {
            healed.push(cid.to_string());
        }
    }
    Ok(healed)
}

/// Puts content into all stores, and says whether none that answers lacks it any more.
async fn heal_one(store: &dyn Store, cid: &Cid, depth: Depth) -> bool {
    let put = match store.get(cid, MAX_CONTENT_BYTES).await {
        Ok(bytes) => store.put_with_progress(&bytes, &|_| ()).await,
        Err(error) => Err(error),
    };
    let missed = match put {
        Ok(stored) => stored.missed,
        Err(error) => {
            crate::output::tell!("warning: {cid} is not in all stores: {error}");
            return false;
        }
    };
    for failure in &missed {
        crate::output::tell!("warning: {cid} was not stored: {failure}");
    }
    // A store that believes that it has a block already may skip it, damaged as it is.
    let looked = store.look(cid, depth).await;
    let mut is_whole = missed.is_empty();
    for one in looked.iter().filter(|one| one.is_lacking()) {
        is_whole = false;
        if missed.iter().all(|failure| failure.store != one.store) {
            crate::output::tell!(
                "warning: {} took {cid}, and still has not all of it as it was; check its disk",
                one.store
            );
        }
    }
    is_whole
}

/// What these entries of the journal know of content.
fn known(entries: &[Entry]) -> Vec<Noted> {
    let mut known = Vec::new();
    for entry in entries {
        let how = match entry.stage {
            Stage::Begun | Stage::Stored => Known::Open,
            Stage::Abandoned => Known::Orphan,
            Stage::Done(_) => Known::Part,
        };
        known.extend(entry.cids().into_iter().map(|cid| Noted {
            cid,
            how,
            what: entry.what(),
            command: entry.command_name().map(str::to_owned),
        }));
    }
    known
}

#[cfg(test)]
mod tests;
