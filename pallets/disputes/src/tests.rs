//! Who must not be able to move, what a move leads to, and who loses at the end.

use codec::Encode;
use frame_support::{assert_noop, assert_ok};
use medchain_disputes::{Move, Secret, Side, Stage};
use medchain_verdicts::verdict_root;

use crate::{mock::*, Disputes as Open, Error, Event};

type DisputesError = Error<Test>;

/// Begins a dispute with the honest worker first.
fn begin(honest: &Somebody, liar: &Somebody) {
    let spec = spec([honest.sealed.clone(), liar.sealed.clone()]);
    assert_ok!(Disputes::begin([HONEST, LIAR], spec));
}

/// Lets both move until the dispute is over, and returns the stages in which it was.
fn play(honest: &Somebody, liar: &Somebody) -> Vec<String> {
    let mut stages = Vec::new();
    while let Some(dispute) = Open::<Test>::get(REQUEST) {
        stages.push(format!("{:?}", dispute.game.stage).split(' ').next().unwrap().to_owned());
        let sides = [(LIAR, Side::Second, liar), (HONEST, Side::First, honest)];
        for (player, side, somebody) in sides {
            let Some(dispute) = Open::<Test>::get(REQUEST) else { break };
            if let Some(made) = somebody.next(&dispute.game, side) {
                let _ = make(player, made);
            }
            Disputes::do_try_state().unwrap();
        }
    }
    stages
}

/// Somebody with one wrong activation.
fn wrong_activation() -> Somebody {
    let mut somebody = Somebody::with(|levels| levels.activations[0][5] ^= 1);
    somebody.sealed = nonsense();
    somebody
}

fn wrong_logit() -> Somebody {
    Somebody::with(|levels| levels.logits[1] += 1 << 20)
}

fn wrong_answer() -> Somebody {
    let mut right = None;
    Somebody::with(|levels| right = Some(levels.clone()));
    let mut answer =
        medchain_exact::softmax(&[1, 2], medchain_exact::SoftmaxScale(1 << 32)).unwrap();
    answer.probabilities =
        vec![sp_runtime::Permill::from_percent(1), sp_runtime::Permill::from_percent(99)]
            .try_into()
            .unwrap();
    Somebody::answering(&right.unwrap(), &answer)
}

#[test]
fn a_dispute_ends_with_a_winner_and_a_loser() {
    for (liar, last) in
        [(wrong_activation(), "Value"), (wrong_logit(), "Sums"), (wrong_answer(), "Answer")]
    {
        test(|| {
            let honest = Somebody::honest();
            begin(&honest, &liar);
            System::assert_last_event(
                Event::DisputeStarted { request: REQUEST, players: [HONEST, LIAR], deadline: 11 }
                    .into(),
            );
            if last == "Sums" {
                // It knows no sums that make its logit, and stops.
                for _ in 0..3 {
                    let game = Open::<Test>::get(REQUEST).unwrap().game;
                    let made = liar.next(&game, Side::Second).unwrap();
                    let _ = make(LIAR, made);
                    let made = honest.next(&game, Side::First).unwrap();
                    assert_ok!(make(HONEST, made));
                }
                assert!(matches!(
                    Open::<Test>::get(REQUEST).unwrap().game.stage,
                    Stage::Sums { .. }
                ));
                System::set_block_number(100);
                assert_ok!(Disputes::time_out(REQUEST));
            } else {
                let stages = play(&honest, &liar);
                assert_eq!(stages.last().unwrap(), last);
                assert!(stages.len() <= 6);
            }
            assert_eq!(settled(), Some((vec![LIAR], Some(HONEST))));
            System::assert_last_event(
                Event::DisputeSettled {
                    request: REQUEST,
                    winner: Some(HONEST),
                    losers: vec![LIAR].try_into().unwrap(),
                    timed_out: last == "Sums",
                }
                .into(),
            );
        });
    }
}

