//! `medchain worker`: the workers that answer requests.

mod challenge;

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::Subcommand;
use medchain_client::{
    chain::{format_balance, Call, ChainEvent, Worker, WorkerStatus},
    AccountId32,
};
use medchain_primitives::ModelId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    models,
    output::{self, joined, Outcome},
    signing::{ensure_event, event, together, Included},
    trust::Published,
};

/// Subcommands of `medchain worker`.
#[derive(Debug, Subcommand)]
pub enum WorkerCommand {
    /// Register your account as a worker, or change its models.
    ///
    /// Holds the bond, and publishes the encryption key if it is missing. The worker can
    /// be named at once, and drawn for requests of later blocks.
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
    /// Change the models that your worker runs.
    ///
    /// Requests for which it was chosen are still to be answered.
    SetModels {
        /// The numbers of all models that the worker runs, comma-separated.
        #[arg(
            long = "model",
            required = true,
            value_delimiter = ',',
            value_name = "MODEL",
            value_parser = arguments::model()
        )]
        models: Vec<ModelId>,
    },
    /// Stop being chosen; take back the bond later with `withdraw`.
    ///
    /// Requests for which the worker was chosen are still to be answered.
    Leave,
    /// Take back the bond of a worker that has left.
    Withdraw,
    /// Complete the bond of a suspended worker, so that it can be chosen again.
    TopUp,
    /// Challenge a verdict on a record that your worker can open, if it has another answer.
    ///
    /// Repeats the computation with the worker's envelope. If the sealed answers are equal,
    /// nothing is submitted. If they differ, a dispute begins in which the worker's whole bond
    /// is at stake: `medchain-worker` must run until it is over. Exact models only.
    Challenge(challenge::ChallengeArgs),
    /// List the registered workers.
    List,
}

/// A worker, registered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegisterReport {
    /// The worker.
    pub worker: AccountId32,
    /// The models that it runs.
    pub models: Vec<ModelId>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RegisterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs model {} ({})", self.worker, joined(&self.models), self.included)
    }
}

/// A worker that leaves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeaveReport {
    /// The worker.
    pub worker: AccountId32,
    /// The last block in which its bond is held.
    pub until: u32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for LeaveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worker, until, included } = self;
        write!(
            f,
            "{worker} is not chosen any more ({included})\n\
             keep it running until it has answered what it was chosen for, and nobody can \
             challenge its verdicts any more: a day after the last one. Until then its bond is at \
             stake. After block {until}, take the bond with `medchain worker withdraw`"
        )
    }
}

/// A bond that was released or completed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BondReport {
    /// The worker.
    pub worker: AccountId32,
    /// What was released, or is held in addition, in plancks.
    pub amount: String,
    #[serde(skip)]
    said: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for BondReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.worker, self.said, self.included)
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
    /// `active`, `suspended` or `leaving`.
    pub status: &'static str,
    /// The last block in which the bond of a leaving worker is held.
    pub until: Option<u32>,
    /// The bond held, in plancks.
    pub bond: String,
    /// The open requests for which it was chosen.
    pub assigned: u32,
    /// Its answers that became part of a verdict.
    pub answered: u32,
    /// The requests for which it reported a failure.
    pub declined: u32,
    /// The requests that it left alone, or did not finish.
    pub missed: u32,
    /// The disputes that it lost.
    pub lost: u32,
    #[serde(skip)]
    bond_shown: String,
}

impl From<Worker> for WorkerReport {
    fn from(worker: Worker) -> Self {
        let (status, until) = match worker.status {
            WorkerStatus::Active => ("active", None),
            WorkerStatus::Suspended => ("suspended", None),
            WorkerStatus::Leaving { until } => ("leaving", Some(until)),
        };
        Self {
            worker: worker.account,
            models: worker.models,
            status,
            until,
            bond: worker.bond.to_string(),
            assigned: worker.assigned,
            answered: worker.answered,
            declined: worker.declined,
            missed: worker.missed,
            lost: worker.lost,
            bond_shown: format_balance(worker.bond),
        }
    }
}

