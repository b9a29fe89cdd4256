//! Putting content back where it is damaged.

use std::time::Duration;

use futures::future::join_all;
use medchain_primitives::Cid;
use tokio::time::timeout;
use tracing::{info, warn};

use super::SeveralStores;
use crate::store::StoreError;

/// How long healing may hold up who reads. It goes on afterwards.
const HEAL: Duration = Duration::from_secs(2);

impl SeveralStores {
    /// Puts content that the store at `from` gave, and that is verified, back into those that have
    /// it damaged.
    ///
    /// A store that lacks it is left alone: to put it there would pin it for good, and whoever reads
    /// a film need not keep it. One that cannot be reached, or does not exist, may have it.
    ///
    /// What fails here fails nothing: the reader has what it wanted.
    pub(super) async fn heal(
        &self,
        cid: &Cid,
        bytes: &[u8],
        from: usize,
        failures: &[(usize, StoreError)],
    ) {
        let damaged = failures.iter();
        let damaged = damaged.filter(|(_, error)| matches!(error, StoreError::Corrupt { .. }));
        let damaged: Vec<usize> = damaged.map(|(place, _)| *place).collect();
        if damaged.is_empty() {
            return;
        }
        let (several, cid, bytes) = (self.clone(), cid.clone(), bytes.to_vec());
        let healing = tokio::spawn(async move {
            let healed = damaged.into_iter();
            let healed = healed.map(|place| several.put_back(&cid, &bytes, from, place));
            join_all(healed).await;
        });
        // A folder is healed by then, also where this process ends soon.
        let _ = timeout(HEAL, healing).await;
    }

    async fn put_back(&self, cid: &Cid, bytes: &[u8], from: usize, place: usize) {
        let Some(store) = self.stores.get(place) else { return };
        let (name, giver) = (self.name(place), self.name(from));
        match self.hand(store.as_ref(), bytes, cid, &|_| ()).await {
            Ok(()) => info!(%cid, "put what {giver} gave back into {name}"),
            Err(error) => {
                let cause = error.cause();
                warn!(%cid, "{name} has damaged content, and it cannot be put back: {cause}");
            }
        }
    }
}
