//! The part of the policy conformance suite that needs a chain, not ink!'s test environment.
//!
//! It asks each policy of this repository every question. `MEDCHAIN_POLICY=path/to/NAME.wasm`
//! adds your own policy, if its constructor has no parameters.

use frame_support::weights::Weight;
use medchain_primitives::{ModelId, Purpose};
use pallet_contracts::{Code, CollectEvents, DebugInfo};
use pallet_emr::AccessControl;

use super::super::*;
use crate::policy_contract::{PolicyContract, CHECK_GAS_LIMIT};

/// ink!'s default selector of a constructor `new`.
const NEW: [u8; 4] = [0x9b, 0xae, 0x9d, 0x5e];
/// The selector that the reference policy pins for it.
const PINNED_NEW: [u8; 4] = *b"MCP\x00";

/// Returns the name, code and encoded constructor call of each policy.
fn policies() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let encoded = |selector: [u8; 4], arguments: Vec<u8>| [selector.to_vec(), arguments].concat();
    let guardians = [TECHNICIAN, STRANGER].map(Sr25519Keyring::to_account_id);
    let study = (AccountId::from([42; 32]), 10u32, 1_000u32);
    // All roles, at all hours but one.
    let hours = (0b1111u8, 0u8, 23u8, 0i16);
    let mut all = vec![
        ("access-control", encoded(PINNED_NEW, Vec::new())),
        ("policy-template", encoded(NEW, Vec::new())),
        ("model-allow-list", encoded(PINNED_NEW, Vec::new())),
        ("two-guardians", encoded(NEW, (guardians, 100u32).encode())),
        ("research-cohort", encoded(NEW, study.encode())),
        ("working-hours", encoded(NEW, hours.encode())),
    ]
    .into_iter()
    .map(|(name, data)| (name.to_owned(), contract(name), data))
    .collect::<Vec<_>>();
    if let Some(path) = std::env::var_os("MEDCHAIN_POLICY") {
        let path = PathBuf::from(path);
        let code = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        all.push((path.display().to_string(), code, encoded(NEW, Vec::new())));
    }
    all
}

fn deploy(name: &str, code: Vec<u8>, data: Vec<u8>) -> AccountId {
    let result = Contracts::bare_instantiate(
        PATIENT.to_account_id(),
        0,
        MAXIMUM_BLOCK_WEIGHT,
        None,
        Code::Upload(code),
        data,
        Vec::new(),
        DebugInfo::UnsafeDebug,
        CollectEvents::Skip,
    );
    let instantiated = result.result.unwrap_or_else(|e| panic!("{name}: {e:?}"));
    assert!(!instantiated.result.did_revert(), "{name}: {:?}", instantiated.result.data);
    instantiated.account_id
}

#[test]
fn every_policy_refuses_strangers_within_its_budget_and_without_a_trace() {
    for (name, code, data) in policies() {
        development_chain().execute_with(|| {
            let policy = deploy(&name, code, data);
            register(Some(policy.clone()));
            let root = || sp_io::storage::root(sp_runtime::StateVersion::V1);
            let before = root();
            let mut most = Weight::zero();
            let patients = [PATIENT.to_account_id(), AccountId::from([77; 32])];
            // An account without roles, relations and grants.
            let stranger = AccountId::from([78; 32]);
            for patient in &patients {
                for record in [None, Some(RecordId(0)), Some(RecordId(u64::MAX))] {
                    for action in Action::ALL {
                        let purposes = Purpose::ALL.into_iter().map(|one| (Some(one), None));
                        let models = [0, 1, u32::MAX].map(|one| (None, Some(ModelId(one))));
                        for (purpose, model) in purposes.chain(models).chain([(None, None)]) {
                            let subject = &stranger;
                            let ask = || {
                                let question = AccessQuestion {
                                    patient,
                                    subject,
                                    record,
                                    action,
                                    purpose,
                                    model,
                                };
                                PolicyContract::check(Some(&policy), question)
                            };
                            let (answer, again) = (ask(), ask());
                            assert!(
                                matches!(answer.result, Err(Denied::Refused(_))),
                                "{name}: {action:?}: {:?}",
                                answer.result
                            );
                            assert_eq!(answer.result, again.result, "{name}: {action:?}");
                            most = most.max(answer.weight);
                        }
                    }
                }
            }
            assert_eq!(before, root(), "{name} leaves a trace");
            let limit = <PolicyContract as AccessControl<AccountId>>::weight();
            assert!(most.all_lte(limit), "{name}: {most:?}");
            println!(
                "{name:<24} {:>6.2} ms of {:.2}, {:>6.1} KiB of proof of {:.1}",
                most.ref_time() as f64 / 1e9,
                CHECK_GAS_LIMIT.ref_time() as f64 / 1e9,
                most.proof_size() as f64 / 1024.0,
                CHECK_GAS_LIMIT.proof_size() as f64 / 1024.0,
            );
        });
    }
}
