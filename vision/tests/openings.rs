//! Every value of the shipped network can be opened in a dispute: what it needs fits into a
//! move, and the game accepts it.

use std::{path::PathBuf, time::Instant};

use codec::Encode;
use medchain_disputes::{
    Game, Move, Network, Opening, Player, Progress, Side, Spec, Stage, Standing, Sums, Trace,
    Weights, MAX_SIBLINGS,
};
use medchain_exact::{Finish, Layer, Levels, Window};
use medchain_primitives::{InputRoot, ModelId, RecordId, RequestId, SealedAnswer, VerdictRoot};
use medchain_verdicts::{verdict_commitment, verdict_root, InputSalt};
use medchain_vision::{synthetic_radiograph, Engine, Model};

const KEY: [u8; 32] = [7; 32];
/// The most bytes of a move, encoded.
const MOST: usize = 20 * 1024;
/// It stands for whatever another player claims.
const FIRST: Standing = Standing([true, false]);

fn shipped(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    std::fs::read(folder.join("../models/shipped").join(name)).unwrap()
}

fn model(engine: Engine) -> Model {
    let files = (shipped("medchain-vgg16.onnx"), shipped("medchain-vgg16.json"));
    Model::load_for(&files.0, &files.1, Some(engine)).unwrap()
}

/// A worker that ran the shipped network on a drawing.
struct Worker {
    model: Model,
    weights: Weights,
    levels: Levels,
    trace: Trace,
    root: VerdictRoot,
    spec: Spec,
    /// The root of each level, that of the input first.
    roots: Vec<[u8; 32]>,
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    println!("{what}: {} ms", started.elapsed().as_millis());
    done
}

impl Worker {
    fn new() -> Self {
        let model = model(Engine::Exact);
        let network = model.exact_network().unwrap();
        let weights = timed("the trees over the weights", || Weights::new(network));
        let described = weights.describe(network);
        described.check().unwrap();

        let square = model.spec().square(&synthetic_radiograph(5, 300, 260));
        let levels = timed("the levels", || model.levels(&square).unwrap());
        let root = verdict_root(&KEY);
        let spec = |network: Network, input_root| Spec {
            network,
            input_root,
            verdicts: verdict_commitment(&root),
            genesis: [9; 32],
            record: RecordId(1),
            model: ModelId(2),
            request: RequestId(3),
            answers: [1, 2].map(|byte| SealedAnswer::truncate_from(vec![byte; 30])),
        };
        let name = spec(described.clone(), InputRoot([0; 32])).name();
        let trace = timed("the trees over the levels", || {
            Trace::new(&described, &square, &levels, InputSalt::new(&KEY), &root, &name)
        });
        let trace = trace.unwrap();
        let spec = spec(described, InputRoot(trace.input_root()));
        let mut worker = Self { model, weights, levels, trace, root, spec, roots: vec![] };
        let Some(Move::Roots(roots)) = worker.next(&Game::new(worker.spec.clone())) else {
            panic!("it shows no roots");
        };
        worker.roots = [&[worker.trace.input_root()], &roots[..]].concat();
        worker
    }

    fn next(&self, game: &Game) -> Option<Move> {
        let network = self.model.exact_network().unwrap();
        let (weights, trace, root) = (&self.weights, &self.trace, &self.root);
        Player { network, weights, trace, root }.next(game, Side::First)
    }

    fn layer(&self, level: u8) -> Layer {
        *self.spec.network.layer_of(level).unwrap()
    }

    fn truth(&self, level: u8, index: u32, channel: u16) -> i32 {
        let layer = usize::from(level) - 1;
        let outputs = usize::from(self.layer(level).outputs);
        match self.levels.activations.get(layer) {
            Some(values) => values[index as usize * outputs + usize::from(channel)].into(),
            None => self.levels.logits[usize::from(channel)],
        }
    }

    /// A game about one value, whose claims are the truth and something else.
    fn game(&self, level: u8, index: u32, channel: u16) -> Game {
        let mut game = Game::new(self.spec.clone());
        let truth = self.truth(level, index, channel);
        let (claims, before) = ([truth, truth + 1], self.roots[usize::from(level) - 1]);
        let layer = self.layer(level);
        game.stage = if layer.window == Window::All && layer.size > 1 {
            Stage::Sums { level, channel, claims, before }
        } else {
            Stage::Value { level, index, channel, piece: None, claims, before }
        };
        game
    }

    /// Shows the sums of a value, and goes on at one of them.
    fn sums(&self, game: &mut Game, piece: u16) -> Sums {
        let Stage::Sums { level, channel, before, .. } = game.stage else { panic!("no sums") };
        let Some(Move::Sums(sums)) = self.next(game) else { panic!("it shows no sums") };
        assert_eq!(game.play(Side::First, Move::Sums(sums.clone())), Ok(Progress::Waiting));
        let truth = sums.pieces[usize::from(piece)];
        let (piece, claims) = (Some(piece), [truth, truth ^ 1]);
        game.said = None;
        game.stage = Stage::Value { level, index: 0, channel, piece, claims, before };
        sums
    }

