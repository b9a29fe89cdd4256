//! Benchmarks of every move in its worst case: the second of a round, which is compared with the
//! first, in the largest network.

use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::pallet_prelude::*;
use frame_system::RawOrigin;
use medchain_disputes::{
    Game, Leaf, Network, NetworkLayer, Nodes, Opening, Roots, Said, Secret, Shown, ShownParameters,
    Side, Spec, Stage, Sums, MAX_LEAF, MAX_NODES, MAX_PIECES,
};
use medchain_exact::{activation, softmax, sum, Finish, Layer, SoftmaxScale, Window, MAX_LAYERS};
use medchain_primitives::{InputRoot, ModelId, RecordId, RequestId, SealedAnswer, MAX_CLASSES};
use medchain_verdicts::{
    blake2, trace_leaf,
    tree::{root_of, Hash, Tree},
    verdict_commitment, verdict_root, TraceSalt,
};

use crate::*;

const REQUEST: RequestId = RequestId(1);
const KEY: [u8; 32] = [7; 32];
const SALT: [u8; 32] = [6; 32];
/// Inputs of a pooled value: 16 pixels, and 9 of weights.
const PIXELS: u32 = 16;
const WINDOW: u32 = 9;

/// A layer that pools, with this many channels.
fn pooled(channels: u16) -> Layer {
    Layer {
        size: 28,
        inputs: channels,
        outputs: channels,
        window: Window::Three { border: 0 },
        finish: Finish::Activations { limit: 127, pool: true },
    }
}

fn spec(layers: Vec<NetworkLayer>) -> Spec {
    Spec {
        network: Network {
            layers: BoundedVec::truncate_from(layers),
            scale: SoftmaxScale(1 << 22),
        },
        input_root: InputRoot([3; 32]),
        verdicts: verdict_commitment(&verdict_root(&KEY)),
        genesis: [9; 32],
        record: RecordId(1),
        model: ModelId(2),
        request: REQUEST,
        answers: [1, 2].map(|byte| SealedAnswer::truncate_from(vec![byte; 50])),
    }
}

/// Layers of which the second is the one that matters.
fn layers(shape: Layer, weights_root: Hash) -> Vec<NetworkLayer> {
    let mut layers = vec![NetworkLayer { shape, weights_root }; MAX_LAYERS as usize];
    if let Some(last) = layers.last_mut() {
        last.shape.finish = Finish::Logits;
        last.shape.window = Window::All;
        last.shape.outputs = MAX_CLASSES as u16;
    }
    layers
}

/// Stores a dispute in which the first player has moved, and returns the second.
fn dispute<T: Config>(spec: Spec, stage: Stage, said: Option<Said>) -> T::AccountId {
    let players = [account("player", 0, 0), account("player", 1, 0)];
    let [_, second] = players.clone();
    let game = Game { spec, stage, said: said.map(|said| (Side::First, said)) };
    Disputes::<T>::insert(REQUEST, Dispute { players, game });
    second
}

