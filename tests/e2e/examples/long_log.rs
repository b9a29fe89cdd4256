//! How long it takes to read a patient's log from a long chain.
//!
//! The chain is made up, and its node takes a millisecond for each request, as one on the same
//! machine does. Prints JSON; `make bench` shows it. Fails where it takes ten seconds or more.
//!
//! ```sh
//! long_log [ENTRIES] [BLOCKS]
//! ```

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::chain::{walk, ChainError, Link, LogHead, LogSource};
use serde_json::json;

/// How many blocks are requested at once, as by the client.
const AT_ONCE: usize = 16;
/// What a request takes.
const REQUEST: Duration = Duration::from_millis(1);
/// What a reading may take.
const LIMIT: Duration = Duration::from_secs(10);

/// A node of a chain in which every entry of one patient has a block of its own.
struct Node {
    /// The end of the log after each block with an entry, and the entry.
    blocks: BTreeMap<u32, (LogHead<u32>, Vec<u8>)>,
    requests: AtomicU32,
}

impl Node {
    fn new(entries: u32, blocks: u32) -> Self {
        let mut head = LogHead::default();
        let step = (blocks / entries).max(1);
        let all = (1..=entries).map(|number| {
            // Unevenly, but in order.
            let at = number * step - number % step.min(7);
            let entry = vec![number as u8; 120];
            head = head.after(at, &entry);
            (at, (head, entry))
        });
        Self { blocks: all.collect(), requests: AtomicU32::new(0) }
    }

    async fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(REQUEST).await;
    }

    /// The entry of a block: its hash, then its events, its time and the default policy at once.
    async fn entry(&self, number: u32) -> Vec<u8> {
        self.request().await;
        futures::join!(self.request(), self.request(), self.request());
        self.blocks.get(&number).map(|(_, entry)| entry.clone()).unwrap_or_default()
    }
}

impl LogSource for Node {
    async fn head_after(&self, number: u32) -> Result<LogHead<u32>, ChainError> {
        // The block's hash, then the value.
        self.request().await;
        self.request().await;
        let before = self.blocks.range(..=number).next_back();
        Ok(before.map(|(_, (head, _))| *head).unwrap_or_default())
    }
}

#[tokio::main]
async fn main() -> Result<(), ChainError> {
    let mut numbers = std::env::args().skip(1).map_while(|text| text.parse::<u32>().ok());
    let entries = numbers.next().unwrap_or(1_000).max(1);
    let blocks = numbers.next().unwrap_or(100_000);
    let node = Node::new(entries, blocks);
    let end = node.blocks.values().next_back().map(|(head, _)| *head).unwrap_or_default();

    let begun = Instant::now();
    let found = walk(&node, end, |_| false, |_| ()).await?;
    let walked = begun.elapsed();
    let read = |link: Link| {
        let node = &node;
        async move { link.check([node.entry(link.block()).await.as_slice()]) }
    };
    stream::iter(found.links.iter().copied())
        .map(read)
        .buffered(AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await?;
    let took = begun.elapsed();
    println!(
        "{}",
        json!({
            "entries": found.links.len(),
            "blocks": blocks,
            "requests": node.requests.load(Ordering::Relaxed),
            "walk_ms": walked.as_millis() as u64,
            "read_ms": took.as_millis() as u64,
        })
    );
    assert!(took < LIMIT, "a log of {entries} entries took {took:?}");
    Ok(())
}
