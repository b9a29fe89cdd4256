//! Content from a folder or an IPFS node.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use medchain_client::store::{self, StoreError as ClientError};
use medchain_primitives::Cid;
use tokio::time::timeout;

use crate::ports::{Store, StoreError};

/// How long a store may take to show that it is there.
const PING: Duration = Duration::from_secs(3);

/// A store of medchain-client.
pub struct ContentStore(Arc<dyn store::Store>);

impl ContentStore {
    /// Opens the store at a folder's path or a URL.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] where there is no such store.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        store::open(url).map(Self).map_err(|error| StoreError::Unreachable(error.to_string()))
    }
}

#[async_trait]
impl Store for ContentStore {
    async fn get(&self, cid: &Cid, limit: u64) -> Result<Vec<u8>, StoreError> {
        self.0.get(cid, limit).await.map_err(port_error)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // Whatever it answers about the empty content, it answers. A node that
        // searches its network for longer than this is there as well.
        let empty = store::cid_of(&[]);
        match timeout(PING, self.0.get(&empty, 0)).await {
            Ok(Err(error @ (ClientError::Unreachable { .. } | ClientError::Io { .. }))) => {
                Err(StoreError::Unreachable(error.to_string()))
            }
            _ => Ok(()),
        }
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

fn port_error(error: ClientError) -> StoreError {
    let text = error.to_string();
    match error {
        ClientError::Unreachable { .. } | ClientError::NoFolder { .. } => {
            StoreError::Unreachable(text)
        }
        ClientError::TooLarge { .. } => StoreError::TooLarge(text),
        // A tree of blocks that cannot be read is not the content that was promised.
        ClientError::Corrupt { .. }
        | ClientError::Unsupported { .. }
        | ClientError::CidMismatch { .. } => StoreError::Corrupt(text),
        _ => StoreError::NotAvailable(text),
    }
}
