//! Puts the adapters together and delivers shares until a signal.

use std::sync::Arc;

use super::{
    account,
    adapters::{KeySealer, NodeGrants},
    config::Config,
    ports::{CustodyChain, Sealer},
    service::{self, Ports},
};
use crate::shared::{
    clock::SystemClock,
    link::Link,
    ports::{Chain, Clock},
    process::{self, StartError},
};

/// Checks everything that a start checks.
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

/// Opens the key and the chain, and checks that they fit each other.
async fn connect(config: &Config, clock: Arc<dyn Clock>) -> Result<Ports, StartError> {
    let identity = config.common.key.open()?;
    let sealer = KeySealer::new(identity.encryption_secret().clone());
    let link = Link::connect(&config.common.node, identity, config.common.inclusion_timeout);
    let chain = NodeGrants::new(link.await?);
    let appointment = chain.appointment().await?;
    if let Some(problem) = account::problem(&appointment, sealer.public()) {
        return Err(StartError::Account { account: chain.account().to_string(), problem });
    }
    Ok(Ports { chain: Arc::new(chain), sealer: Arc::new(sealer), clock })
}
