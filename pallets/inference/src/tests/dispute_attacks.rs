//! Attacks with challenges of verdicts.

use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{InferenceOrder, SealedAnswer, VerdictStatus};

/// A worker that is not one of those of the verdict, to which the patient gives the key.
fn friend(id: RequestId) -> u64 {
    let workers = verdict(id).workers;
    let friend = WORKERS.into_iter().find(|who| !workers.contains(who)).expect("there are four");
    Policy::grant(friend, Action::Infer);
    assert_ok!(Emr::share_record(signed(PATIENT), XRAY, friend, sealed_to(friend)));
    friend
}

fn verdict(id: RequestId) -> VerdictOf<Test> {
    Verdicts::<Test>::get(id).expect("it was reached")
}

fn garbage(byte: u8) -> SealedAnswer {
    SealedAnswer::truncate_from(vec![byte; 30])
}

fn challenge(who: u64, id: RequestId, byte: u8) -> DispatchResultWithPostInfo {
    Inference::challenge_verdict(signed(who), id, garbage(byte))
}

/// It would copy every hash of an honest worker, which would have to open the verdict's key.
#[test]
fn a_worker_without_the_key_seals_garbage_to_itself_and_challenges() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let honest = verdict(id).workers[0];
        let mallory = WORKERS.into_iter().find(|who| *who != honest).expect("there are four");
        assert_noop!(challenge(mallory, id, 9), Error::<Test>::EnvelopeNotFound);
        assert_ok!(Inference::set_worker_models(signed(mallory), models(&[VGG, FREE])));
        let own = NextRequestId::<Test>::get();
        let order = InferenceOrder { model: FREE, quorum: 1, worker: Some(mallory) };
        assert_ok!(Inference::request_inference(signed(mallory), XRAY, order));
        assert_noop!(
            Inference::seal_to_workers(signed(mallory), own, keys(&[mallory])),
            Error::<Test>::MayNotSeal
        );
        assert_noop!(challenge(mallory, id, 9), Error::<Test>::EnvelopeNotFound);
    });
}

#[test]
fn a_worker_whose_consent_was_revoked_challenges() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let who = friend(id);
        Policy::revoke(who, Action::Infer);
        let failed = challenge(who, id, 9).expect_err("the patient said no");
        assert_eq!(failed.error, pallet_emr::Error::<Test>::GrantRevoked.into());
        assert_eq!(verdict(id).status, VerdictStatus::Standing);
    });
}

/// Nobody has shown that the verdict was wrong.
#[test]
fn a_patient_and_a_worker_make_room_for_a_weaker_verdict() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(3);
        let friend = friend(id);
        assert_ok!(challenge(friend, id, 9));
        assert_ok!(Inference::annul_dispute(signed(PATIENT), id));
        assert_eq!(verdict(id).status, VerdictStatus::Withdrawn);
        for weaker in [named(friend), order(1), order(2)] {
            assert_noop!(
                Inference::request_inference(signed(PATIENT), XRAY, weaker),
                Error::<Test>::VerdictAlreadyExists
            );
        }
        assert_ok!(Inference::request_inference(signed(PATIENT), XRAY, order(3)));
    });
}

/// One after the other, until the liar has withdrawn its bond.
#[test]
fn sham_challenges_outlast_the_bond_of_a_liar() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let liar = verdict(id).workers[0];
        assert_ok!(Inference::deregister_worker(signed(liar)));
        let until = System::block_number() + UNBONDING;
        let sham = friend(id);
        while System::block_number() <= until {
            assert_ok!(challenge(sham, id, 9));
            let said = vec![[1; 32]; 5].try_into().expect("there are five layers");
            assert_ok!(pallet_disputes::Pallet::<Test>::show_roots(signed(liar), id, said));
            miss_deadline(id);
            assert_ok!(settle(id));
            assert_ok!(Balances::force_set_balance(RuntimeOrigin::root(), sham, FUNDS));
            assert_ok!(Inference::top_up_bond(signed(sham)));
        }
        assert_ok!(Inference::withdraw_bond(signed(liar)));
        assert_eq!(verdict(id).status, VerdictStatus::Standing);
        // Nobody answers for it any more: it falls without a dispute.
        assert_ok!(challenge(sham, id, 9));
        assert_eq!(verdict(id).status, VerdictStatus::Annulled);
        assert_eq!(pallet_disputes::Disputes::<Test>::get(id), None);
        assert_eq!(held(sham), (0, BOND));
    });
}
