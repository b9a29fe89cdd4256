//! What honest people do, and what attackers have to choose from.

use frame_support::{assert_ok, dispatch::Pays};
use medchain_primitives::{Cid, EmergencyId, EmergencyReason, EndReason, Purpose, RecordId};
use medchain_sharing::{
    deal, deliver as encrypt, CustodianKey, CustodianSecret, Custodians as Shared, Dealing,
    DealingContext, Delivery, DeliveryContext, Entrustment, Recovery, ReplyKey, ReplySecret,
};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
    mock::*, CustodianGroups, Custodies, Emergencies, EmergencyOf, EmergencyStatus, Event, GrantOf,
    Grants,
};

pub const PURPOSE: Purpose = Purpose::Treatment;
pub const REASON: EmergencyReason = EmergencyReason::CannotConsent;
pub const FIRST: EmergencyId = EmergencyId(0);
pub const SECOND: EmergencyId = EmergencyId(1);
/// The content key that is shared.
pub const CONTENT_KEY: [u8; 32] = *b"a key of thirty-two random bytes";
/// For how many blocks a share that comes too late is logged.
pub const LATE: u64 = crate::LATE_DELIVERY_PERIOD as u64;
/// An encoding of no point.
pub const NO_POINT: [u8; 32] = [0xff; 32];

/// The keys of these custodians.
pub fn keys(custodians: &[u64]) -> Vec<CustodianKey> {
    custodians.iter().map(|custodian| secret(*custodian).public()).collect()
}

/// What a dealing of a content of this patient by this account is bound to.
pub fn context(patient: u64, dealer: u64, cid: Cid) -> DealingContext<u64> {
    DealingContext { genesis: genesis(), patient, dealer, cid }
}

/// A dealing of [`CONTENT_KEY`] among these custodians.
pub fn dealing(custodians: &[u64], threshold: u8, context: &DealingContext<u64>) -> Dealing {
    let shared = Shared { threshold, keys: &keys(custodians) };
    deal(&CONTENT_KEY, &shared, context, &mut rng()).expect("a test shares as it can")
}

/// What is entrusted to the patient's present custodians.
pub fn entrustment(patient: u64, dealer: u64, cid: Cid) -> Entrustment {
    let group = CustodianGroups::<Test>::get(patient).expect("the patient chose custodians");
    let custodians: Vec<u64> = group.members.iter().map(|(custodian, _)| *custodian).collect();
    let dealing = dealing(&custodians, group.threshold, &context(patient, dealer, cid));
    Entrustment { threshold: group.threshold, dealing }
}

/// Has a patient choose these custodians.
pub fn choose_for(patient: u64, custodians: &[u64], threshold: u8) -> DispatchResult {
    let custodians = custodians.to_vec().try_into().expect("a test names few custodians");
    Custody::set_custodians(signed(patient), custodians, threshold)
}

/// Has [`ALICE`] choose these custodians.
pub fn choose(custodians: &[u64], threshold: u8) -> DispatchResult {
    choose_for(ALICE, custodians, threshold)
}

pub fn entrust_record(
    who: u64,
    record: RecordId,
    entrustment: Option<Entrustment>,
) -> DispatchResult {
    let done = Custody::entrust_record(signed(who), record, entrustment);
    done.map(|_| ()).map_err(|failed| failed.error)
}

/// Has [`ALICE`] choose these custodians and entrust [`XRAY`] to them.
pub fn entrust(custodians: &[u64], threshold: u8) {
    assert_ok!(choose(custodians, threshold));
    assert_ok!(entrust_record(ALICE, XRAY, Some(entrustment(ALICE, ALICE, cid(1)))));
    System::reset_events();
}

/// Adds a record of [`ALICE`] with this content, and entrusts it to her custodians.
pub fn add_entrusted(content: u8) -> RecordId {
    let record = pallet_emr::NextRecordId::<Test>::get();
    let custody = entrustment(ALICE, ALICE, cid(content));
    assert_ok!(add_record(ALICE, ALICE, cid(content), Some(custody)));
    System::reset_events();
    record
}

