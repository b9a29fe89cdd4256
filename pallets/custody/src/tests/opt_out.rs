//! `set_emergency_access`: patients who forbid breaking the glass, also while it is broken.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use medchain_primitives::{Action, EndReason};
use sp_runtime::DispatchResult;

use super::world::*;
use crate::{mock::*, EmergencyOptOuts, Error, Event};

fn allow(allowed: bool) -> DispatchResult {
    Custody::set_emergency_access(signed(ALICE), allowed)
}

#[test]
fn a_patient_opts_out_and_in() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, READER, Action::Emergency);
        let set = |allowed| Event::EmergencyAccessSet { patient: ALICE, allowed };
        assert_ok!(allow(false));
        assert_eq!(events(), [set(false)]);
        assert!(EmergencyOptOuts::<Test>::contains_key(ALICE));
        for who in [CLINICIAN, CONTACT, READER] {
            assert_noop!(break_glass(who), Error::<Test>::EmergencyOptedOut);
        }
        // An account that may not break the glass does not learn that.
        assert_noop!(break_glass(STRANGER), pallet_emr::Error::<Test>::NoGrant);
        assert_ok!(allow(true));
        assert_eq!(events(), [set(true)]);
        assert!(!EmergencyOptOuts::<Test>::contains_key(ALICE));
        assert_ok!(break_glass(CLINICIAN));

        let refused = Custody::set_emergency_access(signed(STRANGER), false);
        assert_noop!(refused, pallet_emr::Error::<Test>::PatientNotFound);
    });
}

#[test]
fn an_opt_out_stops_requests_in_an_emergency_that_runs() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let other = add_entrusted(2);
        assert_ok!(allow(false));
        let refused = request_in_emergency(CLINICIAN, other);
        assert_noop!(refused, Error::<Test>::EmergencyOptedOut);
    });
}

#[test]
fn an_opt_out_between_request_and_delivery_counts() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let delivery = delivery_of(CUSTODIAN, XRAY, CLINICIAN);
        assert_ok!(allow(false));
        events();
        assert_eq!(submit(CUSTODIAN, XRAY, CLINICIAN, delivery), Ok(Pays::No));
        assert_eq!(events(), [ended(CLINICIAN, EndReason::Refused), exposed(CLINICIAN, CUSTODIAN)]);
        assert_eq!(grant(CLINICIAN), None);
        assert_eq!(emergency().map(|emergency| emergency.deliveries), Some(1));
    });
}

/// Opting out is about emergencies alone.
#[test]
fn an_opt_out_ends_no_grant_by_the_policy() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        assert_ok!(allow(false));
        assert_ok!(deliver(CUSTODIAN, READER));
    });
}
