//! A worker that was named answers in one call, which everybody can read in the pool: whoever pays
//! for the answer cannot take the fee back with it, and no answer earns nothing.

use super::*;
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use medchain_primitives::{EncryptionKey, FailureCause};
use pallet_emr::Error as EmrError;
use proptest::prelude::*;

/// What the patient does when it sees the answer in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WayOut {
    Cancel,
    Erase,
    Amend,
    Revoke,
    TakeKey,
}

use WayOut::{Amend, Cancel, Erase, Revoke, TakeKey};

const WAYS: [WayOut; 5] = [Cancel, Erase, Amend, Revoke, TakeKey];

/// Takes a way out, where it is still open.
fn take(way: WayOut, id: RequestId) -> bool {
    match way {
        Cancel => Inference::cancel_request(signed(PATIENT), id).is_ok(),
        Erase => Emr::erase_record(signed(PATIENT), XRAY).is_ok(),
        Amend => {
            let digest = medchain_primitives::ContentDigest([20; 32]);
            let (new, readers) = ((cid(20), Some(film())), Default::default());
            let who = signed(PATIENT);
            Emr::amend_record(who, XRAY, new.0, digest, new.1, readers, None).is_ok()
        }
        Revoke => {
            Policy::revoke(WORKER, Action::Infer);
            true
        }
        TakeKey => Emr::remove_envelope(signed(PATIENT), XRAY, WORKER).is_ok(),
    }
}

/// What [`WORKER`] has earned.
fn earned() -> u64 {
    free_balance(WORKER) + BOND - FUNDS
}

/// Lets the deadline of a request pass, if it is open.
fn run_out(id: RequestId) {
    if is_open(id) {
        if System::block_number() <= entry(id).deadline {
            miss_deadline(id);
        }
        assert_ok!(settle(id));
    }
    assert!(!is_open(id));
}

#[test]
fn no_way_out_takes_the_fee_of_an_answer_back() {
    for way in WAYS {
        ExtBuilder::default().build_and_execute(|| {
            let id = awaiting_named();
            assert!(take(way, id), "{way:?}");
            assert_ok!(submit(WORKER, id, &covid()));
            assert_eq!((earned(), held(PATIENT)), (FEE, (0, 0)), "{way:?}");
            assert!(!is_open(id));
            assert!(!on_list(WORKER, id));
            // Without the envelope, consent stands, and the worker had the key.
            let kept = way == TakeKey;
            assert_eq!(Verdicts::<Test>::contains_key(id), kept, "{way:?}");
            let end = if kept { RequestStatus::Answered } else { RequestStatus::Cancelled };
            assert_eq!(status(id), end);
            assert_noop!(submit(WORKER, id, &covid()), Error::<Test>::RequestNotOpen);
        });
    }
}

/// The protection is that of a named worker: what another one shows, others have for nothing.
#[test]
fn a_worker_that_was_drawn_alone_is_paid_because_it_has_committed() {
    for way in WAYS {
        ExtBuilder::default().build_and_execute(|| {
            let id = awaiting(1);
            let who = members(id)[0];
            assert_noop!(submit(who, id, &covid()), Error::<Test>::WorkerNotNamed);
            assert_ok!(commit(who, id, &covid()));
            take(way, id);
            if is_open(id) {
                assert_ok!(reveal(who, id, &covid()));
            }
            assert_eq!((free_balance(who), held(PATIENT)), (FUNDS - BOND + FEE, (0, 0)), "{way:?}");
        });
    }
}

#[test]
fn whoever_gives_no_answer_earns_nothing() {
    for way in WAYS {
        ExtBuilder::default().build_and_execute(|| {
            let id = awaiting_named();
            assert!(take(way, id), "{way:?}");
            run_out(id);
            assert_eq!((earned(), held(PATIENT)), (0, (0, 0)), "{way:?}");
            // Whom only the policy stops, and does not report it, missed the deadline.
            let lost = if way == Revoke { ABSENCE } else { 0 };
            assert_eq!(held(WORKER).1, BOND - lost, "{way:?}");
        });
    }
}

