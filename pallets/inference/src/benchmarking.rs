//! Benchmarks of every call in its worst case.
//!
//! That is the largest model, a worker with the maximum number of models, and a worker or
//! requester other than the patient, so that the policy is looked up and asked.

use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::{Inspect, Unbalanced},
        tokens::Precision,
    },
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use medchain_primitives::{
    Cid, CidCodec, ContentDigest, EncryptionKey, FailureCode, Label, ModelId, ModelStatus, Output,
    Receipt, RecordId, RecordKind, RequestId, RequestStatus, SealedKey, MAX_CLASSES,
    MAX_LABEL_LENGTH, SEALED_KEY_LENGTH,
};
use pallet_emr::BenchmarkHelper;
use sp_runtime::{
    traits::{One, Saturating, Zero},
    PerThing, Permill,
};

use crate::*;

const SHA256: [u8; 32] = [7; 32];

/// Returns the label of a number, of the maximum length.
fn label(number: u32) -> Label {
    let mut text = vec![b'x'; MAX_LABEL_LENGTH as usize];
    for (byte, digit) in text.iter_mut().zip(number.to_le_bytes()) {
        *byte = digit;
    }
    Label::truncate_from(text)
}

fn cid() -> Cid {
    Cid::new(CidCodec::DagPb, [9; 32])
}

fn labels() -> Labels {
    Labels::truncate_from((0..MAX_CLASSES).map(label).collect())
}

fn fee<T: Config>() -> BalanceOf<T> {
    <T as Config>::Currency::minimum_balance()
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
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
            label(2),
            Permill::from_percent(80),
            fee::<T>(),
        )?;
    }
    WorkerModelsOf::<T>::try_from(ids)
        .map_err(|_| BenchmarkError::Stop("too many models for a worker"))
}

/// An account with an encryption key and funds for everything here.
fn rich<T: Config>(name: &'static str) -> Result<T::AccountId, BenchmarkError> {
    let who: T::AccountId = account(name, 0, 0);
    let deposits = T::PatientDeposit::get().saturating_add(T::RecordDeposit::get());
    let spare = <T as pallet_emr::Config>::Currency::minimum_balance();
    <T as pallet_emr::Config>::Currency::increase_balance(
        &who,
        deposits.saturating_add(spare).saturating_add(spare),
        Precision::Exact,
    )?;
    let spending = T::WorkerBond::get().saturating_add(fee::<T>());
    let spare = <T as Config>::Currency::minimum_balance();
    <T as Config>::Currency::increase_balance(
        &who,
        spending.saturating_add(spare).saturating_add(spare),
        Precision::Exact,
    )?;
    pallet_emr::EncryptionKeys::<T>::insert(&who, EncryptionKey([1; 32]));
    Ok(who)
}

/// Registers a patient with a chest X-ray, whose policy, the chain's default, allows everything.
fn patient_with_record<T: Config>() -> Result<RecordId, BenchmarkError> {
    let patient = rich::<T>("patient")?;
    let origin = RawOrigin::Signed(patient.clone());
    let key = EncryptionKey([2; 32]);
    pallet_emr::Pallet::<T>::register_patient(origin.clone().into(), None, key)?;
    let record = pallet_emr::NextRecordId::<T>::get();
    pallet_emr::Pallet::<T>::add_record(
        origin.into(),
        patient.clone(),
        cid(),
        ContentDigest([9; 32]),
        RecordKind::ChestXray,
        Default::default(),
        None,
        None,
    )
    .map_err(|failed| failed.error)?;
    pallet_emr::DefaultPolicy::<T>::put(account::<T::AccountId>("policy", 0, 0));
    <T as pallet_emr::Config>::BenchmarkHelper::allow_all(&patient);
    Ok(record)
}

/// Registers a worker with the maximum number of models.
fn worker<T: Config>() -> Result<(T::AccountId, WorkerModelsOf<T>), BenchmarkError> {
    let worker = rich::<T>("worker")?;
    let models = register_models::<T>(T::MaxWorkerModels::get())?;
    Pallet::<T>::register_worker(RawOrigin::Signed(worker.clone()).into(), models.clone())?;
    Ok((worker, models))
}

/// An open request of an account other than the patient, for the last model in the worker's list.
struct Scene<T: Config> {
    requester: T::AccountId,
    worker: T::AccountId,
    request: RequestId,
    record: RecordId,
    model: ModelId,
}

