//! `medchain policy deploy`: deploys any contract by its bundle.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{chain::ChainEvent, contract::code_of_bundle, AccountId32};
use serde::Serialize;

use crate::{
    consent,
    context::Context,
    contracts,
    output::{self, Outcome},
    signing::{event, Included},
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
    /// Also make the contract your policy, as `medchain patient set-policy` does.
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
    let (bytes, interface) = contracts::read_bundle(&args.file)?;
    let code = code_of_bundle(&bytes)
        .with_context(|| format!("{} contains no code to deploy", args.file.display()))?;
    let constructor = interface
        .constructor(args.constructor.as_deref())
        .context("cannot choose a constructor; name one with --constructor")?;
    let data = interface.data(constructor, &args.args, context.accounts())?;
    let account = context.account()?;
    let chain = context.chain().await?;
    if args.make_own && chain.best().await?.patient(&account).await?.is_none() {
        bail!(
            "{account} is not registered as a patient, but --use sets a patient's policy; \
             run `medchain patient register` first, or leave out --use"
        );
    }
    // The account's next nonce makes the address a new one.
    let salt = chain.next_nonce(&account).await?.to_le_bytes().to_vec();
    let call = chain.estimate_instantiate(&account, code, data, salt, 0).await;
    let call = call
        .map_err(|error| contracts::refusal(error, &interface, constructor, "the contract"))
        .context("the chain refuses this contract")?;
    let purpose = "deploy the policy";
    let outcome = context.sign(&call, purpose).await?;
    let contract = event(&outcome, purpose, |event| match event {
        ChainEvent::ContractInstantiated { contract, deployer } if *deployer == account => {
            Some(*contract)
        }
        _ => None,
    })?;
    let policy_set = if args.make_own {
        let set = consent::set_policy(context, Some(contract)).await;
        Some(set.with_context(|| {
            format!(
                "{contract} is deployed, but it is not your policy yet; run `medchain patient \
                 set-policy {contract}`"
            )
        })?)
    } else {
        None
    };
    Ok(DeployReport {
        contract,
        constructor: constructor.name.clone(),
        policy_set,
        included: (&outcome).into(),
    })
}