#[test]
fn an_answer_that_is_not_kept_is_in_the_log() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting_named();
        Policy::revoke(WORKER, Action::Infer);
        let used = submit(WORKER, id, &covid()).expect("it is paid");
        let most = <() as WeightInfo>::submit_answer() + POLICY_WEIGHT;
        assert_eq!(used.actual_weight, Some(most));
        let paid = Event::<Test>::AnswerNotKept { request: id, worker: WORKER };
        assert_eq!(events(), [paid.into(), Event::<Test>::RequestCancelled { request: id }.into()]);
        assert_eq!(worker(WORKER).answered, 0);
    });
}

#[test]
fn a_cancelled_request_ends_with_the_answer_or_after_its_deadline() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting_named();
        let until = entry(id).deadline;
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        assert_eq!(events(), [Event::<Test>::CancellationBegun { request: id, until }.into()]);
        assert_eq!((status(id), held(PATIENT).0), (RequestStatus::Committing, FEE));
        let again = Inference::cancel_request(signed(PATIENT), id);
        assert_noop!(again, Error::<Test>::CancellationPending);
        // A commitment shows nothing, so nobody could have outrun it.
        assert_noop!(commit(WORKER, id, &covid()), Error::<Test>::CancellationPending);
        assert_noop!(submit(12, id, &covid()), Error::<Test>::NotChosen);
        let before = free_balance(PATIENT);
        miss_deadline(id);
        assert_noop!(submit(WORKER, id, &covid()), Error::<Test>::DeadlinePassed);
        assert_ok!(settle(id));
        assert_eq!(events(), [Event::<Test>::RequestCancelled { request: id }.into()]);
        assert_eq!((status(id), free_balance(PATIENT)), (RequestStatus::Cancelled, before + FEE));
        assert_eq!((worker(WORKER).missed, held(WORKER)), (0, (0, BOND)));
    });
}

#[test]
fn a_worker_that_has_no_answer_lets_a_cancelled_request_go() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting_named();
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        let code = medchain_primitives::FailureCode::Unavailable;
        assert_ok!(Inference::report_failure(signed(WORKER), id, code));
        let cause = FailureCause::Reported(code);
        assert_eq!(status(id), RequestStatus::Failed { cause });
        assert_eq!((earned(), held(PATIENT)), (0, (0, 0)));
    });
}

#[test]
fn nobody_leaves_with_the_fee() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting_named();
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        for record in [XRAY, REPORT] {
            assert_ok!(Emr::erase_record(signed(PATIENT), record));
        }
        let leave = || Emr::deregister_patient(signed(PATIENT));
        let refused = leave().map(|_| ()).map_err(|failed| failed.error);
        assert_eq!(refused, Err(Error::<Test>::RequestNotClosed.into()));
        assert_ok!(submit(WORKER, id, &covid()));
        assert_eq!(earned(), FEE);
        assert_ok!(leave());
    });
}

/// The author amends the film: no way for a requester that is not the patient either.
#[test]
fn another_requester_does_not_cancel_when_the_record_is_replaced() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, named(WORKER)));
        assert_ok!(seal(REQUEST));
        amend_xray();
        let cancel = Inference::cancel_request(signed(STRANGER), REQUEST);
        assert_eq!(cancel, Err(Error::<Test>::AnswerCommitted.into()));
        assert_ok!(submit(WORKER, REQUEST, &covid()));
        assert_eq!((earned(), held(STRANGER)), (FEE, (0, 0)));
    });
}

