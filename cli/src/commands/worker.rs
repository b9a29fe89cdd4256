//! `medchain worker`: the workers that compute predictions.

use std::fmt;

use anyhow::{bail, Result};
use clap::Subcommand;
use medchain_client::{
    chain::{format_balance, Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::ModelId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    models,
    output::{self, joined, Outcome},
    signing::{ensure_event, together, Included},
};

/// Subcommands of `medchain worker`.
#[derive(Debug, Subcommand)]
pub enum WorkerCommand {
    /// Register your account as a worker, or change its models.
    ///
    /// Holds the bond, and publishes the encryption key if it is missing.
    Register {
        /// The numbers of the models that the worker runs, comma-separated.
        #[arg(
            long = "model",
            required = true,
            value_delimiter = ',',
            value_name = "MODEL",
            value_parser = arguments::model()
        )]
        models: Vec<ModelId>,
    },
    /// Deregister your account as a worker and get the bond back.
    Deregister,
    /// List the registered workers.
    List,
}

/// A worker, registered or deregistered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeReport {
    /// The worker.
    pub worker: AccountId32,
    /// The models that it runs; empty once deregistered.
    pub models: Vec<ModelId>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for ChangeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.models.is_empty() {
            return write!(f, "{} is no longer a worker ({})", self.worker, self.included);
        }
        write!(f, "{} runs model {} ({})", self.worker, joined(&self.models), self.included)
    }
}

/// The registered workers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// The workers.
    pub workers: Vec<WorkerReport>,
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkerReport {
    /// The account.
    pub worker: AccountId32,
    /// The models that it runs.
    pub models: Vec<ModelId>,
    /// The bond held, in plancks.
    pub bond: String,
    #[serde(skip)]
    bond_shown: String,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.workers.is_empty() {
            return f.write_str("no workers are registered");
        }
        for worker in &self.workers {
            let models = joined(&worker.models);
            writeln!(f, "{}  model {models}  bond {}", worker.worker, worker.bond_shown)?;
        }
        Ok(())
    }
}

/// Runs `medchain worker`.
pub async fn run(context: &Context, command: &WorkerCommand) -> Result<Outcome> {
    match command {
        WorkerCommand::Register { models } => {
            output::print(&register(context, models).await?, context.json)?;
        }
        WorkerCommand::Deregister => output::print(&deregister(context).await?, context.json)?,
        WorkerCommand::List => output::print(&list(context).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

/// Registers the signer, or changes the models that it runs.
pub async fn register(context: &Context, models: &[ModelId]) -> Result<ChangeReport> {
    let identity = context.identity()?;
    let account = identity.account();
    let view = context.view().await?;
    for model in models {
        models::active(&view, *model).await?;
    }
    let mut calls = Vec::new();
    let key = identity.encryption_key();
    if view.encryption_key(&account).await? != Some(key) {
        calls.push(Call::SetEncryptionKey { key });
    }
    calls.push(if view.worker(&account).await?.is_some() {
        Call::SetWorkerModels { models: models.to_vec() }
    } else {
        Call::RegisterWorker { models: models.to_vec() }
    });
    let purpose = "register the worker";
    let outcome = context.sign(&together(calls), purpose).await?;
    ensure_event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::WorkerRegistered { .. } | ChainEvent::WorkerModelsSet { .. })
    })?;
    let (models, included) = (models.to_vec(), (&outcome).into());
    Ok(ChangeReport { worker: account, models, included })
}

async fn deregister(context: &Context) -> Result<ChangeReport> {
    let account = context.account()?;
    if context.view().await?.worker(&account).await?.is_none() {
        bail!("{account} is not registered as a worker; see `medchain worker list`");
    }
    let outcome = context.sign(&Call::DeregisterWorker, "deregister the worker").await?;
    Ok(ChangeReport { worker: account, models: Vec::new(), included: (&outcome).into() })
}

async fn list(context: &Context) -> Result<ListReport> {
    let workers = context.view().await?.workers().await?;
    let workers = workers
        .into_iter()
        .map(|worker| WorkerReport {
            worker: worker.account,
            models: worker.models,
            bond: worker.bond.to_string(),
            bond_shown: format_balance(worker.bond),
        })
        .collect();
    Ok(ListReport { workers })
}
