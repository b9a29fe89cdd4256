//! Migrations from one storage version to the next.

use core::marker::PhantomData;

use codec::Decode;
use frame_support::{
    migrations::VersionedMigration,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Appointment, Document, InstitutionId, InstitutionName, RecordStatus};
use sp_runtime::traits::{Saturating, TrailingZeroInput};

use crate::{
    BalanceOf, Config, Contents, Institution, Institutions, NextInstitutionId, Pallet, Patient,
    Patients, Providers, Records,
};

/// What an entry and its share of the trie's inner nodes add to the proof, in bytes.
const PROOF_PER_ENTRY: u64 = 1_024;

/// The name of the institution that takes over the providers of version 0.
const FORMER_NAME: &[u8] = b"Appointed before there were institutions";

/// A patient as version 0 stored it: the profile, the key epoch, the number of relations, and the
/// deposit.
type FormerPatient<T> = (Option<Document>, u32, u32, BalanceOf<T>);

/// Migrates from version 0, in which providers had no institution and no term, contents were not
/// listed, and patients' records not counted.
///
/// If there are providers, they go to a new institution, for `Term` blocks. Nobody has the key of
/// its registrar, the zero account: governance appoints another with `set_registrar`, or lets the
/// terms end. Where several records have one content, the first is listed with it. It runs within
/// one block over all entries, and returns the weight of doing so.
pub type MigrateV0ToV1<T, Term> =
    VersionedMigration<0, 1, FromV0<T, Term>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The migration itself, which does not check the version: [`MigrateV0ToV1`] does.
pub struct FromV0<T, Term>(PhantomData<(T, Term)>);

impl<T: Config, Term: Get<BlockNumberFor<T>>> UncheckedOnRuntimeUpgrade for FromV0<T, Term> {
    fn on_runtime_upgrade() -> Weight {
        let institution = NextInstitutionId::<T>::get();
        let until = frame_system::Pallet::<T>::block_number().saturating_add(Term::get());
        let mut entries = 0u64;
        Providers::<T>::translate::<(), _>(|_, _, ()| {
            entries = entries.saturating_add(1);
            Some(Appointment { institution, until })
        });
        let registrar = T::AccountId::decode(&mut TrailingZeroInput::zeroes());
        if let (true, Ok(registrar)) = (entries > 0, registrar) {
            let name = InstitutionName::truncate_from(FORMER_NAME.to_vec());
            Institutions::<T>::insert(institution, Institution { name, registrar });
            NextInstitutionId::<T>::put(InstitutionId(institution.0.saturating_add(1)));
        }
        Patients::<T>::translate::<FormerPatient<T>, _>(|_, former| {
            entries = entries.saturating_add(1);
            let (profile, key_epoch, relations, deposit) = former;
            Some(Patient { profile, key_epoch, relations, deposit, records: 0 })
        });
        for (id, record) in Records::<T>::iter() {
            // One is read and one is written for each, whichever is the first; and the patient.
            entries = entries.saturating_add(3);
            if record.status != RecordStatus::Erased {
                Patients::<T>::mutate_extant(&record.patient, |entry| {
                    entry.records = entry.records.saturating_add(1);
                });
            }
            let listed = Contents::<T>::get(&record.cid, &record.patient);
            if listed.is_none_or(|listed| id < listed) {
                Contents::<T>::insert(record.cid, record.patient, id);
            }
        }
        let touched = entries.saturating_add(2);
        T::DbWeight::get()
            .reads_writes(touched, touched)
            .saturating_add(Weight::from_parts(0, touched.saturating_mul(PROOF_PER_ENTRY)))
    }
}
