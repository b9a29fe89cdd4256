//! Old state, made by hand and by undoing what the calls wrote.

use super::*;
use crate::migrations::{FromV1, MigrateV1ToV2};
use codec::{Decode, Encode};
use frame_support::{
    storage::unhashed,
    traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion},
    weights::RuntimeDbWeight,
};
use medchain_primitives::{FailureCode, ModelId, RecordId};

type Migration = MigrateV1ToV2<Test>;

/// The encoding of version 1, written down field by field.
fn old_bytes(request: &RequestOf<Test>) -> Vec<u8> {
    let Request { record, patient, model, requester, fee, opened: _, deadline, status } = request;
    (record, patient, model, requester, fee, deadline, status).encode()
}

fn set_version(version: u16) {
    StorageVersion::new(version).put::<Inference>();
}

fn put_old(id: RequestId, request: &RequestOf<Test>) {
    unhashed::put_raw(&Requests::<Test>::hashed_key_for(id), &old_bytes(request));
}

/// Writes every request back as version 1 had it, and returns what they were.
fn turn_back() -> Vec<(RequestId, RequestOf<Test>)> {
    let mut all: Vec<_> = Requests::<Test>::iter().collect();
    all.sort_by_key(|(id, _)| *id);
    for (id, request) in &all {
        put_old(*id, request);
    }
    set_version(1);
    all
}

fn all() -> Vec<(RequestId, RequestOf<Test>)> {
    let mut all: Vec<_> = Requests::<Test>::iter().collect();
    all.sort_by_key(|(id, _)| *id);
    all
}

/// A request of each status, made at different blocks by the calls themselves.
fn one_of_each_status() {
    let mut next = 30;
    let mut ask = |block| {
        System::set_block_number(block);
        let record = pallet_emr::NextRecordId::<Test>::get();
        add_record(PATIENT, medchain_primitives::RecordKind::ChestXray, next, None)
            .expect("a patient adds records");
        next += 1;
        let id = NextRequestId::<Test>::get();
        Inference::request_inference(signed(PATIENT), record, VGG).expect("the patient may ask");
        (id, record, next - 1)
    };
    let (expired, ..) = ask(2);
    let (cancelled, ..) = ask(3);
    let (failed, ..) = ask(5);
    let (answered, _, byte) = ask(8);
    Inference::cancel_request(signed(PATIENT), cancelled).expect("the requester may cancel");
    // Nobody holds the key of these records, so that the first report is enough.
    Inference::report_failure(signed(WORKER), failed, FailureCode::TooLarge)
        .expect("a worker may report");
    let receipt =
        medchain_primitives::receipt(&[7; 32], &vgg().preprocessing, &cid(byte), &covid());
    submit(OTHER_WORKER, answered, covid(), receipt).expect("a worker may answer");
    ask(40);
    System::set_block_number(3 + DEADLINE);
    Inference::expire_request(signed(STRANGER), expired).expect("its time is over");
}

#[test]
fn requests_of_every_status_get_their_opening_block_and_nothing_else() {
    ExtBuilder::default().build_and_execute(|| {
        one_of_each_status();
        let before = turn_back();
        assert_eq!(before.len(), 5);
        let opened: Vec<u64> = before.iter().map(|(_, request)| request.opened).collect();
        assert_eq!(opened, [2, 3, 5, 8, 40]);
        assert!(
            unhashed::get_raw(&Requests::<Test>::hashed_key_for(RequestId(0)))
                .is_some_and(|bytes| RequestOf::<Test>::decode(&mut bytes.as_slice()).is_err()),
            "an old request must not pass for a new one"
        );
        let snapshot = FromV1::<Test>::snapshot().encode();

        let used = Migration::on_runtime_upgrade();
        assert_eq!(all(), before);
        assert_eq!(Inference::on_chain_storage_version(), 2);
        FromV1::<Test>::compare(&snapshot).expect("what try-runtime looks at is in order");
        // Two reads and a write a request, the end of the list, and the version.
        let db: RuntimeDbWeight = <Test as frame_system::Config>::DbWeight::get();
        assert_eq!(used.ref_time(), db.reads_writes(2 * 5 + 1 + 1, 5 + 1).ref_time());
        assert!(used.proof_size() > 5 * old_bytes(&before[0].1).len() as u64);
    });
}