impl fmt::Display for WorkerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worker, status, assigned, answered, declined, missed, lost, .. } = self;
        let models = joined(&self.models);
        let until = self.until.map(|block| format!(" until block {block}")).unwrap_or_default();
        write!(
            f,
            "{worker}  {status}{until}  model {models}  bond {}  assigned {assigned}, \
             answered {answered}, declined {declined}, missed {missed}, lost {lost}",
            self.bond_shown
        )
    }
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.workers.is_empty() {
            return f.write_str("no workers are registered");
        }
        for worker in &self.workers {
            writeln!(f, "{worker}")?;
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
        WorkerCommand::SetModels { models } => {
            own(context).await?;
            output::print(&register(context, models).await?, context.json)?;
        }
        WorkerCommand::Leave => output::print(&leave(context).await?, context.json)?,
        WorkerCommand::Withdraw => output::print(&withdraw(context).await?, context.json)?,
        WorkerCommand::TopUp => output::print(&top_up(context).await?, context.json)?,
        WorkerCommand::Challenge(args) => return challenge::run(context, args).await,
        WorkerCommand::List => output::print(&list(context).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

/// Registers the signer, or changes the models that it runs.
pub async fn register(context: &Context, models: &[ModelId]) -> Result<RegisterReport> {
    let identity = context.identity()?;
    let account = identity.account();
    let view = context.view().await?;
    for model in models {
        models::active(&view, *model).await?;
    }
    let mut calls = Vec::new();
    let key = identity.encryption_key();
    let published = Published::find(&view, identity).await?;
    if published.ensure_not_other(identity)? == Published::Nothing {
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
    Ok(RegisterReport { worker: account, models, included })
}

/// The signer, who must be a worker, and the newest block.
async fn own(context: &Context) -> Result<(Worker, u32)> {
    let account = context.account()?;
    let view = context.view().await?;
    let worker = view.worker(&account).await?.with_context(|| {
        format!("{account} is not registered as a worker; see `medchain worker list`")
    })?;
    Ok((worker, view.number()))
}

async fn leave(context: &Context) -> Result<LeaveReport> {
    let (worker, _) = own(context).await?;
    if let WorkerStatus::Leaving { until } = worker.status {
        bail!("{} is leaving already, until block {until}", worker.account);
    }
    let purpose = "leave as a worker";
    let outcome = context.sign(&Call::DeregisterWorker, purpose).await?;
    let until = event(&outcome, purpose, |event| match event {
        ChainEvent::WorkerLeaving { until, .. } => Some(*until),
        _ => None,
    })?;
    Ok(LeaveReport { worker: worker.account, until, included: (&outcome).into() })
}

async fn withdraw(context: &Context) -> Result<BondReport> {
    let (worker, now) = own(context).await?;
    match worker.status {
        WorkerStatus::Leaving { until } if now < until => {
            bail!("the bond is held until block {until}, and the newest block is {now}")
        }
        WorkerStatus::Leaving { .. } if worker.assigned > 0 => bail!(
            "{} requests still await this worker; it answers them, or they expire, before the \
             bond is released",
            worker.assigned
        ),
        WorkerStatus::Leaving { .. } => {}
        WorkerStatus::Active | WorkerStatus::Suspended => {
            bail!("{} has not left; run `medchain worker leave` first", worker.account)
        }
    }
    let purpose = "take the bond";
    let outcome = context.sign(&Call::WithdrawBond, purpose).await?;
    let amount = event(&outcome, purpose, |event| match event {
        ChainEvent::BondWithdrawn { amount, .. } => Some(*amount),
        _ => None,
    })?;
    Ok(BondReport {
        worker: worker.account,
        amount: amount.to_string(),
        said: format!("is no longer a worker, and has {} back", format_balance(amount)),
        included: (&outcome).into(),
    })
}

async fn top_up(context: &Context) -> Result<BondReport> {
    let (worker, _) = own(context).await?;
    if worker.status != WorkerStatus::Suspended {
        bail!("{} is not suspended: its bond is complete, or it is leaving", worker.account);
    }
    let purpose = "complete the bond";
    let outcome = context.sign(&Call::TopUpBond, purpose).await?;
    let amount = event(&outcome, purpose, |event| match event {
        ChainEvent::BondToppedUp { amount, .. } => Some(*amount),
        _ => None,
    })?;
    Ok(BondReport {
        worker: worker.account,
        amount: amount.to_string(),
        said: format!("is active again, with {} more held", format_balance(amount)),
        included: (&outcome).into(),
    })
}

async fn list(context: &Context) -> Result<ListReport> {
    let workers = context.view().await?.workers().await?;
    Ok(ListReport { workers: workers.into_iter().map(WorkerReport::from).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_one_line_with_what_it_has_done() {
        let worker = Worker {
            account: AccountId32([7; 32]),
            models: vec![ModelId(0), ModelId(2)],
            bond: 0,
            status: WorkerStatus::Leaving { until: 90 },
            assigned: 1,
            answered: 20,
            declined: 3,
            missed: 4,
            lost: 5,
        };
        let line = WorkerReport::from(worker).to_string();
        for words in
            ["leaving until block 90", "model 0, 2", "assigned 1, answered 20", "missed 4, lost 5"]
        {
            assert!(line.contains(words), "{line}");
        }
    }
}
