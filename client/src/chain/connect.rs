//! The connection to a node.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use subxt::{
    backend::LegacyBackend,
    config::{polkadot::PolkadotConfig, substrate::DigestItem, Config},
    rpcs::{methods::legacy::LegacyRpcMethods, RpcClient},
    OnlineClient,
};

use super::{
    address::{NodeAddress, Plaintext},
    compat::{self, Needs},
    line::Line,
    recent::Recent,
    submit::Executed,
    view::{AtBlock, Rpc, View},
    ChainError,
};
use crate::{AccountId32, H256};

pub(super) type Header = <PolkadotConfig as Config>::Header;

/// Where a node of this machine listens.
pub const DEFAULT_URL: &str = "ws://127.0.0.1:9944";
/// The environment variable that names the node.
pub const NODE_VARIABLE: &str = "MEDCHAIN_NODE";

/// The name of the runtime.
const SPEC_NAME: &str = "medchain";
/// How many entries of a map are read in one round trip. A node gives a thousand keys at most, and
/// a quarter of them keeps answers far below its limit in bytes.
const STORAGE_PAGE: u32 = 256;
/// How long it may take to connect and to read the node's metadata.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Of how many blocks header and view are kept: of the best and the final one, and of some that are
/// just being replaced.
const KEPT: usize = 8;

/// Which blocks count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finality {
    /// The best block now; a fork may still replace it.
    #[default]
    Best,
    /// A block that is never replaced.
    Finalised,
}

/// How far a chain is, by the numbers of its blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    /// The newest block, which a fork may still replace.
    pub best: u32,
    /// The newest block that is never replaced.
    pub finalised: u32,
}

/// A connection to a node of the MedChain parachain. Clones share it.
///
/// It does not reconnect by itself: after [`ChainError::ConnectionLost`] make a new one, or
/// [`Chain::reconnect`]. Only the outcome of a transaction is looked up over a new connection
/// without being asked to.
#[derive(Clone)]
pub struct Chain {
    pub(super) inner: Arc<Connection>,
}

pub(super) struct Connection {
    pub url: String,
    pub client: OnlineClient<PolkadotConfig>,
    pub rpc: Rpc,
    line: Arc<Line>,
    pub spec_version: u32,
    /// The versions of the runtime that were found to have what is needed.
    pub compatible: Mutex<BTreeSet<(u32, Needs)>>,
    /// The headers of the newest blocks that were looked at.
    headers: Recent<H256, Header>,
    /// These blocks: each costs a call of its runtime.
    views: Recent<(H256, Needs), View>,
    /// The last block that a transaction was looked up in.
    pub executed: tokio::sync::Mutex<Option<Arc<Executed>>>,
}

async fn dial(address: NodeAddress) -> Result<RpcClient, ChainError> {
    // The variant without TLS takes both kinds of address; which one may be used, the address
    // has told.
    RpcClient::from_insecure_url(address.whole()).await.map_err(|error| match ChainError::from_rpc(
        &error,
    ) {
        ChainError::ConnectionLost { reason } => {
            ChainError::ConnectionLost { reason: address.clean(&reason) }
        }
        ChainError::Other { reason } => ChainError::Other { reason: address.clean(&reason) },
        error => error,
    })
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chain({})", self.inner.url)
    }
}

impl Chain {
    /// Connects to the node at `url`, which is on this machine or encrypts the connection;
    /// see [`Chain::connect_to`].
    ///
    /// Errors: as [`Chain::connect_to`], and [`ChainError::Address`].
    pub async fn connect(url: &str) -> Result<Self, ChainError> {
        Self::connect_to(&NodeAddress::parse(url, Plaintext::LocalOnly)?).await
    }

    /// Connects to the node at an address, and checks that it runs this chain and a runtime
    /// that this program fits.
    ///
    /// Errors: [`ChainError::Unreachable`], [`ChainError::WrongChain`],
    /// [`ChainError::Incompatible`].
    pub async fn connect_to(address: &NodeAddress) -> Result<Self, ChainError> {
        let unreachable = |reason| ChainError::Unreachable { url: address.to_string(), reason };
        match tokio::time::timeout(CONNECT_TIMEOUT, Self::connect_now(address)).await {
            Ok(Ok(chain)) => Ok(chain),
            Ok(Err(ChainError::ConnectionLost { reason } | ChainError::Other { reason })) => {
                Err(unreachable(reason))
            }
            Ok(Err(other)) => Err(other),
            Err(_) => Err(unreachable(format!(
                "it did not answer within {} s",
                CONNECT_TIMEOUT.as_secs()
            ))),
        }
    }

