//! `medchain store`: what the stores keep.

mod report;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clap::{Args, Subcommand};
use medchain_client::store::{Depth, Found, Kept, Looked};
use medchain_primitives::Cid;

use crate::{
    context::Context,
    journal::{self, Journal, Stage},
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
        report.healed = heal(context, &report.to_heal()).await?;
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
        // Another command may have begun it anew.
        if held.entry.as_ref().is_some_and(|now| now.stage == Stage::Abandoned) {
            journal::abandon(&mut records::LetGo(context), &mut held).await?;
            gone.extend(entry.cids().iter().map(ToString::to_string));
        }
    }
    Ok(gone)
}

/// What is known of one piece of content.
struct Content {
    naming: Naming,
    /// What each store has of it, where the chain names it.
    looked: Vec<Looked>,
}

async fn check(context: &Context, journal: &Journal, depth: Depth) -> Result<CheckReport> {
    let view = context.view().await?;
    let known = known(journal)?;
    let step = context.progress.step("Asking the stores what they keep");
    let store = context.store()?;
    let kept = store.kept().await;
    drop(step);
    let step = context.progress.step("Looking at what the chain names");
    // What this account has published, and no store keeps, would not be missed otherwise.
    let published = known.iter().filter(|(_, how, _)| *how == Known::Part);
    let listed = kept.iter().filter_map(|one| one.cids.as_ref().ok()).flatten();
    let mut contents = BTreeMap::new();
    for cid in listed.chain(published.map(|(cid, ..)| cid)) {
        if contents.contains_key(cid.as_str()) {
            continue;
        }
        let naming = records::naming(&view, cid).await?;
        let looked = match naming {
            Naming::Named => store.look(cid, depth).await,
            Naming::Erased(_) | Naming::Nothing => Vec::new(),
        };
        contents.insert(cid.to_string(), Content { naming, looked });
    }
    drop(step);
    Ok(CheckReport {
        stores: kept.into_iter().map(|one| of_store(one, &contents, &known)).collect(),
        lost: lost(&contents, &known),
        verified: depth == Depth::Verified,
        unpinned: Vec::new(),
        healed: Vec::new(),
    })
}

/// What one store keeps, lacks and has damaged.
fn of_store(
    kept: Kept,
    contents: &BTreeMap<String, Content>,
    known: &[(Cid, Known, String)],
) -> StoreReport {
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
fn unnamed(
    cid: &Cid,
    contents: &BTreeMap<String, Content>,
    known: &[(Cid, Known, String)],
) -> Option<Unnamed> {
    let (known_as, what) = match contents.get(cid.as_str())?.naming {
        Naming::Named => return None,
        Naming::Erased(record) => (Known::Erased, Some(format!("record {record}"))),
        Naming::Nothing => match known.iter().find(|(one, ..)| one == cid) {
            Some((_, how, what)) => (*how, Some(what.clone())),
            None => (Known::Unknown, None),
        },
    };
    Some(Unnamed { cid: cid.to_string(), known_as, what })
}

/// What the chain names, and every store has said that it has not, or not whole.
fn lost(contents: &BTreeMap<String, Content>, known: &[(Cid, Known, String)]) -> Vec<Lost> {
    let is_lost = |content: &Content| {
        let mut found = content.looked.iter().map(|one| &one.found);
        !content.looked.is_empty()
            && found.all(|found| matches!(found, Ok(Found::Nothing | Found::Damaged(_))))
    };
    let lost = contents.iter().filter(|(_, content)| is_lost(content));
    lost.map(|(cid, _)| {
        let what = known.iter().find(|(one, ..)| one.as_str() == cid);
        Lost { cid: cid.clone(), what: what.map(|(.., what)| what.clone()) }
    })
    .collect()
}

/// Puts content that a store lacks or has damaged into all of them. Content of others is left
/// alone.
async fn heal(context: &Context, cids: &BTreeSet<String>) -> Result<Vec<String>> {
    let store = context.store()?;
    let mut healed = Vec::new();
    for cid in cids.iter().filter_map(|cid| Cid::parse(cid.as_bytes()).ok()) {
        let _step = context.progress.step("Putting content into the stores that lack it");
        // What fails for one film must not keep the others from being healed.
        let put = match store.get(&cid, MAX_CONTENT_BYTES).await {
            Ok(bytes) => store.put_with_progress(&bytes, &|_| ()).await,
            Err(error) => Err(error),
        };
        match put {
            Ok(stored) if stored.missed.is_empty() => healed.push(cid.to_string()),
            Ok(stored) => {
                for failure in stored.missed {
                    crate::output::tell!("warning: {cid} was not stored: {failure}");
                }
            }
            Err(error) => crate::output::tell!("warning: {cid} is not in all stores: {error}"),
        }
    }
    Ok(healed)
}

/// What the journal knows of content.
fn known(journal: &Journal) -> Result<Vec<(Cid, Known, String)>> {
    let mut known = Vec::new();
    for entry in journal.entries()? {
        let how = match entry.stage {
            Stage::Begun | Stage::Stored => Known::Open,
            Stage::Abandoned => Known::Orphan,
            Stage::Done(_) => Known::Part,
        };
        known.extend(entry.cids().into_iter().map(|cid| (cid, how, entry.what.clone())));
    }
    Ok(known)
}

#[cfg(test)]
mod tests;
