//! What can be registered of a network.

use medchain_exact::{Finish, Layer, Window};

use super::world::*;
use crate::{NetworkError, Weights};

#[test]
fn a_described_network_can_be_registered() {
    let world = World::new(1);
    assert_eq!(world.described.check(), Ok(()));
    assert_eq!(world.described.last_level(), 5);
    let levels: Vec<_> = (0..=6)
        .map(|level| world.described.level(level).map(|level| (level.leaves, level.leaf)))
        .collect();
    let expected = [(20, 20), (400, 4), (100, 6), (25, 5), (1, 8), (1, 12)];
    assert_eq!(levels[..6], expected.map(Some));
    assert_eq!(levels[6], None);
}

#[test]
fn every_weight_bias_and_shift_counts() {
    let network = network(1);
    let root = |network: &medchain_exact::Network| Weights::new(network).describe(network);
    let before = root(&network);
    for number in 0..network.layers().len() {
        let mut changed = Vec::from([0, 1, 2].map(|_| network.layers().to_vec()));
        *changed[0][number].1.weights.last_mut().unwrap() ^= 1;
        changed[1][number].1.biases[0] += 1;
        changed[2][number].1.shifts[0] ^= 1;
        for layers in changed {
            let Ok(other) = medchain_exact::Network::new(layers, network.scale()) else {
                // Logits have no shifts.
                assert_eq!(number, 4);
                continue;
            };
            let after = root(&other);
            let differ = before.layers.iter().zip(&after.layers).map(|(a, b)| a != b);
            let differ: Vec<bool> = differ.collect();
            assert_eq!(differ.iter().filter(|differs| **differs).count(), 1);
            assert!(differ[number]);
        }
    }
}

#[test]
fn fails_when_a_value_does_not_fit_into_a_move() {
    let described = World::new(1).described;
    let with = |number: usize, shape: Layer| {
        let mut other = described.clone();
        other.layers[number].shape = shape;
        other.check()
    };
    let first = described.layers[0].shape;
    assert!(matches!(with(0, Layer { size: 0, ..first }), Err(NetworkError::Shapes(_))));

    let mut wide = described.clone();
    let three = Window::Three { border: 0 };
    let pools = Finish::Activations { limit: 127, pool: true };
    wide.layers[1].shape = Layer { outputs: 600, ..wide.layers[1].shape };
    wide.layers[2].shape =
        Layer { inputs: 600, window: three, finish: pools, ..wide.layers[2].shape };
    assert_eq!(wide.check(), Err(NetworkError::TooWide(2)));
    wide.layers[1].shape.outputs = 512;
    wide.layers[2].shape.inputs = 512;
    assert_eq!(wide.check(), Ok(()));
    let error = NetworkError::TooWide(2).to_string();
    assert_eq!(error, "layer 2: what one of its values needs is above 14336 bytes");
}