fn hashes(count: u32, last: u8) -> Vec<Hash> {
    let mut all: Vec<Hash> = (0..count).map(|n| blake2(b"n", &[&n.to_le_bytes()])).collect();
    if let Some(hash) = all.last_mut() {
        *hash = [last; 32];
    }
    all
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn show_roots() {
        let said = Said::Roots(Roots::truncate_from(hashes(MAX_LAYERS, 1)));
        let spec = spec(layers(pooled(512), [0; 32]));
        let player = dispute::<T>(spec, Stage::Roots, Some(said));
        let roots = Roots::truncate_from(hashes(MAX_LAYERS, 2));

        #[extrinsic_call]
        _(RawOrigin::Signed(player), REQUEST, roots);
    }

    #[benchmark]
    fn show_nodes() {
        let (one, other) = (hashes(MAX_NODES, 1), hashes(MAX_NODES, 2));
        let claims = [&one, &other].map(|nodes| root_of(nodes).unwrap_or_default());
        let stage = Stage::Nodes { level: 2, height: 16, index: 0, claims, before: [0; 32] };
        let said = Said::Nodes(Nodes::truncate_from(one));
        let spec = spec(layers(pooled(512), [0; 32]));
        let player = dispute::<T>(spec, stage, Some(said));
        let nodes = Nodes::truncate_from(other);

        #[extrinsic_call]
        _(RawOrigin::Signed(player), REQUEST, nodes);
    }

    #[benchmark]
    fn show_leaf(b: Linear<1, MAX_LEAF>) {
        let leaf = |last: u8| {
            let mut bytes = vec![9u8; b as usize];
            if let Some(byte) = bytes.last_mut() {
                *byte = last;
            }
            Leaf { salt: SALT, bytes: BoundedVec::truncate_from(bytes) }
        };
        let (one, other) = (leaf(1), leaf(2));
        let claims = [&one, &other].map(|leaf| trace_leaf(&SALT, 2, 3, &leaf.bytes));
        let stage = Stage::Leaf { level: 2, index: 3, claims, before: [0; 32] };
        let spec = spec(layers(pooled(b as u16), [0; 32]));
        let player = dispute::<T>(spec, stage, Some(Said::Leaf(one)));

        #[extrinsic_call]
        _(RawOrigin::Signed(player), REQUEST, other);
    }

    #[benchmark]
    fn show_sums(p: Linear<1, MAX_PIECES>) {
        // As many pieces as the largest square of pixels up to `p` has.
        let size = p.isqrt().max(1);
        let pieces = size.saturating_mul(size);
        let shape = Layer {
            size: size as u16,
            inputs: 512,
            outputs: 512,
            window: Window::All,
            finish: Finish::Activations { limit: 127, pool: false },
        };
        let index = pieces;
        let leaf = blake2(b"medchain/bias/1", &[&index.to_le_bytes(), &0i32.to_le_bytes(), &[0]]);
        let mut leaves = vec![[0; 32]; 512usize.saturating_mul(pieces as usize + 1)];
        leaves[index as usize] = leaf;
        let tree = Tree::new(leaves);
        let sums = |last: i32| {
            let mut all = vec![0i32; pieces as usize];
            if let Some(sum) = all.last_mut() {
                *sum = last;
            }
            Sums {
                pieces: BoundedVec::truncate_from(all),
                bias: 0,
                shift: 0,
                siblings: BoundedVec::truncate_from(tree.siblings(&[index])),
            }
        };
        let stage = Stage::Sums { level: 2, channel: 0, claims: [1, 2], before: [0; 32] };
        let spec = spec(layers(shape, tree.root()));
        let player = dispute::<T>(spec, stage, Some(Said::Sums(sums(1))));
        let other = sums(2);

        #[extrinsic_call]
        _(RawOrigin::Signed(player), REQUEST, other);
    }

    #[benchmark]
    fn open_value(b: Linear<25, 12_800>) {
        let channels = (b / (PIXELS + WINDOW)).max(1) as usize;
        let shape = pooled(channels as u16);
        // The windows around pixel (3, 3) of the output: rows and columns 5 to 8 of the input.
        let size = usize::from(shape.size);
        let pixels: Vec<u32> =
            (5..9usize).flat_map(|y| (5..9usize).map(move |x| (y * size + x) as u32)).collect();
        let bytes = vec![3u8; channels];
        let mut leaves = vec![[1; 32]; size * size];
        for pixel in &pixels {
            leaves[*pixel as usize] = trace_leaf(&SALT, 1, *pixel, &bytes);
        }
        let inputs = Tree::new(leaves);

        let each = WINDOW as usize + 1;
        let weights = vec![1u8; channels];
        let mut leaves = vec![[1; 32]; channels * each];
        for index in 0..WINDOW {
            leaves[index as usize] =
                blake2(b"medchain/weights/1", &[&index.to_le_bytes(), &weights]);
        }
        let (bias, shift) = (5i32, 6u8);
        leaves[WINDOW as usize] =
            blake2(b"medchain/bias/1", &[&WINDOW.to_le_bytes(), &bias.to_le_bytes(), &[shift]]);
        let tree = Tree::new(leaves);

        let all = weights.repeat(WINDOW as usize);
        let patch = bytes.repeat(WINDOW as usize);
        let signed: Vec<i8> = all.iter().map(|weight| *weight as i8).collect();
        let truth = i32::from(activation(sum(bias, &patch, &signed), shift, 127));
        let stage = Stage::Value {
            level: 2,
            index: 3 * u32::from(shape.output_size()) + 3,
            channel: 0,
            piece: None,
            claims: [truth + 1, truth],
            before: inputs.root(),
        };
        let shown = Shown { salt: SALT, bytes: BoundedVec::truncate_from(bytes) };
        let opening = Opening {
            inputs: BoundedVec::truncate_from(vec![shown; PIXELS as usize]),
            siblings: BoundedVec::truncate_from(inputs.siblings(&pixels)),
            parameters: ShownParameters {
                weights: BoundedVec::truncate_from(all),
                bias: Some((bias, shift)),
                siblings: BoundedVec::truncate_from(
                    tree.siblings(&(0..=WINDOW).collect::<Vec<u32>>()),
                ),
            },
        };
        let mut all = layers(shape, tree.root());
        // What the layer before gives is as large as what this one takes.
        if let Some(NetworkLayer { shape: before, .. }) = all.first_mut() {
            before.finish = Finish::Activations { limit: 127, pool: false };
        }
        let player = dispute::<T>(spec(all), stage, None);

        #[extrinsic_call]
        _(RawOrigin::Signed(player.clone()), REQUEST, opening);

        assert!(Disputes::<T>::get(REQUEST).is_none());
    }

    #[benchmark]
    fn open_secret() {
        let mut spec = spec(layers(pooled(512), [0; 32]));
        let root = verdict_root(&KEY);
        let level = MAX_LAYERS as u8;
        let all: Vec<i32> = (0..MAX_CLASSES as i32).map(|class| class * 1000).collect();
        let bytes: Vec<u8> = all.iter().flat_map(|logit| logit.to_le_bytes()).collect();
        let salt = TraceSalt::new(&root, &spec.name()).of_leaf(level, 0);
        let logits = trace_leaf(&salt, level, 0, &bytes);
        if let Ok(output) = softmax(&all, spec.network.scale) {
            let name = spec.name();
            spec.answers[1] = medchain_verdicts::VerdictKey::new(&root, &name).seal(&output);
        }
        let player = dispute::<T>(spec, Stage::Answer { logits }, None);
        let secret = Secret { root, logits: Some(BoundedVec::truncate_from(bytes)) };

        #[extrinsic_call]
        _(RawOrigin::Signed(player), REQUEST, secret);

        assert!(Disputes::<T>::get(REQUEST).is_none());
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
