//! `medchain store`: what the stores keep.

use std::fmt;

use anyhow::Result;
use clap::{Args, Subcommand};
use medchain_client::{chain::View, store::Kept};
use medchain_primitives::Cid;
use serde::Serialize;

use crate::{
    context::Context,
    journal::{self, Journal, Stage},
    output::{self, counted, Outcome},
    records,
};

/// Subcommands of `medchain store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// List stored content that nothing on chain refers to.
    ///
    /// Content of others in the same stores is listed too, and left alone: profiles of patients,
    /// preprocessing files of models, whatever else an IPFS node has pinned. Blocks are not read:
    /// damage is found, and mended from another store, when content is fetched.
    Check(CheckArgs),
}

/// Arguments of `medchain store check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// Ask the stores to delete content that your journal shows is no longer needed.
    #[arg(long)]
    pub unpin: bool,
    /// Put what the chain names, and only some of the stores keep, into all of them.
    ///
    /// They keep it from then on.
    #[arg(long)]
    pub heal: bool,
}

/// The largest content that is put into other stores: a model's file is larger than a film's.
const MAX_CONTENT_BYTES: u64 = 1 << 30;

/// What the stores keep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// The stores.
    pub stores: Vec<StoreReport>,
    /// The content that was deleted on request.
    pub unpinned: Vec<String>,
    /// The content that was put into stores that lacked it.
    pub healed: Vec<String>,
}

/// What one store keeps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoreReport {
    /// The store.
    pub store: String,
    /// How many pieces of content it keeps.
    pub kept: usize,
    /// Those that nothing on chain names.
    pub unnamed: Vec<Unnamed>,
    /// Why it could not be asked.
    pub problem: Option<String>,
}

/// Content that nothing on chain names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unnamed {
    /// Its CID.
    pub cid: String,
    /// What the journal says of it.
    pub known_as: Known,
    /// What it is, where the journal knows it.
    pub what: Option<String>,
}

/// What the journal says of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// It is on its way: `medchain resume` finishes it.
    Open,
    /// It was given up or refused: nobody needs it.
    Orphan,
    /// It belongs to something that is finished, as a model's preprocessing file does.
    Part,
    /// Nothing: it is somebody else's.
    Unknown,
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for store in &self.stores {
            if let Some(problem) = &store.problem {
                writeln!(f, "{}: {problem}", store.store)?;
                continue;
            }
            writeln!(
                f,
                "{} keeps {}, {} of them named by nothing on chain",
                store.store,
                counted(store.kept as u64, "file"),
                store.unnamed.len()
            )?;
            for one in &store.unnamed {
                let what = one.what.as_deref().unwrap_or_default();
                let how = match one.known_as {
                    Known::Open => "not finished; see medchain resume",
                    Known::Orphan => "needed by nobody; --unpin deletes it",
                    Known::Part => "a part of",
                    Known::Unknown => "not in your journal; left alone",
                };
                writeln!(f, "  {}  {how} {what}", one.cid)?;
            }
        }
        for cid in &self.unpinned {
            writeln!(f, "deleted {cid}")?;
        }
        for cid in &self.healed {
            writeln!(f, "put {cid} into the stores that lacked it")?;
        }
        Ok(())
    }
}

