//! `medchain transfer`: sends MEDC.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{format_balance, Call},
    AccountId32,
};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    signing::Included,
};

/// Arguments of `medchain transfer`.
#[derive(Args, Clone, Debug)]
pub struct TransferArgs {
    /// The account to send to.
    pub to: String,
    /// The amount in MEDC, such as 10 or 0.25.
    #[arg(value_parser = arguments::amount())]
    pub amount: u128,
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransferReport {
    /// The account that received it.
    pub to: AccountId32,
    /// The amount, in plancks.
    pub amount: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
    #[serde(skip)]
    shown: String,
}

impl fmt::Display for TransferReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sent to {} {}", self.shown, self.to, self.included)
    }
}

/// Runs `medchain transfer`.
pub async fn run(context: &Context, args: &TransferArgs) -> Result<Outcome> {
    output::print(&transfer(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn transfer(context: &Context, args: &TransferArgs) -> Result<TransferReport> {
    let to = context.parse_account(&args.to)?;
    let amount = args.amount;
    if amount == 0 {
        bail!("the amount is zero: there is nothing to send");
    }
    if to == context.account()? {
        bail!("{to} is your own account: there is nothing to send");
    }
    let outcome = context.sign(&Call::Transfer { to, amount }, "send the funds").await?;
    Ok(TransferReport {
        to,
        amount: amount.to_string(),
        included: (&outcome).into(),
        shown: format_balance(amount),
    })
}
