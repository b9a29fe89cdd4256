//! A small network of every kind of layer, an input, and games on them.

use bounded_collections::BoundedVec;
use medchain_exact::{
    activation, softmax, sum, Engine, Finish, Instructions, Layer, Levels, Parameters,
    SoftmaxScale, Window,
};
use medchain_primitives::{
    InputRoot, ModelId, Output, RecordId, RequestId, SealedAnswer, VerdictRoot,
};
use medchain_verdicts::{verdict_commitment, verdict_root, InputSalt, VerdictKey, VerdictName};
use sp_arithmetic::Permill;

use crate::{Game, Move, Network, Player, Progress, Side, Spec, Standing, Trace, Weights};

pub const KEY: [u8; 32] = [7; 32];

/// Numbers that look random, and are the same every time.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % below
    }
}

/// Such that most activations are neither zero nor the largest.
fn shift(size: u16, pool: Option<bool>, more: u64) -> u8 {
    match (pool, size) {
        (None, _) => 0,
        (_, 5) => 11 + more as u8,
        _ => 7 + more as u8,
    }
}

fn layer(
    numbers: &mut Numbers,
    size: u16,
    inputs: u16,
    outputs: u16,
    window: Window,
    pool: Option<bool>,
) -> (Layer, Parameters) {
    let finish = match pool {
        Some(pool) => Finish::Activations { limit: 127, pool },
        None => Finish::Logits,
    };
    let layer = Layer { size, inputs, outputs, window, finish };
    let count = usize::from(outputs);
    let weights = (0..count * layer.patch()).map(|_| numbers.next(255) as i64 as u8 as i8);
    let parameters = Parameters {
        weights: weights.collect(),
        biases: (0..count).map(|_| numbers.next(2000) as i32 - 500).collect(),
        shifts: (0..count).map(|_| shift(size, pool, numbers.next(3))).collect(),
    };
    (layer, parameters)
}

/// 20 × 20 pixels, three convolutions of which two pool, two fully connected layers.
pub fn network(seed: u64) -> medchain_exact::Network {
    let numbers = &mut Numbers(seed);
    let three = Window::Three { border: 0 };
    let layers = vec![
        layer(numbers, 20, 1, 4, Window::Three { border: 114 }, Some(false)),
        layer(numbers, 20, 4, 6, three, Some(true)),
        layer(numbers, 10, 6, 5, three, Some(true)),
        layer(numbers, 5, 5, 8, Window::All, Some(false)),
        layer(numbers, 1, 8, 3, Window::All, None),
    ];
    medchain_exact::Network::new(layers, SoftmaxScale(1 << 22)).unwrap()
}

pub fn input(seed: u64) -> Vec<u8> {
    let numbers = &mut Numbers(seed);
    (0..400).map(|_| numbers.next(256) as u8).collect()
}

/// A worker, with what it computed and how.
pub struct Somebody {
    pub network: medchain_exact::Network,
    pub weights: Weights,
    pub trace: Trace,
    pub sealed: SealedAnswer,
}

pub struct World {
    pub network: medchain_exact::Network,
    pub described: Network,
    pub input: Vec<u8>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let network = network(seed);
        let described = Weights::new(&network).describe(&network);
        Self { described, network, input: input(seed ^ 99) }
    }

    pub fn levels(&self, network: &medchain_exact::Network) -> Levels {
        let engine = Engine::with_instructions(network, Instructions::Portable).unwrap();
        engine.levels(&self.input).unwrap()
    }

    /// Somebody who has computed these levels, with a network and an output of its own.
    pub fn somebody(
        &self,
        network: medchain_exact::Network,
        levels: &Levels,
        output: &Output,
    ) -> Somebody {
        let root = verdict_root(&KEY);
        let name = self.name();
        let trace =
            Trace::new(&self.described, &self.input, levels, InputSalt::new(&KEY), &root, &name);
        let sealed = VerdictKey::new(&root, &name).seal(output);
        Somebody { weights: Weights::new(&network), network, trace: trace.unwrap(), sealed }
    }

    pub fn name(&self) -> VerdictName {
        self.spec([SealedAnswer::default(), SealedAnswer::default()]).name()
    }

    pub fn honest(&self) -> Somebody {
        let levels = self.levels(&self.network);
        let output = softmax(&levels.logits, self.network.scale()).unwrap();
        self.somebody(self.network.clone(), &levels, &output)
    }

    pub fn spec(&self, answers: [SealedAnswer; 2]) -> Spec {
        let root = medchain_verdicts::input_tree(&self.input, 20, &InputSalt::new(&KEY)).root();
        Spec {
            network: self.described.clone(),
            input_root: InputRoot(root),
            verdicts: verdict_commitment(&verdict_root(&KEY)),
            genesis: [9; 32],
            record: RecordId(1),
            model: ModelId(2),
            request: RequestId(3),
            answers,
        }
    }
}

