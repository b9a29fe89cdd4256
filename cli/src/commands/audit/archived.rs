//! Reads a patient's entries from an archive of logs, and from the node what the archive lacks.
//!
//! *Invariant:* nothing is shown or kept before all entries together give the end of the log that
//! the chain proves.

use anyhow::{bail, Context as _, Result};
use futures::TryStreamExt;
use medchain_audit::{Entry, Gathering};
use medchain_client::{
    archive::{Archive, Runtimes},
    chain::{Chain, ChainError, History, Log, LogHead, LoggedBlock, PastEvent},
    AccountId32,
};

use super::{
    cache::{end_of, Cache},
    log::{another, entries, Checked, Read},
};
use crate::{arguments::Since, context::Context, output::time};

/// Reads the entries of the signer, of which those from `since` on are shown.
pub async fn read(
    context: &Context,
    chain: &Chain,
    (patient, account): (AccountId32, AccountId32),
    since: Option<Since>,
    refresh: bool,
) -> Result<Read> {
    let identity = context.identity()?;
    if identity.account() != patient {
        bail!(
            "the entries in an archive are sealed to {patient}, who alone can open them; sign with \
             that key, or leave --archive out"
        );
    }
    let log = chain.log_of(patient).await?;
    let named = chain.finalised().await?.log_archive(&account).await?.with_context(|| {
        format!("{account} has named no archive of logs; see `medchain archive list`")
    })?;
    let archive = Archive::open(context.store()?, chain.genesis_hash(), &named.cid)
        .await
        .with_context(|| elsewhere(&account))?;
    let cache = context.key_file().map(|file| Cache::beside(file, chain.genesis_hash(), patient));
    let Known { ends, kept } = Known::load(cache.as_ref(), &account);
    let head = log.head();
    if let Some((known, file)) = ends.iter().find(|(known, _)| known.length > head.length) {
        return Err(another(known, Some(file)));
    }
    let (file, old) = kept.filter(|_| !refresh).unzip();
    let old: Vec<LoggedBlock> = old.unwrap_or_default();
    let bar = context.progress.bar("Reading the archive", head.length.into(), false);
    let at = |left: u32| bar.at(head.length.saturating_sub(left).into());
    let secret = identity.encryption_secret();
    let found = archive.blocks_of(&patient, secret, &end_of(&old), at).await;
    drop(bar);
    let found = found.with_context(|| elsewhere(&account))?;
    let mut blocks = old;
    blocks.extend(found);
    // The archive may be ahead of this node.
    blocks.retain(|block| block.number <= head.at);
    let archived = end_of(&blocks);
    let rest = rest(&log, &archived).await.map_err(|error| behind(error, &account, &archive))?;
    let is_met = rest.first().is_none_or(|(before, _)| *before == archived);
    blocks.extend(rest.into_iter().map(|(_, block)| block));
    if !is_met || end_of(&blocks) != head {
        return Err(unproven(&account, file.as_ref()));
    }
    if let Some((known, file)) = ends.iter().find(|(known, _)| !passes(&blocks, known)) {
        return Err(another(known, Some(file)));
    }
    let shown = shown(&log, (&archive, &account), patient, &blocks)
        .await
        .map_err(|error| behind(error, &account, &archive))?;
    let from_archive = archived.length.min(head.length);
    context.tell(&format!(
        "of {} entries, {from_archive} come from the archive and from what was kept, and {} from \
         the node; the archive has read up to block {}",
        head.length,
        head.length.saturating_sub(from_archive),
        archive.block(),
    ));
    let first = first(since, &blocks, log.number());
    let (entries, end) = shown;
    let entries: Vec<Entry> =
        entries.into_iter().filter(|entry| entry.block_number >= first).collect();
    let checked = Checked::new(&log, entries.len());
    if let Some(cache) = &cache {
        // It only saves time: a folder that cannot be written must not keep anybody from reading.
        let _ = cache.told_by(&account).store(blocks);
    }
    Ok(Read { entries, checked, blocks: (first, log.number()), end })
}

/// What was verified before.
struct Known {
    /// The ends that the log had, by a node or by any archive, each with the file that says so.
    ends: Vec<(LogHead<u32>, Cache)>,
    /// The entries by the node or by the archive that is read, whichever has more of them.
    kept: Option<(Cache, Vec<LoggedBlock>)>,
}