/// The secret of the request with this number of an account.
pub fn reply_secret(subject: u64, request: u8) -> ReplySecret {
    let mut seed = [request; 32];
    seed[0] = subject as u8;
    ReplySecret::from_seed(&seed)
}

/// The reply key of the first request of an account.
pub fn reply(subject: u64) -> ReplyKey {
    reply_secret(subject, 1).public()
}

/// The reply key of the second request of an account.
pub fn other_reply(subject: u64) -> ReplyKey {
    reply_secret(subject, 2).public()
}

pub fn request_with(subject: u64, record: RecordId, reply: ReplyKey) -> DispatchResult {
    let done = Custody::request_access(signed(subject), record, PURPOSE, reply);
    done.map(|_| ()).map_err(|failed| failed.error)
}

/// Has an account request access to [`XRAY`].
pub fn request(subject: u64) -> DispatchResult {
    request_with(subject, XRAY, reply(subject))
}

/// The grant on [`XRAY`].
pub fn grant(subject: u64) -> Option<GrantOf<Test>> {
    Grants::<Test>::get(XRAY, subject)
}

/// The reader may view, and requested access in block 1.
pub fn granted(custodians: &[u64], threshold: u8) {
    entrust(custodians, threshold);
    Policy::grant(ALICE, READER, medchain_primitives::Action::View);
    assert_ok!(request(READER));
    events();
    Policy::asked();
}

/// What a delivery to the first reply key of `subject` is bound to.
pub fn delivery_context(custodian: u64, record: RecordId, subject: u64) -> DeliveryContext<u64> {
    DeliveryContext { genesis: genesis(), record, custodian, subject, reply: reply(subject) }
}

/// The share of `keeper`, encrypted by it to the reader that `context` names.
pub fn share_of(keeper: u64, record: RecordId, context: &DeliveryContext<u64>) -> Delivery {
    let custody = Custodies::<Test>::get(record).expect("the record is entrusted");
    let place = custody.custodians.iter().position(|kept| *kept == keeper).expect("it keeps one");
    let secret: CustodianSecret = secret(keeper);
    let share = custody.dealing.share(place as u8 + 1, secret.public()).expect("it has a share");
    encrypt(&secret, &share, context, &mut rng()).expect("the share is its own")
}

/// What a custodian delivers to the first reply key of `subject`.
pub fn delivery_of(custodian: u64, record: RecordId, subject: u64) -> Delivery {
    share_of(custodian, record, &delivery_context(custodian, record, subject))
}

/// What a custodian delivers to another reply key.
pub fn delivery_to(custodian: u64, record: RecordId, subject: u64, reply: ReplyKey) -> Delivery {
    let context = DeliveryContext { reply, ..delivery_context(custodian, record, subject) };
    share_of(custodian, record, &context)
}

/// Submits a delivery to the first reply key of `subject`. Whether the custodian pays the fee of
/// the call comes with success and failure.
pub fn submit(
    custodian: u64,
    record: RecordId,
    subject: u64,
    delivery: Delivery,
) -> Result<Pays, (DispatchError, Pays)> {
    submit_to(custodian, record, subject, reply(subject), delivery)
}

/// Submits a delivery.
pub fn submit_to(
    custodian: u64,
    record: RecordId,
    subject: u64,
    reply: ReplyKey,
    delivery: Delivery,
) -> Result<Pays, (DispatchError, Pays)> {
    Custody::deliver_share(signed(custodian), record, subject, reply, delivery)
        .map(|info| info.pays_fee)
        .map_err(|failed| (failed.error, failed.post_info.pays_fee))
}

/// Has a custodian deliver its share of [`XRAY`], honestly.
pub fn deliver(custodian: u64, subject: u64) -> DispatchResult {
    deliver_of(custodian, XRAY, subject)
}

