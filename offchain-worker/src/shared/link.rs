//! The connection to a node, renewed where it is lost.

use std::{future::Future, time::Duration};

use async_trait::async_trait;
use futures::StreamExt;
use medchain_client::{
    chain::{
        Call, Chain as Client, ChainError as ClientError, DispatchFailure, Finality, NodeAddress,
        SubmitOptions, TxOutcome,
    },
    keys::Identity,
    AccountId32, H256,
};
use tracing::{info, warn};

use super::{
    dialled::Dialled,
    outcome::Outcome,
    ports::{Chain, ChainError, Heads, SubmitError, Tip},
};

/// One account's connection to one chain.
pub struct Link {
    node: Dialled,
    /// A node of another operator, which confirms what the first one says.
    witness: Option<Dialled>,
    identity: Identity,
    inclusion_timeout: Duration,
}

impl Link {
    /// Connects to the node. Later it reconnects by itself, to the same chain
    /// only. A call that is not in a block after `inclusion_timeout` counts as lost.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::WrongChain`].
    pub async fn connect(
        node: &NodeAddress,
        identity: Identity,
        inclusion_timeout: Duration,
    ) -> Result<Self, ChainError> {
        let dialled = Dialled::connect(node, None).await?;
        info!(%node, account = identity.ss58(), "connected to the chain");
        Ok(Self { node: dialled, witness: None, identity, inclusion_timeout })
    }

    /// The same link, where `witness` confirms what [`Link::ask_both`] reads. One that is away is
    /// dialled later: what is owed to the chain must not wait for it.
    ///
    /// # Errors
    /// As [`Link::connect`], apart from that; another chain than the node's is a wrong one.
    pub async fn with_witness(self, witness: Option<&NodeAddress>) -> Result<Self, ChainError> {
        let Some(address) = witness else { return Ok(self) };
        let witness = match Dialled::connect(address, Some(self.genesis())).await {
            Err(error @ ClientError::Unreachable { .. }) => {
                warn!(witness = %address, "the second node is away, and is tried again: {error}");
                Dialled::later(address, self.genesis())
            }
            dialled => {
                let dialled = dialled?;
                info!(witness = %address, "a second node confirms what the first one says");
                dialled
            }
        };
        Ok(Self { witness: Some(witness), ..self })
    }

    /// The hash of the chain's first block.
    pub fn genesis(&self) -> H256 {
        self.node.genesis()
    }

    /// Asks over the connection, and drops it where it is lost.
    ///
    /// # Errors
    /// What the client says.
    pub async fn ask<T, F>(&self, question: impl FnOnce(Client) -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let (client, generation) = self.node.client().await?;
        let answer = question(client).await;
        if answer.as_ref().is_err_and(ClientError::is_disconnected) {
            self.node.forget(generation).await;
        }
        answer
    }

    /// As [`Link::ask`], but drops the connection after any error: the watchers need a
    /// good connection, and the client does not tell every way of losing one apart.
    ///
    /// # Errors
    /// What the client says.
    pub async fn ask_or_reconnect<T, F>(
        &self,
        question: impl FnOnce(Client) -> F,
    ) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let (client, generation) = self.node.client().await?;
        let answer = question(client).await;
        if answer.is_err() {
            self.node.forget(generation).await;
        }
        answer
    }

    /// As [`Link::ask_or_reconnect`], of both nodes where there is a witness. After any error both
    /// connections are dropped: which node it came from is not told. A witness that is away is an
    /// error, as a node is.
    ///
    /// # Errors
    /// What the client says.
    pub async fn ask_both<T, F>(
        &self,
        question: impl FnOnce(Client, Option<Client>) -> F,
    ) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let node = self.node.client().await?;
        let witness = match &self.witness {
            Some(witness) => Some((witness, witness.client().await?)),
            None => None,
        };
        self.ask_with(node, witness, question).await
    }

    /// As [`Link::ask_both`], for what must not wait for a witness that is away: that one counts as
    /// none. The first node cannot bring that about.
    ///
    /// # Errors
    /// What the client says.
    pub async fn ask_present<T, F>(
        &self,
        question: impl FnOnce(Client, Option<Client>) -> F,
    ) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let node = self.node.client().await?;
        let witness = match &self.witness {
            Some(witness) => witness.client().await.ok().map(|dialled| (witness, dialled)),
            None => None,
        };
        self.ask_with(node, witness, question).await
    }

    async fn ask_with<T, F>(
        &self,
        (client, generation): (Client, u64),
        witness: Option<(&Dialled, (Client, u64))>,
        question: impl FnOnce(Client, Option<Client>) -> F,
    ) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let second = witness.as_ref().map(|(_, (client, _))| client.clone());
        let answer = question(client, second).await;
        if answer.is_err() {
            self.node.forget(generation).await;
            if let Some((witness, (_, generation))) = witness {
                witness.forget(generation).await;
            }
        }
        answer
    }

    /// Signs a call with this nonce, and waits until it is in a block. `refusal` says
    /// what a failure there means.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit(
        &self,
        call: &Call,
        nonce: u64,
        refusal: fn(&DispatchFailure) -> Outcome,
    ) -> Result<TxOutcome, SubmitError> {
        self.submit_with(call, nonce, SubmitOptions::default(), refusal).await
    }

    /// As [`Link::submit`], valid for as long as `options` say. What else they say is not
    /// used.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit_with(
        &self,
        call: &Call,
        nonce: u64,
        options: SubmitOptions,
        refusal: fn(&DispatchFailure) -> Outcome,
    ) -> Result<TxOutcome, SubmitError> {
        let options = SubmitOptions {
            finality: Finality::Best,
            nonce: Some(nonce),
            timeout: self.inclusion_timeout,
            // The duties look at the state themselves before they send again.
            look_up: Duration::ZERO,
            ..options
        };
        let options = &options;
        let submitted =
            self.ask(|client| async move { client.submit(&self.identity, call, options).await });
        submitted.await.map_err(|error| submit_error(&error, refusal))
    }
}

