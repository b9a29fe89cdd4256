//! Custodians with real keys, dealings that they share, and deliveries that the chain verifies.

use frame_support::{dispatch::DispatchResultWithPostInfo, traits::Hooks, weights::Weight};
use medchain_primitives::Purpose;
use medchain_sharing::{
    deal, deliver, CustodianKey, CustodianSecret, Custodians, DealingContext, Delivery,
    DeliveryContext, DeliveryProof, EncryptedShare, Entrustment, EphemeralKey, KeyContext,
    KeyProof, Recovery, ReplyKey, ReplySecret,
};
use rand_core::OsRng;
use sp_runtime::{BoundedVec, DispatchResult};

use super::*;

/// The content key of every record.
pub const CONTENT_KEY: [u8; 32] = *b"a key of thirty-two random bytes";

pub fn signed(who: Sr25519Keyring) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.to_account_id())
}

/// The hash of the chain's first block.
pub fn genesis() -> [u8; 32] {
    System::block_hash(0).0
}

/// The secret that an account shares keys with, the same in all tests.
pub fn secret_of(who: Sr25519Keyring) -> CustodianSecret {
    CustodianSecret::from_seed(who.to_account_id().as_ref())
}

/// The secret of an account's requests, the same for all of them.
pub fn reply_of(who: Sr25519Keyring) -> ReplySecret {
    ReplySecret::from_seed(who.to_account_id().as_ref())
}

/// The reply key of an account's requests.
pub fn reply_key_of(who: Sr25519Keyring) -> ReplyKey {
    reply_of(who).public()
}

/// Proves that the account knows the secret of its key.
pub fn key_proof_of(who: Sr25519Keyring) -> KeyProof {
    let context = KeyContext { genesis: genesis(), custodian: who.to_account_id() };
    secret_of(who).prove(&context, &mut OsRng).expect("the key is a point")
}

/// Registers an account that has the role.
pub fn register_custodian(who: Sr25519Keyring) {
    let key = secret_of(who).public();
    assert_ok!(Custody::register_custodian(signed(who), key, key_proof_of(who)));
}

/// Appoints and registers custodians, and has the patient choose them.
pub fn choose_custodians(members: &[Sr25519Keyring], threshold: u8) {
    for who in members {
        appoint(*who, Role::Custodian);
        register_custodian(*who);
    }
    set_custodians(members, threshold).expect("the patient may");
}

/// Has the patient choose custodians who are registered.
pub fn set_custodians(members: &[Sr25519Keyring], threshold: u8) -> DispatchResult {
    set_custodians_as(PATIENT, members, threshold)
}

/// Chooses custodians as this account.
pub fn set_custodians_as(
    who: Sr25519Keyring,
    members: &[Sr25519Keyring],
    threshold: u8,
) -> DispatchResult {
    let members = members.iter().map(|who| who.to_account_id()).collect();
    Custody::set_custodians(signed(who), BoundedVec::truncate_from(members), threshold)
}

/// Deals the key of a content of the patient among the custodians that the patient chose.
///
/// # Panics
/// When the patient chose none.
pub fn dealt(dealer: Sr25519Keyring, cid: &Cid) -> Entrustment {
    let patient = PATIENT.to_account_id();
    let group = pallet_custody::CustodianGroups::<Runtime>::get(patient).expect("they are chosen");
    let keys: Vec<_> = group.members.iter().map(|(_, key)| *key).collect();
    deal_to(&keys, group.threshold, dealer, cid)
}

/// Deals the key of a content of the patient among these accounts.
pub fn dealt_among(
    custodians: &[Sr25519Keyring],
    threshold: u8,
    dealer: Sr25519Keyring,
    cid: &Cid,
) -> Entrustment {
    let keys: Vec<_> = custodians.iter().map(|who| secret_of(*who).public()).collect();
    deal_to(&keys, threshold, dealer, cid)
}

fn deal_to(keys: &[CustodianKey], threshold: u8, dealer: Sr25519Keyring, cid: &Cid) -> Entrustment {
    let custodians = Custodians { threshold, keys };
    let (patient, dealer) = (PATIENT.to_account_id(), dealer.to_account_id());
    let context = DealingContext { genesis: genesis(), patient, dealer, cid: cid.clone() };
    let dealing = deal(&CONTENT_KEY, &custodians, &context, &mut OsRng).expect("it can be shared");
    Entrustment { threshold, dealing }
}

