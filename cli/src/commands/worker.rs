//! `medchain worker`: the list of those who compute predictions.

use anyhow::{bail, Result};
use clap::Subcommand;
use medchain_client::chain::{format_balance, Call, ChainEvent};
use medchain_primitives::ModelId;
use serde::Serialize;

use crate::{
    context::Context,
    envelopes,
    output::{self, Outcome},
    sign::{event, Included},
};

/// Subcommands of `medchain worker`.
#[derive(Debug, Subcommand)]
pub enum WorkerCommand {
    /// Register this account as a worker: publishes its encryption key where
    /// that is missing and holds the bond.
    Register {
        /// The numbers of the models that it runs, with commas between.
        #[arg(long = "model", required = true, value_delimiter = ',', value_name = "MODEL")]
        models: Vec<u32>,
    },
    /// Stop being a worker; the bond comes back.
    Deregister,
    /// List the registered workers.
    List,
}

/// A change of the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeReport {
    /// The worker.
    pub worker: String,
    /// The models that it runs now; empty when it is no worker any more.
    pub models: Vec<u32>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for ChangeReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.models.is_empty() {
            return write!(f, "{} is no worker any more ({})", self.worker, self.included);
        }
        let models: Vec<String> = self.models.iter().map(u32::to_string).collect();
        let models = models.join(", ");
        write!(f, "{} runs model {models} ({})", self.worker, self.included)
    }
}

/// The registered workers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// Each of them.
    pub workers: Vec<WorkerReport>,
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkerReport {
    /// Its account.
    pub worker: String,
    /// The models that it runs.
    pub models: Vec<u32>,
    /// The bond that is held, in smallest units.
    pub bond: String,
    #[serde(skip)]
    bond_shown: String,
}

impl std::fmt::Display for ListReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.workers.is_empty() {
            return f.write_str("no workers are registered");
        }
        for worker in &self.workers {
            let models: Vec<String> = worker.models.iter().map(u32::to_string).collect();
            writeln!(
                f,
                "{}  model {}  bond {}",
                worker.worker,
                models.join(", "),
                worker.bond_shown
            )?;
        }
        Ok(())
    }
}

/// Runs `medchain worker`.
pub async fn run(context: &Context, command: WorkerCommand) -> Result<Outcome> {
    match command {
        WorkerCommand::Register { models } => {
            output::print(&register(context, &models).await?, context.json)?
        }
        WorkerCommand::Deregister => output::print(&deregister(context).await?, context.json)?,
        WorkerCommand::List => output::print(&list(context).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

/// Registers the signer, or changes the models that it runs.
pub async fn register(context: &Context, models: &[u32]) -> Result<ChangeReport> {
    let identity = context.identity()?;
    let account = identity.account();
    let view = context.view().await?;
    for model in models {
        envelopes::active_model(&view, *model).await?;
    }
    let ids: Vec<ModelId> = models.iter().copied().map(ModelId).collect();
    let mut calls = Vec::new();
    let key = identity.encryption_key();
    if view.encryption_key(&account).await? != Some(key) {
        calls.push(Call::SetEncryptionKey { key });
    }
    calls.push(if view.worker(&account).await?.is_some() {
        Call::SetWorkerModels { models: ids }
    } else {
        Call::RegisterWorker { models: ids }
    });
    let call = match calls.len() {
        1 => calls.remove(0),
        _ => Call::Batch(calls),
    };
    let purpose = "register the worker";
    let outcome = context.sign(&call, purpose).await?;
    event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::WorkerRegistered { .. } | ChainEvent::WorkerModelsSet { .. })
            .then_some(())
    })?;
    Ok(ChangeReport {
        worker: account.to_string(),
        models: models.to_vec(),
        included: (&outcome).into(),
    })
}

async fn deregister(context: &Context) -> Result<ChangeReport> {
    let account = context.account()?;
    if context.view().await?.worker(&account).await?.is_none() {
        bail!("{account} is not registered as a worker");
    }
    let outcome = context.sign(&Call::DeregisterWorker, "deregister the worker").await?;
    Ok(ChangeReport {
        worker: account.to_string(),
        models: Vec::new(),
        included: (&outcome).into(),
    })
}

async fn list(context: &Context) -> Result<ListReport> {
    let workers = context.view().await?.workers().await?;
    let workers = workers
        .into_iter()
        .map(|worker| WorkerReport {
            worker: worker.account.to_string(),
            models: worker.models.iter().map(|model| model.0).collect(),
            bond: worker.bond.to_string(),
            bond_shown: format_balance(worker.bond),
        })
        .collect();
    Ok(ListReport { workers })
}
