//! Benchmarks of every call in its worst case.
//!
//! That is the largest model, committee and lists of candidates, workers with the maximum number
//! of models, and a worker or requester other than the patient, so that the policy is looked up
//! and asked. Entries that a call only reads are written directly.

use alloc::{vec, vec::Vec};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::{Inspect, Unbalanced},
        tokens::Precision,
    },
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use medchain_disputes::{Network, NetworkLayer};
use medchain_exact::{Finish, Layer, SoftmaxScale, Window, MAX_LAYERS};
use medchain_primitives::{
    AnswerSalt, Cid, CidCodec, ContentDigest, EncryptionKey, FailureCode, FilmCommitments,
    InferenceOrder, InputRoot, Label, ModelId, ModelStatus, Output, RecordId, RecordKind,
    RecordStatus, RequestId, RequestStatus, SealedAnswer, SealedKey, VerdictRoot, VerdictStatus,
    MAX_CLASSES, MAX_LABEL_LENGTH, MAX_QUORUM, SQUARE_ID,
};
use medchain_verdicts::{
    answer_commitment, verdict_commitment, verdict_root, VerdictKey, VerdictName,
};
use pallet_emr::BenchmarkHelper;
use sp_runtime::{
    traits::{BlakeTwo256, Hash, One, Saturating, Zero},
    PerThing, Permill,
};

use crate::*;

const SHA256: [u8; 32] = [7; 32];
const CONTENT_KEY: [u8; 32] = [8; 32];
const SALT: AnswerSalt = AnswerSalt([6; 32]);
const SEED: [u8; 32] = [5; 32];
/// The last place in every order.
const LAST: [u8; 32] = [0xff; 32];
/// The encryption key that workers have published.
const KEY: EncryptionKey = EncryptionKey([1; 32]);
/// The bytes of an answer of the largest model.
const SEALED_LENGTH: usize = 16 + 1 + 1 + 4 * MAX_CLASSES as usize;

/// Returns the label of a number, of the maximum length.
fn label(number: u32) -> Label {
    let mut text = vec![b'x'; MAX_LABEL_LENGTH as usize];
    for (byte, digit) in text.iter_mut().zip(number.to_le_bytes()) {
        *byte = digit;
    }
    Label::truncate_from(text)
}

/// The name of the preprocessing that uploaders commit to.
fn square() -> Label {
    Label::truncate_from(SQUARE_ID.as_bytes().to_vec())
}

fn cid() -> Cid {
    Cid::new(CidCodec::DagPb, [9; 32])
}

/// The largest network: as many layers as there can be, of which four pool.
fn network() -> Network {
    let layer = |size, outputs, window, finish| NetworkLayer {
        shape: Layer { size, inputs: 1, outputs, window, finish },
        weights_root: [0; 32],
    };
    let three = Window::Three { border: 0 };
    let finish = |pool| Finish::Activations { limit: 127, pool };
    let mut layers: Vec<_> =
        [224, 112, 56, 28].map(|size| layer(size, 1, three, finish(true))).to_vec();
    layers.resize(MAX_LAYERS as usize - 1, layer(14, 1, three, finish(false)));
    layers.push(layer(14, MAX_CLASSES as u16, Window::All, Finish::Logits));
    Network { layers: BoundedVec::truncate_from(layers), scale: SoftmaxScale(1) }
}

fn labels() -> Labels {
    Labels::truncate_from((0..MAX_CLASSES).map(label).collect())
}

fn fee<T: Config>() -> BalanceOf<T> {
    <T as Config>::Currency::minimum_balance()
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    <T as Config>::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

fn now<T: Config>() -> BlockNumberFor<T> {
    frame_system::Pallet::<T>::block_number()
}

/// Registers `count` models and returns their numbers.
fn register_models<T: Config>(count: u32) -> Result<WorkerModelsOf<T>, BenchmarkError> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(NextModelId::<T>::get());
        Pallet::<T>::register_model(
            governance::<T>()?,
            label(0),
            label(1),
            cid(),
            SHA256,
            Some(cid()),
            labels(),
            square(),
            Some(network()),
            1,
            Permill::from_percent(80),
            fee::<T>(),
        )?;
    }
    WorkerModelsOf::<T>::try_from(ids)
        .map_err(|_| BenchmarkError::Stop("too many models for a worker"))
}

