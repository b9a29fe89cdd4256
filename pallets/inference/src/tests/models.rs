use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Arithmetic, Cid, Label, ModelId, MAX_QUORUM, SQUARE_ID};
use sp_runtime::{DispatchError, Permill};

#[test]
fn register_model_works() {
    ExtBuilder::bare().build_and_execute(|| {
        assert_ok!(vgg().register());
        let expected = Model {
            name: label("medchain-vgg16"),
            version: label("1.0.0"),
            cid: cid(1),
            sha256: [7; 32],
            card: Some(cid(2)),
            labels: labels(&["covid", "ignore", "normal"]),
            preprocessing: label(SQUARE_ID),
            arithmetic: Arithmetic::Exact,
            min_quorum: 1,
            confidence_threshold: Permill::from_percent(80),
            fee: FEE,
            status: ModelStatus::Active,
        };
        assert_eq!(Models::<Test>::get(ModelId(0)), Some(expected));
        assert_eq!(Networks::<Test>::get(ModelId(0)), Some(network(3)));
        assert_eq!(NextModelId::<Test>::get(), ModelId(1));
        let event = Event::ModelRegistered {
            model: ModelId(0),
            name: label("medchain-vgg16"),
            cid: cid(1),
        };
        assert_eq!(events(), [event.into()]);
    });
}

#[test]
fn a_model_needs_no_card_and_no_fee() {
    ExtBuilder::bare().build_and_execute(|| {
        let model = NewModel { card: None, fee: 0, ..vgg() };
        assert_ok!(model.register());
    });
}

#[test]
fn boundary_two_to_eight_labels() {
    ExtBuilder::bare().build_and_execute(|| {
        let eight = ["a", "b", "c", "d", "e", "f", "g", "h"];
        for count in 0..=eight.len() {
            let network = (count >= 2).then(|| network(count as u16));
            let model = NewModel { labels: labels(&eight[..count]), network, ..vgg() };
            if count < 2 {
                assert_noop!(model.register(), Error::<Test>::TooFewLabels);
            } else {
                assert_ok!(model.register());
            }
        }
    });
}

#[test]
fn a_model_without_a_network_computes_in_floats() {
    ExtBuilder::bare().build_and_execute(|| {
        assert_ok!(free().register());
        let model = Models::<Test>::get(ModelId(0)).expect("it was registered");
        assert_eq!(model.arithmetic, Arithmetic::Float);
        assert_eq!(Networks::<Test>::get(ModelId(0)), None);
    });
}

#[test]
fn fails_when_no_dispute_about_the_network_could_be_played() {
    ExtBuilder::bare().build_and_execute(|| {
        let with = |network| NewModel { network: Some(network), ..vgg() }.register();
        let bad = || Error::<Test>::InvalidNetwork;
        // Other classes than the model's, other squares than those committed to, no layers.
        assert_noop!(with(network(4)), bad());
        let mut other = network(3);
        other.layers[0].shape.size = 448;
        assert_noop!(with(other), bad());
        let mut other = network(3);
        other.layers.remove(0);
        assert_noop!(with(other), bad());
        let mut none = network(3);
        none.layers.clear();
        assert_noop!(with(none), bad());
        // Other greys than those that are committed to: honest answers would lose.
        let other = NewModel { preprocessing: label("mc-area-224-v1"), ..vgg() };
        assert_noop!(other.register(), bad());
        // A window whose inputs do not fit into a move.
        let mut wide = network(3);
        (wide.layers[1].shape.outputs, wide.layers[2].shape.inputs) = (600, 600);
        assert_noop!(with(wide), bad());
    });
}

#[test]
fn boundary_the_minimum_is_one_to_seven_and_one_for_floats() {
    ExtBuilder::bare().build_and_execute(|| {
        let bad = || Error::<Test>::InvalidQuorum;
        for min_quorum in 1..=7 {
            assert_ok!(NewModel { min_quorum, ..vgg() }.register());
        }
        for min_quorum in [0, 8, u8::MAX] {
            assert_noop!(NewModel { min_quorum, ..vgg() }.register(), bad());
        }
        assert_ok!(NewModel { min_quorum: 1, ..free() }.register());
        for min_quorum in [0, 2, 7, 8] {
            assert_noop!(NewModel { min_quorum, ..free() }.register(), bad());
        }
    });
}

