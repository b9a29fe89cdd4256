//! A node that is dialled again where the connection is lost.

use medchain_client::{
    chain::{Chain as Client, ChainError as ClientError, NodeAddress},
    H256,
};
use tokio::sync::Mutex;

/// A connection to one node, to the same chain for ever.
pub(super) struct Dialled {
    address: NodeAddress,
    genesis: H256,
    state: Mutex<State>,
}

/// The connection while it is good, and how many there were before it.
struct State {
    client: Option<Client>,
    generation: u64,
}

impl Dialled {
    /// Connects; `genesis` is that of the chain where it is known already.
    ///
    /// # Errors
    /// What the client says.
    pub async fn connect(
        address: &NodeAddress,
        genesis: Option<H256>,
    ) -> Result<Self, ClientError> {
        let client = dial(address, genesis).await?;
        Ok(Self {
            address: address.clone(),
            genesis: client.genesis_hash(),
            state: Mutex::new(State { client: Some(client), generation: 0 }),
        })
    }

    /// A node that is dialled when it is first asked.
    pub fn later(address: &NodeAddress, genesis: H256) -> Self {
        let state = Mutex::new(State { client: None, generation: 0 });
        Self { address: address.clone(), genesis, state }
    }

    /// The hash of the chain's first block.
    pub fn genesis(&self) -> H256 {
        self.genesis
    }

    /// The connection, and which it is.
    ///
    /// # Errors
    /// What the client says of a new one.
    pub async fn client(&self) -> Result<(Client, u64), ClientError> {
        let mut state = self.state.lock().await;
        if let Some(client) = &state.client {
            return Ok((client.clone(), state.generation));
        }
        let client = dial(&self.address, Some(self.genesis)).await?;
        state.generation = state.generation.wrapping_add(1);
        state.client = Some(client.clone());
        Ok((client, state.generation))
    }

    /// Drops a connection, unless another task has replaced it already.
    pub async fn forget(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.client = None;
        }
    }
}

/// Connects to the chain with this first block.
async fn dial(address: &NodeAddress, genesis: Option<H256>) -> Result<Client, ClientError> {
    let client = Client::connect_to(address).await?;
    let found = client.genesis_hash();
    if genesis.is_some_and(|genesis| genesis != found) {
        return Err(ClientError::WrongChain {
            url: address.to_string(),
            found: format!("medchain with another genesis, {found:?}"),
        });
    }
    Ok(client)
}
