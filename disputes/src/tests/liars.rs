//! Liars of every kind against somebody honest.

use medchain_exact::softmax;
use medchain_verdicts::{
    tree::{Hash, Tree},
    verdict_root, TraceSalt,
};
use proptest::prelude::*;

use super::world::*;
use crate::{trace::hashes, Game, Move, Side, Standing};

const HONEST_FIRST: Standing = Standing([true, false]);
const HONEST_SECOND: Standing = Standing([false, true]);

/// Plays both ways round, and returns how the game went with the honest player first.
fn loses(honest: &Somebody, liar: &Somebody, world: &World) -> Played {
    assert_ne!(honest.sealed, liar.sealed, "there is nothing to dispute");
    let answers = [honest.sealed.clone(), liar.sealed.clone()];
    let mut game = Game::new(world.spec(answers.clone()));
    let first = play(&mut game, [&mut mover(honest), &mut mover(liar)]);
    assert_eq!(first.standing, HONEST_FIRST, "{first:?}");
    let [honest_answer, liars_answer] = answers;
    let mut game = Game::new(world.spec([liars_answer, honest_answer]));
    let second = play(&mut game, [&mut mover(liar), &mut mover(honest)]);
    assert_eq!(second.standing, HONEST_SECOND, "{second:?}");
    assert!(first.rounds <= crate::MAX_ROUNDS as usize, "{first:?}");
    first
}

/// Computes on from a level that somebody has changed.
fn tampered(world: &World, level: usize, change: impl Fn(&mut [u8])) -> Somebody {
    let honest = world.levels(&world.network);
    let mut levels = honest.clone();
    change(&mut levels.activations[level - 1]);
    let layers = world.network.layers();
    for number in level..layers.len() {
        let before = &levels.activations[number - 1];
        let (layer, parameters) = &layers[number];
        let values = reference(layer, parameters, before);
        if number + 1 == layers.len() {
            levels.logits = values;
        } else {
            levels.activations[number] = values.into_iter().map(|value| value as u8).collect();
        }
    }
    world.somebody(world.network.clone(), &levels, &other_output())
}

#[test]
fn a_wrong_value_in_each_level_is_found() {
    let world = World::new(1);
    let honest = world.honest();
    // In the fully connected layer it knows no sums that make its value.
    for (level, stage) in [(1, "Value"), (2, "Value"), (3, "Value"), (4, "Sums")] {
        let liar = tampered(&world, level, |bytes| *bytes.last_mut().unwrap() ^= 1);
        assert_eq!(loses(&honest, &liar, &world).ended_at, stage, "level {level}");
    }
}

#[test]
fn a_wrong_sum_in_a_fully_connected_layer_is_found() {
    let world = World::new(10);
    let honest = world.honest();
    let (layer, parameters) = &world.network.layers()[3];
    let right = honest.trace.levels[4].clone();
    let channel = right.iter().position(|value| (1..127).contains(value)).unwrap();
    let liar = tampered(&world, 4, |bytes| bytes[channel] += 1);
    assert_eq!(layer.window, medchain_exact::Window::All);
    let shift = parameters.shifts[channel];
    let mut moves = mover(&liar);
    let mut fitting = |game: &Game, side: Side| {
        let mut made = moves(game, side)?;
        if let Move::Sums(sums) = &mut made {
            // One of the pieces is made to fit.
            sums.pieces.as_mut()[9] += 1 << shift;
        }
        Some(made)
    };
    let mut game = Game::new(world.spec([honest.sealed.clone(), liar.sealed.clone()]));
    let played = play(&mut game, [&mut mover(&honest), &mut fitting]);
    assert_eq!((played.standing, &*played.ended_at), (HONEST_FIRST, "Value"));
    assert!(matches!(game.stage, crate::Stage::Value { piece: Some(9), .. }), "{:?}", game.stage);
}

#[test]
fn wrong_logits_are_found() {
    let world = World::new(2);
    let mut levels = world.levels(&world.network);
    levels.logits[1] += 5;
    let liar = world.somebody(world.network.clone(), &levels, &other_output());
    assert_eq!(loses(&world.honest(), &liar, &world).ended_at, "Value");
}

#[test]
fn a_wrong_answer_to_right_logits_is_found() {
    // A wrong softmax and a wrong seal look the same: the bytes are not those that follow.
    let world = World::new(3);
    let levels = world.levels(&world.network);
    let liar = world.somebody(world.network.clone(), &levels, &other_output());
    assert_eq!(loses(&world.honest(), &liar, &world).ended_at, "Answer");
}

#[test]
fn one_wrong_weight_in_any_layer_is_found() {
    let world = World::new(4);
    let honest = world.honest();
    for number in 0..world.network.layers().len() {
        let mut layers = world.network.layers().to_vec();
        // The middle of a window: that of the last output.
        let patch = layers[number].0.patch();
        let weights = &mut layers[number].1.weights;
        let place = weights.len() - patch / 2 - 1;
        weights[place] = if weights[place] > 0 { -90 } else { 90 };
        let network = medchain_exact::Network::new(layers, world.network.scale()).unwrap();
        let levels = world.levels(&network);
        let output = softmax(&levels.logits, network.scale()).unwrap();
        if levels == world.levels(&world.network) {
            continue;
        }
        let output = if output == honest_output(&world) { other_output() } else { output };
        let liar = world.somebody(network, &levels, &output);
        loses(&honest, &liar, &world);
    }
}

