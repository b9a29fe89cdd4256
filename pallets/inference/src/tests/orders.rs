//! Requests made together with a new record, through `Emr::add_record`.

use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{InferenceOrder, ModelId, RecordId, RecordKind};
use pallet_emr::InferenceOrders;
use sp_runtime::TokenError;

const NEW: RecordId = RecordId(2);

fn add(author: u64, order: Option<InferenceOrder<u64>>) -> DispatchResultWithPostInfo {
    add_record(author, RecordKind::ChestXray, 12, Some(film()), order)
}

fn of(model: ModelId) -> Option<InferenceOrder<u64>> {
    Some(InferenceOrder { model, ..order(1) })
}

#[test]
fn an_order_of_the_patient_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add(PATIENT, Some(order(3))));
        let request = entry(REQUEST);
        assert_eq!((request.record, request.patient, request.requester), (NEW, PATIENT, PATIENT));
        assert!(is_open(REQUEST));
        assert_eq!(held(PATIENT), (3 * FEE, 0));
        let event = Event::InferenceRequested {
            request: REQUEST,
            record: NEW,
            patient: PATIENT,
            model: VGG,
            requester: PATIENT,
            quorum: 3,
            fee: FEE,
        };
        assert!(events().contains(&event.into()));
    });
}

#[test]
fn an_order_of_the_lab_is_paid_by_the_lab() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(LAB, Action::Append);
        Policy::grant(LAB, Action::Infer);
        assert_ok!(add(LAB, Some(named(WORKER))));
        assert_eq!(entry(REQUEST).requester, LAB);
        assert_eq!((held(LAB), held(PATIENT)), ((FEE, 0), (0, 0)));
    });
}

#[test]
fn no_order_no_request() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add(PATIENT, None));
        assert_eq!(Requests::<Test>::iter().count(), 0);
    });
}

#[test]
fn fails_when_the_lab_may_append_but_not_infer() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(LAB, Action::Append);
        // Not even the record is stored.
        assert_noop!(add(LAB, Some(order(1))), pallet_emr::Error::<Test>::NoGrant);
        assert_ok!(add(LAB, None));
    });
}

#[test]
fn fails_when_the_order_is_bad() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(add(PATIENT, of(NO_MODEL)), Error::<Test>::ModelNotFound);
        let xray = RecordKind::ChestXray;
        assert_noop!(add_record(PATIENT, xray, 12, None, of(VGG)), Error::<Test>::FilmNotCommitted);
        assert_noop!(
            add_record(PATIENT, RecordKind::Report, 12, None, of(VGG)),
            Error::<Test>::NotChestXray
        );
        retire_vgg();
        assert_noop!(add(PATIENT, of(VGG)), Error::<Test>::ModelRetired);
    });
}

#[test]
fn fails_when_the_fee_cannot_be_held() {
    ExtBuilder::default().build_and_execute(|| {
        Models::<Test>::mutate_extant(VGG, |model| model.fee = 2 * FUNDS);
        assert_noop!(add(PATIENT, of(VGG)), TokenError::FundsUnavailable);
    });
}

#[test]
fn the_claimed_patient_of_an_order_is_not_trusted() {
    ExtBuilder::default().build_and_execute(|| {
        // The stranger claims to be the patient of the record.
        assert_noop!(
            <Inference as InferenceOrders<u64>>::order(&STRANGER, &STRANGER, XRAY, &order(1)),
            pallet_emr::Error::<Test>::NoGrant
        );
    });
}

#[test]
fn an_order_weighs_what_a_request_does() {
    // `Emr::add_record` adds the weight of asking the policy.
    assert_eq!(
        <Inference as InferenceOrders<u64>>::weight(),
        <() as WeightInfo>::request_inference()
    );
}
