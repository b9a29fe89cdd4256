//! The migration of the state of the released runtime 2, whose layout is written here by hand.

use super::*;
use crate::migrations::{FromV2, MigrateV2ToV4};
use codec::Encode;
use frame_support::{
    assert_ok,
    storage::{storage_prefix, unhashed},
    traits::{fungible::MutateHold, GetStorageVersion, OnRuntimeUpgrade, StorageVersion},
};
use medchain_primitives::{Arithmetic, ModelId};
use sp_io::hashing::{blake2_128, twox_64};
use sp_runtime::{Permill, StateVersion};

type Migration = MigrateV2ToV4<Test>;

fn set_version(version: u16) {
    StorageVersion::new(version).put::<Inference>();
}

/// Appends a part of a key as `Twox64Concat` hashes it.
fn twox(key: &mut Vec<u8>, part: impl Encode) {
    part.using_encoded(|part| {
        key.extend(twox_64(part));
        key.extend(part);
    });
}

/// The key of an entry whose parts are hashed with `Twox64Concat`.
fn key(item: &str, parts: &[u64]) -> Vec<u8> {
    let mut key = storage_prefix(b"Inference", item.as_bytes()).to_vec();
    parts.iter().for_each(|part| twox(&mut key, part));
    key
}

fn put_model(number: u32, fee: u64, status: u8) {
    let mut key = key("Models", &[]);
    twox(&mut key, number);
    let parts = (label("vgg"), label("1.0"), cid(1), [7u8; 32], Some(cid(2)));
    let rest = (labels(&["covid", "normal"]), label("mc-area"), Permill::from_percent(80));
    unhashed::put_raw(&key, &(parts, rest, fee, status).encode());
}

fn put_worker(who: u64, list: &[u32]) {
    let mut key = key("Workers", &[]);
    who.using_encoded(|part| {
        key.extend(blake2_128(part));
        key.extend(part);
    });
    unhashed::put_raw(&key, &(list, BOND).encode());
    let reason = RuntimeHoldReason::Inference(HoldReason::WorkerBond);
    assert_ok!(Balances::hold(&reason, &who, BOND));
}

/// A request of [`PATIENT`]; the status as it was encoded.
fn put_request(number: u64, status: &[u8]) {
    let mut value = (XRAY, PATIENT, VGG, PATIENT, FEE, 1u64, 50u64).encode();
    value.extend(status);
    unhashed::put_raw(&key("Requests", &[number]), &value);
    if status == [0] {
        let reason = RuntimeHoldReason::Inference(HoldReason::Fee);
        assert_ok!(Balances::hold(&reason, &PATIENT, FEE));
        unhashed::put_raw(&key("OpenRequests", &[number]), &[]);
        let mut index = key("OpenRequestOf", &[XRAY.0]);
        twox(&mut index, VGG);
        unhashed::put(&index, &number);
        unhashed::put_raw(&key("Deadlines", &[50, number]), &[]);
        let mut report = key("FailureReports", &[number]);
        report.extend(twox_64(b"somebody"));
        unhashed::put_raw(&report, &[1]);
    }
}

/// What stands on a chain of release 2.
fn furnish() {
    put_model(0, FEE, 0);
    put_model(1, 0, 1);
    unhashed::put(&key("NextModelId", &[]), &2u32);
    for who in [14, WORKER] {
        put_worker(who, &[0, 1]);
    }
    put_request(0, &[0]);
    put_request(1, &[&[1][..], &WORKER.encode()].concat());
    put_request(2, &[&[2][..], &WORKER.encode(), &[3]].concat());
    put_request(3, &[3]);
    put_request(4, &[4]);
    unhashed::put(&key("NextRequestId", &[]), &5u64);
    unhashed::put(&key("NextExpiry", &[]), &7u64);
    let mut prediction = key("Predictions", &[XRAY.0]);
    twox(&mut prediction, VGG);
    unhashed::put_raw(&prediction, b"covid, in plain text");
    set_version(2);
    System::reset_events();
}

fn is_left(item: &str) -> bool {
    unhashed::contains_prefixed_key(&storage_prefix(b"Inference", item.as_bytes()))
}

