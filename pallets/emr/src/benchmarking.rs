//! Benchmarks of every call, each at its most expensive: the signer is not the
//! patient if possible, the policy is looked up in both places, and every
//! envelope was paid for by a different account. What custody costs in addition is
//! benchmarked in the pallet that has it.

use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Mutate, MutateHold},
    EnsureOrigin, Get,
};
use frame_system::RawOrigin;
use medchain_primitives::{
    Appointment, Cid, CidCodec, ContentDigest, Document, EncryptionKey, FilmCommitments, InputRoot,
    InstitutionId, InstitutionName, RecordId, RecordKind, RecordStatus, RelationKind, Role,
    SealedKey, VerdictCommitment, MAX_INSTITUTION_NAME,
};
use sp_runtime::traits::{One, Saturating, Zero};

use crate::*;

const KEY: EncryptionKey = EncryptionKey([1; 32]);
const DIGEST: ContentDigest = ContentDigest([3; 32]);
const FILM: FilmCommitments =
    FilmCommitments { input_root: InputRoot([4; 32]), verdicts: VerdictCommitment([5; 32]) };

fn cid(byte: u8) -> Cid {
    Cid::new(CidCodec::DagPb, [byte; 32])
}

/// A content key, sealed to [`KEY`].
fn sealed() -> SealedKey {
    SealedKey::new(&KEY, [2; 32], [3; 48])
}

fn document(byte: u8) -> Document {
    Document { cid: cid(byte), digest: DIGEST }
}

/// An account that can pay every deposit several times.
fn rich<T: Config>(name: &'static str, index: u32) -> Result<T::AccountId, BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let who = account(name, index, 0);
    let envelopes = T::EnvelopeDeposit::get().saturating_mul(T::MaxEnvelopes::get().into());
    let funds = T::PatientDeposit::get()
        .saturating_add(T::RecordDeposit::get().saturating_mul(2u32.into()))
        .saturating_add(envelopes.saturating_mul(2u32.into()))
        .saturating_add(T::EncryptionKeyDeposit::get())
        .saturating_add(T::Currency::minimum_balance().saturating_mul(10u32.into()));
    T::Currency::mint_into(&who, funds)?;
    Ok(who)
}

/// A patient whose policy, the chain's default, allows everything to everybody.
fn patient<T: Config>() -> Result<T::AccountId, BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let patient = rich::<T>("patient", 0)?;
    let origin = RawOrigin::Signed(patient.clone());
    Pallet::<T>::register_patient(origin.into(), Some(document(0)), KEY)?;
    DefaultPolicy::<T>::put(account::<T::AccountId>("policy", 0, 0));
    T::BenchmarkHelper::allow_all(&patient);
    Ok(patient)
}

/// An institution that an account is the registrar of.
fn institution<T: Config>(registrar: &T::AccountId) -> Result<InstitutionId, BenchmarkError> {
    let name = InstitutionName::truncate_from(vec![b'x'; MAX_INSTITUTION_NAME as usize]);
    let id = NextInstitutionId::<T>::get();
    Pallet::<T>::admit_institution(governance::<T>()?, name, registrar.clone())?;
    Ok(id)
}

/// Gives an account a role that is in force, in an institution of its own.
fn provide<T: Config>(account: &T::AccountId, role: Role) {
    let institution = NextInstitutionId::<T>::get();
    NextInstitutionId::<T>::put(InstitutionId(institution.0.saturating_add(1)));
    let name = InstitutionName::truncate_from(vec![b'x'; MAX_INSTITUTION_NAME as usize]);
    let registrar = frame_benchmarking::account("registrar", institution.0, 0);
    Institutions::<T>::insert(institution, Institution { name, registrar });
    let until = frame_system::Pallet::<T>::block_number().saturating_add(T::MaxTerm::get());
    Providers::<T>::insert(account, role, Appointment { institution, until });
}

/// Ends so many blocks, to reach what waits.
fn pass<T: Config>(blocks: frame_system::pallet_prelude::BlockNumberFor<T>) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now.saturating_add(blocks));
}

fn technician<T: Config>() -> Result<T::AccountId, BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let technician = rich::<T>("technician", 0)?;
    provide::<T>(&technician, Role::LabTechnician);
    Ok(technician)
}

/// The patient and so many readers less one.
fn readers<T: Config>(patient: &T::AccountId, count: u32) -> Vec<T::AccountId> {
    let others = (1..count).map(|index| account("reader", index, 0));
    core::iter::once(patient.clone()).chain(others).collect()
}