/// An account with an encryption key and funds for everything here.
fn rich<T: Config>(name: &'static str, number: u32) -> Result<T::AccountId, BenchmarkError> {
    let who: T::AccountId = account(name, number, 0);
    let envelopes = T::EnvelopeDeposit::get().saturating_mul(MAX_QUORUM.into());
    let deposits = T::PatientDeposit::get().saturating_add(T::RecordDeposit::get());
    let spare = <T as pallet_emr::Config>::Currency::minimum_balance();
    <T as pallet_emr::Config>::Currency::increase_balance(
        &who,
        deposits.saturating_add(envelopes).saturating_add(spare).saturating_add(spare),
        Precision::Exact,
    )?;
    let fees = fee::<T>().saturating_mul(MAX_QUORUM.into());
    let spending = T::WorkerBond::get().saturating_add(fees);
    let spare = <T as Config>::Currency::minimum_balance();
    <T as Config>::Currency::increase_balance(
        &who,
        spending.saturating_add(spare).saturating_add(spare),
        Precision::Exact,
    )?;
    pallet_emr::EncryptionKeys::<T>::insert(&who, KEY);
    Ok(who)
}

/// Registers a patient with a chest X-ray, whose policy, the chain's default, allows everything.
fn patient_with_record<T: Config>() -> Result<(T::AccountId, RecordId), BenchmarkError> {
    let patient = rich::<T>("patient", 0)?;
    let origin = RawOrigin::Signed(patient.clone());
    let key = EncryptionKey([2; 32]);
    pallet_emr::Pallet::<T>::register_patient(origin.clone().into(), None, key)?;
    let record = pallet_emr::NextRecordId::<T>::get();
    let verdicts = verdict_commitment(&verdict_root(&CONTENT_KEY));
    pallet_emr::Pallet::<T>::add_record(
        origin.into(),
        patient.clone(),
        cid(),
        ContentDigest([9; 32]),
        RecordKind::ChestXray,
        Some(FilmCommitments { input_root: InputRoot([4; 32]), verdicts }),
        Default::default(),
        None,
        None,
    )
    .map_err(|failed| failed.error)?;
    pallet_emr::DefaultPolicy::<T>::put(account::<T::AccountId>("policy", 0, 0));
    <T as pallet_emr::Config>::BenchmarkHelper::allow_all(&patient);
    Ok((patient, record))
}

/// The content key of a record, sealed to [`KEY`].
fn sealed_key() -> SealedKey {
    SealedKey::new(&KEY, [3; 32], [3; 48])
}

/// Stores an envelope without a deposit.
fn put_envelope<T: Config>(record: RecordId, reader: &T::AccountId) {
    let (sealed, deposit) = (sealed_key(), Zero::zero());
    let envelope = pallet_emr::Envelope { sealed, depositor: reader.clone(), deposit };
    pallet_emr::Envelopes::<T>::insert(record, reader, envelope);
}

/// Stores a worker whose bond is held.
fn put_worker<T: Config>(
    name: &'static str,
    number: u32,
    models: &WorkerModelsOf<T>,
) -> Result<T::AccountId, BenchmarkError> {
    let who = rich::<T>(name, number)?;
    let bond = T::WorkerBond::get();
    Pallet::<T>::hold(HoldReason::WorkerBond, &who, bond)?;
    let worker = Worker {
        models: models.clone(),
        bond,
        status: WorkerStatus::Active,
        assigned: 0,
        answered: 0,
        declined: 0,
        missed: 0,
        lost: 0,
    };
    Workers::<T>::insert(&who, worker);
    Ok(who)
}

