//! Content-addressed storage: one trait, two adapters, and several of them in
//! place of one.
//!
//! The same bytes have the same CID in both: UnixFS as Kubo writes it with
//! CID version 1, raw leaves, chunks of 262,144 bytes and 174 links a node.
//! Every block that comes out is checked against its hash, so neither adapter
//! has to be trusted with more than availability.

pub mod dag;
mod error;
pub mod ipfs;
mod list;
pub mod local;
pub mod several;
mod unixfs;
mod unpin;

use std::{env, fmt::Debug, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use medchain_primitives::Cid;
use tokio::time::timeout;
use tracing::warn;

pub use dag::cid_of;
pub use error::{Failure, StoreError};
pub use ipfs::IpfsStore;
pub use list::{shown, MAX_STORES};
pub use local::LocalStore;
pub use several::SeveralStores;
pub use unpin::{LetGo, Unpinned};

/// The environment variable that names the store, as a URL or a folder, or
/// several of them with commas between.
pub const STORE_VARIABLE: &str = "MEDCHAIN_STORE";

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgressUpdate {
    /// Bytes of content that are through.
    pub done: u64,
    /// Bytes of content in all, as soon as that is known.
    pub total: Option<u64>,
}

/// Called now and then during a transfer, with rising numbers.
pub type Progress<'a> = &'a (dyn Fn(ProgressUpdate) + Send + Sync);

/// Content that is stored.
#[derive(Debug)]
pub struct Stored {
    /// Its name.
    pub cid: Cid,
    /// What holds it now, as [`Store::describe`] has it; never empty.
    pub places: Vec<String>,
    /// What should hold it and does not: of several stores, some failed.
    pub missed: Vec<Failure>,
}

/// How one store is.
#[derive(Debug)]
pub struct State {
    /// Which one, as [`Store::describe`] has it.
    pub store: String,
    /// Why it is of no use now; `None` where it answers.
    pub problem: Option<StoreError>,
}

/// Where content is put and got by its CID.
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// Stores `bytes` and returns their CID. Storing the same bytes twice
    /// changes nothing and gives the same CID.
    async fn put_with_progress(
        &self,
        bytes: &[u8],
        progress: Progress<'_>,
    ) -> Result<Stored, StoreError>;

    /// The content behind `cid`, every block of it verified.
    ///
    /// Content of more than `limit` bytes is refused with
    /// [`StoreError::TooLarge`], as soon as that can be told.
    async fn get_with_progress(
        &self,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, StoreError>;

    /// Asks each store that this one stands for to let content go. One store's
    /// failure is its answer and keeps no other from being asked.
    ///
    /// Who may reach a store may have it let go of anything: whether anybody
    /// still needs the content is for the caller to know.
    async fn unpin(&self, cid: &Cid) -> Vec<Unpinned>;

    /// What and where the store is, for messages: `the folder …`.
    fn describe(&self) -> String;

    /// Whether the store is there and answers, whatever it has.
    async fn ping(&self) -> Result<(), StoreError> {
        use StoreError as E;
        match self.get(&cid_of(&[]), 0).await {
            Err(error @ (E::Unreachable { .. } | E::Io { .. } | E::NoFolder { .. })) => Err(error),
            _ => Ok(()),
        }
    }

    /// [`Store::ping`] of each store that this one stands for.
    async fn states(&self) -> Vec<State> {
        vec![State { store: self.describe(), problem: self.ping().await.err() }]
    }

    /// [`Store::put_with_progress`] without reports; what missed the content is
    /// logged.
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

    /// [`Store::get`], given up after `patience`. Of several stores, each may
    /// take that long: one that hangs takes nothing from the next.
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

/// Opens the store that `list` names: `ipfs+http://host:port` or
/// `http://host:port` is the RPC of a Kubo node, anything without `://` a
/// folder, which is made when something is stored there first.
///
/// With commas, it names up to [`MAX_STORES`] of them, see [`SeveralStores`].
pub fn open(list: &str) -> Result<Arc<dyn Store>, StoreError> {
    match list.contains(',') {
        true => Ok(Arc::new(SeveralStores::new(list::stores(list, open_one)?))),
        false => open_one(list),
    }
}

fn open_one(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let invalid =
        |reason: &str| StoreError::InvalidUrl { url: shown(url), reason: reason.to_owned() };
    match url.split_once("://") {
        Some(("http" | "ipfs+http", _)) => Ok(Arc::new(IpfsStore::open(url)?)),
        Some(("https" | "ipfs+https", _)) => Err(invalid(
            "the RPC of a Kubo node is reached over http on its own machine; \
             for another machine use a tunnel such as `ssh -L 5001:127.0.0.1:5001`",
        )),
        Some(("file", path)) if path.starts_with('/') => Ok(Arc::new(LocalStore::open(path)?)),
        Some(_) => Err(invalid(
            "give a folder, or the RPC address of a Kubo node as http://127.0.0.1:5001",
        )),
        None if url.trim().is_empty() => Err(invalid("the name of the store is empty")),
        None => Ok(Arc::new(LocalStore::open(url)?)),
    }
}

/// What `MEDCHAIN_STORE` says, or else [`default_folder`].
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
