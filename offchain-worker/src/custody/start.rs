//! Puts the adapters together and delivers shares until a signal.

use std::sync::Arc;

use tracing::warn;

use super::{
    account,
    adapters::{NodeGrants, SecretKeeper},
    config::Config,
    ports::{CustodyChain, Keeper},
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
    let secret = identity.custodian_secret().clone();
    let link = Link::connect(&config.common.node, identity, config.common.inclusion_timeout);
    let link = link.await?.with_witness(config.common.witness.as_ref()).await?;
    let chain = NodeGrants::new(link);
    let keeper = SecretKeeper::new(secret, chain.genesis());
    let appointment = chain.appointment().await?;
    let account = chain.account();
    if let Some(problem) = account::problem(&appointment, keeper.key()) {
        return Err(StartError::Account { account: account.to_string(), problem });
    }
    if let Some(limitation) = account::limitation(&appointment) {
        warn!(%account, "the account {limitation}");
    }
    Ok(Ports { chain: Arc::new(chain), keeper: Arc::new(keeper), clock })
}
