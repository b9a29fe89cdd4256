//! The state of a dispute, and what a move makes of it.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use medchain_exact::{softmax, Window};
use medchain_primitives::{
    InputRoot, ModelId, RecordId, RequestId, SealedAnswer, VerdictCommitment,
};
use medchain_verdicts::{
    trace_leaf,
    tree::{root_of, Hash, NO_LEAF},
    verdict_commitment, TraceSalt, VerdictKey, VerdictName,
};
use scale_info::TypeInfo;

use crate::{
    moves::{Leaf, Move, Nodes, Opening, Roots, Secret, Side, Sums, STEP},
    network::{bias_leaf, pieces, weights_index, Network},
    opening::{finish, logits, proven, Claimed},
    place::Place,
};

/// What a dispute is about: everything that both players have agreed on, and their answers.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Spec {
    /// The network.
    pub network: Network,
    /// The root of the input.
    pub input_root: InputRoot,
    /// The commitment to the record's verdict root.
    pub verdicts: VerdictCommitment,
    /// The hash of the chain's first block.
    pub genesis: Hash,
    /// The record.
    pub record: RecordId,
    /// The model.
    pub model: ModelId,
    /// The request.
    pub request: RequestId,
    /// The sealed answer of each player; they differ.
    pub answers: [SealedAnswer; 2],
}

impl Spec {
    /// Returns the name of the verdict, from which salts and its key are derived.
    #[must_use]
    pub fn name(&self) -> VerdictName {
        VerdictName {
            genesis: self.genesis,
            record: self.record,
            model: self.model,
            request: self.request,
        }
    }
}

/// How far a dispute is.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Stage {
    /// Both show the roots of all levels.
    #[codec(index = 0)]
    Roots,
    /// Both show what lies below the node on which they differ.
    #[codec(index = 1)]
    Nodes {
        /// The first level on which they differ.
        level: u8,
        /// The levels of the tree between the node and the leaves.
        height: u8,
        /// The index of the node among those of its height.
        index: u32,
        /// What each player claims that the node is.
        claims: [Hash; 2],
        /// The root of the level before, on which they agree.
        before: Hash,
    },
    /// Both show the first leaf on which they differ.
    #[codec(index = 2)]
    Leaf {
        /// The level.
        level: u8,
        /// The index of the leaf.
        index: u32,
        /// What each player claims that the leaf's hash is.
        claims: [Hash; 2],
        /// The root of the level before, on which they agree.
        before: Hash,
    },
    /// Both show the sums that make the first value on which they differ.
    #[codec(index = 3)]
    Sums {
        /// The level.
        level: u8,
        /// The channel, or the class.
        channel: u16,
        /// What each player claims that the value is.
        claims: [i32; 2],
        /// The root of the level before, on which they agree.
        before: Hash,
    },
    /// Either opens the first value, or piece of a value, on which they differ.
    #[codec(index = 4)]
    Value {
        /// The level.
        level: u8,
        /// The index of the leaf.
        index: u32,
        /// The channel, or the class.
        channel: u16,
        /// The piece of the value, where it has several.
        piece: Option<u16>,
        /// What each player claims that it is.
        claims: [i32; 2],
        /// The root of the level before, on which they agree.
        before: Hash,
    },
    /// Either opens the secret: they agree on a leaf's values, not on its salt.
    #[codec(index = 5)]
    Salt {
        /// The level.
        level: u8,
        /// The index of the leaf.
        index: u32,
        /// What each player claims that the salt is.
        claims: [Hash; 2],
    },
    /// Either opens the secret: they agree on the logits, not on the answer.
    #[codec(index = 6)]
    Answer {
        /// The hash of the logits.
        logits: Hash,
    },
}

impl Stage {
    /// The name of what players show in this stage.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Roots => "roots",
            Self::Nodes { .. } => "nodes",
            Self::Leaf { .. } => "leaf",
            Self::Sums { .. } => "sums",
            Self::Value { .. } => "value",
            Self::Salt { .. } => "salt",
            Self::Answer { .. } => "answer",
        }
    }

    /// The first level on which the players differ, from 1, once that is known.
    #[must_use]
    pub const fn level(&self) -> Option<u8> {
        match self {
            Self::Nodes { level, .. }
            | Self::Leaf { level, .. }
            | Self::Sums { level, .. }
            | Self::Value { level, .. }
            | Self::Salt { level, .. } => Some(*level),
            Self::Roots | Self::Answer { .. } => None,
        }
    }
}

