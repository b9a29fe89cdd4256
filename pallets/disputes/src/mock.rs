//! A runtime with this pallet, a small network, and two workers that ran it or did not.

use std::cell::RefCell;

use bounded_collections::BoundedVec;
use frame_support::{derive_impl, pallet_prelude::DispatchResult, weights::Weight};
use medchain_disputes::{Game, Move, Network, Player, Side, Spec, Trace, Weights};
use medchain_exact::{softmax, Engine, Finish, Layer, Levels, Parameters, SoftmaxScale, Window};
use medchain_primitives::{InputRoot, ModelId, Output, RecordId, RequestId, SealedAnswer};
use medchain_verdicts::{input_tree, verdict_commitment, verdict_root, InputSalt, VerdictKey};
use sp_runtime::{BuildStorage, DispatchError};

use crate as pallet_disputes;

pub const REQUEST: RequestId = RequestId(3);
pub const HONEST: u64 = 1;
pub const LIAR: u64 = 2;
pub const STRANGER: u64 = 3;
pub const ROUND: u64 = 10;
pub const KEY: [u8; 32] = [7; 32];
pub const SIZE: usize = 8;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Disputes: pallet_disputes,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
}

impl pallet_disputes::Config for Test {
    type Client = Remembers;
    type WeightInfo = ();
}

/// What a dispute has led to: who lost, and who won.
pub type Settled = (Vec<u64>, Option<u64>);

thread_local! {
    /// Nothing is overdue before a round has begun.
    static DEADLINE: RefCell<u64> = const { RefCell::new(u64::MAX) };
    static SETTLED: RefCell<Option<Settled>> = const { RefCell::new(None) };
    static REFUSES: RefCell<bool> = const { RefCell::new(false) };
}

/// A client that remembers what it is told.
pub struct Remembers;

impl crate::Client<u64, u64> for Remembers {
    fn begin_round(_: RequestId) -> u64 {
        let deadline = System::block_number() + ROUND;
        DEADLINE.with(|at| *at.borrow_mut() = deadline);
        deadline
    }

    fn is_overdue(_: RequestId) -> bool {
        DEADLINE.with(|at| System::block_number() > *at.borrow())
    }

    fn settled(_: RequestId, losers: &[u64], winner: Option<&u64>) -> DispatchResult {
        if REFUSES.with(|refuses| *refuses.borrow()) {
            return Err(DispatchError::Other("refused"));
        }
        SETTLED.with(|settled| *settled.borrow_mut() = Some((losers.to_vec(), winner.copied())));
        Ok(())
    }

    fn settled_weight() -> Weight {
        Weight::from_parts(7, 7)
    }
}

pub fn settled() -> Option<Settled> {
    SETTLED.with(|settled| settled.borrow().clone())
}

pub fn refuse() {
    REFUSES.with(|refuses| *refuses.borrow_mut() = true);
}

/// An empty chain, for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub fn new_test_ext() -> sp_io::TestExternalities {
    let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
    storage.into()
}

/// Runs a test at block 1, and checks the state at its end.
pub fn test(run: impl FnOnce()) {
    SETTLED.with(|settled| *settled.borrow_mut() = None);
    REFUSES.with(|refuses| *refuses.borrow_mut() = false);
    let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
    sp_io::TestExternalities::from(storage).execute_with(|| {
        System::set_block_number(1);
        run();
        Disputes::do_try_state().unwrap();
    });
}

/// 8 × 8 pixels, a convolution that pools, and logits of two classes.
pub fn network() -> medchain_exact::Network {
    let layer = |size, inputs, outputs, window, finish| {
        let layer = Layer { size, inputs, outputs, window, finish };
        let count = usize::from(outputs);
        let weights = (0..count * layer.patch()).map(|place| (place * 37 % 50) as i8 - 20);
        let shift = if finish == Finish::Logits { 0 } else { 5 };
        let parameters = Parameters {
            weights: weights.collect(),
            biases: vec![100; count],
            shifts: vec![shift; count],
        };
        (layer, parameters)
    };
    let pools = Finish::Activations { limit: 127, pool: true };
    let layers = vec![
        layer(8, 1, 2, Window::Three { border: 114 }, pools),
        layer(4, 2, 2, Window::All, Finish::Logits),
    ];
    medchain_exact::Network::new(layers, SoftmaxScale(1 << 22)).unwrap()
}

/// A worker, with what it computed and how.
pub struct Somebody {
    network: medchain_exact::Network,
    weights: Weights,
    trace: Trace,
    pub sealed: SealedAnswer,
}

impl Somebody {
    pub fn honest() -> Self {
        Self::with(|_| ())
    }

    /// Somebody who changes what the layers give.
    pub fn with(change: impl FnOnce(&mut Levels)) -> Self {
        let network = network();
        let mut levels = Engine::new(&network).levels(&input()).unwrap();
        change(&mut levels);
        let output = softmax(&levels.logits, network.scale()).unwrap();
        Self::answering(&levels, &output)
    }

    /// Somebody who gives an answer that does not follow from the logits.
    pub fn answering(levels: &Levels, output: &Output) -> Self {
        let network = network();
        let weights = Weights::new(&network);
        let root = verdict_root(&KEY);
        let name = spec(Default::default()).name();
        let described = weights.describe(&network);
        let trace =
            Trace::new(&described, &input(), levels, InputSalt::new(&KEY), &root, &name).unwrap();
        let sealed = VerdictKey::new(&root, &name).seal(output);
        Self { network, weights, trace, sealed }
    }

    pub fn next(&self, game: &Game, side: Side) -> Option<Move> {
        let root = verdict_root(&KEY);
        let (network, weights, trace) = (&self.network, &self.weights, &self.trace);
        Player { network, weights, trace, root: &root }.next(game, side)
    }
}

pub fn input() -> Vec<u8> {
    (0..SIZE * SIZE).map(|place| (place * 53 % 251) as u8).collect()
}

pub fn described() -> Network {
    let network = network();
    Weights::new(&network).describe(&network)
}

pub fn spec(answers: [SealedAnswer; 2]) -> Spec {
    let root = input_tree(&input(), SIZE, &InputSalt::new(&KEY)).root();
    Spec {
        network: described(),
        input_root: InputRoot(root),
        verdicts: verdict_commitment(&verdict_root(&KEY)),
        genesis: [9; 32],
        record: RecordId(1),
        model: ModelId(2),
        request: REQUEST,
        answers,
    }
}

/// Makes the call of a move.
pub fn make(player: u64, made: Move) -> DispatchResult {
    let origin = RuntimeOrigin::signed(player);
    match made {
        Move::Roots(roots) => Disputes::show_roots(origin, REQUEST, roots),
        Move::Nodes(nodes) => {
            Disputes::show_nodes(origin, REQUEST, nodes).map(drop).map_err(|error| error.error)
        }
        Move::Leaf(leaf) => Disputes::show_leaf(origin, REQUEST, leaf),
        Move::Sums(sums) => Disputes::show_sums(origin, REQUEST, sums),
        Move::Opening(opening) => Disputes::open_value(origin, REQUEST, opening),
        Move::Secret(secret) => Disputes::open_secret(origin, REQUEST, secret),
    }
}

/// An answer that is no seal.
pub fn nonsense() -> SealedAnswer {
    BoundedVec::truncate_from(vec![1; 26])
}
