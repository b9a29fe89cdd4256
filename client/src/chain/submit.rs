//! Signing, sending and following transactions.

use std::time::Duration;

use subxt::{
    config::{polkadot::PolkadotConfig, DefaultExtrinsicParamsBuilder},
    rpcs::{self, methods::legacy::TransactionStatus},
    transactions::SubmittableTransaction,
    OnlineClientAtBlock,
};

use super::{compat::Needs, Call, Chain, ChainError, ChainEvent, Finality, View};
use crate::{keys::Identity, AccountId32, H256};

/// How often a transaction with a stale nonce is signed again: for about three
/// blocks of a parachain.
const STALE_NONCE_ATTEMPTS: u32 = 6;
const STALE_NONCE_PAUSE: Duration = Duration::from_secs(3);

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
    /// invalid.
    pub era_from: Finality,
    /// How long to wait. The transaction may still be included after that.
    pub timeout: Duration,
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

impl Chain {
    /// The fee that a transaction would cost now, deposits not included.
    pub async fn estimate_fee(&self, signer: &Identity, call: &Call) -> Result<u128, ChainError> {
        let signed = self.sign(signer, call, &SubmitOptions::default()).await?;
        signed.partial_fee_estimate().await.map_err(ChainError::from_subxt)
    }

    /// Signs a call, sends it and waits until it is in a block.
    ///
    /// Errors: [`ChainError::Dispatch`] where the call failed, a call inside
    /// [`Call::Sudo`] or of a motion included; [`ChainError::InsufficientFunds`],
    /// [`ChainError::StaleNonce`], [`ChainError::Pool`] and
    /// [`ChainError::Dropped`] where the pool rejected or dropped it;
    /// [`ChainError::Timeout`].
    pub async fn submit(
        &self,
        signer: &Identity,
        call: &Call,
        options: &SubmitOptions,
    ) -> Result<TxOutcome, ChainError> {
        let sending = self.submit_now(signer, call, options);
        match tokio::time::timeout(options.timeout, sending).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ChainError::Timeout {
                what: format!("the transaction {}", call.name()),
                seconds: options.timeout.as_secs(),
            }),
        }
    }

    async fn submit_now(
        &self,
        signer: &Identity,
        call: &Call,
        options: &SubmitOptions,
    ) -> Result<TxOutcome, ChainError> {
        let mut refusals = 0;
        let (signed, mut progress) = loop {
            let signed = self.sign(signer, call, options).await?;
            let sent = self.inner.rpc.author_submit_and_watch_extrinsic(signed.encoded()).await;
            match sent.map_err(|error| pool_error(&error, signer.account())) {
                Ok(progress) => break (signed, progress),
                // The node derives the nonce from its best block. Where the account's last
                // transaction is in a block that is not the best one yet, the nonce is
                // stale for a while. A rejected transaction is in no pool, so signing
                // again sends nothing twice.
                Err(ChainError::StaleNonce)
                    if options.nonce.is_none() && refusals < STALE_NONCE_ATTEMPTS =>
                {
                    refusals += 1;
                    tracing::debug!(call = call.name(), refusals, "the nonce is already used");
                    tokio::time::sleep(STALE_NONCE_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        };
        tracing::debug!(call = call.name(), transaction = ?signed.hash(), "the pool accepted it");
        let dropped = |reason: &str| ChainError::Dropped { reason: reason.to_owned() };
        while let Some(status) = progress.next().await {
            let status = status.map_err(|error| ChainError::from_rpc(&error))?;
            tracing::debug!(transaction = ?signed.hash(), ?status);
            let block = match status {
                TransactionStatus::InBlock(block) if options.finality == Finality::Best => block,
                TransactionStatus::Finalized(block) => block,
                TransactionStatus::Future
                | TransactionStatus::Ready
                | TransactionStatus::Broadcast(_)
                | TransactionStatus::InBlock(_)
                | TransactionStatus::Retracted(_) => continue,
                TransactionStatus::FinalityTimeout(_) => {
                    return Err(dropped("its block was not finalised in time"))
                }
                TransactionStatus::Usurped(_) => {
                    return Err(dropped("another transaction with the same nonce replaced it"))
                }
                TransactionStatus::Dropped => return Err(dropped("its transaction pool is full")),
                TransactionStatus::Invalid => {
                    return Err(dropped("it became invalid before it was in a block"))
                }
            };
            return self.outcome(block, signed.encoded(), signed.hash()).await;
        }
        Err(ChainError::ConnectionLost {
            reason: "the node stopped reporting on the transaction".into(),
        })
    }

    async fn sign(
        &self,
        signer: &Identity,
        call: &Call,
        options: &SubmitOptions,
    ) -> Result<Signed, ChainError> {
        // The best block's runtime checks the transaction.
        let view = self.best().await?;
        let (era_start, era_number) = match options.era_from {
            Finality::Best => (view.hash(), view.number().into()),
            Finality::Finalised => {
                let (hash, header) = self.final_head().await?;
                (hash, header.number)
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
        view.at
            .transactions()
            .create_signable_offline(&prepared, params)
            .and_then(|mut transaction| transaction.sign(signer.signer()))
            .map_err(ChainError::from_subxt)
    }

    /// The outcome of a transaction in a block that it is in.
    async fn outcome(
        &self,
        block_hash: H256,
        encoded: &[u8],
        extrinsic_hash: H256,
    ) -> Result<TxOutcome, ChainError> {
        let block = self
            .rpc(self.inner.rpc.chain_get_block(Some(block_hash)))
            .await?
            .ok_or(ChainError::BlockNotFound { hash: block_hash })?
            .block;
        let index = block
            .extrinsics
            .iter()
            .position(|extrinsic| extrinsic.0 == encoded)
            .and_then(|index| u32::try_from(index).ok())
            .ok_or_else(|| ChainError::Other {
                reason: "the transaction is not in the block that the node names".into(),
            })?;
        let view: View = self.view(block_hash, &block.header, Needs::History).await?;
        let events: Vec<ChainEvent> = view
            .past_events()
            .await?
            .into_iter()
            .filter(|one| one.extrinsic == Some(index))
            .map(|one| one.event)
            .collect();
        let mut fee = 0;
        for event in &events {
            match event {
                ChainEvent::FeePaid { fee: paid, .. } => fee = *paid,
                ChainEvent::ExtrinsicFailed { failure }
                | ChainEvent::SudoDone { failure: Some(failure) }
                | ChainEvent::MotionExecuted { failure: Some(failure), .. }
                | ChainEvent::ChangeEnacted { failure: Some(failure), .. } => {
                    return Err(ChainError::Dispatch(failure.clone()))
                }
                _ => (),
            }
        }
        Ok(TxOutcome { block_hash, block_number: view.number(), extrinsic_hash, fee, events })
    }
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

/// Why a node's pool rejected a transaction. The codes are those of the RPC
/// `author_submitExtrinsic`; the error's data has the reason.
fn pool_error(error: &rpcs::Error, account: AccountId32) -> ChainError {
    let rpcs::Error::User(error) = error else {
        return ChainError::from_rpc(error);
    };
    let data = error.data.as_ref().map(|data| data.get());
    let data: String = data.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    refusal(error.code, &error.message, &data, account)
}

pub(super) fn refusal(code: i32, message: &str, data: &str, account: AccountId32) -> ChainError {
    let reason = if data.is_empty() { message } else { data };
    let pool = |temporary| ChainError::Pool { reason: reason.to_owned(), temporary };
    match code {
        1010 if data.contains("Inability to pay") => ChainError::InsufficientFunds { account },
        1010 if data.contains("outdated") => ChainError::StaleNonce,
        // A lower priority than another transaction with the same nonce.
        1014 => ChainError::StaleNonce,
        // Banned for a while, already imported, no room now.
        1012 | 1013 | 1016 => pool(true),
        1010..=1018 => pool(false),
        _ => ChainError::Node { code, message: reason.to_owned() },
    }
}
