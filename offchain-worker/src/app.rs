//! Puts the adapters together and runs the service until a signal.

use std::{
    future::Future,
    io::{self, IsTerminal},
    net::SocketAddr,
    sync::Arc,
};

use tokio::{
    signal::unix::{signal, SignalKind},
    sync::watch,
};
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

use crate::{
    adapters::{ContentStore, KeyCipher, NodeChain, SystemClock},
    config::{Config, ConfigError, LogFormat},
    health::Health,
    http,
    metrics::{Exposition, Metrics},
    ports::{Chain, Clock, Store},
    service::{Monitor, Ports, Service},
    startup::{self, account_problem, StartError},
};

pub mod custodian;

/// Sends log lines to the standard error.
///
/// # Errors
/// [`ConfigError::Invalid`] for a filter that does not read.
pub fn start_logging(filter: &str, format: LogFormat) -> Result<(), StartError> {
    let parsed = EnvFilter::try_new(filter).map_err(|_| ConfigError::Invalid {
        key: "log",
        value: filter.to_owned(),
        reason: "it is not a filter such as info or medchain_worker=debug",
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| StartError::Internal(error.to_string()))
}

/// Checks everything that a start checks, and says what would be served.
///
/// # Errors
/// [`StartError`], as [`run`] would give it.
pub async fn check(config: &Config) -> Result<(), StartError> {
    connect(config).await.map(|_| ())
}

/// Runs until SIGINT or SIGTERM, then ends what has begun. A second signal
/// ends at once; nothing is lost by that.
///
/// # Errors
/// [`StartError`] with one line for the operator.
pub async fn run(config: Config) -> Result<(), StartError> {
    let stopped = stopped_by_signal();
    let ports = unless_stopped(connect(&config), stopped.clone()).await;
    let Some(ports) = ports.transpose()? else {
        return Ok(());
    };
    let metrics = Metrics::new().map_err(|error| StartError::Internal(error.to_string()))?;
    let monitor = Monitor {
        metrics: Arc::new(metrics),
        health: Arc::new(Health::new(config.settings.stall)),
    };
    serve(config.listen, monitor.clone(), &ports.clock, stopped.clone()).await?;
    Service::new(ports, config.settings, monitor).run(stopped).await?;
    info!("stopped");
    Ok(())
}

/// Serves metrics and health until the signal.
async fn serve<M: Exposition>(
    address: SocketAddr,
    monitor: Monitor<M>,
    clock: &Arc<dyn Clock>,
    stopped: watch::Receiver<bool>,
) -> Result<(), StartError> {
    let listener =
        http::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
    info!(%address, "serving /metrics and /health");
    let server = http::serve(listener, monitor, clock.clone(), wait(stopped));
    tokio::spawn(async move {
        if let Err(error) = server.await {
            warn!("metrics and health are not served any more: {error}");
        }
    });
    Ok(())
}

/// Opens the key, the chain and the store, and loads the models.
async fn connect(config: &Config) -> Result<Ports, StartError> {
    let identity = config.key.open()?;
    let account = identity.ss58();
    let cipher = KeyCipher::new(identity.encryption_secret().clone());
    let chain = NodeChain::connect(&config.node, identity, config.inclusion_timeout).await?;
    info!(node = config.node, account, "connected to the chain");
    let registration = chain.registration().await?;
    if let Some(problem) = account_problem(&registration) {
        return Err(StartError::Account { account, problem });
    }
    let store = ContentStore::open(&config.store)?;
    // Says in the log how each store is.
    store.ping().await?;
    let models =
        startup::models(&chain, &store, &registration, &config.model_dir, config.model_threads)
            .await?;
    Ok(Ports {
        chain: Arc::new(chain),
        // A model is larger than an image, and was waited for as long as it took.
        store: Arc::new(store.with_patience(config.settings.fetch_timeout)),
        models: Arc::new(models),
        cipher: Arc::new(cipher),
        clock: Arc::new(SystemClock::start()),
    })
}

async fn unless_stopped<T>(
    work: impl Future<Output = T>,
    stopped: watch::Receiver<bool>,
) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = wait(stopped) => None,
    }
}

fn stopped_by_signal() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(stop_on_signal(stop));
    stopped
}

async fn wait(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn stop_on_signal(stop: watch::Sender<bool>) {
    let (mut interrupt, mut terminate) =
        match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
            (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
            // Then the default holds: a signal ends the process at once.
            _ => return std::future::pending().await,
        };
    for is_first in [true, false] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if is_first {
            stop.send_replace(true);
        }
    }
    warn!("stopped at once by a second signal");
    std::process::exit(130);
}
