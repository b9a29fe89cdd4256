//! Tests, one file per group of calls.

mod answers;
mod attacks;
mod closing;
mod consent;
mod departures;
mod disclosure;
mod dispute_attacks;
mod disputes;
mod drawing;
mod due;
mod failures;
mod invariants;
mod key_costs;
mod models;
mod named;
mod orders;
mod overdue;
mod own_keys;
mod parameters;
mod requests;
mod sealing;
mod seeds;
mod workers;

use crate::{mock::*, *};
use frame_support::dispatch::DispatchResultWithPostInfo;
use medchain_primitives::{Action, ModelStatus, RequestId, RequestStatus};

/// Takes the events of one call, without those of the currency.
fn events() -> Vec<RuntimeEvent> {
    let events = System::events().into_iter().map(|record| record.event);
    System::reset_events();
    events.filter(|event| !matches!(event, RuntimeEvent::Balances(_))).collect()
}

/// The policy let `subject` run a model on [`XRAY`].
fn checked(subject: u64) -> RuntimeEvent {
    let (record, action, policy) = (Some(XRAY), Action::Infer, None);
    pallet_emr::Event::AccessChecked { patient: PATIENT, subject, record, action, policy }.into()
}

fn entry(id: RequestId) -> RequestOf<Test> {
    Requests::<Test>::get(id).expect("the request exists")
}

fn status(id: RequestId) -> RequestStatus {
    entry(id).status
}

fn committee(id: RequestId) -> CommitteeOf<Test> {
    Committees::<Test>::get(id).expect("the request is open")
}

fn worker(who: u64) -> WorkerOf<Test> {
    Workers::<Test>::get(who).expect("it is registered")
}

/// Returns whether a request is in all indices of open requests. Otherwise it is in none.
fn is_open(id: RequestId) -> bool {
    let request = entry(id);
    let listed = Committees::<Test>::contains_key(id);
    let indexed = OpenRequestOf::<Test>::get(request.record, request.model) == Some(id);
    assert_eq!(listed, indexed);
    // Without a verdict it is removed some day.
    let is_due = Due::<Test>::contains_key(request.deadline, id);
    assert_eq!(is_due, request.status != RequestStatus::Answered);
    assert_eq!(listed, request.status.is_open());
    listed
}

/// Whether a request is on the work list of a worker.
fn on_list(who: u64, id: RequestId) -> bool {
    Assignments::<Test>::contains_key(who, id)
}

fn workers(list: &[u64]) -> MembersOf<Test> {
    MembersOf::<Test>::truncate_from(list.to_vec())
}

/// Goes to the first block in which a request is overdue.
fn miss_deadline(id: RequestId) {
    pass(entry(id).deadline + 1 - System::block_number());
}

/// Moves on an overdue request.
fn settle(id: RequestId) -> frame_support::dispatch::DispatchResult {
    Inference::settle_overdue(signed(STRANGER), id)
}

/// A new version of [`XRAY`].
fn amend_xray() {
    let digest = medchain_primitives::ContentDigest([20; 32]);
    let new = (cid(20), Some(film()));
    Emr::amend_record(signed(PATIENT), XRAY, new.0, digest, new.1, Default::default(), None)
        .expect("the patient may amend");
    System::reset_events();
}

fn erase_xray() {
    Emr::erase_record(signed(PATIENT), XRAY).expect("the patient may erase");
    System::reset_events();
}

fn retire_vgg() {
    Inference::set_model_status(RuntimeOrigin::root(), VGG, ModelStatus::Retired)
        .expect("governance retires");
    System::reset_events();
}

/// Makes [`NEWCOMER`] a worker in place of the last of [`WORKERS`].
fn replace_last_worker() {
    Inference::deregister_worker(signed(WORKERS[3])).expect("a worker may leave");
    Inference::register_worker(signed(NEWCOMER), models(&[VGG])).expect("there is a place");
    System::reset_events();
}
