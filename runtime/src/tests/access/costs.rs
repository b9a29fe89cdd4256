//! The cost of each access call: its declared weight, its used weight and its real proof.
//!
//! `make bench` prints the table. The test checks that the proof of a check stays within its
//! documented limit.

use frame_support::{
    dispatch::{DispatchResultWithPostInfo, GetDispatchInfo},
    traits::UnfilteredDispatchable,
    weights::Weight,
};
use medchain_primitives::{EmergencyId, EmergencyReason, Purpose, SealedKey};
use sp_io::TestExternalities;
use sp_runtime::BoundedVec;

use super::super::*;

const CLINICIAN: Sr25519Keyring = Sr25519Keyring::Dave;
const CUSTODIAN: Sr25519Keyring = Sr25519Keyring::Ferdie;
const SEALED: SealedKey = SealedKey([3; 80]);
const RECORD: RecordId = RecordId(0);

/// The maximum proof size of one check of the reference policy for a direct grant, including its
/// code.
const MAX_PROOF_PER_CHECK: usize = 15 * 1024;

fn signed(who: Sr25519Keyring) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.to_account_id())
}

fn dispatch(who: Sr25519Keyring, call: &RuntimeCall) -> DispatchResultWithPostInfo {
    call.clone().dispatch_bypass_filter(signed(who))
}

/// Builds a chain with a patient with the reference policy, a clinician who may do everything,
/// and a record entrusted to a custodian.
fn prepared() -> TestExternalities {
    let mut chain = development_chain();
    chain.execute_with(|| {
        let policy = instantiate(contract("access-control"), ());
        register(Some(policy.clone()));
        for who in [CLINICIAN, CUSTODIAN] {
            assert_ok!(Emr::set_encryption_key(signed(who), EncryptionKey([7; 32])));
        }
        for (who, role) in [(CLINICIAN, Role::Clinician), (CUSTODIAN, Role::Custodian)] {
            appoint(who, role);
        }
        let custodians = BoundedVec::truncate_from(vec![CUSTODIAN.to_account_id()]);
        assert_ok!(Emr::set_custodians(signed(PATIENT), custodians, 1));
        assert_ok!(add_record(PATIENT));
        let shares = BoundedVec::truncate_from(vec![(CUSTODIAN.to_account_id(), SEALED)]);
        assert_ok!(Emr::entrust_record(signed(PATIENT), RECORD, shares));
        let grant = (CLINICIAN.to_account_id(), 0b11_1111u8, None::<u32>);
        assert_eq!(call(&policy, *b"MCP\x10", grant), [0, 0]);
    });
    chain.commit_all().expect("the state is written");
    chain
}

/// Runs a call after others and prints its cost.
fn measure(
    name: &str,
    before: &[(Sr25519Keyring, RuntimeCall)],
    who: Sr25519Keyring,
    call: &RuntimeCall,
) {
    let mut chain = prepared();
    chain.execute_with(|| {
        for (who, call) in before {
            assert_ok!(dispatch(*who, call));
        }
    });
    chain.commit_all().expect("the state is written");
    let declared = call.get_dispatch_info().call_weight;
    let (result, proof) = chain.execute_and_prove(|| dispatch(who, call));
    let used = result.expect(name).actual_weight.unwrap_or(declared);
    row(name, declared, used, proof.encoded_size());
}

fn row(name: &str, declared: Weight, used: Weight, proof: usize) {
    let ms = |weight: Weight| weight.ref_time() as f64 / 1e9;
    let kib = |bytes: u64| bytes as f64 / 1024.0;
    println!(
        "{name:<44} {:>6.2} ms {:>6.1} KiB   {:>6.2} ms {:>6.1} KiB   {:>6.1} KiB",
        ms(declared),
        kib(declared.proof_size()),
        ms(used),
        kib(used.proof_size()),
        kib(proof as u64),
    );
}

#[test]
fn what_access_costs() {
    println!("\n{:<44} {:^21} {:^21} {:^12}", "call of access", "declared", "used", "real proof");
    let request = || {
        RuntimeCall::Emr(pallet_emr::Call::request_access {
            record: RECORD,
            purpose: Purpose::Treatment,
        })
    };
    let deliver = || {
        RuntimeCall::Emr(pallet_emr::Call::deliver_share {
            record: RECORD,
            subject: CLINICIAN.to_account_id(),
            sealed_share: SEALED,
        })
    };
    let break_glass = || {
        RuntimeCall::Emr(pallet_emr::Call::break_glass {
            record: RECORD,
            reason: EmergencyReason::CannotConsent,
        })
    };
    let review = RuntimeCall::Emr(pallet_emr::Call::review_emergency {
        emergency: EmergencyId(0),
        accepted: true,
    });
    let take = RuntimeCall::Emr(pallet_emr::Call::remove_envelope {
        record: RECORD,
        reader: CLINICIAN.to_account_id(),
    });
    let share = RuntimeCall::Emr(pallet_emr::Call::share_record {
        record: RECORD,
        reader: STRANGER.to_account_id(),
        sealed_key: SEALED,
    });
    let erase = RuntimeCall::Emr(pallet_emr::Call::erase_record { record: RECORD });
    let asked = [(CLINICIAN, request())];
    let broken = [(CLINICIAN, break_glass())];
    measure("request_access, granted", &[], CLINICIAN, &request());
    measure("request_access, refused (roles looked up)", &[], STRANGER, &request());
    measure("deliver_share, policy asked again", &asked, CUSTODIAN, &deliver());
    measure("break_glass", &[], CLINICIAN, &break_glass());
    measure("deliver_share, in an emergency", &broken, CUSTODIAN, &deliver());
    measure("review_emergency", &broken, PATIENT, &review);
    measure("remove_envelope, of a grant", &asked, PATIENT, &take);
    measure("share_record, by policy", &[], CLINICIAN, &share);
    measure("erase_record", &asked, PATIENT, &erase);

    let mut chain = prepared();
    let ((allowed, used), proof) = chain.execute_and_prove(|| {
        let (owner, clinician) = (PATIENT.to_account_id(), CLINICIAN.to_account_id());
        let answer = Emr::check_access(AccessQuestion {
            patient: &owner,
            subject: &clinician,
            record: None,
            action: Action::View,
            purpose: None,
            model: None,
        });
        (answer.result.is_ok(), answer.weight)
    });
    assert!(allowed);
    let size = proof.encoded_size();
    assert!(size <= MAX_PROOF_PER_CHECK, "{size} bytes: the reference policy has grown");
    let most =
        <crate::policy_contract::PolicyContract as pallet_emr::AccessControl<AccountId>>::weight();
    row("the check alone, of a direct grant", most, used, size);
}