#[test]
fn each_move_and_each_round_is_told() {
    test(|| {
        let (honest, liar) = (Somebody::honest(), wrong_answer());
        begin(&honest, &liar);
        System::set_block_number(4);
        let game = Open::<Test>::get(REQUEST).unwrap().game;
        assert_ok!(make(HONEST, honest.next(&game, Side::First).unwrap()));
        System::assert_last_event(Event::MoveMade { request: REQUEST, player: HONEST }.into());
        assert_ok!(make(LIAR, liar.next(&game, Side::Second).unwrap()));
        System::assert_last_event(Event::RoundStarted { request: REQUEST, deadline: 14 }.into());
    });
}

#[test]
fn nobody_else_can_move_and_not_too_late() {
    test(|| {
        let (honest, liar) = (Somebody::honest(), wrong_activation());
        begin(&honest, &liar);
        let game = Open::<Test>::get(REQUEST).unwrap().game;
        let made = honest.next(&game, Side::First).unwrap();
        assert_noop!(make(STRANGER, made.clone()), DisputesError::NotPlayer);
        System::set_block_number(12);
        assert_noop!(make(HONEST, made.clone()), DisputesError::DeadlinePassed);
        System::set_block_number(11);
        assert_ok!(make(HONEST, made.clone()));
        assert_noop!(make(HONEST, made.clone()), DisputesError::AlreadyMoved);
        Disputes::abandon(REQUEST);
        assert_noop!(make(HONEST, made), DisputesError::DisputeNotFound);
    });
}

#[test]
fn a_bad_move_is_refused_with_its_reason() {
    test(|| {
        let (honest, liar) = (Somebody::honest(), wrong_activation());
        begin(&honest, &liar);
        let secret = Move::Secret(Secret { root: verdict_root(&KEY), logits: None });
        assert_noop!(make(HONEST, secret.clone()), DisputesError::WrongMove);
        let short = Move::Roots(Default::default());
        assert_noop!(make(HONEST, short), DisputesError::WrongSize);
        for (player, side, who) in [(HONEST, Side::First, &honest), (LIAR, Side::Second, &liar)] {
            let game = Open::<Test>::get(REQUEST).unwrap().game;
            assert_ok!(make(player, who.next(&game, side).unwrap()));
        }
        // The honest one cannot take back what it said: these nodes do not make its root.
        let game = Open::<Test>::get(REQUEST).unwrap().game;
        assert_noop!(
            make(HONEST, liar.next(&game, Side::Second).unwrap()),
            DisputesError::Inconsistent
        );
        for (player, side, who) in [
            (HONEST, Side::First, &honest),
            (LIAR, Side::Second, &liar),
            (HONEST, Side::First, &honest),
            (LIAR, Side::Second, &liar),
        ] {
            let game = Open::<Test>::get(REQUEST).unwrap().game;
            assert_ok!(make(player, who.next(&game, side).unwrap()));
        }
        let game = Open::<Test>::get(REQUEST).unwrap().game;
        let Some(Move::Opening(mut opening)) = honest.next(&game, Side::First) else { panic!() };
        opening.parameters.bias = Some((0, 5));
        assert_noop!(make(LIAR, Move::Opening(opening)), DisputesError::NotProven);
    });
}

#[test]
fn a_wrong_secret_is_refused() {
    test(|| {
        let (honest, liar) = (Somebody::honest(), wrong_answer());
        begin(&honest, &liar);
        for (player, side, who) in [(HONEST, Side::First, &honest), (LIAR, Side::Second, &liar)] {
            let game = Open::<Test>::get(REQUEST).unwrap().game;
            assert_ok!(make(player, who.next(&game, side).unwrap()));
        }
        let root = verdict_root(&[1; 32]);
        let wrong = Move::Secret(Secret { root, logits: None });
        assert_noop!(make(LIAR, wrong), DisputesError::WrongSecret);
        let missing = Move::Secret(Secret { root: verdict_root(&KEY), logits: None });
        assert_noop!(make(LIAR, missing), DisputesError::WrongSize);
    });
}

