//! The cost of each access call: its declared weight, its used weight and its real proof.
//!
//! `make bench` prints the table. The test checks that the proof of a check stays within its
//! documented limit.

use frame_support::{
    dispatch::{DispatchResultWithPostInfo, GetDispatchInfo},
    traits::UnfilteredDispatchable,
    weights::Weight,
};
use medchain_primitives::{EmergencyId, EmergencyReason, Purpose};
use sp_io::TestExternalities;

use super::super::{custodians::*, *};

const CLINICIAN: Sr25519Keyring = Sr25519Keyring::Dave;
const CUSTODIANS: [Sr25519Keyring; 8] = [
    Sr25519Keyring::Ferdie,
    Sr25519Keyring::AliceStash,
    Sr25519Keyring::BobStash,
    Sr25519Keyring::CharlieStash,
    Sr25519Keyring::DaveStash,
    Sr25519Keyring::EveStash,
    Sr25519Keyring::FerdieStash,
    Sr25519Keyring::Alice,
];
const RECORD: RecordId = RecordId(0);

/// The maximum proof size of one check of the reference policy for a direct grant, including its
/// code.
const MAX_PROOF_PER_CHECK: usize = 20 * 1024;

/// A call, built on the chain that it is made on: what custodians send depends on the state.
type Make<'a> = &'a dyn Fn() -> RuntimeCall;

fn dispatch(who: Sr25519Keyring, call: RuntimeCall) -> DispatchResultWithPostInfo {
    call.dispatch_bypass_filter(signed(who))
}

/// Builds a chain with a patient with the reference policy, a clinician who may do everything,
/// and a record entrusted to this many custodians, of whom two are needed.
fn prepared(custodians: usize) -> TestExternalities {
    let mut chain = development_chain();
    chain.execute_with(|| {
        let policy = instantiate(contract("access-control"), ());
        register(Some(policy.clone()));
        assert_ok!(Emr::set_encryption_key(signed(CLINICIAN), EncryptionKey([7; 32])));
        appoint(CLINICIAN, Role::Clinician);
        choose_custodians(&CUSTODIANS[..custodians], 2);
        assert_ok!(add_record(PATIENT));
        entrust(RECORD);
        let grant = (CLINICIAN.to_account_id(), 0b11_1111u8, None::<u32>);
        assert_eq!(call(&policy, *b"MCP\x10", grant), [0, 0]);
    });
    chain.commit_all().expect("the state is written");
    chain
}