/// Runs `medchain store`.
pub async fn run(context: &Context, command: &StoreCommand) -> Result<Outcome> {
    let StoreCommand::Check(args) = command;
    let journal = context.journal().await?;
    let unpinned = match args.unpin {
        true => unpin(context, &journal).await?,
        false => Vec::new(),
    };
    let mut report = check(context, &journal, unpinned).await?;
    if args.heal {
        report.healed = heal(context).await?;
    }
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
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

async fn check(context: &Context, journal: &Journal, unpinned: Vec<String>) -> Result<CheckReport> {
    let view = context.view().await?;
    let known = known(journal)?;
    let step = context.progress.step("Asking the stores what they keep");
    let answers = context.store()?.kept().await;
    drop(step);
    let mut stores = Vec::new();
    for answer in answers {
        let (kept, problem) = match answer.cids {
            Ok(cids) => (cids, None),
            Err(error) => (Vec::new(), Some(error.cause())),
        };
        let unnamed = unnamed(&view, &kept, &known).await?;
        stores.push(StoreReport { store: answer.store, kept: kept.len(), unnamed, problem });
    }
    Ok(CheckReport { stores, unpinned, healed: Vec::new() })
}

/// Puts into all stores what only some of them keep, where the chain names it. Content of others is
/// left alone.
async fn heal(context: &Context) -> Result<Vec<String>> {
    let (view, store) = (context.view().await?, context.store()?);
    let mut healed = Vec::new();
    for cid in missing(&store.kept().await) {
        if !records::is_named(&view, &cid).await? {
            continue;
        }
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

/// What one of the stores that answer keeps and another one does not.
fn missing(stores: &[Kept]) -> Vec<Cid> {
    let kept: Vec<&Vec<Cid>> = stores.iter().filter_map(|one| one.cids.as_ref().ok()).collect();
    let mut missing = Vec::new();
    for cid in kept.iter().copied().flatten() {
        if !missing.contains(cid) && !kept.iter().all(|kept| kept.contains(cid)) {
            missing.push(cid.clone());
        }
    }
    missing
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

async fn unnamed(
    view: &View,
    kept: &[Cid],
    known: &[(Cid, Known, String)],
) -> Result<Vec<Unnamed>> {
    let mut unnamed = Vec::new();
    for cid in kept {
        if records::is_named(view, cid).await? {
            continue;
        }
        let found = known.iter().find(|(one, ..)| one == cid);
        unnamed.push(Unnamed {
            cid: cid.to_string(),
            known_as: found.map_or(Known::Unknown, |(_, how, _)| *how),
            what: found.map(|(.., what)| what.clone()),
        });
    }
    Ok(unnamed)
}

#[cfg(test)]
mod tests {
    use medchain_client::store::{cid_of, StoreError};

    use super::*;

    #[test]
    fn what_nobody_needs_is_told_from_what_is_somebody_elses() {
        let unnamed = |cid: &str, known_as, what: Option<&str>| Unnamed {
            cid: cid.into(),
            known_as,
            what: what.map(str::to_owned),
        };
        let report = CheckReport {
            stores: vec![
                StoreReport {
                    store: "the folder store".into(),
                    kept: 3,
                    unnamed: vec![
                        unnamed("one", Known::Orphan, Some("the upload of a.png")),
                        unnamed("two", Known::Unknown, None),
                    ],
                    problem: None,
                },
                StoreReport {
                    store: "the IPFS node at http://127.0.0.1:1".into(),
                    kept: 0,
                    unnamed: Vec::new(),
                    problem: Some("cannot be reached".into()),
                },
            ],
            unpinned: vec!["three".into()],
            healed: vec!["four".into()],
        };
        let text = report.to_string();
        for words in [
            "keeps 3 files, 2 of them",
            "one  needed by nobody; --unpin deletes it the upload of a.png",
            "two  not in your journal; left alone",
            "127.0.0.1:1: cannot be reached",
            "deleted three",
            "put four into",
        ] {
            assert!(text.contains(words), "no '{words}' in {text}");
        }
    }

    #[test]
    fn what_one_store_lacks_is_found_once_and_a_store_that_is_down_lacks_nothing() {
        let cid = |byte: u8| cid_of(&[byte]);
        let kept = |bytes: &[u8]| Kept {
            store: "a store".into(),
            cids: Ok(bytes.iter().map(|byte| cid(*byte)).collect()),
        };
        let down = Kept {
            store: "another".into(),
            cids: Err(StoreError::Timeout { store: "another".into(), seconds: 1 }),
        };
        assert_eq!(missing(&[kept(&[1, 2]), kept(&[1, 3]), down]), [cid(2), cid(3)]);
        assert!(missing(&[kept(&[1, 2])]).is_empty());
        assert!(missing(&[kept(&[1]), kept(&[1])]).is_empty());
    }
}