#[test]
fn old_bytes_written_down_once_are_read() {
    // Not made by this code: the encoding of version 1 of the mock runtime.
    let mut old = vec![9, 0, 0, 0, 0, 0, 0, 0]; // record 9
    old.extend([1, 0, 0, 0, 0, 0, 0, 0]); // patient 1
    old.extend([1, 0, 0, 0]); // model 1
    old.extend([3, 0, 0, 0, 0, 0, 0, 0]); // requester 3
    old.extend([100, 0, 0, 0, 0, 0, 0, 0]); // fee 100
    old.extend([57, 0, 0, 0, 0, 0, 0, 0]); // deadline 57
    old.extend([2, 4, 0, 0, 0, 0, 0, 0, 0, 3]); // failed, worker 4, NotAnImage
    ExtBuilder::bare().build().execute_with(|| {
        System::set_block_number(20);
        unhashed::put_raw(&Requests::<Test>::hashed_key_for(RequestId(4)), &old);
        set_version(1);
        Migration::on_runtime_upgrade();
        let expected = Request {
            record: RecordId(9),
            patient: 1,
            model: ModelId(1),
            requester: 3,
            fee: 100,
            opened: 7,
            deadline: 57,
            status: RequestStatus::Failed { worker: 4, code: FailureCode::NotAnImage },
        };
        assert_eq!(Requests::<Test>::get(RequestId(4)), Some(expected));
    });
}

#[test]
fn an_opening_block_that_cannot_be_known_stays_within_bounds() {
    ExtBuilder::bare().build().execute_with(|| {
        System::set_block_number(20);
        let request = |deadline| Request {
            record: XRAY,
            patient: PATIENT,
            model: VGG,
            requester: PATIENT,
            fee: 0,
            opened: 0,
            deadline,
            status: RequestStatus::Cancelled,
        };
        // Made under a shorter time for requests, under a longer one, and at the
        // end of time.
        for (id, deadline) in [(0, DEADLINE - 1), (1, 21 + DEADLINE), (2, u64::MAX)] {
            put_old(RequestId(id), &request(deadline));
        }
        set_version(1);
        Migration::on_runtime_upgrade();
        let opened: Vec<u64> = all().into_iter().map(|(_, request)| request.opened).collect();
        assert_eq!(opened, [0, 20, 20]);
    });
}

#[test]
fn a_second_run_changes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        one_of_each_status();
        turn_back();
        Migration::on_runtime_upgrade();
        let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
        let used = Migration::on_runtime_upgrade();
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), root);
        assert_eq!(used, <Test as frame_system::Config>::DbWeight::get().reads(1));
    });
}

#[test]
fn it_runs_from_version_1_alone() {
    ExtBuilder::default().build_and_execute(|| {
        request();
        assert_eq!(Inference::on_chain_storage_version(), 2, "a new chain has the new layout");
        let before = all();
        for prepare in [
            || set_version(0),
            || set_version(3),
            || unhashed::kill(&StorageVersion::storage_key::<Inference>()),
        ] {
            prepare();
            let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
            Migration::on_runtime_upgrade();
            assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), root);
            assert_eq!(all(), before);
        }
    });
}

#[test]
fn without_requests_only_the_version_changes() {
    ExtBuilder::default().build_and_execute(|| {
        set_version(1);
        Migration::on_runtime_upgrade();
        assert_eq!(all(), []);
        assert_eq!(Inference::on_chain_storage_version(), 2);
    });
}
