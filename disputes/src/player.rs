//! How a worker that ran the network plays.

use medchain_exact::sum;
use medchain_primitives::VerdictRoot;

use crate::{
    game::{Game, Stage},
    moves::{Move, Opening, Secret, ShownParameters, Siblings, Sums},
    network::{pieces, weights_index, Weights},
    place::Place,
    trace::Trace,
    Side,
};

/// A worker with everything that it needs for its moves.
#[derive(Clone, Copy)]
pub struct Player<'a> {
    /// The network that it ran.
    pub network: &'a medchain_exact::Network,
    /// The trees over its weights.
    pub weights: &'a Weights,
    /// What it computed.
    pub trace: &'a Trace,
    /// The secret of the record.
    pub root: &'a VerdictRoot,
}

impl Player<'_> {
    /// Returns what to do now; `None` where it is not this player's turn, or where nothing that
    /// it knows fits the game.
    #[must_use]
    pub fn next(&self, game: &Game, side: Side) -> Option<Move> {
        if !game.awaits(side) {
            return None;
        }
        Some(match game.stage {
            Stage::Roots => Move::Roots(self.trace.roots()),
            Stage::Nodes { level, height, index, .. } => {
                Move::Nodes(self.trace.nodes(level, height, index)?)
            }
            Stage::Leaf { level, index, .. } => Move::Leaf(self.trace.leaf(level, index)?),
            Stage::Sums { level, channel, .. } => Move::Sums(self.sums(level, channel)?),
            Stage::Value { level, index, channel, piece, .. } => {
                Move::Opening(self.opening(Place { level, index, channel }, piece)?)
            }
            Stage::Salt { .. } => Move::Secret(Secret { root: *self.root, logits: None }),
            Stage::Answer { .. } => {
                let logits = self.trace.bytes(game.spec.network.last_level(), 0)?.to_vec();
                Move::Secret(Secret { root: *self.root, logits: Some(logits.try_into().ok()?) })
            }
        })
    }

    fn sums(&self, level: u8, channel: u16) -> Option<Sums> {
        let number = usize::from(level.checked_sub(1)?);
        let (layer, parameters) = self.network.layers().get(number)?;
        let (channels, output) = (usize::from(layer.inputs), usize::from(channel));
        let weights = parameters.weights.chunks(layer.patch()).nth(output)?;
        let input = self.trace.levels.get(number)?;
        let pairs = input.chunks(channels).zip(weights.chunks(channels));
        let all: Vec<i32> = pairs.map(|(input, weights)| sum(0, input, weights)).collect();
        let index = weights_index(layer, channel, pieces(layer));
        Some(Sums {
            pieces: all.try_into().ok()?,
            bias: *parameters.biases.get(output)?,
            shift: *parameters.shifts.get(output)?,
            siblings: Siblings::try_from(self.weights.siblings(number, &[index])).ok()?,
        })
    }

    fn opening(&self, place: Place, piece: Option<u16>) -> Option<Opening> {
        let before = place.level.checked_sub(1)?;
        let number = usize::from(before);
        let (layer, parameters) = self.network.layers().get(number)?;
        let leaves = place.inputs(layer, piece);
        let inputs: Option<Vec<_>> =
            leaves.iter().map(|index| self.trace.shown(before, *index)).collect();

        let (channels, output) = (usize::from(layer.inputs), usize::from(place.channel));
        let weights = parameters.weights.chunks(layer.patch()).nth(output)?;
        let bias = (*parameters.biases.get(output)?, *parameters.shifts.get(output)?);
        let (weights, bias, first, last) = match piece {
            Some(piece) => {
                let weights = weights.chunks(channels).nth(piece.into())?;
                (weights, None, u32::from(piece), u32::from(piece))
            }
            None => (weights, Some(bias), 0, pieces(layer)),
        };
        let shown: Vec<u32> =
            (first..=last).map(|piece| weights_index(layer, place.channel, piece)).collect();
        let bytes: Vec<u8> = weights.iter().map(|weight| *weight as u8).collect();
        Some(Opening {
            inputs: inputs?.try_into().ok()?,
            siblings: self.trace.siblings(before, &leaves).try_into().ok()?,
            parameters: ShownParameters {
                weights: bytes.try_into().ok()?,
                bias,
                siblings: self.weights.siblings(number, &shown).try_into().ok()?,
            },
        })
    }
}
