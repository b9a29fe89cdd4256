//! Putting content back where it is missing or damaged.

use std::time::Duration;

use futures::future::join_all;
use medchain_primitives::Cid;
use tokio::time::timeout;
use tracing::{info, warn};

use super::SeveralStores;
use crate::store::StoreError;

/// How long healing may hold up who reads, beside a second for each megabyte.
const HEAL: Duration = Duration::from_secs(10);

impl SeveralStores {
    /// Puts content that the store at `from` gave, and that is verified, back into those before it
    /// that said that they lack it or have it damaged, or have not answered yet and lack it.
    ///
    /// A store that cannot be reached, or does not exist, is left alone: it may have the content.
    /// What fails here fails nothing: the reader has what it wanted.
    pub(super) async fn heal(
        &self,
        cid: &Cid,
        bytes: &[u8],
        from: usize,
        failures: &[(usize, StoreError)],
    ) {
        let patience = HEAL + Duration::from_secs(bytes.len() as u64 / 1_000_000);
        let before = self.stores.iter().take(from).enumerate();
        let healed = before.map(|(place, store)| async move {
            let error = failures.iter().find(|(failed, _)| *failed == place);
            let is_hurt = match error.map(|(_, error)| error) {
                Some(StoreError::NotFound { .. } | StoreError::Corrupt { .. }) => true,
                Some(_) => false,
                // It may still search its network.
                None => store.lacks(cid).await,
            };
            if !is_hurt {
                return;
            }
            let (name, giver) = (self.name(place), self.name(from));
            match self.hand(store.as_ref(), bytes, cid, &|_| ()).await {
                Ok(()) => info!(%cid, "put what {giver} gave back into {name}"),
                Err(error) => {
                    let cause = error.cause();
                    warn!(%cid, "{name} lacks content, and it cannot be put back: {cause}");
                }
            }
        });
        if timeout(patience, join_all(healed)).await.is_err() {
            warn!(%cid, "putting content back into a store takes too long");
        }
    }
}
