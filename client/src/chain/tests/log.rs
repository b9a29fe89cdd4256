//! Logs of chains that the tests make up.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use codec::{Decode, Encode};
use medchain_primitives::LogHead;

use crate::{
    chain::{log, walk, ChainError, Link, Links, LogSource, LoggedBlock, LoggedEntry},
    AccountId32,
};

/// The entries of one patient, by block.
type Entries = BTreeMap<u32, Vec<Vec<u8>>>;

/// A node with the log of one patient, which may lie.
struct Node {
    /// What the chain linked: the end after each block with entries.
    heads: BTreeMap<u32, LogHead<u32>>,
    /// What the node says that the entries are.
    entries: Entries,
    asked: Cell<u32>,
    /// Blocks whose state is gone.
    pruned: u32,
    /// A lie about the end after a block.
    lie: RefCell<Option<(u32, LogHead<u32>)>>,
}

impl Node {
    fn new(entries: Entries) -> Self {
        let mut head = LogHead::default();
        let mut heads = BTreeMap::new();
        for (block, all) in &entries {
            head = all.iter().fold(head, |head, entry| head.after(*block, entry));
            heads.insert(*block, head);
        }
        let lie = RefCell::default();
        Self { heads, entries, asked: Cell::new(0), pruned: 0, lie }
    }

    fn end(&self) -> LogHead<u32> {
        self.heads.values().next_back().copied().unwrap_or_default()
    }

    /// Walks back from the proven end, and compares each block's entries.
    async fn read(&self, stops: impl Fn(&LogHead<u32>) -> bool) -> Result<Links, ChainError> {
        let found = walk(self, self.end(), stops, |_| ()).await?;
        for link in &found.links {
            let entries = self.entries.get(&link.block()).cloned().unwrap_or_default();
            link.check(entries.iter().map(Vec::as_slice))?;
        }
        Ok(found)
    }

    /// The block that the error of a reading names.
    async fn broken_at(&self) -> u32 {
        match self.read(|_| false).await {
            Err(ChainError::BrokenLog { block, .. }) => block,
            other => panic!("{other:?}"),
        }
    }
}

impl LogSource for Node {
    async fn head_after(&self, number: u32) -> Result<LogHead<u32>, ChainError> {
        self.asked.set(self.asked.get() + 1);
        if number < self.pruned {
            return Err(ChainError::StatePruned { block: number, first: self.pruned });
        }
        if let Some((block, head)) = *self.lie.borrow()
            && block == number
        {
            return Ok(head);
        }
        Ok(self.heads.range(..=number).next_back().map(|(_, head)| *head).unwrap_or_default())
    }
}

fn entries() -> Entries {
    let entry = |text: &str| text.as_bytes().to_vec();
    BTreeMap::from([
        (3, vec![entry("registered"), entry("key")]),
        (40, vec![entry("added")]),
        (41, vec![entry("asked"), entry("granted"), entry("delivered")]),
        (9_000, vec![entry("ended")]),
    ])
}

#[tokio::test]
async fn a_log_is_read_in_as_many_steps_as_it_has_blocks() {
    let node = Node::new(entries());
    let steps = RefCell::new(Vec::new());
    let found =
        walk(&node, node.end(), |_| false, |left| steps.borrow_mut().push(left)).await.unwrap();
    assert_eq!(found.links.iter().map(Link::block).collect::<Vec<_>>(), [3, 40, 41, 9_000]);
    assert_eq!(found.links.iter().map(Link::length).collect::<Vec<_>>(), [2, 1, 3, 1]);
    assert_eq!(found.begin, LogHead::default());
    assert_eq!(*steps.borrow(), [6, 3, 2, 0]);
    assert_eq!(node.asked.get(), 4);
    node.read(|_| false).await.unwrap();
}

#[tokio::test]
async fn an_empty_log_asks_nothing() {
    let node = Node::new(Entries::new());
    assert_eq!(node.read(|_| false).await.unwrap(), Links::default());
    assert_eq!(node.asked.get(), 0);
}

#[tokio::test]
async fn a_reader_can_stop_early_and_go_on_from_there() {
    let node = Node::new(entries());
    let found = node.read(|head| head.at < 41).await.unwrap();
    assert_eq!(found.links.iter().map(Link::block).collect::<Vec<_>>(), [41, 9_000]);
    assert_eq!((found.begin.length, found.begin.at), (3, 40), "three entries are older");
    let known = node.heads[&41];
    let found = node.read(|head| *head == known).await.unwrap();
    assert_eq!((found.links.len(), found.begin), (1, known));
}