    async fn connect_now(address: &NodeAddress) -> Result<Self, ChainError> {
        Self::over(dial(address.clone()).await?, address).await
    }

    /// The chain of the node to which `rpc_client` is connected, which is dialled again at
    /// `address`.
    pub(super) async fn over(
        rpc_client: RpcClient,
        address: &NodeAddress,
    ) -> Result<Self, ChainError> {
        let again = address.clone();
        let line = Line::new(rpc_client, move || dial(again.clone()));
        Self::over_line(line, &address.to_string()).await
    }

    /// The chain of the node at the other end of `line`.
    pub(super) async fn over_line(line: Line, url: &str) -> Result<Self, ChainError> {
        let line = Arc::new(line);
        let rpc_client = RpcClient::new(line.clone());
        let lost = |error: subxt::rpcs::Error| ChainError::from_rpc(&error);
        let rpc = LegacyRpcMethods::new(rpc_client.clone());
        let version = rpc.state_get_runtime_version(None).await.map_err(lost)?;
        let found = version.other.get("specName").and_then(|name| name.as_str());
        if found != Some(SPEC_NAME) {
            return Err(ChainError::WrongChain {
                url: url.to_owned(),
                found: found.unwrap_or("unknown").to_owned(),
            });
        }
        // Polkadot's historic types take a while to load and are of no use here.
        let config = PolkadotConfig::builder().use_historic_types(false).build();
        let backend = LegacyBackend::builder().storage_page_size(STORAGE_PAGE).build(rpc_client);
        let client = OnlineClient::from_backend_with_config(config, Arc::new(backend))
            .await
            .map_err(ChainError::from_subxt)?;
        let chain = Self {
            inner: Arc::new(Connection {
                url: url.to_owned(),
                client,
                rpc,
                line,
                spec_version: version.spec_version,
                compatible: Mutex::default(),
                headers: Recent::new(KEPT),
                views: Recent::new(KEPT),
                executed: tokio::sync::Mutex::default(),
            }),
        };
        // Reading a block checks its runtime.
        chain.best().await?;
        Ok(chain)
    }

    /// Connects again to the same address, for this chain and all its clones.
    ///
    /// Errors: [`ChainError::Unreachable`], and [`ChainError::WrongChain`] where another chain
    /// answers there now.
    pub async fn reconnect(&self) -> Result<(), ChainError> {
        let url = || self.inner.url.clone();
        let unreachable = |reason| ChainError::Unreachable { url: url(), reason };
        let dialled = async {
            let client = self.inner.line.dial().await?;
            let rpc: Rpc = LegacyRpcMethods::new(client.clone());
            let genesis = rpc.genesis_hash().await.map_err(|error| ChainError::from_rpc(&error))?;
            Ok((client, genesis))
        };
        let (client, genesis) = match tokio::time::timeout(CONNECT_TIMEOUT, dialled).await {
            Ok(Ok(dialled)) => dialled,
            Ok(Err(ChainError::ConnectionLost { reason })) => return Err(unreachable(reason)),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(unreachable("it does not answer".into())),
        };
        if genesis != self.genesis_hash() {
            let found = format!("another, with the genesis block {genesis:?}");
            return Err(ChainError::WrongChain { url: url(), found });
        }
        self.inner.line.switch_to(client);
        Ok(())
    }

    /// The node's address, without secrets.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// The hash of the genesis block, which tells chains of the same runtime apart.
    pub fn genesis_hash(&self) -> H256 {
        self.inner.client.genesis_hash()
    }

    /// The runtime's version when the connection was made.
    pub fn spec_version(&self) -> u32 {
        self.inner.spec_version
    }

    /// The state at the newest finalised block.
    ///
    /// Errors: [`ChainError::UpgradeNotFinal`] where this program fits the runtime of
    /// the best block only.
    pub async fn finalised(&self) -> Result<View, ChainError> {
        let (hash, header) = self.final_head().await?;
        self.final_view(hash, &header).await
    }

    /// The state at a final block.
    ///
    /// Errors: [`ChainError::UpgradeNotFinal`], as [`Chain::finalised`].
    pub(super) async fn final_view(&self, hash: H256, header: &Header) -> Result<View, ChainError> {
        match self.view(hash, header, Needs::Everything).await {
            Err(ChainError::Incompatible { what }) if self.best().await.is_ok() => {
                Err(ChainError::UpgradeNotFinal { what })
            }
            view => view,
        }
    }

    /// The newest finalised block, whatever its runtime.
    pub(super) async fn final_head(&self) -> Result<(H256, Header), ChainError> {
        let hash = self.rpc(self.inner.rpc.chain_get_finalized_head()).await?;
        Ok((hash, self.header(hash).await?))
    }