impl core::fmt::Display for Stage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What one player has said in a round in which the other has not yet.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Said {
    /// The roots of its trace.
    #[codec(index = 0)]
    Roots(Roots),
    /// What lies below a node.
    #[codec(index = 1)]
    Nodes(Nodes),
    /// A leaf.
    #[codec(index = 2)]
    Leaf(Leaf),
    /// The sums that make a value.
    #[codec(index = 3)]
    Sums(Sums),
}

/// A dispute.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Game {
    /// What it is about.
    pub spec: Spec,
    /// How far it is.
    pub stage: Stage,
    /// Who has moved in this round already, and what it said.
    pub said: Option<(Side, Said)>,
}

/// Who stands at the end of a dispute: the first and the second player. Perhaps none.
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
pub struct Standing(pub [bool; 2]);

/// What a move has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The other player is to move.
    Waiting,
    /// Both have moved: the next round has begun.
    Next,
    /// The dispute is over.
    Over(Standing),
}

/// Why a move is refused. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// This round asks for something else.
    WrongMove,
    /// The player has moved in this round already.
    AlreadyMoved,
    /// It does not have the length or number that it must have.
    WrongSize,
    /// It does not fit what the player has claimed before.
    Inconsistent,
    /// It does not prove what it should.
    NotProven,
    /// It is not the secret that the uploader committed to.
    WrongSecret,
}

type Played = Result<Progress, Refused>;

impl Game {
    /// Begins a dispute.
    #[must_use]
    pub fn new(spec: Spec) -> Self {
        Self { spec, stage: Stage::Roots, said: None }
    }

    /// Returns the number of the round, from 1.
    ///
    /// The game does not count, but each of its stages is reached in one way alone.
    #[must_use]
    pub fn round(&self) -> u32 {
        match &self.stage {
            Stage::Roots => 1,
            Stage::Answer { .. } => 2,
            Stage::Nodes { level, height, .. } => {
                Self::round_below(self.depth(*level).saturating_sub(*height))
            }
            Stage::Leaf { level, .. } => self.round_at_leaf(*level),
            Stage::Sums { level, .. } | Stage::Salt { level, .. } => {
                self.round_at_leaf(*level).saturating_add(1)
            }
            Stage::Value { level, piece, .. } => self
                .round_at_leaf(*level)
                .saturating_add(1)
                .saturating_add(u32::from(piece.is_some())),
        }
    }

    /// The round in which both show a leaf of a level.
    fn round_at_leaf(&self, level: u8) -> u32 {
        Self::round_below(self.depth(level))
    }

    /// The round that begins so many levels of a tree below its root.
    fn round_below(levels: u8) -> u32 {
        u32::from(levels.div_ceil(STEP)).saturating_add(2)
    }

    fn depth(&self, level: u8) -> u8 {
        self.spec.network.level(level).map_or(0, |found| found.depth())
    }

    /// Whether a player still has to move in this round.
    #[must_use]
    pub fn awaits(&self, side: Side) -> bool {
        self.said.as_ref().is_none_or(|(moved, _)| *moved != side)
    }

    /// Whether the players show, in this round, all that one layer gave, from which anybody who has
    /// the network computes the answer: the logits, or a fully connected layer.
    #[must_use]
    pub fn shows_answer(&self) -> bool {
        match self.stage {
            Stage::Leaf { level, .. } => {
                self.spec.network.level(level).is_some_and(|found| found.leaves == 1)
            }
            _ => false,
        }
    }

    /// Returns who stands when the time of a round is over: whoever has moved.
    #[must_use]
    pub fn timed_out(&self) -> Standing {
        Standing(Side::BOTH.map(|side| !self.awaits(side)))
    }

    /// Makes a move.
    ///
    /// # Errors
    /// [`Refused`]; the game is as before.
    pub fn play(&mut self, side: Side, made: Move) -> Played {
        if !self.awaits(side) {
            return Err(Refused::AlreadyMoved);
        }
        match (self.stage.clone(), made) {
            (Stage::Roots, Move::Roots(roots)) => self.roots(side, roots),
            (Stage::Nodes { .. }, Move::Nodes(nodes)) => self.nodes(side, nodes),
            (Stage::Leaf { .. }, Move::Leaf(leaf)) => self.leaf(side, leaf),
            (Stage::Sums { .. }, Move::Sums(sums)) => self.sums(side, sums),
            (Stage::Value { .. }, Move::Opening(opening)) => self.value(&opening),
            (Stage::Salt { level, index, claims }, Move::Secret(secret)) => {
                let salt = self.salts(&secret)?.of_leaf(level, index);
                Ok(judge(&claims, &salt))
            }
            (Stage::Answer { logits }, Move::Secret(secret)) => self.answer(logits, &secret),
            _ => Err(Refused::WrongMove),
        }
    }

