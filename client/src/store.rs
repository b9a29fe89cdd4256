//! Content-addressed storage: one trait, two adapters.
//!
//! The same bytes have the same CID in both: UnixFS as Kubo writes it with
//! CID version 1, raw leaves, chunks of 262,144 bytes and 174 links a node.
//! Every block that comes out is checked against its hash, so neither adapter
//! has to be trusted with more than availability.

pub mod dag;
mod error;
pub mod ipfs;
pub mod local;
mod unixfs;

use std::{env, fmt::Debug, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use medchain_primitives::Cid;

pub use dag::cid_of;
pub use error::StoreError;
pub use ipfs::IpfsStore;
pub use local::LocalStore;

/// The environment variable that names the store, as a URL or a folder.
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

/// Where content is put and got by its CID.
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// Stores `bytes` and returns their CID. Storing the same bytes twice
    /// changes nothing and gives the same CID.
    async fn put_with_progress(
        &self,
        bytes: &[u8],
        progress: Progress<'_>,
    ) -> Result<Cid, StoreError>;

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

    /// What and where the store is, for messages: `the folder …`.
    fn describe(&self) -> String;

    /// [`Store::put_with_progress`] without reports.
    async fn put(&self, bytes: &[u8]) -> Result<Cid, StoreError> {
        self.put_with_progress(bytes, &|_| ()).await
    }

    /// [`Store::get_with_progress`] without reports.
    async fn get(&self, cid: &Cid, limit: u64) -> Result<Vec<u8>, StoreError> {
        self.get_with_progress(cid, limit, &|_| ()).await
    }
}

/// Opens the store that `url` names: `ipfs+http://host:port` or
/// `http://host:port` is the RPC of a Kubo node, anything without `://` a
/// folder, which is made when something is stored there first.
pub fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let invalid =
        |reason: &str| StoreError::InvalidUrl { url: url.to_owned(), reason: reason.to_owned() };
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
