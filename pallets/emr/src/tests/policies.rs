//! `set_policy` and `set_default_policy`.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError::BadOrigin;

use crate::{mock::*, DefaultPolicy, Error, Event, PatientPolicies};

#[test]
fn choosing_a_policy_works() {
    ExtBuilder::default().build_and_execute(|| {
        let set = |old, new| Event::PolicySet { patient: ALICE, old, new };
        assert_ok!(Emr::set_policy(signed(ALICE), Some(OTHER_POLICY)));
        assert_eq!(PatientPolicies::<Test>::get(ALICE), Some(OTHER_POLICY));
        assert_eq!(Emr::policy_of(&ALICE), Some(OTHER_POLICY));
        assert_eq!(Emr::policy_of(&BOB), Some(POLICY));

        assert_ok!(Emr::set_policy(signed(ALICE), None));
        assert_eq!(PatientPolicies::<Test>::get(ALICE), None);
        assert_eq!(Emr::policy_of(&ALICE), Some(POLICY));
        assert_eq!(events(), [set(None, Some(OTHER_POLICY)), set(Some(OTHER_POLICY), None)]);
    });
}

#[test]
fn choosing_a_policy_fails_when_not_a_patient() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::set_policy(signed(STRANGER), Some(OTHER_POLICY)),
            Error::<Test>::PatientNotFound
        );
    });
}

#[test]
fn setting_the_default_policy_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::set_default_policy(root(), Some(OTHER_POLICY)));
        assert_eq!(DefaultPolicy::<Test>::get(), Some(OTHER_POLICY));
        assert_ok!(Emr::set_default_policy(root(), None));
        assert_eq!(DefaultPolicy::<Test>::get(), None);
        assert_eq!(
            events(),
            [
                Event::DefaultPolicySet { old: Some(POLICY), new: Some(OTHER_POLICY) },
                Event::DefaultPolicySet { old: Some(OTHER_POLICY), new: None },
            ]
        );
    });
}

#[test]
fn setting_the_default_policy_fails_when_not_the_registrar() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [ALICE, TECHNICIAN, STRANGER] {
            assert_noop!(Emr::set_default_policy(signed(who), None), BadOrigin);
        }
    });
}