    /// Remembers the first word of a round, and takes both where this is the second.
    fn hear(&mut self, side: Side, said: Said) -> Option<[Said; 2]> {
        match self.said.take() {
            None => {
                self.said = Some((side, said));
                None
            }
            Some((_, other)) => Some(match side {
                Side::First => [said, other],
                Side::Second => [other, said],
            }),
        }
    }

    fn next(&mut self, stage: Stage) -> Played {
        self.stage = stage;
        Ok(Progress::Next)
    }

    fn roots(&mut self, side: Side, roots: Roots) -> Played {
        if roots.len() != self.spec.network.layers.len() {
            return Err(Refused::WrongSize);
        }
        let Some([Said::Roots(first), Said::Roots(second)]) = self.hear(side, Said::Roots(roots))
        else {
            return Ok(Progress::Waiting);
        };
        let mut before = self.spec.input_root.0;
        for (level, (one, other)) in (1u8..).zip(first.iter().zip(&second)) {
            if one != other {
                return self.differ(level, [*one, *other], before);
            }
            before = *one;
        }
        self.next(Stage::Answer { logits: before })
    }

    /// Goes on at the root of the first level on which the players differ.
    fn differ(&mut self, level: u8, claims: [Hash; 2], before: Hash) -> Played {
        let height = self.spec.network.level(level).ok_or(Refused::WrongSize)?.depth();
        self.at_node(level, height, 0, claims, before)
    }

    /// Goes on at a node on which the players differ.
    fn at_node(
        &mut self,
        level: u8,
        height: u8,
        index: u32,
        claims: [Hash; 2],
        before: Hash,
    ) -> Played {
        if height > 0 {
            return self.next(Stage::Nodes { level, height, index, claims, before });
        }
        let leaves = self.spec.network.level(level).ok_or(Refused::WrongSize)?.leaves;
        if index >= leaves {
            return Ok(judge(&claims, &NO_LEAF));
        }
        self.next(Stage::Leaf { level, index, claims, before })
    }

    fn nodes(&mut self, side: Side, nodes: Nodes) -> Played {
        let Stage::Nodes { level, height, index, claims, before } = self.stage else {
            return Err(Refused::WrongMove);
        };
        let down = height.min(STEP);
        if nodes.len() != 1usize.checked_shl(down.into()).unwrap_or_default() {
            return Err(Refused::WrongSize);
        }
        if root_of(&nodes).as_ref() != Some(side.of(&claims)) {
            return Err(Refused::Inconsistent);
        }
        let Some([Said::Nodes(first), Said::Nodes(second)]) = self.hear(side, Said::Nodes(nodes))
        else {
            return Ok(Progress::Waiting);
        };
        // Nodes that differ have something below them that differs.
        let pairs = (0u32..).zip(first.iter().zip(&second));
        let found = pairs.into_iter().find(|(_, (one, other))| one != other);
        let (place, (one, other)) = found.ok_or(Refused::Inconsistent)?;
        let index = index.checked_shl(down.into()).unwrap_or_default().saturating_add(place);
        self.at_node(level, height.saturating_sub(down), index, [*one, *other], before)
    }

    fn leaf(&mut self, side: Side, leaf: Leaf) -> Played {
        let Stage::Leaf { level, index, claims, before } = self.stage else {
            return Err(Refused::WrongMove);
        };
        let expected = self.spec.network.level(level).ok_or(Refused::WrongSize)?.leaf;
        if leaf.bytes.len() != expected {
            return Err(Refused::WrongSize);
        }
        if trace_leaf(&leaf.salt, level, index, &leaf.bytes) != *side.of(&claims) {
            return Err(Refused::Inconsistent);
        }
        let Some([Said::Leaf(first), Said::Leaf(second)]) = self.hear(side, Said::Leaf(leaf))
        else {
            return Ok(Progress::Waiting);
        };
        let Some((channel, claims)) = self.first_value(level, &first, &second) else {
            return self.next(Stage::Salt { level, index, claims: [first.salt, second.salt] });
        };
        let layer = self.spec.network.layer_of(level).ok_or(Refused::WrongSize)?;
        if layer.window == Window::All && pieces(layer) > 1 {
            return self.next(Stage::Sums { level, channel, claims, before });
        }
        self.next(Stage::Value { level, index, channel, piece: None, claims, before })
    }

