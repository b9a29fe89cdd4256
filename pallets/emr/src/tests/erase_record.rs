//! `erase_record`.

use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use medchain_primitives::{Action, RecordId, RecordStatus};

use crate::{
    mock::*, Call, Commitments, Envelopes, Error, Event, HoldReason, Record, Records, RecordsOf,
    WeightInfo,
};

#[test]
fn erasing_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let expected = Record { status: RecordStatus::Erased, envelopes: 0, deposit: 0, ..xray() };
        assert_eq!(Records::<Test>::get(XRAY), Some(expected));
        assert_eq!(Envelopes::<Test>::iter_prefix(XRAY).count(), 0);
        assert_eq!(Commitments::<Test>::get(XRAY), None);
        assert!(RecordsOf::<Test>::contains_key(ALICE, XRAY), "it is still listed");
        assert_eq!(held(ALICE, HoldReason::Record), 0);
        assert_eq!(held(ALICE, HoldReason::Envelope), 0);
        assert_eq!(held(ALICE, HoldReason::Patient), PATIENT_DEPOSIT);
        let erased = Event::RecordErased { record: XRAY, patient: ALICE };
        assert_eq!(events(), [erased]);
    });
}

#[test]
fn deposits_return_to_whoever_paid_them() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        Policy::grant(ALICE, OTHER_READER, Action::Share);
        assert_ok!(add_record(TECHNICIAN, ALICE, &[ALICE, READER]));
        assert_ok!(Emr::share_record(
            signed(OTHER_READER),
            NEXT,
            OTHER_READER,
            sealed(OTHER_READER)
        ));
        assert_ok!(Emr::share_record(signed(ALICE), NEXT, BOB, sealed(BOB)));
        let record = RECORD_DEPOSIT;
        let envelope = ENVELOPE_DEPOSIT;
        assert_eq!(Balances::free_balance(TECHNICIAN), FUNDS - record - 2 * envelope);
        assert_eq!(Balances::free_balance(OTHER_READER), FUNDS - KEY_DEPOSIT - envelope);
        // Alice also pays for herself and for the other record.
        let entry = PATIENT_DEPOSIT + record + envelope;
        assert_eq!(Balances::free_balance(ALICE), FUNDS - entry - envelope);

        // Consent is not needed to get a deposit back.
        Policy::revoke(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(Emr::erase_record(signed(ALICE), NEXT));
        for (who, deposit) in [(TECHNICIAN, 0), (OTHER_READER, KEY_DEPOSIT), (READER, KEY_DEPOSIT)]
        {
            assert_eq!(Balances::free_balance(who), FUNDS - deposit);
            assert_eq!(held(who, HoldReason::Record), 0);
            assert_eq!(held(who, HoldReason::Envelope), 0);
        }
        assert_eq!(Balances::free_balance(ALICE), FUNDS - entry);
        assert_eq!(Envelopes::<Test>::iter_prefix(XRAY).count(), 1, "another record");
    });
}

#[test]
fn a_missing_hold_does_not_keep_a_record_alive() {
    use frame_support::traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
    };
    ExtBuilder::default().build_and_execute(|| {
        for reason in [HoldReason::Record, HoldReason::Envelope] {
            let reason = reason.into();
            let (precision, force) = (Precision::BestEffort, Fortitude::Force);
            assert_ok!(Balances::burn_held(&reason, &ALICE, 2, precision, force));
        }
        let free = Balances::free_balance(ALICE);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let returned = RECORD_DEPOSIT + ENVELOPE_DEPOSIT - 4;
        assert_eq!(Balances::free_balance(ALICE), free + returned);
    });
}

#[test]
fn every_version_can_be_erased_by_itself() {
    ExtBuilder::default().build_and_execute(|| {
        let (film2, readers) = (Some(film(2)), envelopes(&[ALICE]));
        let author = signed(ALICE);
        assert_ok!(Emr::amend_record(author, XRAY, cid(2), digest(2), film2, readers, None));
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let newest = Records::<Test>::get(NEXT).expect("added");
        assert_eq!(newest.status, RecordStatus::Active);
        assert!(Envelopes::<Test>::contains_key(NEXT, ALICE));
        assert_eq!(Commitments::<Test>::get(XRAY), None);
        assert_eq!(Commitments::<Test>::get(NEXT), Some(film(2)));
        assert_ok!(Emr::erase_record(signed(ALICE), NEXT));
    });
}

#[test]
fn fails_when_not_the_patient() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(add_record(TECHNICIAN, ALICE, &[ALICE, READER]));
        for action in Action::ALL {
            Policy::grant(ALICE, TECHNICIAN, action);
            Policy::grant(ALICE, READER, action);
        }
        // Neither the author nor a reader, whatever else they may do.
        for who in [BOB, TECHNICIAN, READER, STRANGER] {
            let refused = Emr::erase_record(signed(who), NEXT);
            assert_noop!(refused, Error::<Test>::NotPatient);
        }
    });
}

#[test]
fn fails_when_already_erased() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let again = Emr::erase_record(signed(ALICE), XRAY);
        assert_noop!(again, Error::<Test>::RecordErased);
    });
}

#[test]
fn fails_when_there_is_no_such_record() {
    ExtBuilder::default().build_and_execute(|| {
        let missing = Emr::erase_record(signed(ALICE), RecordId(9));
        assert_noop!(missing, Error::<Test>::RecordNotFound);
    });
}

#[test]
fn the_weight_of_missing_envelopes_is_refunded() {
    ExtBuilder::default().build_and_execute(|| {
        let call = Call::<Test>::erase_record { record: XRAY };
        assert_eq!(
            call.get_dispatch_info().call_weight,
            <() as WeightInfo>::erase_record(MAX_ENVELOPES) + END_WEIGHT * u64::from(MAX_GRANTS)
        );
        let info = Emr::erase_record(signed(ALICE), XRAY).expect("her own record");
        let one = <() as WeightInfo>::erase_record(1);
        assert_eq!(info.actual_weight, Some(one));
    });
}
