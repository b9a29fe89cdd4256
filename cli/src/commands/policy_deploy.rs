//! `medchain policy deploy`: puts any contract on chain by its bundle.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{chain::ChainEvent, policy};
use serde::Serialize;

use crate::{
    bundle,
    commands::patient,
    context::Context,
    output::{self, Outcome},
    sign::{event, Included},
};

/// Arguments of `medchain policy deploy`.
#[derive(Args, Clone, Debug)]
pub struct DeployArgs {
    /// The .contract bundle.
    #[arg(value_name = "FILE.contract")]
    pub file: PathBuf,
    /// The constructor; without it, the only one, or `new`. `medchain policy
    /// messages` lists them.
    #[arg(long, value_name = "NAME")]
    pub constructor: Option<String>,
    /// The constructor's arguments, with commas between them: "//Bob, 2", "[5F…,
    /// 5G…], Some(100)", "{ from: 8, to: 18 }", "Clinician".
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true, default_value = "")]
    #[arg(hide_default_value = true)]
    pub args: String,
    /// Also make it your policy, as `medchain patient set-policy` does.
    #[arg(long = "use")]
    pub make_own: bool,
}

/// A contract on chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeployReport {
    /// Its address.
    pub contract: String,
    /// The constructor that made it.
    pub constructor: String,
    /// The transaction that made it the signer's policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_set: Option<Included>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for DeployReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "policy {} deployed {}", self.contract, self.included)?;
        match &self.policy_set {
            Some(included) => write!(f, "it is your policy now {included}"),
            None => write!(f, "Use it with: medchain patient set-policy {}", self.contract),
        }
    }
}

/// Runs `medchain policy deploy`.
pub async fn run(context: &Context, args: &DeployArgs) -> Result<Outcome> {
    output::print(&deploy_with(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Deploys the contract of a bundle by its constructor without arguments.
pub async fn deploy(context: &Context, file: &Path) -> Result<DeployReport> {
    let args = DeployArgs {
        file: file.to_owned(),
        constructor: None,
        args: String::new(),
        make_own: false,
    };
    deploy_with(context, &args).await
}

/// Uploads and instantiates the contract of a bundle.
pub async fn deploy_with(context: &Context, args: &DeployArgs) -> Result<DeployReport> {
    let (bytes, interface) = bundle::read(&args.file)?;
    let code = policy::code_of_bundle(&bytes)
        .with_context(|| format!("{} holds no code to deploy", args.file.display()))?;
    let constructor = interface
        .constructor(args.constructor.as_deref())
        .context("--constructor names what the contract is made with")?;
    let data = interface.data(constructor, &args.args, context.accounts())?;
    let account = context.account()?;
    let chain = context.chain().await?;
    if args.make_own && chain.best().await?.patient(&account).await?.is_none() {
        bail!(
            "{account} is not registered as a patient, and --use makes the contract a \
             patient's policy; run `medchain patient register` first"
        );
    }
    // The account's next transaction number makes the address a new one.
    let salt = chain.next_nonce(&account).await?.to_le_bytes().to_vec();
    let call = chain.estimate_instantiate(&account, code, data, salt, 0).await;
    let call = call
        .map_err(|error| bundle::refused(error, &interface, constructor, "the contract"))
        .context("the chain does not take this contract")?;
    let purpose = "deploy the policy";
    let outcome = context.sign(&call, purpose).await?;
    let contract = event(&outcome, purpose, |event| match event {
        ChainEvent::ContractInstantiated { contract, deployer } if *deployer == account => {
            Some(contract.to_string())
        }
        _ => None,
    })?;
    let policy_set = match args.make_own {
        true => {
            let set = patient::set_policy(context, Some(&contract)).await;
            let set = set.with_context(|| {
                format!(
                    "{contract} is deployed, but not your policy; go on with `medchain patient \
                     set-policy {contract}`"
                )
            })?;
            Some(set.included)
        }
        false => None,
    };
    Ok(DeployReport {
        contract,
        constructor: constructor.name.clone(),
        policy_set,
        included: (&outcome).into(),
    })
}