    /// Returns the first value on which two leaves differ.
    fn first_value(&self, level: u8, first: &Leaf, second: &Leaf) -> Option<(u16, [i32; 2])> {
        let values = |leaf: &Leaf| {
            if level == self.spec.network.last_level() {
                logits(&leaf.bytes)
            } else {
                leaf.bytes.iter().map(|byte| i32::from(*byte)).collect()
            }
        };
        let (first, second) = (values(first), values(second));
        let pairs = (0u16..).zip(first.into_iter().zip(second));
        let found = pairs.into_iter().find(|(_, (one, other))| one != other);
        found.map(|(channel, (one, other))| (channel, [one, other]))
    }

    fn sums(&mut self, side: Side, sums: Sums) -> Played {
        let Stage::Sums { level, channel, claims, before } = self.stage else {
            return Err(Refused::WrongMove);
        };
        let number = usize::from(level.saturating_sub(1));
        let layer = self.spec.network.layers.get(number).ok_or(Refused::WrongSize)?;
        let count = pieces(&layer.shape);
        if u32::try_from(sums.pieces.len()) != Ok(count) {
            return Err(Refused::WrongSize);
        }
        let index = weights_index(&layer.shape, channel, count);
        let leaf = (index, bias_leaf(index, sums.bias, sums.shift));
        proven(layer, &[leaf], &sums.siblings).ok_or(Refused::NotProven)?;
        let total = sums.pieces.iter().fold(sums.bias, |total, sum| total.wrapping_add(*sum));
        if finish(&layer.shape, total, sums.shift) != *side.of(&claims) {
            return Err(Refused::Inconsistent);
        }
        let Some([Said::Sums(first), Said::Sums(second)]) = self.hear(side, Said::Sums(sums))
        else {
            return Ok(Progress::Waiting);
        };
        // Values that differ have a sum that differs: bias and shift are proven.
        let pairs = (0u16..).zip(first.pieces.into_iter().zip(second.pieces));
        let found = pairs.into_iter().find(|(_, (one, other))| one != other);
        let (piece, (one, other)) = found.ok_or(Refused::Inconsistent)?;
        let claims = [one, other];
        self.next(Stage::Value { level, index: 0, channel, piece: Some(piece), claims, before })
    }

    fn value(&self, opening: &Opening) -> Played {
        let Stage::Value { level, index, channel, piece, claims, before } = self.stage else {
            return Err(Refused::WrongMove);
        };
        let number = level.checked_sub(1).ok_or(Refused::WrongSize)?;
        let layer = self.spec.network.layers.get(usize::from(number));
        let claimed = Claimed {
            place: Place { level, index, channel },
            piece,
            layer: layer.ok_or(Refused::WrongSize)?,
            before: self.spec.network.level(number).ok_or(Refused::WrongSize)?,
            root: before,
        };
        Ok(judge(&claims, &claimed.compute(opening).ok_or(Refused::NotProven)?))
    }

    fn salts(&self, secret: &Secret) -> Result<TraceSalt, Refused> {
        if verdict_commitment(&secret.root) != self.spec.verdicts {
            return Err(Refused::WrongSecret);
        }
        Ok(TraceSalt::new(&secret.root, &self.spec.name()))
    }

    fn answer(&self, claimed: Hash, secret: &Secret) -> Played {
        let salts = self.salts(secret)?;
        let shown = secret.logits.as_ref().ok_or(Refused::WrongSize)?;
        let level = self.spec.network.last_level();
        if trace_leaf(&salts.of_leaf(level, 0), level, 0, shown) != claimed {
            return Err(Refused::NotProven);
        }
        let output = softmax(&logits(shown), self.spec.network.scale);
        let output = output.map_err(|_| Refused::WrongSize)?;
        let sealed = VerdictKey::new(&secret.root, &self.spec.name()).seal(&output);
        Ok(judge(&self.spec.answers, &sealed))
    }
}

/// Ends a dispute: whoever claimed what is true stands.
fn judge<T: PartialEq>(claims: &[T; 2], truth: &T) -> Progress {
    Progress::Over(Standing(Side::BOTH.map(|side| side.of(claims) == truth)))
}