fn envelopes<T: Config>(patient: &T::AccountId, count: u32) -> EnvelopesOf<T> {
    let envelopes = readers::<T>(patient, count).into_iter().map(|reader| {
        EncryptionKeys::<T>::insert(&reader, KEY);
        (reader, sealed())
    });
    EnvelopesOf::<T>::truncate_from(envelopes.collect())
}

/// A record by a technician, with each envelope paid for by a different account.
fn record<T: Config>(
    patient: &T::AccountId,
    count: u32,
) -> Result<(RecordId, T::AccountId), BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let author = technician::<T>()?;
    let id = NextRecordId::<T>::get();
    Pallet::<T>::add_record(
        RawOrigin::Signed(author.clone()).into(),
        patient.clone(),
        cid(1),
        DIGEST,
        RecordKind::ChestXray,
        Some(FILM),
        envelopes::<T>(patient, count),
        None,
        None,
    )
    .map_err(|failed| failed.error)?;
    let reason = HoldReason::Envelope.into();
    let deposit = T::EnvelopeDeposit::get();
    let held = deposit.saturating_mul(count.into());
    let precision = frame_support::traits::tokens::Precision::Exact;
    T::Currency::release(&reason, &author, held, precision)?;
    for (index, reader) in (0..).zip(readers::<T>(patient, count)) {
        let depositor = rich::<T>("depositor", index)?;
        T::Currency::hold(&reason, &depositor, deposit)?;
        let envelope = Envelope { sealed: sealed(), depositor, deposit };
        Envelopes::<T>::insert(id, reader, envelope);
    }
    Ok((id, author))
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    T::GovernanceOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register_patient() -> Result<(), BenchmarkError> {
        let caller = rich::<T>("patient", 0)?;
        // Its deposit is released.
        Pallet::<T>::set_encryption_key(RawOrigin::Signed(caller.clone()).into(), KEY)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), Some(document(0)), KEY);

        assert!(Patients::<T>::contains_key(&caller));
        Ok(())
    }

    #[benchmark]
    fn update_profile() -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), document(1));

        let profile = Patients::<T>::get(&caller).and_then(|entry| entry.profile);
        assert_eq!(profile, Some(document(1)));
        Ok(())
    }

    #[benchmark]
    fn set_encryption_key() -> Result<(), BenchmarkError> {
        let caller = rich::<T>("reader", 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), KEY);

        assert_eq!(EncryptionKeys::<T>::get(&caller), Some(KEY));
        Ok(())
    }

    #[benchmark]
    fn set_policy() -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        PatientPolicies::<T>::insert(&caller, account::<T::AccountId>("policy", 1, 0));
        let policy: T::AccountId = account("policy", 2, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), Some(policy.clone()));

        assert_eq!(PatientPolicies::<T>::get(&caller), Some(policy));
        Ok(())
    }

    #[benchmark]
    fn announce_default_policy() -> Result<(), BenchmarkError> {
        let origin = governance::<T>()?;
        DefaultPolicy::<T>::put(account::<T::AccountId>("policy", 0, 0));
        let policy: T::AccountId = account("policy", 1, 0);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, Some(policy.clone()));

        let pending = PendingDefaultPolicy::<T>::get();
        assert_eq!(pending.and_then(|pending| pending.policy), Some(policy));
        Ok(())
    }

    #[benchmark]
    fn enact_default_policy() -> Result<(), BenchmarkError> {
        let caller: T::AccountId = account("caller", 0, 0);
        DefaultPolicy::<T>::put(account::<T::AccountId>("policy", 0, 0));
        let policy: T::AccountId = account("policy", 1, 0);
        Pallet::<T>::announce_default_policy(governance::<T>()?, Some(policy.clone()))?;
        pass::<T>(T::DefaultPolicyDelay::get());

        #[extrinsic_call]
        _(RawOrigin::Signed(caller));

        assert_eq!(DefaultPolicy::<T>::get(), Some(policy));
        Ok(())
    }

    #[benchmark]
    fn cancel_default_policy() -> Result<(), BenchmarkError> {
        let policy: T::AccountId = account("policy", 1, 0);
        Pallet::<T>::announce_default_policy(governance::<T>()?, Some(policy))?;
        let origin =
            T::CancelOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin);

        assert!(!PendingDefaultPolicy::<T>::exists());
        Ok(())
    }

    #[benchmark]
    fn admit_institution() -> Result<(), BenchmarkError> {
        let origin = governance::<T>()?;
        let name = InstitutionName::truncate_from(vec![b'x'; MAX_INSTITUTION_NAME as usize]);
        let registrar: T::AccountId = account("registrar", 0, 0);
        let id = NextInstitutionId::<T>::get();

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, name, registrar);

        assert!(Institutions::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn remove_institution() -> Result<(), BenchmarkError> {
        let id = institution::<T>(&account("registrar", 0, 0))?;
        let origin = governance::<T>()?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, id);

        assert!(!Institutions::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn set_registrar() -> Result<(), BenchmarkError> {
        let caller: T::AccountId = account("registrar", 0, 0);
        let id = institution::<T>(&caller)?;
        let new: T::AccountId = account("registrar", 1, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, new.clone());

        assert_eq!(Institutions::<T>::get(id).map(|entry| entry.registrar), Some(new));
        Ok(())
    }

    #[benchmark]
    fn add_provider() -> Result<(), BenchmarkError> {
        let caller: T::AccountId = account("registrar", 0, 0);
        let id = institution::<T>(&caller)?;
        let provider: T::AccountId = account("provider", 0, 0);
        // It had the role, and the term is over: both institutions are read.
        provide::<T>(&provider, Role::Hospital);
        Providers::<T>::mutate(&provider, Role::Hospital, |appointment| {
            if let Some(appointment) = appointment {
                appointment.until = Zero::zero();
            }
        });
        pass::<T>(One::one());
        let until = frame_system::Pallet::<T>::block_number().saturating_add(One::one());

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, provider.clone(), Role::Hospital, until);

        assert!(Pallet::<T>::has_role(&provider, Role::Hospital));
        Ok(())
    }

    #[benchmark]
    fn renew_provider() -> Result<(), BenchmarkError> {
        let caller: T::AccountId = account("registrar", 0, 0);
        let id = institution::<T>(&caller)?;
        let provider: T::AccountId = account("provider", 0, 0);
        let now = frame_system::Pallet::<T>::block_number();
        let until = now.saturating_add(T::MaxTerm::get());
        Providers::<T>::insert(
            &provider,
            Role::Hospital,
            Appointment { institution: id, until: now },
        );

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), provider.clone(), Role::Hospital, until);

        let appointment = Providers::<T>::get(&provider, Role::Hospital);
        assert_eq!(appointment.map(|appointment| appointment.until), Some(until));
        Ok(())
    }

    #[benchmark]
    fn remove_provider() -> Result<(), BenchmarkError> {
        let caller: T::AccountId = account("registrar", 0, 0);
        let institution = institution::<T>(&caller)?;
        let provider: T::AccountId = account("provider", 0, 0);
        let until = frame_system::Pallet::<T>::block_number();
        Providers::<T>::insert(&provider, Role::Hospital, Appointment { institution, until });

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), provider.clone(), Role::Hospital);

        assert!(!Providers::<T>::contains_key(&provider, Role::Hospital));
        Ok(())
    }

    #[benchmark]
    fn add_record(n: Linear<1, { T::MaxEnvelopes::get() }>) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let caller = technician::<T>()?;
        let envelopes = envelopes::<T>(&patient, n);
        let id = NextRecordId::<T>::get();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller),
            patient,
            cid(1),
            DIGEST,
            RecordKind::ChestXray,
            Some(FILM),
            envelopes,
            None,
            None,
        );

        assert_eq!(Records::<T>::get(id).map(|entry| entry.envelopes), Some(n));
        assert_eq!(Commitments::<T>::get(id), Some(FILM));
        Ok(())
    }

    #[benchmark]
    fn amend_record(n: Linear<1, { T::MaxEnvelopes::get() }>) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let (previous, caller) = record::<T>(&patient, 1)?;
        let envelopes = envelopes::<T>(&patient, n);
        let id = NextRecordId::<T>::get();

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), previous, cid(2), DIGEST, Some(FILM), envelopes, None);

        assert_eq!(Records::<T>::get(id).map(|entry| entry.envelopes), Some(n));
        assert_eq!(Commitments::<T>::get(id), Some(FILM));
        Ok(())
    }

    /// The patient replaces an envelope that another account paid for. The
    /// policy's two addresses are read as well, as when another account shares.
    #[benchmark]
    fn share_record() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let (id, _) = record::<T>(&patient, T::MaxEnvelopes::get())?;
        let reader: T::AccountId = account("reader", 1, 0);

        #[block]
        {
            Pallet::<T>::policy_of(&patient);
            Pallet::<T>::share_record(
                RawOrigin::Signed(patient.clone()).into(),
                id,
                reader.clone(),
                sealed(),
            )
            .map_err(|failed| failed.error)?;
        }

        let envelope = Envelopes::<T>::get(id, &reader);
        assert_eq!(envelope.map(|envelope| envelope.depositor), Some(patient));
        Ok(())
    }

    /// The patient removes another reader's envelope, which a third account paid for.
    #[benchmark]
    fn remove_envelope() -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let (id, _) = record::<T>(&caller, T::MaxEnvelopes::get())?;
        let reader: T::AccountId = account("reader", 1, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, reader.clone());

        assert!(!Envelopes::<T>::contains_key(id, &reader));
        Ok(())
    }

    #[benchmark]
    fn erase_record(n: Linear<1, { T::MaxEnvelopes::get() }>) -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let (id, _) = record::<T>(&caller, n)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id);

        let status = Records::<T>::get(id).map(|entry| entry.status);
        assert_eq!(status, Some(RecordStatus::Erased));
        assert!(!Commitments::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn restore_record() -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let (id, author) = record::<T>(&caller, 1)?;
        let envelopes = envelopes::<T>(&caller, 1);
        let origin = RawOrigin::Signed(author).into();
        Pallet::<T>::amend_record(origin, id, cid(2), DIGEST, Some(FILM), envelopes, None)
            .map_err(|failed| failed.error)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id);

        let status = Records::<T>::get(id).map(|entry| entry.status);
        assert_eq!(status, Some(RecordStatus::Active));
        Ok(())
    }

    #[benchmark]
    fn set_relation() -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let relative: T::AccountId = account("relative", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), relative.clone(), RelationKind::Partner, true);

        assert!(Relations::<T>::contains_key(&caller, &relative));
        Ok(())
    }

    #[benchmark]
    fn remove_relation() -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let origin = RawOrigin::Signed(caller.clone());
        let relative: T::AccountId = account("relative", 0, 0);
        let kind = RelationKind::Partner;
        Pallet::<T>::set_relation(origin.clone().into(), relative.clone(), kind, true)?;

        #[extrinsic_call]
        _(origin, relative.clone());

        assert!(!Relations::<T>::contains_key(&caller, &relative));
        Ok(())
    }

    #[benchmark]
    fn remove_encryption_key() -> Result<(), BenchmarkError> {
        let caller = rich::<T>("reader", 0)?;
        let origin = RawOrigin::Signed(caller.clone());
        Pallet::<T>::set_encryption_key(origin.clone().into(), KEY)?;

        #[extrinsic_call]
        _(origin);

        assert!(!EncryptionKeys::<T>::contains_key(&caller));
        Ok(())
    }

    /// With everything that a patient can have, beside what other pallets have of them.
    #[benchmark]
    fn deregister_patient(n: Linear<0, MAX_RELATIONS>) -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let origin = RawOrigin::Signed(caller.clone());
        let policy: T::AccountId = account("policy", 1, 0);
        Pallet::<T>::set_policy(origin.clone().into(), Some(policy))?;
        for index in 0..n {
            let relative: T::AccountId = account("relative", index, 0);
            let kind = RelationKind::Partner;
            Pallet::<T>::set_relation(origin.clone().into(), relative, kind, true)?;
        }

        #[extrinsic_call]
        _(origin);

        assert!(!Patients::<T>::contains_key(&caller));
        Ok(())
    }

    #[benchmark]
    fn withdraw_envelope() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let (id, _) = record::<T>(&patient, T::MaxEnvelopes::get())?;
        let reader: T::AccountId = account("reader", 1, 0);
        let caller: T::AccountId = account("depositor", 1, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, reader.clone());

        assert!(!Envelopes::<T>::contains_key(id, &reader));
        Ok(())
    }

    #[benchmark]
    fn set_log_archive() -> Result<(), BenchmarkError> {
        let caller = rich::<T>("archive", 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), cid(1));

        assert!(LogArchives::<T>::contains_key(&caller));
        Ok(())
    }

    #[benchmark]
    fn remove_log_archive() -> Result<(), BenchmarkError> {
        let caller = rich::<T>("archive", 0)?;
        let origin = RawOrigin::Signed(caller.clone());
        Pallet::<T>::set_log_archive(origin.clone().into(), cid(1))?;

        #[extrinsic_call]
        _(origin);

        assert!(!LogArchives::<T>::contains_key(&caller));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::bare().build(), crate::mock::Test);
}
