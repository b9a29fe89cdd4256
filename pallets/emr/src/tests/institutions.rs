//! `admit_institution`, `remove_institution`, `set_registrar`, and institutions at genesis.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{InstitutionId, Role};
use sp_runtime::{BuildStorage, DispatchError::BadOrigin};

use crate::{mock::*, Error, Event, Institution, Institutions, NextInstitutionId};

const THIRD: InstitutionId = InstitutionId(2);

#[test]
fn fails_when_not_governance() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [ALICE, TECHNICIAN, REGISTRAR, MINORITY, STRANGER] {
            assert_noop!(Emr::admit_institution(signed(who), name("mine"), who), BadOrigin);
            assert_noop!(Emr::remove_institution(signed(who), OTHER_CLINIC), BadOrigin);
        }
    });
}

#[test]
fn the_roles_of_a_removed_institution_end() {
    ExtBuilder::default().build_and_execute(|| {
        assert!(Emr::has_role(&TECHNICIAN, Role::LabTechnician));
        assert_ok!(Emr::remove_institution(root(), CLINIC));
        assert!(!Emr::has_role(&TECHNICIAN, Role::LabTechnician));
        assert!(!Emr::has_role(&CLINICIAN, Role::Clinician));
        // Its registrar can do nothing more.
        assert_noop!(
            Emr::renew_provider(signed(REGISTRAR), TECHNICIAN, Role::LabTechnician, 9),
            Error::<Test>::InstitutionNotFound
        );
        assert_noop!(
            Emr::add_provider(signed(REGISTRAR), CLINIC, READER, Role::Clinician, 9),
            Error::<Test>::InstitutionNotFound
        );
        assert_noop!(
            Emr::remove_provider(signed(REGISTRAR), TECHNICIAN, Role::LabTechnician),
            Error::<Test>::NotRegistrar
        );
        // Another institution appoints its people again; a new one has another number.
        let again = Role::LabTechnician;
        assert_ok!(Emr::add_provider(signed(OTHER_REGISTRAR), OTHER_CLINIC, TECHNICIAN, again, 9));
        assert!(Emr::has_role(&TECHNICIAN, Role::LabTechnician));
        assert_ok!(Emr::admit_institution(root(), name("clinic"), REGISTRAR));
        assert!(Institutions::<Test>::contains_key(THIRD));
        assert!(!Emr::has_role(&CLINICIAN, Role::Clinician));
    });
}

#[test]
fn admitting_and_removing_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::admit_institution(root(), name("Charité"), STRANGER));
        let entry = Institution { name: name("Charité"), registrar: STRANGER };
        assert_eq!(Institutions::<Test>::get(THIRD), Some(entry));
        assert_ok!(Emr::add_provider(signed(STRANGER), THIRD, READER, Role::Hospital, 9));
        assert_ok!(Emr::remove_institution(root(), THIRD));
        assert_eq!(Institutions::<Test>::get(THIRD), None);
        let (account, role, institution, until) = (READER, Role::Hospital, THIRD, 9);
        assert_eq!(
            events(),
            [
                Event::InstitutionAdmitted {
                    institution,
                    name: name("Charité"),
                    registrar: STRANGER
                },
                Event::ProviderAdded { account, role, institution, until },
                Event::InstitutionRemoved { institution },
            ]
        );
    });
}

#[test]
fn admitting_fails_when_the_name_is_no_text() {
    ExtBuilder::default().build_and_execute(|| {
        let bytes = vec![0xff, 0xfe].try_into().expect("it is short");
        for name in [name(""), bytes] {
            assert_noop!(
                Emr::admit_institution(root(), name, STRANGER),
                Error::<Test>::InvalidInstitutionName
            );
        }
    });
}

#[test]
fn admitting_fails_when_every_number_is_taken() {
    ExtBuilder::default().build_and_execute(|| {
        NextInstitutionId::<Test>::put(InstitutionId(u32::MAX));
        assert_noop!(
            Emr::admit_institution(root(), name("one more"), STRANGER),
            Error::<Test>::InstitutionIdsExhausted
        );
    });
}

#[test]
fn removing_fails_when_there_is_no_such_institution() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Emr::remove_institution(root(), THIRD), Error::<Test>::InstitutionNotFound);
    });
}

#[test]
fn handing_over_works_for_the_registrar_and_governance() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::set_registrar(signed(REGISTRAR), CLINIC, STRANGER));
        // The terms go on, and the previous registrar can do nothing more.
        assert!(Emr::has_role(&TECHNICIAN, Role::LabTechnician));
        assert_noop!(
            Emr::remove_provider(signed(REGISTRAR), TECHNICIAN, Role::LabTechnician),
            Error::<Test>::NotRegistrar
        );
        assert_ok!(Emr::set_registrar(root(), CLINIC, REGISTRAR));
        let set = |old, new| Event::RegistrarSet { institution: CLINIC, old, new };
        assert_eq!(events(), [set(REGISTRAR, STRANGER), set(STRANGER, REGISTRAR)]);
    });
}

#[test]
fn handing_over_fails_when_not_the_registrar() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [ALICE, TECHNICIAN, OTHER_REGISTRAR, MINORITY, STRANGER] {
            assert_noop!(Emr::set_registrar(signed(who), CLINIC, who), Error::<Test>::NotRegistrar);
        }
        assert_noop!(
            Emr::set_registrar(root(), THIRD, STRANGER),
            Error::<Test>::InstitutionNotFound
        );
    });
}

#[test]
fn the_first_block_knows_its_institutions() {
    let emr = crate::GenesisConfig::<Test> {
        institutions: vec![("one".into(), REGISTRAR), ("two".into(), OTHER_REGISTRAR)],
    };
    let storage = emr.build_storage().expect("the genesis of a test is valid");
    sp_io::TestExternalities::from(storage).execute_with(|| {
        let entry = Institution { name: name("two"), registrar: OTHER_REGISTRAR };
        assert_eq!(Institutions::<Test>::get(OTHER_CLINIC), Some(entry));
        assert_eq!(NextInstitutionId::<Test>::get(), THIRD);
    });
}
