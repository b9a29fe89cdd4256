//! Content that one store has damaged is put back there, and what it lacks is not.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex},
};

use medchain_primitives::Cid;
use tracing::{field::Visit, span, Event, Level, Metadata, Subscriber};

use crate::store::{cid_of, LocalStore, SeveralStores, Store, StoreError};

/// What was logged, with its level.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<(Level, String)>>>);

impl Visit for Logged {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        if field.name() == "message"
            && let Some((_, text)) = self.0.lock().unwrap().last_mut()
        {
            *text = format!("{value:?}");
        }
    }
}

impl Subscriber for Logged {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("medchain_client::store")
    }

    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push((*event.metadata().level(), String::new()));
        event.record(&mut self.clone());
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn bytes() -> Vec<u8> {
    (0..600_000u32).map(|at| (at / 1000) as u8).collect()
}

/// Two folders in which the content is; damages the first of three leaves in the first folder.
async fn damaged(folder: &Path) -> (LocalStore, SeveralStores, Cid) {
    let open = |name: &str| LocalStore::open(folder.join(name)).unwrap();
    let (first, second) = (open("first"), open("second"));
    let both = SeveralStores::new(vec![Arc::new(first.clone()), Arc::new(second)]);
    let cid = both.put(&bytes()).await.unwrap();
    let leaf = cid_of(&bytes()[..262_144]).to_string();
    std::fs::write(first.path_of(&leaf.parse().unwrap()), b"noise").unwrap();
    assert!(matches!(first.get(&cid, 1 << 20).await, Err(StoreError::Corrupt { .. })));
    (first, both, cid)
}

#[tokio::test]
async fn what_is_damaged_is_put_back_and_the_user_is_told_where() {
    let folder = tempfile::tempdir().unwrap();
    let (first, both, cid) = damaged(folder.path()).await;
    let logged = Logged::default();
    let guard = tracing::subscriber::set_default(logged.clone());
    assert_eq!(both.get(&cid, 1 << 20).await.unwrap(), bytes());
    drop(guard);
    assert_eq!(first.get(&cid, 1 << 20).await.unwrap(), bytes());
    let logged = logged.0.lock().unwrap();
    let warnings: Vec<&String> =
        logged.iter().filter(|(level, _)| *level == Level::WARN).map(|(_, text)| text).collect();
    let named = format!("the folder {} has damaged content", folder.path().join("first").display());
    assert!(matches!(warnings[..], [one] if one.starts_with(&named)), "{logged:?}");
}

/// What a folder keeps for its own sake.
async fn kept(store: &LocalStore) -> Vec<Cid> {
    store.kept().await.pop().unwrap().cids.unwrap()
}

#[tokio::test]
async fn whoever_reads_does_not_keep_what_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| LocalStore::open(folder.path().join(name)).unwrap();
    let (own, hospital) = (open("own"), open("hospital"));
    // A store that is there, and has something else.
    let other = own.put(b"else").await.unwrap();
    let cid = hospital.put(&bytes()).await.unwrap();
    let both = SeveralStores::new(vec![Arc::new(own.clone()), Arc::new(hospital)]);
    assert_eq!(both.get(&cid, 1 << 20).await.unwrap(), bytes());
    assert_eq!(kept(&own).await, [other]);
    assert!(matches!(own.get(&cid, 1 << 20).await, Err(StoreError::NotFound { .. })));
    // An erasure asks one store of one, and the content is gone.
    both.unpin(&cid).await;
    assert!(both.get(&cid, 1 << 20).await.is_err());
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_made_and_later_stores_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| LocalStore::open(folder.path().join(name)).unwrap();
    let (mistyped, second, third) = (open("mistyped"), open("second"), open("third"));
    third.put(b"else").await.unwrap();
    let cid = second.put(&bytes()).await.unwrap();
    let all =
        SeveralStores::new(vec![Arc::new(mistyped), Arc::new(second), Arc::new(third.clone())]);
    assert_eq!(all.get(&cid, 1 << 20).await.unwrap(), bytes());
    assert!(!folder.path().join("mistyped").exists());
    assert!(matches!(third.get(&cid, 1 << 20).await, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn a_store_that_cannot_be_healed_fails_nothing() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let (first, both, cid) = damaged(folder.path()).await;
    let blocks = folder.path().join("first/blocks");
    std::fs::remove_dir_all(&blocks).unwrap();
    // Not a folder: root may write where the rights say otherwise.
    std::fs::write(&blocks, b"").unwrap();
    std::fs::set_permissions(&blocks, std::fs::Permissions::from_mode(0o400)).unwrap();
    let before = first.get(&cid, 1 << 20).await.unwrap_err();
    assert_eq!(both.get(&cid, 1 << 20).await.unwrap(), bytes(), "{before}");
}
