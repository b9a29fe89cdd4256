use std::{
    collections::HashMap,
    sync::{
        atomic::{AtomicUsize, Ordering},
        Mutex,
    },
    time::Duration,
};

use async_trait::async_trait;
use cid::Cid as BlockCid;
use medchain_primitives::Cid;
use multihash_codetable::{Code, MultihashDigest};
use proptest::prelude::*;
use tokio::time::sleep;

use crate::store::{
    cid_of,
    dag::{build, read, BlockSource, CHUNK},
    look, Depth, Found, ProgressUpdate, StoreError,
};

#[derive(Default)]
struct Blocks(HashMap<BlockCid, Vec<u8>>);

#[async_trait]
impl BlockSource for Blocks {
    async fn block(&self, cid: &BlockCid) -> Result<Vec<u8>, StoreError> {
        self.0.get(cid).cloned().ok_or_else(|| StoreError::NotFound { cid: cid.to_string() })
    }
}

impl Blocks {
    fn add(&mut self, codec: u64, block: Vec<u8>) -> BlockCid {
        let cid = BlockCid::new_v1(codec, Code::Sha2_256.digest(&block));
        self.0.insert(cid, block);
        cid
    }
}

fn medchain(cid: &BlockCid) -> Cid {
    Cid::parse(cid.to_string().as_bytes()).unwrap()
}

/// A protocol-buffers field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    varint(&mut out, bytes.len() as u64);
    out.extend_from_slice(bytes);
    out
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A UnixFS file node over `links`, each with the size that it claims.
fn node(links: &[(BlockCid, u64)], size: u64) -> Vec<u8> {
    let mut block = Vec::new();
    for (cid, _) in links {
        let mut link = field(1, &cid.to_bytes());
        link.extend(field(2, b""));
        link.push(3 << 3);
        varint(&mut link, 1);
        block.extend(field(2, &link));
    }
    let mut data = vec![1 << 3, 2, 3 << 3];
    varint(&mut data, size);
    for (_, size) in links {
        data.push(4 << 3);
        varint(&mut data, *size);
    }
    block.extend(field(1, &data));
    block
}

async fn read_error(blocks: &Blocks, cid: &Cid, limit: u64) -> StoreError {
    read(blocks, cid, limit, &|_| ()).await.unwrap_err()
}

