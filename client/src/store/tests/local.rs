use std::{fs, path::PathBuf, sync::Mutex};

use cid::Cid as BlockCid;
use tempfile::TempDir;

use crate::store::{
    cid_of, dag::CHUNK, Depth, Found, LocalStore, ProgressUpdate, Store, StoreError,
};

fn store() -> (TempDir, LocalStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path().join("store")).unwrap();
    (folder, store)
}

/// Bytes that differ from chunk to chunk.
fn content(length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u8).collect()
}

fn files(store: &LocalStore, cid: &str) -> PathBuf {
    store.path_of(&BlockCid::try_from(cid).unwrap())
}

#[tokio::test]
async fn who_only_reads_makes_no_folder() {
    let (folder, store) = store();
    let refused = store.get(&cid_of(b"abc"), 3).await.unwrap_err();
    assert!(matches!(refused, StoreError::NoFolder { .. }), "{refused}");
    assert!(refused.to_string().contains("store folder"), "{refused}");
    assert!(store.ping().await.is_err(), "there is nothing to wait for");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    store.put(b"abc").await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(store.get(&cid_of(b"abc"), 3).await.unwrap(), b"abc");
    let refused = store.get(&cid_of(b"abcd"), 4).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound { .. }), "{refused}");
}

#[tokio::test]
async fn every_size_round_trips() {
    let (_folder, store) = store();
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7] {
        let bytes = content(length);
        let cid = store.put(&bytes).await.unwrap();
        assert_eq!(cid, cid_of(&bytes), "{length}");
        assert_eq!(store.get(&cid, length as u64).await.unwrap(), bytes);
        assert_eq!(store.put(&bytes).await.unwrap(), cid, "a second time");
    }
}

#[tokio::test]
async fn a_tree_of_two_levels_round_trips() {
    let (_folder, store) = store();
    let bytes = content(174 * CHUNK + 1);
    let seen = Mutex::new(Vec::new());
    let note = |update: ProgressUpdate| seen.lock().unwrap().push(update);
    let cid = store.put_with_progress(&bytes, &note).await.unwrap().cid;
    let total = Some(bytes.len() as u64);
    {
        let mut seen = seen.lock().unwrap();
        assert!(seen.is_sorted_by_key(|update| update.done));
        assert_eq!(seen.last().map(|update| update.done), total);
        seen.clear();
    }
    let got = store.get_with_progress(&cid, u64::MAX, &note).await.unwrap();
    assert!(got == bytes);
    let seen = seen.into_inner().unwrap();
    assert!(seen.is_sorted_by_key(|update| update.done));
    assert_eq!(seen.last().map(|u| (Some(u.done), u.total)), Some((total, total)));
}

#[tokio::test]
async fn a_flipped_bit_is_corrupt_in_every_block() {
    let (_folder, store) = store();
    let bytes = content(2 * CHUNK + 5);
    let cid = store.put(&bytes).await.unwrap();
    let mut damaged = 0;
    for shard in fs::read_dir(_folder.path().join("store/blocks")).unwrap() {
        for file in fs::read_dir(shard.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let good = fs::read(&path).unwrap();
            let mut bad = good.clone();
            let middle = bad.len() / 2;
            bad[middle] ^= 1;
            fs::write(&path, &bad).unwrap();
            let error = store.get(&cid, u64::MAX).await.unwrap_err();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            match &error {
                StoreError::Corrupt { cid, .. } => assert_eq!(*cid, name),
                other => panic!("{other}"),
            }
            assert!(!error.is_retryable());
            fs::write(&path, &good).unwrap();
            damaged += 1;
        }
    }
    assert_eq!(damaged, 4, "three leaves and a root");
    assert_eq!(store.get(&cid, u64::MAX).await.unwrap(), bytes);
}

#[tokio::test]
async fn storing_again_repairs_a_damaged_block() {
    let (_folder, store) = store();
    let cid = store.put(b"abc").await.unwrap();
    fs::write(files(&store, cid.as_str()), b"abx").unwrap();
    assert!(store.get(&cid, 10).await.is_err());
    store.put(b"abc").await.unwrap();
    assert_eq!(store.get(&cid, 10).await.unwrap(), b"abc");
}