/// What the network says of the input.
pub fn honest_output(world: &World) -> Output {
    softmax(&world.levels(&world.network).logits, world.network.scale()).unwrap()
}

/// Another output than the one that was computed.
pub fn other_output() -> Output {
    output(2, [100_000, 100_000, 800_000])
}

pub fn third_output() -> Output {
    output(1, [100_000, 800_000, 100_000])
}

fn output(label: u8, parts: [u32; 3]) -> Output {
    let parts = parts.map(Permill::from_parts).to_vec();
    Output { label, probabilities: BoundedVec::truncate_from(parts) }
}

/// What a layer gives, by the definition.
pub fn reference(layer: &Layer, parameters: &Parameters, input: &[u8]) -> Vec<i32> {
    let (size, channels) = (i64::from(layer.size), usize::from(layer.inputs));
    let pixel = |y: i64, x: i64, border: u8| {
        if (0..size).contains(&y) && (0..size).contains(&x) {
            let first = (y * size + x) as usize * channels;
            input[first..first + channels].to_vec()
        } else {
            vec![border; channels]
        }
    };
    let mut values = Vec::new();
    let out = i64::from(layer.output_size());
    for place in 0..out * out {
        for output in 0..usize::from(layer.outputs) {
            let weights = &parameters.weights[output * layer.patch()..][..layer.patch()];
            let at = |y: i64, x: i64| {
                let patch: Vec<u8> = match layer.window {
                    Window::All => input.to_vec(),
                    Window::Three { border } => (0..9)
                        .flat_map(|place| pixel(y + place / 3 - 1, x + place % 3 - 1, border))
                        .collect(),
                };
                let total = sum(parameters.biases[output], &patch, weights);
                match layer.finish {
                    Finish::Logits => total,
                    Finish::Activations { limit, .. } => {
                        i32::from(activation(total, parameters.shifts[output], limit))
                    }
                }
            };
            let (y, x) = (place / out, place % out);
            let pools = matches!(layer.finish, Finish::Activations { pool: true, .. });
            values.push(if pools {
                let all = [(0, 0), (0, 1), (1, 0), (1, 1)];
                all.map(|(down, right)| at(2 * y + down, 2 * x + right)).into_iter().max().unwrap()
            } else {
                at(y, x)
            });
        }
    }
    values
}

/// How a game went.
#[derive(Debug)]
pub struct Played {
    pub standing: Standing,
    pub rounds: usize,
    pub ended_at: String,
}

/// What makes the moves of one side.
pub type Strategy<'a> = dyn FnMut(&Game, Side) -> Option<Move> + 'a;

/// Plays to the end. Where a player makes no move, or the game refuses it, its time runs out.
pub fn play(game: &mut Game, mut players: [&mut Strategy<'_>; 2]) -> Played {
    for round in 1.. {
        let stage = game.stage.clone();
        let ended_at = format!("{stage:?}").split(' ').next().unwrap().to_owned();
        for (side, player) in Side::BOTH.into_iter().zip(&mut players) {
            if game.stage != stage || !game.awaits(side) {
                continue;
            }
            let Some(made) = player(game, side) else { continue };
            if let Ok(Progress::Over(standing)) = game.play(side, made) {
                return Played { standing, rounds: round, ended_at };
            }
        }
        if game.stage == stage {
            return Played { standing: game.timed_out(), rounds: round, ended_at };
        }
    }
    unreachable!()
}

impl Somebody {
    pub fn player<'a>(&'a self, root: &'a VerdictRoot) -> Player<'a> {
        Player { network: &self.network, weights: &self.weights, trace: &self.trace, root }
    }
}

/// Plays what the player of somebody says.
pub fn mover(somebody: &Somebody) -> impl FnMut(&Game, Side) -> Option<Move> + '_ {
    let root = verdict_root(&KEY);
    move |game, side| somebody.player(&root).next(game, side)
}
