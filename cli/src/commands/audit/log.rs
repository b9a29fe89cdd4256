//! Reads a patient's entries by the links of the log, from its end back.

use anyhow::{bail, Result};
use futures::{Stream, TryStreamExt};
use medchain_audit::{Entry, Gathering};
use medchain_client::{
    chain::{Chain, ChainError, History, Links, Log, LogHead, LoggedBlock, PastEvent},
    AccountId32,
};
use serde::Serialize;

use super::{cache::Cache, learn};
use crate::{
    arguments::Since,
    context::Context,
    output::{hex, time},
};

/// After how many verified blocks they are kept for the first time, so that a reading that is
/// interrupted goes on there; then after each half as many more, because all are written each time.
const KEPT_FIRST: usize = 512;

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

impl Checked {
    /// So many entries of a log, the last ones.
    pub fn new(log: &Log, read: usize) -> Self {
        let head = log.head();
        Self {
            length: head.length,
            head: hex(head.head),
            block_hash: hex(log.block_hash().0),
            not_read: head.length.saturating_sub(u32::try_from(read).unwrap_or(u32::MAX)),
        }
    }
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
    refresh: bool,
) -> Result<Read> {
    let log = chain.log_of(patient).await?;
    let first = match since {
        None => 1,
        Some(Since::Block(block)) => block.max(1),
        Some(Since::Time(time)) => chain.first_block_since(time, log.number()).await?,
    };
    let cache = context.key_file().map(|file| Cache::beside(file, chain.genesis_hash(), patient));
    let mut blocks = verified(context, &log, first, cache.as_ref(), refresh).await?;
    blocks.retain(|block| block.number >= first);
    let (entries, end) = described(&log, patient, &blocks).await?;
    let checked = Checked::new(&log, entries.len());
    Ok(Read { entries, checked, blocks: (first, log.number()), end })
}

/// The blocks with entries from `first` on, each compared with the links of the chain. Blocks that
/// are known already are not read again, and may be older.
async fn verified(
    context: &Context,
    log: &Log,
    first: u32,
    cache: Option<&Cache>,
    refresh: bool,
) -> Result<Vec<LoggedBlock>> {
    let (known, kept) = cache.map(Cache::load).unwrap_or_default();
    let (begin, mut blocks) = if refresh { Default::default() } else { (known, kept) };
    let head = log.head();
    let bar = context.progress.bar("Following the log", head.length.into(), false);
    let stops = |head: &LogHead<u32>| head.at < first || *head == begin;
    let links = log.links(stops, |left| bar.at(head.length.saturating_sub(left).into())).await?;
    drop(bar);
    if let Some(cache) = cache.filter(|_| is_another(&known, &links)) {
        return Err(another(&known, Some(cache)));
    }
    for told in cache.map(Cache::told).unwrap_or_default() {
        let (known, _) = told.load();
        if is_another(&known, &links) {
            return Err(another(&known, Some(&told)));
        }
    }
    // Only what reaches back to the begin of the log can be kept, or added to what is kept.
    let is_whole = links.begin == begin;
    if !is_whole {
        blocks.clear();
    }
    let keep = |blocks: &[LoggedBlock]| {
        // It only saves time: a folder that cannot be written must not keep anybody from reading.
        let _ = cache.filter(|_| is_whole).map(|cache| cache.store(blocks.to_vec()));
    };
    let Some(oldest) = links.links.first() else { return Ok(blocks) };
    let history = log.history(oldest.block()).await?;
    let bar = context.progress.bar("Reading entries", head.length.into(), false);
    let found = log.blocks(&history, &links.links);
    gather(found, links.begin.length, &mut blocks, keep, |done| bar.at(done.into())).await?;
    Ok(blocks)
}

/// Adds these blocks, before which there are `begin` entries, and keeps all now and then, so that
/// a reading that is interrupted goes on there. `step` is told the number of entries so far.
async fn gather(
    found: impl Stream<Item = Result<LoggedBlock, ChainError>>,
    begin: u32,
    blocks: &mut Vec<LoggedBlock>,
    keep: impl Fn(&[LoggedBlock]),
    mut step: impl FnMut(u32),
) -> Result<()> {
    let mut found = std::pin::pin!(found);
    let mut done = begin;
    let mut keep_at = next_keeping(blocks.len());
    while let Some(block) = found.try_next().await.inspect_err(|_| keep(blocks.as_slice()))? {
        done = done.saturating_add(u32::try_from(block.entries.len()).unwrap_or(u32::MAX));
        step(done);
        blocks.push(block);
        if blocks.len() >= keep_at {
            keep(blocks.as_slice());
            keep_at = next_keeping(blocks.len());
        }
    }
    keep(blocks.as_slice());
    Ok(())
}

/// When so many blocks are kept, how many there are the next time.
fn next_keeping(blocks: usize) -> usize {
    blocks.saturating_add((blocks / 2).max(KEPT_FIRST))
}

/// The log is not the one that was verified before.
pub fn another(known: &LogHead<u32>, cache: Option<&Cache>) -> anyhow::Error {
    let file = cache.map(|cache| cache.file().display().to_string()).unwrap_or_default();
    anyhow::anyhow!(
        "this log has other entries than the {} that you have verified before, up to block {}: \
         the node is behind, or withholds entries, so ask another with --node; if the chain \
         itself began again, delete {file}",
        known.length,
        known.at,
    )
}

