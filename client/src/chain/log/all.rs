//! The logs of all patients, a block at a time: for whoever keeps their entries.

use std::collections::BTreeMap;

use codec::{Decode, DecodeAll, Encode};
use medchain_primitives::{log_topic, EncryptionKey, LogHead};

use super::{account, decoded, entries, milliseconds, LoggedBlock, LoggedEntry};
use crate::{
    chain::{
        compat::Needs, event, history::is_pruned, items::StorageItem, proof::keys, Chain,
        ChainError,
    },
    AccountId32, H256,
};

/// How many keys of patients are requested at once.
const KEYS_PAGE: u32 = 256;
/// The version of the metadata that is requested of a runtime.
const METADATA_VERSION: u32 = 15;
/// The method that gives it.
const METADATA: &str = "Metadata_metadata_at_version";

/// The entries of all logs in one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockLogs {
    /// Its height.
    pub number: u32,
    /// The version of the runtime that executed it.
    pub runtime: u32,
    /// The entries of each log, by its topic.
    pub logs: BTreeMap<H256, LoggedBlock>,
}

impl Chain {
    /// The entries of all logs in a final block.
    ///
    /// Errors: [`ChainError::StatePruned`], [`ChainError::UnreadableBlocks`].
    pub async fn logs_in(&self, number: u32) -> Result<BlockLogs, ChainError> {
        let hash = self.existing(number).await?;
        let events = match self.raw(&keys::events(), hash).await {
            Err(ChainError::Node { message, .. }) if is_pruned(&message) => {
                let first = self.first_with_state(number, number).await?;
                return Err(ChainError::StatePruned { block: number, first });
            }
            events => events?.unwrap_or_default(),
        };
        let header = self.header(hash).await?;
        let view = self.view(hash, &header, Needs::History).await?;
        let runtime = view.executed_by()?;
        let events = runtime.events().from_bytes(events);
        let found = entries::by_topic(&events)?;
        let mut block =
            BlockLogs { number, runtime: runtime.spec_version(), logs: BTreeMap::new() };
        if found.is_empty() {
            return Ok(block);
        }
        let signers = event::signers(&events, runtime.metadata_ref())?;
        let (time, default) = (keys::timestamp(), keys::default_policy());
        let (time, default) = futures::try_join!(self.raw(&time, hash), self.raw(&default, hash))?;
        let default_policy =
            default.map(|bytes| account(StorageItem::DEFAULT_POLICY, &bytes)).transpose()?;
        let time = milliseconds(time)?;
        let signed = |entry: LoggedEntry| {
            let signer = entry.extrinsic.and_then(|index| signers.get(&index).copied());
            LoggedEntry { signer, ..entry }
        };
        block.logs = found
            .into_iter()
            .map(|(topic, entries)| {
                let entries = entries.into_iter().map(signed).collect();
                (topic, LoggedBlock { number, hash: hash.0, time, default_policy, entries })
            })
            .collect();
        Ok(block)
    }

    /// The end of a patient's log after a block, by the node's word.
    ///
    /// Errors: [`ChainError::Node`] where the node has discarded the state.
    pub async fn log_head_after(
        &self,
        patient: &AccountId32,
        number: u32,
    ) -> Result<LogHead<u32>, ChainError> {
        let hash = self.existing(number).await?;
        decoded(self.raw(&keys::log(patient), hash).await?)
    }

    /// The encryption key that an account had after a block, by the node's word.
    ///
    /// Errors: [`ChainError::Node`] where the node has discarded the state.
    pub async fn encryption_key_after(
        &self,
        account: &AccountId32,
        number: u32,
    ) -> Result<Option<EncryptionKey>, ChainError> {
        let hash = self.existing(number).await?;
        let bytes = self.raw(&keys::encryption_key(account), hash).await?;
        let key = bytes.map(|bytes| EncryptionKey::decode_all(&mut bytes.as_slice()));
        key.transpose().map_err(|error| ChainError::decode(StorageItem::ENCRYPTION_KEYS, error))
    }

    /// The patient whose log has a topic, of those who have one after a block.
    ///
    /// It reads the keys of all logs, a page at a time.
    pub async fn patient_of_topic(
        &self,
        topic: H256,
        number: u32,
    ) -> Result<Option<AccountId32>, ChainError> {
        let hash = self.existing(number).await?;
        let prefix = keys::logs();
        let mut last: Option<Vec<u8>> = None;
        loop {
            let rpc = &self.inner.rpc;
            let page = rpc.state_get_keys_paged(&prefix, KEYS_PAGE, last.as_deref(), Some(hash));
            let page = self.rpc(page).await?;
            // An account is the end of its key.
            let patients = page.iter().filter_map(|key| key.last_chunk().copied());
            let found = patients.map(AccountId32).find(|patient| log_topic(&patient.0) == topic.0);
            if found.is_some() {
                return Ok(found);
            }
            match page.into_iter().next_back() {
                // Pages go on, so this ends.
                Some(key) if last.as_ref().is_none_or(|last| *last < key) => last = Some(key),
                _ => return Ok(None),
            }
        }
    }

    /// The metadata of the runtime that executed a block, for [`super::PastRuntime`].
    ///
    /// Errors: [`ChainError::Decode`] where the runtime has none of the version that is read.
    pub async fn metadata_of(&self, number: u32) -> Result<Vec<u8>, ChainError> {
        let hash = self.existing(number).await?;
        let header = self.header(hash).await?;
        let view = self.view(hash, &header, Needs::History).await?;
        let at = view.executed_by()?.block_hash();
        let version = METADATA_VERSION.encode();
        let bytes = self.rpc(self.inner.rpc.state_call(METADATA, Some(&version), Some(at))).await?;
        let metadata = Option::<Vec<u8>>::decode(&mut bytes.as_slice());
        let metadata = metadata.map_err(|error| ChainError::decode(METADATA, error))?;
        metadata.ok_or_else(|| {
            ChainError::decode(METADATA, format!("the runtime has no version {METADATA_VERSION}"))
        })
    }
}
