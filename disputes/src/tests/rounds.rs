//! The number of a round.

use medchain_primitives::SealedAnswer;

use super::world::*;
use crate::{Game, Stage};

/// A game about a network whose first layer gives 300 × 300 pixels.
fn game(stage: Stage) -> Game {
    let answers = [SealedAnswer::default(), SealedAnswer::truncate_from(vec![1])];
    let mut spec = World::new(1).spec(answers);
    spec.network.layers[0].shape.size = 300;
    Game { stage, ..Game::new(spec) }
}

fn nodes(height: u8) -> Stage {
    let claims = [[1; 32], [2; 32]];
    Stage::Nodes { level: 1, height, index: 0, claims, before: [0; 32] }
}

fn leaf(level: u8) -> Stage {
    Stage::Leaf { level, index: 0, claims: [[1; 32], [2; 32]], before: [0; 32] }
}

fn value(piece: Option<u16>) -> Stage {
    Stage::Value { level: 1, index: 0, channel: 0, piece, claims: [1, 2], before: [0; 32] }
}

#[test]
fn rounds_are_counted_from_the_stage() {
    // 90,000 leaves make a tree of 17 levels, which three rounds go down.
    let rounds =
        [Stage::Roots, nodes(17), nodes(9), nodes(1), leaf(1), value(None), value(Some(1))];
    assert_eq!(rounds.map(|stage| game(stage).round()), [1, 2, 3, 4, 5, 6, 7]);
    // All logits are one leaf, which the roots lead to.
    assert_eq!(game(leaf(5)).round(), 2);
    assert_eq!(game(Stage::Answer { logits: [0; 32] }).round(), 2);
}

#[test]
fn a_leaf_that_is_a_whole_layer_shows_the_answer() {
    let shows: Vec<bool> = (1..=5).map(|level| game(leaf(level)).shows_answer()).collect();
    assert_eq!(shows, [false, false, false, true, true], "two layers are fully connected");
    for stage in [Stage::Roots, nodes(9), value(None), value(Some(1))] {
        assert!(!game(stage).shows_answer());
    }
}

#[test]
fn a_stage_has_a_name_and_perhaps_a_level() {
    let of = |stage: Stage| (stage.as_str(), stage.level());
    assert_eq!(of(Stage::Roots), ("roots", None));
    assert_eq!(of(nodes(3)), ("nodes", Some(1)));
    assert_eq!(of(leaf(2)), ("leaf", Some(2)));
    assert_eq!(of(value(None)), ("value", Some(1)));
    assert_eq!(of(Stage::Answer { logits: [0; 32] }), ("answer", None));
    assert_eq!(nodes(3).to_string(), "nodes");
}