/// Of the largest committee, and whatever the penalty is at present.
#[test]
fn boundary_a_fee_that_withholding_an_answer_is_never_worth() {
    ExtBuilder::bare().build_and_execute(|| {
        let most = NOT_REVEALED / u64::from(MAX_QUORUM - 1);
        assert_ok!(NewModel { fee: most, ..vgg() }.register());
        let dear = NewModel { fee: most + 1, ..vgg() };
        for penalty in [NOT_REVEALED, BOND] {
            RevealPenalty::set(penalty);
            assert_noop!(dear.clone().register(), Error::<Test>::MaxFeeExceeded);
        }
        assert_noop!(NewModel { fee: u64::MAX, ..vgg() }.register(), Error::<Test>::MaxFeeExceeded);
        // One worker withholds its answer from nobody.
        assert_ok!(NewModel { fee: most + 1, ..free() }.register());
    });
}

#[test]
fn fails_when_labels_repeat() {
    ExtBuilder::bare().build_and_execute(|| {
        let model = NewModel { labels: labels(&["covid", "normal", "covid"]), ..vgg() };
        assert_noop!(model.register(), Error::<Test>::DuplicateLabel);
    });
}

#[test]
fn fails_when_a_text_is_empty() {
    ExtBuilder::bare().build_and_execute(|| {
        let none = Label::default;
        let cases = [
            NewModel { name: none(), ..vgg() },
            NewModel { version: none(), ..vgg() },
            NewModel { preprocessing: none(), ..vgg() },
            NewModel { labels: labels(&["covid", ""]), ..vgg() },
        ];
        for case in cases {
            assert_noop!(case.register(), Error::<Test>::EmptyText);
        }
    });
}

#[test]
fn fails_when_a_cid_is_invalid() {
    ExtBuilder::bare().build_and_execute(|| {
        for text in ["", "bafy", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"] {
            let text = text.as_bytes().to_vec();
            let bad = Cid::from(frame_support::BoundedVec::truncate_from(text));
            let file = NewModel { cid: bad.clone(), ..vgg() };
            assert_noop!(file.register(), Error::<Test>::InvalidCid);
            let card = NewModel { card: Some(bad), ..vgg() };
            assert_noop!(card.register(), Error::<Test>::InvalidCid);
        }
    });
}

#[test]
fn fails_when_not_governance() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(vgg().register_as(signed(WORKER)), DispatchError::BadOrigin);
        assert_noop!(
            Inference::set_model_status(signed(WORKER), VGG, ModelStatus::Retired),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn fails_when_model_numbers_run_out() {
    ExtBuilder::bare().build_and_execute(|| {
        NextModelId::<Test>::put(ModelId(u32::MAX));
        assert_noop!(vgg().register(), Error::<Test>::ModelIdsExhausted);
    });
}

#[test]
fn set_model_status_works() {
    ExtBuilder::default().build_and_execute(|| {
        let (active, retired) = (ModelStatus::Active, ModelStatus::Retired);
        for (old, new) in [(active, retired), (retired, active)] {
            assert_ok!(Inference::set_model_status(RuntimeOrigin::root(), VGG, new));
            assert_eq!(Models::<Test>::get(VGG).map(|m| m.status), Some(new));
            let event = Event::ModelStatusSet { model: VGG, old, new };
            assert_eq!(events(), [event.into()]);
        }
    });
}

#[test]
fn fails_when_the_status_is_unchanged() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Inference::set_model_status(RuntimeOrigin::root(), VGG, ModelStatus::Active),
            Error::<Test>::ModelStatusUnchanged
        );
    });
}

#[test]
fn fails_when_the_model_is_unknown() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Inference::set_model_status(RuntimeOrigin::root(), NO_MODEL, ModelStatus::Retired),
            Error::<Test>::ModelNotFound
        );
    });
}
