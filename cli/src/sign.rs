//! From a call to a block: the fee, the question, the signature, the answer.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{bail, Context as _, Result};
use medchain_client::chain::{
    format_balance, Call, ChainError, ChainEvent, Finality, SubmitOptions, TxOutcome,
};
use serde::Serialize;

use crate::context::Context;

/// Where a transaction went and what it cost; a part of most reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Included {
    /// Hash of the block.
    pub block_hash: String,
    /// Number of the block.
    pub block_number: u32,
    /// Hash of the extrinsic.
    pub extrinsic_hash: String,
    /// The fee that was paid, in smallest units; text, because JSON numbers
    /// lose digits.
    pub fee: String,
    /// The fee for people.
    #[serde(skip)]
    pub fee_shown: String,
}

impl From<&TxOutcome> for Included {
    fn from(outcome: &TxOutcome) -> Self {
        Self {
            block_hash: format!("{:?}", outcome.block_hash),
            block_number: outcome.block_number,
            extrinsic_hash: format!("{:?}", outcome.extrinsic_hash),
            fee: outcome.fee.to_string(),
            fee_shown: format_balance(outcome.fee),
        }
    }
}

impl std::fmt::Display for Included {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "in block {} ({}), fee {}", self.block_number, self.block_hash, self.fee_shown)
    }
}

impl Context {
    /// Fails early where signing would have to ask and nobody can answer.
    pub fn ensure_can_ask(&self) -> Result<()> {
        if self.yes || std::io::stdin().is_terminal() {
            return Ok(());
        }
        bail!("nobody can be asked to confirm the fee here; pass --yes to sign without asking")
    }

    /// Shows the fee of a call and asks; `purpose` says what it is for, such
    /// as "register the record". Returns once somebody said yes. An account
    /// that cannot pay the fee and what the call holds is refused here, before
    /// anything is stored or sent.
    pub async fn confirm(&self, call: &Call, purpose: &str) -> Result<()> {
        let identity = self.identity()?;
        let chain = self.chain().await?;
        let fee = chain.estimate_fee(identity, call).await.context("cannot learn the fee")?;
        let account = identity.account();
        let view = chain.best().await?;
        let held = view.held_by(&account, call).await.context("cannot learn the deposits")?;
        let balance = view.balance(&account).await?;
        let spendable = balance.spendable(view.existential_deposit()?);
        let mut cost = format!("the fee is {}", format_balance(fee));
        if held > 0 {
            cost.push_str(&format!(" and up to {} are held or sent besides", format_balance(held)));
        }
        if spendable < fee.saturating_add(held) {
            bail!(
                "{account} does not have the funds: it can spend {} and {cost}; \
                 others can send it some with `medchain transfer`",
                format_balance(spendable)
            );
        }
        if self.yes {
            return Ok(());
        }
        self.ensure_can_ask()?;
        let name = call.name();
        eprint!("To {purpose}, {account} signs {name}; {cost}. Sign? [y/N] ");
        std::io::stderr().flush().ok();
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => bail!("not signed; nothing was sent"),
        }
    }

    /// Signs and sends a call that was confirmed, and waits for its block.
    pub async fn send(&self, call: &Call, purpose: &str) -> Result<TxOutcome> {
        let waiting = match self.finality {
            Finality::Best => "Waiting for the block",
            Finality::Finalised => "Waiting for the block, and until it is final",
        };
        let _step = self.progress.step(format!("{waiting} ({purpose})"));
        let options = SubmitOptions { finality: self.finality, ..SubmitOptions::default() };
        let outcome = self.chain().await?.submit(self.identity()?, call, &options).await;
        match outcome {
            Err(ChainError::Dispatch(failure))
                if failure.error == "BadOrigin" && !matches!(call, Call::Sudo(_)) =>
            {
                bail!(
                    "could not {purpose}: this account may not; the registrar or governance may, \
                     on a test network with --sudo and the sudo key"
                )
            }
            outcome => outcome.with_context(|| format!("could not {purpose}")),
        }
    }

    /// [`Context::confirm`], then [`Context::send`].
    pub async fn sign(&self, call: &Call, purpose: &str) -> Result<TxOutcome> {
        self.ensure_can_ask()?;
        self.confirm(call, purpose).await?;
        self.send(call, purpose).await
    }
}

/// The first event that `pick` takes. A transaction that reported success
/// without its event, as a failed call inside a sudo does, is an error.
pub fn event<T>(
    outcome: &TxOutcome,
    purpose: &str,
    pick: impl FnMut(&ChainEvent) -> Option<T>,
) -> Result<T> {
    outcome.events.iter().find_map(pick).with_context(|| {
        format!(
            "could not {purpose}: block {} holds the transaction, but not the event it should have",
            outcome.block_number
        )
    })
}

/// Wraps a call in `Sudo::sudo` where that is asked for.
pub fn as_root(call: Call, sudo: bool) -> Call {
    if sudo {
        Call::Sudo(Box::new(call))
    } else {
        call
    }
}