#[tokio::test]
async fn a_missing_entry_is_noticed() {
    for (block, place) in [(3, 0), (3, 1), (40, 0), (41, 1), (41, 2), (9_000, 0)] {
        let mut node = Node::new(entries());
        node.entries.get_mut(&block).unwrap().remove(place);
        assert_eq!(node.broken_at().await, block, "{place}");
    }
}

#[tokio::test]
async fn an_altered_entry_is_noticed() {
    for block in [3, 40, 41, 9_000] {
        let mut node = Node::new(entries());
        node.entries.get_mut(&block).unwrap()[0][0] ^= 1;
        assert_eq!(node.broken_at().await, block);
    }
}

#[tokio::test]
async fn another_order_is_noticed() {
    let mut node = Node::new(entries());
    node.entries.get_mut(&41).unwrap().swap(0, 1);
    assert_eq!(node.broken_at().await, 41);
    // Also between blocks.
    let mut node = Node::new(entries());
    let moved = node.entries.get_mut(&41).unwrap().remove(0);
    node.entries.get_mut(&40).unwrap().push(moved);
    assert_eq!(node.broken_at().await, 40);
}

#[tokio::test]
async fn a_foreign_entry_is_noticed() {
    for (block, place) in [(3, 0), (3, 2), (9_000, 1)] {
        let mut node = Node::new(entries());
        node.entries.get_mut(&block).unwrap().insert(place, b"of somebody else".to_vec());
        assert_eq!(node.broken_at().await, block);
    }
}

#[tokio::test]
async fn links_that_are_made_up_are_noticed() {
    let node = Node::new(entries());
    let honest = node.heads[&40];
    let lies = [
        // Leaves out the blocks before.
        LogHead::default(),
        node.heads[&3],
        // Leads in circles.
        node.end(),
        LogHead { at: 50, ..honest },
        LogHead { length: 9, ..honest },
        // A begin that is none.
        LogHead { length: 0, ..honest },
        LogHead { head: [7; 32], ..honest },
    ];
    for lie in lies {
        // The block before the one with three entries.
        *node.lie.borrow_mut() = Some((40, lie));
        let read = node.read(|_| false).await;
        let is_noticed = matches!(read, Err(ChainError::BrokenLog { block: 40 | 41, .. }));
        assert!(is_noticed, "{lie:?}: {read:?}");
    }
}

/// A reader that stops early must not be led to stop too early.
#[tokio::test]
async fn a_lie_about_where_a_reader_may_stop_is_noticed() {
    let node = Node::new(entries());
    let true_head = node.heads[&41];
    // It would be older than what is asked for, and hide the blocks 40 and 41.
    *node.lie.borrow_mut() = Some((8_999, LogHead { at: 30, ..true_head }));
    let read = node.read(|head| head.at < 35).await;
    assert!(matches!(read, Err(ChainError::BrokenLog { block: 9_000, .. })), "{read:?}");
    *node.lie.borrow_mut() = None;
    assert_eq!(node.read(|head| head.at < 35).await.unwrap().begin, node.heads[&3]);
}

#[tokio::test]
async fn the_error_names_the_block_and_what_is_wrong() {
    let mut node = Node::new(entries());
    node.entries.get_mut(&41).unwrap().pop();
    let error = node.read(|_| false).await.unwrap_err();
    let line = error.to_string();
    for words in ["block 41", "2 of 3 entries", "ask another"] {
        assert!(line.contains(words), "{line}");
    }
    assert!(!error.is_retryable() && !line.contains('\n'));
}

#[tokio::test]
async fn a_state_that_is_gone_is_an_error() {
    let node = Node { pruned: 40, ..Node::new(entries()) };
    let error = node.read(|_| false).await.unwrap_err();
    assert_eq!(error, ChainError::StatePruned { block: 39, first: 40 });
    // What is left can still be read.
    assert_eq!(node.read(|head| head.at < 41).await.unwrap().links.len(), 2);
}

#[test]
fn entries_are_kept_as_they_are() {
    let entry = LoggedEntry {
        index: 7,
        extrinsic: Some(2),
        signer: Some(AccountId32([1; 32])),
        event: vec![52, 1, 9],
    };
    let silent = LoggedEntry { extrinsic: None, signer: None, ..entry.clone() };
    let block = LoggedBlock {
        number: 3,
        hash: [4; 32],
        time: 5,
        default_policy: None,
        entries: vec![entry, silent],
    };
    assert_eq!(LoggedBlock::decode(&mut &block.encode()[..]).unwrap(), block);
    // Two events, by an extrinsic and by the chain itself, without topics.
    assert_eq!(log::as_events(&block), [8, 0, 2, 0, 0, 0, 52, 1, 9, 0, 1, 52, 1, 9, 0]);
}