/// A reader that may ask for verdicts, and may not share, would seal the key to a friend.
#[test]
fn another_requester_names_only_whom_the_policy_allows() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Emr::set_encryption_key(signed(STRANGER), EncryptionKey([9; 32])));
        assert_ok!(Emr::share_record(signed(PATIENT), XRAY, STRANGER, sealed_to(STRANGER)));
        let share = Emr::share_record(signed(STRANGER), XRAY, WORKER, sealed_to(WORKER));
        assert!(share.is_err());
        let ask = |who| Inference::request_inference(signed(who), XRAY, named(WORKER));
        Policy::revoke(WORKER, Action::Infer);
        assert_noop!(ask(STRANGER), EmrError::<Test>::GrantRevoked);
        Policy::grant(WORKER, Action::Infer);
        let used = ask(STRANGER).expect("the policy allows both").actual_weight;
        assert_eq!(used, Some(<() as WeightInfo>::request_inference() + ASKED_WEIGHT * 2));
        assert_ok!(Inference::seal_to_workers(signed(STRANGER), REQUEST, keys(&[WORKER])));
        assert_eq!(status(REQUEST), RequestStatus::Committing);
    });
}

#[test]
fn a_patient_names_whom_the_patient_wants() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::revoke(WORKER, Action::Infer);
        Policy::asked();
        let id = awaiting_named();
        assert_eq!(status(id), RequestStatus::Committing);
        assert!(Policy::asked().is_empty(), "it is asked when the worker answers");
    });
}

#[test]
fn whoever_names_a_worker_pays_for_both_questions() {
    let weight = |order| {
        Call::<Test>::request_inference { record: XRAY, order }.get_dispatch_info().call_weight
    };
    let base = <() as WeightInfo>::request_inference();
    assert_eq!(weight(order(1)), base + POLICY_WEIGHT);
    assert_eq!(weight(named(WORKER)), base + POLICY_WEIGHT * 2);
}

/// Otherwise whoever the patient has stopped would be paid by a requester for any bytes.
#[test]
fn another_requester_pays_for_no_answer_that_the_policy_refuses() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, named(WORKER)));
        assert_ok!(seal(REQUEST));
        Policy::revoke(WORKER, Action::Infer);
        assert_noop!(submit(WORKER, REQUEST, &covid()), EmrError::<Test>::GrantRevoked);
        assert_eq!(held(STRANGER).0, FEE);
    });
}

/// A worker cannot have its answer paid and kept out of every challenge by its own doing.
#[test]
fn a_worker_that_gives_its_key_back_is_judged_by_its_answer() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting_named();
        assert_ok!(Emr::remove_envelope(signed(WORKER), XRAY, WORKER));
        assert_ok!(submit(WORKER, id, &normal()));
        assert!(Verdicts::<Test>::contains_key(id), "it stands, and can be challenged");
    });
}

/// A step before the answer, or the number of blocks that pass.
fn step() -> impl Strategy<Value = Result<WayOut, u64>> {
    prop_oneof![
        3 => proptest::sample::select(WAYS.to_vec()).prop_map(Ok::<WayOut, u64>),
        1 => (1..=COMMIT).prop_map(Err::<WayOut, u64>),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// The model knows one thing: whether an answer came before the deadline.
    #[test]
    fn an_answer_in_time_is_paid_and_nothing_else(
        steps in proptest::collection::vec(step(), 0..7),
        answers: bool,
    ) {
        ExtBuilder::default().build_and_execute(|| {
            let (id, mut passed) = (awaiting_named(), 0);
            for step in steps {
                match step {
                    Ok(way) => {
                        take(way, id);
                    }
                    Err(blocks) => {
                        pass(blocks);
                        passed += blocks;
                    }
                }
                check_invariants();
            }
            let paid = answers && passed <= COMMIT;
            if answers {
                assert_eq!(submit(WORKER, id, &covid()).is_ok(), paid);
            }
            run_out(id);
            assert_eq!(earned(), if paid { FEE } else { 0 });
            assert_eq!(held(PATIENT), (0, 0));
            check_invariants();
        });
    }
}
