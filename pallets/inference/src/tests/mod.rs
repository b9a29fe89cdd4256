//! Tests, one file per group of calls.

mod closing;
mod consent;
mod due;
mod failures;
mod invariants;
mod migrations;
mod models;
mod orders;
mod predictions;
mod requests;
mod workers;

use crate::{mock::*, *};
use frame_support::dispatch::DispatchResultWithPostInfo;
use medchain_primitives::{ModelStatus, Output, Receipt, RequestId, RequestStatus};

/// Takes the events of one call, without those of the currency.
fn events() -> Vec<RuntimeEvent> {
    let events = System::events().into_iter().map(|record| record.event);
    System::reset_events();
    events.filter(|event| !matches!(event, RuntimeEvent::Balances(_))).collect()
}

/// [`PATIENT`] requests [`VGG`] on [`XRAY`].
fn request() -> RequestId {
    let id = NextRequestId::<Test>::get();
    Inference::request_inference(signed(PATIENT), XRAY, VGG).expect("the patient may ask");
    System::reset_events();
    id
}

fn submit(
    worker: u64,
    request: RequestId,
    output: Output,
    receipt: Receipt,
) -> DispatchResultWithPostInfo {
    Inference::submit_prediction(signed(worker), request, output, receipt)
}

/// `worker` answers with [`covid`].
fn answer(worker: u64, request: RequestId) -> DispatchResultWithPostInfo {
    submit(worker, request, covid(), receipt(&covid()))
}

fn status(request: RequestId) -> RequestStatus<u64> {
    Requests::<Test>::get(request).expect("the request exists").status
}

/// Returns whether `request` is in all indices of open requests. Otherwise it is in none.
fn is_open(request: RequestId) -> bool {
    let entry = Requests::<Test>::get(request).expect("the request exists");
    let listed = OpenRequests::<Test>::contains_key(request);
    let indexed = OpenRequestOf::<Test>::get(entry.record, entry.model) == Some(request);
    assert_eq!(listed, indexed);
    assert_eq!(listed, Due::<Test>::contains_key(entry.deadline, request));
    listed
}

/// A new version of [`XRAY`].
fn amend_xray() {
    let digest = medchain_primitives::ContentDigest([20; 32]);
    Emr::amend_record(signed(PATIENT), XRAY, cid(20), digest, Default::default(), None)
        .expect("the patient may amend");
    System::reset_events();
}

fn retire_vgg() {
    Inference::set_model_status(RuntimeOrigin::root(), VGG, ModelStatus::Retired)
        .expect("governance retires");
    System::reset_events();
}