/// Whether a log lacks the end that was verified before, although it was followed back that far.
fn is_another(known: &LogHead<u32>, followed: &Links) -> bool {
    let Links { begin, links } = followed;
    known.length > 0
        && begin.length <= known.length
        && begin != known
        && links.iter().all(|link| link.after != *known)
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
    let gathering = Gathering::new(
        patient,
        history.record_ids_of(&patient).await?,
        history.own_policy_of(&patient).await?,
        history.default_policy().await?,
    );
    let events = |_: usize, block: &LoggedBlock| -> Result<Vec<PastEvent>> {
        Ok(history.logged_events(block)?)
    };
    let entries = entries(gathering, &history, blocks, events).await?;
    Ok((entries, time::shown(history.end_time().await?)))
}

/// The entries of these blocks, for people, each of them. `events` reads those of a block, whose
/// place it is told too.
pub async fn entries(
    mut gathering: Gathering,
    history: &History,
    blocks: &[LoggedBlock],
    events: impl Fn(usize, &LoggedBlock) -> Result<Vec<PastEvent>>,
) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (place, block) in blocks.iter().enumerate() {
        let events = events(place, block)?;
        learn(&mut gathering, history, &events).await?;
        let time = time::shown(block.time);
        let found = gathering.take_logged(block, &events).into_iter();
        entries.extend(found.map(|entry| entry.at(time.clone())));
    }
    let read: usize = blocks.iter().map(|block| block.entries.len()).sum();
    if entries.len() != read {
        bail!("{read} entries of the log were verified, but only {} can be shown", entries.len());
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use futures::{stream, FutureExt, StreamExt};
    use medchain_client::{
        chain::{Link, LoggedEntry},
        H256,
    };

    use super::*;

    /// A log with an entry in each of so many blocks.
    fn log(length: u32) -> Vec<LoggedBlock> {
        let block = |number| LoggedBlock {
            number,
            hash: [2; 32],
            time: 3,
            default_policy: None,
            entries: vec![LoggedEntry { index: 0, extrinsic: None, signer: None, event: vec![4] }],
        };
        (1..=length).map(block).collect()
    }

    #[tokio::test]
    async fn an_interrupted_reading_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let patient = AccountId32([1; 32]);
        let cache = Cache::beside(&folder.path().join("me.key"), H256([1; 32]), patient);
        let keep = |blocks: &[LoggedBlock]| cache.store(blocks.to_vec()).unwrap();
        let all = log(700);
        // The program is killed while it waits for the next block.
        let found = stream::iter(all[..600].iter().cloned().map(Ok)).chain(stream::pending());
        let mut blocks = Vec::new();
        assert!(gather(found, 0, &mut blocks, keep, |_| ()).now_or_never().is_none());
        let (known, mut blocks) = cache.load();
        assert_eq!(blocks, all[..KEPT_FIRST]);
        // The connection is lost: nothing that came before is lost with it.
        let lost = Err(ChainError::ConnectionLost { reason: "it was closed".to_owned() });
        let found = all[KEPT_FIRST..650].iter().cloned().map(Ok).chain([lost]);
        let found = stream::iter(found);
        gather(found, known.length, &mut blocks, keep, |_| ()).await.unwrap_err();
        let (known, mut blocks) = cache.load();
        assert_eq!(blocks, all[..650]);
        let found = stream::iter(all[650..].iter().cloned().map(Ok));
        let mut steps = Vec::new();
        gather(found, known.length, &mut blocks, keep, |done| steps.push(done)).await.unwrap();
        assert_eq!(cache.load().1, all);
        assert_eq!(steps, (651..=700).collect::<Vec<_>>());
    }

    /// A log that was followed through these heads, from its end back to the first of them.
    fn followed(heads: &[LogHead<u32>]) -> Links {
        let links = heads.windows(2).map(|pair| Link { before: pair[0], after: pair[1] });
        Links { begin: heads[0], links: links.collect() }
    }

    #[test]
    fn a_log_without_what_was_verified_is_another() {
        let nothing = LogHead::default();
        let one = nothing.after(5, b"one");
        let two = one.after(7, b"two");
        let three = two.after(9, b"three");
        for heads in [
            // It stopped at what is known, or later because of --since.
            &[two, three][..],
            &[two],
            &[three],
            // With --refresh, it goes on.
            &[nothing, one, two, three],
            &[one, two],
        ] {
            assert!(!is_another(&two, &followed(heads)), "{heads:?}");
        }
        let other = nothing.after(5, b"other");
        for heads in [
            // Shorter, or another where the known end should be.
            &[nothing][..],
            &[nothing, one],
            &[nothing, other, other.after(7, b"two"), three],
            &[one, other.after(7, b"two")],
        ] {
            assert!(is_another(&two, &followed(heads)), "{heads:?}");
        }
        assert!(!is_another(&nothing, &followed(&[nothing, one])), "nothing was verified");
    }

    #[test]
    fn a_long_log_is_written_few_times() {
        let (mut kept, mut times, mut written) = (0, 0, 0);
        while next_keeping(kept) <= 100_000 {
            kept = next_keeping(kept);
            (times, written) = (times + 1, written + kept);
        }
        assert!(times < 20, "{times}");
        assert!(written < 3 * 100_000, "{written}");
    }
}