/// Makes `workers` candidates of all `models`, and then others until only `free` places are left.
fn fill<T: Config>(models: &WorkerModelsOf<T>, workers: &[T::AccountId], free: u32) {
    let most = T::MaxCandidates::get().saturating_sub(free) as usize;
    let others = (0..T::MaxCandidates::get()).map(|number| account("candidate", number, 0));
    let mut all: Vec<T::AccountId> = workers.iter().cloned().chain(others).take(most).collect();
    all.sort();
    let since = BlockNumberFor::<T>::zero();
    let all = all.into_iter().map(|worker| Candidate { worker, since });
    let all = CandidatesOf::<T>::truncate_from(all.collect());
    for model in models {
        Candidates::<T>::insert(model, &all);
    }
}

/// A verdict that a larger quorum may replace.
fn put_verdict<T: Config>(record: RecordId, model: ModelId) {
    let verdict = Verdict {
        record,
        model,
        workers: Default::default(),
        sealed: sealed(&[0; SEALED_LENGTH]),
        receipt: medchain_primitives::Receipt([0; 32]),
        reached_at: now::<T>(),
        challengeable_until: now::<T>(),
        status: VerdictStatus::Standing,
        previous: None,
    };
    let id = RequestId(u64::MAX);
    Verdicts::<T>::insert(id, verdict);
    LatestVerdict::<T>::insert(record, model, id);
}

fn sealed(bytes: &[u8]) -> SealedAnswer {
    SealedAnswer::truncate_from(bytes.to_vec())
}

/// An open request of an account other than the patient.
struct Scene<T: Config> {
    patient: T::AccountId,
    requester: T::AccountId,
    members: Vec<T::AccountId>,
    request: RequestId,
    record: RecordId,
    model: ModelId,
}

/// Makes the single worker of a request one that was named, and not drawn.
fn name_worker<T: Config>(request: RequestId) {
    Committees::<T>::mutate_extant(request, |committee| committee.choice = Choice::Named);
}

/// A request with a committee of `size`, whose members run the maximum number of models and have
/// the key. A member of the number `n` is at `step(n)`. As many others as can be have left, and each
/// has paid custodians.
fn scene<T: Config>(
    size: u32,
    status: RequestStatus,
    step: impl Fn(&T::AccountId, u32) -> Step,
) -> Result<Scene<T>, BenchmarkError> {
    let (patient, record) = patient_with_record::<T>()?;
    let models = register_models::<T>(T::MaxWorkerModels::get())?;
    let model = *models.last().ok_or(BenchmarkError::Stop("`MaxWorkerModels` is zero"))?;
    let requester = rich::<T>("requester", 0)?;
    put_verdict::<T>(record, model);
    let id = NextRequestId::<T>::get();
    let order = InferenceOrder { model, quorum: size as u8, worker: None };
    Pallet::<T>::request_inference(RawOrigin::Signed(requester.clone()).into(), record, order)
        .map_err(|failed| failed.error)?;
    AwaitedSeed::<T>::kill();
    let begin = Choice::Seeded { seed: SEED, last: None };
    DrawnBy::<T>::insert(record, model, Draw { begin, opened: now::<T>() });
    let mut members = Vec::new();
    for number in 0..size {
        let who = put_worker::<T>("worker", number, &models)?;
        put_envelope::<T>(record, &who);
        Pallet::<T>::assign(&who, id);
        members.push(who);
    }
    fill::<T>(&models, &members, 0);
    // Others have left before, and not by their own doing.
    let mut lost = Vec::new();
    for number in 0..Pallet::<T>::most_lost().saturating_sub(1) {
        lost.push(rich::<T>("lost", number)?);
    }
    let cost = fee::<T>() / 4u32.into();
    for worker in members.iter().chain(&lost) {
        Pallet::<T>::note_key_cost(worker, id, cost);
    }
    let seats = (0..).zip(&members);
    let seats = seats.map(|(n, who)| crate::Member { worker: who.clone(), step: step(who, n) });
    let choice = Choice::Seeded { seed: SEED, last: Some(LAST) };
    let committee = Committee {
        members: BoundedVec::truncate_from(seats.collect()),
        choice,
        lost: BoundedVec::truncate_from(lost),
    };
    Committees::<T>::insert(id, committee);
    let request = Requests::<T>::get(id).ok_or(BenchmarkError::Stop("there is no request"))?;
    Pallet::<T>::set_status(id, request, status);
    Ok(Scene { patient, requester, members, request: id, record, model })
}

