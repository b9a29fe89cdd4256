//! From a call to a block: the fee, the confirmation, the signature, the events.

use std::{
    fmt,
    io::{BufRead, IsTerminal, Write},
};

use anyhow::{bail, Context as _, Result};
use medchain_client::chain::{
    format_balance, Call, ChainError, ChainEvent, Finality, Motion, Note, RuntimeError,
    SubmitOptions, Transaction, TxOutcome,
};
use serde::Serialize;

use crate::{
    context::Context,
    exit,
    journal::{Journal, Sent},
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
        let journal = self.journal().await?;
        let mut noted: Vec<Sent> = Vec::new();
        let outcome = self
            .send_noted(call, purpose, finality, &mut |transaction| {
                let purpose = purpose.to_owned();
                let sent = Sent { purpose, transaction: transaction.clone() };
                if let Err(error) = journal.send(&sent) {
                    // What it does is on chain; only how to look it up is lost.
                    eprintln!("warning: the transaction is not in the journal: {error:#}");
                }
                noted.push(sent);
                Ok(())
            })
            .await;
        let last = match &outcome {
            Err(error) if exit::is_unknown(error) => noted.pop(),
            _ => None,
        };
        for sent in &noted {
            // One that stays is looked up by `medchain resume`.
            let _ = journal.received(sent);
        }
        match last {
            Some(_) => outcome.context(
                "do not repeat the command before `medchain resume` says what became of it",
            ),
            None => outcome,
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
        let waiting = match finality {
            Finality::Best => "Waiting for the block",
            Finality::Finalised => "Waiting for the final block",
        };
        let _step = self.progress.step(format!("{waiting} ({purpose})"));
        let options = SubmitOptions { finality, ..SubmitOptions::default() };
        let identity = self.identity()?;
        let note: Note<'_> = &mut |transaction| {
            note(transaction)?;
            exit::begun(Some(format!(
                "the transaction {:?} with the nonce {} may be in a block, or get into one; \
                 `medchain resume` says what became of it",
                transaction.hash, transaction.nonce
            )));
            Ok(())
        };
        let outcome = self.chain().await?.submit_noted(identity, call, &options, note).await;
        if !matches!(&outcome, Err(error) if error.is_unknown()) {
            exit::begun(None);
        }
        let is_sudo = matches!(call, Call::Sudo(_));
        match outcome {
            Err(error) if error.is(RuntimeError::BadOrigin) && !is_sudo => {
                Err(anyhow::Error::new(error).context(format!(
                    "could not {purpose}: only the council may; see `medchain council show`"
                )))
            }
            outcome => outcome.map_err(|error| unsent(error, purpose)),
        }
    }

    /// Waits for the fate of a transaction that an earlier command signed.
    pub async fn settle(&self, transaction: &Transaction, purpose: &str) -> Result<TxOutcome> {
        let hash = transaction.hash;
        let _step = self.progress.step(format!("Looking up the transaction {hash:?}"));
        let options = SubmitOptions { finality: self.finality, ..SubmitOptions::default() };
        let outcome = self.chain().await?.resume(transaction, &options).await;
        outcome.map_err(|error| unsent(error, purpose))
    }

    /// The signer's journal on the chain that it uses.
    pub async fn journal(&self) -> Result<Journal> {
        let genesis = self.chain().await?.genesis_hash();
        Ok(Journal::at(self.journal_folder()?, genesis))
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

/// Says what was not done, or that nobody knows whether it was.
fn unsent(error: ChainError, purpose: &str) -> anyhow::Error {
    let said = match error.is_unknown() {
        true => format!("it is not known whether this succeeded: {purpose}"),
        false => format!("could not {purpose}"),
    };
    anyhow::Error::new(error).context(said)
}

/// What became of a call that only governance can make.
#[derive(Clone, Debug, PartialEq)]
pub enum Governed {
    /// It was made.
    Done(TxOutcome),
    /// It is a motion, on which other members of the council have to vote.
    Proposed(Proposal),
}

/// A motion that the signer proposed and voted for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// The motion's number, for `medchain council vote`.
    pub motion: u32,
    /// How many members must vote for it.
    pub threshold: u32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { motion, threshold, included } = self;
        write!(f, "motion {motion} needs {threshold} votes and has yours ({included})")?;
        write!(f, "\nother members run `medchain council vote {motion}`")
    }
}

