//! Puts the adapters together and predicts until a signal.

use std::sync::Arc;

use super::{
    account,
    adapters::{ContentStore, KeyCipher, NodeRequests},
    config::Config,
    models::{self, ModelsError},
    ports::{PredictionChain, Store, StoreError},
    service::{self, Ports},
};
use crate::shared::{
    clock::SystemClock,
    link::Link,
    ports::{Chain, Clock},
    process,
};

/// Why predicting does not start, or stopped by itself: one line for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// For a reason that any duty may have.
    #[error(transparent)]
    Shared(#[from] process::StartError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No model can be served.
    #[error(transparent)]
    Models(#[from] ModelsError),
}

/// Checks everything that a start checks, and logs what would be served.
///
/// # Errors
/// [`StartError`], as [`run`] would return it.
pub async fn check(config: &Config) -> Result<(), StartError> {
    connect(config, Arc::new(SystemClock::start())).await.map(|_| ())
}

/// Runs until SIGINT or SIGTERM, then finishes what has begun. A second signal ends the
/// process at once; nothing is lost by that.
///
/// # Errors
/// [`StartError`] with one line for the operator.
pub async fn run(config: &Config) -> Result<(), StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let settings = config.settings;
    let connect = connect(config, clock.clone());
    process::run(&config.common, clock, connect, |ports, monitor, stop| {
        service::run(ports, settings, monitor, stop)
    })
    .await
}

/// Opens the key, the chain and the store, and loads the models.
async fn connect(config: &Config, clock: Arc<dyn Clock>) -> Result<Ports, StartError> {
    let identity = config.common.key.open().map_err(process::StartError::from)?;
    let cipher = KeyCipher::new(identity.encryption_secret().clone());
    let link = Link::connect(&config.common.node, identity, config.common.inclusion_timeout);
    let chain = NodeRequests::new(link.await.map_err(process::StartError::from)?);
    let registration = chain.registration().await.map_err(process::StartError::from)?;
    if let Some(problem) = account::problem(&registration) {
        let account = chain.account().to_string();
        return Err(process::StartError::Account { account, problem }.into());
    }
    let store = ContentStore::open(&config.store)?;
    // Logs the state of each store.
    store.ping().await?;
    let (folder, threads) = (&config.model_dir, config.model_threads);
    let models =
        models::load(&chain, &store, &registration, folder, config.engine, threads).await?;
    Ok(Ports {
        chain: Arc::new(chain),
        // The model, which is larger than an image, was fetched without a time limit.
        store: Arc::new(store.with_patience(config.fetch_timeout)),
        models: Arc::new(models),
        cipher: Arc::new(cipher),
        clock,
    })
}