/// The CID of a record.
pub fn cid_of(record: RecordId) -> Cid {
    let content = pallet_emr::Records::<Runtime>::get(record).expect("it exists").content;
    content.document().expect("it is not erased").cid.clone()
}

/// Has the patient entrust a record to the custodians that the patient chose.
pub fn entrust(record: RecordId) {
    let entrustment = dealt(PATIENT, &cid_of(record));
    assert_ok!(Custody::entrust_record(signed(PATIENT), record, Some(entrustment)));
}

/// Delivers a custodian's share of a record, encrypted to the key of the subject's requests.
///
/// An account that keeps no share has none to encrypt, and gets [`foreign_delivery`].
pub fn delivery(custodian: Sr25519Keyring, record: RecordId, subject: Sr25519Keyring) -> Delivery {
    delivery_to(custodian, record, subject, reply_key_of(subject))
}

/// Delivers to another key than that of the subject's requests.
pub fn delivery_to(
    custodian: Sr25519Keyring,
    record: RecordId,
    subject: Sr25519Keyring,
    reply: ReplyKey,
) -> Delivery {
    let keeper = custodian.to_account_id();
    let Some(custody) = pallet_custody::Custodies::<Runtime>::get(record) else {
        return foreign_delivery();
    };
    let Some(place) = custody.custodians.iter().position(|one| *one == keeper) else {
        return foreign_delivery();
    };
    let number = u8::try_from(place + 1).expect("there are few");
    let share = custody.dealing.share(number, key_of(&keeper)).expect("the share is there");
    let subject = subject.to_account_id();
    let context = DeliveryContext { genesis: genesis(), record, custodian: keeper, subject, reply };
    deliver(&secret_of(custodian), &share, &context, &mut OsRng).expect("the share is its own")
}

/// Bytes that are no delivery.
pub fn foreign_delivery() -> Delivery {
    Delivery {
        ephemeral: EphemeralKey([0; 32]),
        share: EncryptedShare([0; 32]),
        proof: DeliveryProof([0; 96]),
    }
}

/// Delivers a custodian's share to the key of the subject's requests.
pub fn deliver_share(
    custodian: Sr25519Keyring,
    record: RecordId,
    subject: Sr25519Keyring,
) -> DispatchResultWithPostInfo {
    let delivery = delivery(custodian, record, subject);
    let (reply, subject) = (reply_key_of(subject), subject.to_account_id());
    Custody::deliver_share(signed(custodian), record, subject, reply, delivery)
}

/// Requests access to a record, for treatment.
pub fn request_access(who: Sr25519Keyring, record: RecordId) -> DispatchResultWithPostInfo {
    Custody::request_access(signed(who), record, Purpose::Treatment, reply_key_of(who))
}

/// Recovers the content key from the deliveries in the state, as the subject does.
pub fn recover(
    record: RecordId,
    subject: Sr25519Keyring,
    secret: &ReplySecret,
) -> Option<[u8; 32]> {
    let entry = pallet_emr::Records::<Runtime>::get(record)?;
    let custody = pallet_custody::Custodies::<Runtime>::get(record)?;
    let grant = pallet_custody::Grants::<Runtime>::get(record, subject.to_account_id())?;
    let keys: Vec<_> = custody.custodians.iter().map(key_of).collect();
    let custodians = Custodians { threshold: custody.threshold, keys: &keys };
    let cid = entry.content.document()?.cid.clone();
    let (patient, dealer) = (entry.patient, custody.depositor);
    let context = DealingContext { genesis: genesis(), patient, dealer, cid };
    let mut recovery =
        Recovery::new(&custody.dealing, &custodians, &context).expect("the chain verified it");
    for one in &grant.deliveries {
        recovery.add(one.number, &one.delivery, secret).expect("the chain verified it");
    }
    recovery.content_key().ok().map(|key| *key)
}

/// Moves to a block and processes what is due before it, without a walk through all the blocks.
pub fn go_to(block: BlockNumber) {
    System::set_block_number(block);
    let first = || pallet_custody::Due::<Runtime>::iter_keys().map(|(last, _)| last).min();
    while let Some(first) = first().filter(|first| *first < block) {
        pallet_custody::NextDue::<Runtime>::put(first);
        Custody::on_idle(block, Weight::MAX);
    }
}

fn key_of(custodian: &AccountId) -> CustodianKey {
    pallet_custody::Custodians::<Runtime>::get(custodian).expect("it has registered").key
}