#[test]
fn wrong_salts_are_found() {
    let world = World::new(5);
    let levels = world.levels(&world.network);
    let mut liar = world.somebody(world.network.clone(), &levels, &other_output());
    liar.trace.salts = TraceSalt::new(&verdict_root(&[8; 32]), &world.name());
    for (level, bytes) in (1u8..).zip(&liar.trace.levels[1..]) {
        let leaf = world.described.level(level).unwrap().leaf;
        liar.trace.trees[usize::from(level)] =
            Tree::new(hashes(&liar.trace.salts, level, bytes, leaf));
    }
    assert_eq!(loses(&world.honest(), &liar, &world).ended_at, "Salt");
}

#[test]
fn leaves_where_there_are_none_are_found() {
    let world = World::new(6);
    let levels = world.levels(&world.network);
    let mut liar = world.somebody(world.network.clone(), &levels, &other_output());
    let leaf = world.described.level(2).unwrap().leaf;
    let mut leaves: Vec<Hash> = hashes(&liar.trace.salts, 2, &liar.trace.levels[2], leaf);
    leaves.push([1; 32]);
    liar.trace.trees[2] = Tree::new(leaves);
    assert_eq!(loses(&world.honest(), &liar, &world).ended_at, "Nodes");
}

#[test]
fn whoever_stops_in_any_round_loses() {
    let world = World::new(7);
    let honest = world.honest();
    let liar = tampered(&world, 3, |bytes| bytes[0] ^= 1);
    for silent in 0..4 {
        let mut stages = Vec::new();
        let mut moves = mover(&liar);
        let mut quitter = |game: &Game, side: Side| {
            if !stages.contains(&game.stage) {
                stages.push(game.stage.clone());
            }
            (stages.len() <= silent).then(|| moves(game, side)).flatten()
        };
        let answers = [honest.sealed.clone(), liar.sealed.clone()];
        let mut game = Game::new(world.spec(answers));
        let played = play(&mut game, [&mut mover(&honest), &mut quitter]);
        assert_eq!(played.standing, HONEST_FIRST, "silent in round {silent}: {played:?}");
    }
}

#[test]
fn two_liars_both_lose_and_so_do_two_that_are_silent() {
    let world = World::new(8);
    let one = tampered(&world, 3, |bytes| bytes[0] = 120);
    let mut other = tampered(&world, 3, |bytes| bytes[0] = 121);
    other.sealed = medchain_verdicts::VerdictKey::new(&verdict_root(&KEY), &world.name())
        .seal(&third_output());
    let mut game = Game::new(world.spec([one.sealed.clone(), other.sealed.clone()]));
    // Somebody opens the value, which is neither 120 nor 121.
    let played = play(&mut game, [&mut mover(&one), &mut mover(&other)]);
    assert_eq!(played.standing, Standing([false, false]), "{played:?}");

    let mut game = Game::new(world.spec([one.sealed.clone(), other.sealed]));
    let played = play(&mut game, [&mut |_: &Game, _: Side| None, &mut |_: &Game, _: Side| None]);
    assert_eq!(played.standing, Standing([false, false]));
}

/// Somebody who plays another trace in each round, and changes what it says at random.
fn chaotic<'a>(
    liars: &'a [Somebody],
    numbers: &'a mut Numbers,
) -> impl FnMut(&Game, Side) -> Option<Move> + 'a {
    let root = verdict_root(&KEY);
    move |game, side| {
        let somebody = &liars[numbers.next(liars.len() as u64) as usize];
        let player = somebody.player(&root);
        let mut made = player.next(game, side)?;
        match (&mut made, numbers.next(4)) {
            (Move::Roots(roots), 0) => roots[numbers.next(5) as usize] = [3; 32],
            (Move::Nodes(nodes), 0) => nodes[0] = [3; 32],
            (Move::Leaf(leaf), 0) => leaf.bytes[0] ^= 1,
            (Move::Sums(sums), 0) => sums.pieces[0] += 1,
            (Move::Sums(sums), 1) => sums.bias += 1,
            (Move::Opening(opening), 0) => opening.inputs[0].bytes[0] ^= 1,
            (Move::Opening(opening), 1) => opening.parameters.weights[0] ^= 1,
            (Move::Secret(secret), 0) => secret.root.0[0] ^= 1,
            _ => (),
        }
        Some(made)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..Default::default() })]

    #[test]
    fn an_honest_player_never_loses(
        seed in 0u64..1000,
        faults in proptest::collection::vec((1usize..5, any::<prop::sample::Index>(), 1u8..), 1..4),
        first: bool,
        own_answer: bool,
    ) {
        let world = World::new(seed);
        let honest = world.honest();
        let mut liars = Vec::new();
        for (level, place, change) in &faults {
            liars.push(tampered(&world, *level, |bytes| {
                let place = place.index(bytes.len());
                bytes[place] ^= change;
            }));
        }
        // It may also know the honest trace, and its answer may be anything else.
        liars.push(world.honest());
        prop_assume!(honest_output(&world) != other_output());
        let answer = if own_answer { liars[0].sealed.clone() } else { vec![1; 30].try_into().unwrap() };
        let mut numbers = Numbers(seed);
        let mut liar = chaotic(&liars, &mut numbers);
        let (played, standing) = if first {
            let mut game = Game::new(world.spec([honest.sealed.clone(), answer]));
            (play(&mut game, [&mut mover(&honest), &mut liar]), HONEST_FIRST)
        } else {
            let mut game = Game::new(world.spec([answer, honest.sealed.clone()]));
            (play(&mut game, [&mut liar, &mut mover(&honest)]), HONEST_SECOND)
        };
        prop_assert_eq!(played.standing, standing, "{:?}", played);
        prop_assert!(played.rounds <= crate::MAX_ROUNDS as usize);
    }
}