#[test]
fn the_state_of_version_2_is_upgraded() {
    let mut ext = ExtBuilder::bare().build();
    ext.execute_with(furnish);
    // Moves it to the database, as in a later block.
    ext.commit_all().expect("the state can be stored");
    ext.execute_with(|| {
        assert_eq!(held(PATIENT), (FEE, 0));
        let snapshot = FromV2::<Test>::snapshot().encode();
        let used = Migration::on_runtime_upgrade();
        assert_eq!(Inference::on_chain_storage_version(), 4);
        FromV2::<Test>::compare(&snapshot).expect("the checks of try-runtime pass");

        // The fee of the open request went back, and no request is left.
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), FUNDS));
        for gone in [
            "Requests",
            "OpenRequests",
            "OpenRequestOf",
            "FailureReports",
            "Deadlines",
            "NextExpiry",
            "Predictions",
        ] {
            assert!(!is_left(gone), "{gone}");
        }
        // Their numbers are not used again.
        assert_eq!(NextRequestId::<Test>::get(), RequestId(5));
        assert_eq!(NextModelId::<Test>::get(), ModelId(2));
        let model = Model {
            name: label("vgg"),
            version: label("1.0"),
            cid: cid(1),
            sha256: [7; 32],
            card: Some(cid(2)),
            labels: labels(&["covid", "normal"]),
            preprocessing: label("mc-area"),
            arithmetic: Arithmetic::Float,
            min_quorum: 1,
            confidence_threshold: Permill::from_percent(80),
            fee: FEE,
            status: ModelStatus::Active,
        };
        let retired = Model { fee: 0, status: ModelStatus::Retired, ..model.clone() };
        assert_eq!(Models::<Test>::get(VGG), Some(model));
        assert_eq!(Models::<Test>::get(FREE), Some(retired));
        let expected = Worker {
            models: models(&[VGG, FREE]),
            bond: BOND,
            status: WorkerStatus::Active,
            assigned: 0,
            answered: 0,
            declined: 0,
            missed: 0,
            lost: 0,
        };
        for who in [WORKER, 14] {
            assert_eq!(worker(who), expected);
            assert_eq!(held(who), (0, BOND));
        }
        for model in [VGG, FREE] {
            let listed = [WORKER, 14].map(|worker| Candidate { worker, since: START });
            assert_eq!(Candidates::<Test>::get(model).into_inner(), listed);
        }
        // 5 requests are read; they and 6 other entries are removed; 2 models, and 2 workers with
        // 2 models each, are rewritten.
        let accesses = (5 + (5 + 6) + 2 + (2 + 4)) * 4 + 8;
        let db: frame_support::weights::RuntimeDbWeight =
            <<Test as frame_system::Config>::DbWeight as frame_support::traits::Get<_>>::get();
        let more = db.reads_writes(1, 1);
        assert_eq!(used.ref_time(), (db.reads_writes(accesses, accesses) + more).ref_time());
        check_invariants();
    });
}

#[test]
fn boundary_more_workers_than_can_be_drawn_are_suspended_and_lose_nothing() {
    ExtBuilder::bare().build_and_execute(|| {
        put_model(0, FEE, 0);
        unhashed::put(&key("NextModelId", &[]), &1u32);
        let all = [WORKER, 12, 13, 14, NEWCOMER];
        for who in all {
            put_worker(who, &[0]);
        }
        set_version(2);
        Migration::on_runtime_upgrade();
        check_invariants();
        let active = |who: &u64| worker(*who).status == WorkerStatus::Active;
        assert_eq!(all.iter().filter(|who| active(who)).count(), 4);
        let last = all.into_iter().find(|who| !active(who)).expect("there is no place for one");
        assert_eq!((worker(last).status, worker(last).bond), (WorkerStatus::Suspended, BOND));
        let other = all.into_iter().find(active).expect("there are four");
        assert_ok!(Inference::deregister_worker(signed(other)));
        let before = free_balance(last);
        assert_ok!(Inference::top_up_bond(signed(last)));
        assert_eq!((free_balance(last), worker(last).status), (before, WorkerStatus::Active));
    });
}

#[test]
fn missing_funds_do_not_stop_the_upgrade() {
    ExtBuilder::bare().build_and_execute(|| {
        furnish();
        let reason = RuntimeHoldReason::Inference(HoldReason::Fee);
        let exact = frame_support::traits::tokens::Precision::Exact;
        assert_ok!(Balances::release(&reason, &PATIENT, FEE, exact));
        Migration::on_runtime_upgrade();
        assert_eq!(Inference::on_chain_storage_version(), 4);
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), FUNDS));
    });
}

#[test]
fn the_checks_find_what_was_not_migrated() {
    ExtBuilder::bare().build_and_execute(|| {
        furnish();
        let snapshot = FromV2::<Test>::snapshot().encode();
        assert!(FromV2::<Test>::compare(&snapshot).is_err());
        Migration::on_runtime_upgrade();
        assert_eq!(FromV2::<Test>::compare(&snapshot), Ok(()));
        // A model that was lost.
        Models::<Test>::remove(FREE);
        assert!(FromV2::<Test>::compare(&snapshot).is_err());
        put_model(1, 0, 0);
        assert!(FromV2::<Test>::compare(&snapshot).is_err(), "it is there, but of version 2");
        Models::<Test>::insert(FREE, Models::<Test>::get(VGG).expect("it was migrated"));
    });
}

#[test]
fn a_second_run_changes_nothing() {
    ExtBuilder::bare().build_and_execute(|| {
        furnish();
        Migration::on_runtime_upgrade();
        let root = sp_io::storage::root(StateVersion::V1);
        Migration::on_runtime_upgrade();
        assert_eq!(sp_io::storage::root(StateVersion::V1), root);
    });
}

#[test]
fn it_runs_only_from_version_2() {
    ExtBuilder::default().build_and_execute(|| {
        request(order(1));
        assert_eq!(Inference::on_chain_storage_version(), 4, "a new chain has the new layout");
        for version in [0, 1, 3, 5] {
            set_version(version);
            let root = sp_io::storage::root(StateVersion::V1);
            Migration::on_runtime_upgrade();
            assert_eq!(sp_io::storage::root(StateVersion::V1), root);
        }
        set_version(4);
    });
}

#[test]
fn it_runs_without_anything() {
    ExtBuilder::bare().build_and_execute(|| {
        set_version(2);
        Migration::on_runtime_upgrade();
        assert_eq!(Inference::on_chain_storage_version(), 4);
    });
}
