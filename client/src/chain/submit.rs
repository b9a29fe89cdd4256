//! Signing, sending and following transactions.
//!
//! *Invariant:* after a transaction was handed to a node, an error other than
//! [`ChainError::OutcomeUnknown`] says that it has no effect and will have none.

mod executed;
mod fate;
mod pool;
mod transaction;

use std::{future::Future, time::Duration};

use subxt::{
    config::{polkadot::PolkadotConfig, DefaultExtrinsicParamsBuilder},
    rpcs::methods::legacy::TransactionStatus,
    transactions::SubmittableTransaction,
    OnlineClientAtBlock,
};

pub use fate::Fate;
#[cfg(test)]
pub(super) use pool::refusal;
pub use transaction::Transaction;

pub(super) use executed::Executed;

use self::pool::{is_in_pool, is_refusal, pool_error};
use super::{Call, Chain, ChainError, ChainEvent, Finality};
use crate::{keys::Identity, H256};

/// How often a transaction is signed again that certainly had no effect: with the default
/// pause, for about three blocks of a parachain.
const ATTEMPTS: u32 = 6;

/// How a transaction is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitOptions {
    /// Which block to wait for.
    pub finality: Finality,
    /// The nonce; the account's next where it is `None`. Callers that submit
    /// concurrently must manage nonces.
    pub nonce: Option<u64>,
    /// For how many blocks the transaction is valid.
    pub mortality: u64,
    /// From which block on these count. In a fork without this block, the transaction is
    /// invalid. Where the newest final block is the best one too, they count from its parent.
    pub era_from: Finality,
    /// How long to wait. The transaction may still be included after that.
    pub timeout: Duration,
    /// For how long the outcome is looked up, on new connections where necessary, after the
    /// node ceased to report on the transaction. With zero it is not looked up.
    pub look_up: Duration,
    /// How long to wait before looking, or signing, again.
    pub pause: Duration,
}

impl Default for SubmitOptions {
    fn default() -> Self {
        Self {
            finality: Finality::Best,
            nonce: None,
            mortality: 256,
            // No fork replaces it.
            era_from: Finality::Finalised,
            // A relay chain finalises a block about half a minute after it was authored.
            timeout: Duration::from_secs(300),
            look_up: Duration::from_secs(90),
            pause: Duration::from_secs(3),
        }
    }
}

/// A transaction whose call succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxOutcome {
    /// The block that it is in.
    pub block_hash: H256,
    /// That block's height.
    pub block_number: u32,
    /// The transaction's hash.
    pub extrinsic_hash: H256,
    /// Its fee, in the chain's smallest unit; deposits not included.
    pub fee: u128,
    /// Its events, in order.
    pub events: Vec<ChainEvent>,
}

/// Told of each transaction before it is handed over; after an error, in words, it is not.
pub type Note<'a> = &'a mut (dyn FnMut(&Transaction) -> Result<(), String> + Send);

/// How a node's report on a transaction ended.
enum Watched {
    /// Its pool took nothing.
    Refused(ChainError),
    /// Nobody knows.
    Lost(ChainError),
    /// It is in a block.
    Done(Result<TxOutcome, ChainError>),
}

impl Chain {
    /// The fee that a transaction would cost now, deposits not included.
    pub async fn estimate_fee(&self, signer: &Identity, call: &Call) -> Result<u128, ChainError> {
        let (signed, _) = self.sign(signer, call, &SubmitOptions::default()).await?;
        signed.partial_fee_estimate().await.map_err(ChainError::from_subxt)
    }

    /// Signs a call, sends it and waits until it is in a block.
    ///
    /// Where the node ceases to report on it, its outcome is looked up, over a new connection
    /// where the old one is lost.
    ///
    /// Errors: [`ChainError::OutcomeUnknown`] where the transaction may have an effect all the
    /// same. After any other it has none: [`ChainError::Dispatch`] where the call failed, a
    /// call inside [`Call::Sudo`] or of a motion included; [`ChainError::InsufficientFunds`],
    /// [`ChainError::StaleNonce`] and [`ChainError::Pool`] where the pool rejected it;
    /// [`ChainError::NeverIncluded`].
    pub async fn submit(
        &self,
        signer: &Identity,
        call: &Call,
        options: &SubmitOptions,
    ) -> Result<TxOutcome, ChainError> {
        self.submit_noted(signer, call, options, &mut |_| Ok(())).await
    }