    /// The numbers of the best block and of the newest final one.
    pub async fn heads(&self) -> Result<Heads, ChainError> {
        let number = |header: &Header| u32::try_from(header.number).unwrap_or(u32::MAX);
        let (_, finalised) = self.final_head().await?;
        let best = self.rpc(self.inner.rpc.chain_get_header(None)).await?;
        let finalised = number(&finalised);
        Ok(Heads { best: best.as_ref().map_or(finalised, number), finalised })
    }

    /// The state at the best block.
    pub async fn best(&self) -> Result<View, ChainError> {
        let head = self.rpc(self.inner.rpc.chain_get_block_hash(None)).await?;
        let head =
            head.ok_or_else(|| ChainError::Other { reason: "the node has no block yet".into() })?;
        self.at(head).await
    }

    /// The state at a block, as far as the node still has it.
    ///
    /// Errors: [`ChainError::Incompatible`] where this program does not fit the
    /// runtime of that block, which an upgrade may have brought after the
    /// connection was made.
    pub async fn at(&self, hash: H256) -> Result<View, ChainError> {
        if let Some(view) = self.inner.views.find(&(hash, Needs::Everything)) {
            return Ok(view);
        }
        let header = self.header(hash).await?;
        self.view(hash, &header, Needs::Everything).await
    }

    pub(super) async fn header(&self, hash: H256) -> Result<Header, ChainError> {
        if let Some(header) = self.inner.headers.find(&hash) {
            return Ok(header);
        }
        let header = self.rpc(self.inner.rpc.chain_get_header(Some(hash))).await?;
        let header = header.ok_or(ChainError::BlockNotFound { hash })?;
        self.inner.headers.keep(hash, header.clone());
        Ok(header)
    }

    /// The state at a block, of which nothing may be read but what is needed.
    pub(super) async fn view(
        &self,
        hash: H256,
        header: &Header,
        needs: Needs,
    ) -> Result<View, ChainError> {
        if let Some(view) = self.inner.views.find(&(hash, needs)) {
            return Ok(view);
        }
        let at = self.at_block(hash, header.number, needs).await?;
        // The runtime in this block's state executes the next block. This block was
        // executed by its parent's, and its events are all that is read by that one.
        let upgrades = header.digest.logs.contains(&DigestItem::RuntimeEnvironmentUpdated);
        let executed_by = match header.number.checked_sub(1).filter(|_| upgrades) {
            Some(number) => self.at_block(header.parent_hash, number, Needs::History).await,
            None => Ok(at.clone()),
        };
        // Where the runtime before could not be asked, the next look may succeed.
        let is_whole = executed_by.is_ok();
        let view = View::new(at, executed_by, self.inner.rpc.clone());
        if is_whole {
            self.inner.views.keep((hash, needs), view.clone());
        }
        Ok(view)
    }

    /// A block with its own runtime's metadata, which subxt requests once for each
    /// version, so that an upgrade needs no new connection. Each version is checked
    /// once for each need.
    async fn at_block(&self, hash: H256, number: u64, needs: Needs) -> Result<AtBlock, ChainError> {
        let at = self.inner.client.at_block_hash_and_number(hash, number).await;
        let at = at.map_err(ChainError::from_subxt)?;
        let version = at.spec_version();
        let compatible = || self.inner.compatible.lock().unwrap_or_else(PoisonError::into_inner);
        if compatible().contains(&(version, needs)) {
            return Ok(at);
        }
        compat::check(at.metadata_ref(), needs).map_err(|what| match needs {
            Needs::Everything => ChainError::Incompatible { what },
            Needs::History => ChainError::UnreadableBlocks {
                first: u32::try_from(number).unwrap_or(u32::MAX),
                next: None,
                what,
            },
        })?;
        let is_new = compatible().insert((version, needs));
        let is_news = is_new && needs == Needs::Everything;
        if is_news && version != self.inner.spec_version {
            tracing::info!(
                version,
                before = self.inner.spec_version,
                "the runtime of new blocks has another version, which is compatible"
            );
        }
        Ok(at)
    }

    /// The account's next nonce, transactions in the node's pool included.
    pub async fn next_nonce(&self, account: &AccountId32) -> Result<u64, ChainError> {
        self.rpc(self.inner.rpc.system_account_next_index(account)).await
    }

    pub(super) async fn rpc<T>(
        &self,
        request: impl Future<Output = Result<T, subxt::rpcs::Error>>,
    ) -> Result<T, ChainError> {
        request.await.map_err(|error| ChainError::from_rpc(&error))
    }
}