/// Runs a call after others and prints its cost.
fn measure(
    name: &str,
    custodians: usize,
    before: &[(Sr25519Keyring, Make<'_>)],
    who: Sr25519Keyring,
    make: Make<'_>,
) {
    let mut chain = prepared(custodians);
    let call = chain.execute_with(|| {
        for (who, make) in before {
            assert_ok!(dispatch(*who, make()));
        }
        make()
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

/// Prints the size of each value that the last of eight deliveries reads beside the policy.
fn what_a_delivery_reads(before: &[(Sr25519Keyring, Make<'_>)]) {
    prepared(8).execute_with(|| {
        for (who, make) in before {
            assert_ok!(dispatch(*who, make()));
        }
        let (patient, custodian) = (PATIENT.to_account_id(), CUSTODIANS[0].to_account_id());
        let values = [
            ("Custody.Custodies", pallet_custody::Custodies::<Runtime>::hashed_key_for(RECORD)),
            ("Custody.Grants", pallet_custody::Grants::<Runtime>::hashed_key_for(RECORD, &patient)),
            (
                "Custody.Custodians",
                pallet_custody::Custodians::<Runtime>::hashed_key_for(&custodian),
            ),
            ("Emr.Records", pallet_emr::Records::<Runtime>::hashed_key_for(RECORD)),
            ("Emr.Logs", pallet_emr::Logs::<Runtime>::hashed_key_for(&patient)),
            (
                "Emr.Providers",
                pallet_emr::Providers::<Runtime>::hashed_key_for(&custodian, Role::Custodian),
            ),
            ("System.BlockHash", frame_system::BlockHash::<Runtime>::hashed_key_for(0u32)),
            ("Balances.Holds", pallet_balances::Holds::<Runtime>::hashed_key_for(&patient)),
            ("System.Account", frame_system::Account::<Runtime>::hashed_key_for(&patient)),
            ("System.Account", frame_system::Account::<Runtime>::hashed_key_for(&custodian)),
        ];
        for (name, key) in values {
            let size = sp_io::storage::get(&key).map_or(0, |value| value.len());
            println!("the last delivery of 8 reads {name:<20} {size:>5} bytes");
        }
    });
}

/// The laboratory's next record, whose key is shared among the patient's custodians or not.
fn add(entrusted: bool) -> RuntimeCall {
    let cid = Cid::new(CidCodec::Raw, [10; 32]);
    let custody = entrusted.then(|| dealt(PATIENT, &cid));
    RuntimeCall::Emr(pallet_emr::Call::add_record {
        patient: PATIENT.to_account_id(),
        cid,
        digest: ContentDigest([10; 32]),
        kind: RecordKind::ChestXray,
        commitments: None,
        envelopes: Default::default(),
        inference: None,
        custody,
    })
}

#[test]
fn what_access_costs() {
    println!("\n{:<44} {:^21} {:^21} {:^12}", "call of access", "declared", "used", "real proof");
    let request = |who: Sr25519Keyring| {
        move || {
            RuntimeCall::Custody(pallet_custody::Call::request_access {
                record: RECORD,
                purpose: Purpose::Treatment,
                reply: reply_key_of(who),
            })
        }
    };
    let deliver_to = |subject: Sr25519Keyring, custodian: Sr25519Keyring| {
        move || {
            RuntimeCall::Custody(pallet_custody::Call::deliver_share {
                record: RECORD,
                subject: subject.to_account_id(),
                reply: reply_key_of(subject),
                delivery: delivery(custodian, RECORD, subject),
            })
        }
    };
    let register = || {
        RuntimeCall::Custody(pallet_custody::Call::register_custodian {
            key: secret_of(STRANGER).public(),
            proof: key_proof_of(STRANGER),
        })
    };
    let entrust_again = || {
        RuntimeCall::Custody(pallet_custody::Call::entrust_record {
            record: RECORD,
            entrustment: Some(dealt(PATIENT, &cid_of(RECORD))),
        })
    };
    let break_glass = || {
        RuntimeCall::Custody(pallet_custody::Call::break_glass {
            patient: PATIENT.to_account_id(),
            reason: EmergencyReason::CannotConsent,
        })
    };
    let request_in_emergency = || {
        RuntimeCall::Custody(pallet_custody::Call::request_in_emergency {
            record: RECORD,
            reply: reply_key_of(CLINICIAN),
        })
    };
    let review = |accepted| {
        move || {
            let emergency = EmergencyId(0);
            RuntimeCall::Custody(pallet_custody::Call::review_emergency { emergency, accepted })
        }
    };
    let take = || {
        RuntimeCall::Emr(pallet_emr::Call::remove_envelope {
            record: RECORD,
            reader: CLINICIAN.to_account_id(),
        })
    };
    let share = || {
        RuntimeCall::Emr(pallet_emr::Call::share_record {
            record: RECORD,
            reader: STRANGER.to_account_id(),
            sealed_key: sealed_key(),
        })
    };
    let appoint_stranger = || {
        RuntimeCall::Emr(pallet_emr::Call::add_provider {
            institution: CLINIC,
            account: STRANGER.to_account_id(),
            role: Role::Custodian,
            until: 730 * DAYS,
        })
    };
    let erase = || RuntimeCall::Emr(pallet_emr::Call::erase_record { record: RECORD });
    let (plain, entrusted) = (|| add(false), || add(true));
    let by_clinician = request(CLINICIAN);
    let by_stranger = request(STRANGER);
    let by_patient = request(PATIENT);
    let deliver = deliver_to(CLINICIAN, CUSTODIANS[0]);
    let deliver_own = deliver_to(PATIENT, CUSTODIANS[0]);
    let others: Vec<_> =
        CUSTODIANS[1..].iter().map(|who| (*who, deliver_to(PATIENT, *who))).collect();
    let asked_own: [(_, Make<'_>); 1] = [(PATIENT, &by_patient)];
    let all_but_one: Vec<(_, Make<'_>)> = asked_own
        .into_iter()
        .chain(others.iter().map(|(who, make)| (*who, make as Make<'_>)))
        .collect();
    let (accepts, rejects) = (review(true), review(false));
    let asked: [(_, Make<'_>); 1] = [(CLINICIAN, &by_clinician)];
    let broken: [(_, Make<'_>); 2] =
        [(CLINICIAN, &break_glass), (CLINICIAN, &request_in_emergency)];

    measure("register_custodian", 3, &[(REGISTRAR, &appoint_stranger)], STRANGER, &register);
    measure("add_record, without custody", 3, &[], PATIENT, &plain);
    measure("add_record, key shared among 3", 3, &[], PATIENT, &entrusted);
    measure("add_record, key shared among 8", 8, &[], PATIENT, &entrusted);
    measure("entrust_record, again among 8", 8, &asked, PATIENT, &entrust_again);
    measure("request_access, granted", 3, &[], CLINICIAN, &by_clinician);
    measure("request_access, refused (roles looked up)", 3, &[], STRANGER, &by_stranger);
    measure("deliver_share of 3, policy asked again", 3, &asked, CUSTODIANS[0], &deliver);
    measure("deliver_share of 8, policy asked again", 8, &asked, CUSTODIANS[0], &deliver);
    measure("deliver_share of 8, no policy, the first", 8, &asked_own, CUSTODIANS[0], &deliver_own);
    measure(
        "deliver_share of 8, no policy, the last",
        8,
        &all_but_one,
        CUSTODIANS[0],
        &deliver_own,
    );
    measure("break_glass", 3, &[], CLINICIAN, &break_glass);
    measure("request_in_emergency", 3, &broken[..1], CLINICIAN, &request_in_emergency);
    measure("deliver_share, in an emergency", 3, &broken, CUSTODIANS[0], &deliver);
    measure("review_emergency, accepted", 3, &broken, PATIENT, &accepts);
    measure("review_emergency, rejected", 3, &broken, PATIENT, &rejects);
    measure("remove_envelope, of a grant", 3, &asked, PATIENT, &take);
    measure("share_record, by policy", 3, &[], CLINICIAN, &share);
    measure("erase_record", 3, &asked, PATIENT, &erase);

    what_a_delivery_reads(&all_but_one);

    let mut chain = prepared(3);
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
