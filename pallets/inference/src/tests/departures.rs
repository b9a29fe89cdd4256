//! A patient who leaves in the middle of a request, and envelopes whose deposits come back.

use super::*;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use medchain_primitives::{FailureCause, VerdictStatus};
use pallet_emr::Error as EmrError;

/// Erases every record of [`PATIENT`].
fn erase_all() {
    for (id, record) in pallet_emr::Records::<Test>::iter().collect::<Vec<_>>() {
        if record.status != medchain_primitives::RecordStatus::Erased {
            assert_ok!(Emr::erase_record(signed(PATIENT), id));
        }
    }
}

fn leave() -> DispatchResult {
    Emr::deregister_patient(signed(PATIENT)).map(|_| ()).map_err(|failed| failed.error)
}

fn withdraw(who: u64, reader: u64) -> DispatchResult {
    Emr::withdraw_envelope(signed(who), XRAY, reader)
}

#[test]
fn a_patient_leaves_when_every_request_is_closed() {
    let scenes: [fn() -> RequestId; 4] =
        [|| request(order(2)), || drawn(2), || awaiting(2), || revealing(2)];
    for scene in scenes {
        ExtBuilder::default().build_and_execute(|| {
            let id = scene();
            erase_all();
            assert_noop!(leave(), Error::<Test>::RequestNotClosed);
            assert_ok!(Inference::cancel_request(signed(PATIENT), id));
            assert_ok!(leave());
        });
    }
}

/// Once all have committed they are paid, whatever the patient does.
#[test]
fn nobody_escapes_a_fee_by_leaving() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(2);
        erase_all();
        assert_noop!(leave(), Error::<Test>::RequestNotClosed);
        let list = members(id);
        for who in &list {
            assert_ok!(reveal(*who, id, &covid()));
        }
        for who in &list {
            assert_eq!(free_balance(*who), FUNDS - BOND + FEE);
        }
        assert_ok!(leave());
        assert_eq!(held(PATIENT), (0, 0));
    });
}

/// What another account requested, and pays for, is closed by the patient, or by time.
#[test]
fn nobody_keeps_a_patient_by_a_request() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, order(2)));
        erase_all();
        assert_noop!(leave(), Error::<Test>::RequestNotClosed);
        miss_deadline(REQUEST);
        assert_noop!(leave(), Error::<Test>::RequestNotClosed);
        assert_ok!(settle(REQUEST));
        assert_ok!(leave());
        assert_eq!(held(STRANGER), (0, 0));
        // What is left of it leaves the state as any other.
        miss_deadline(REQUEST);
        assert_ok!(settle(REQUEST));
        assert_eq!(Requests::<Test>::get(REQUEST), None);
    });
}

#[test]
fn a_dispute_keeps_the_patient_until_it_is_ended() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        for (who, answer) in list.iter().zip([covid(), normal()]) {
            assert_ok!(commit(*who, id, &answer));
        }
        for (who, answer) in list.iter().zip([covid(), normal()]) {
            assert_ok!(reveal(*who, id, &answer));
        }
        assert_eq!(status(id), RequestStatus::Disputed);
        erase_all();
        assert_noop!(leave(), Error::<Test>::RequestNotClosed);
        miss_deadline(id);
        assert_ok!(settle(id));
        let cause = FailureCause::NotSettled;
        assert_eq!(status(id), RequestStatus::Failed { cause });
        assert_ok!(leave());
    });
}

#[test]
fn a_challenged_verdict_keeps_the_patient() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        replace_last_worker();
        Policy::grant(NEWCOMER, Action::Infer);
        assert_ok!(Emr::share_record(signed(PATIENT), XRAY, NEWCOMER, sealed_to(NEWCOMER)));
        assert_ok!(Inference::challenge_verdict(signed(NEWCOMER), id, sealed(id, &normal())));
        erase_all();
        assert_noop!(leave(), Error::<Test>::RequestNotClosed);
        assert_ok!(Inference::annul_dispute(signed(PATIENT), id));
        assert_eq!(
            Verdicts::<Test>::get(id).map(|verdict| verdict.status),
            Some(VerdictStatus::Withdrawn)
        );
        assert_ok!(leave());
    });
}

/// A patient who is a worker too answers for it as before.
#[test]
fn nobody_escapes_a_penalty_by_leaving() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let absent = members(id)[0];
        assert_ok!(Emr::register_patient(signed(absent), None, {
            medchain_primitives::EncryptionKey([9; 32])
        }));
        let left = Emr::deregister_patient(signed(absent));
        assert_ok!(left.map(|_| ()).map_err(|failed| failed.error));
        miss_deadline(id);
        assert_ok!(settle(id));
        assert_eq!(held(absent), (0, BOND - ABSENCE));
    });
}

/// A requester who sees the answer in the pool must not keep the worker from giving it.
#[test]
fn a_requester_withdraws_no_envelope_that_a_worker_needs() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        assert_noop!(withdraw(PATIENT, who), EmrError::<Test>::RequestOpen);
        assert_ok!(answer_alone(who, id, &covid()));
        // Whoever has an envelope could still challenge it.
        assert_noop!(withdraw(PATIENT, who), EmrError::<Test>::VerdictChallengeable);
        pass(PROVISIONAL);
        assert_noop!(withdraw(PATIENT, who), EmrError::<Test>::VerdictChallengeable);
        pass(1);
        assert_noop!(withdraw(who, who), EmrError::<Test>::NotDepositor);
        let before = free_balance(PATIENT);
        assert_ok!(withdraw(PATIENT, who));
        assert_eq!(free_balance(PATIENT), before + 2);
    });
}

#[test]
fn a_requester_gets_the_deposits_of_a_cancelled_request_back() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let id = awaiting(2);
        let list = members(id);
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        assert!(free_balance(PATIENT) < before);
        for who in list {
            assert_ok!(withdraw(PATIENT, who));
        }
        assert_eq!(free_balance(PATIENT), before);
    });
}

/// Rather than to look at more, the answer is no.
#[test]
fn verdicts_of_many_models_are_not_looked_at() {
    ExtBuilder::default().build_and_execute(|| {
        for model in 10..15 {
            assert!(!Pallet::<Test>::has_challengeable_verdict(XRAY));
            let model = medchain_primitives::ModelId(model);
            LatestVerdict::<Test>::insert(XRAY, model, RequestId(9));
        }
        assert!(Pallet::<Test>::has_challengeable_verdict(XRAY));
        let _ = LatestVerdict::<Test>::clear(u32::MAX, None);
    });
}
