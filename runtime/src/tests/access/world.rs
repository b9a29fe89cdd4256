//! What the attacks start from: a patient with a policy, and a record that custodians keep.

use frame_support::{dispatch::DispatchResultWithPostInfo, storage::with_storage_layer};
use medchain_primitives::EndReason;
use sp_runtime::DispatchResult;

use super::super::{custodians::*, *};

pub const CLINICIAN: Sr25519Keyring = Sr25519Keyring::Dave;
pub const CUSTODIAN: Sr25519Keyring = Sr25519Keyring::Ferdie;
/// Further custodians, for records that need several.
pub const OTHERS: [Sr25519Keyring; 2] = [Sr25519Keyring::CharlieStash, Sr25519Keyring::DaveStash];
pub const RECORD: RecordId = RecordId(0);

/// `grant` of the reference policy.
pub const GRANT: [u8; 4] = *b"MCP\x10";
/// `revoke` of the reference policy.
pub const REVOKE: [u8; 4] = *b"MCP\x11";

/// Instantiates `contracts-ink/test-policies` with this behaviour.
pub fn misbehaving(behaviour: impl Encode) -> AccountId {
    instantiate(contract("misbehaving-policy"), behaviour)
}

/// Registers a patient with this policy and one record, whose key one custodian keeps.
pub fn with_policy(policy: AccountId) {
    with_custodians(policy, &[CUSTODIAN], 1);
}

/// Registers a patient with this policy and one record, of whose custodians as many are needed.
pub fn with_custodians(policy: AccountId, custodians: &[Sr25519Keyring], threshold: u8) {
    register(Some(policy));
    assert_ok!(Emr::set_encryption_key(signed(CLINICIAN), EncryptionKey([7; 32])));
    appoint(CLINICIAN, Role::Clinician);
    choose_custodians(custodians, threshold);
    assert_ok!(add_record(PATIENT));
    entrust(RECORD);
}

/// Adds a record of its own content for the patient, and entrusts it.
pub fn add_entrusted(content: u8) -> RecordId {
    let cid = Cid::new(CidCodec::Raw, [content; 32]);
    let custody = Some(dealt(PATIENT, &cid));
    assert_ok!(Emr::add_record(
        signed(PATIENT),
        PATIENT.to_account_id(),
        cid,
        ContentDigest([content; 32]),
        RecordKind::ChestXray,
        None,
        Default::default(),
        None,
        custody,
    ));
    last_record()
}

/// Makes a call as a transaction does: if it fails, nothing of it stays.
pub fn attempt(call: impl FnOnce() -> DispatchResultWithPostInfo) -> DispatchResult {
    with_storage_layer(|| call().map(|_| ()).map_err(|failed| failed.error))
}

pub fn ask_to_view(who: Sr25519Keyring) {
    assert_ok!(request_access(who, RECORD));
}

/// The custodian delivers.
pub fn deliver(to: Sr25519Keyring) -> DispatchResult {
    attempt(|| deliver_share(CUSTODIAN, RECORD, to))
}

pub fn is_granted(who: Sr25519Keyring) -> bool {
    pallet_custody::Grants::<Runtime>::contains_key(RECORD, who.to_account_id())
}

/// The events of the custody pallet since they were last reset, newest first.
fn events() -> impl Iterator<Item = pallet_custody::Event<Runtime>> {
    System::events().into_iter().rev().filter_map(|event| match event.event {
        RuntimeEvent::Custody(event) => Some(event),
        _ => None,
    })
}

pub fn last_denial() -> Option<Denied> {
    events().find_map(|event| match event {
        pallet_custody::Event::AccessDenied { reason, .. } => Some(reason),
        _ => None,
    })
}

pub fn last_end() -> Option<EndReason> {
    events().find_map(|event| match event {
        pallet_custody::Event::AccessEnded { reason, .. } => Some(reason),
        _ => None,
    })
}

/// How often the log says that an account was sent a share and refused.
pub fn exposed() -> usize {
    events().filter(|event| matches!(event, pallet_custody::Event::ShareExposed { .. })).count()
}
