//! A store that answers as a test wants.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use medchain_primitives::Cid;
use tokio::time::sleep;

use crate::store::{
    cid_of, Kept, LetGo, Progress, ProgressUpdate, Store, StoreError, Stored, Unpinned,
};

/// Short, because tests wait for it. (tokio's clock that can be paused would need all
/// of polkadot-sdk to be compiled once more.)
pub const PATIENCE: Duration = Duration::from_millis(100);
pub const ABC: &[u8] = b"abc";

/// How a fake store answers every request.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    Work,
    Miss,
    NoFolder,
    Break,
    Refuse,
    TimeOut,
    Lie,
    Damage,
    Unsupported,
    TooLarge,
    Hang,
    /// Makes slow progress: slower than the patience in total, faster in each step.
    Crawl,
}

/// Which stores were asked, in order.
pub type Asked = Arc<Mutex<Vec<&'static str>>>;

#[derive(Debug)]
pub struct Fake(pub &'static str, pub Does, pub Asked);

impl Fake {
    async fn answer(&self, progress: Progress<'_>) -> Result<(), StoreError> {
        self.2.lock().unwrap().push(self.0);
        let (store, cid) = (self.describe(), "bafy".to_owned());
        Err(match self.1 {
            Does::Work | Does::Lie => return Ok(()),
            Does::Miss => StoreError::NotFound { cid },
            Does::NoFolder => StoreError::NoFolder { path: "/gone".into() },
            Does::Break => StoreError::Unreachable { store, reason: "no route".into() },
            Does::Refuse => StoreError::Refused { store, reason: "not\n  today".into() },
            Does::TimeOut => StoreError::Timeout { store, seconds: 35 },
            Does::Damage => StoreError::Corrupt { cid, reason: "a bit is flipped".into() },
            Does::Unsupported => StoreError::Unsupported { cid, reason: "a folder".into() },
            Does::TooLarge => StoreError::TooLarge { limit: 2 },
            Does::Hang => pending().await,
            Does::Crawl => {
                for done in 1..=6 {
                    sleep(PATIENCE / 2).await;
                    progress(ProgressUpdate { done, total: Some(6) });
                }
                return Ok(());
            }
        })
    }
}

#[async_trait]
impl Store for Fake {
    async fn put_with_progress(
        &self,
        bytes: &[u8],
        progress: Progress<'_>,
    ) -> Result<Stored, StoreError> {
        self.answer(progress).await?;
        let cid = cid_of(if matches!(self.1, Does::Lie) { b"lies" } else { bytes });
        Ok(Stored { cid, places: vec![self.describe()], missed: Vec::new() })
    }

    async fn get_with_progress(
        &self,
        _: &Cid,
        _: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, StoreError> {
        self.answer(progress).await.map(|()| ABC.to_vec())
    }

    async fn unpin(&self, _: &Cid) -> Vec<Unpinned> {
        let outcome = self.answer(&|_| ()).await.map(|()| LetGo::Unpinned);
        vec![Unpinned::now(self.describe(), outcome)]
    }

    async fn kept(&self) -> Vec<Kept> {
        let cids = self.answer(&|_| ()).await.map(|()| vec![cid_of(ABC)]);
        vec![Kept { store: self.describe(), cids }]
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.answer(&|_| ()).await
    }

    fn describe(&self) -> String {
        format!("store {}", self.0)
    }
}
