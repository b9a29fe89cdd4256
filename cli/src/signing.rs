//! From a call to a block: the fee, the confirmation, the signature, the events.

mod governance;
mod queue;
mod steps;
mod waiting;

use std::{
    fmt,
    io::{BufRead, IsTerminal},
};

use anyhow::{bail, Context as _, Result};
use medchain_client::chain::{
    format_balance, Body, Call, ChainError, ChainEvent, Finality, Note, RuntimeError,
    SubmitOptions, Transaction, TxOutcome,
};
use serde::Serialize;

pub use governance::{Governed, Mandate, Proposal, Share};
pub use queue::Settled;
pub use steps::Step;

use crate::{
    context::Context,
    exit,
    journal::{Entry, Journal, Sent},
};

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
        let view = chain.best().await?;
        let account = identity.account();
        let held = view.held_by(&account, call).await.context("cannot compute the deposits")?;
        self.confirm_cost(&call.name(), purpose, (fee, held)).await
    }

    /// Asks whether to pay, unless that was said in advance or cannot be paid.
    pub async fn confirm_cost(&self, name: &str, purpose: &str, cost: (u128, u128)) -> Result<()> {
        self.ensure_funds(cost).await?;
        self.ask(name, purpose, cost)
    }

    /// Fails where the account cannot pay a fee and what is held in addition.
    pub async fn ensure_funds(&self, (fee, held): (u128, u128)) -> Result<()> {
        let (account, spendable) = (self.account()?, self.spendable().await?);
        if spendable < fee.saturating_add(held) {
            bail!(
                "{account} does not have the funds: it can spend {} and {}; \
                 send it some with `medchain transfer`",
                format_balance(spendable),
                costs(fee, held)
            );
        }
        Ok(())
    }

    /// What the account can spend.
    pub async fn spendable(&self) -> Result<u128> {
        let view = self.view().await?;
        let balance = view.balance(&self.account()?).await?;
        Ok(balance.spendable(view.existential_deposit()?))
    }

    /// Asks whether to pay, unless that was said in advance.
    pub fn ask(&self, name: &str, purpose: &str, (fee, held): (u128, u128)) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        self.ensure_can_ask()?;
        let (account, cost) = (self.account()?, costs(fee, held));
        crate::output::on_standard_error(format_args!(
            "To {purpose}, {account} signs {name}; {cost}. Sign? [y/N] "
        ));
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

    /// [`Context::send`], for a call after which something is done that cannot be taken back.
    pub async fn send_until(
        &self,
        call: &Call,
        purpose: &str,
        finality: Finality,
    ) -> Result<TxOutcome> {
        let journal = self.journal().await?;
        let mut noted: Vec<Sent> = Vec::new();
        let outcome = self
            .send_noted(call, purpose, finality, &mut |transaction| {
                let purpose = purpose.to_owned();
                let sent = Sent { purpose, transaction: transaction.clone() };
                if let Err(error) = journal.send(&sent) {
                    // What it does is on chain; only how to look it up is lost.
                    crate::output::tell!(
                        "warning: the transaction is not in the journal: {error:#}"
                    );
                }
                noted.push(sent);
                Ok(())
            })
            .await;
        let last = match &outcome {
            Err(error) if exit::is_unknown(error) => noted.pop(),
            // Its block is not final: it stays in the journal until it is.
            Ok(_) if finality == Finality::Best && self.collects() => noted.pop(),
            _ => None,
        };
        for sent in &noted {
            // One that stays is looked up by `medchain resume`.
            let _ = journal.received(sent);
        }
        match (last, &outcome) {
            (Some(_), Err(_)) => outcome.context(
                "do not repeat the command before `medchain resume` says what became of it",
            ),
            _ => outcome,
        }
    }

    /// Signs and sends a confirmed call, and waits for its block; `note` is told of each
    /// transaction before it is handed over.
    pub async fn send_noted(
        &self,
        call: &Call,
        purpose: &str,
        finality: Finality,
        note: Note<'_>,
    ) -> Result<TxOutcome> {
        let mut handed_over = None;
        let options = SubmitOptions { finality, ..SubmitOptions::default() };
        let identity = self.identity()?;
        let note: Note<'_> = &mut |transaction| {
            note(transaction)?;
            handed_over = Some(transaction.clone());
            exit::begun(Some(format!(
                "the transaction {:?} with the nonce {} may be in a block, or get into one; \
                 `medchain resume` says what became of it",
                transaction.hash, transaction.nonce
            )));
            Ok(())
        };
        let chain = self.chain().await?;
        let submitted = chain.submit_noted(identity, call, &options, note);
        let outcome = self.waiting(chain, (finality, purpose), submitted).await;
        if !matches!(&outcome, Err(error) if error.is_unknown()) {
            exit::begun(None);
        }
        if let (Ok(_), Finality::Best, Some(transaction)) = (&outcome, finality, handed_over) {
            self.collected(purpose, transaction);
        }
        // Anybody may make these; it is their inner call that was refused.
        let is_open =
            matches!(call, Call::Sudo(_) | Call::CouncilClose { .. } | Call::EthicsClose { .. });
        match outcome {
            Err(error) if error.is(RuntimeError::BadOrigin) && !is_open => {
                let body = Body::of(call);
                Err(anyhow::Error::new(error).context(format!(
                    "could not {purpose}: only {body} may; see `medchain {} show`",
                    body.name()
                )))
            }
            outcome => outcome.map_err(|error| unsent(error, purpose)),
        }
    }

    /// Waits for the fate of a transaction that an earlier command signed.
    pub async fn settle(&self, transaction: &Transaction, purpose: &str) -> Result<TxOutcome> {
        self.look_up(transaction, purpose).await?.map_err(|error| unsent(error, purpose))
    }

    /// As [`Context::settle`], with the chain's own error.
    pub async fn look_up(
        &self,
        transaction: &Transaction,
        purpose: &str,
    ) -> Result<Result<TxOutcome, ChainError>> {
        let chain = self.chain().await?;
        let finality = self.lasting();
        let options = SubmitOptions { finality, ..SubmitOptions::default() };
        let looking = chain.resume(transaction, &options);
        Ok(self.waiting(chain, (finality, purpose), looking).await)
    }

    /// The signer's journal on the chain that it uses.
    pub async fn journal(&self) -> Result<Journal> {
        let genesis = self.chain().await?.genesis_hash();
        Ok(Journal::at(self.journal_folder()?, genesis))
    }

    /// Opens the paths of files in entries of the journal. Without the key they stay sealed, and a
    /// warning says so.
    pub fn name_files(&self, journal: &Journal, entries: &mut [Entry]) {
        if !entries.iter().any(Entry::is_sealed) {
            return;
        }
        match self.identity() {
            Ok(identity) => journal.name_files(identity, entries),
            Err(error) => crate::output::tell!(
                "warning: the names of files in the journal open with the account's key alone: \
                 {error:#}"
            ),
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

/// A fee and what is held, in words.
fn costs(fee: u128, held: u128) -> String {
    let mut cost = format!("the fee is {}", format_balance(fee));
    if held > 0 {
        let held = format_balance(held);
        cost.push_str(&format!(", and up to {held} are held or sent in addition"));
    }
    cost
}

/// Says what was not done, or that nobody knows whether it was.
fn unsent(error: ChainError, purpose: &str) -> anyhow::Error {
    let said = match error.is_unknown() {
        true => format!("it is not known whether this succeeded: {purpose}"),
        false => format!("could not {purpose}"),
    };
    anyhow::Error::new(error).context(said)
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