#[tokio::test]
async fn a_missing_block_is_not_found() {
    let (_folder, store) = store();
    let never = cid_of(b"never stored");
    store.put(b"something else").await.unwrap();
    let error = store.get(&never, 100).await.unwrap_err();
    assert!(matches!(&error, StoreError::NotFound { cid } if cid == never.as_str()));
    assert!(error.is_retryable());

    let bytes = content(CHUNK + 1);
    let cid = store.put(&bytes).await.unwrap();
    let leaf = cid_of(&bytes[CHUNK..]);
    fs::remove_file(files(&store, leaf.as_str())).unwrap();
    let error = store.get(&cid, u64::MAX).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { cid } if cid == leaf.as_str()));
}

#[tokio::test]
async fn the_limit_holds_for_leaves_and_trees() {
    let (_folder, store) = store();
    for length in [10, CHUNK + 1] {
        let cid = store.put(&content(length)).await.unwrap();
        assert!(store.get(&cid, length as u64).await.is_ok());
        let error = store.get(&cid, length as u64 - 1).await.unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { limit } if limit == length as u64 - 1));
    }
}

#[tokio::test]
async fn nothing_half_written_is_left() {
    let (folder, store) = store();
    store.put(&content(CHUNK + 1)).await.unwrap();
    for shard in fs::read_dir(folder.path().join("store/blocks")).unwrap() {
        for file in fs::read_dir(shard.unwrap().path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(name.starts_with("baf"), "{name}");
        }
    }
}

/// What the store has of content.
async fn look(store: &LocalStore, cid: &medchain_primitives::Cid, depth: Depth) -> Found {
    let mut looked = store.look(cid, depth).await;
    assert_eq!(looked.len(), 1);
    let looked = looked.remove(0);
    assert_eq!(looked.store, store.describe());
    looked.found.unwrap()
}

#[tokio::test]
async fn who_looks_sees_what_is_whole_missing_and_damaged() {
    const BOTH: [Depth; 2] = [Depth::Present, Depth::Verified];
    let (_folder, store) = store();
    let bytes = content(3 * CHUNK + 7);
    for depth in BOTH {
        assert_eq!(look(&store, &cid_of(&bytes), depth).await, Found::Nothing, "no folder");
    }
    let small = store.put(b"abc").await.unwrap();
    for depth in BOTH {
        assert_eq!(look(&store, &cid_of(&bytes), depth).await, Found::Nothing);
        assert_eq!(look(&store, &small, depth).await, Found::Whole);
    }
    let cid = store.put(&bytes).await.unwrap();
    for depth in BOTH {
        assert_eq!(look(&store, &cid, depth).await, Found::Whole);
    }
    let leaf = files(&store, cid_of(&bytes[CHUNK..2 * CHUNK]).as_str());
    let good = fs::read(&leaf).unwrap();
    let is_damaged = |found: &Found| matches!(found, Found::Damaged(_));
    // Missing, or shorter: that shows without reading it.
    fs::remove_file(&leaf).unwrap();
    for depth in BOTH {
        assert!(is_damaged(&look(&store, &cid, depth).await), "{depth:?}");
    }
    fs::write(&leaf, &good[1..]).unwrap();
    for depth in BOTH {
        assert!(is_damaged(&look(&store, &cid, depth).await), "{depth:?}");
    }
    // One bit: only whoever reads it sees that.
    let mut bad = good.clone();
    bad[7] ^= 1;
    fs::write(&leaf, &bad).unwrap();
    assert_eq!(look(&store, &cid, Depth::Present).await, Found::Whole);
    assert!(is_damaged(&look(&store, &cid, Depth::Verified).await));
    fs::write(&leaf, &good).unwrap();
    // The root, and the only block of a small file, are read in any case.
    for (cid, path) in
        [(&cid, files(&store, cid.as_str())), (&small, files(&store, small.as_str()))]
    {
        let mut bad = fs::read(&path).unwrap();
        bad[0] ^= 1;
        fs::write(&path, bad).unwrap();
        for depth in BOTH {
            assert!(is_damaged(&look(&store, cid, depth).await), "{depth:?}");
        }
    }
}
