//! Benchmarks of every call, each at its most expensive: the signer is not the
//! patient if possible, the policy is looked up in both places, and every
//! envelope was paid for by a different account.

use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{
        fungible::{Inspect, Mutate, MutateHold},
        EnsureOrigin, Get,
    },
    weights::Weight,
};
use frame_system::RawOrigin;
use medchain_primitives::{
    Appointment, Basis, Cid, CidCodec, ContentDigest, Document, EmergencyId, EmergencyReason,
    EncryptionKey, FilmCommitments, InputRoot, InstitutionId, InstitutionName, Purpose, RecordId,
    RecordKind, RecordStatus, RelationKind, Role, SealedKey, VerdictCommitment,
    MAX_INSTITUTION_NAME,
};
use sp_runtime::traits::{One, Saturating, Zero};

use crate::*;

const KEY: EncryptionKey = EncryptionKey([1; 32]);
const SEALED: SealedKey = SealedKey([2; 80]);
const DIGEST: ContentDigest = ContentDigest([3; 32]);
const FILM: FilmCommitments =
    FilmCommitments { input_root: InputRoot([4; 32]), verdicts: VerdictCommitment([5; 32]) };

fn cid(byte: u8) -> Cid {
    Cid::new(CidCodec::DagPb, [byte; 32])
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
    let custody = T::CustodyDeposit::get().saturating_mul(T::MaxCustodians::get().into());
    let funds = T::PatientDeposit::get()
        .saturating_add(custody.saturating_mul(4u32.into()))
        .saturating_add(T::GrantDeposit::get())
        .saturating_add(T::EmergencyBond::get())
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

fn envelopes<T: Config>(count: u32) -> EnvelopesOf<T> {
    let readers = (0..count).map(|index| {
        let reader: T::AccountId = account("reader", index, 0);
        EncryptionKeys::<T>::insert(&reader, KEY);
        (reader, SEALED)
    });
    EnvelopesOf::<T>::truncate_from(readers.collect())
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
        envelopes::<T>(count),
        None,
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

/// Has the patient choose custodians, and returns a share for each.
fn custody<T: Config>(patient: &T::AccountId, count: u32) -> Result<SharesOf<T>, BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let custodians = custodians::<T>(count);
    let shares = custodians.iter().map(|who| (who.clone(), SEALED)).collect();
    Pallet::<T>::set_custodians(RawOrigin::Signed(patient.clone()).into(), custodians, count)?;
    Ok(SharesOf::<T>::truncate_from(shares))
}

fn custodians<T: Config>(count: u32) -> CustodiansOf<T> {
    let custodians = (0..count).map(|index| {
        let custodian: T::AccountId = account("custodian", index, 0);
        provide::<T>(&custodian, Role::Custodian);
        EncryptionKeys::<T>::insert(&custodian, KEY);
        custodian
    });
    CustodiansOf::<T>::truncate_from(custodians.collect())
}

/// A record kept by the most custodians, with `grants` grants on it, each paid for
/// by a different account.
///
/// Grants by the policy have every share delivered. In the places reserved for
/// emergencies, no share is delivered: voiding an emergency is the most expensive end.
fn entrusted<T: Config>(
    patient: &T::AccountId,
    envelopes: u32,
    grants: u32,
) -> Result<RecordId, BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let (id, _) = record::<T>(patient, envelopes)?;
    let shares = custody::<T>(patient, T::MaxCustodians::get())?;
    Pallet::<T>::entrust_record(RawOrigin::Signed(patient.clone()).into(), id, shares)
        .map_err(|failed| failed.error)?;
    for index in 0..grants {
        let reserved = T::MaxGrants::get() / EMERGENCY_SHARE;
        if index >= T::MaxGrants::get().saturating_sub(reserved) {
            broken::<T>(id, index)?;
            continue;
        }
        let subject = subject::<T>(index)?;
        Pallet::<T>::request_access(
            RawOrigin::Signed(subject.clone()).into(),
            id,
            Purpose::Treatment,
        )
        .map_err(|failed| failed.error)?;
        deliver_all::<T>(id, &subject, 0)?;
    }
    Ok(id)
}