/// What an IPFS node answered for these bytes.
#[test]
fn the_cids_are_those_of_kubo() {
    let check = |bytes: &[u8], cid: &str| assert_eq!(cid_of(bytes).as_str(), cid);
    check(b"abc", "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu");
    check(b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
    let zeros = vec![0; 174 * CHUNK + 1];
    // One full leaf, a full node of leaves, and a second level whose last
    // node has one leaf of one byte.
    check(&zeros[..CHUNK], "bafkreiekhhjkxu4ztk3tyng3er3ijhg56mb44oe3gwbgquhzu4afrg2ksa");
    check(&zeros[..174 * CHUNK], "bafybeibxsa3ioclowpaq7b6gxl65gzqneopfr3fnhedak6sqr4bjz5lnyq");
    check(&zeros, "bafybeihqwzd3o6q6v3pmwhzjy22vokhr767burokmqemg63hptx2nqd7ym");
}

#[tokio::test]
async fn only_raw_and_dag_pb_with_sha2_256_are_read() {
    let mut blocks = Blocks::default();
    let cbor = blocks.add(0x71, b"abc".to_vec());
    let root = blocks.add(0x70, node(&[(cbor, 3)], 3));
    let error = read_error(&blocks, &medchain(&root), 100).await;
    assert!(matches!(error, StoreError::Unsupported { cid, .. } if cid == cbor.to_string()));

    let other = BlockCid::new_v1(0x55, Code::Sha2_512.digest(b"abc"));
    blocks.0.insert(other, b"abc".to_vec());
    let root = blocks.add(0x70, node(&[(other, 3)], 3));
    let error = read_error(&blocks, &medchain(&root), 100).await;
    assert!(matches!(error, StoreError::Unsupported { .. }));
}

#[tokio::test]
async fn a_root_that_is_no_file_is_unsupported() {
    let mut blocks = Blocks::default();
    let folder = blocks.add(0x70, field(1, &[1 << 3, 1]));
    let error = read_error(&blocks, &medchain(&folder), 100).await;
    assert!(matches!(error, StoreError::Unsupported { .. }));
    let noise = blocks.add(0x70, b"no protocol buffer".to_vec());
    let error = read_error(&blocks, &medchain(&noise), 100).await;
    assert!(matches!(error, StoreError::Unsupported { .. }));
}

#[tokio::test]
async fn a_tree_that_lies_about_its_size_is_corrupt() {
    let mut blocks = Blocks::default();
    let leaf = blocks.add(0x55, b"abc".to_vec());
    for (claims, size) in [(2, 2), (4, 4), (3, 9), (3, 1)] {
        let root = blocks.add(0x70, node(&[(leaf, claims)], size));
        let error = read_error(&blocks, &medchain(&root), 100).await;
        assert!(
            matches!(error, StoreError::Corrupt { .. } | StoreError::Unsupported { .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_tree_of_endless_empty_nodes_is_refused() {
    let mut blocks = Blocks::default();
    let mut child = blocks.add(0x55, Vec::new());
    // 100^6 paths in seven small blocks.
    for _ in 0..6 {
        child = blocks.add(0x70, node(&[(child, 0); 100], 0));
    }
    let error = read_error(&blocks, &medchain(&child), 1_000_000).await;
    assert!(matches!(error, StoreError::Unsupported { .. }), "{error}");
}

#[tokio::test]
async fn a_tree_of_more_blocks_than_its_content_needs_ends() {
    let mut blocks = Blocks::default();
    let mut child = blocks.add(0x55, b"abc".to_vec());
    for _ in 0..1000 {
        child = blocks.add(0x70, node(&[(child, 3)], 3));
    }
    let error = read_error(&blocks, &medchain(&child), 1_000).await;
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
}

/// Blocks, and how often one was read.
#[derive(Default)]
struct Counted(Blocks, AtomicUsize);

#[async_trait]
impl BlockSource for Counted {
    async fn block(&self, cid: &BlockCid) -> Result<Vec<u8>, StoreError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.block(cid).await
    }
}

#[tokio::test]
async fn a_few_blocks_that_claim_a_gibibyte_are_verified_once_each() {
    let mut blocks = Counted::default();
    let mut size = 1024;
    let mut child = blocks.0.add(0x55, vec![7; 1024]);
    for _ in 0..10 {
        child = blocks.0.add(0x70, node(&[(child, size); 4], size * 4));
        size *= 4;
    }
    let found = look::at(&blocks, &medchain(&child), Depth::Verified).await.unwrap();
    assert_eq!((found, blocks.1.load(Ordering::Relaxed)), (Found::Whole, 11));
    // The same block under another size is looked at all the same.
    let leaf = blocks.0.add(0x55, vec![7; 1024]);
    let lies = blocks.0.add(0x70, node(&[(leaf, 1024), (leaf, 1023)], 2047));
    let found = look::at(&blocks, &medchain(&lies), Depth::Verified).await.unwrap();
    assert!(matches!(found, Found::Damaged(_)), "{found:?}");
}

#[tokio::test]
async fn an_oversized_block_is_refused() {
    let mut blocks = Blocks::default();
    let big = blocks.add(0x55, vec![0; 2 * 1024 * 1024 + 1]);
    let error = read_error(&blocks, &medchain(&big), u64::MAX).await;
    assert!(matches!(error, StoreError::Corrupt { .. }));
}

#[test]
fn the_root_is_emitted_last_and_leaves_are_raw() {
    let mut order = Vec::new();
    let bytes = vec![7; CHUNK + 1];
    let root = build(&bytes, |cid, _| {
        order.push((cid.codec(), cid.to_string()));
        Ok(())
    })
    .unwrap();
    let codecs: Vec<u64> = order.iter().map(|(codec, _)| *codec).collect();
    assert_eq!(codecs, [0x55, 0x55, 0x70]);
    assert_eq!(order.last().map(|(_, cid)| cid.as_str()), Some(root.as_str()));
}

proptest! {
    #[test]
    fn no_block_makes_it_panic(block in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut blocks = Blocks::default();
        let leaf = blocks.add(0x55, b"abc".to_vec());
        let mut garbled = node(&[(leaf, 3)], 3);
        let length = garbled.len();
        for (place, byte) in block.iter().enumerate().take(3) {
            garbled[(place * 61 + usize::from(*byte)) % length] = *byte;
        }
        for candidate in [block, garbled] {
            let cid = medchain(&blocks.add(0x70, candidate));
            let _ = futures::executor::block_on(read(&blocks, &cid, 1000, &|_| ()));
        }
    }
}

/// Blocks that come after a while, the first ones last.
struct Late {
    blocks: Blocks,
    at_once: usize,
    running: AtomicUsize,
    most: AtomicUsize,
    asked: AtomicUsize,
}

impl Late {
    fn new(bytes: &[u8], at_once: usize) -> (Self, Cid) {
        let mut blocks = Blocks::default();
        let cid = build(bytes, |cid, block| {
            blocks.0.insert(*cid, block.to_vec());
            Ok(())
        });
        let zero = AtomicUsize::default;
        let late = Self { blocks, at_once, running: zero(), most: zero(), asked: zero() };
        (late, cid.unwrap())
    }
}

#[async_trait]
impl BlockSource for Late {
    fn at_once(&self) -> usize {
        self.at_once
    }

    async fn block(&self, cid: &BlockCid) -> Result<Vec<u8>, StoreError> {
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(running, Ordering::Relaxed);
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) as u64;
        sleep(Duration::from_millis(20 - asked % 7 * 2)).await;
        self.running.fetch_sub(1, Ordering::Relaxed);
        self.blocks.block(cid).await
    }
}

#[tokio::test]
async fn blocks_that_are_requested_ahead_keep_their_order_and_their_number() {
    // Two nodes above 180 leaves, each different.
    let bytes: Vec<u8> = (0..180 * CHUNK as u32).map(|at| (at / 1000 % 251) as u8).collect();
    let (source, cid) = Late::new(&bytes, 8);
    assert_eq!(read(&source, &cid, 1 << 26, &|_| ()).await.unwrap(), bytes);
    // On a busy machine not all may be under way at once.
    let most = source.most.load(Ordering::Relaxed);
    assert!((2..=8).contains(&most), "{most} at once");
    assert!(source.asked.load(Ordering::Relaxed) <= 184, "none twice");

    let (source, cid) = Late::new(&bytes[..3 * CHUNK], 1);
    assert_eq!(read(&source, &cid, 1 << 26, &|_| ()).await.unwrap(), bytes[..3 * CHUNK]);
    assert_eq!(source.most.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_fails_ahead_of_its_turn_fails_in_its_turn() {
    let bytes: Vec<u8> = (0..6 * CHUNK as u32).map(|at| (at / 1000 % 251) as u8).collect();
    let (mut source, cid) = Late::new(&bytes, 8);
    let leaf = |at: usize| -> BlockCid {
        cid_of(&bytes[at * CHUNK..(at + 1) * CHUNK]).as_str().parse().unwrap()
    };
    source.blocks.0.remove(&leaf(4));
    source.blocks.0.insert(leaf(2), b"noise".to_vec());
    let done = Mutex::new(0);
    let note = |update: ProgressUpdate| *done.lock().unwrap() = update.done;
    let error = read(&source, &cid, 1 << 26, &note).await.unwrap_err();
    let wrong = leaf(2).to_string();
    assert!(matches!(&error, StoreError::Corrupt { cid, .. } if *cid == wrong), "{error}");
    assert_eq!(*done.lock().unwrap(), 2 * CHUNK as u64);
}
