//! `disclose_verdict`.

use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Output, SealedAnswer, VerdictRoot};
use sp_runtime::{DispatchError, Permill};

fn disclose(who: u64, id: RequestId) -> frame_support::dispatch::DispatchResult {
    Inference::disclose_verdict(signed(who), id, root())
}

fn disclosed(id: RequestId, output: &Output, certain: bool) -> RuntimeEvent {
    let names = vgg().labels;
    let probabilities = names.iter().cloned().zip(output.probabilities.clone()).collect();
    Event::VerdictDisclosed {
        request: id,
        record: XRAY,
        model: VGG,
        label: names[usize::from(output.label)].clone(),
        certain,
        probabilities: Probabilities::truncate_from(probabilities),
    }
    .into()
}

/// A verdict whose worker answered with these bytes.
fn answered_with(answer: SealedAnswer) -> RequestId {
    let id = awaiting_named();
    assert_ok!(Inference::submit_answer(signed(WORKER), id, answer));
    System::reset_events();
    id
}

#[test]
fn disclose_verdict_works() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(3);
        let stored = root_without_logs();
        assert_ok!(disclose(PATIENT, id));
        assert_eq!(events(), [disclosed(id, &covid(), true)]);
        assert_eq!(root_without_logs(), stored);
        // As often as the patient likes.
        assert_ok!(disclose(PATIENT, id));
    });
}

#[test]
fn boundary_a_verdict_at_the_threshold_is_certain() {
    for (parts, certain) in [(800_000, true), (799_999, false)] {
        ExtBuilder::default().build_and_execute(|| {
            assert_eq!(
                Models::<Test>::get(VGG).unwrap().confidence_threshold,
                Permill::from_percent(80)
            );
            let output = output(1, &[1_000_000 - parts, parts, 0]);
            let id = awaiting(1);
            assert_ok!(answer_alone(members(id)[0], id, &output));
            System::reset_events();
            assert_ok!(disclose(PATIENT, id));
            assert_eq!(events(), [disclosed(id, &output, certain)]);
        });
    }
}

#[test]
fn an_older_verdict_can_be_disclosed_too() {
    ExtBuilder::default().build_and_execute(|| {
        let first = answered(1);
        answered(2);
        amend_xray();
        assert_ok!(disclose(PATIENT, first));
        assert_eq!(events(), [disclosed(first, &covid(), true)]);
    });
}

#[test]
fn fails_when_there_is_no_verdict() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(disclose(PATIENT, REQUEST), Error::<Test>::VerdictNotFound);
        let id = request(order(1));
        assert_noop!(disclose(PATIENT, id), Error::<Test>::VerdictNotFound);
    });
}

#[test]
fn fails_when_another_account_discloses() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        for who in ACCOUNTS.into_iter().filter(|who| *who != PATIENT) {
            Policy::grant(who, Action::View);
            assert_noop!(disclose(who, id), Error::<Test>::NotPatient);
        }
    });
}

#[test]
fn fails_when_the_root_is_wrong() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        for root in [VerdictRoot([0; 32]), VerdictRoot(CONTENT_KEY)] {
            assert_noop!(
                Inference::disclose_verdict(signed(PATIENT), id, root),
                Error::<Test>::VerdictRootMismatch
            );
        }
    });
}

#[test]
fn fails_when_the_record_was_erased() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        erase_xray();
        assert_noop!(disclose(PATIENT, id), Error::<Test>::FilmNotCommitted);
    });
}

#[test]
fn fails_when_the_answer_does_not_open() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered_with(SealedAnswer::truncate_from(vec![1; 30]));
        assert_noop!(disclose(PATIENT, id), Error::<Test>::VerdictUnreadable);
    });
}

#[test]
fn fails_when_the_answer_contains_no_output_of_the_model() {
    // A label that is not the most probable, a sum that is not one, a class too few.
    let lies = [
        output(1, &[900_000, 60_000, 40_000]),
        output(0, &[900_000, 60_000, 40_001]),
        output(7, &[900_000, 60_000, 40_000]),
    ];
    for lie in lies {
        ExtBuilder::default().build_and_execute(|| {
            let id = awaiting(1);
            assert_ok!(answer_alone(members(id)[0], id, &lie));
            assert_noop!(disclose(PATIENT, id), Error::<Test>::VerdictUnreadable);
        });
    }
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        assert_noop!(
            Inference::disclose_verdict(RuntimeOrigin::root(), id, root()),
            DispatchError::BadOrigin
        );
    });
}
