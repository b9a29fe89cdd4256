//! Reading state, all of it at one block.

mod access;
mod batch;
mod council;
mod custody;
mod deposits;
mod emr;
mod inference;
mod parameters;

#[cfg(test)]
pub(super) use access::QUESTIONS_AT_ONCE;
#[cfg(test)]
pub(super) use council::read_call;
#[cfg(test)]
pub(super) use inference::Choice;

pub use access::AccessQuestion;

use codec::{Decode, DecodeAll, Encode};
use subxt::{
    config::{polkadot::PolkadotConfig, RpcConfigFor},
    dynamic,
    ext::{
        frame_decode::storage::{IntoDecodableValues, IntoEncodableValues},
        scale_decode::DecodeAsType,
        scale_value::Value,
    },
    rpcs::methods::legacy::LegacyRpcMethods,
    storage::PrefixOf,
    Metadata, OnlineClientAtBlock,
};

use super::{
    event::{self, PastEvent},
    fields::Fields,
    items::{ApiMethod, Constant, StorageItem},
    witness::Witness,
    Balance, ChainError, ChainEvent,
};
use crate::{AccountId32, H256};

/// How many values of a list are requested at once.
const AT_ONCE: usize = 16;

/// The node's methods, for what subxt asks one at a time.
pub(super) type Rpc = LegacyRpcMethods<RpcConfigFor<PolkadotConfig>>;
/// subxt's view of a block.
pub(super) type AtBlock = OnlineClientAtBlock<PolkadotConfig>;

/// The chain at one block. Two reads through one view never contradict each
/// other.
///
/// A view of [`super::Chain::witnessed`] tells nothing of the storage that is not proven, and
/// nothing else at all but constants.
#[derive(Clone)]
pub struct View {
    pub(super) at: AtBlock,
    /// A block with the metadata of the runtime that executed this one: its parent
    /// where the block upgrades the runtime, and else the block itself.
    executed_by: Result<AtBlock, ChainError>,
    rpc: Rpc,
    /// Proves what is read.
    witness: Option<Witness>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({}, {:?})", self.number(), self.hash())
    }
}

impl View {
    pub(super) fn new(at: AtBlock, executed_by: Result<AtBlock, ChainError>, rpc: Rpc) -> Self {
        Self { at, executed_by, rpc, witness: None }
    }

    /// The same block, where nothing is believed that is not proven.
    pub(super) fn proven_by(self, witness: Witness) -> Self {
        Self { witness: Some(witness), ..self }
    }

    /// Fails where only what is proven is believed: `what` the node says, and cannot prove.
    fn ensure_believed(&self, what: impl std::fmt::Display) -> Result<(), ChainError> {
        match self.witness {
            None => Ok(()),
            Some(_) => Err(ChainError::Other { reason: format!("a node cannot prove {what}") }),
        }
    }

    /// The block's height.
    pub fn number(&self) -> u32 {
        u32::try_from(self.at.block_number()).unwrap_or(u32::MAX)
    }

    /// The block's hash.
    pub fn hash(&self) -> H256 {
        self.at.block_hash()
    }

    /// The version of the runtime in the block's state, which executes the next block.
    pub fn spec_version(&self) -> u32 {
        self.at.spec_version()
    }

    pub(super) fn metadata(&self) -> &Metadata {
        self.at.metadata_ref()
    }

    /// The balance of an account; zero where it does not exist.
    pub async fn balance(&self, account: &AccountId32) -> Result<Balance, ChainError> {
        let Some(info) = self.fields(StorageItem::ACCOUNT, (*account,)).await? else {
            return Ok(Balance::default());
        };
        // free, reserved, frozen, flags
        let data: (u128, u128, u128, u128) = info.get("data")?;
        Ok(Balance { free: data.0, reserved: data.1, frozen: data.2 })
    }

    /// The account's nonce: how many of its transactions are in blocks.
    pub async fn nonce(&self, account: &AccountId32) -> Result<u64, ChainError> {
        let info = self.fields(StorageItem::ACCOUNT, (*account,)).await?;
        let nonce = info.map(|info| info.get::<u32>("nonce"));
        Ok(nonce.transpose()?.unwrap_or_default().into())
    }

    /// The block's time in milliseconds since 1970.
    pub async fn timestamp(&self) -> Result<u64, ChainError> {
        let now = self.value(StorageItem::NOW, ()).await?;
        Ok(now.unwrap_or_default())
    }

    /// The account that may use [`super::Call::Sudo`].
    pub async fn sudo_key(&self) -> Result<Option<AccountId32>, ChainError> {
        self.value(StorageItem::SUDO_KEY, ()).await
    }

    /// What happened in the block, in order.
    pub async fn events(&self) -> Result<Vec<ChainEvent>, ChainError> {
        Ok(self.past_events().await?.into_iter().map(|one| one.event).collect())
    }

    /// A block with the metadata of the runtime that executed this one.
    pub(super) fn executed_by(&self) -> Result<&AtBlock, ChainError> {
        self.executed_by.as_ref().map_err(Clone::clone)
    }