impl Known {
    fn load(cache: Option<&Cache>, archive: &AccountId32) -> Self {
        let (mut ends, mut kept, mut length) = (Vec::new(), None, 0);
        for file in cache.into_iter().flat_map(|cache| [vec![cache.clone()], cache.told()].concat())
        {
            let (end, blocks) = file.load();
            let is_other = cache.is_some_and(|own| file != *own && file != own.told_by(archive));
            if !is_other && end.length > length {
                kept = Some((file.clone(), blocks));
                length = end.length;
            }
            ends.push((end, file));
        }
        Self { ends, kept }
    }
}

/// The blocks after `archived` by the node, each with the end of the log before it.
async fn rest(
    log: &Log,
    archived: &LogHead<u32>,
) -> Result<Vec<(LogHead<u32>, LoggedBlock)>, ChainError> {
    let links = log.links(|head| head.length <= archived.length, |_| ()).await?;
    let Some(oldest) = links.links.first() else { return Ok(Vec::new()) };
    let history = log.history(oldest.block()).await?;
    let blocks: Vec<LoggedBlock> = log.blocks(&history, &links.links).try_collect().await?;
    Ok(links.links.iter().map(|link| link.before).zip(blocks).collect())
}

/// The entries of all blocks, which begin with the log, for people, and the time of the last block.
async fn shown(
    log: &Log,
    (archive, account): (&Archive, &AccountId32),
    patient: AccountId32,
    blocks: &[LoggedBlock],
) -> Result<(Vec<Entry>, String)> {
    let split = blocks.partition_point(|block| block.number <= archive.block());
    let (old, recent) = blocks.split_at(split);
    let runtimes = archive.runtimes(old).await.with_context(|| elsewhere(account))?;
    let oldest = recent.first().map_or(log.number(), |block| block.number);
    let history = log.history(oldest).await?;
    let gathering = Gathering::new(
        patient,
        history.record_ids_of(&patient).await?,
        // The log begins here: what was chosen since is in it.
        None,
        blocks.first().and_then(|block| block.default_policy),
    );
    let events = |place: usize, block: &LoggedBlock| {
        let by_archive = (place < split).then_some((&runtimes, account));
        events(block, by_archive, &history)
    };
    let entries = entries(gathering, &history, blocks, events).await?;
    Ok((entries, time::shown(history.end_time().await?)))
}

/// The entries of a block as events, by the archive's runtimes or by the node's.
fn events(
    block: &LoggedBlock,
    runtimes: Option<(&Runtimes, &AccountId32)>,
    history: &History,
) -> Result<Vec<PastEvent>> {
    Ok(match runtimes {
        Some((runtimes, account)) => {
            runtimes.logged_events(block).with_context(|| elsewhere(account))?
        }
        None => history.logged_events(block)?,
    })
}

/// The first block to show.
fn first(since: Option<Since>, blocks: &[LoggedBlock], newest: u32) -> u32 {
    match since {
        None => 1,
        Some(Since::Block(block)) => block.max(1),
        Some(Since::Time(time)) => {
            let found = blocks.iter().find(|block| block.time >= time);
            found.map_or(newest.saturating_add(1), |block| block.number)
        }
    }
}

/// Whether a log that consists of these blocks was `known` at some time.
fn passes(blocks: &[LoggedBlock], known: &LogHead<u32>) -> bool {
    let mut head = LogHead::default();
    let mut heads = blocks.iter().map(|block| {
        head = block.head_after(head);
        head
    });
    known.length == 0 || heads.any(|head| head == *known)
}

/// The way out where an archive is of no use.
fn elsewhere(account: &AccountId32) -> String {
    format!(
        "the archive of {account} cannot be used, and nothing was kept; name another one (see \
         `medchain archive list`), or an archive node with --node and without --archive"
    )
}

