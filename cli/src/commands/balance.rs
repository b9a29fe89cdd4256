//! `medchain balance`: an account's funds.

use std::fmt;

use anyhow::Result;
use clap::Args;
use medchain_client::{chain::format_balance, AccountId32};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
};

/// Arguments of `medchain balance`.
#[derive(Args, Clone, Debug)]
pub struct BalanceArgs {
    /// The account; defaults to yours.
    pub account: Option<String>,
}

/// An account's funds in plancks; text, because JSON numbers lose digits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BalanceReport {
    /// The account.
    pub account: AccountId32,
    /// What it can spend.
    pub spendable: String,
    /// What is held as deposits, bonds and fees of open requests.
    pub held: String,
    #[serde(skip)]
    shown: String,
}

impl fmt::Display for BalanceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has {}", self.account, self.shown)
    }
}

/// Runs `medchain balance`.
pub async fn run(context: &Context, args: &BalanceArgs) -> Result<Outcome> {
    output::print(&balance(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn balance(context: &Context, args: &BalanceArgs) -> Result<BalanceReport> {
    let account = context.account_or_own(args.account.as_deref())?;
    let view = context.view().await?;
    let balance = view.balance(&account).await?;
    let spendable = balance.spendable(view.existential_deposit()?);
    Ok(BalanceReport {
        account,
        spendable: spendable.to_string(),
        held: balance.reserved.to_string(),
        shown: format!(
            "{} to spend, and {} held",
            format_balance(spendable),
            format_balance(balance.reserved)
        ),
    })
}