/// Has a custodian deliver its share of a record, honestly.
pub fn deliver_of(custodian: u64, record: RecordId, subject: u64) -> DispatchResult {
    let delivery = delivery_of(custodian, record, subject);
    submit(custodian, record, subject, delivery).map(|_| ()).map_err(|(error, _)| error)
}

/// What the reader opens with the deliveries to the first reply key.
pub fn recover(record: RecordId, subject: u64) -> Option<[u8; 32]> {
    let custody = Custodies::<Test>::get(record)?;
    let grant = Grants::<Test>::get(record, subject)?;
    let entry = pallet_emr::Records::<Test>::get(record)?;
    let cid = entry.content.document()?.cid.clone();
    let context = context(entry.patient, custody.depositor, cid);
    let keys = keys(&custody.custodians);
    let shared = Shared { threshold: custody.threshold, keys: &keys };
    let mut recovery = Recovery::new(&custody.dealing, &shared, &context).ok()?;
    for one in &grant.deliveries {
        recovery.add(one.number, &one.delivery, &reply_secret(subject, 1)).ok()?;
    }
    recovery.content_key().ok().map(|key| *key)
}

pub fn break_glass(subject: u64) -> DispatchResult {
    let done = Custody::break_glass(signed(subject), ALICE, REASON);
    done.map(|_| ()).map_err(|failed| failed.error)
}

pub fn request_in_emergency(subject: u64, record: RecordId) -> DispatchResult {
    let done = Custody::request_in_emergency(signed(subject), record, reply(subject));
    done.map(|_| ()).map_err(|failed| failed.error)
}

/// The clinician broke the glass in block 1, and requested [`XRAY`] from one custodian.
pub fn broken() {
    entrust(&[CUSTODIAN], 1);
    assert_ok!(break_glass(CLINICIAN));
    assert_ok!(request_in_emergency(CLINICIAN, XRAY));
    events();
    Policy::asked();
}

/// The same, and the share was delivered.
pub fn opened() {
    broken();
    assert_ok!(deliver(CUSTODIAN, CLINICIAN));
    events();
    Policy::asked();
}

pub fn review(who: u64, accepted: bool) -> DispatchResult {
    let done = Custody::review_emergency(signed(who), FIRST, accepted);
    done.map(|_| ()).map_err(|failed| failed.error)
}

pub fn judge(origin: RuntimeOrigin, accepted: bool) -> DispatchResult {
    let done = Custody::judge_emergency(origin, FIRST, accepted);
    done.map(|_| ()).map_err(|failed| failed.error)
}

/// The first emergency.
pub fn emergency() -> Option<EmergencyOf<Test>> {
    Emergencies::<Test>::get(FIRST)
}

/// Where the first emergency stands.
pub fn status() -> Option<EmergencyStatus<u64>> {
    emergency().map(|emergency| emergency.status)
}

/// How often [`ALICE`] needs new content keys.
pub fn key_epoch() -> Option<u32> {
    pallet_emr::Patients::<Test>::get(ALICE).map(|entry| entry.key_epoch)
}

/// The event that a grant on [`XRAY`] ended.
pub fn ended(subject: u64, reason: EndReason) -> Event<Test> {
    Event::AccessEnded { record: XRAY, patient: ALICE, subject, reason }
}

/// The event that a custodian's share of [`XRAY`] was exposed.
pub fn exposed(subject: u64, custodian: u64) -> Event<Test> {
    Event::ShareExposed { record: XRAY, patient: ALICE, subject, custodian }
}

/// The event that a custodian's share of [`XRAY`] was delivered.
pub fn delivered(subject: u64, custodian: u64, delivered: u32, threshold: u32) -> Event<Test> {
    let (record, patient) = (XRAY, ALICE);
    Event::ShareDelivered { record, patient, subject, custodian, delivered, threshold }
}
