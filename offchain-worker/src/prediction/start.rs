//! Puts the adapters together and predicts until a signal.

use std::{collections::BTreeSet, io, path::PathBuf, sync::Arc};

use medchain_client::chain::Finality;
use medchain_primitives::ModelId;
use tracing::warn;

use super::{
    account,
    adapters::{AnswerFiles, ContentStore, KeyCipher, NodeRequests},
    config::Config,
    models::{self, ModelsError},
    ports::{PredictionChain, Registration, Store, StoreError},
    service::{self, Ports},
};
use crate::shared::{
    clock::SystemClock,
    link::Link,
    ports::{Chain, ChainError, Clock},
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
    /// Answers cannot be remembered.
    #[error("cannot write to {}: {source}; name a folder with --state-dir", folder.display())]
    State {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
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
    run_with(config, |ports| ports).await
}

/// As [`run`], with other ports than the real ones: a test's worker that lies.
///
/// # Errors
/// [`StartError`] with one line for the operator.
pub async fn run_with(
    config: &Config,
    change: impl FnOnce(Ports) -> Ports,
) -> Result<(), StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let settings = config.settings;
    let connected = connect(config, clock.clone());
    let connect = async { connected.await.map(change) };
    process::run(&config.common, clock, connect, |ports, monitor, stop| {
        service::run(ports, settings, monitor, stop)
    })
    .await
}

/// Opens the key, the chain, the store and the folder for answers, and loads the models.
async fn connect(config: &Config, clock: Arc<dyn Clock>) -> Result<Ports, StartError> {
    let identity = config.common.key.open().map_err(process::StartError::from)?;
    let cipher = KeyCipher::new(identity.encryption_secret().clone());
    let link = Link::connect(&config.common.node, identity, config.common.inclusion_timeout);
    let chain = NodeRequests::new(link.await.map_err(process::StartError::from)?);
    let registration = chain.registration().await.map_err(process::StartError::from)?;
    let account = chain.account();
    if let Some(problem) = account::obstacle(&registration) {
        let account = account.to_string();
        return Err(process::StartError::Account { account, problem }.into());
    }
    if let Some(limitation) = account::limitation(&registration) {
        warn!(%account, "the account {limitation}");
    }
    let folder = &config.state_dir;
    let answers = AnswerFiles::open(folder, &chain.genesis(), &account)
        .map_err(|source| StartError::State { folder: folder.clone(), source })?;
    let store = ContentStore::open(&config.store)?;
    // Logs the state of each store.
    store.ping().await?;
    let (folder, threads) = (&config.model_dir, config.model_threads);
    let wanted = wanted(&chain, registration).await.map_err(process::StartError::from)?;
    let mut models = models::load(&chain, &store, &wanted, folder, config.engine, threads).await?;
    let drift = config.settings.drift;
    models::expect(&mut models, config.drift_expected.as_ref(), drift.is_stopping)?;
    Ok(Ports {
        chain: Arc::new(chain),
        // The model, which is larger than an image, was fetched without a time limit.
        store: Arc::new(store.with_patience(config.fetch_timeout)),
        models: Arc::new(models),
        cipher: Arc::new(cipher),
        answers: Arc::new(answers),
        clock,
    })
}

/// The models that the account is registered for, and those of the requests that have chosen
/// it.
async fn wanted(
    chain: &NodeRequests,
    registration: Registration,
) -> Result<BTreeSet<ModelId>, ChainError> {
    let list = chain.work_list(Finality::Best).await?;
    let mut models = registration.worker.map(|worker| worker.models).unwrap_or_default();
    models.extend(list.models);
    Ok(models)
}
