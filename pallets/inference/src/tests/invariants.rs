//! Random calls in random order: the invariants hold, a failing call changes nothing, and no
//! funds appear or disappear.

use super::*;
use frame_support::dispatch::DispatchResult;
use frame_support::traits::{fungible::Inspect, Hooks};
use medchain_primitives::{Action, ContentDigest, FailureCode, ModelId, RecordId, RecordKind};
use proptest::prelude::*;
use sp_runtime::StateVersion;

#[derive(Clone, Debug)]
enum Step {
    Request(u64, RecordId, ModelId),
    Cancel(u64, RequestId),
    Expire(u64, RequestId),
    Answer(u64, RequestId),
    Forge(u64, RequestId),
    Fail(u64, RequestId),
    Register(u64, Vec<ModelId>),
    SetModels(u64, Vec<ModelId>),
    Deregister(u64),
    SetStatus(ModelId, ModelStatus),
    Consent(u64, bool),
    Add(u64, Option<ModelId>),
    Amend(RecordId),
    Erase(RecordId),
    Wait(u64, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || PATIENT..=POOR;
    let worker = || prop_oneof![4 => WORKER..=OTHER_WORKER, 1 => PATIENT..=POOR];
    let model = || prop_oneof![3 => Just(VGG), 1 => Just(FREE), 1 => Just(NO_MODEL)];
    let list = || proptest::collection::vec(model(), 0..4);
    let record = || (0u64..6).prop_map(RecordId);
    let request = || (0u64..8).prop_map(RequestId);
    let status = prop_oneof![Just(ModelStatus::Active), Just(ModelStatus::Retired)];
    prop_oneof![
        6 => (who(), record(), model()).prop_map(|(w, r, m)| Step::Request(w, r, m)),
        4 => (Just(PATIENT), record(), model()).prop_map(|(w, r, m)| Step::Request(w, r, m)),
        2 => (who(), request()).prop_map(|(w, r)| Step::Cancel(w, r)),
        3 => (who(), request()).prop_map(|(w, r)| Step::Expire(w, r)),
        6 => (worker(), request()).prop_map(|(w, r)| Step::Answer(w, r)),
        1 => (worker(), request()).prop_map(|(w, r)| Step::Forge(w, r)),
        2 => (worker(), request()).prop_map(|(w, r)| Step::Fail(w, r)),
        2 => (who(), list()).prop_map(|(w, l)| Step::Register(w, l)),
        1 => (worker(), list()).prop_map(|(w, l)| Step::SetModels(w, l)),
        1 => worker().prop_map(Step::Deregister),
        1 => (model(), status).prop_map(|(m, s)| Step::SetStatus(m, s)),
        2 => (who(), any::<bool>()).prop_map(|(w, yes)| Step::Consent(w, yes)),
        3 => (Just(PATIENT), proptest::option::of(model())).prop_map(|(w, m)| Step::Add(w, m)),
        1 => (who(), proptest::option::of(model())).prop_map(|(w, m)| Step::Add(w, m)),
        1 => record().prop_map(Step::Amend),
        1 => record().prop_map(Step::Erase),
        // Often with too little room at the end of the block to close every due request.
        3 => (0..=2 * DEADLINE, 0..=4 * DEADLINE).prop_map(|(b, room)| Step::Wait(b, room)),
    ]
}

/// A valid output and receipt for the request.
fn valid(request: RequestId) -> (Output, Receipt) {
    let entry = Requests::<Test>::get(request);
    let model = entry.as_ref().map_or(VGG, |entry| entry.model);
    let content = entry
        .and_then(|entry| pallet_emr::Records::<Test>::get(entry.record))
        .map_or(cid(10), |record| record.cid);
    let output = if model == FREE { output(1, &[100_000, 900_000]) } else { covid() };
    let receipt = medchain_primitives::receipt(&[7; 32], &vgg().preprocessing, &content, &output);
    (output, receipt)
}

fn play(step: Step) -> DispatchResult {
    let result = match step {
        Step::Request(who, record, model) => {
            Inference::request_inference(signed(who), record, model)
        }
        Step::Cancel(who, id) => return Inference::cancel_request(signed(who), id),
        Step::Expire(who, id) => return Inference::expire_request(signed(who), id),
        Step::Answer(who, id) => {
            let (output, receipt) = valid(id);
            submit(who, id, output, receipt)
        }
        Step::Forge(who, id) => submit(who, id, covid(), Receipt([0; 32])),
        Step::Fail(who, id) => Inference::report_failure(signed(who), id, FailureCode::Unavailable),
        Step::Register(who, list) => return Inference::register_worker(signed(who), models(&list)),
        Step::SetModels(who, list) => {
            return Inference::set_worker_models(signed(who), models(&list))
        }
        Step::Deregister(who) => return Inference::deregister_worker(signed(who)),
        Step::SetStatus(model, status) => {
            return Inference::set_model_status(RuntimeOrigin::root(), model, status)
        }
        Step::Consent(who, yes) => {
            if yes {
                Policy::grant(who, Action::Infer);
            } else {
                Policy::revoke(who, Action::Infer);
            }
            return Ok(());
        }
        Step::Add(who, model) => {
            let byte = 30 + pallet_emr::NextRecordId::<Test>::get().0 as u8;
            add_record(who, RecordKind::ChestXray, byte, model)
        }
        Step::Amend(record) => {
            let byte = 30 + pallet_emr::NextRecordId::<Test>::get().0 as u8;
            let digest = ContentDigest([byte; 32]);
            Emr::amend_record(signed(PATIENT), record, cid(byte), digest, Default::default(), None)
        }
        Step::Erase(record) => Emr::erase_record(signed(PATIENT), record),
        Step::Wait(blocks, room) => {
            let now = System::block_number() + blocks;
            System::set_block_number(now);
            let step = <() as WeightInfo>::process_due();
            // One read more, for the next due block.
            let read = <Test as frame_system::Config>::DbWeight::get().reads(1);
            Inference::on_idle(now, step.saturating_mul(room).saturating_add(read));
            return Ok(());
        }
    };
    result.map(|_| ()).map_err(|failed| failed.error)
}

fn funds() -> u64 {
    (PATIENT..=POOR).map(|who| Balances::total_balance(&who)).sum()
}

/// Closes every request and deregisters every worker, after which nothing is held.
fn wind_up() {
    System::set_block_number(System::block_number() + 2 * DEADLINE);
    let open: Vec<_> = OpenRequests::<Test>::iter_keys().collect();
    for id in open {
        Inference::expire_request(signed(STRANGER), id).expect("every open request expires");
    }
    let workers: Vec<_> = Workers::<Test>::iter_keys().collect();
    for worker in workers {
        Inference::deregister_worker(signed(worker)).expect("every worker may leave");
    }
    for who in PATIENT..=POOR {
        assert_eq!(held(who), (0, 0));
    }
}

/// Holds that the random test below can reach expiry at the end of a block.
#[test]
fn a_sequence_of_steps_reaches_what_is_due() {
    ExtBuilder::default().build_and_execute(|| {
        let ask = Step::Request(PATIENT, RecordId(0), VGG);
        for step in [ask, Step::Wait(DEADLINE + 1, 4 * DEADLINE)] {
            play(step).expect("both can be done");
        }
        assert_eq!(status(REQUEST), RequestStatus::Expired);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn hold_after_every_step(steps in proptest::collection::vec(step(), 1..60)) {
        ExtBuilder::default().build_and_execute(|| {
            let all = funds();
            for step in steps {
                let before = sp_io::storage::root(StateVersion::V1);
                if play(step.clone()).is_err() {
                    let after = sp_io::storage::root(StateVersion::V1);
                    assert_eq!(before, after, "{step:?} failed and left a trace");
                }
                check_invariants();
                assert_eq!(funds(), all, "{step:?} made or lost funds");
            }
            wind_up();
        });
    }
}
