//! `add_provider`, `renew_provider` and `remove_provider`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, Appointment, Role};

use crate::{mock::*, Error, Event, Providers};

const TECHNICIANS: Role = Role::LabTechnician;

#[test]
fn a_registrar_of_another_institution_can_do_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let other = || signed(OTHER_REGISTRAR);
        let not = Error::<Test>::NotRegistrar;
        assert_noop!(Emr::add_provider(other(), CLINIC, READER, Role::Clinician, 9), not);
        let not = Error::<Test>::NotRegistrar;
        assert_noop!(Emr::renew_provider(other(), TECHNICIAN, TECHNICIANS, 9), not);
        let not = Error::<Test>::NotRegistrar;
        assert_noop!(Emr::remove_provider(other(), TECHNICIAN, TECHNICIANS), not);
        // Nor can it take over somebody whose term goes on.
        assert_noop!(
            Emr::add_provider(other(), OTHER_CLINIC, TECHNICIAN, TECHNICIANS, 9),
            Error::<Test>::ProviderAlreadyExists
        );
    });
}

#[test]
fn nobody_appoints_without_being_a_registrar() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [ALICE, TECHNICIAN, CLINICIAN, MINORITY, STRANGER] {
            assert_noop!(
                Emr::add_provider(signed(who), CLINIC, who, Role::Hospital, 9),
                Error::<Test>::NotRegistrar
            );
            assert_noop!(
                Emr::renew_provider(signed(who), TECHNICIAN, TECHNICIANS, 9),
                Error::<Test>::NotRegistrar
            );
        }
        // Governance admits institutions; it appoints nobody.
        assert!(Emr::add_provider(root(), CLINIC, READER, Role::Hospital, 9).is_err());
        assert!(Emr::renew_provider(root(), TECHNICIAN, TECHNICIANS, 9).is_err());
    });
}

#[test]
fn a_role_ends_with_its_term() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::Append);
        let origin = signed(REGISTRAR);
        assert_ok!(Emr::add_provider(origin, CLINIC, READER, TECHNICIANS, 5));
        System::set_block_number(5);
        let appointment = Appointment { institution: CLINIC, until: 5 };
        assert_eq!(Emr::appointment(&READER, TECHNICIANS), Some(appointment));
        assert_ok!(add_record(READER, ALICE, &[ALICE]));

        System::set_block_number(6);
        assert_eq!(Emr::appointment(&READER, TECHNICIANS), None);
        assert_noop!(add_record(READER, ALICE, &[ALICE]), Error::<Test>::NotLabTechnician);
        // Another institution may appoint it now.
        let other = signed(OTHER_REGISTRAR);
        assert_ok!(Emr::add_provider(other, OTHER_CLINIC, READER, TECHNICIANS, 9));
        assert_noop!(
            Emr::renew_provider(signed(REGISTRAR), READER, TECHNICIANS, 20),
            Error::<Test>::NotRegistrar
        );
    });
}

#[test]
fn giving_and_taking_roles_works() {
    ExtBuilder::default().build_and_execute(|| {
        let has = |role| Emr::has_role(&READER, role);
        appoint(READER, Role::Clinician);
        appoint(READER, Role::Custodian);
        assert!(has(Role::Clinician) && has(Role::Custodian));

        dismiss(READER, Role::Clinician);
        assert!(!has(Role::Clinician) && has(Role::Custodian));
        assert!(!Providers::<Test>::contains_key(READER, Role::Clinician));
        let (account, institution, until) = (READER, CLINIC, TERM);
        let added = |role| Event::ProviderAdded { account, role, institution, until };
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
fn renewing_works_before_the_end_and_after() {
    ExtBuilder::default().build_and_execute(|| {
        let origin = || signed(REGISTRAR);
        assert_ok!(Emr::renew_provider(origin(), TECHNICIAN, TECHNICIANS, 10));
        System::set_block_number(11);
        assert!(!Emr::has_role(&TECHNICIAN, TECHNICIANS));
        assert_ok!(Emr::renew_provider(origin(), TECHNICIAN, TECHNICIANS, 20));
        assert!(Emr::has_role(&TECHNICIAN, TECHNICIANS));
        let (account, role) = (TECHNICIAN, TECHNICIANS);
        let renewed = |old, new| Event::ProviderRenewed { account, role, old, new };
        assert_eq!(events(), [renewed(TERM, 10), renewed(10, 20)]);
    });
}

#[test]
fn renewing_fails_when_the_provider_has_another_role() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::renew_provider(signed(REGISTRAR), TECHNICIAN, Role::Clinician, 9),
            Error::<Test>::ProviderNotFound
        );
    });
}

#[test]
fn a_term_ends_in_the_future_and_is_not_too_long() {
    ExtBuilder::default().build_and_execute(|| {
        System::set_block_number(4);
        for until in [0, 3, 4, 4 + TERM + 1, u64::MAX] {
            assert_noop!(
                Emr::add_provider(signed(REGISTRAR), CLINIC, READER, Role::Hospital, until),
                Error::<Test>::InvalidTerm
            );
            assert_noop!(
                Emr::renew_provider(signed(REGISTRAR), TECHNICIAN, TECHNICIANS, until),
                Error::<Test>::InvalidTerm
            );
        }
        for (role, until) in [(Role::Hospital, 5), (Role::Clinician, 4 + TERM)] {
            assert_ok!(Emr::add_provider(signed(REGISTRAR), CLINIC, READER, role, until));
        }
    });
}

#[test]
fn giving_a_role_fails_when_the_provider_has_it() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Emr::add_provider(signed(REGISTRAR), CLINIC, TECHNICIAN, TECHNICIANS, 9),
            Error::<Test>::ProviderAlreadyExists
        );
    });
}

#[test]
fn taking_a_role_fails_when_the_provider_has_another() {
    ExtBuilder::default().build_and_execute(|| {
        for (who, role) in [(TECHNICIAN, Role::Clinician), (STRANGER, TECHNICIANS)] {
            assert_noop!(
                Emr::remove_provider(signed(REGISTRAR), who, role),
                Error::<Test>::ProviderNotFound
            );
        }
    });
}

#[test]
fn a_provider_gives_a_role_back_and_governance_takes_it() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [ALICE, CLINICIAN, STRANGER] {
            assert_noop!(
                Emr::remove_provider(signed(who), TECHNICIAN, TECHNICIANS),
                Error::<Test>::NotRegistrar
            );
        }
        assert_ok!(Emr::remove_provider(signed(TECHNICIAN), TECHNICIAN, TECHNICIANS));
        assert_ok!(Emr::remove_provider(root(), CLINICIAN, Role::Clinician));
        assert!(!Emr::has_role(&TECHNICIAN, TECHNICIANS));
        assert!(!Emr::has_role(&CLINICIAN, Role::Clinician));
    });
}
