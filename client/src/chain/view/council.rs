//! The council, its motions, and the calls that root will make.

use medchain_primitives::ChangeId;
use subxt::utils::Static;

use super::{StoredValue, View};
use crate::{
    chain::{items::StorageItem, ChainError, Change, OpenMotion},
    AccountId32, H256,
};

impl View {
    /// The members of the council.
    pub async fn council(&self) -> Result<Vec<AccountId32>, ChainError> {
        Ok(self.value(StorageItem::COUNCIL_MEMBERS, ()).await?.unwrap_or_default())
    }

    /// The motions that members can vote on, in the order of their numbers.
    pub async fn motions(&self) -> Result<Vec<OpenMotion>, ChainError> {
        let hashes: Option<Vec<H256>> = self.value(StorageItem::COUNCIL_PROPOSALS, ()).await?;
        let mut motions = Vec::new();
        for hash in hashes.unwrap_or_default() {
            let Some(votes) = self.fields(StorageItem::COUNCIL_VOTING, (hash,)).await? else {
                continue;
            };
            let call = self.stored(StorageItem::COUNCIL_PROPOSAL_OF, (hash,)).await?;
            let call = call.map(|call| call.bytes).unwrap_or_default();
            motions.push(OpenMotion {
                hash,
                index: votes.get("index")?,
                threshold: votes.get("threshold")?,
                ayes: votes.get("ayes")?,
                nays: votes.get("nays")?,
                end: votes.get("end")?,
                call: self.name_of_call(&call),
            });
        }
        motions.sort_unstable_by_key(|motion| motion.index);
        Ok(motions)
    }

    /// The calls that root will make, in the order of their numbers.
    pub async fn changes(&self) -> Result<Vec<Change>, ChainError> {
        let entries = self.entries::<(Static<ChangeId>,), _>(StorageItem::CHANGES, ()).await?;
        let change = |((id,), value): ((Static<ChangeId>,), StoredValue)| {
            let fields = value.fields(StorageItem::CHANGES, self)?;
            Ok(Change {
                id: id.0,
                call: self.name_of_call(fields.raw("call")?),
                enactable_at: fields.get("enactable_at")?,
                expires_at: fields.get("expires_at")?,
            })
        };
        let mut found: Vec<Change> =
            entries.into_iter().map(change).collect::<Result<_, ChainError>>()?;
        found.sort_unstable_by_key(|one| one.id);
        Ok(found)
    }

    /// The name of an encoded call, such as `Emr.announce_default_policy`.
    fn name_of_call(&self, bytes: &[u8]) -> String {
        let [pallet, call, ..] = bytes else { return "unknown".to_owned() };
        let found = self.metadata().pallet_by_call_index(*pallet).and_then(|pallet| {
            let variant = pallet.call_variant_by_index(*call)?;
            Some(format!("{}.{}", pallet.name(), variant.name))
        });
        found.unwrap_or_else(|| "unknown".to_owned())
    }
}
