//! Letting content go.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Instant};

use cid::Cid as BlockCid;
use medchain_primitives::Cid;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::store::{cid_of, dag::CHUNK, LetGo, LocalStore, SeveralStores, Store, StoreError};

fn store() -> (TempDir, LocalStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    (folder, store)
}

/// Bytes that differ from chunk to chunk and from seed to seed.
fn content(seed: u64, length: usize) -> Vec<u8> {
    let start = seed.wrapping_mul(0xd6e8_feb8_6659_fd93);
    let mix = |i: u64| start.wrapping_add(i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..length as u64).map(|i| (mix(i) >> 32) as u8).collect()
}

async fn unpin(store: &LocalStore, cid: &Cid) -> Result<LetGo, StoreError> {
    let mut answers = store.unpin(cid).await;
    assert_eq!(answers.len(), 1);
    let answer = answers.pop().unwrap();
    assert_eq!(answer.store, store.describe());
    answer.outcome
}

fn files(folder: &Path) -> BTreeSet<String> {
    let shards = fs::read_dir(folder.join("blocks")).unwrap();
    let files = shards.flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

fn path(store: &LocalStore, cid: &Cid) -> std::path::PathBuf {
    store.path_of(&BlockCid::try_from(cid.as_str()).unwrap())
}

#[tokio::test]
async fn what_was_let_go_is_not_available_and_nothing_else_is_harmed() {
    for length in [0, 3, CHUNK, CHUNK + 1, 175 * CHUNK] {
        let (folder, store) = store();
        let other = store.put(&content(2, 2 * CHUNK)).await.unwrap();
        let before = files(folder.path());
        let cid = store.put(&content(1, length)).await.unwrap();
        assert_eq!(unpin(&store, &cid).await.unwrap(), LetGo::Deleted, "{length}");
        let error = store.get(&cid, u64::MAX).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
        assert_eq!(files(folder.path()), before, "{length}");
        assert!(store.get(&other, u64::MAX).await.is_ok());
        assert_eq!(unpin(&store, &cid).await.unwrap(), LetGo::NotKept, "a second time");
        assert_eq!(store.put(&content(1, length)).await.unwrap(), cid, "it can come back");
    }
}

/// Prints how long it took to read every block of the folder, as each deletion did, and how long it
/// takes to read those that link to others.
#[tokio::test]
async fn a_full_folder_is_looked_through_without_reading_it() {
    const FILMS: u64 = 40;
    let (folder, store) = store();
    let mut films = Vec::new();
    for seed in 0..FILMS {
        films.push(store.put(&content(seed, 4 * CHUNK)).await.unwrap());
    }
    let started = Instant::now();
    let mut bytes = 0;
    for name in files(folder.path()) {
        let cid = BlockCid::try_from(name.as_str()).unwrap();
        bytes += fs::read(store.path_of(&cid)).unwrap().len();
    }
    let before = started.elapsed();
    let started = Instant::now();
    // The same walk as before a deletion.
    let kept = store.kept().await.pop().unwrap().cids.unwrap();
    let now = started.elapsed();
    println!(
        "erase in a folder of {} MiB: {before:.2?} before to look for what needs a block, {now:.2?} \
         now: ratio {:.2}",
        bytes >> 20,
        now.as_secs_f64() / before.as_secs_f64()
    );
    assert_eq!(kept.len(), films.len());
    assert_eq!(unpin(&store, &films[0]).await.unwrap(), LetGo::Deleted);
    assert!(store.get(&films[1], u64::MAX).await.is_ok());
}

#[tokio::test]
async fn blocks_that_another_tree_needs_stay() {
    let (_folder, store) = store();
    let shared = content(1, CHUNK);
    let first = store.put(&[&shared[..], &[1]].concat()).await.unwrap();
    let second = store.put(&[&shared[..], &[2]].concat()).await.unwrap();
    // The shared leaf is a file of its own as well, and goes with neither.
    let leaf = cid_of(&shared);
    assert_eq!(unpin(&store, &leaf).await.unwrap(), LetGo::NotKept);
    assert_eq!(unpin(&store, &first).await.unwrap(), LetGo::Deleted);
    assert!(store.get(&first, u64::MAX).await.is_err());
    assert!(store.get(&second, u64::MAX).await.is_ok());
    assert_eq!(unpin(&store, &second).await.unwrap(), LetGo::Deleted);
    assert!(store.get(&leaf, u64::MAX).await.is_err());
}

/// A folder has no pins: it cannot know that the second one is the film of another patient.
#[tokio::test]
async fn what_goes_with_a_tree_is_told_before() {
    let (_folder, store) = store();
    let film = store.put(&content(1, 1000)).await.unwrap();
    let tree = store.put(&[&content(2, CHUNK)[..], &content(1, 1000)].concat()).await.unwrap();
    assert!(store.goes_with(&film).await.is_empty());
    let told = store.goes_with(&tree).await;
    assert!(told.len() == 2 && told.contains(&film), "{told:?}");
    let both = SeveralStores::new(vec![Arc::new(store.clone()), Arc::new(store.clone())]);
    assert_eq!(both.goes_with(&tree).await, told, "each once");
    assert_eq!(unpin(&store, &tree).await.unwrap(), LetGo::Deleted);
    assert!(store.get(&film, u64::MAX).await.is_err());
}

#[tokio::test]
async fn what_was_interrupted_goes_on() {
    let (folder, store) = store();
    let bytes = content(1, 3 * CHUNK);
    let cid = store.put(&bytes).await.unwrap();
    fs::remove_file(path(&store, &cid_of(&bytes[CHUNK..2 * CHUNK]))).unwrap();
    assert_eq!(unpin(&store, &cid).await.unwrap(), LetGo::Deleted);
    assert_eq!(files(folder.path()).len(), 0);
}

#[tokio::test]
async fn what_was_stored_in_part_goes_once_it_is_stored_whole() {
    let (folder, store) = store();
    let bytes = content(1, 3 * CHUNK);
    let cid = store.put(&bytes).await.unwrap();
    // The root comes last: without it, a folder does not know what the other blocks belong to.
    fs::remove_file(path(&store, &cid)).unwrap();
    assert_eq!(unpin(&store, &cid).await.unwrap(), LetGo::NotKept);
    assert_eq!(files(folder.path()).len(), 3);
    store.put(&bytes).await.unwrap();
    assert_eq!(unpin(&store, &cid).await.unwrap(), LetGo::Deleted);
    assert_eq!(files(folder.path()).len(), 0);
}

#[tokio::test]
async fn a_damaged_node_goes_and_what_may_be_left_is_said() {
    let (folder, store) = store();
    let other = store.put(b"other").await.unwrap();
    let cid = store.put(&content(1, 2 * CHUNK)).await.unwrap();
    // A damaged block may well look like a node, one that leads to another file.
    let decoy = store.put(&content(3, 2 * CHUNK)).await.unwrap();
    fs::copy(path(&store, &decoy), path(&store, &cid)).unwrap();
    let error = unpin(&store, &cid).await.unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { cid: named, .. } if named == cid.as_str()));
    assert!(matches!(store.get(&cid, 1 << 30).await, Err(StoreError::NotFound { .. })));
    assert!(store.get(&decoy, u64::MAX).await.is_ok());
    assert!(store.get(&other, u64::MAX).await.is_ok());
    assert_eq!(files(folder.path()).len(), 1 + 3 + 2);
}

