//! Benchmarks of every call, each at its most expensive: the signer is not the patient if
//! possible, keys are shared among the most custodians, and all of them deliver.
//!
//! Keys, dealings and deliveries are real: verifying them is most of what the calls cost.

use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{
        fungible::{Inspect, Mutate},
        EnsureOrigin, Get,
    },
    weights::Weight,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use medchain_primitives::{
    Appointment, Cid, CidCodec, ContentDigest, EmergencyId, EmergencyReason, EndReason,
    InstitutionId, InstitutionName, Purpose, RecordContent, RecordId, RecordKind, RecordStatus,
    Relation, RelationKind, Role, MAX_INSTITUTION_NAME,
};
use medchain_sharing::{
    deal, deliver, CustodianSecret, Custodians as Among, Dealing, DealingContext, Delivery,
    DeliveryContext, EncryptedShare, Entrustment, EphemeralKey, KeyContext, ReplyKey, ReplySecret,
    VerifiedDelivery,
};
use pallet_emr::{BenchmarkHelper, Departure, Institution, KeyCustody, Patient, Record};
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use sp_runtime::traits::{One, Saturating, Zero};

use crate::{impl_custodies::VERSIONS_READ, *};

const CONTENT_KEY: [u8; 32] = [1; 32];

/// A generator that gives the same numbers in each run.
fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn cid(number: u64) -> Cid {
    let mut digest = [0; 32];
    digest.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, own)| *byte = own);
    Cid::new(CidCodec::DagPb, digest)
}

/// An account that can pay everything many times.
fn rich<T: Config>(name: &'static str, index: u32) -> Result<T::AccountId, BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let who = account(name, index, 0);
    let fees = T::DeliveryFee::get().saturating_mul(T::MaxCustodians::get().into());
    // Of a grant, and of two that ended before.
    let grants = T::GrantDeposit::get()
        .saturating_add(fees)
        .saturating_mul(3u32.into())
        .saturating_mul(T::MaxEmergencyRecords::get().saturating_add(2).into());
    let custody = T::CustodyDeposit::get().saturating_mul(T::MaxCustodians::get().into());
    let funds = T::CustodianBond::get()
        .saturating_add(T::EmergencyBond::get().saturating_mul(2u32.into()))
        .saturating_add(custody.saturating_mul(4u32.into()))
        .saturating_add(grants)
        .saturating_add(<T as Config>::Currency::minimum_balance().saturating_mul(10u32.into()));
    <T as Config>::Currency::mint_into(&who, funds)?;
    Ok(who)
}

/// A patient with the chain's default policy.
fn patient<T: Config>() -> Result<T::AccountId, BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let patient = rich::<T>("patient", 0)?;
    let entry =
        Patient { profile: None, key_epoch: 0, relations: 1, deposit: Zero::zero(), records: 0 };
    pallet_emr::Patients::<T>::insert(&patient, entry);
    pallet_emr::DefaultPolicy::<T>::put(account::<T::AccountId>("policy", 0, 0));
    Ok(patient)
}

/// Gives an account a role that is in force, in an institution of its own.
fn provide<T: Config>(account: &T::AccountId, role: Role) {
    let institution = pallet_emr::NextInstitutionId::<T>::get();
    pallet_emr::NextInstitutionId::<T>::put(InstitutionId(institution.0.saturating_add(1)));
    let name = InstitutionName::truncate_from([b'x'; MAX_INSTITUTION_NAME as usize].to_vec());
    let registrar = frame_benchmarking::account("registrar", institution.0, 0);
    pallet_emr::Institutions::<T>::insert(institution, Institution { name, registrar });
    let until = frame_system::Pallet::<T>::block_number().saturating_add(T::MaxTerm::get());
    pallet_emr::Providers::<T>::insert(account, role, Appointment { institution, until });
}

/// Ends so many blocks.
fn pass<T: Config>(blocks: BlockNumberFor<T>) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now.saturating_add(blocks));
}

fn secret(index: u32) -> CustodianSecret {
    CustodianSecret::from_seed(&[index as u8; 32])
}

