//! A duty as a process: logging, signals, metrics and health over HTTP.

use std::{
    future::Future,
    io::{self, IsTerminal},
    net::SocketAddr,
    sync::Arc,
};

use medchain_client::keys::KeyError;
use tokio::{
    signal::unix::{signal, SignalKind},
    sync::watch,
};
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

use super::{
    config::{CommonConfig, ConfigError, LogFormat},
    http::{self, Shown},
    metrics::DutyMetrics,
    monitor::Monitor,
    ports::{ChainError, Clock},
    service::{ServiceError, Stop},
};

/// Why a duty does not start, or stopped by itself: one line for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The chain cannot be reached, or it is the wrong one.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The account is not ready for the duty.
    #[error("{account} {problem}")]
    Account {
        /// Its address.
        account: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The address for metrics and health cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The metrics are inconsistent, or logging was set up before.
    #[error("{0}")]
    Internal(String),
    /// The service stopped by itself.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Sends log lines to the standard error.
///
/// # Errors
/// [`ConfigError::Invalid`] for a malformed filter.
pub fn start_logging(config: &CommonConfig) -> Result<(), StartError> {
    let filter = EnvFilter::try_new(&config.log).map_err(|_| ConfigError::Invalid {
        key: "log",
        value: config.log.clone(),
        reason: "give a filter such as info or medchain_worker=debug",
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| StartError::Internal(error.to_string()))
}

/// Connects a duty to the world, then does it until SIGINT or SIGTERM and finishes what
/// has begun. A second signal ends the process at once; nothing is lost by that.
///
/// # Errors
/// One line for the operator.
pub(crate) async fn run<P, M, E, F>(
    config: &CommonConfig,
    clock: Arc<dyn Clock>,
    connect: impl Future<Output = Result<P, E>>,
    duty: impl FnOnce(P, Monitor<M>, Stop) -> F,
) -> Result<(), E>
where
    M: DutyMetrics,
    E: From<StartError>,
    F: Future<Output = Result<(), ServiceError>>,
{
    let stop = stopped_by_signal();
    let ports = tokio::select! {
        ports = connect => ports?,
        () = wait(stop.clone()) => return Ok(()),
    };
    let monitor = Monitor::<M>::new(config.timing.reconnection.stall)
        .map_err(|error| StartError::Internal(error.to_string()))?;
    serve(config.listen, &monitor, clock, stop.clone()).await?;
    duty(ports, monitor, stop).await.map_err(StartError::from)?;
    info!("stopped");
    Ok(())
}

/// Serves metrics and health until the signal.
async fn serve<M: DutyMetrics>(
    address: SocketAddr,
    monitor: &Monitor<M>,
    clock: Arc<dyn Clock>,
    stop: Stop,
) -> Result<(), StartError> {
    let listener =
        http::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
    info!(%address, "serving /metrics and /health");
    let server = http::serve(listener, Shown::of(monitor, clock), wait(stop));
    tokio::spawn(async move {
        if let Err(error) = server.await {
            warn!("no longer serving /metrics and /health: {error}");
        }
    });
    Ok(())
}

fn stopped_by_signal() -> Stop {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(stop_on_signal(stop));
    stopped
}

async fn wait(mut stop: Stop) {
    // An error means that the sender is gone, which is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn stop_on_signal(stop: watch::Sender<bool>) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Then the default holds: a signal ends the process at once.
        return std::future::pending().await;
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
    warn!("stopping at once, after a second signal");
    std::process::exit(130);
}