    fn opening(&self, game: &Game) -> Opening {
        match self.next(game) {
            Some(Move::Opening(opening)) => opening,
            other => panic!("{:?}: {other:?}", game.stage),
        }
    }
}

/// Some of the leaves of a layer: corners, edges, the middle, and those whose windows lie
/// across the largest subtrees of the level before, which need the most nodes.
fn places(layer: &Layer) -> Vec<u32> {
    let size = u32::from(layer.output_size());
    let before = u32::from(layer.size);
    let middle = before.pow(2).next_power_of_two() / 2;
    let mut rows = vec![0, 1, size / 2, size - 1];
    let across = (middle / before * size / before).min(size - 1);
    rows.extend(across.saturating_sub(1)..=(across + 1).min(size - 1));
    let mut places: Vec<u32> = rows
        .iter()
        .flat_map(|row| [0, 1, size / 3, size / 2, size - 1].map(|column| (row, column)))
        .filter(|(row, column)| **row < size && *column < size)
        .map(|(row, column)| row * size + column)
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

#[test]
fn a_value_of_every_layer_can_be_opened() {
    let worker = Worker::new();
    let mut largest = (0, 0);
    for level in 1..=worker.spec.network.last_level() {
        let layer = worker.layer(level);
        let (mut size, mut siblings) = (0, (0, 0));
        for index in places(&layer) {
            for channel in [0, layer.outputs - 1] {
                let mut game = worker.game(level, index, channel);
                if matches!(game.stage, Stage::Sums { .. }) {
                    let shown = worker.sums(&mut game, 24).encode().len();
                    assert!(shown <= MOST, "the sums of level {level}: {shown}");
                }
                let opening = worker.opening(&game);
                let parameters = opening.parameters.siblings.len();
                siblings = (siblings.0.max(opening.siblings.len()), siblings.1.max(parameters));
                size = size.max(opening.encode().len());
                let played = game.play(Side::Second, Move::Opening(opening));
                assert_eq!(played, Ok(Progress::Over(FIRST)), "level {level}, leaf {index}");
            }
        }
        println!("level {level}: {size} bytes, {siblings:?} siblings: {}", words(&layer));
        assert!(size <= MOST, "level {level}: {size}");
        assert!(siblings.0.max(siblings.1) <= MAX_SIBLINGS as usize);
        largest = largest.max((size, level));
    }
    println!("the largest opening is {} bytes, at level {}", largest.0, largest.1);
    let pools = |level| worker.layer(level).finish;
    assert!(matches!(pools(largest.1), Finish::Activations { pool: true, .. }));
    assert_eq!(worker.layer(largest.1).inputs, 512, "what is pooled from 512 channels needs most");
}

fn words(layer: &Layer) -> String {
    let Layer { size, inputs, outputs, window, finish } = layer;
    format!("{size}² × {inputs} to {outputs}, {window:?}, {finish:?}")
}

/// What is shown depends on where a value is: no place needs more nodes than a move takes.
#[test]
fn every_place_of_a_pooled_layer_with_512_channels_fits() {
    let worker = Worker::new();
    let mut seen = 0;
    for level in 1..=worker.spec.network.last_level() {
        let layer = worker.layer(level);
        let pools = matches!(layer.finish, Finish::Activations { pool: true, .. });
        if !pools || layer.inputs < 512 {
            continue;
        }
        seen += 1;
        let leaves = u32::from(layer.output_size()).pow(2);
        let mut most = (0, 0, 0);
        for index in 0..leaves {
            let opening = worker.opening(&worker.game(level, index, 100));
            let (inputs, weights) = (opening.siblings.len(), opening.parameters.siblings.len());
            let size = opening.encode().len();
            most = (most.0.max(inputs), most.1.max(weights), most.2.max(size));
        }
        println!("level {level}: at most {} and {} siblings, {} bytes", most.0, most.1, most.2);
        assert!(most.2 <= MOST, "{most:?}");
    }
    assert_eq!(seen, 2);
}

#[test]
fn whichever_engine_runs_it_the_levels_are_the_same() {
    let (exact, tract) = (model(Engine::Exact), model(Engine::Tract));
    let square = exact.spec().square(&synthetic_radiograph(6, 240, 240));
    let levels = exact.levels(&square).unwrap();
    assert_eq!(levels, tract.levels(&square).unwrap());
    assert_eq!(levels.logits, tract.logits(&square).unwrap());
    assert!(exact.levels(&square[1..]).is_err());
}
