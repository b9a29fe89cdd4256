//! The council and the ethics committee, their motions, and the calls that root will make.

use medchain_primitives::{ChangeId, MIN_ETHICS_MEMBERS};
use subxt::{ext::scale_value::scale::decode_as_type, utils::Static, Metadata};

use super::{StoredValue, View};
use crate::{
    chain::{items::StorageItem, Body, ChainError, Change, OpenMotion},
    contract::{read_value, Decoded},
    AccountId32, H256,
};

impl View {
    /// The members of a body, who can vote.
    pub async fn members(&self, body: Body) -> Result<Vec<AccountId32>, ChainError> {
        Ok(self.value(body.members(), ()).await?.unwrap_or_default())
    }

    /// Whoever is appointed to the ethics committee. The seat of a member who sits in the council as
    /// well rests, so there are fewer in [`Self::members`] then.
    pub async fn appointed_to_ethics(&self) -> Result<Vec<AccountId32>, ChainError> {
        Ok(self.value(StorageItem::ETHICS_APPOINTED, ()).await?.unwrap_or_default())
    }

    /// The body that judges emergencies: the council, while the ethics committee is too small.
    pub async fn judges(&self) -> Result<Body, ChainError> {
        let members = self.members(Body::Ethics).await?.len();
        Ok(if members < MIN_ETHICS_MEMBERS as usize { Body::Council } else { Body::Ethics })
    }

    /// The motions that members of a body can vote on, in the order of their numbers.
    pub async fn motions(&self, body: Body) -> Result<Vec<OpenMotion>, ChainError> {
        let hashes: Option<Vec<H256>> = self.value(body.proposals(), ()).await?;
        let mut motions = Vec::new();
        for hash in hashes.unwrap_or_default() {
            let Some(votes) = self.fields(body.voting(), (hash,)).await? else {
                continue;
            };
            let call = self.stored(body.proposal_of(), (hash,)).await?;
            let call = call.map(|call| call.bytes).unwrap_or_default();
            let (call, arguments) = read_call(self.metadata(), &call);
            motions.push(OpenMotion {
                hash,
                index: votes.get("index")?,
                threshold: votes.get("threshold")?,
                ayes: votes.get("ayes")?,
                nays: votes.get("nays")?,
                end: votes.get("end")?,
                call,
                arguments,
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
            let (call, arguments) = read_call(self.metadata(), fields.raw("call")?);
            Ok(Change {
                id: id.0,
                call,
                arguments,
                enactable_at: fields.get("enactable_at")?,
                expires_at: fields.get("expires_at")?,
            })
        };
        let mut found: Vec<Change> =
            entries.into_iter().map(change).collect::<Result<_, ChainError>>()?;
        found.sort_unstable_by_key(|one| one.id);
        Ok(found)
    }
}

/// The name of an encoded call, such as `Emr.announce_default_policy`, and its arguments, where the
/// metadata has it.
pub(in crate::chain) fn read_call(metadata: &Metadata, bytes: &[u8]) -> (String, Option<Decoded>) {
    let found = match bytes {
        [pallet, call, ..] => metadata.pallet_by_call_index(*pallet).and_then(|pallet| {
            let variant = pallet.call_variant_by_index(*call)?;
            Some(format!("{}.{}", pallet.name(), variant.name))
        }),
        _ => None,
    };
    let Some(name) = found else { return ("unknown".to_owned(), None) };
    let (types, mut rest) = (metadata.types(), bytes);
    let value = decode_as_type(&mut rest, metadata.outer_enums().call_enum_ty(), types).ok();
    // Bytes that are left over would be of another call than the one that is shown.
    let value = value.filter(|_| rest.is_empty());
    (name, value.and_then(|value| arguments(read_value(&value, types))))
}

/// What is in the variant of a call in that of its pallet.
fn arguments(call: Decoded) -> Option<Decoded> {
    let Decoded::Variant(_, of_pallet) = call else { return None };
    let Decoded::Tuple(mut all) = *of_pallet else { return None };
    match all.pop() {
        Some(Decoded::Variant(_, arguments)) => Some(*arguments),
        _ => None,
    }
}
