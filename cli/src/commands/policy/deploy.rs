//! `medchain policy deploy`: deploys any contract by its bundle.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use serde::Serialize;

use crate::{
    context::Context,
    contracts::Instance,
    output::{self, Outcome},
    signing::{event, together, Included},
};

/// Arguments of `medchain policy deploy`.
#[derive(Args, Clone, Debug)]
pub struct DeployArgs {
    /// The .contract bundle.
    #[arg(value_name = "FILE.contract")]
    pub file: PathBuf,
    /// The constructor; defaults to the only one, or to `new`.
    ///
    /// `medchain policy messages` lists the constructors.
    #[arg(long, value_name = "NAME")]
    pub constructor: Option<String>,
    /// The constructor's arguments, comma-separated.
    ///
    /// Such as "//Bob, 2", "[5F…, 5G…], Some(100)", "{ from: 8, to: 18 }" or "Clinician".
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true, default_value = "")]
    #[arg(hide_default_value = true)]
    pub args: String,
    /// Also make the contract your policy, in the same transaction.
    #[arg(long = "use")]
    pub make_own: bool,
}

/// A deployed contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeployReport {
    /// The contract's address.
    pub contract: AccountId32,
    /// The constructor.
    pub constructor: String,
    /// The transaction that made it the signer's policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_set: Option<Included>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for DeployReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "policy {} deployed {}", self.contract, self.included)?;
        match &self.policy_set {
            Some(included) => write!(f, "It is your policy now, set {included}."),
            None => write!(f, "Use it with: medchain patient set-policy {}", self.contract),
        }
    }
}

/// Runs `medchain policy deploy`.
pub async fn run(context: &Context, args: &DeployArgs) -> Result<Outcome> {
    output::print(&deploy_with(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Deploys a bundle's contract by its constructor without arguments.
pub async fn deploy(context: &Context, file: &Path) -> Result<DeployReport> {
    let args = DeployArgs {
        file: file.to_owned(),
        constructor: None,
        args: String::new(),
        make_own: false,
    };
    deploy_with(context, &args).await
}

/// Uploads and instantiates a bundle's contract.
pub async fn deploy_with(context: &Context, args: &DeployArgs) -> Result<DeployReport> {
    let planned =
        Instance::plan(context, &args.file, args.constructor.as_deref(), &args.args).await?;
    let account = context.account()?;
    if args.make_own && context.view().await?.patient(&account).await?.is_none() {
        bail!(
            "{account} is not registered as a patient, but --use sets a patient's policy; \
             register with it by `medchain patient register --policy {}`, or leave out --use",
            args.file.display()
        );
    }
    let mut calls = vec![planned.call];
    if args.make_own {
        calls.push(Call::SetPolicy { policy: Some(planned.address) });
    }
    let purpose = "deploy the policy";
    let outcome = context.sign(&together(calls), purpose).await?;
    let contract = event(&outcome, purpose, |event| match event {
        ChainEvent::ContractInstantiated { contract, deployer } if *deployer == account => {
            Some(*contract)
        }
        _ => None,
    })?;
    let policy_set = args.make_own.then(|| (&outcome).into());
    Ok(DeployReport {
        contract,
        constructor: planned.constructor,
        policy_set,
        included: (&outcome).into(),
    })
}