fn scene<T: Config>() -> Result<Scene<T>, BenchmarkError> {
    let record = patient_with_record::<T>()?;
    let (worker, models) = worker::<T>()?;
    let model = *models.last().ok_or(BenchmarkError::Stop("`MaxWorkerModels` is zero"))?;
    let requester = rich::<T>("requester")?;
    let request = NextRequestId::<T>::get();
    Pallet::<T>::request_inference(RawOrigin::Signed(requester.clone()).into(), record, model)
        .map_err(|failed| failed.error)?;
    // The maximum number of envelopes, each of a worker that runs the model.
    let bond = T::WorkerBond::get();
    for number in 0..T::MaxEnvelopes::get() {
        let reader = match number {
            0 => worker.clone(),
            _ => account::<T::AccountId>("other worker", number, 0),
        };
        Workers::<T>::insert(&reader, Worker { models: models.clone(), bond });
        let (sealed, deposit) = (SealedKey([3; SEALED_KEY_LENGTH]), Zero::zero());
        let envelope = pallet_emr::Envelope { sealed, depositor: worker.clone(), deposit };
        pallet_emr::Envelopes::<T>::insert(record, reader, envelope);
    }
    // The maximum number of failure reports on an open request.
    for number in 1..T::FailureQuorum::get() {
        let other = account::<T::AccountId>("other worker", number, 0);
        FailureReports::<T>::insert(request, other, FailureCode::Unavailable);
    }
    Ok(Scene { requester, worker, request, record, model })
}

/// A prediction over the most classes, and its receipt.
fn prediction() -> (Output, Receipt) {
    let part = <Permill as PerThing>::ACCURACY / MAX_CLASSES;
    let output = Output {
        label: 0,
        probabilities: BoundedVec::truncate_from(vec![
            Permill::from_parts(part);
            MAX_CLASSES as usize
        ]),
    };
    let receipt = medchain_primitives::receipt(&SHA256, &label(2), &cid(), &output);
    (output, receipt)
}

#[benchmarks]
mod benchmarks {
    use super::*;

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
            label(2),
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
        let caller = rich::<T>("worker")?;
        let models = register_models::<T>(m)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), models);

        assert!(Workers::<T>::contains_key(&caller));
        Ok(())
    }

    #[benchmark]
    fn set_worker_models(
        m: Linear<1, { T::MaxWorkerModels::get() }>,
    ) -> Result<(), BenchmarkError> {
        let (caller, _) = worker::<T>()?;
        // The worker runs none of them yet.
        let models = register_models::<T>(m)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), models.clone());

        let stored = Workers::<T>::get(&caller).map(|worker| worker.models);
        assert_eq!(stored, Some(models));
        Ok(())
    }

    #[benchmark]
    fn deregister_worker() -> Result<(), BenchmarkError> {
        let (caller, _) = worker::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));

        assert!(!Workers::<T>::contains_key(&caller));
        Ok(())
    }

    #[benchmark]
    fn request_inference() -> Result<(), BenchmarkError> {
        let record = patient_with_record::<T>()?;
        let model = register_models::<T>(1)?[0];
        let caller = rich::<T>("requester")?;
        let id = NextRequestId::<T>::get();

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), record, model);

        assert!(OpenRequests::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn cancel_request() -> Result<(), BenchmarkError> {
        let Scene { requester, request, .. } = scene::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(requester), request);

        assert!(!OpenRequests::<T>::contains_key(request));
        Ok(())
    }

    #[benchmark]
    fn submit_prediction() -> Result<(), BenchmarkError> {
        let Scene { worker, request, record, model, .. } = scene::<T>()?;
        let (output, receipt) = prediction();

        #[extrinsic_call]
        _(RawOrigin::Signed(worker), request, output, receipt);

        assert!(Predictions::<T>::contains_key(record, model));
        Ok(())
    }

    #[benchmark]
    fn report_failure() -> Result<(), BenchmarkError> {
        let Scene { worker, request, .. } = scene::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(worker), request, FailureCode::NotAnImage);

        assert!(!OpenRequests::<T>::contains_key(request));
        Ok(())
    }

    #[benchmark]
    fn expire_request() -> Result<(), BenchmarkError> {
        let Scene { worker, request, .. } = scene::<T>()?;
        let late = frame_system::Pallet::<T>::block_number()
            .saturating_add(T::RequestDeadline::get())
            .saturating_add(BlockNumberFor::<T>::one());
        frame_system::Pallet::<T>::set_block_number(late);

        #[extrinsic_call]
        _(RawOrigin::Signed(worker), request);

        assert!(!OpenRequests::<T>::contains_key(request));
        Ok(())
    }

    #[benchmark]
    fn process_due() -> Result<(), BenchmarkError> {
        let Scene { request, .. } = scene::<T>()?;
        let due =
            frame_system::Pallet::<T>::block_number().saturating_add(T::RequestDeadline::get());
        let late = due.saturating_add(BlockNumberFor::<T>::one());
        frame_system::Pallet::<T>::set_block_number(late);
        NextDue::<T>::put(due);
        let step = <T as Config>::WeightInfo::process_due();
        let room = step.saturating_add(T::DbWeight::get().reads(1));

        #[block]
        {
            Pallet::<T>::process_due(late, room);
        }

        let status = Requests::<T>::get(request).map(|request| request.status);
        assert_eq!(status, Some(RequestStatus::Expired));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::bare().build(), crate::mock::Test);
}