    /// As [`Chain::submit`]; `note` is told of the transaction before it is handed over, and
    /// again of each that is signed in place of one that certainly has no effect.
    ///
    /// Errors: as [`Chain::submit`], and [`ChainError::NotNoted`].
    pub async fn submit_noted(
        &self,
        signer: &Identity,
        call: &Call,
        options: &SubmitOptions,
        note: Note<'_>,
    ) -> Result<TxOutcome, ChainError> {
        let mut attempts = 0;
        loop {
            let signing = self.sign_transaction(signer, call, options);
            let transaction = in_time(options.timeout, call, signing).await?;
            note(&transaction).map_err(|reason| ChainError::NotNoted { reason })?;
            let error = match self.hand_over(&transaction, options).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            attempts += 1;
            let again = options.nonce.is_none() && attempts <= ATTEMPTS;
            if !(again && self.may_sign_again(&error, &transaction).await) {
                return Err(error);
            }
            tracing::debug!(call = call.name(), attempts, %error, "signed again");
            tokio::time::sleep(options.pause).await;
        }
    }

    /// Signs a call, and sends nothing.
    pub async fn sign_transaction(
        &self,
        signer: &Identity,
        call: &Call,
        options: &SubmitOptions,
    ) -> Result<Transaction, ChainError> {
        let (signed, transaction) = self.sign(signer, call, options).await?;
        Ok(Transaction { hash: signed.hash(), bytes: signed.into_encoded(), ..transaction })
    }

    /// Whether another transaction may do the same, because this one certainly did nothing and
    /// what was wrong with it is not the call.
    async fn may_sign_again(&self, error: &ChainError, before: &Transaction) -> bool {
        match error {
            // Another command of this account was faster. The node derives the nonce from its
            // best block and its pool, and either may be behind for a moment.
            ChainError::StaleNonce | ChainError::NeverIncluded { .. } => true,
            // Signed for the runtime before an upgrade, or for one in a fork that lost.
            ChainError::Pool { temporary: false, .. } => {
                let best = self.best().await;
                best.is_ok_and(|best| best.spec_version() != before.spec_version)
            }
            _ => false,
        }
    }

    /// Hands a transaction over that no node has seen.
    async fn hand_over(
        &self,
        transaction: &Transaction,
        options: &SubmitOptions,
    ) -> Result<TxOutcome, ChainError> {
        let watching = self.watch(transaction, options.finality);
        let cause = match tokio::time::timeout(options.timeout, watching).await {
            Ok(Watched::Done(outcome)) => return outcome,
            Ok(Watched::Refused(error)) => return Err(error),
            Ok(Watched::Lost(cause)) => cause,
            Err(_) => late(&transaction.call, options.timeout),
        };
        tracing::debug!(transaction = ?transaction.hash, %cause, "its outcome is looked up");
        self.settle(transaction, options, cause).await
    }

    async fn watch(&self, transaction: &Transaction, finality: Finality) -> Watched {
        let sent = self.inner.rpc.author_submit_and_watch_extrinsic(&transaction.bytes).await;
        let mut progress = match sent {
            Ok(progress) => progress,
            Err(error) if is_in_pool(&error) => {
                let reason = "it has the transaction already".into();
                return Watched::Lost(ChainError::Pool { reason, temporary: true });
            }
            Err(error) => match pool_error(&error, transaction.account) {
                error if is_refusal(&error) => return Watched::Refused(error),
                error => return Watched::Lost(error),
            },
        };
        tracing::debug!(transaction = ?transaction.hash, "the pool accepted it");
        let dropped =
            |reason: &str| Watched::Lost(ChainError::Dropped { reason: reason.to_owned() });
        while let Some(status) = progress.next().await {
            let status = match status {
                Ok(status) => status,
                Err(error) => return Watched::Lost(ChainError::from_rpc(&error)),
            };
            tracing::debug!(transaction = ?transaction.hash, ?status);
            let block = match status {
                TransactionStatus::InBlock(block) if finality == Finality::Best => block,
                TransactionStatus::Finalized(block) => block,
                TransactionStatus::Future
                | TransactionStatus::Ready
                | TransactionStatus::Broadcast(_)
                | TransactionStatus::InBlock(_)
                | TransactionStatus::Retracted(_) => continue,
                TransactionStatus::FinalityTimeout(_) => {
                    return dropped("its block was not finalised in time")
                }
                TransactionStatus::Usurped(_) => {
                    return dropped("another transaction with the same nonce replaced it")
                }
                TransactionStatus::Dropped => return dropped("its transaction pool is full"),
                TransactionStatus::Invalid => {
                    return dropped("it became invalid before it was in a block")
                }
            };
            return match self.outcome(block, &transaction.bytes, transaction.hash).await {
                Ok(outcome) => Watched::Done(Ok(outcome)),
                Err(error @ ChainError::Dispatch(_)) => Watched::Done(Err(error)),
                Err(error) => Watched::Lost(error),
            };
        }
        Watched::Lost(ChainError::ConnectionLost {
            reason: "the node stopped reporting on the transaction".into(),
        })
    }

