//! Content from folders and IPFS nodes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use medchain_client::store::{self, Failure, State, StoreError as ClientError};
use medchain_primitives::Cid;
use tracing::{info, warn};

use crate::prediction::ports::{Store, StoreError};

/// A store of medchain-client, or several of them as one.
pub struct ContentStore {
    store: Arc<dyn store::Store>,
    patience: Duration,
    /// Whether each store answered when it was last asked, for the log.
    answered: Mutex<BTreeMap<String, bool>>,
}

impl ContentStore {
    /// Opens the store at a folder's path or a URL, or several of them, separated by
    /// commas.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] where there is no such store.
    pub fn open(list: &str) -> Result<Self, StoreError> {
        let store =
            store::open(list).map_err(|error| StoreError::Unreachable(error.to_string()))?;
        Ok(Self::new(store))
    }

    fn new(store: Arc<dyn store::Store>) -> Self {
        Self { store, patience: Duration::MAX, answered: Mutex::default() }
    }

    /// Waits for content at most this long, for each of several stores.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Logs which stores answer, where that has changed.
    fn log(&self, states: &[State]) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        for State { store, problem } in states {
            if answered.insert(store.clone(), problem.is_none()) == Some(problem.is_none()) {
                continue;
            }
            match problem {
                None => info!(store, "the store answers"),
                Some(reason) => warn!(store, "the store does not answer: {reason}"),
            }
        }
    }
}

#[async_trait]
impl Store for ContentStore {
    async fn get(&self, cid: &Cid, limit: u64) -> Result<Vec<u8>, StoreError> {
        Ok(self.store.get_within(cid, limit, self.patience).await?)
    }

    fn copies(&self) -> u64 {
        self.store.copies() as u64
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let states = self.store.states().await;
        // With one store alone, the returned error says enough.
        if states.len() > 1 || states.iter().all(|state| state.problem.is_none()) {
            self.log(&states);
        }
        if states.iter().any(|state| state.problem.is_none()) {
            return Ok(());
        }
        let failed = |State { store, problem }: State| Some(Failure { store, error: problem? });
        let mut failures: Vec<Failure> = states.into_iter().filter_map(failed).collect();
        let error = match (failures.pop(), failures.is_empty()) {
            (None, _) => return Ok(()),
            (Some(only), true) => only.error,
            (Some(last), false) => {
                failures.push(last);
                ClientError::AllFailed { task: "answers", failures }
            }
        };
        Err(StoreError::Unreachable(error.to_string()))
    }
}

impl From<ClientError> for StoreError {
    fn from(error: ClientError) -> Self {
        kind(&error)(error.to_string())
    }
}

/// What an error means for a job: whether another attempt follows, and which failure is
/// reported in the end.
fn kind(error: &ClientError) -> fn(String) -> StoreError {
    match error {
        ClientError::Unreachable { .. } | ClientError::NoFolder { .. } => StoreError::Unreachable,
        ClientError::TooLarge { .. } => StoreError::TooLarge,
        // A malformed tree of blocks is not the content that was promised.
        ClientError::Corrupt { .. }
        | ClientError::Unsupported { .. }
        | ClientError::CidMismatch { .. } => StoreError::Corrupt,
        ClientError::AllFailed { failures, .. } => {
            let all = |is: fn(&ClientError) -> bool| failures.iter().all(|one| is(&one.error));
            // A worker reports only once. While one store may still give good bytes,
            // the bad ones of another are no reason to report.
            if all(|error| !error.is_retryable()) {
                StoreError::Corrupt
            } else if all(|error| matches!(kind(error)(String::new()), StoreError::Unreachable(_)))
            {
                StoreError::Unreachable
            } else {
                StoreError::NotAvailable
            }
        }
        _ => StoreError::NotAvailable,
    }
}

#[cfg(test)]
mod tests;
