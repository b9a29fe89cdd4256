//! `medchain policy call`: any message of any contract, by its bundle.

use std::path::PathBuf;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{ChainEvent, TxOutcome},
    contract::{Decoded, Interface},
    AccountId32,
};
use serde::Serialize;

use crate::{
    bundle,
    commands::{model::amount, policy::ensure_contract},
    context::Context,
    output::{self, Outcome},
    sign::Included,
};

/// Arguments of `medchain policy call`.
#[derive(Args, Clone, Debug)]
pub struct CallArgs {
    /// The contract's address.
    pub contract: String,
    /// Its .contract bundle, or the .json beside it.
    #[arg(value_name = "FILE.contract")]
    pub file: PathBuf,
    /// The message; `medchain policy messages` lists them.
    pub message: String,
    /// The message's arguments, with commas between them: "//Bob, 17,
    /// Some(100)", "[5F…, 5G…]", "{ from: 8, to: 18 }", "Clinician, None".
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true, default_value = "")]
    #[arg(hide_default_value = true)]
    pub args: String,
    /// How much to send along, in MEDC.
    #[arg(long, value_name = "MEDC", default_value = "0", value_parser = amount)]
    pub value: u128,
}

/// What a message did and answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallReport {
    /// The contract.
    pub contract: String,
    /// The message.
    pub message: String,
    /// Its answer. A transaction tells none: then it is that of the dry run
    /// before it.
    pub answer: Decoded,
    /// What contracts emitted on the way.
    pub events: Vec<EmittedReport>,
    /// The block that was asked, where nothing was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<u32>,
    /// The transaction, where one was signed.
    #[serde(flatten)]
    pub included: Option<Included>,
}

/// An event of a contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EmittedReport {
    /// Who emitted it.
    pub contract: String,
    /// Its name; none where the bundle does not know it.
    pub event: Option<String>,
    /// Its fields, by name.
    pub fields: Option<Decoded>,
    /// Its encoded fields, in hexadecimal.
    pub data: String,
}

impl std::fmt::Display for CallReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.message, self.answer)?;
        if let Some(block) = self.asked_at {
            write!(f, " (at block {block}; nothing was signed)")?;
        }
        if let Some(included) = &self.included {
            write!(f, " ({included})")?;
        }
        for event in &self.events {
            match (&event.event, &event.fields) {
                (Some(name), Some(fields)) => write!(f, "\nevent {name} {fields}")?,
                _ => write!(f, "\nevent of {}: {}", event.contract, event.data)?,
            }
        }
        Ok(())
    }
}

/// Runs `medchain policy call`.
pub async fn run(context: &Context, args: &CallArgs) -> Result<Outcome> {
    output::print(&call(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Tells a contract something, or asks it.
pub async fn call(context: &Context, args: &CallArgs) -> Result<CallReport> {
    let (_, interface) = bundle::read(&args.file)?;
    let message = interface.message(&args.message)?;
    if args.value > 0 && !message.payable {
        bail!("`{}` takes no money; leave --value out", message.name);
    }
    let data = interface.data(message, &args.args, context.accounts())?;
    let contract = context.parse_account(&args.contract)?;
    ensure_contract(context, &contract).await?;
    let refused = |error| bundle::refused(error, &interface, message, &contract.to_string());
    let answered = |bytes: &[u8]| match interface.answer(message, bytes)? {
        Ok(answer) => Ok(answer),
        Err(fault) => bail!("{contract} refuses `{}`: {fault}", message.name),
    };
    let report = |answer| CallReport {
        contract: contract.to_string(),
        message: message.name.clone(),
        answer,
        events: Vec::new(),
        asked_at: None,
        included: None,
    };
    if !message.mutates && args.value == 0 {
        let view = context.view().await?;
        let bytes = view.contract_read(&context.asker()?, &contract, data).await;
        let answer = answered(&bytes.map_err(refused)?)?;
        return Ok(CallReport { asked_at: Some(view.number()), ..report(answer) });
    }
    let account = context.account()?;
    let chain = context.chain().await?;
    let tried = chain.try_contract_call(&account, &contract, args.value, data).await;
    let (call, bytes) = tried.map_err(refused)?;
    let answer = answered(&bytes)?;
    let outcome = context.sign(&call, &format!("call `{}`", message.name)).await?;
    Ok(CallReport {
        events: emitted(&outcome, &contract, &interface),
        included: Some((&outcome).into()),
        ..report(answer)
    })
}

/// What contracts emitted. The bundle is about the one that was called.
fn emitted(outcome: &TxOutcome, called: &AccountId32, interface: &Interface) -> Vec<EmittedReport> {
    let read = |event: &ChainEvent| {
        let ChainEvent::ContractEmitted { contract, topics, data } = event else { return None };
        let known = (contract == called).then(|| interface.emitted(topics, data)).flatten();
        let (event, fields) = known.map(|event| (event.name, event.fields)).unzip();
        let data = format!("0x{}", hex::encode(data));
        Some(EmittedReport { contract: contract.to_string(), event, fields, data })
    };
    outcome.events.iter().filter_map(read).collect()
}
