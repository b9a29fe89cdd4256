//! A node that has gone away: one transaction is waited for, and not each of many.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use medchain_client::chain::{ChainError, Transaction};

use crate::exit;

/// Whether nobody tells any more what became of transactions. Waiting for one takes minutes then.
#[derive(Debug, Default)]
pub(super) struct Silence(AtomicBool);

impl Silence {
    /// Whether nobody does.
    pub(super) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The outcome of a transaction that is not to be waited for, because nobody told of an
    /// earlier one.
    pub(super) fn check(&self, transaction: &Transaction) -> Result<(), ChainError> {
        match self.is_on() {
            true => Err(transaction.unknown(ChainError::Other {
                reason: "nobody told what became of an earlier one".into(),
            })),
            false => Ok(()),
        }
    }

    /// Notes an outcome that was waited for.
    pub(super) fn note<T>(&self, outcome: &Result<T>) {
        if outcome.as_ref().err().is_some_and(exit::is_unknown) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::{AccountId32, H256};

    use super::*;

    #[test]
    fn only_the_first_is_waited_for_that_nobody_tells_of() {
        let transaction = Transaction {
            call: "Utility.batch_all".into(),
            account: AccountId32([1; 32]),
            nonce: 1,
            hash: H256([2; 32]),
            bytes: Vec::new(),
            spec_version: 1,
            since: 1,
            until: 2,
        };
        let silence = Silence::default();
        silence.note(&Ok(1));
        // It certainly has no effect: somebody said so.
        silence.note::<()>(&Err(ChainError::StaleNonce.into()));
        assert_eq!(silence.check(&transaction), Ok(()));
        silence.note::<()>(&Err(transaction.unknown(ChainError::StaleNonce).into()));
        let error = silence.check(&transaction).unwrap_err();
        assert!(error.is_unknown() && error.to_string().contains("an earlier one"), "{error}");
    }
}
