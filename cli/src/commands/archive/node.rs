//! The chain of a running archive.

use anyhow::Result;
use medchain_client::{
    chain::{BlockLogs, Call, Chain, ChainEvent, LogHead},
    AccountId32, H256,
};
use medchain_primitives::{Cid, EncryptionKey};

use crate::{archive::ChainLogs, context::Context, signing::ensure_event, trust};

/// A node, and the account that signs.
pub struct Node<'a> {
    pub context: &'a Context,
    pub chain: &'a Chain,
}

impl ChainLogs for Node<'_> {
    async fn logs_in(&self, number: u32) -> Result<BlockLogs> {
        Ok(self.chain.logs_in(number).await?)
    }

    async fn patient_of(&self, topic: H256, number: u32) -> Result<Option<AccountId32>> {
        Ok(self.chain.patient_of_topic(topic, number).await?)
    }

    async fn head_after(&self, patient: &AccountId32, number: u32) -> Result<LogHead<u32>> {
        Ok(self.chain.log_head_after(patient, number).await?)
    }

    async fn metadata_of(&self, number: u32) -> Result<Vec<u8>> {
        Ok(self.chain.metadata_of(number).await?)
    }

    async fn key_of(&self, account: &AccountId32) -> Result<Option<EncryptionKey>> {
        let view = match trust::witnessed(self.context).await? {
            Some(proven) => proven,
            None => self.chain.finalised().await?,
        };
        Ok(view.encryption_key(account).await?)
    }

    async fn key_at(&self, account: &AccountId32, number: u32) -> Result<Option<EncryptionKey>> {
        Ok(self.chain.encryption_key_after(account, number).await?)
    }

    async fn name(&self, index: &Cid) -> Result<bool> {
        let account = self.context.account()?;
        let named = self.context.view().await?.log_archive(&account).await?;
        if named.is_some_and(|archive| archive.cid == *index) {
            return Ok(false);
        }
        let purpose = "name the newest index of the archive";
        let call = Call::SetLogArchive { cid: index.clone() };
        self.context.ensure_can_ask()?;
        self.context.confirm(&call, purpose).await?;
        // Not in the journal, which is beside the key, where a service cannot write: whatever
        // becomes of it, the next run looks up above.
        let finality = self.context.finality;
        let outcome = self.context.send_noted(&call, purpose, finality, &mut |_| Ok(())).await?;
        ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::LogArchiveSet { .. }))?;
        Ok(true)
    }
}
