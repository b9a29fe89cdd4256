//! What players say.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use medchain_exact::MAX_LAYERS;
use medchain_primitives::VerdictRoot;
use medchain_verdicts::tree::Hash;
use scale_info::TypeInfo;

/// The most rounds of a dispute.
pub const MAX_ROUNDS: u32 = 6;
/// Levels of a tree that one round goes down.
pub(crate) const STEP: u8 = 8;
/// The most nodes of one move.
pub const MAX_NODES: u32 = 1 << STEP;
/// The most pieces whose sums make a value of a fully connected layer.
pub const MAX_PIECES: u32 = 256;
/// The most bytes of a leaf of activations: the channels of one pixel.
pub const MAX_LEAF: u32 = medchain_exact::MAX_CHANNELS as u32;
/// The most leaves of the level before that one value is computed from.
pub const MAX_INPUTS: u32 = 16;
/// The most bytes of inputs and weights in one opening.
pub const MAX_OPENING: u32 = 14 * 1024;
/// The most nodes that prove what an opening shows, for inputs and weights each.
pub const MAX_SIBLINGS: u32 = 160;

/// The roots of all levels that layers give, first to last.
pub type Roots = BoundedVec<Hash, ConstU32<MAX_LAYERS>>;
/// The nodes of a tree, some levels below the node on which the players differ.
pub type Nodes = BoundedVec<Hash, ConstU32<MAX_NODES>>;
/// Nodes that prove leaves.
pub type Siblings = BoundedVec<Hash, ConstU32<MAX_SIBLINGS>>;

/// One of the two players.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Side {
    /// The first.
    First,
    /// The second.
    Second,
}

impl Side {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// Returns the other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// Returns what belongs to this side of two things.
    pub fn of<T>(self, both: &[T; 2]) -> &T {
        let [first, second] = both;
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }
}

/// A leaf that both players show.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Leaf {
    /// What hid it in its hash.
    pub salt: [u8; 32],
    /// The activations of one pixel, or all logits: four bytes each, little-endian.
    pub bytes: BoundedVec<u8, ConstU32<MAX_LEAF>>,
}

/// The pieces of one value of a fully connected layer.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Sums {
    /// The sum over the channels of each pixel.
    pub pieces: BoundedVec<i32, ConstU32<MAX_PIECES>>,
    /// The bias of the output.
    pub bias: i32,
    /// The shift of the output.
    pub shift: u8,
    /// What proves bias and shift.
    pub siblings: Siblings,
}

/// A leaf of the level before.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Shown {
    /// What hid it in its hash.
    pub salt: [u8; 32],
    /// A row of the input, or the activations of one pixel.
    pub bytes: BoundedVec<u8, ConstU32<MAX_OPENING>>,
}

/// The weights of one value, or of one piece of it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ShownParameters {
    /// The weights, in the order row, column, channel; each a signed byte.
    pub weights: BoundedVec<u8, ConstU32<MAX_OPENING>>,
    /// Bias and shift, where a whole value is computed.
    pub bias: Option<(i32, u8)>,
    /// What proves them.
    pub siblings: Siblings,
}

/// Everything that one value, or one piece of it, is computed from.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Opening {
    /// The leaves of the level before, in the order of their indices.
    pub inputs: BoundedVec<Shown, ConstU32<MAX_INPUTS>>,
    /// What proves them.
    pub siblings: Siblings,
    /// The weights.
    pub parameters: ShownParameters,
}

/// The secret from which salts and the key of the verdict follow.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Secret {
    /// The secret that the uploader has committed to.
    pub root: VerdictRoot,
    /// The logits, where the answer itself is disputed: four bytes each, little-endian.
    pub logits: Option<BoundedVec<u8, ConstU32<{ 4 * medchain_primitives::MAX_CLASSES }>>>,
}

/// What a player does in a round.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Move {
    /// The roots of its trace.
    #[codec(index = 0)]
    Roots(Roots),
    /// What lies below a node.
    #[codec(index = 1)]
    Nodes(Nodes),
    /// The leaf on which the players differ.
    #[codec(index = 2)]
    Leaf(Leaf),
    /// The sums that make a value.
    #[codec(index = 3)]
    Sums(Sums),
    /// What a value is computed from.
    #[codec(index = 4)]
    Opening(Opening),
    /// What salts and the answer are computed from.
    #[codec(index = 5)]
    Secret(Secret),
}