/// A custodian that has the role and not yet registered, and the arguments to do so.
fn applicant<T: Config>(
    index: u32,
) -> Result<
    (T::AccountId, medchain_sharing::CustodianKey, medchain_sharing::KeyProof),
    BenchmarkError,
>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let custodian = rich::<T>("custodian", index)?;
    provide::<T>(&custodian, Role::Custodian);
    let genesis = pallet_emr::Pallet::<T>::genesis();
    let context = KeyContext { genesis, custodian: custodian.clone() };
    let secret = secret(index);
    let proof = secret.prove(&context, &mut rng(0)).map_err(|_| "a key is a point")?;
    Ok((custodian, secret.public(), proof))
}

/// The first `count` custodians, registered.
fn custodians<T: Config>(count: u32) -> Result<CustodiansOf<T>, BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let mut custodians = Vec::new();
    for index in 0..count {
        let custodian = account("custodian", index, 0);
        if !Custodians::<T>::contains_key(&custodian) {
            let (custodian, key, proof) = applicant::<T>(index)?;
            Pallet::<T>::register_custodian(RawOrigin::Signed(custodian).into(), key, proof)?;
        }
        custodians.push(custodian);
    }
    Ok(CustodiansOf::<T>::truncate_from(custodians))
}

/// Has the patient choose the first `count` custodians, of whom so many are needed.
fn choose<T: Config>(
    patient: &T::AccountId,
    count: u32,
    threshold: u32,
) -> Result<(), BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let members = custodians::<T>(count)?;
    let origin = RawOrigin::Signed(patient.clone());
    Pallet::<T>::set_custodians(origin.into(), members, threshold as u8)?;
    Ok(())
}

/// A key shared among the first `count` custodians, by the patient.
fn entrustment<T: Config>(
    patient: &T::AccountId,
    cid: Cid,
    count: u32,
    threshold: u32,
) -> Result<Entrustment, BenchmarkError> {
    let keys: Vec<_> = (0..count).map(|index| secret(index).public()).collect();
    let threshold = threshold as u8;
    let genesis = pallet_emr::Pallet::<T>::genesis();
    let (dealer, patient) = (patient.clone(), patient.clone());
    let context = DealingContext { genesis, patient, dealer, cid };
    let among = Among { threshold, keys: &keys };
    let dealing: Dealing =
        deal(&CONTENT_KEY, &among, &context, &mut rng(1)).map_err(|_| "keys are points")?;
    Ok(Entrustment { threshold, dealing })
}

/// A record of the patient, by another account.
fn record<T: Config>(patient: &T::AccountId) -> RecordId {
    let id = pallet_emr::NextRecordId::<T>::get();
    pallet_emr::NextRecordId::<T>::put(RecordId(id.0.saturating_add(1)));
    let entry = Record {
        patient: patient.clone(),
        author: account("author", 0, 0),
        content: RecordContent::kept(cid(id.0), ContentDigest([3; 32])),
        kind: RecordKind::ChestXray,
        previous: None,
        added_at: frame_system::Pallet::<T>::block_number(),
        status: RecordStatus::Active,
        envelopes: 0,
        deposit: Zero::zero(),
    };
    pallet_emr::Contents::<T>::insert(entry.content.cid_hash(), patient, id);
    pallet_emr::Records::<T>::insert(id, entry);
    pallet_emr::RecordsOf::<T>::insert(patient, id, ());
    id
}

/// A record kept by the most custodians.
fn entrusted<T: Config>(patient: &T::AccountId) -> Result<RecordId, BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let most = T::MaxCustodians::get();
    choose::<T>(patient, most, most)?;
    let id = record::<T>(patient);
    let entrustment = entrustment::<T>(patient, cid(id.0), most, most)?;
    let origin = RawOrigin::Signed(patient.clone());
    Pallet::<T>::entrust_record(origin.into(), id, Some(entrustment))
        .map_err(|failed| failed.error)?;
    Ok(id)
}

fn reply(index: u32) -> ReplyKey {
    ReplySecret::from_seed(&[index as u8; 32]).public()
}

