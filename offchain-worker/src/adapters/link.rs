//! The connection to a node, made anew where it is lost.

use std::{future::Future, time::Duration};

use futures::{stream::BoxStream, StreamExt};
use medchain_client::{
    chain::{Call, Chain as Client, ChainError as ClientError, Finality, SubmitOptions, TxOutcome},
    keys::Identity,
    AccountId32, H256,
};
use tokio::sync::Mutex;

use crate::ports::{ChainError, SubmitError, Tip};

/// One account's way to one chain.
pub(super) struct Link {
    url: String,
    identity: Identity,
    genesis: H256,
    state: Mutex<State>,
    inclusion_timeout: Duration,
}

/// The connection, if it is good, and how many there have been.
struct State {
    client: Option<Client>,
    generation: u64,
}

impl Link {
    /// Connects to the node at `url`. Later it reconnects by itself, to the
    /// same chain only. `inclusion_timeout` is how long a call may take into a
    /// block before it counts as lost.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::WrongChain`].
    pub async fn connect(
        url: &str,
        identity: Identity,
        inclusion_timeout: Duration,
    ) -> Result<Self, ChainError> {
        let client = Client::connect(url).await.map_err(port_error)?;
        Ok(Self {
            url: url.to_owned(),
            identity,
            genesis: client.genesis_hash(),
            state: Mutex::new(State { client: Some(client), generation: 0 }),
            inclusion_timeout,
        })
    }

    async fn client(&self) -> Result<(Client, u64), ClientError> {
        let mut state = self.state.lock().await;
        if let Some(client) = &state.client {
            return Ok((client.clone(), state.generation));
        }
        let client = Client::connect(&self.url).await?;
        if client.genesis_hash() != self.genesis {
            return Err(ClientError::WrongChain {
                url: self.url.clone(),
                found: format!("medchain with another genesis, {:?}", client.genesis_hash()),
            });
        }
        state.generation = state.generation.wrapping_add(1);
        state.client = Some(client.clone());
        Ok((client, state.generation))
    }

    /// Gives a connection up, unless another task has replaced it already.
    async fn forget(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.client = None;
        }
    }

    /// Asks over the connection, which is given up where it is lost.
    pub async fn ask<T, F>(&self, question: impl FnOnce(Client) -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let (client, generation) = self.client().await?;
        let answer = question(client).await;
        if answer.as_ref().is_err_and(ClientError::is_disconnected) {
            self.forget(generation).await;
        }
        answer
    }

    /// As `ask`, but any error gives the connection up: what the watchers ask
    /// must work on a good connection, and not every way of losing one is
    /// told apart below.
    pub async fn ask_or_reconnect<T, F>(
        &self,
        question: impl FnOnce(Client) -> F,
    ) -> Result<T, ChainError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let (client, generation) = self.client().await.map_err(port_error)?;
        let answer = question(client).await;
        if answer.is_err() {
            self.forget(generation).await;
        }
        answer.map_err(port_error)
    }

    /// A signal for every new block.
    pub async fn heads(
        &self,
        finality: Finality,
    ) -> Result<BoxStream<'static, Result<(), ChainError>>, ChainError> {
        let blocks =
            self.ask_or_reconnect(|client| async move { client.blocks(finality).await }).await?;
        Ok(blocks.map(|block| block.map(|_| ()).map_err(port_error)).boxed())
    }

    /// What the newest block says of the chain.
    pub async fn tip(&self) -> Result<Tip, ChainError> {
        self.ask(|client| async move {
            let best = client.best().await?;
            Ok(Tip {
                block: best.number(),
                spec_version: best.spec_version(),
                time: Duration::from_millis(best.timestamp().await?),
            })
        })
        .await
        .map_err(port_error)
    }

    /// The nonce of the next call, those in the transaction pool counted.
    pub async fn next_nonce(&self) -> Result<u64, ChainError> {
        let me = self.me();
        self.ask(|client| async move { client.next_nonce(&me).await }).await.map_err(port_error)
    }

    /// Signs a call with this nonce, and waits until it is in a block.
    pub async fn submit(&self, call: &Call, nonce: u64) -> Result<TxOutcome, ClientError> {
        let options = SubmitOptions {
            finality: Finality::Best,
            nonce: Some(nonce),
            timeout: self.inclusion_timeout,
            ..SubmitOptions::default()
        };
        let options = &options;
        self.ask(|client| async move { client.submit(&self.identity, call, options).await }).await
    }

    /// The account.
    pub fn me(&self) -> AccountId32 {
        self.identity.account()
    }
}

pub(super) fn port_error(error: ClientError) -> ChainError {
    let text = error.to_string();
    match error {
        ClientError::Unreachable { .. }
        | ClientError::ConnectionLost { .. }
        | ClientError::Timeout { .. } => ChainError::Unreachable(text),
        ClientError::WrongChain { .. } | ClientError::Incompatible { .. } => {
            ChainError::WrongChain(text)
        }
        _ => ChainError::Failed(text),
    }
}

/// Why a call is not in a block, where it did not fail there.
pub(super) fn submit_error(error: ClientError) -> SubmitError {
    match error {
        ClientError::InsufficientFunds { .. } => SubmitError::Unpaid(error.to_string()),
        other => SubmitError::Lost(other.to_string()),
    }
}
