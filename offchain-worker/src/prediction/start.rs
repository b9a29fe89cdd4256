//! Puts the adapters together and predicts until a signal.

use std::{collections::BTreeSet, io, path::PathBuf, sync::Arc};

use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::chain::Finality;
use tracing::warn;

use super::{
    account,
    adapters::{AnswerFiles, ContentStore, DecoderProcess, KeyCipher, NodeRequests},
    config::Config,
    memory,
    models::{self, ModelsError, Wanted},
    ports::{Answers, PredictionChain, PredictorError, Registration, Registry, Store, StoreError},
    service::{self, Ports},
};
use crate::shared::{
    clock::SystemClock,
    link::Link,
    ports::{Chain, ChainError, Clock},
    process,
};

/// How many requests are read at once.
const AT_ONCE: usize = 16;

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
    /// The process that decodes films does not work.
    #[error("no film can be decoded: {0}")]
    Decoder(PredictorError),
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
    let (own, account) = (identity.encryption_key(), identity.account());
    let secret = identity.encryption_secret().clone();
    let link = Link::connect(&config.common.node, identity, config.common.inclusion_timeout);
    let link = link.await.map_err(process::StartError::from)?;
    let link = link.with_witness(config.common.witness.as_ref()).await;
    let link = link.map_err(process::StartError::from)?;
    let asked = link.ask(|chain| async move { chain.best().await?.encryption_key(&account).await });
    let published = asked.await.map_err(|error| process::StartError::Chain(error.into()))?;
    if let Some(problem) = account::wrong_key(published, own) {
        let account = account.to_string();
        return Err(process::StartError::Account { account, problem }.into());
    }
    let chain = NodeRequests::new(link);
    let registration = chain.registration().await.map_err(process::StartError::from)?;
    let account = chain.account();
    let cipher = KeyCipher::new(secret, chain.genesis(), account);
    if let Some(problem) = account::obstacle(&registration) {
        let account = account.to_string();
        return Err(process::StartError::Account { account, problem }.into());
    }
    if let Some(limitation) = account::limitation(&registration) {
        warn!(%account, "the account {limitation}");
    }
    let settings = &config.settings;
    let shortage = memory::limit();
    let shortage = shortage.and_then(|limit| {
        memory::shortage(settings.threads, settings.max_content, settings.shelf(), limit)
    });
    if let Some(shortage) = shortage {
        warn!("{shortage}");
    }
    tokio::task::spawn_blocking(|| DecoderProcess::default().probe())
        .await
        .unwrap_or_else(|error| Err(PredictorError::Internal(error.to_string())))
        .map_err(StartError::Decoder)?;
    let folder = &config.state_dir;
    let answers = AnswerFiles::open(folder, &chain.genesis(), &account)
        .map_err(|source| StartError::State { folder: folder.clone(), source })?;
    let store = ContentStore::open(&config.store)?;
    // Logs the state of each store.
    store.ping().await?;
    let (folder, threads) = (&config.model_dir, config.model_threads);
    let wanted = wanted(&chain, &answers, registration);
    let wanted = wanted.await.map_err(process::StartError::from)?;
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

/// The models that the account is registered for, those of the requests that have chosen it,
/// and those of the films that it keeps: answers about them can still be disputed.
async fn wanted(
    chain: &dyn Registry,
    answers: &dyn Answers,
    registration: Registration,
) -> Result<Wanted, ChainError> {
    let list = chain.work_list(Finality::Best).await?;
    let mut asked = registration.worker.map(|worker| worker.models).unwrap_or_default();
    asked.extend(list.models);
    let films = answers.films().await.unwrap_or_else(|error| {
        warn!("cannot read the folder of answers: {error}");
        BTreeSet::new()
    });
    let models = stream::iter(films).map(|request| chain.model_of(request)).buffered(AT_ONCE);
    let models: Vec<_> = models.try_collect().await?;
    let defended = models.into_iter().flatten().filter(|model| !asked.contains(model)).collect();
    Ok(Wanted { asked, defended })
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::{SealedAnswer, WorkerStatus};
    use medchain_primitives::{Cid, CidCodec, EncryptionKey, ModelId, RequestId, SealedKey};

    use super::*;
    use crate::prediction::{
        ports::{KeptFilm, Registered},
        world::{World, MODEL},
    };

    fn registered(models: &[u32]) -> Registration {
        let models = models.iter().map(|model| ModelId(*model)).collect();
        let worker = Registered { models, status: WorkerStatus::Active };
        Registration { worker: Some(worker), free: 0 }
    }

    #[tokio::test]
    async fn a_model_is_wanted_while_an_answer_of_it_can_be_disputed() {
        let (world, worker) = World::with_worker();
        let wanted = async |models: &[u32]| wanted(&*worker, &*worker, registered(models)).await;
        let id = world.ask(b"x", &[2]);
        assert_eq!(
            wanted(&[7]).await.unwrap(),
            Wanted { asked: [ModelId(7)].into(), defended: [].into() }
        );
        worker.put(id, &SealedAnswer::default()).await.unwrap();
        assert_eq!(wanted(&[7]).await.unwrap().defended, [].into());
        let envelope = SealedKey::new(&EncryptionKey([1; 32]), [1; 32], [1; 48]);
        let cid = Cid::new(CidCodec::Raw, [1; 32]);
        let film = KeptFilm { envelope, cid, square: vec![] };
        worker.put_film(id, &film).await.unwrap();
        // The chain does not know this one.
        worker.put_film(RequestId(99), &film).await.unwrap();
        assert_eq!(wanted(&[7]).await.unwrap().defended, [MODEL].into());
        assert_eq!(wanted(&[0]).await.unwrap().defended, [].into(), "it is asked anyway");
        // Without the folder, the models that it may be asked for are what is known.
        world.state().no_disk = true;
        assert_eq!(wanted(&[7]).await.unwrap().defended, [].into());
    }
}