    /// The events, each with its cause.
    pub(super) async fn past_events(&self) -> Result<Vec<PastEvent>, ChainError> {
        self.ensure_believed(StorageItem::EVENTS)?;
        let executed_by = self.executed_by()?;
        let events = self.at.events().fetch().await.map_err(ChainError::from_subxt)?;
        let events = executed_by.events().from_bytes(events.bytes().to_vec());
        event::read_all(&events, executed_by.metadata_ref())
    }

    /// Calls a runtime API with encoded arguments and decodes the answer.
    pub(super) async fn runtime_api<T: Decode>(
        &self,
        method: ApiMethod,
        arguments: &impl Encode,
    ) -> Result<T, ChainError> {
        let bytes = self.runtime_api_bytes(method, arguments).await?;
        T::decode(&mut bytes.as_slice()).map_err(|error| ChainError::decode(method, error))
    }

    pub(super) async fn runtime_api_bytes(
        &self,
        method: ApiMethod,
        arguments: &impl Encode,
    ) -> Result<Vec<u8>, ChainError> {
        self.ensure_believed(method)?;
        self.at
            .runtime_apis()
            .call_raw(&method.function(), Some(&arguments.encode()))
            .await
            .map_err(ChainError::from_subxt)
    }

    /// A value that the runtime fixes.
    fn constant<T: DecodeAsType>(&self, constant: Constant) -> Result<T, ChainError> {
        let address = dynamic::constant::<T>(constant.owner(), constant.name());
        self.at.constants().entry(address).map_err(ChainError::from_subxt)
    }

    /// A storage value that is not a struct with named fields.
    async fn value<K, T>(&self, item: StorageItem, keys: K) -> Result<Option<T>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
        T: DecodeAll,
    {
        let found = self.stored(item, keys).await?;
        let decoded = found.map(|found| T::decode_all(&mut found.bytes.as_slice()));
        decoded.transpose().map_err(|error| ChainError::decode(item, error))
    }

    /// A storage value that is a struct.
    async fn fields<K>(&self, item: StorageItem, keys: K) -> Result<Option<Fields>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
    {
        let found = self.stored(item, keys).await?;
        found.map(|found| found.fields(item, self)).transpose()
    }

    async fn stored<K>(&self, item: StorageItem, keys: K) -> Result<Option<StoredValue>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
    {
        let address = dynamic::storage::<K, Value>(item.owner(), item.name());
        let storage = self.at.storage();
        let entry = storage.entry(address).map_err(ChainError::from_subxt)?;
        if let Some(witness) = &self.witness {
            let key = entry.fetch_key(keys).map_err(ChainError::from_subxt)?;
            let proven = witness.values(self.hash(), &[key]).await?.pop().flatten();
            let type_id = self.value_type(item)?;
            return Ok(proven.map(|bytes| StoredValue { bytes, type_id }));
        }
        let found = entry.try_fetch(keys).await.map_err(ChainError::from_subxt)?;
        Ok(found
            .map(|found| StoredValue { bytes: found.bytes().to_vec(), type_id: found.type_id() }))
    }

    /// The keys under `prefix` of a map, with their encoded values.
    ///
    /// A witness shows that they are there, not that there are no others.
    async fn entries<K, P>(
        &self,
        item: StorageItem,
        prefix: P,
    ) -> Result<Vec<(K, StoredValue)>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
        P: PrefixOf<K>,
    {
        let address = dynamic::storage::<K, Value>(item.owner(), item.name());
        let storage = self.at.storage();
        let entry = storage.entry(address).map_err(ChainError::from_subxt)?;
        let mut found = entry.iter(prefix).await.map_err(ChainError::from_subxt)?;
        let (mut all, mut whole_keys) = (Vec::new(), Vec::new());
        while let Some(next) = found.next().await {
            let next = next.map_err(ChainError::from_subxt)?;
            if self.witness.is_some() && !next.key_bytes().starts_with(&entry.key_prefix()) {
                return Err(ChainError::decode(item, "a key is of another list"));
            }
            whole_keys.push(next.key_bytes().to_vec());
            let key = next.key().and_then(|key| key.decode());
            let key = key.map_err(|error| ChainError::decode(item, error))?;
            let value = next.value();
            let value = StoredValue { bytes: value.bytes().to_vec(), type_id: value.type_id() };
            all.push((key, value));
        }
        if let Some(witness) = &self.witness {
            let proven = witness.values(self.hash(), &whole_keys).await?;
            for ((_, value), proven) in all.iter_mut().zip(proven) {
                let invented = || ChainError::decode(item, "the node lists what is not there");
                value.bytes = proven.ok_or_else(invented)?;
            }
        }
        Ok(all)
    }
}

/// A storage value that is still encoded.
struct StoredValue {
    bytes: Vec<u8>,
    type_id: u32,
}

impl StoredValue {
    fn fields(&self, item: StorageItem, view: &View) -> Result<Fields, ChainError> {
        Fields::decode(&self.bytes, self.type_id, view.metadata(), item)
    }
}
