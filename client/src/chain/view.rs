//! Reading state, all of it at one block.

mod custody;
mod deposits;
mod emr;
mod inference;

use codec::{Decode, DecodeAll, Encode};
use subxt::{
    config::polkadot::PolkadotConfig,
    dynamic,
    ext::{
        frame_decode::storage::{IntoDecodableValues, IntoEncodableValues},
        scale_decode::DecodeAsType,
        scale_value::Value,
    },
    storage::PrefixOf,
    Metadata, OnlineClientAtBlock,
};

use super::{event, fields::Fields, Balance, ChainError, ChainEvent};
use crate::{AccountId32, H256};

/// The chain at one block. Two reads through one view never contradict each
/// other.
#[derive(Clone)]
pub struct View {
    pub(super) at: OnlineClientAtBlock<PolkadotConfig>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({}, {:?})", self.number(), self.hash())
    }
}

impl View {
    pub(super) fn new(at: OnlineClientAtBlock<PolkadotConfig>) -> Self {
        Self { at }
    }

    /// The block's height.
    pub fn number(&self) -> u32 {
        u32::try_from(self.at.block_number()).unwrap_or(u32::MAX)
    }

    /// The block's hash.
    pub fn hash(&self) -> H256 {
        self.at.block_hash()
    }

    /// The version of the runtime that the block was made with.
    pub fn spec_version(&self) -> u32 {
        self.at.spec_version()
    }

    pub(super) fn metadata(&self) -> &Metadata {
        self.at.metadata_ref()
    }

    /// What an account has; nothing where it does not exist.
    pub async fn balance(&self, account: &AccountId32) -> Result<Balance, ChainError> {
        let Some(info) = self.fields("System", "Account", (*account,)).await? else {
            return Ok(Balance::default());
        };
        // free, reserved, frozen, flags
        let data: (u128, u128, u128, u128) = info.get("System.Account", "data")?;
        Ok(Balance { free: data.0, reserved: data.1, frozen: data.2 })
    }

    /// How many transactions of an account are in blocks.
    pub async fn nonce(&self, account: &AccountId32) -> Result<u64, ChainError> {
        let info = self.fields("System", "Account", (*account,)).await?;
        let nonce = info.map(|info| info.get::<u32>("System.Account", "nonce"));
        Ok(nonce.transpose()?.unwrap_or_default().into())
    }

    /// The block's time in milliseconds since 1970.
    pub async fn timestamp(&self) -> Result<u64, ChainError> {
        let now = self.value("Timestamp", "Now", ()).await?;
        Ok(now.unwrap_or_default())
    }

    /// Who may use [`super::Call::Sudo`].
    pub async fn sudo_key(&self) -> Result<Option<AccountId32>, ChainError> {
        self.value("Sudo", "Key", ()).await
    }

    /// What happened in the block, in order.
    pub async fn events(&self) -> Result<Vec<ChainEvent>, ChainError> {
        Ok(self.numbered_events().await?.into_iter().map(|(_, event)| event).collect())
    }

    /// The events, each with the index of the extrinsic that caused it.
    pub(super) async fn numbered_events(
        &self,
    ) -> Result<Vec<(Option<u32>, ChainEvent)>, ChainError> {
        let events = self.at.events().fetch().await.map_err(ChainError::from_subxt)?;
        let mut all = Vec::new();
        for event in events.iter() {
            let event = event.map_err(ChainError::from_subxt)?;
            all.push((event::extrinsic_of(&event), event::read(&event, self.metadata())?));
        }
        Ok(all)
    }

    /// Calls a runtime API with encoded arguments and decodes the answer.
    pub(super) async fn runtime_api<T: Decode>(
        &self,
        function: &str,
        arguments: &impl Encode,
    ) -> Result<T, ChainError> {
        let bytes = self.runtime_api_bytes(function, arguments).await?;
        T::decode(&mut bytes.as_slice()).map_err(|error| ChainError::decode(function, error))
    }