    /// A signed transaction, and what is known of it but its hash and bytes.
    async fn sign(
        &self,
        signer: &Identity,
        call: &Call,
        options: &SubmitOptions,
    ) -> Result<(Signed, Transaction), ChainError> {
        // The best block's runtime checks the transaction.
        let view = self.best().await?;
        let (era_start, era_number) = match options.era_from {
            // Whoever asks for it wants no other fork to take the transaction.
            Finality::Best => (view.hash(), view.number().into()),
            Finality::Finalised => {
                let (hash, header) = self.final_head().await?;
                // A node tells of a block before its pool has looked at it, and the pool refuses
                // what counts from a block that it does not know ("ancient birth block").
                match header.number > 0 && header.number >= view.number().into() {
                    true => (header.parent_hash, header.number - 1),
                    false => (hash, header.number),
                }
            }
        };
        let nonce = match options.nonce {
            Some(nonce) => nonce,
            None => self.next_nonce(&signer.account()).await?,
        };
        let params = DefaultExtrinsicParamsBuilder::<PolkadotConfig>::new()
            .nonce(nonce)
            .mortal_from_unchecked(options.mortality, era_number, era_start)
            .build();
        let prepared = call.prepare(view.metadata())?;
        let signed = view
            .at
            .transactions()
            .create_signable_offline(&prepared, params)
            .and_then(|mut transaction| transaction.sign(signer.signer()))
            .map_err(ChainError::from_subxt)?;
        let transaction = Transaction {
            call: call.name(),
            account: signer.account(),
            nonce,
            hash: H256::default(),
            bytes: Vec::new(),
            spec_version: view.spec_version(),
            since: u32::try_from(era_number).unwrap_or(u32::MAX),
            until: transaction::last_block(era_number, options.mortality),
        };
        Ok((signed, transaction))
    }

    /// The outcome of a transaction in a block that it is in.
    async fn outcome(
        &self,
        block_hash: H256,
        encoded: &[u8],
        extrinsic_hash: H256,
    ) -> Result<TxOutcome, ChainError> {
        let block = self.executed(block_hash).await?;
        let events = block.events_of(encoded).ok_or_else(|| ChainError::Other {
            reason: "the transaction is not in the block that the node names".into(),
        })?;
        let mut fee = 0;
        for event in &events {
            match event {
                ChainEvent::FeePaid { fee: paid, .. } => fee = *paid,
                ChainEvent::ExtrinsicFailed { failure }
                | ChainEvent::SudoDone { failure: Some(failure) }
                | ChainEvent::MotionExecuted { failure: Some(failure), .. }
                | ChainEvent::EthicsMotionExecuted { failure: Some(failure), .. }
                | ChainEvent::ChangeEnacted { failure: Some(failure), .. } => {
                    return Err(ChainError::Dispatch(failure.clone()))
                }
                _ => (),
            }
        }
        Ok(TxOutcome { block_hash, block_number: block.number, extrinsic_hash, fee, events })
    }
}

fn late(call: &str, after: Duration) -> ChainError {
    ChainError::Timeout { what: format!("the transaction {call}"), seconds: after.as_secs() }
}

/// The answer, or [`ChainError::Timeout`].
async fn in_time<T>(
    limit: Duration,
    call: &Call,
    answer: impl Future<Output = Result<T, ChainError>>,
) -> Result<T, ChainError> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(late(&call.name(), limit)))
}

type Signed = SubmittableTransaction<
    PolkadotConfig,
    <OnlineClientAtBlock<PolkadotConfig> as AtBlock>::Client,
>;

/// Names the client type inside subxt's alias.
trait AtBlock {
    type Client;
}

impl<T, Client> AtBlock for subxt::client::ClientAtBlock<T, Client> {
    type Client = Client;
}
