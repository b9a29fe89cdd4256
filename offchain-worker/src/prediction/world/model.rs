//! A small exact network on the square of a film, and whoever computed something else.

use std::sync::{Arc, OnceLock};

use medchain_client::{
    chain::SealedAnswer,
    crypto::{ContentKey, VerdictName},
};
use medchain_disputes::{Game, Move, Player, Side, Trace, Weights};
use medchain_exact::{
    softmax, Engine, Finish, Instructions, Layer, Levels, Network, Parameters, SoftmaxScale, Window,
};
use medchain_primitives::{Output, VerdictRoot};

/// The network, with everything that is made of it once.
pub struct Exact {
    pub network: Network,
    pub weights: Weights,
    pub described: medchain_disputes::Network,
    engine: Engine,
}

/// 224 × 224 pixels, five convolutions that pool, two fully connected layers.
pub fn exact() -> &'static Exact {
    static EXACT: OnceLock<Exact> = OnceLock::new();
    EXACT.get_or_init(|| {
        let numbers = &mut Numbers(7);
        let mut layers = Vec::new();
        for (size, inputs) in [(224, 1), (112, 2), (56, 2), (28, 2), (14, 2)] {
            let window = Window::Three { border: 0 };
            layers.push(layer(numbers, size, inputs, 2, window, Some(true)));
        }
        layers.push(layer(numbers, 7, 2, 4, Window::All, Some(false)));
        layers.push(layer(numbers, 1, 4, 3, Window::All, None));
        let network = Network::new(layers, SoftmaxScale(1 << 22)).unwrap();
        let engine = Engine::with_instructions(&network, Instructions::Portable).unwrap();
        let weights = Weights::new(&network);
        let described = weights.describe(&network);
        described.check().unwrap();
        Exact { network, weights, described, engine }
    })
}

impl Exact {
    pub fn levels(&self, square: &[u8]) -> Levels {
        self.engine.levels(square).unwrap()
    }

    pub fn output(&self, square: &[u8]) -> Output {
        self.output_of(&self.levels(square))
    }

    fn output_of(&self, levels: &Levels) -> Output {
        softmax(&levels.logits, self.network.scale()).unwrap()
    }
}

/// Numbers that look random, and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % below
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
    let weights = (0..count * layer.patch()).map(|_| numbers.next(255) as u8 as i8);
    let parameters = Parameters {
        weights: weights.collect(),
        biases: (0..count).map(|_| numbers.next(2000) as i32 + 4000).collect(),
        shifts: vec![if pool.is_some() { 8 } else { 0 }; count],
    };
    (layer, parameters)
}

/// What somebody says instead of what the network gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Another activation, of a layer counted from zero.
    Activation(usize),
    /// Another logit.
    Logit,
    /// Another answer to the right logits.
    Answer,
    /// Another activation, and no move from this round on.
    Silence(u32),
}

/// A player that computed something else.
pub struct Liar {
    pub sealed: SealedAnswer,
    trace: Trace,
    root: VerdictRoot,
    /// The round from which on it makes no move.
    silent_from: Option<u32>,
}

impl Liar {
    pub fn new(lie: Lie, key: &ContentKey, square: &[u8], name: &VerdictName) -> Arc<Self> {
        let exact = exact();
        let mut levels = exact.levels(square);
        match lie {
            Lie::Activation(layer) => *levels.activations[layer].last_mut().unwrap() ^= 1,
            Lie::Silence(_) => *levels.activations[2].last_mut().unwrap() ^= 1,
            Lie::Logit => levels.logits[2] ^= 1 << 20,
            Lie::Answer => {}
        }
        let output = match lie {
            Lie::Answer => Output::quantise(&[0.9, 0.05, 0.05]).unwrap(),
            _ => exact.output_of(&levels),
        };
        let mut sealed = key.verdict_key(name).seal(&output);
        if lie != Lie::Answer && sealed == key.verdict_key(name).seal(&exact.output(square)) {
            // What it changed does not reach the answer.
            let output = Output::quantise(&[0.05, 0.9, 0.05]).unwrap();
            sealed = key.verdict_key(name).seal(&output);
        }
        let root = key.verdict_root();
        let salt = key.input_salt();
        let trace = Trace::new(&exact.described, square, &levels, salt, &root, name).unwrap();
        let silent_from = match lie {
            Lie::Silence(round) => Some(round),
            _ => None,
        };
        Arc::new(Self { sealed, trace, root, silent_from })
    }

    pub fn next(&self, game: &Game, side: Side) -> Option<Move> {
        if self.silent_from.is_some_and(|round| game.round() >= round) {
            return None;
        }
        let Exact { network, weights, .. } = exact();
        Player { network, weights, trace: &self.trace, root: &self.root }.next(game, side)
    }
}
