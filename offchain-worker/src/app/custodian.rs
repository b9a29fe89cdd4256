//! Puts the custodian's adapters together and runs it until a signal.

use std::sync::Arc;

use tracing::info;

use super::{serve, stopped_by_signal, unless_stopped};
use crate::{
    adapters::{KeySealer, NodeCustody, SystemClock},
    config::CustodianConfig,
    custodian::{startup::appointment_problem, Custodian, CustodianMetrics, Ports},
    health::Health,
    ports::custody::{CustodyChain, Sealer},
    service::Monitor,
    startup::StartError,
};

/// Checks everything that a start checks.
///
/// # Errors
/// [`StartError`], as [`run`] would give it.
pub async fn check(config: &CustodianConfig) -> Result<(), StartError> {
    connect(config).await.map(|_| ())
}

/// Runs until SIGINT or SIGTERM, then ends what has begun. A second signal
/// ends at once; nothing is lost by that.
///
/// # Errors
/// [`StartError`] with one line for the operator.
pub async fn run(config: CustodianConfig) -> Result<(), StartError> {
    let stopped = stopped_by_signal();
    let ports = unless_stopped(connect(&config), stopped.clone()).await;
    let Some(ports) = ports.transpose()? else {
        return Ok(());
    };
    let metrics =
        CustodianMetrics::new().map_err(|error| StartError::Internal(error.to_string()))?;
    let monitor = Monitor {
        metrics: Arc::new(metrics),
        health: Arc::new(Health::new(config.settings.stall)),
    };
    serve(config.listen, monitor.clone(), &ports.clock, stopped.clone()).await?;
    Custodian::new(ports, config.settings, monitor).run(stopped).await?;
    info!("stopped");
    Ok(())
}

/// Opens the key and the chain, and checks that the one fits the other.
async fn connect(config: &CustodianConfig) -> Result<Ports, StartError> {
    let identity = config.key.open()?;
    let account = identity.ss58();
    let sealer = KeySealer::new(identity.encryption_secret().clone());
    let chain = NodeCustody::connect(&config.node, identity, config.inclusion_timeout).await?;
    info!(node = config.node, account, "connected to the chain");
    let appointment = chain.appointment().await?;
    if !appointment.knows_custodians {
        let (node, spec_version) = (config.node.clone(), appointment.spec_version);
        return Err(StartError::NoCustodians { node, spec_version });
    }
    if let Some(problem) = appointment_problem(&appointment, sealer.public()) {
        return Err(StartError::Account { account, problem });
    }
    Ok(Ports {
        chain: Arc::new(chain),
        sealer: Arc::new(sealer),
        clock: Arc::new(SystemClock::start()),
    })
}
