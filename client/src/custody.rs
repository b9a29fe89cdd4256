//! Content keys among custodians: what `medchain-sharing` does with what the chain stores.
//!
//! A dealer [`entrust`]s a key, custodians [`deliver`] their shares to a reader, and the
//! reader [`recover`]s the key. The chain has verified every dealing and delivery that it
//! stores, so nothing is verified again here: whoever reads them trusts the node, or the two
//! nodes of [`Chain::witnessed`](crate::chain::Chain::witnessed).

pub use medchain_sharing::{
    CustodianKey, CustodianSecret, Dealing, DealingId, Delivery, DeliveryProof, EncryptedShare,
    Entrustment, EphemeralKey, KeyProof, ReplyKey, ReplySecret, SharingError, VerifiedDealing,
    VerifiedDelivery, WrappedKey,
};

use medchain_primitives::{Cid, RecordId};
use medchain_sharing::{Custodians, DealingContext, DeliveryContext, KeyContext, Recovery};
use rand_core::OsRng;

use crate::{
    chain::{AccessGrant, Call, CustodianGroup, Custody, Record},
    crypto::{ContentKey, CryptoError},
    keys::Identity,
    AccountId32, H256,
};

/// What a dealing is made for. With other names the chain refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DealingName<'a> {
    /// The hash of the chain's first block.
    pub genesis: H256,
    /// The patient.
    pub patient: &'a AccountId32,
    /// The account that signs the call with the dealing.
    pub dealer: &'a AccountId32,
    /// The encrypted content.
    pub cid: &'a Cid,
}

impl DealingName<'_> {
    fn context(self) -> DealingContext<AccountId32> {
        let Self { genesis, patient, dealer, cid } = self;
        let (patient, dealer, cid) = (*patient, *dealer, cid.clone());
        DealingContext { genesis: genesis.0, patient, dealer, cid }
    }
}

/// The request that a share is delivered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The record.
    pub record: RecordId,
    /// The account granted access.
    pub subject: AccountId32,
    /// Its key for this request.
    pub reply: ReplyKey,
}

impl From<&AccessGrant> for Granted {
    fn from(grant: &AccessGrant) -> Self {
        Self { record: grant.record, subject: grant.subject, reply: grant.reply }
    }
}

/// The call that registers this identity's account as a custodian: with its key, and the
/// proof that it knows the secret.
///
/// # Errors
/// [`CryptoError::Sharing`] for the one secret in 2^252 that gives no key.
pub fn registration(identity: &Identity, genesis: H256) -> Result<Call, CryptoError> {
    let context = KeyContext { genesis: genesis.0, custodian: identity.account() };
    let proof = identity.custodian_secret().prove(&context, &mut OsRng)?;
    Ok(Call::RegisterCustodian { key: identity.custodian_key(), proof })
}

/// Shares a content key among a patient's custodians.
///
/// # Errors
/// [`CryptoError::Sharing`] where the chain has no such group.
pub fn entrust(
    key: &ContentKey,
    group: &CustodianGroup,
    name: &DealingName<'_>,
) -> Result<Entrustment, CryptoError> {
    let keys = keys_of(&group.members);
    let custodians = Custodians { threshold: group.threshold, keys: &keys };
    let context = name.context();
    let dealing = medchain_sharing::deal(key.as_bytes(), &custodians, &context, &mut OsRng)?;
    Ok(Entrustment { threshold: group.threshold, dealing })
}

/// Encrypts the share that `me` keeps of a record's key to the reply key of a request.
///
/// # Errors
/// [`SharingError::ShareNotFound`] where `me` keeps none, [`SharingError::KeyMismatch`] where
/// the secret does not belong to the key that is registered for `me`.
pub fn deliver(
    secret: &CustodianSecret,
    me: &AccountId32,
    genesis: H256,
    custody: &Custody,
    granted: &Granted,
) -> Result<Delivery, CryptoError> {
    let number = custody.number_of(me).ok_or(SharingError::ShareNotFound)?;
    let key = custody.key_of(me).ok_or(SharingError::ShareNotFound)?;
    let share = custody.dealing.share(number, key)?;
    let Granted { record, subject, reply } = *granted;
    let context = DeliveryContext { genesis: genesis.0, record, custodian: *me, subject, reply };
    Ok(medchain_sharing::deliver(secret, &share, &context, &mut OsRng)?)
}

/// Recovers a record's content key from the shares that were delivered for a grant.
///
/// Whether it is the key of the content, only the content tells: a dealer can wrap another.
///
/// # Errors
/// [`SharingError::KeyMismatch`] where `reply` is the secret of another request,
/// [`SharingError::SharesMissing`] while there are too few,
/// [`SharingError::InvalidWrappedKey`] where the dealer cheated.
pub fn recover(
    genesis: H256,
    record: &Record,
    custody: &Custody,
    grant: &AccessGrant,
    reply: &ReplySecret,
) -> Result<ContentKey, CryptoError> {
    if reply.public() != grant.reply {
        return Err(SharingError::KeyMismatch.into());
    }
    // Of an erased record, the chain has neither shares nor what they were bound to.
    let cid = record.cid().ok_or(SharingError::SharesMissing)?;
    let name = DealingName { genesis, patient: &record.patient, dealer: &custody.dealer, cid };
    let keys = keys_of(&custody.custodians);
    let custodians = Custodians { threshold: custody.threshold, keys: &keys };
    let context = name.context();
    let mut recovery = Recovery::new(&custody.dealing, &custodians, &context)?;
    for (number, delivery) in &grant.deliveries {
        recovery.add(*number, delivery, reply)?;
    }
    Ok(ContentKey::from_bytes(*recovery.content_key()?))
}

fn keys_of(custodians: &[(AccountId32, CustodianKey)]) -> Vec<CustodianKey> {
    custodians.iter().map(|(_, key)| *key).collect()
}

#[cfg(test)]
mod tests;