    pub(super) async fn runtime_api_bytes(
        &self,
        function: &str,
        arguments: &impl Encode,
    ) -> Result<Vec<u8>, ChainError> {
        self.at
            .runtime_apis()
            .call_raw(function, Some(&arguments.encode()))
            .await
            .map_err(ChainError::from_subxt)
    }

    /// Whether this runtime has such a storage item.
    fn has(&self, pallet: &str, entry: &str) -> bool {
        self.metadata()
            .pallet_by_name(pallet)
            .and_then(|pallet| pallet.storage())
            .is_some_and(|storage| storage.entry_by_name(entry).is_some())
    }

    /// A storage value that is not a struct with named fields.
    async fn value<K, T>(&self, pallet: &str, entry: &str, keys: K) -> Result<Option<T>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
        T: DecodeAll,
    {
        let address = dynamic::storage::<K, Value>(pallet, entry);
        let storage = self.at.storage();
        let entry_at = storage.entry(address).map_err(ChainError::from_subxt)?;
        let found = entry_at.try_fetch(keys).await;
        let Some(found) = found.map_err(ChainError::from_subxt)? else {
            return Ok(None);
        };
        T::decode_all(&mut found.bytes())
            .map(Some)
            .map_err(|error| ChainError::decode(format!("{pallet}.{entry}"), error))
    }

    /// A storage value that is a struct.
    async fn fields<K>(
        &self,
        pallet: &str,
        entry: &str,
        keys: K,
    ) -> Result<Option<Fields>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
    {
        let address = dynamic::storage::<K, Value>(pallet, entry);
        let storage = self.at.storage();
        let entry_at = storage.entry(address).map_err(ChainError::from_subxt)?;
        let found = entry_at.try_fetch(keys).await;
        let Some(found) = found.map_err(ChainError::from_subxt)? else {
            return Ok(None);
        };
        let fields = decode_fields(found.bytes(), found.type_id(), self.metadata());
        fields.map(Some).map_err(|reason| ChainError::decode(format!("{pallet}.{entry}"), reason))
    }

    /// The keys under `prefix` of a map, with their encoded values.
    async fn entries<K, P>(
        &self,
        pallet: &str,
        entry: &str,
        prefix: P,
    ) -> Result<Vec<(K, StoredValue)>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
        P: PrefixOf<K>,
    {
        let address = dynamic::storage::<K, Value>(pallet, entry);
        let storage = self.at.storage();
        let entry_at = storage.entry(address).map_err(ChainError::from_subxt)?;
        let found = entry_at.iter(prefix).await;
        let mut found = found.map_err(ChainError::from_subxt)?;
        let mut all = Vec::new();
        while let Some(next) = found.next().await {
            let next = next.map_err(ChainError::from_subxt)?;
            let key = next.key().and_then(|key| key.decode());
            let key =
                key.map_err(|error| ChainError::decode(format!("{pallet}.{entry}"), error))?;
            all.push((
                key,
                StoredValue {
                    bytes: next.value().bytes().to_vec(),
                    type_id: next.value().type_id(),
                },
            ));
        }
        Ok(all)
    }
}

/// A value of a map.
struct StoredValue {
    bytes: Vec<u8>,
    type_id: u32,
}

impl StoredValue {
    fn fields(&self, what: &str, view: &View) -> Result<Fields, ChainError> {
        decode_fields(&self.bytes, self.type_id, view.metadata())
            .map_err(|reason| ChainError::decode(what, reason))
    }
}

fn decode_fields(bytes: &[u8], type_id: u32, metadata: &Metadata) -> Result<Fields, String> {
    let mut rest = bytes;
    let fields = Fields::decode_as_type(&mut rest, type_id, metadata.types())
        .map_err(|error| error.to_string())?;
    if rest.is_empty() {
        Ok(fields)
    } else {
        Err(format!("{} bytes are left over", rest.len()))
    }
}
