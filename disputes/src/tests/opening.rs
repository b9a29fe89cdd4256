//! What an opening computes is the value, and nothing else proves it.

use medchain_verdicts::verdict_root;
use proptest::prelude::*;

use super::world::*;
use crate::{Game, Move, Opening, Progress, Refused, Side, Stage, Standing};

/// A game at the value at some place, where the first player claims the truth.
fn at(world: &World, honest: &Somebody, level: u8, index: u32, channel: u16) -> Game {
    let mut game = Game::new(world.spec([honest.sealed.clone(), vec![1; 30].try_into().unwrap()]));
    let truth = truth(world, honest, level, index, channel);
    game.stage = Stage::Value {
        level,
        index,
        channel,
        piece: None,
        claims: [truth, truth + 1],
        before: honest.trace.trees[usize::from(level) - 1].root(),
    };
    game
}

fn truth(world: &World, honest: &Somebody, level: u8, index: u32, channel: u16) -> i32 {
    if level == world.described.last_level() {
        return world.levels(&world.network).logits[usize::from(channel)];
    }
    i32::from(honest.trace.bytes(level, index).unwrap()[usize::from(channel)])
}

fn opening(honest: &Somebody, game: &Game) -> Opening {
    match honest.player(&verdict_root(&KEY)).next(game, Side::First) {
        Some(Move::Opening(opening)) => opening,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_value_can_be_opened() {
    let world = World::new(11);
    let honest = world.honest();
    for level in [1, 2, 3, 5] {
        let shape = world.described.level(level).unwrap();
        let channels = world.described.layer_of(level).unwrap().outputs;
        for index in 0..shape.leaves {
            for channel in 0..channels {
                let mut game = at(&world, &honest, level, index, channel);
                let made = Move::Opening(opening(&honest, &game));
                let played = game.play(Side::Second, made);
                let expected = Ok(Progress::Over(Standing([true, false])));
                assert_eq!(played, expected, "level {level}, leaf {index}, channel {channel}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    #[test]
    fn whatever_is_changed_is_refused(
        level in prop::sample::select(vec![1u8, 2, 3, 5]),
        index: prop::sample::Index,
        place: prop::sample::Index,
        what in 0..8,
        bit in 0u8..8,
    ) {
        let world = World::new(12);
        let honest = world.honest();
        let index = index.index(world.described.level(level).unwrap().leaves as usize) as u32;
        let mut game = at(&world, &honest, level, index, 1);
        let mut changed = opening(&honest, &game);
        let parameters = &mut changed.parameters;
        match what {
            0 => place.get_mut(changed.inputs.as_mut()).salt[0] ^= 1 << bit,
            1 => {
                let shown = place.get_mut(changed.inputs.as_mut());
                *place.get_mut(shown.bytes.as_mut()) ^= 1 << bit;
            }
            2 => *place.get_mut(parameters.weights.as_mut()) ^= 1 << bit,
            3 => parameters.bias.as_mut().unwrap().0 ^= 1 << bit,
            4 => parameters.bias.as_mut().unwrap().1 ^= 1 << bit,
            5 => drop(changed.inputs.pop()),
            6 => changed.siblings.force_push([0; 32]),
            _ => parameters.siblings.force_push([0; 32]),
        }
        let before = game.clone();
        prop_assert_eq!(game.play(Side::Second, Move::Opening(changed)), Err(Refused::NotProven));
        prop_assert_eq!(game, before);
    }
}

#[test]
fn a_move_that_does_not_fit_changes_nothing() {
    let world = World::new(13);
    let honest = world.honest();
    let root = verdict_root(&KEY);
    let mut game = Game::new(world.spec([honest.sealed.clone(), vec![1; 30].try_into().unwrap()]));
    let before = game.clone();
    let roots = honest.player(&root).next(&game, Side::First).unwrap();
    let Move::Roots(mut short) = roots.clone() else { panic!() };
    short.pop();
    assert_eq!(game.play(Side::First, Move::Roots(short)), Err(Refused::WrongSize));
    let nodes = Move::Nodes(vec![[0; 32]; 256].try_into().unwrap());
    assert_eq!(game.play(Side::First, nodes), Err(Refused::WrongMove));
    assert_eq!(game, before);
    assert_eq!(game.play(Side::First, roots.clone()), Ok(Progress::Waiting));
    assert_eq!(game.play(Side::First, roots), Err(Refused::AlreadyMoved));
    assert_eq!(game.timed_out(), Standing([true, false]));
}

#[test]
fn a_secret_must_be_the_one_that_was_committed_to() {
    let world = World::new(14);
    let honest = world.honest();
    let mut game = Game::new(world.spec([honest.sealed.clone(), vec![1; 30].try_into().unwrap()]));
    game.stage = Stage::Answer { logits: *honest.trace.roots().last().unwrap() };
    let root = verdict_root(&KEY);
    let Some(Move::Secret(secret)) = honest.player(&root).next(&game, Side::First) else {
        panic!()
    };
    let mut other = secret.clone();
    other.root.0[0] ^= 1;
    assert_eq!(game.play(Side::First, Move::Secret(other)), Err(Refused::WrongSecret));
    let mut other = secret.clone();
    other.logits.as_mut().unwrap()[0] ^= 1;
    assert_eq!(game.play(Side::First, Move::Secret(other)), Err(Refused::NotProven));
    let mut other = secret.clone();
    other.logits = None;
    assert_eq!(game.play(Side::First, Move::Secret(other)), Err(Refused::WrongSize));
    let over = Ok(Progress::Over(Standing([true, false])));
    assert_eq!(game.play(Side::First, Move::Secret(secret)), over);
}