/// A call that only governance can make, in the form that the signer may send.
#[derive(Clone, Debug, PartialEq)]
pub struct Mandate {
    /// What the signer sends.
    pub call: Call,
    /// How many members of the council must vote for it, if it becomes a motion.
    votes: Option<u32>,
}

impl Context {
    /// Has governance make a call; see [`Context::mandate`].
    pub async fn govern(&self, call: Call, share: Share, purpose: &str) -> Result<Governed> {
        self.ensure_can_ask()?;
        let mandate = self.mandate(call, share, purpose).await?;
        self.confirm(&mandate.call, purpose).await?;
        self.carry_out(&mandate, purpose).await
    }

    /// How the signer can have governance make a call: by sudo with its key, as on development
    /// chains, and else as a motion of the council, of which the signer must be a member.
    pub async fn mandate(&self, call: Call, share: Share, purpose: &str) -> Result<Mandate> {
        let (view, signer) = (self.view().await?, self.account()?);
        let call = Box::new(call);
        if view.sudo_key().await? == Some(signer) {
            return Ok(Mandate { call: Call::Sudo(call), votes: None });
        }
        let members = view.council().await?;
        if !members.contains(&signer) {
            bail!(
                "could not {purpose}: only the council may, and {signer} is not a member; \
                 see `medchain council show`"
            );
        }
        let threshold = share.of(u32::try_from(members.len()).unwrap_or(u32::MAX));
        let motion = Motion { threshold, call };
        // With one vote, the call is made at once.
        let votes = (threshold > 1).then_some(threshold);
        Ok(Mandate { call: Call::CouncilPropose(motion), votes })
    }

    /// Sends a confirmed call of governance, and votes for it if it becomes a motion.
    pub async fn carry_out(&self, mandate: &Mandate, purpose: &str) -> Result<Governed> {
        let Some(threshold) = mandate.votes else {
            return Ok(Governed::Done(self.send(&mandate.call, purpose).await?));
        };
        // The vote shows that the motion is final.
        let outcome = self.send_until(&mandate.call, purpose, Finality::Best).await?;
        let (motion, index) = event(&outcome, purpose, |event| match event {
            ChainEvent::MotionProposed { motion, index, .. } => Some((*motion, *index)),
            _ => None,
        })?;
        let vote = Call::CouncilVote { motion, index, approve: true };
        let outcome = self.sign(&vote, "vote for the motion").await?;
        Ok(Governed::Proposed(Proposal { motion: index, threshold, included: (&outcome).into() }))
    }
}

impl Mandate {
    /// Whether it becomes a motion, on which others have to vote.
    pub fn is_motion(&self) -> bool {
        self.votes.is_some()
    }
}

impl Context {
    /// Votes for a motion that the signer proposed with the transaction `proposed`, unless it
    /// has its vote.
    pub async fn support(&self, motion: u32, proposed: &TxOutcome) -> Result<Proposal> {
        let (view, account) = (self.view().await?, self.account()?);
        let found = view.motions().await?.into_iter().find(|one| one.index == motion);
        let found = found.with_context(|| {
            format!("motion {motion} is no longer open; see `medchain council show`")
        })?;
        let mut included = Included::from(proposed);
        if !found.ayes.contains(&account) {
            let vote = Call::CouncilVote { motion: found.hash, index: motion, approve: true };
            included = (&self.sign(&vote, "vote for the motion").await?).into();
        }
        Ok(Proposal { motion, threshold: found.threshold, included })
    }
}

/// The part of the council that decides something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// More than a third, which stops what was announced.
    Minority,
    /// More than half.
    Majority,
    /// At least two thirds, which announce what root will do.
    TwoThirds,
}

impl Share {
    /// How many of so many members that is.
    pub fn of(self, members: u32) -> u32 {
        match self {
            Self::Minority => (members / 3).saturating_add(1),
            Self::Majority => (members / 2).saturating_add(1),
            Self::TwoThirds => members.saturating_mul(2).div_ceil(3),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_council_are_those_of_the_runtime() {
        let all = [Share::Minority, Share::Majority, Share::TwoThirds];
        let parts = |members| all.map(|share| share.of(members));
        assert_eq!(parts(1), [1, 1, 1]);
        assert_eq!(parts(2), [1, 2, 2]);
        assert_eq!(parts(3), [2, 2, 2]);
        assert_eq!(parts(5), [2, 3, 4]);
        assert_eq!(parts(6), [3, 4, 4]);
    }
}
