//! `add_provider` and `remove_provider`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::Role;
use sp_runtime::DispatchError::BadOrigin;

use crate::{mock::*, Error, Event, Providers};

#[test]
fn giving_and_taking_roles_works() {
    ExtBuilder::default().build_and_execute(|| {
        let has = |role| Providers::<Test>::contains_key(READER, role);
        assert_ok!(Emr::add_provider(root(), READER, Role::Clinician));
        assert_ok!(Emr::add_provider(root(), READER, Role::Custodian));
        assert!(has(Role::Clinician) && has(Role::Custodian));

        assert_ok!(Emr::remove_provider(root(), READER, Role::Clinician));
        assert!(!has(Role::Clinician) && has(Role::Custodian));
        let added = |role| Event::ProviderAdded { account: READER, role };
        assert_eq!(
            events(),
            [
                added(Role::Clinician),
                added(Role::Custodian),
                Event::ProviderRemoved { account: READER, role: Role::Clinician },
            ]
        );
    });
}

#[test]
fn giving_a_role_fails_when_the_provider_has_it() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::add_provider(root(), TECHNICIAN, Role::LabTechnician),
            Error::<Test>::ProviderAlreadyExists
        );
    });
}

#[test]
fn taking_a_role_fails_when_the_provider_has_another() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::remove_provider(root(), TECHNICIAN, Role::Clinician),
            Error::<Test>::ProviderNotFound
        );
        assert_noop!(
            Emr::remove_provider(root(), STRANGER, Role::LabTechnician),
            Error::<Test>::ProviderNotFound
        );
    });
}

#[test]
fn fails_when_not_the_registrar() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [ALICE, TECHNICIAN, STRANGER] {
            assert_noop!(Emr::add_provider(signed(who), who, Role::Hospital), BadOrigin);
            assert_noop!(
                Emr::remove_provider(signed(who), TECHNICIAN, Role::LabTechnician),
                BadOrigin
            );
        }
    });
}
