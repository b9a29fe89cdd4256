//! The signer's requests for keys that custodians keep, and the secrets that open the answers.
//!
//! Each request has a secret of its own, in a file beside the key file, which is written before
//! the request is sent.

use std::fmt::Display;

use anyhow::{Context as _, Result};
use medchain_client::{
    chain::{Call, TxOutcome},
    custody::{ReplyKey, ReplySecret},
    keys::ReplyFiles,
};
use medchain_primitives::RecordId;

use crate::{context::Context, exit};

/// The secrets of the signer's requests, and those drawn for requests that are not sent yet.
pub struct Requests {
    files: ReplyFiles,
    drawn: Vec<(RecordId, ReplyKey)>,
}

impl Requests {
    /// Those of the signer, on the chain that it uses.
    pub async fn of(context: &Context) -> Result<Self> {
        let genesis = context.chain().await?.genesis_hash();
        Ok(Self { files: context.replies(genesis)?, drawn: Vec::new() })
    }

    /// The secret that belongs to a reply key; none where the request was made elsewhere.
    pub fn secret(&self, record: RecordId, reply: &ReplyKey) -> Result<Option<ReplySecret>> {
        Ok(self.files.find(record, reply)?)
    }

    /// The reply key for a request: that of the running one, if its secret is here and the
    /// answer to it is wanted, or else a new one.
    pub fn reply(&mut self, record: RecordId, running: Option<&ReplyKey>) -> Result<ReplyKey> {
        if let Some(reply) = running
            && self.secret(record, reply)?.is_some()
        {
            return Ok(*reply);
        }
        let secret = self.files.create(record).context("cannot keep the secret of the request")?;
        let reply = secret.public();
        self.drawn.push((record, reply));
        Ok(reply)
    }

    /// Signs and sends the requests. Where they certainly have no effect, their new secrets are
    /// removed again.
    pub async fn sign(&self, context: &Context, call: &Call, purpose: &str) -> Result<TxOutcome> {
        let outcome = match self.confirmed(context, call, purpose).await {
            Ok(()) => context.send(call, purpose).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome
            && certainly_failed(error)
        {
            self.give_up();
        }
        outcome
    }

    /// Removes the secrets that were drawn for requests that are not sent.
    pub fn give_up(&self) {
        for (record, reply) in &self.drawn {
            warn(self.files.remove(*record, reply));
        }
    }

    async fn confirmed(&self, context: &Context, call: &Call, purpose: &str) -> Result<()> {
        context.ensure_can_ask()?;
        context.confirm(call, purpose).await
    }

    /// Removes the secrets of a record's requests, except that of the one that runs now.
    pub fn settle(&self, record: RecordId, running: Option<&ReplyKey>) {
        warn(self.files.retain(record, running));
    }

    /// As [`Requests::settle`], but leaves young files: their requests may be on their way.
    pub fn tidy(&self, record: RecordId, running: Option<&ReplyKey>) {
        warn(self.files.tidy(record, running));
    }
}

/// Whether a transaction certainly has no effect, and will have none.
fn certainly_failed(error: &anyhow::Error) -> bool {
    !exit::is_unknown(error)
}

/// A file that stays is no reason to fail: what was asked for is done.
fn warn<E: Display>(result: Result<(), E>) {
    if let Err(error) = result {
        crate::output::tell!("warning: the secret of an old request was not removed: {error}");
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::{
        chain::{ChainError, CustodyError},
        AccountId32, H256,
    };

    use super::*;

    #[test]
    fn a_secret_is_removed_only_where_its_request_certainly_failed() {
        let refused = ChainError::Dispatch(CustodyError::RecordNotEntrusted.into());
        assert!(certainly_failed(&anyhow::Error::new(refused).context("could not request access")));
        assert!(certainly_failed(&anyhow::anyhow!("not confirmed; nothing was sent")));
        let late = ChainError::Timeout { what: "the transaction".into(), seconds: 1 };
        assert!(certainly_failed(&anyhow::Error::new(late.clone()).context("could not sign")));
        let unknown = ChainError::OutcomeUnknown {
            call: "Custody.request_access".into(),
            hash: H256([1; 32]),
            account: AccountId32([2; 32]),
            nonce: 3,
            until: 4,
            cause: Box::new(late),
        };
        assert!(!certainly_failed(&anyhow::Error::new(unknown).context("could not request")));
    }
}
