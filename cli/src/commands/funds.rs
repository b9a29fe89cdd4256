//! `medchain balance` and `medchain transfer`: what fees and deposits are paid from.

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::chain::{format_balance, parse_balance, Call};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    sign::Included,
};

/// Arguments of `medchain balance`.
#[derive(Args, Clone, Debug)]
pub struct BalanceArgs {
    /// Whose; without it, your own.
    pub account: Option<String>,
}

/// Arguments of `medchain transfer`.
#[derive(Args, Clone, Debug)]
pub struct TransferArgs {
    /// Who gets it.
    pub to: String,
    /// How much, in MEDC: 10 or 0.25.
    pub amount: String,
}

/// What an account has. Amounts are in smallest units; text, because JSON
/// numbers lose digits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BalanceReport {
    /// Whose it is.
    pub account: String,
    /// What can be spent.
    pub spendable: String,
    /// What is held as deposits, bonds and fees of open requests.
    pub held: String,
    #[serde(skip)]
    shown: String,
}

/// A transfer that is in a block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransferReport {
    /// Who got it.
    pub to: String,
    /// How much, in smallest units.
    pub amount: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
    #[serde(skip)]
    shown: String,
}

impl std::fmt::Display for BalanceReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} has {}", self.account, self.shown)
    }
}

impl std::fmt::Display for TransferReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} sent to {} {}", self.shown, self.to, self.included)
    }
}

/// Runs `medchain balance`.
pub async fn run_balance(context: &Context, args: &BalanceArgs) -> Result<Outcome> {
    let account = match &args.account {
        Some(text) => context.parse_account(text)?,
        None => context.account()?,
    };
    let view = context.view().await?;
    let balance = view.balance(&account).await?;
    let spendable = balance.spendable(view.existential_deposit()?);
    let report = BalanceReport {
        account: account.to_string(),
        spendable: spendable.to_string(),
        held: balance.reserved.to_string(),
        shown: format!(
            "{} to spend, and {} held",
            format_balance(spendable),
            format_balance(balance.reserved)
        ),
    };
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
}

/// Runs `medchain transfer`.
pub async fn run_transfer(context: &Context, args: &TransferArgs) -> Result<Outcome> {
    let to = context.parse_account(&args.to)?;
    let amount = parse_balance(&args.amount)
        .with_context(|| format!("{} is no amount of MEDC, such as 10 or 0.25", args.amount))?;
    if amount == 0 {
        bail!("nothing to send: the amount is zero");
    }
    if to == context.account()? {
        bail!("{to} is your own account");
    }
    let outcome = context.sign(&Call::Transfer { to, amount }, "send the funds").await?;
    let report = TransferReport {
        to: to.to_string(),
        amount: amount.to_string(),
        included: (&outcome).into(),
        shown: format_balance(amount),
    };
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
}
