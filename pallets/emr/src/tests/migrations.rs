//! From storage version 0, in which providers had neither institution nor term.

use frame_support::{
    storage::unhashed,
    traits::{ConstU64, GetStorageVersion, OnRuntimeUpgrade, StorageVersion},
};
use medchain_primitives::{Appointment, InstitutionId, Role};

use crate::{migrations::MigrateV0ToV1, mock::*, Institutions, NextInstitutionId, Providers};

type Migration = MigrateV0ToV1<Test, ConstU64<30>>;

/// Gives an account a role as version 0 stored it: the key says it all.
fn give(account: u64, role: Role) {
    unhashed::put_raw(&Providers::<Test>::hashed_key_for(account, role), &[]);
}

#[test]
fn providers_go_to_an_institution_that_nobody_controls() {
    ExtBuilder::bare().build_and_execute(|| {
        StorageVersion::new(0).put::<Emr>();
        give(READER, Role::Custodian);
        give(READER, Role::Clinician);
        Migration::on_runtime_upgrade();
        assert_eq!(Emr::on_chain_storage_version(), 1);
        let appointment = Appointment { institution: InstitutionId(0), until: 31 };
        for role in [Role::Custodian, Role::Clinician] {
            assert_eq!(Emr::appointment(&READER, role), Some(appointment));
        }
        let registrar = Institutions::<Test>::get(InstitutionId(0)).map(|entry| entry.registrar);
        assert_eq!(registrar, Some(0));
        assert_eq!(NextInstitutionId::<Test>::get(), InstitutionId(1));

        // The term ends, and nothing more is done by a second run.
        System::set_block_number(32);
        Migration::on_runtime_upgrade();
        assert!(!Emr::has_role(&READER, Role::Custodian));
    });
}

#[test]
fn without_providers_no_institution_is_made() {
    ExtBuilder::bare().build_and_execute(|| {
        StorageVersion::new(0).put::<Emr>();
        Migration::on_runtime_upgrade();
        assert_eq!(Emr::on_chain_storage_version(), 1);
        assert_eq!(Institutions::<Test>::iter().count(), 0);
    });
}
