//! Benchmarks of every call, each at its most expensive: the signer is not the
//! patient where that is possible, the policy is looked up in both places, and
//! every envelope was paid by another account.

use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Mutate, MutateHold},
    EnsureOrigin, Get,
};
use frame_system::RawOrigin;
use medchain_primitives::{
    Cid, CidCodec, ContentDigest, EncryptionKey, RecordId, RecordKind, RelationKind, Role,
    SealedKey,
};
use sp_runtime::traits::Saturating;

use crate::*;

const KEY: EncryptionKey = EncryptionKey([1; 32]);
const SEALED: SealedKey = SealedKey([2; 80]);
const DIGEST: ContentDigest = ContentDigest([3; 32]);

fn cid(byte: u8) -> Cid {
    Cid::new(CidCodec::DagPb, [byte; 32])
}

fn document(byte: u8) -> Document {
    Document { cid: cid(byte), digest: DIGEST }
}

/// An account that can pay every deposit there is, many times.
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

/// A patient whose policy, the chain's default, says yes to everybody.
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

fn technician<T: Config>() -> Result<T::AccountId, BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let technician = rich::<T>("technician", 0)?;
    Providers::<T>::insert(&technician, Role::LabTechnician, ());
    Ok(technician)
}

fn envelopes<T: Config>(count: u32) -> EnvelopesOf<T> {
    let readers = (0..count).map(|index| {
        let reader: T::AccountId = account("reader", index, 0);
        EncryptionKeys::<T>::insert(&reader, KEY);
        (reader, SEALED)
    });
    EnvelopesOf::<T>::truncate_from(readers.collect())
}

/// A record by a technician, whose envelopes were paid by an account each.
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
        envelopes::<T>(count),
        None,
    )
    .map_err(|failed| failed.error)?;
    let reason = HoldReason::Envelope.into();
    let deposit = T::EnvelopeDeposit::get();
    let held = deposit.saturating_mul(count.into());
    let precision = frame_support::traits::tokens::Precision::Exact;
    T::Currency::release(&reason, &author, held, precision)?;
    for index in 0..count {
        let reader: T::AccountId = account("reader", index, 0);
        let depositor = rich::<T>("depositor", index)?;
        T::Currency::hold(&reason, &depositor, deposit)?;
        let envelope = Envelope { sealed: SEALED, depositor, deposit };
        Envelopes::<T>::insert(id, reader, envelope);
    }
    Ok((id, author))
}

fn registrar<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    T::RegistrarOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register_patient() -> Result<(), BenchmarkError> {
        let caller = rich::<T>("patient", 0)?;
        // Its deposit goes back.
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
    fn set_default_policy() -> Result<(), BenchmarkError> {
        let origin = registrar::<T>()?;
        DefaultPolicy::<T>::put(account::<T::AccountId>("policy", 0, 0));
        let policy: T::AccountId = account("policy", 1, 0);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, Some(policy.clone()));

        assert_eq!(DefaultPolicy::<T>::get(), Some(policy));
        Ok(())
    }

    #[benchmark]
    fn add_provider() -> Result<(), BenchmarkError> {
        let origin = registrar::<T>()?;
        let provider: T::AccountId = account("provider", 0, 0);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, provider.clone(), Role::Hospital);

        assert!(Providers::<T>::contains_key(&provider, Role::Hospital));
        Ok(())
    }

    #[benchmark]
    fn remove_provider() -> Result<(), BenchmarkError> {
        let origin = registrar::<T>()?;
        let provider: T::AccountId = account("provider", 0, 0);
        Providers::<T>::insert(&provider, Role::Hospital, ());

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, provider.clone(), Role::Hospital);

        assert!(!Providers::<T>::contains_key(&provider, Role::Hospital));
        Ok(())
    }

    #[benchmark]
    fn add_record(n: Linear<0, { T::MaxEnvelopes::get() }>) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let caller = technician::<T>()?;
        let envelopes = envelopes::<T>(n);
        let id = NextRecordId::<T>::get();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller),
            patient,
            cid(1),
            DIGEST,
            RecordKind::ChestXray,
            envelopes,
            None,
        );

        assert_eq!(Records::<T>::get(id).map(|entry| entry.envelopes), Some(n));
        Ok(())
    }

    #[benchmark]
    fn amend_record(n: Linear<0, { T::MaxEnvelopes::get() }>) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let (previous, caller) = record::<T>(&patient, 0)?;
        let envelopes = envelopes::<T>(n);
        let id = NextRecordId::<T>::get();

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), previous, cid(2), DIGEST, envelopes);

        assert_eq!(Records::<T>::get(id).map(|entry| entry.envelopes), Some(n));
        Ok(())
    }

    /// The patient replaces an envelope that another account paid for; the
    /// policy's two addresses are read for good measure, as they are when
    /// another account shares.
    #[benchmark]
    fn share_record() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let (id, _) = record::<T>(&patient, T::MaxEnvelopes::get())?;
        let reader: T::AccountId = account("reader", 0, 0);

        #[block]
        {
            Pallet::<T>::policy_of(&patient);
            Pallet::<T>::share_record(
                RawOrigin::Signed(patient.clone()).into(),
                id,
                reader.clone(),
                SEALED,
            )
            .map_err(|failed| failed.error)?;
        }

        let envelope = Envelopes::<T>::get(id, &reader);
        assert_eq!(envelope.map(|envelope| envelope.depositor), Some(patient));
        Ok(())
    }

    #[benchmark]
    fn remove_envelope() -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let (id, _) = record::<T>(&caller, T::MaxEnvelopes::get())?;
        let reader: T::AccountId = account("reader", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, reader.clone());

        assert!(!Envelopes::<T>::contains_key(id, &reader));
        Ok(())
    }

    #[benchmark]
    fn erase_record(n: Linear<0, { T::MaxEnvelopes::get() }>) -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let (id, _) = record::<T>(&caller, n)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id);

        let status = Records::<T>::get(id).map(|entry| entry.status);
        assert_eq!(status, Some(RecordStatus::Erased));
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
    fn request_access() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let (id, _) = record::<T>(&patient, 0)?;
        let caller = rich::<T>("subject", 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, Purpose::Treatment);

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

    impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::bare().build(), crate::mock::Test);
}
