//! Content-addressed storage: one trait, two adapters, and a third that combines
//! several stores.
//!
//! The same bytes have the same CID in both: UnixFS as Kubo writes it with
//! CID version 1, raw leaves, chunks of 262,144 bytes and 174 links a node.
//! Every block that is read is checked against its hash, so neither adapter has to
//! be trusted with more than availability.

mod address;
pub mod dag;
mod error;
pub mod ipfs;
mod list;
pub mod local;
mod look;
pub mod several;
mod token;
mod unixfs;
mod unpin;

use std::{env, fmt::Debug, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use medchain_primitives::Cid;
use tokio::time::timeout;
use tracing::warn;

use self::address::Address;

pub use address::shown;
pub use dag::cid_of;
pub use error::{Failure, StoreError};
pub use ipfs::IpfsStore;
pub use list::MAX_STORES;
pub use local::LocalStore;
pub use look::{Depth, Found, Looked};
pub use several::SeveralStores;
pub use token::TOKENS_VARIABLE;
pub use unpin::{Kept, LetGo, Unpinned};

/// The environment variable that names the store: a URL, a folder, or several of
/// them separated by commas.
pub const STORE_VARIABLE: &str = "MEDCHAIN_STORE";

/// The progress of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgressUpdate {
    /// Bytes of content transferred so far.
    pub done: u64,
    /// Bytes of content in total, once that is known.
    pub total: Option<u64>,
}

/// Called repeatedly during a transfer, with rising numbers.
pub type Progress<'a> = &'a (dyn Fn(ProgressUpdate) + Send + Sync);

/// Content that is stored.
#[derive(Debug)]
pub struct Stored {
    /// Its name.
    pub cid: Cid,
    /// The stores that hold it now, as [`Store::describe`] names them; never empty.
    pub places: Vec<String>,
    /// The stores that should hold it and do not, with why.
    pub missed: Vec<Failure>,
}

/// The state of one store.
#[derive(Debug)]
pub struct State {
    /// The store, as [`Store::describe`] names it.
    pub store: String,
    /// Why it cannot be used now; `None` where it answers.
    pub problem: Option<StoreError>,
}

/// Stores and retrieves content by its CID.
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// Stores `bytes` and returns their CID. Storing the same bytes twice
    /// changes nothing and gives the same CID.
    async fn put_with_progress(
        &self,
        bytes: &[u8],
        progress: Progress<'_>,
    ) -> Result<Stored, StoreError>;

    /// The content of `cid`, every block of it verified.
    ///
    /// Content of more than `limit` bytes is refused with
    /// [`StoreError::TooLarge`], as soon as that is known.
    async fn get_with_progress(
        &self,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, StoreError>;

    /// Asks every store behind this one to unpin content. The failure of one is its
    /// answer; the others are asked all the same.
    ///
    /// Anybody who can reach a store can unpin anything: the caller must know that
    /// nobody needs the content any more.
    async fn unpin(&self, cid: &Cid) -> Vec<Unpinned>;

    /// The blocks that are deleted with content where a store without pins lets it go. Whoever
    /// makes a tree of blocks can link to the content of others, which goes with it.
    async fn goes_with(&self, _cid: &Cid) -> Vec<Cid> {
        Vec::new()
    }

    /// What every store behind this one keeps for its own sake: the contents that were put
    /// there and not unpinned. The failure of one is its answer.
    async fn kept(&self) -> Vec<Kept>;

    /// What every store behind this one has of content, without taking it from there or searching
    /// a network for it. The failure of one is its answer.
    ///
    /// A store that has no other way reads all of it.
    async fn look(&self, cid: &Cid, _depth: Depth) -> Vec<Looked> {
        let read = self.get(cid, look::MOST).await.map(|_| ());
        vec![Looked { store: self.describe(), found: look::found(cid, read) }]
    }

    /// How many copies of content it holds at once while it retrieves it, at most.
    fn copies(&self) -> usize {
        1
    }

    /// What and where the store is, for messages: `the folder …`.
    fn describe(&self) -> String;

    /// Whether the store exists and answers, whatever it holds.
    async fn ping(&self) -> Result<(), StoreError> {
        use StoreError as E;
        match self.get(&cid_of(&[]), 0).await {
            Err(error @ (E::Unreachable { .. } | E::Io { .. } | E::NoFolder { .. })) => Err(error),
            _ => Ok(()),
        }
    }

    /// [`Store::ping`] of every store behind this one.
    async fn states(&self) -> Vec<State> {
        vec![State { store: self.describe(), problem: self.ping().await.err() }]
    }

    /// [`Store::put_with_progress`] without reports; stores that failed are logged.
    async fn put(&self, bytes: &[u8]) -> Result<Cid, StoreError> {
        let Stored { cid, missed, .. } = self.put_with_progress(bytes, &|_| ()).await?;
        for failure in missed {
            warn!(%cid, "not stored: {failure}");
        }
        Ok(cid)
    }

    /// [`Store::get_with_progress`] without reports.
    async fn get(&self, cid: &Cid, limit: u64) -> Result<Vec<u8>, StoreError> {
        self.get_with_progress(cid, limit, &|_| ()).await
    }

    /// [`Store::get`] with a time-out of `patience`. Of several stores, each has that
    /// long: one that hangs takes no time from the next.
    async fn get_within(
        &self,
        cid: &Cid,
        limit: u64,
        patience: Duration,
    ) -> Result<Vec<u8>, StoreError> {
        timeout(patience, self.get(cid, limit)).await.unwrap_or_else(|_| {
            Err(StoreError::Timeout { store: self.describe(), seconds: patience.as_secs() })
        })
    }
}

/// Opens the store that `list` names: `http://host:port` or `https://host:port`, with or
/// without `ipfs+`, is the RPC of a Kubo node, and so are `host:port` and a multiaddress such
/// as `/ip4/127.0.0.1/tcp/5001`. Anything else without `://` is a folder, which is created when
/// content is first stored there.
///
/// With commas, it names up to [`MAX_STORES`] of them, see [`SeveralStores`].
pub fn open(list: &str) -> Result<Arc<dyn Store>, StoreError> {
    match list.contains(',') {
        true => Ok(Arc::new(SeveralStores::new(list::stores(list, open_one)?))),
        false => open_one(list),
    }
}

fn open_one(text: &str) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match Address::read(text)? {
        Address::Node(url) => Arc::new(IpfsStore::open(&url)?),
        Address::Folder(path) => Arc::new(LocalStore::open(path)?),
    })
}

/// The value of `MEDCHAIN_STORE`, or else [`default_folder`].
pub fn default_url() -> String {
    match env::var(STORE_VARIABLE) {
        Ok(url) if !url.is_empty() => url,
        _ => default_folder().to_string_lossy().into_owned(),
    }
}

/// The folder store of this user: `medchain/store` in `$XDG_DATA_HOME` or in
/// `~/.local/share`.
pub fn default_folder() -> PathBuf {
    crate::keys::user_folder("XDG_DATA_HOME", ".local/share").join("medchain/store")
}

#[cfg(test)]
mod tests;