/// An account that can be granted access.
fn subject<T: Config>(index: u32) -> Result<T::AccountId, BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let subject = rich::<T>("subject", index)?;
    EncryptionKeys::<T>::insert(&subject, KEY);
    Ok(subject)
}

/// An account that broke the glass over a record, and to which no share is delivered:
/// ending its grant is expensive, because it voids the emergency.
fn broken<T: Config>(id: RecordId, index: u32) -> Result<T::AccountId, BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let subject = subject::<T>(index)?;
    let origin = RawOrigin::Signed(subject.clone());
    Pallet::<T>::break_glass(origin.into(), id, EmergencyReason::Other)
        .map_err(|failed| failed.error)?;
    Ok(subject)
}

/// Moves to the block after the last one of this grant. Returns the last one.
fn outlast<T: Config>(
    id: RecordId,
    subject: &T::AccountId,
) -> Result<frame_system::pallet_prelude::BlockNumberFor<T>, BenchmarkError> {
    let over = Grants::<T>::get(id, subject).ok_or("granted")?.until;
    frame_system::Pallet::<T>::set_block_number(over.saturating_add(1u32.into()));
    Ok(over)
}

/// Has the custodians from number `first` on deliver their shares.
fn deliver_all<T: Config>(
    id: RecordId,
    subject: &T::AccountId,
    first: u32,
) -> Result<(), BenchmarkError> {
    for index in first..T::MaxCustodians::get() {
        let custodian: T::AccountId = account("custodian", index, 0);
        let origin = RawOrigin::Signed(custodian);
        Pallet::<T>::deliver_share(origin.into(), id, subject.clone(), SEALED)
            .map_err(|failed| failed.error)?;
    }
    Ok(())
}

