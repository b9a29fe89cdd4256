//! What became of a transaction on which no node reports: its account's nonce says whether it,
//! or another in its place, is in a block.

use std::time::{Duration, Instant};

use codec::{Decode, Encode};
use subxt::rpcs::methods::legacy::NumberOrHex;

use super::{is_refusal, pool_error, SubmitOptions, Transaction, TxOutcome};
use crate::{
    chain::{items::ApiMethod, Chain, ChainError, Finality},
    AccountId32, H256,
};

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in a block.
    Included {
        /// What its call did.
        outcome: Result<TxOutcome, ChainError>,
        /// Whether no fork can replace the block.
        is_final: bool,
    },
    /// It is in no block, and none can include it any more.
    Never {
        /// Why.
        reason: String,
    },
    /// It is in no block that counts, and may get into one.
    Open,
}

impl Chain {
    /// What became of a transaction, by the node's best block and its final one.
    ///
    /// Errors: where the node does not answer, or has discarded the blocks in question.
    pub async fn fate(&self, transaction: &Transaction) -> Result<Fate, ChainError> {
        let (final_hash, final_header) = self.final_head().await?;
        let final_number = u32::try_from(final_header.number).unwrap_or(u32::MAX);
        let head = self.rpc(self.inner.rpc.chain_get_block_hash(None)).await?;
        let head = head.unwrap_or(final_hash);
        let never = |reason: String| Ok(Fate::Never { reason });
        if self.nonce_at(&transaction.account, head).await? > transaction.nonce {
            if let Some((number, hash)) = self.find(transaction, head).await? {
                let outcome = self.outcome(hash, &transaction.bytes, transaction.hash).await;
                return match outcome {
                    Ok(_) | Err(ChainError::Dispatch(_)) => {
                        Ok(Fate::Included { outcome, is_final: number <= final_number })
                    }
                    Err(error) => Err(error),
                };
            }
            if self.nonce_at(&transaction.account, final_hash).await? > transaction.nonce {
                return never(format!(
                    "another transaction of the account used its nonce {}",
                    transaction.nonce
                ));
            }
            // Another one is in a block that a fork may still replace.
            return Ok(Fate::Open);
        }
        if final_number >= transaction.until {
            return never(format!("it was valid until block {}", transaction.until));
        }
        let runtime = self.rpc(self.inner.rpc.state_get_runtime_version(Some(final_hash))).await?;
        if runtime.spec_version > transaction.spec_version {
            return never(format!(
                "it was signed for version {} of the runtime, which was upgraded to version {}",
                transaction.spec_version, runtime.spec_version
            ));
        }
        Ok(Fate::Open)
    }

    /// Waits until the fate of a transaction is certain, which may have been signed long ago:
    /// hands it over again as long as no block has it.
    ///
    /// Errors: as [`Chain::submit`].
    pub async fn resume(
        &self,
        transaction: &Transaction,
        options: &SubmitOptions,
    ) -> Result<TxOutcome, ChainError> {
        let look_up = options.timeout.saturating_add(options.look_up);
        let cause = super::late(&transaction.call, look_up);
        self.settle(transaction, &SubmitOptions { look_up, ..options.clone() }, cause).await
    }

    /// Looks the outcome up for as long as the options say. `cause` is why nobody knows it.
    pub(super) async fn settle(
        &self,
        transaction: &Transaction,
        options: &SubmitOptions,
        mut cause: ChainError,
    ) -> Result<TxOutcome, ChainError> {
        let deadline = Instant::now() + options.look_up;
        let left = || deadline.saturating_duration_since(Instant::now());
        let mut needs_line = cause.is_disconnected();
        while left() > Duration::ZERO {
            let look = self.look(transaction, options.finality, needs_line);
            match tokio::time::timeout(left(), look).await {
                Ok(Ok(Some(outcome))) => return outcome,
                Ok(Ok(None)) => needs_line = false,
                Ok(Err(error)) => {
                    needs_line = error.is_disconnected();
                    cause = error;
                }
                Err(_) => break,
            }
            tokio::time::sleep(options.pause.min(left())).await;
        }
        Err(transaction.unknown(cause))
    }

    /// One look; `None` where nothing is certain yet.
    async fn look(
        &self,
        transaction: &Transaction,
        finality: Finality,
        needs_line: bool,
    ) -> Result<Option<Result<TxOutcome, ChainError>>, ChainError> {
        if needs_line {
            self.reconnect().await?;
        }
        match self.fate(transaction).await? {
            Fate::Included { outcome, is_final } if is_final || finality == Finality::Best => {
                Ok(Some(outcome))
            }
            Fate::Included { .. } => Ok(None),
            Fate::Never { reason } => {
                Ok(Some(Err(ChainError::NeverIncluded { hash: transaction.hash, reason })))
            }
            Fate::Open => {
                self.offer(transaction).await?;
                Ok(None)
            }
        }
    }

    /// Hands a transaction over again: a node may have restarted, and forgotten its pool.
    async fn offer(&self, transaction: &Transaction) -> Result<(), ChainError> {
        let offered = self.inner.rpc.author_submit_extrinsic(&transaction.bytes).await;
        match offered.map_err(|error| pool_error(&error, transaction.account)) {
            // It has it, or its nonce was used since we looked.
            Ok(_) | Err(ChainError::StaleNonce | ChainError::Pool { temporary: true, .. }) => {
                Ok(())
            }
            // Another node may have it in its pool, and find it valid.
            Err(error) if is_refusal(&error) => Err(ChainError::Dropped {
                reason: format!("it was handed over again, and rejected: {error}"),
            }),
            Err(error) => Err(error),
        }
    }

    /// The account's nonce after a block: how many of its transactions are in blocks.
    async fn nonce_at(&self, account: &AccountId32, hash: H256) -> Result<u64, ChainError> {
        let method = ApiMethod::ACCOUNT_NONCE;
        let (function, account) = (method.function(), account.encode());
        let asked = self.inner.rpc.state_call(&function, Some(&account), Some(hash));
        let answer = self.rpc(asked).await?;
        let nonce = u32::decode(&mut answer.as_slice());
        nonce.map(u64::from).map_err(|error| ChainError::decode(method, error))
    }

    /// The block that has a transaction, on the way back from `head`.
    async fn find(
        &self,
        transaction: &Transaction,
        head: H256,
    ) -> Result<Option<(u32, H256)>, ChainError> {
        let rpc = &self.inner.rpc;
        let best = self.header(head).await?.number;
        let mut hash = head;
        if best > transaction.until.into() {
            let last = NumberOrHex::Number(transaction.until.into());
            let last = self.rpc(rpc.chain_get_block_hash(Some(last))).await?;
            hash = last.ok_or(ChainError::BlockNotFound { hash: head })?;
        }
        loop {
            let block = self.rpc(rpc.chain_get_block(Some(hash))).await?;
            let block = block.ok_or(ChainError::BlockNotFound { hash })?.block;
            let number = u32::try_from(block.header.number).unwrap_or(u32::MAX);
            if number <= transaction.since {
                return Ok(None);
            }
            if block.extrinsics.iter().any(|one| one.0 == transaction.bytes) {
                return Ok(Some((number, hash)));
            }
            hash = block.header.parent_hash;
        }
    }
}