#[test]
fn whoever_has_moved_stands_when_the_time_is_over() {
    for (moves, losers, winner) in [
        (vec![], vec![HONEST, LIAR], None),
        (vec![HONEST], vec![LIAR], Some(HONEST)),
        (vec![LIAR], vec![HONEST], Some(LIAR)),
    ] {
        test(|| {
            let (honest, liar) = (Somebody::honest(), wrong_activation());
            begin(&honest, &liar);
            let game = Open::<Test>::get(REQUEST).unwrap().game;
            for player in moves {
                let (side, who) =
                    if player == HONEST { (Side::First, &honest) } else { (Side::Second, &liar) };
                assert_ok!(make(player, who.next(&game, side).unwrap()));
            }
            assert_ok!(Disputes::time_out(REQUEST));
            assert_eq!(settled(), Some((losers, winner)));
            assert_noop!(Disputes::time_out(REQUEST), DisputesError::DisputeNotFound);
        });
    }
}

#[test]
fn an_abandoned_dispute_has_no_loser() {
    test(|| {
        Disputes::abandon(REQUEST);
        assert_eq!(System::event_count(), 0);
        let (honest, liar) = (Somebody::honest(), wrong_activation());
        begin(&honest, &liar);
        let spec = spec([honest.sealed.clone(), liar.sealed.clone()]);
        assert_noop!(Disputes::begin([HONEST, LIAR], spec), DisputesError::DisputeAlreadyExists);
        Disputes::abandon(REQUEST);
        System::assert_last_event(Event::DisputeAbandoned { request: REQUEST }.into());
        assert_eq!((Open::<Test>::get(REQUEST), settled()), (None, None));
    });
}

#[test]
fn what_the_client_refuses_changes_nothing() {
    test(|| {
        let (honest, liar) = (Somebody::honest(), wrong_answer());
        begin(&honest, &liar);
        for (player, side, who) in [(HONEST, Side::First, &honest), (LIAR, Side::Second, &liar)] {
            let game = Open::<Test>::get(REQUEST).unwrap().game;
            assert_ok!(make(player, who.next(&game, side).unwrap()));
        }
        refuse();
        let game = Open::<Test>::get(REQUEST).unwrap().game;
        let last = honest.next(&game, Side::First).unwrap();
        let refused = sp_runtime::DispatchError::Other("refused");
        assert_noop!(make(HONEST, last), refused);
    });
}

#[test]
fn a_move_that_does_not_end_the_dispute_is_not_charged_for_the_end() {
    use frame_support::dispatch::{GetDispatchInfo, PostDispatchInfo};
    test(|| {
        let (honest, liar) = (Somebody::honest(), wrong_activation());
        begin(&honest, &liar);
        for (player, side, who) in [(HONEST, Side::First, &honest), (LIAR, Side::Second, &liar)] {
            let game = Open::<Test>::get(REQUEST).unwrap().game;
            assert_ok!(make(player, who.next(&game, side).unwrap()));
        }
        let game = Open::<Test>::get(REQUEST).unwrap().game;
        let Some(Move::Nodes(nodes)) = honest.next(&game, Side::First) else { panic!() };
        let call = crate::Call::<Test>::show_nodes { request: REQUEST, nodes: nodes.clone() };
        let most = call.get_dispatch_info().call_weight;
        let origin = RuntimeOrigin::signed(HONEST);
        let PostDispatchInfo { actual_weight, .. } =
            Disputes::show_nodes(origin, REQUEST, nodes).unwrap();
        let less = actual_weight.unwrap();
        assert_eq!(most - less, frame_support::weights::Weight::from_parts(7, 7));
    });
}

#[test]
fn a_dispute_fits_into_its_bound() {
    test(|| {
        let (honest, liar) = (Somebody::honest(), wrong_activation());
        begin(&honest, &liar);
        let dispute = Open::<Test>::get(REQUEST).unwrap();
        let most = <crate::DisputeOf<Test> as codec::MaxEncodedLen>::max_encoded_len();
        assert!(dispute.encode().len() < most);
        // What a first move adds stays below what a block's proof has for it.
        assert!(most < 24 * 1024, "{most}");
    });
}