#[async_trait]
impl Chain for Link {
    fn account(&self) -> AccountId32 {
        self.identity.account()
    }

    async fn heads(&self, finality: Finality) -> Result<Heads, ChainError> {
        let heads =
            self.ask_or_reconnect(|client| async move { client.heights(finality).await }).await?;
        Ok(heads.map(|head| Ok(head?)).boxed())
    }

    async fn tip(&self) -> Result<Tip, ChainError> {
        let tip = self.ask(|client| async move {
            let best = client.best().await?;
            Ok(Tip {
                block: best.number(),
                spec_version: best.spec_version(),
                time: Duration::from_millis(best.timestamp().await?),
            })
        });
        Ok(tip.await?)
    }

    async fn witness(&self) -> Result<(), ChainError> {
        if self.witness.is_none() {
            return Ok(());
        }
        let asked = self.ask_both(|client, witness| async move {
            match witness {
                Some(witness) => client.witnessed(&witness).await.map(|_| ()),
                None => Ok(()),
            }
        });
        Ok(asked.await?)
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        let me = self.account();
        Ok(self.ask(|client| async move { client.next_nonce(&me).await }).await?)
    }
}

/// A chain over a link, which answers what every account asks.
pub trait OverLink: Send + Sync + 'static {
    /// The link.
    fn link(&self) -> &Link;
}

#[async_trait]
impl<T: OverLink> Chain for T {
    fn account(&self) -> AccountId32 {
        self.link().account()
    }

    async fn heads(&self, finality: Finality) -> Result<Heads, ChainError> {
        self.link().heads(finality).await
    }

    async fn tip(&self) -> Result<Tip, ChainError> {
        self.link().tip().await
    }

    async fn witness(&self) -> Result<(), ChainError> {
        self.link().witness().await
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.link().next_nonce().await
    }
}

impl From<ClientError> for ChainError {
    fn from(error: ClientError) -> Self {
        let text = error.to_string();
        match error {
            ClientError::Unreachable { .. }
            | ClientError::ConnectionLost { .. }
            | ClientError::Timeout { .. } => Self::Unreachable(text),
            ClientError::WrongChain { .. } | ClientError::Incompatible { .. } => {
                Self::WrongChain(text)
            }
            _ => Self::Failed(text),
        }
    }
}

/// Why a call is not in a block, or failed in one.
fn submit_error(error: &ClientError, refusal: fn(&DispatchFailure) -> Outcome) -> SubmitError {
    match error {
        ClientError::Dispatch(failure) => SubmitError::Refused(refusal(failure)),
        ClientError::InsufficientFunds { .. } => SubmitError::Unpaid(error.to_string()),
        _ => SubmitError::Lost(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::{Plaintext, RuntimeError};

    use super::*;

    #[tokio::test]
    async fn a_witness_that_is_away_keeps_nobody_from_starting() {
        let address = |url| NodeAddress::parse(url, Plaintext::LocalOnly).unwrap();
        let genesis = H256([1; 32]);
        let link = Link {
            // Nothing is asked of it.
            node: Dialled::later(&address("ws://127.0.0.1:1"), genesis),
            witness: None,
            identity: Identity::from_secret_uri("//Gwen").unwrap(),
            inclusion_timeout: Duration::from_secs(1),
        };
        let link = link.with_witness(Some(&address("ws://127.0.0.1:2"))).await.unwrap();
        let asked = link.witness.unwrap().client().await;
        assert!(matches!(asked.err(), Some(ClientError::Unreachable { .. })));
    }

    #[test]
    fn an_upgrade_is_waited_for_until_it_is_final() {
        let (what, before) = (String::new(), String::new());
        assert!(ChainError::from(ClientError::UpgradeNotFinal { what: before }).is_retryable());
        assert!(!ChainError::from(ClientError::Incompatible { what }).is_retryable());
    }

    #[test]
    fn only_a_refused_call_has_used_its_nonce() {
        let read = |error| submit_error(&error, |failure| Outcome::Rejected(failure.to_string()));
        assert!(matches!(read(ClientError::StaleNonce), SubmitError::Lost(_)));
        let account = AccountId32([0; 32]);
        let unpaid = read(ClientError::InsufficientFunds { account });
        assert!(matches!(unpaid, SubmitError::Unpaid(_)));
        let refused = read(ClientError::Dispatch(RuntimeError::BadOrigin.into()));
        assert_eq!(refused, SubmitError::Refused(Outcome::Rejected("BadOrigin".to_owned())));
    }
}