/// A clinician, who may break the glass whatever the policy says, unless it vetoes.
fn clinician<T: Config>(index: u32) -> Result<T::AccountId, BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let subject = rich::<T>("clinician", index)?;
    provide::<T>(&subject, Role::Clinician);
    Ok(subject)
}

/// Looks up what counts where the policy says no. In benchmarks of a runtime it may always say yes.
fn look_up<T: Config>(patient: &T::AccountId, subject: &T::AccountId) {
    pallet_emr::Relations::<T>::get(patient, subject);
    pallet_emr::Pallet::<T>::has_role(subject, Role::Clinician);
}

/// Begins an emergency.
fn begin<T: Config>(
    patient: &T::AccountId,
    subject: &T::AccountId,
) -> Result<EmergencyId, BenchmarkError> {
    let id = NextEmergencyId::<T>::get();
    let origin = RawOrigin::Signed(subject.clone());
    Pallet::<T>::break_glass(origin.into(), patient.clone(), EmergencyReason::Other)
        .map_err(|failed| failed.error)?;
    Ok(id)
}

/// Grants access in an emergency, with `delivered` shares, of which none is real.
///
/// A grant with another reply key, 1, has just ended.
fn open<T: Config>(
    record: RecordId,
    subject: &T::AccountId,
    delivered: u32,
) -> Result<(), BenchmarkError> {
    let origin = || RawOrigin::Signed(subject.clone());
    for index in [1, 0] {
        Pallet::<T>::request_in_emergency(origin().into(), record, reply(index))
            .map_err(|failed| failed.error)?;
    }
    let mut grant = Grants::<T>::get(record, subject).ok_or("granted")?;
    for number in 1..=delivered {
        let (ephemeral, share) = (EphemeralKey([7; 32]), EncryptedShare([8; 32]));
        let delivery = VerifiedDelivery { ephemeral, share };
        let number = number as u8;
        // It fits: there are no more shares than custodians.
        let _ = grant.deliveries.try_push(NumberedDelivery { number, delivery });
    }
    Grants::<T>::insert(record, subject, grant);
    Ok(())
}

/// A grant by an emergency with every share delivered: its subject and its last block.
fn opened<T: Config>(
    patient: &T::AccountId,
    record: RecordId,
    index: u32,
) -> Result<(T::AccountId, BlockNumberFor<T>), BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let subject = clinician::<T>(index)?;
    begin::<T>(patient, &subject)?;
    open::<T>(record, &subject, T::MaxCustodians::get())?;
    let until = Grants::<T>::get(record, &subject).ok_or("granted")?.until;
    Ok((subject, until))
}

/// A record with so many grants, each by an emergency of another account.
fn granted<T: Config>(patient: &T::AccountId, grants: u32) -> Result<RecordId, BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let id = entrusted::<T>(patient)?;
    for index in 0..grants {
        opened::<T>(patient, id, index)?;
    }
    Ok(id)
}

/// An emergency that opened so many records, whose subject is suspended if it is rejected.
fn emergency<T: Config>(patient: &T::AccountId, records: u32) -> Result<EmergencyId, BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let subject = clinician::<T>(0)?;
    let id = begin::<T>(patient, &subject)?;
    if records > 0 {
        let first = entrusted::<T>(patient)?;
        open::<T>(first, &subject, T::MaxCustodians::get())?;
        // The dealing is verified once: nobody looks at it again here.
        let custody = Custodies::<T>::get(first).ok_or("entrusted")?;
        for _ in 1..records {
            let next = record::<T>(patient);
            Custodies::<T>::insert(next, Custody { grants: 0, ..custody.clone() });
            open::<T>(next, &subject, T::MaxCustodians::get())?;
        }
    }
    Rejections::<T>::insert(&subject, T::MaxRejections::get().saturating_sub(1));
    Ok(id)
}

/// What custodian 0 delivers to reply key 0 of the subject.
fn delivery<T: Config>(
    record: RecordId,
    subject: &T::AccountId,
    index: u32,
) -> Result<Delivery, BenchmarkError> {
    let custody = Custodies::<T>::get(record).ok_or("entrusted")?;
    let number = index.saturating_add(1) as u8;
    let secret = secret(index);
    let share = custody.dealing.share(number, secret.public()).map_err(|_| "it keeps a share")?;
    let context = DeliveryContext {
        genesis: pallet_emr::Pallet::<T>::genesis(),
        record,
        custodian: account::<T::AccountId>("custodian", index, 0),
        subject: subject.clone(),
        reply: reply(0),
    };
    let delivery = deliver(&secret, &share, &context, &mut rng(2));
    delivery.map_err(|_| "the share is its own".into())
}

