//! Tests of the runtime with compiled contracts.

mod access;
mod capacity;
mod caretakers;
mod council;
mod custodians;
mod departures;
mod deposits;
mod draws;
mod erasure;
mod ethics;
mod messages;
mod nesting;
mod parameters;
mod policies;
mod seams;
mod seeds;

use std::path::PathBuf;

use codec::Encode;
use frame_support::assert_ok;
use medchain_primitives::{
    Action, Cid, CidCodec, ContentDigest, Denied, EncryptionKey, InstitutionId, RecordId,
    RecordKind, Role, SealedKey,
};
use pallet_contracts::{Code, CollectEvents, DebugInfo, Determinism, ExecReturnValue};
use pallet_emr::AccessQuestion;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::BuildStorage;

use crate::*;

pub const PATIENT: Sr25519Keyring = Sr25519Keyring::Bob;
pub const TECHNICIAN: Sr25519Keyring = Sr25519Keyring::Charlie;
pub const STRANGER: Sr25519Keyring = Sr25519Keyring::Eve;

/// The registrar of [`CLINIC`], who may also use sudo.
pub const REGISTRAR: Sr25519Keyring = Sr25519Keyring::Alice;
/// The institution that the first block knows.
pub const CLINIC: InstitutionId = InstitutionId(0);

/// Builds a development chain at block 1.
pub fn development_chain() -> TestExternalities {
    let endowed = Sr25519Keyring::well_known().map(|who| (who.to_account_id(), 100_000 * UNIT));
    let storage = RuntimeGenesisConfig {
        balances: BalancesConfig { balances: endowed.collect(), ..Default::default() },
        emr: EmrConfig { institutions: vec![("clinic".into(), REGISTRAR.to_account_id())] },
        sudo: SudoConfig { key: Some(Sr25519Keyring::Alice.to_account_id()) },
        ..Default::default()
    }
    .build_storage()
    .expect("the genesis is valid");
    let mut chain = TestExternalities::new(storage);
    chain.execute_with(|| System::set_block_number(1));
    chain
}