/// A request of the largest quorum whose first two members have answers of their own.
fn disputed<T: Config>() -> Result<Scene<T>, BenchmarkError> {
    let step = |_: &T::AccountId, number: u32| {
        Step::Revealed(sealed(&[number.min(2) as u8; SEALED_LENGTH]))
    };
    let scene = scene::<T>(MAX_QUORUM, RequestStatus::Revealing, step)?;
    finish_scene::<T>(scene.request)?;
    Ok(scene)
}

/// Lets a request to which all answers are shown take its course.
fn finish_scene<T: Config>(id: RequestId) -> Result<(), BenchmarkError> {
    let (request, committee) = Pallet::<T>::open_request(id)?;
    Pallet::<T>::compare(id, request, committee)?;
    Ok(())
}

impl<T: Config> Pallet<T> {
    /// Opens a request for a record in which `worker` waits for the key, in a committee of the
    /// largest size, for benchmarks of whoever asks [`Self::key_place`].
    pub fn seat(worker: &T::AccountId, record: RecordId) -> RequestId {
        let model = ModelId(0);
        let entry = Model {
            name: label(0),
            version: label(1),
            cid: cid(),
            sha256: SHA256,
            card: Some(cid()),
            labels: labels(),
            preprocessing: square(),
            arithmetic: medchain_primitives::Arithmetic::Exact,
            min_quorum: 1,
            confidence_threshold: Permill::from_percent(80),
            fee: fee::<T>(),
            status: ModelStatus::Active,
        };
        Models::<T>::insert(model, entry);
        let patient = pallet_emr::Records::<T>::get(record)
            .map_or_else(|| worker.clone(), |record| record.patient);
        let request = Request {
            record,
            patient,
            model,
            requester: account("requester", 0, 0),
            fee: fee::<T>(),
            quorum: MAX_QUORUM as u8,
            opened: now::<T>(),
            deadline: now::<T>().saturating_add(T::SealPeriod::get()),
            status: RequestStatus::Sealing,
        };
        let id = RequestId(0);
        Requests::<T>::insert(id, request);
        let others = (1..MAX_QUORUM).map(|number| account("member", number, 0));
        let members = others.chain([worker.clone()]);
        let members = members.map(|worker| crate::Member { worker, step: Step::Chosen });
        let committee = Committee {
            members: BoundedVec::truncate_from(members.collect()),
            choice: Choice::Seeded { seed: SEED, last: Some(LAST) },
            lost: BoundedVec::new(),
        };
        Committees::<T>::insert(id, committee);
        id
    }
}

fn chosen<A>(_: &A, _: u32) -> Step {
    Step::Chosen
}

/// Goes to the block after the deadline of a request, with nothing due before.
fn miss_deadline<T: Config>(id: RequestId) -> BlockNumberFor<T> {
    let deadline = Requests::<T>::get(id).map(|request| request.deadline).unwrap_or_default();
    let late = deadline.saturating_add(One::one());
    frame_system::Pallet::<T>::set_block_number(late);
    NextDue::<T>::put(deadline);
    late
}

