//! Transactions that are in blocks, and waited for together until the blocks are final.

use anyhow::{Error, Result};
use medchain_client::chain::{ChainError, Finality, SubmitOptions, TxOutcome};

use super::unsent;
use crate::{
    context::{Context, Queued},
    exit,
    journal::Sent,
    output::causes,
};

/// A transaction that was queued, and what became of it.
pub struct Settled {
    /// The transaction.
    pub sent: Sent,
    /// Where it is for good; an error also where that is not known.
    pub outcome: Result<TxOutcome>,
}

impl Context {
    /// Waits until the blocks of all queued transactions are final, in the order of their nonces.
    ///
    /// A fork may have moved one to another block, which is then its place; after the first whose
    /// fate nobody tells, the others are not waited for.
    pub async fn settle_collected(&self) -> Result<Vec<Settled>> {
        let queued = self.take_collected();
        if queued.is_empty() {
            return Ok(Vec::new());
        }
        let (chain, journal) = (self.chain().await?, self.journal().await?);
        let options = SubmitOptions { finality: Finality::Finalised, ..SubmitOptions::default() };
        let mut settled = Vec::new();
        let mut nobody_tells = false;
        for Queued { purpose, transaction } in queued {
            let sent = Sent { purpose, transaction };
            let look_up = async {
                match nobody_tells {
                    true => Err(sent.transaction.unknown(ChainError::Other {
                        reason: "an earlier one was not final in time".into(),
                    })),
                    false => chain.resume(&sent.transaction, &options).await,
                }
            };
            let purpose = sent.purpose.as_str();
            let outcome = self.waiting(chain, (Finality::Finalised, purpose), look_up).await;
            let outcome = outcome.map_err(|error| unsent(error, &sent.purpose));
            let is_unknown = outcome.as_ref().err().is_some_and(exit::is_unknown);
            nobody_tells |= is_unknown;
            if !is_unknown {
                // One that stays is looked up by `medchain resume`.
                let _ = journal.received(&sent);
            }
            settled.push(Settled { sent, outcome });
        }
        Ok(settled)
    }
}

impl Settled {
    /// What became of it, in words.
    pub fn fate(&self) -> String {
        match &self.outcome {
            Ok(outcome) => format!("final in block {}", outcome.block_number),
            Err(error) => causes(error),
        }
    }

    /// Whether that is not known.
    pub fn is_unknown(&self) -> bool {
        self.error().is_some_and(exit::is_unknown)
    }

    /// Why it has no effect, or is not known.
    pub fn error(&self) -> Option<&Error> {
        self.outcome.as_ref().err()
    }
}