/// Reads the compiled contract of this name.
///
/// # Panics
/// When it was not built by `make contracts`.
pub fn contract(name: &str) -> Vec<u8> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let folder = variable("MEDCHAIN_CONTRACTS_DIR").unwrap_or_else(|| {
        let home = || variable("HOME").expect("HOME is set").join(".cache");
        variable("XDG_CACHE_HOME").unwrap_or_else(home).join("medchain/contracts/ink")
    });
    let path = folder.join(format!("{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|e| panic!("{}: {e}. Run 'make contracts' first.", path.display()))
}

/// Uploads a contract and instantiates it with its constructor `new`.
pub fn instantiate(code: Vec<u8>, arguments: impl Encode) -> AccountId {
    instantiate_again(code, arguments, 0)
}

/// Like [`instantiate`], for another instance of the same code and arguments.
pub fn instantiate_again(code: Vec<u8>, arguments: impl Encode, salt: u8) -> AccountId {
    let mut data = vec![0x4d, 0x43, 0x50, 0x00];
    arguments.encode_to(&mut data);
    let result = Contracts::bare_instantiate(
        PATIENT.to_account_id(),
        0,
        MAXIMUM_BLOCK_WEIGHT,
        None,
        Code::Upload(code),
        data,
        vec![salt],
        DebugInfo::UnsafeDebug,
        CollectEvents::Skip,
    );
    let message = String::from_utf8_lossy(&result.debug_message).into_owned();
    let instantiated = result.result.unwrap_or_else(|e| panic!("{e:?}: {message}"));
    assert!(!instantiated.result.did_revert());
    instantiated.account_id
}

/// Calls a message as the patient and returns its answer.
///
/// # Panics
/// When the contract reverts, as it does on errors.
pub fn call(contract: &AccountId, selector: [u8; 4], arguments: impl Encode) -> Vec<u8> {
    let returned = call_by(PATIENT.to_account_id(), contract, selector, arguments);
    assert!(!returned.did_revert(), "{:?}", returned.data);
    returned.data
}

/// Calls a message as `who` and returns its answer, which may be an error.
pub fn call_as(
    who: Sr25519Keyring,
    contract: &AccountId,
    selector: [u8; 4],
    arguments: impl Encode,
) -> Vec<u8> {
    call_by(who.to_account_id(), contract, selector, arguments).data
}

/// Calls a message as this account.
pub fn call_by(
    who: AccountId,
    contract: &AccountId,
    selector: [u8; 4],
    arguments: impl Encode,
) -> ExecReturnValue {
    let mut data = selector.to_vec();
    arguments.encode_to(&mut data);
    let result = Contracts::bare_call(
        who,
        contract.clone(),
        0,
        MAXIMUM_BLOCK_WEIGHT,
        None,
        data,
        DebugInfo::Skip,
        CollectEvents::Skip,
        Determinism::Enforced,
    );
    result.result.expect("the message runs")
}

/// The encryption key that every account publishes.
pub const KEY: EncryptionKey = EncryptionKey([7; 32]);

/// Stands for a content key sealed to [`KEY`].
pub fn sealed_key() -> SealedKey {
    SealedKey::new(&KEY, [3; 32], [3; 48])
}

/// Gives an account a role for the longest term.
pub fn appoint(who: Sr25519Keyring, role: Role) {
    let origin = RuntimeOrigin::signed(REGISTRAR.to_account_id());
    let until = System::block_number() + 730 * DAYS;
    assert_ok!(Emr::add_provider(origin, CLINIC, who.to_account_id(), role, until));
}

/// Registers the patient with this policy, and a technician.
pub fn register(policy: Option<AccountId>) {
    for who in [PATIENT, TECHNICIAN, STRANGER] {
        let origin = RuntimeOrigin::signed(who.to_account_id());
        if who == PATIENT {
            assert_ok!(Emr::register_patient(origin, None, KEY));
        } else {
            assert_ok!(Emr::set_encryption_key(origin, KEY));
        }
    }
    appoint(TECHNICIAN, Role::LabTechnician);
    if policy.is_some() {
        let origin = RuntimeOrigin::signed(PATIENT.to_account_id());
        assert_ok!(Emr::set_policy(origin, policy));
    }
}

/// Asks whether `who` may do this with the patient's records.
pub fn ask(who: Sr25519Keyring, action: Action) -> Result<(), Denied> {
    check_access(&PATIENT.to_account_id(), &who.to_account_id(), None, action)
}

/// Asks whether `subject` may do this with a patient's records, for no particular purpose.
pub fn check_access(
    patient: &AccountId,
    subject: &AccountId,
    record: Option<RecordId>,
    action: Action,
) -> Result<(), Denied> {
    let (purpose, model) = (None, None);
    let question = AccessQuestion { patient, subject, record, action, purpose, model };
    Emr::check_access(question).result
}

/// Adds a record for the patient.
pub fn add_record(author: Sr25519Keyring) -> sp_runtime::DispatchResult {
    try_add_record(author).map(|_| ()).map_err(|failed| failed.error)
}

/// Adds a record and returns the weight used, including the questions to the policy.
pub fn add_record_weight(author: Sr25519Keyring) -> frame_support::weights::Weight {
    let info = try_add_record(author).expect("the author may");
    info.actual_weight.expect("the call returns its weight")
}

/// Tries to add a record for the patient.
pub fn try_add_record(
    author: Sr25519Keyring,
) -> frame_support::dispatch::DispatchResultWithPostInfo {
    // Each record has its own content.
    let mut content = [9; 32];
    let (_, last) = content.split_at_mut(24);
    last.copy_from_slice(&pallet_emr::NextRecordId::<Runtime>::get().0.to_be_bytes());
    Emr::add_record(
        RuntimeOrigin::signed(author.to_account_id()),
        PATIENT.to_account_id(),
        Cid::new(CidCodec::Raw, content),
        ContentDigest([9; 32]),
        RecordKind::ChestXray,
        None,
        readers(author),
        None,
        None,
    )
}

/// The envelopes of what an account adds for the patient: the patient's, unless it is the patient.
pub fn readers(author: Sr25519Keyring) -> pallet_emr::EnvelopesOf<Runtime> {
    let envelope = (PATIENT.to_account_id(), sealed_key());
    let others = (author != PATIENT).then_some(envelope);
    pallet_emr::EnvelopesOf::<Runtime>::truncate_from(others.into_iter().collect())
}

/// Returns the number of the newest record.
pub fn last_record() -> RecordId {
    RecordId(pallet_emr::NextRecordId::<Runtime>::get().0 - 1)
}