#[tokio::test]
async fn a_folder_that_is_not_there_did_not_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path().join("gone")).unwrap();
    let error = unpin(&store, &cid_of(b"abc")).await.unwrap_err();
    assert!(matches!(error, StoreError::NoFolder { .. }), "{error}");
    assert!(!folder.path().join("gone").exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Files made of a few chunks share many of them.
    #[test]
    fn whatever_goes_the_other_files_stay(
        all in proptest::collection::vec(proptest::collection::vec(0u64..4, 2..6), 1..6),
        gone in proptest::collection::vec(any::<proptest::sample::Index>(), 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (_folder, store) = store();
            let mut kept = Vec::new();
            for chunks in &all {
                let bytes: Vec<u8> =
                    chunks.iter().flat_map(|seed| vec![*seed as u8; CHUNK]).collect();
                kept.push(store.put(&bytes).await.unwrap());
            }
            kept.sort_by_key(ToString::to_string);
            kept.dedup();
            for index in gone {
                if kept.is_empty() {
                    break;
                }
                let cid = kept.swap_remove(index.index(kept.len()));
                assert_eq!(unpin(&store, &cid).await.unwrap(), LetGo::Deleted);
                assert!(store.get(&cid, u64::MAX).await.is_err());
                for other in &kept {
                    assert!(store.get(other, u64::MAX).await.is_ok());
                }
            }
        });
    }
}

#[tokio::test]
async fn a_folder_keeps_what_nothing_in_it_links_to() {
    let (_folder, store) = store();
    assert!(store.kept().await.pop().unwrap().cids.unwrap().is_empty());
    let (one, large) = (content(1, 10), content(2, 3 * CHUNK));
    let put = [store.put(&one).await.unwrap(), store.put(&large).await.unwrap()];
    let kept = store.kept().await.pop().unwrap();
    let names = |cids: &[Cid]| cids.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(names(&kept.cids.unwrap()), names(&put));
    unpin(&store, &put[1]).await.unwrap();
    let kept = store.kept().await.pop().unwrap();
    assert_eq!(names(&kept.cids.unwrap()), names(&put[..1]));
}