fn ethics<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    T::EthicsOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)
}

#[benchmarks(where <T as Config>::Currency: Mutate<T::AccountId>)]
mod benchmarks {
    use super::*;

    /// Of a custodian that had retired.
    #[benchmark]
    fn register_custodian() -> Result<(), BenchmarkError> {
        let (caller, key, proof) = applicant::<T>(0)?;
        Custodians::<T>::insert(&caller, Custodian { key, bond: None });

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), key, proof);

        let bond = Custodians::<T>::get(&caller).and_then(|entry| entry.bond);
        assert_eq!(bond, Some(T::CustodianBond::get()));
        Ok(())
    }

    #[benchmark]
    fn retire_custodian() -> Result<(), BenchmarkError> {
        custodians::<T>(1)?;
        let caller: T::AccountId = account("custodian", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));

        let entry = Custodians::<T>::get(&caller).ok_or("its key stays")?;
        assert!(entry.bond.is_none());
        Ok(())
    }

    #[benchmark]
    fn set_declined() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        custodians::<T>(1)?;
        let caller: T::AccountId = account("custodian", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), patient.clone(), true);

        assert!(Declined::<T>::contains_key(&caller, &patient));
        Ok(())
    }

    #[benchmark]
    fn set_custodians(c: Linear<1, { T::MaxCustodians::get() }>) -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        choose::<T>(&caller, T::MaxCustodians::get(), 1)?;
        let members = custodians::<T>(c)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), members, 1);

        let group = CustodianGroups::<T>::get(&caller).ok_or("chosen")?;
        assert_eq!(group.members.len() as u32, c);
        Ok(())
    }

    /// Of a record that was entrusted to the most custodians before.
    ///
    /// With a threshold of 1: of shares of which all are needed, there is nothing to check against
    /// the others, and that check is two fifths of the time of a verification. Between other
    /// thresholds there is hardly a difference.
    #[benchmark]
    fn entrust_record(
        c: Linear<1, { T::MaxCustodians::get() }>,
        g: Linear<0, { T::MaxGrants::get() }>,
    ) -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let id = granted::<T>(&caller, g)?;
        choose::<T>(&caller, c, 1)?;
        let entrustment = entrustment::<T>(&caller, cid(id.0), c, 1)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, Some(entrustment));

        let kept = Custodies::<T>::get(id).ok_or("entrusted")?;
        assert_eq!((kept.custodians.len() as u32, kept.grants), (c, 0));
        Ok(())
    }

    /// Of a version behind as many others as are looked at, on which a grant has just ended: the
    /// custody is remembered with it.
    #[benchmark]
    fn withdraw_shares() -> Result<(), BenchmarkError> {
        let caller = patient::<T>()?;
        let id = entrusted::<T>(&caller)?;
        let (subject, _) = opened::<T>(&caller, id, 0)?;
        let reason = EndReason::GivenUp;
        <Pallet<T> as KeyCustody<T::AccountId>>::end_access(id, &caller, &subject, reason)?;
        let newest = entrusted::<T>(&caller)?;
        let mut older = id;
        for place in 1..=VERSIONS_READ {
            let by = if place == VERSIONS_READ { newest } else { record::<T>(&caller) };
            pallet_emr::Records::<T>::mutate_extant(older, |entry| {
                entry.status = RecordStatus::Superseded { by };
            });
            older = by;
        }
        let later = frame_system::Pallet::<T>::block_number().saturating_add(SHARES_PERIOD.into());
        frame_system::Pallet::<T>::set_block_number(later.saturating_add(One::one()));

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id);

        assert!(!Custodies::<T>::contains_key(id));
        assert!(EndedCustodies::<T>::iter_key_prefix(id).next().is_some());
        Ok(())
    }

    /// As `erase_record` of pallet-emr does.
    #[benchmark]
    fn end_custody(g: Linear<0, { T::MaxGrants::get() }>) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = granted::<T>(&patient, g)?;

        #[block]
        {
            <Pallet<T> as KeyCustody<T::AccountId>>::end(id, &patient)?;
        }

        assert!(!Custodies::<T>::contains_key(id));
        Ok(())
    }

    /// By an account whose emergency has expired, so that its grant ends before the new one
    /// begins.
    #[benchmark]
    fn request_access() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient)?;
        let (caller, over) = opened::<T>(&patient, id, 0)?;
        frame_system::Pallet::<T>::set_block_number(over.saturating_add(One::one()));
        <T as pallet_emr::Config>::BenchmarkHelper::allow_all(&patient);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), id, Purpose::Treatment, reply(2));

        let new = Grants::<T>::get(id, &caller).ok_or("granted again")?;
        assert!(new.until > over);
        Ok(())
    }

    /// The last share that is needed, in an emergency.
    #[benchmark]
    fn deliver_share() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient)?;
        let subject = clinician::<T>(0)?;
        begin::<T>(&patient, &subject)?;
        let last = T::MaxCustodians::get().saturating_sub(1);
        open::<T>(id, &subject, last)?;
        let delivery = delivery::<T>(id, &subject, last)?;
        let caller = RawOrigin::Signed(account("custodian", last, 0));

        #[block]
        {
            look_up::<T>(&patient, &subject);
            Pallet::<T>::deliver_share(caller.into(), id, subject.clone(), reply(0), delivery)
                .map_err(|failed| failed.error)?;
        }

        let grant = Grants::<T>::get(id, &subject).ok_or("granted")?;
        assert_eq!(grant.deliveries.len() as u32, T::MaxCustodians::get());
        assert!(grant.fees.is_zero());
        Ok(())
    }

    #[benchmark]
    fn expire_grant() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient)?;
        let (subject, over) = opened::<T>(&patient, id, 0)?;
        frame_system::Pallet::<T>::set_block_number(over.saturating_add(One::one()));
        let caller: T::AccountId = account("anybody", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, subject.clone());

        assert!(!Grants::<T>::contains_key(id, &subject));
        Ok(())
    }

    /// By a clinician whose earlier emergency awaits its review.
    #[benchmark]
    fn break_glass() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        choose::<T>(&patient, T::MaxCustodians::get(), 1)?;
        let caller = clinician::<T>(0)?;
        begin::<T>(&patient, &caller)?;
        pass::<T>(T::EmergencyPeriod::get().saturating_add(One::one()));

        #[block]
        {
            look_up::<T>(&patient, &caller);
            begin::<T>(&patient, &caller)?;
        }

        assert_eq!(OpenEmergencies::<T>::get(&caller), 2);
        Ok(())
    }

    /// By a clinician whose grant with another reply key is replaced.
    #[benchmark]
    fn request_in_emergency() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient)?;
        let (caller, _) = opened::<T>(&patient, id, 0)?;

        #[block]
        {
            look_up::<T>(&patient, &caller);
            let origin = RawOrigin::Signed(caller.clone());
            Pallet::<T>::request_in_emergency(origin.into(), id, reply(2))
                .map_err(|failed| failed.error)?;
        }

        let grant = Grants::<T>::get(id, &caller).ok_or("granted")?;
        assert_eq!(grant.reply, reply(2));
        Ok(())
    }

    /// A guardian rejects an emergency, and its subject is suspended.
    #[benchmark]
    fn review_emergency(
        g: Linear<0, { T::MaxEmergencyRecords::get() }>,
    ) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = emergency::<T>(&patient, g)?;
        let caller: T::AccountId = account("guardian", 0, 0);
        let relation = Relation { kind: RelationKind::Guardian, emergency_contact: false };
        pallet_emr::Relations::<T>::insert(&patient, &caller, relation);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, false);

        let entry = Emergencies::<T>::get(id).ok_or("it keeps its place")?;
        assert!(matches!(entry.status, EmergencyStatus::Rejected { .. }) && entry.grants == 0);
        Ok(())
    }

    /// The grants are over by then, but may still be stored.
    #[benchmark]
    fn judge_emergency(
        g: Linear<0, { T::MaxEmergencyRecords::get() }>,
    ) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = emergency::<T>(&patient, g)?;
        // Otherwise it is void.
        Emergencies::<T>::mutate_extant(id, |entry| entry.requested = entry.requested.max(1));
        pass::<T>(T::ReviewPeriod::get().saturating_add(One::one()));
        let anybody: T::AccountId = account("anybody", 0, 0);
        Pallet::<T>::close_emergency(RawOrigin::Signed(anybody).into(), id)
            .map_err(|failed| failed.error)?;
        let origin = ethics::<T>()?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, id, false);

        assert!(!Emergencies::<T>::contains_key(id));
        Ok(())
    }

    /// The patient rejected it, so that its bond is burned.
    #[benchmark]
    fn close_emergency(
        g: Linear<0, { T::MaxEmergencyRecords::get() }>,
    ) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = emergency::<T>(&patient, g)?;
        Pallet::<T>::review_emergency(RawOrigin::Signed(patient).into(), id, false)
            .map_err(|failed| failed.error)?;
        // A rejection can be overturned for a while.
        let period = T::ReviewPeriod::get().saturating_add(T::EthicsPeriod::get());
        pass::<T>(period.saturating_add(One::one()));
        let caller: T::AccountId = account("anybody", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id);

        assert!(!Emergencies::<T>::contains_key(id));
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

    #[benchmark]
    fn lift_suspension() -> Result<(), BenchmarkError> {
        let subject: T::AccountId = account("clinician", 0, 0);
        Rejections::<T>::insert(&subject, T::MaxRejections::get());
        let origin = ethics::<T>()?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, subject.clone());

        assert_eq!(Rejections::<T>::get(&subject), 0);
        Ok(())
    }

    #[benchmark]
    fn forget_grant() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient)?;
        let (subject, _) = opened::<T>(&patient, id, 0)?;
        pass::<T>(LATE_DELIVERY_PERIOD.saturating_add(1).into());
        let caller: T::AccountId = account("anybody", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, subject.clone(), reply(1));

        assert!(!EndedGrants::<T>::contains_key(id, (subject, reply(1))));
        Ok(())
    }

    /// By a worker whose emergency has expired, so that its grant ends before the new one begins.
    #[benchmark]
    fn request_as_worker() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient)?;
        let (caller, over) = opened::<T>(&patient, id, 0)?;
        frame_system::Pallet::<T>::set_block_number(over.saturating_add(One::one()));
        <T as pallet_emr::Config>::BenchmarkHelper::allow_all(&patient);
        let request = T::Committees::seat(&caller, id);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), request, reply(2));

        let new = Grants::<T>::get(id, &caller).ok_or("granted again")?;
        assert!(new.until > over);
        Ok(())
    }

    /// As `deregister_patient` of pallet-emr does.
    #[benchmark]
    fn leave(c: Linear<1, { T::MaxCustodians::get() }>) -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        choose::<T>(&patient, c, 1)?;
        EmergencyOptOuts::<T>::insert(&patient, ());

        #[block]
        {
            <Pallet<T> as Departure<T::AccountId>>::ensure_may_leave(&patient)?;
            <Pallet<T> as Departure<T::AccountId>>::leave(&patient)?;
        }

        assert!(!CustodianGroups::<T>::contains_key(&patient));
        Ok(())
    }

    /// One step that ends a grant by an emergency.
    #[benchmark]
    fn process_due() -> Result<(), BenchmarkError> {
        let patient = patient::<T>()?;
        let id = entrusted::<T>(&patient)?;
        let (subject, over) = opened::<T>(&patient, id, 0)?;
        let now = over.saturating_add(One::one());
        frame_system::Pallet::<T>::set_block_number(now);
        NextDue::<T>::put(over);

        #[block]
        {
            Pallet::<T>::process_due(now, Weight::MAX);
        }

        assert!(!Grants::<T>::contains_key(id, &subject));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::bare().build(), crate::mock::Test);
}
