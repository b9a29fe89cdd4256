//! Reads a patient's entries by the links of the log, from its end back.

use anyhow::Result;
use futures::TryStreamExt;
use medchain_client::{
    chain::{Chain, ChainError, Log, LogHead, LoggedBlock},
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

/// What the entries were checked against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// The number of entries in the log.
    pub length: u32,
    /// The hash at the end of the log, proven at the last block that was read.
    pub head: String,
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
) -> Result<Read> {
    let log = chain.log_of(patient).await?;
    let first = match since {
        None => 1,
        Some(Since::Block(block)) => block.max(1),
        Some(Since::Time(time)) => chain.first_block_since(time, log.number()).await?,
    };
    let cache = context.key_file().map(|file| Cache::beside(file, chain.genesis_hash(), patient));
    let (known, kept) = cache.as_ref().map(Cache::load).unwrap_or_default();
    let (begin, blocks) = verified(context, &log, first, (known, kept)).await?;
    if let Some(cache) = cache.filter(|_| begin == LogHead::default() && !blocks.is_empty()) {
        // It only saves time: a folder that cannot be written must not keep anybody from reading.
        let _ = cache.store(blocks.clone());
    }
    let (entries, end) = described(&log, patient, first, &blocks).await?;
    let head = log.head();
    let not_read = begin.length.saturating_add(older_in(&blocks, first));
    let checked = Checked { length: head.length, head: hex(head.head), not_read };
    Ok(Read { entries, checked, blocks: (first, log.number()), end })
}

/// The blocks with entries, each compared with the links of the chain, and the end of the log
/// before them. Blocks that are known already are not read again.
async fn verified(
    context: &Context,
    log: &Log,
    first: u32,
    (known, kept): (LogHead<u32>, Vec<LoggedBlock>),
) -> Result<(LogHead<u32>, Vec<LoggedBlock>), ChainError> {
    let total = log.head().length;
    let bar = context.progress.bar("Following the log", total.into(), false);
    let stops = |head: &LogHead<u32>| head.at < first || *head == known;
    let links = log.links(stops, |left| bar.at(u64::from(total.saturating_sub(left)))).await?;
    drop(bar);
    let mut blocks = if links.begin == known { kept } else { Vec::new() };
    let begin = if links.begin == known { LogHead::default() } else { links.begin };
    let Some(oldest) = links.links.first() else { return Ok((begin, blocks)) };
    let history = log.history(oldest.block()).await?;
    let bar = context.progress.bar("Reading entries", u64::from(total), false);
    let mut found = std::pin::pin!(log.blocks(&history, &links.links));
    let mut done = links.begin.length;
    while let Some(block) = found.try_next().await? {
        done = done.saturating_add(u32::try_from(block.entries.len()).unwrap_or(u32::MAX));
        bar.at(done.into());
        blocks.push(block);
    }
    Ok((begin, blocks))
}

/// The number of entries that are known, but older than what was asked for.
fn older_in(blocks: &[LoggedBlock], first: u32) -> u32 {
    let older = blocks.iter().filter(|block| block.number < first);
    u32::try_from(older.map(|block| block.entries.len()).sum::<usize>()).unwrap_or(u32::MAX)
}

/// The entries from the block `first` on, for people, and the time of the last block.
async fn described(
    log: &Log,
    patient: AccountId32,
    first: u32,
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
        entries.extend(found.filter(|_| block.number >= first).map(|entry| entry.at(time.clone())));
    }
    Ok((entries, time::shown(history.end_time().await?)))
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::LoggedEntry;

    use super::*;

    #[test]
    fn older_entries_are_counted() {
        let entry = LoggedEntry { index: 0, extrinsic: None, signer: None, event: vec![1] };
        let block = |number| LoggedBlock {
            number,
            hash: [2; 32],
            time: 3,
            default_policy: None,
            entries: vec![entry.clone(), entry.clone()],
        };
        let blocks = [block(3), block(7)];
        assert_eq!([1, 3, 4, 7, 8].map(|first| older_in(&blocks, first)), [0, 0, 2, 2, 4]);
    }
}
