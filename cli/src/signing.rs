//! From a call to a block: the fee, the confirmation, the signature, the events.

use std::{
    fmt,
    io::{BufRead, IsTerminal, Write},
};

use anyhow::{bail, Context as _, Result};
use medchain_client::chain::{
    format_balance, Call, ChainEvent, Finality, RuntimeError, SubmitOptions, TxOutcome,
};
use serde::Serialize;

use crate::context::Context;

/// Where a transaction is and what it cost; a part of most reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Included {
    /// The block's hash.
    pub block_hash: String,
    /// The block's number.
    pub block_number: u32,
    /// The extrinsic's hash.
    pub extrinsic_hash: String,
    /// The fee paid, in plancks; text, because JSON numbers lose digits.
    pub fee: String,
    /// The fee in MEDC.
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

impl fmt::Display for Included {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in block {} ({}), fee {}", self.block_number, self.block_hash, self.fee_shown)
    }
}

impl Context {
    /// Fails early where signing would ask and nobody could answer.
    pub fn ensure_can_ask(&self) -> Result<()> {
        if self.yes || std::io::stdin().is_terminal() {
            return Ok(());
        }
        bail!(
            "cannot ask you to confirm the fee, because standard input is not a terminal; \
             pass --yes to sign without asking"
        )
    }

    /// Shows a call's fee and returns once it is confirmed.
    ///
    /// `purpose` says what the call is for, such as "register the record". An account
    /// that cannot pay the fee and what the call holds is refused here, before
    /// anything is stored or sent.
    pub async fn confirm(&self, call: &Call, purpose: &str) -> Result<()> {
        let identity = self.identity()?;
        let chain = self.chain().await?;
        let fee = chain.estimate_fee(identity, call).await.context("cannot estimate the fee")?;
        let account = identity.account();
        let view = chain.best().await?;
        let held = view.held_by(&account, call).await.context("cannot compute the deposits")?;
        let balance = view.balance(&account).await?;
        let spendable = balance.spendable(view.existential_deposit()?);
        let mut cost = format!("the fee is {}", format_balance(fee));
        if held > 0 {
            let held = format_balance(held);
            cost.push_str(&format!(", and up to {held} are held or sent in addition"));
        }
        if spendable < fee.saturating_add(held) {
            bail!(
                "{account} does not have the funds: it can spend {} and {cost}; \
                 send it some with `medchain transfer`",
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
            _ => bail!("not confirmed; nothing was sent"),
        }
    }

    /// Signs and sends a confirmed call, and waits for its block.
    pub async fn send(&self, call: &Call, purpose: &str) -> Result<TxOutcome> {
        self.send_until(call, purpose, self.finality).await
    }

    async fn send_until(
        &self,
        call: &Call,
        purpose: &str,
        finality: Finality,
    ) -> Result<TxOutcome> {
        let waiting = match finality {
            Finality::Best => "Waiting for the block",
            Finality::Finalised => "Waiting for the final block",
        };
        let _step = self.progress.step(format!("{waiting} ({purpose})"));
        let options = SubmitOptions { finality, ..SubmitOptions::default() };
        let outcome = self.chain().await?.submit(self.identity()?, call, &options).await;
        match outcome {
            Err(error) if error.is(RuntimeError::BadOrigin) && !matches!(call, Call::Sudo(_)) => {
                bail!(
                    "could not {purpose}: only the registrar or governance may; \
                     on a test network, sign with the sudo key and --sudo"
                )
            }
            outcome => outcome.with_context(|| format!("could not {purpose}")),
        }
    }

    /// [`Context::confirm`], then [`Context::send`].
    pub async fn sign(&self, call: &Call, purpose: &str) -> Result<TxOutcome> {
        self.sign_until(call, purpose, self.finality).await
    }

    /// [`Context::sign`], for a call of which a further one shows that it is final.
    pub async fn sign_until(
        &self,
        call: &Call,
        purpose: &str,
        finality: Finality,
    ) -> Result<TxOutcome> {
        self.ensure_can_ask()?;
        self.confirm(call, purpose).await?;
        self.send_until(call, purpose, finality).await
    }
}

/// The first event that `pick` takes.
///
/// A transaction that succeeded without its event, as a failed call inside a sudo
/// does, is an error.
pub fn event<T>(
    outcome: &TxOutcome,
    purpose: &str,
    pick: impl FnMut(&ChainEvent) -> Option<T>,
) -> Result<T> {
    outcome.events.iter().find_map(pick).with_context(|| {
        format!(
            "could not {purpose}: the transaction is in block {}, but without its event; \
             look it up there to see why",
            outcome.block_number
        )
    })
}

/// Checks that the transaction has an event for which `is` is true; see [`event`].
pub fn ensure_event(
    outcome: &TxOutcome,
    purpose: &str,
    mut is: impl FnMut(&ChainEvent) -> bool,
) -> Result<()> {
    event(outcome, purpose, |event| is(event).then_some(()))
}

/// Several calls as one, which all take effect or none.
pub fn together(mut calls: Vec<Call>) -> Call {
    if calls.len() == 1 {
        calls.remove(0)
    } else {
        Call::Batch(calls)
    }
}

/// Wraps a call in `Sudo.sudo` where that is wanted.
pub fn as_root(call: Call, sudo: bool) -> Call {
    if sudo {
        Call::Sudo(Box::new(call))
    } else {
        call
    }
}