/// The way out where the archive ends before the node's states begin.
fn behind(
    error: impl Into<anyhow::Error>,
    account: &AccountId32,
    archive: &Archive,
) -> anyhow::Error {
    let error = error.into();
    match error.downcast_ref() {
        Some(ChainError::StatePruned { block, .. }) => {
            let context = format!(
                "the archive of {account} is behind: it has read up to block {}, and the log goes \
                 on in block {block}, whose state this node has discarded; nothing was kept; name \
                 another archive, or an archive node with --node",
                archive.block()
            );
            error.context(context)
        }
        _ => error,
    }
}

/// What the archive has does not lead to the end that the chain proves.
fn unproven(account: &AccountId32, kept: Option<&Cache>) -> anyhow::Error {
    let kept = match kept {
        Some(cache) => format!(
            ", or what you verified before is of another log: --refresh leaves {} out",
            cache.file().display()
        ),
        None => String::new(),
    };
    anyhow::anyhow!(
        "the archive of {account} has other entries than the chain{kept}; nothing was kept; name \
         another archive, or an archive node with --node and without --archive"
    )
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::LoggedEntry;

    use super::*;

    fn block(number: u32, text: &str) -> LoggedBlock {
        let event = text.as_bytes().to_vec();
        let entry = LoggedEntry { index: 0, extrinsic: None, signer: None, event };
        let time = u64::from(number) * 1000;
        LoggedBlock { number, hash: [2; 32], time, default_policy: None, entries: vec![entry] }
    }

    fn blocks() -> Vec<LoggedBlock> {
        vec![block(5, "one"), block(7, "two"), block(9, "three")]
    }

    #[test]
    fn a_log_passes_what_it_was() {
        let all = blocks();
        for known in 0..=all.len() {
            assert!(passes(&all, &end_of(&all[..known])), "{known}");
        }
        for other in [
            end_of(&[block(5, "other")]),
            end_of(&[block(5, "one"), block(8, "two")]),
            end_of(&[all.clone(), vec![block(11, "four")]].concat()),
        ] {
            assert!(!passes(&all, &other), "{other:?}");
        }
    }

    #[test]
    fn a_time_begins_with_the_first_block_of_the_log_after_it() {
        let all = blocks();
        assert_eq!(first(None, &all, 20), 1);
        assert_eq!(first(Some(Since::Block(0)), &all, 20), 1);
        assert_eq!(first(Some(Since::Block(8)), &all, 20), 8);
        assert_eq!(first(Some(Since::Time(0)), &all, 20), 5);
        assert_eq!(first(Some(Since::Time(7000)), &all, 20), 7);
        assert_eq!(first(Some(Since::Time(7001)), &all, 20), 9);
        assert_eq!(first(Some(Since::Time(9001)), &all, 20), 21);
    }

    #[test]
    fn an_archive_that_lies_is_named_and_so_is_what_was_kept() {
        let account = AccountId32([1; 32]);
        let line = unproven(&account, None).to_string();
        assert!(line.contains(&account.to_string()) && !line.contains("--refresh"), "{line}");
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let cache = Cache::beside(&key, medchain_client::H256([1; 32]), account);
        let line = unproven(&account, Some(&cache)).to_string();
        assert!(line.contains("--refresh") && line.contains("me.key.logs"), "{line}");
    }

    #[test]
    fn what_another_archive_told_is_not_taken_and_not_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let (patient, eve, honest) =
            (AccountId32([1; 32]), AccountId32([2; 32]), AccountId32([3; 32]));
        let cache = Cache::beside(&key, medchain_client::H256([1; 32]), patient);
        cache.told_by(&eve).store(blocks()).unwrap();
        let known = Known::load(Some(&cache), &honest);
        assert!(known.kept.is_none());
        assert!(known.ends.contains(&(end_of(&blocks()), cache.told_by(&eve))));
        // Of the node's entries and the archive's, the longer ones.
        cache.store(blocks()[..1].to_vec()).unwrap();
        cache.told_by(&honest).store(blocks()[..2].to_vec()).unwrap();
        let known = Known::load(Some(&cache), &honest);
        assert_eq!(known.kept, Some((cache.told_by(&honest), blocks()[..2].to_vec())));
        assert_eq!(known.ends.len(), 3);
        assert_eq!(Known::load(Some(&cache), &patient).kept, Some((cache, blocks()[..1].to_vec())));
        assert!(Known::load(None, &eve).ends.is_empty());
    }
}
