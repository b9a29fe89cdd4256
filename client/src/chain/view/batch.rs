//! Reading many values, or the keys of a list, with few requests.
//!
//! One request for each value takes a round trip each: a list of a hundred thousand takes minutes.

use std::collections::BTreeMap;

use futures::{stream, StreamExt, TryStreamExt};
use medchain_primitives::RequestId;
use subxt::{
    dynamic,
    ext::{
        frame_decode::storage::{IntoDecodableValues, IntoEncodableValues},
        scale_value::Value,
    },
    storage::PrefixOf,
};

use super::{StoredValue, View};
use crate::chain::{items::StorageItem, ChainError};

/// How many keys a request names. A node answers at most a thousand keys of a list, or fewer where
/// its operator says so, and 15 MiB.
const KEYS: usize = 1_000;
/// How many requests are on their way at once.
const AT_ONCE: usize = 4;

impl View {
    /// The values under many keys of a map, in the order of the keys.
    pub(super) async fn stored_each<K>(
        &self,
        item: StorageItem,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Vec<Option<StoredValue>>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
    {
        let address = dynamic::storage::<K, Value>(item.owner(), item.name());
        let storage = self.at.storage();
        let entry = storage.entry(address).map_err(ChainError::from_subxt)?;
        let keys: Result<Vec<Vec<u8>>, _> =
            keys.into_iter().map(|key| entry.fetch_key(key)).collect();
        let keys = keys.map_err(ChainError::from_subxt)?;
        let type_id = self.value_type(item)?;
        if let Some(witness) = &self.witness {
            let proven = witness.values(self.hash(), &keys).await?.into_iter();
            let values = proven.map(|bytes| bytes.map(|bytes| StoredValue { bytes, type_id }));
            return Ok(values.collect());
        }
        let chunks: Vec<Vec<Vec<u8>>> = keys.chunks(KEYS).map(<[_]>::to_vec).collect();
        let read = chunks.into_iter().map(|keys| self.stored_bytes(item, keys));
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        let values = read.into_iter().flatten();
        Ok(values.map(|bytes| bytes.map(|bytes| StoredValue { bytes, type_id })).collect())
    }

    async fn stored_bytes(
        &self,
        item: StorageItem,
        keys: Vec<Vec<u8>>,
    ) -> Result<Vec<Option<Vec<u8>>>, ChainError> {
        let asked: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let answer = self.rpc.state_query_storage_at(asked, Some(self.hash())).await;
        let answer = answer.map_err(|error| ChainError::from_rpc(&error))?;
        let changes = answer.into_iter().flat_map(|set| set.changes);
        // A node names a key once, even if it is asked for twice.
        let values: BTreeMap<_, _> =
            changes.map(|(key, value)| (key.0, value.map(|value| value.0))).collect();
        let values = keys.iter().map(|key| {
            // Left out, a value would seem to be absent.
            let left_out = || ChainError::decode(item, "the node did not answer for every key");
            values.get(key).cloned().ok_or_else(left_out)
        });
        values.collect()
    }

    /// The numbers of requests with which the keys under `prefix` of a map end, in order. No value
    /// is read.
    pub(super) async fn request_ids<K, P>(
        &self,
        item: StorageItem,
        prefix: P,
    ) -> Result<Vec<RequestId>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
        P: PrefixOf<K>,
    {
        let ids = self.listed::<1, K, P>(item, prefix).await?;
        Ok(ids.into_iter().map(|[id]| RequestId(id)).collect())
    }

    /// The `N` numbers with which each key under `prefix` of a map ends, in order. No value is
    /// read.
    pub(super) async fn listed<const N: usize, K, P>(
        &self,
        item: StorageItem,
        prefix: P,
    ) -> Result<Vec<[u64; N]>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues,
        P: PrefixOf<K>,
    {
        self.ensure_believed(format_args!("that a list of {item} is complete"))?;
        let address = dynamic::storage::<K, Value>(item.owner(), item.name());
        let storage = self.at.storage();
        let entry = storage.entry(address).map_err(ChainError::from_subxt)?;
        let prefix = entry.iter_key(prefix).map_err(ChainError::from_subxt)?;
        let (mut all, mut last) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let start = last.as_deref();
            let page =
                self.rpc.state_get_keys_paged(&prefix, KEYS as u32, start, Some(self.hash())).await;
            let page = page.map_err(|error| ChainError::from_rpc(&error))?;
            for key in &page {
                // A node that answers in circles must not be asked for ever, and what it leaves out
                // must not seem to be absent.
                if last.as_ref().is_some_and(|last| last >= key) {
                    return Err(ChainError::decode(item, "the node answers keys out of order"));
                }
                all.push(numbers(item, &prefix, key)?);
                last = Some(key.clone());
            }
            // Only an empty page is the end: a node may answer fewer keys than it was asked for.
            if page.is_empty() {
                break;
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    pub(super) fn value_type(&self, item: StorageItem) -> Result<u32, ChainError> {
        let pallet = self.metadata().pallet_by_name(item.owner());
        let entry = pallet.and_then(|pallet| pallet.storage()?.entry_by_name(item.name()));
        let entry =
            entry.ok_or_else(|| ChainError::decode(item, "the runtime does not have it"))?;
        Ok(entry.value_ty())
    }
}

/// The numbers with which a key under `prefix` ends.
fn numbers<const N: usize>(
    item: StorageItem,
    prefix: &[u8],
    key: &[u8],
) -> Result<[u64; N], ChainError> {
    let rest = key.strip_prefix(prefix);
    let mut rest = rest.ok_or_else(|| ChainError::decode(item, "a key is of another list"))?;
    let too_short = || ChainError::decode(item, "a key is too short");
    let mut all = [0; N];
    for number in &mut all {
        // `Twox64Concat`: a hash of eight bytes, then the number itself.
        let (_, after_hash) = rest.split_first_chunk::<8>().ok_or_else(too_short)?;
        let (bytes, after) = after_hash.split_first_chunk::<8>().ok_or_else(too_short)?;
        *number = u64::from_le_bytes(*bytes);
        rest = after;
    }
    match rest {
        [] => Ok(all),
        _ => Err(ChainError::decode(item, "a key is too long")),
    }
}
