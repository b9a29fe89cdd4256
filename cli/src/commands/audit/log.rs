//! Reads a patient's entries by the links of the log, from its end back.

use anyhow::{bail, Result};
use futures::TryStreamExt;
use medchain_client::{
    chain::{Chain, Log, LogHead, LoggedBlock},
    AccountId32,
};
use serde::Serialize;

use super::cache::Cache;
use crate::{
    arguments::Since,
    audit::{Entry, Gathering},
    context::Context,
    output::{hex, time},
};

/// How often verified blocks are kept, so that a reading that is interrupted goes on there.
const KEPT_EVERY: usize = 512;

/// What the entries were checked against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// The number of entries in the log.
    pub length: u32,
    /// The hash at the end of the log, proven at the last block that was read.
    pub head: String,
    /// The hash of that block, which another node can confirm.
    pub block_hash: String,
    /// The number of entries before the first one that was read.
    pub not_read: u32,
}

/// The entries that were read.
pub struct Read {
    pub entries: Vec<Entry>,
    pub checked: Checked,
    /// The first block that could have had an entry, and the last.
    pub blocks: (u32, u32),
    /// The time of the last block.
    pub end: String,
}

/// Reads the entries of a patient, back to `since`.
pub async fn read(
    context: &Context,
    chain: &Chain,
    patient: AccountId32,
    since: Option<Since>,
    anew: bool,
) -> Result<Read> {
    let log = chain.log_of(patient).await?;
    let first = match since {
        None => 1,
        Some(Since::Block(block)) => block.max(1),
        Some(Since::Time(time)) => chain.first_block_since(time, log.number()).await?,
    };
    let cache = context.key_file().map(|file| Cache::beside(file, chain.genesis_hash(), patient));
    let mut blocks = verified(context, &log, first, cache.as_ref(), anew).await?;
    blocks.retain(|block| block.number >= first);
    let (entries, end) = described(&log, patient, &blocks).await?;
    let head = log.head();
    let checked = Checked {
        length: head.length,
        head: hex(head.head),
        block_hash: hex(log.block_hash().0),
        not_read: head.length.saturating_sub(u32::try_from(entries.len()).unwrap_or(u32::MAX)),
    };
    Ok(Read { entries, checked, blocks: (first, log.number()), end })
}

/// The blocks with entries from `first` on, each compared with the links of the chain. Blocks that
/// are known already are not read again, and may be older.
async fn verified(
    context: &Context,
    log: &Log,
    first: u32,
    cache: Option<&Cache>,
    anew: bool,
) -> Result<Vec<LoggedBlock>> {
    let (known, kept) = cache.map(Cache::load).unwrap_or_default();
    let head = log.head();
    let bar = context.progress.bar("Following the log", head.length.into(), false);
    let stops = |head: &LogHead<u32>| head.at < first || *head == known;
    let links = log.links(stops, |left| bar.at(head.length.saturating_sub(left).into())).await?;
    drop(bar);
    if let Some(cache) = cache.filter(|_| is_another(&known, &links.begin)) {
        bail!(
            "this log has other entries than the {} that you have verified before, up to block {}: \
             the node is behind, or withholds entries, so ask another with --node; if the chain \
             itself began anew, delete {}",
            known.length,
            known.at,
            cache.file().display()
        );
    }
    let joins = links.begin == known;
    let mut blocks = if joins && !anew { kept } else { Vec::new() };
    let links = match joins && anew {
        true => log.links(|head| head.at < first, |_| ()).await?,
        false => links,
    };
    // Only what reaches back to the begin can be kept.
    let cache = cache.filter(|_| joins || links.begin == LogHead::default());
    let keep = |blocks: &[LoggedBlock]| {
        // It only saves time: a folder that cannot be written must not keep anybody from reading.
        let _ = cache.map(|cache| cache.store(blocks.to_vec()));
    };
    let Some(oldest) = links.links.first() else { return Ok(blocks) };
    let history = log.history(oldest.block()).await?;
    let bar = context.progress.bar("Reading entries", head.length.into(), false);
    let mut found = std::pin::pin!(log.blocks(&history, &links.links));
    let mut done = links.begin.length;
    while let Some(block) = found.try_next().await.inspect_err(|_| keep(&blocks))? {
        done = done.saturating_add(u32::try_from(block.entries.len()).unwrap_or(u32::MAX));
        bar.at(done.into());
        blocks.push(block);
        if blocks.len() % KEPT_EVERY == 0 {
            keep(&blocks);
        }
    }
    keep(&blocks);
    Ok(blocks)
}

/// Whether a log that was followed back to `begin` lacks the end that was verified before, which it
/// must have passed or stopped at.
fn is_another(known: &LogHead<u32>, begin: &LogHead<u32>) -> bool {
    begin != known && begin.length <= known.length && known.length > 0
}

/// These entries, for people, each of them, and the time of the last block.
async fn described(
    log: &Log,
    patient: AccountId32,
    blocks: &[LoggedBlock],
) -> Result<(Vec<Entry>, String)> {
    // Without entries, the last block alone, for its time.
    let oldest = blocks.first().map_or(log.number(), |block| block.number);
    let history = log.history(oldest).await?;
    let mut gathering = Gathering::new(
        patient,
        history.record_ids_of(&patient).await?,
        history.own_policy_of(&patient).await?,
        history.default_policy().await?,
    );
    let mut entries = Vec::new();
    for block in blocks {
        let events = history.logged_events(block)?;
        for request in gathering.unknown_requests(&events) {
            if let Some(request) = history.request(request).await? {
                let (record, requester) = (request.record, request.requester);
                gathering.learn_request(request.id, record, &request.patient, &requester);
            }
        }
        let time = time::shown(block.time);
        let found = gathering.take_logged(block, &events).into_iter();
        entries.extend(found.map(|entry| entry.at(time.clone())));
    }
    Ok((entries, time::shown(history.end_time().await?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_without_what_was_verified_is_another() {
        let one = LogHead::default().after(5, b"one");
        let two = one.after(7, b"two");
        let other = LogHead::default().after(5, b"other").after(7, b"two");
        let nothing = LogHead::default();
        // It stopped at what is known, or later because of --since.
        for begin in [one, two, two.after(9, b"three")] {
            assert!(!is_another(&one, &begin), "{begin:?}");
        }
        assert!(!is_another(&nothing, &nothing) && !is_another(&nothing, &one));
        // It passed it without meeting it, or is shorter.
        for begin in [nothing, one, other] {
            assert!(is_another(&two, &begin), "{begin:?}");
        }
    }
}