/// An output of the largest model.
fn output() -> Output {
    let part = <Permill as PerThing>::ACCURACY / MAX_CLASSES;
    let parts = vec![Permill::from_parts(part); MAX_CLASSES as usize];
    Output { label: 0, probabilities: BoundedVec::truncate_from(parts) }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    /// Whether the last member of the largest committee waits for a key.
    #[benchmark]
    fn key_place() -> Result<(), BenchmarkError> {
        let (_, record) = patient_with_record::<T>()?;
        let worker: T::AccountId = account("worker", 0, 0);
        let id = Pallet::<T>::seat(&worker, record);

        #[block]
        {
            assert!(Pallet::<T>::key_place(&worker, id).is_some());
        }

        Ok(())
    }

    /// Of the last worker of a request that has lost as many as it can.
    #[benchmark]
    fn note_key_cost() -> Result<(), BenchmarkError> {
        let Scene { request: id, .. } = scene::<T>(MAX_QUORUM, RequestStatus::Sealing, chosen)?;
        let noted = KeyCosts::<T>::get(id).len() as u32;
        for number in noted.saturating_add(1)..MAX_LOST {
            Pallet::<T>::note_key_cost(&account("other", number, 0), id, fee::<T>());
        }
        let last: T::AccountId = account("other", MAX_LOST, 0);

        #[block]
        {
            Pallet::<T>::note_key_cost(&last, id, fee::<T>());
        }

        assert_eq!(KeyCosts::<T>::get(id).len() as u32, MAX_LOST);
        Ok(())
    }

    #[benchmark]
    fn register_model() -> Result<(), BenchmarkError> {
        let origin = governance::<T>()?;
        let id = NextModelId::<T>::get();

        #[extrinsic_call]
        _(
            origin as T::RuntimeOrigin,
            label(0),
            label(1),
            cid(),
            SHA256,
            Some(cid()),
            labels(),
            square(),
            Some(network()),
            1,
            Permill::from_percent(80),
            fee::<T>(),
        );

        assert!(Models::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn set_model_status() -> Result<(), BenchmarkError> {
        let model = register_models::<T>(1)?[0];
        let origin = governance::<T>()?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, model, ModelStatus::Retired);

        let status = Models::<T>::get(model).map(|model| model.status);
        assert_eq!(status, Some(ModelStatus::Retired));
        Ok(())
    }

    #[benchmark]
    fn register_worker(m: Linear<1, { T::MaxWorkerModels::get() }>) -> Result<(), BenchmarkError> {
        let caller = rich::<T>("worker", 0)?;
        let models = register_models::<T>(m)?;
        fill::<T>(&models, &[], 1);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), models);

        assert!(Workers::<T>::contains_key(&caller));
        Ok(())
    }

    #[benchmark]
    fn set_worker_models(
        m: Linear<1, { T::MaxWorkerModels::get() }>,
    ) -> Result<(), BenchmarkError> {
        let old = register_models::<T>(T::MaxWorkerModels::get())?;
        let caller = put_worker::<T>("worker", 0, &old)?;
        fill::<T>(&old, core::slice::from_ref(&caller), 0);
        // The worker runs none of them yet.
        let models = register_models::<T>(m)?;
        fill::<T>(&models, &[], 1);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), models.clone());

        let stored = Workers::<T>::get(&caller).map(|worker| worker.models);
        assert_eq!(stored, Some(models));
        Ok(())
    }

    #[benchmark]
    fn deregister_worker(
        m: Linear<1, { T::MaxWorkerModels::get() }>,
    ) -> Result<(), BenchmarkError> {
        let models = register_models::<T>(m)?;
        let caller = put_worker::<T>("worker", 0, &models)?;
        fill::<T>(&models, core::slice::from_ref(&caller), 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));

        let status = Workers::<T>::get(&caller).map(|worker| worker.status);
        assert!(matches!(status, Some(WorkerStatus::Leaving { .. })));
        Ok(())
    }

    #[benchmark]
    fn request_inference() -> Result<(), BenchmarkError> {
        let (_, record) = patient_with_record::<T>()?;
        let models = register_models::<T>(T::MaxWorkerModels::get())?;
        let model = models[0];
        let worker = put_worker::<T>("worker", 0, &models)?;
        put_envelope::<T>(record, &worker);
        put_verdict::<T>(record, model);
        let caller = rich::<T>("requester", 0)?;
        let id = NextRequestId::<T>::get();
        let order = InferenceOrder { model, quorum: 1, worker: Some(worker) };

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), record, order);

        let status = Requests::<T>::get(id).map(|request| request.status);
        assert_eq!(status, Some(RequestStatus::Committing));
        Ok(())
    }

    /// By the patient, when every worker gets back what the key has cost it.
    #[benchmark]
    fn cancel_request() -> Result<(), BenchmarkError> {
        let Scene { patient, request, .. } =
            scene::<T>(MAX_QUORUM, RequestStatus::Committing, chosen)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(patient), request);

        assert!(!Committees::<T>::contains_key(request));
        Ok(())
    }

    #[benchmark]
    fn draw_workers(a: Linear<1, { T::MaxCandidates::get() }>) -> Result<(), BenchmarkError> {
        let (_, record) = patient_with_record::<T>()?;
        let models = register_models::<T>(T::MaxWorkerModels::get())?;
        let model = models[0];
        let caller = rich::<T>("requester", 0)?;
        let id = NextRequestId::<T>::get();
        let most = T::MaxCandidates::get();
        let mut placed: Vec<_> = (0..most)
            .map(|number| (account::<T::AccountId>("candidate", number, 0), number))
            .map(|(who, number)| (BlakeTwo256::hash(&(SEED, record, model, &who).encode()), number))
            .collect();
        placed.sort();
        // Of those that are asked, the last seven are drawn; the others have removed their keys.
        placed.truncate(a as usize);
        for (place, (_, number)) in (0..).zip(placed) {
            let who = put_worker::<T>("candidate", number, &models)?;
            put_envelope::<T>(record, &who);
            if place < a.saturating_sub(MAX_QUORUM) {
                pallet_emr::EncryptionKeys::<T>::remove(&who);
            }
        }
        fill::<T>(&models, &[], 0);
        frame_system::Pallet::<T>::set_block_number(now::<T>().saturating_add(One::one()));
        let order = InferenceOrder { model, quorum: MAX_QUORUM as u8, worker: None };
        Pallet::<T>::request_inference(RawOrigin::Signed(caller.clone()).into(), record, order)
            .map_err(|failed| failed.error)?;
        for (number, waiting) in AwaitedSeed::<T>::take() {
            Seeds::<T>::insert(number, (SEED, waiting));
        }

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), id, a as u8);

        if let Some(committee) = Committees::<T>::get(id) {
            assert_eq!(committee.members.len() as u32, a.min(MAX_QUORUM));
        }
        Ok(())
    }

    #[benchmark]
    fn seal_to_workers(k: Linear<0, MAX_QUORUM>) -> Result<(), BenchmarkError> {
        let Scene { requester, members, request, record, .. } =
            scene::<T>(MAX_QUORUM, RequestStatus::Sealing, chosen)?;
        // Neither the patient nor the author, who are looked up first.
        put_envelope::<T>(record, &requester);
        // Each has an envelope for a former key, which another account has paid for.
        let published = EncryptionKey([11; 32]);
        let mut keys = Vec::new();
        for (index, who) in (0..k).zip(members) {
            pallet_emr::Envelopes::<T>::remove(record, &who);
            let depositor = rich::<T>("depositor", index)?;
            let (to, former) = (who.clone(), sealed_key());
            pallet_emr::Pallet::<T>::admit_reader(&depositor, record, to, former)?;
            pallet_emr::EncryptionKeys::<T>::insert(&who, published);
            keys.push((who, SealedKey::new(&published, [3; 32], [3; 48])));
        }
        let keys = KeysOf::<T>::truncate_from(keys);

        #[extrinsic_call]
        _(RawOrigin::Signed(requester), request, keys);

        let status = Requests::<T>::get(request).map(|request| request.status);
        assert_eq!(status, Some(RequestStatus::Committing));
        Ok(())
    }

    #[benchmark]
    fn commit_answer() -> Result<(), BenchmarkError> {
        let commitment = medchain_primitives::AnswerCommitment([1; 32]);
        let others = |_: &_, n| if n == 0 { Step::Chosen } else { Step::Committed(commitment) };
        let Scene { members, request, .. } =
            scene::<T>(MAX_QUORUM, RequestStatus::Committing, others)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(members[0].clone()), request, commitment);

        let status = Requests::<T>::get(request).map(|request| request.status);
        assert_eq!(status, Some(RequestStatus::Revealing));
        Ok(())
    }

    #[benchmark]
    fn reveal_answer() -> Result<(), BenchmarkError> {
        let answer = sealed(&[0; SEALED_LENGTH]);
        let id = NextRequestId::<T>::get();
        let step = |who: &T::AccountId, n| match n {
            0 => Step::Committed(answer_commitment(id, &who.encode(), &answer, &SALT)),
            _ => Step::Revealed(answer.clone()),
        };
        let Scene { members, request, record, model, .. } =
            scene::<T>(MAX_QUORUM, RequestStatus::Revealing, step)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(members[0].clone()), request, answer.clone(), SALT);

        assert_eq!(LatestVerdict::<T>::get(record, model), Some(request));
        Ok(())
    }

    #[benchmark]
    fn submit_answer() -> Result<(), BenchmarkError> {
        let Scene { members, request, record, model, .. } =
            scene::<T>(1, RequestStatus::Committing, chosen)?;
        name_worker::<T>(request);

        #[extrinsic_call]
        _(RawOrigin::Signed(members[0].clone()), request, sealed(&[0; SEALED_LENGTH]));

        assert_eq!(LatestVerdict::<T>::get(record, model), Some(request));
        Ok(())
    }

    #[benchmark]
    fn report_failure() -> Result<(), BenchmarkError> {
        // It was the last one that the request could lose. The record is gone, so that each worker
        // gets back what the key has cost it.
        let Scene { members, request, record, .. } =
            scene::<T>(MAX_QUORUM, RequestStatus::Committing, chosen)?;
        pallet_emr::Records::<T>::mutate_extant(record, |record| {
            record.status = RecordStatus::Erased;
        });

        #[extrinsic_call]
        _(RawOrigin::Signed(members[0].clone()), request, FailureCode::NotAnImage);

        assert!(!Committees::<T>::contains_key(request));
        Ok(())
    }

    #[benchmark]
    fn settle_overdue() -> Result<(), BenchmarkError> {
        // All are absent and lose a part of their bonds, and their places.
        let Scene { requester, request, .. } =
            scene::<T>(MAX_QUORUM, RequestStatus::Committing, chosen)?;
        miss_deadline::<T>(request);

        #[extrinsic_call]
        _(RawOrigin::Signed(requester), request);

        assert!(!Committees::<T>::contains_key(request));
        Ok(())
    }

    #[benchmark]
    fn withdraw_bond() -> Result<(), BenchmarkError> {
        let models = register_models::<T>(T::MaxWorkerModels::get())?;
        let caller = put_worker::<T>("worker", 0, &models)?;
        let until = now::<T>();
        Workers::<T>::mutate_extant(&caller, |worker| {
            worker.status = WorkerStatus::Leaving { until };
        });
        frame_system::Pallet::<T>::set_block_number(until.saturating_add(One::one()));

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));

        assert!(!Workers::<T>::contains_key(&caller));
        Ok(())
    }

    #[benchmark]
    fn top_up_bond(m: Linear<1, { T::MaxWorkerModels::get() }>) -> Result<(), BenchmarkError> {
        let models = register_models::<T>(m)?;
        let caller = put_worker::<T>("worker", 0, &models)?;
        fill::<T>(&models, &[], 1);
        let bond = T::WorkerBond::get();
        Pallet::<T>::release(HoldReason::WorkerBond, &caller, bond)?;
        Workers::<T>::mutate_extant(&caller, |worker| {
            worker.status = WorkerStatus::Suspended;
            worker.bond = Zero::zero();
        });

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));

        assert_eq!(Workers::<T>::get(&caller).map(|worker| worker.bond), Some(bond));
        Ok(())
    }

    #[benchmark]
    fn disclose_verdict() -> Result<(), BenchmarkError> {
        let Scene { patient, members, request, record, model, .. } =
            scene::<T>(1, RequestStatus::Committing, chosen)?;
        let root: VerdictRoot = verdict_root(&CONTENT_KEY);
        let block = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut genesis = [0; 32];
        genesis.copy_from_slice(block.as_ref());
        let key = VerdictKey::new(&root, &VerdictName { genesis, record, model, request });
        let member = RawOrigin::Signed(members[0].clone());
        name_worker::<T>(request);
        Pallet::<T>::submit_answer(member.into(), request, key.seal(&output()))
            .map_err(|failed| failed.error)?;

        // It fails where the verdict cannot be read.
        #[extrinsic_call]
        _(RawOrigin::Signed(patient), request, root);

        Ok(())
    }

    #[benchmark]
    fn challenge_verdict() -> Result<(), BenchmarkError> {
        let answer = sealed(&[0; SEALED_LENGTH]);
        let step = |_: &T::AccountId, _| Step::Revealed(answer.clone());
        let Scene { members, request, record, model, .. } =
            scene::<T>(MAX_QUORUM, RequestStatus::Revealing, step)?;
        finish_scene::<T>(request)?;
        let models = Workers::<T>::get(&members[0]).map(|worker| worker.models);
        let challenger = put_worker::<T>("challenger", 0, &models.unwrap_or_default())?;
        put_envelope::<T>(record, &challenger);

        #[extrinsic_call]
        _(RawOrigin::Signed(challenger), request, sealed(&[1; SEALED_LENGTH]));

        assert_eq!(LatestVerdict::<T>::get(record, model), Some(request));
        assert!(Committees::<T>::contains_key(request));
        Ok(())
    }

    #[benchmark]
    fn annul_dispute() -> Result<(), BenchmarkError> {
        let Scene { patient, request, .. } = disputed::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(patient), request);

        assert!(!Committees::<T>::contains_key(request));
        Ok(())
    }

    /// Two lose, and the others have the same answer.
    #[benchmark]
    fn settle_dispute() -> Result<(), BenchmarkError> {
        let Scene { members, request, .. } = disputed::<T>()?;
        pallet_disputes::Disputes::<T>::remove(request);

        #[block]
        {
            <Pallet<T> as pallet_disputes::Client<_, _>>::settled(request, &members[..2], None)?;
        }

        assert!(Verdicts::<T>::contains_key(request));
        Ok(())
    }

    /// As `deregister_patient` of pallet-emr asks, of a patient who may not.
    #[benchmark]
    fn leave() -> Result<(), BenchmarkError> {
        let Scene { patient, .. } = scene::<T>(1, RequestStatus::Committing, chosen)?;
        let answer;

        #[block]
        {
            answer = <Pallet<T> as pallet_emr::Departure<_>>::ensure_may_leave(&patient);
        }

        assert!(answer.is_err());
        Ok(())
    }

    #[benchmark]
    fn process_due() -> Result<(), BenchmarkError> {
        let Scene { request, .. } = scene::<T>(MAX_QUORUM, RequestStatus::Committing, chosen)?;
        let late = miss_deadline::<T>(request);
        let step = <T as Config>::WeightInfo::process_due();
        let room = step.saturating_add(T::DbWeight::get().reads(1));

        #[block]
        {
            Pallet::<T>::process_due(late, room);
        }

        assert!(!Committees::<T>::contains_key(request));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::bare().build(), crate::mock::Test);
}
