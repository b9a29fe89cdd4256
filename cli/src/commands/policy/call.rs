//! `medchain policy call`: calls any message of any contract, by its bundle.

use std::{fmt, path::PathBuf};

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{ChainEvent, TxOutcome},
    contract::{Decoded, Interface},
    AccountId32,
};
use serde::Serialize;

use crate::{
    arguments,
    consent::ensure_contract,
    context::Context,
    contracts,
    output::{self, hex, Outcome},
    signing::Included,
};

/// Arguments of `medchain policy call`.
#[derive(Args, Clone, Debug)]
pub struct CallArgs {
    /// The contract's address.
    pub contract: String,
    /// The contract's .contract bundle, or the .json beside it.
    #[arg(value_name = "FILE.contract")]
    pub file: PathBuf,
    /// The message; `medchain policy messages` lists them.
    pub message: String,
    /// The message's arguments, comma-separated.
    ///
    /// Such as "//Bob, 17, Some(100)", "[5F…, 5G…]", "{ from: 8, to: 18 }" or
    /// "Clinician, None".
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true, default_value = "")]
    #[arg(hide_default_value = true)]
    pub args: String,
    /// The amount to send with the call, in MEDC.
    #[arg(long, value_name = "MEDC", default_value = "0", value_parser = arguments::amount())]
    pub value: u128,
}

/// A message's answer and events.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallReport {
    /// The contract.
    pub contract: AccountId32,
    /// The message.
    pub message: String,
    /// The answer: that of the dry run, because a transaction returns none.
    pub answer: Decoded,
    /// The events that contracts emitted.
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
    /// The contract that emitted it.
    pub contract: AccountId32,
    /// Its name; none where the bundle does not describe it.
    pub event: Option<String>,
    /// Its fields, by name.
    pub fields: Option<Decoded>,
    /// Its encoded fields in hexadecimal.
    pub data: String,
}

impl fmt::Display for CallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// Calls a message: signed if it may change the contract, else as a question.
pub async fn call(context: &Context, args: &CallArgs) -> Result<CallReport> {
    let (_, interface) = contracts::read_bundle(&args.file)?;
    let message = interface.message(&args.message)?;
    if args.value > 0 && !message.payable {
        bail!("`{}` takes no money; leave out --value", message.name);
    }
    let data = interface.data(message, &args.args, context.accounts())?;
    let contract = context.parse_account(&args.contract)?;
    ensure_contract(context, &contract).await?;
    let refused = |error| contracts::refusal(error, &interface, message, &contract.to_string());
    let answered = |bytes: &[u8]| match interface.answer(message, bytes)? {
        Ok(answer) => Ok(answer),
        Err(fault) => bail!("{contract} refuses `{}`: {fault}", message.name),
    };
    let report = |answer| CallReport {
        contract,
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

/// The events that contracts emitted; the bundle describes those of the called one.
fn emitted(outcome: &TxOutcome, called: &AccountId32, interface: &Interface) -> Vec<EmittedReport> {
    let read = |event: &ChainEvent| {
        let ChainEvent::ContractEmitted { contract, topics, data } = event else { return None };
        let known = (contract == called).then(|| interface.emitted(topics, data)).flatten();
        let (event, fields) = known.map(|event| (event.name, event.fields)).unzip();
        Some(EmittedReport { contract: *contract, event, fields, data: hex(data) })
    };
    outcome.events.iter().filter_map(read).collect()
}