/// An emergency with every share delivered: the account that broke the glass, the
/// record, and the number.
fn emergency<T: Config>(
    patient: &T::AccountId,
) -> Result<(T::AccountId, RecordId, EmergencyId), BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let id = entrusted::<T>(patient, 0, 0)?;
    let subject = subject::<T>(0)?;
    let emergency = NextEmergencyId::<T>::get();
    let origin = RawOrigin::Signed(subject.clone());
    Pallet::<T>::break_glass(origin.into(), id, EmergencyReason::Other)
        .map_err(|failed| failed.error)?;
    deliver_all::<T>(id, &subject, 0)?;
    Ok((subject, id, emergency))
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
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
            T::CancelOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

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
        Providers::<T>::mutate_extant(&provider, Role::Hospital, |appointment| {
            appointment.until = Zero::zero();
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
    fn amend_record(n: Linear<0, { T::MaxEnvelopes::get() }>) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let (previous, caller) = record::<T>(&patient, 0)?;
        let envelopes = envelopes::<T>(n);
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
        let id = entrusted::<T>(&caller, T::MaxEnvelopes::get(), 0)?;
        // An account that has both an envelope and an emergency to be voided.
        let reader: T::AccountId = account("reader", 0, 0);
        T::Currency::mint_into(&reader, T::Currency::minimum_balance())?;
        T::Currency::mint_into(&reader, T::GrantDeposit::get())?;
        T::Currency::mint_into(&reader, T::EmergencyBond::get())?;
        let origin = RawOrigin::Signed(reader.clone());
        Pallet::<T>::break_glass(origin.into(), id, EmergencyReason::Other)
            .map_err(|failed| failed.error)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, reader.clone());

        assert!(!Envelopes::<T>::contains_key(id, &reader));
        assert!(!Grants::<T>::contains_key(id, &reader));
        Ok(())
    }

    #[benchmark]
    fn erase_record(
        n: Linear<0, { T::MaxEnvelopes::get() }>,
        g: Linear<0, { T::MaxGrants::get() }>,
    ) -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let id = entrusted::<T>(&caller, n, g)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id);

        let status = Records::<T>::get(id).map(|entry| entry.status);
        assert_eq!(status, Some(RecordStatus::Erased));
        assert!(!Commitments::<T>::contains_key(id));
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

    /// By an account whose emergency has expired and is voided, so that its grant
    /// ends before the new one begins.
    #[benchmark]
    fn request_access() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient, 0, 0)?;
        let caller = broken::<T>(id, 0)?;
        let over = outlast::<T>(id, &caller)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), id, Purpose::Treatment);

        let new = Grants::<T>::get(id, &caller).ok_or("granted again")?;
        assert!(new.until > over);
        Ok(())
    }

    #[benchmark]
    fn set_custodians(c: Linear<1, { T::MaxCustodians::get() }>) -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        custody::<T>(&caller, T::MaxCustodians::get())?;
        let custodians = custodians::<T>(c);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), custodians.clone(), 1);

        let group = CustodianGroups::<T>::get(&caller).map(|group| group.members);
        assert_eq!(group, Some(custodians));
        Ok(())
    }

    #[benchmark]
    fn entrust_record(
        c: Linear<1, { T::MaxCustodians::get() }>,
        g: Linear<0, { T::MaxGrants::get() }>,
    ) -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let id = entrusted::<T>(&caller, 0, g)?;
        let shares = custody::<T>(&caller, c)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, shares.clone());

        let kept = Custodies::<T>::get(id).ok_or("entrusted")?;
        assert_eq!((kept.shares, kept.grants), (shares, 0));
        Ok(())
    }

    /// The last share. The policy's two addresses are read, as it is asked again.
    #[benchmark]
    fn deliver_share() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient, 0, 0)?;
        let subject = subject::<T>(0)?;
        let origin = RawOrigin::Signed(subject.clone());
        Pallet::<T>::request_access(origin.into(), id, Purpose::Treatment)
            .map_err(|failed| failed.error)?;
        deliver_all::<T>(id, &subject, 1)?;
        let caller: T::AccountId = account("custodian", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, subject.clone(), SEALED);

        let grant = Grants::<T>::get(id, &subject).ok_or("granted")?;
        assert_eq!(grant.shares.len() as u32, T::MaxCustodians::get());
        Ok(())
    }

    /// Of an emergency that is voided.
    #[benchmark]
    fn expire_grant() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient, 0, 0)?;
        let subject = broken::<T>(id, 0)?;
        outlast::<T>(id, &subject)?;
        let caller: T::AccountId = account("anybody", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, subject.clone());

        assert!(!Grants::<T>::contains_key(id, &subject));
        Ok(())
    }

    /// By an account whose earlier emergency has expired and is voided.
    #[benchmark]
    fn break_glass() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient, 0, 0)?;
        let caller = broken::<T>(id, 0)?;
        outlast::<T>(id, &caller)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), id, EmergencyReason::CannotConsent);

        let basis = Grants::<T>::get(id, &caller).map(|grant| grant.basis);
        assert!(matches!(basis, Some(Basis::Emergency { .. })));
        assert_eq!(OpenEmergencies::<T>::get(&caller), 1);
        Ok(())
    }

    /// A guardian rejects the emergency.
    #[benchmark]
    fn review_emergency() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let (subject, id, number) = emergency::<T>(&patient)?;
        let caller: T::AccountId = account("guardian", 0, 0);
        let origin = RawOrigin::Signed(patient);
        Pallet::<T>::set_relation(origin.into(), caller.clone(), RelationKind::Guardian, false)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), number, false);

        assert!(!Emergencies::<T>::contains_key(number));
        assert!(!Grants::<T>::contains_key(id, &subject));
        Ok(())
    }

    #[benchmark]
    fn lapse_emergency() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let (_, _, number) = emergency::<T>(&patient)?;
        let over = Emergencies::<T>::get(number).ok_or("open")?.review_until;
        frame_system::Pallet::<T>::set_block_number(over.saturating_add(1u32.into()));
        let caller: T::AccountId = account("anybody", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), number);

        assert!(!Emergencies::<T>::contains_key(number));
        Ok(())
    }

    #[benchmark]
    fn set_emergency_access() -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), false);

        assert!(EmergencyOptOuts::<T>::contains_key(&caller));
        Ok(())
    }

    /// One step that ends a grant and voids its emergency, the most expensive entry.
    #[benchmark]
    fn process_due() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient, 0, 0)?;
        let subject = broken::<T>(id, 0)?;
        let over = outlast::<T>(id, &subject)?;
        NextDue::<T>::put(over);
        let now = over.saturating_add(1u32.into());

        #[block]
        {
            Pallet::<T>::process_due(now, Weight::MAX);
        }

        assert!(!Grants::<T>::contains_key(id, &subject));
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
