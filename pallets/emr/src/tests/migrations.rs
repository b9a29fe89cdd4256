//! From storage version 0, in which providers had neither institution nor term, and contents were
//! not listed.

use frame_support::{
    assert_ok,
    storage::unhashed,
    traits::{ConstU64, GetStorageVersion, OnRuntimeUpgrade, StorageVersion},
};
use medchain_primitives::{Appointment, InstitutionId, RecordId, Role};

use crate::{
    migrations::MigrateV0ToV1, mock::*, Contents, Institutions, NextInstitutionId, Patients,
    Providers, Records,
};

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

/// Runtime 2 let several records have one content.
#[test]
fn contents_are_listed_under_their_first_record() {
    ExtBuilder::default().build_and_execute(|| {
        let (other, third) = (content(NEXT), RecordId(2));
        assert_ok!(add_record(ALICE, ALICE, &[]));
        assert_ok!(add_record(ALICE, ALICE, &[]));
        assert_ok!(add_record(BOB, BOB, &[]));
        for record in [third, RecordId(3)] {
            Records::<Test>::mutate_extant(record, |record| record.cid = content(XRAY));
        }
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let _ = Contents::<Test>::clear(u32::MAX, None);
        StorageVersion::new(0).put::<Emr>();
        Migration::on_runtime_upgrade();
        assert_eq!(Contents::<Test>::get(content(XRAY), ALICE), Some(XRAY), "though it is erased");
        assert_eq!(Contents::<Test>::get(content(XRAY), BOB), Some(RecordId(3)));
        assert_eq!(Contents::<Test>::get(other, ALICE), Some(NEXT));
        assert_eq!(Contents::<Test>::iter().count(), 3);
    });
}

/// As version 0 stored them: without the number of records.
#[test]
fn records_that_are_not_erased_are_counted() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(amend_record(ALICE, XRAY, &[]));
        assert_ok!(add_record(ALICE, ALICE, &[]));
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        let before: Vec<_> = Patients::<Test>::iter().collect();
        for (who, entry) in &before {
            let former = (&entry.profile, entry.key_epoch, entry.relations, entry.deposit);
            unhashed::put(&Patients::<Test>::hashed_key_for(who), &former);
        }
        StorageVersion::new(0).put::<Emr>();
        Migration::on_runtime_upgrade();
        assert_eq!(Patients::<Test>::iter().collect::<Vec<_>>(), before);
        assert_eq!(Patients::<Test>::get(ALICE).map(|entry| entry.records), Some(2));
    });
}
