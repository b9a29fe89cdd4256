//! What a worker has computed on its way to an answer.

use medchain_exact::Levels;
use medchain_primitives::VerdictRoot;
use medchain_verdicts::{
    input_tree, trace_leaf,
    tree::{Hash, Tree},
    InputSalt, TraceSalt, VerdictName,
};

use crate::{
    moves::{Leaf, Nodes, Roots, Shown, STEP},
    network::Network,
    opening::logit_bytes,
};

/// All levels of a network for one input, with the trees over them.
pub struct Trace {
    /// The bytes of each level: the input, the activations, the logits.
    pub(crate) levels: Vec<Vec<u8>>,
    pub(crate) trees: Vec<Tree>,
    /// The bytes of a leaf in each level.
    leaves: Vec<usize>,
    input_salt: InputSalt,
    pub(crate) salts: TraceSalt,
}

impl Trace {
    /// Builds the trees over what a network computed from `input`.
    ///
    /// `input_salt` and `root` follow from the film's content key. `None` where the levels are
    /// not those of `network`.
    #[must_use]
    pub fn new(
        network: &Network,
        input: &[u8],
        levels: &Levels,
        input_salt: InputSalt,
        root: &VerdictRoot,
        name: &VerdictName,
    ) -> Option<Self> {
        let salts = TraceSalt::new(root, name);
        let mut all = vec![input.to_vec()];
        all.extend(levels.activations.iter().cloned());
        all.push(logit_bytes(&levels.logits));
        let mut trees = Vec::with_capacity(all.len());
        let mut leaves = Vec::with_capacity(all.len());
        for (level, bytes) in (0u8..).zip(&all) {
            let shape = network.level(level)?;
            if bytes.len() != shape.leaves as usize * shape.leaf {
                return None;
            }
            leaves.push(shape.leaf);
            trees.push(match level {
                0 => input_tree(bytes, shape.leaf, &input_salt),
                _ => Tree::new(hashes(&salts, level, bytes, shape.leaf)),
            });
        }
        (all.len() == usize::from(network.last_level()) + 1).then_some(Self {
            levels: all,
            trees,
            leaves,
            input_salt,
            salts,
        })
    }

    /// Returns the root of the input.
    #[must_use]
    pub fn input_root(&self) -> Hash {
        self.trees[0].root()
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::truncate_from(self.trees[1..].iter().map(Tree::root).collect())
    }

    pub(crate) fn nodes(&self, level: u8, height: u8, index: u32) -> Option<Nodes> {
        let nodes = self.trees.get(usize::from(level))?.below(height, index, height.min(STEP))?;
        Nodes::try_from(nodes.to_vec()).ok()
    }

    /// Returns the bytes of a leaf.
    pub(crate) fn bytes(&self, level: u8, index: u32) -> Option<&[u8]> {
        let width = *self.leaves.get(usize::from(level))?;
        self.levels.get(usize::from(level))?.chunks(width).nth(index as usize)
    }

    pub(crate) fn leaf(&self, level: u8, index: u32) -> Option<Leaf> {
        let bytes = self.bytes(level, index)?.to_vec().try_into().ok()?;
        Some(Leaf { salt: self.salts.of_leaf(level, index), bytes })
    }

    /// Returns a leaf for an opening, where the input has leaves too.
    pub(crate) fn shown(&self, level: u8, index: u32) -> Option<Shown> {
        let salt = match level {
            0 => self.input_salt.of_row(index),
            _ => self.salts.of_leaf(level, index),
        };
        Some(Shown { salt, bytes: self.bytes(level, index)?.to_vec().try_into().ok()? })
    }

    pub(crate) fn siblings(&self, level: u8, leaves: &[u32]) -> Vec<Hash> {
        self.trees.get(usize::from(level)).map(|tree| tree.siblings(leaves)).unwrap_or_default()
    }
}

pub(crate) fn hashes(salts: &TraceSalt, level: u8, bytes: &[u8], leaf: usize) -> Vec<Hash> {
    let leaves = (0u32..).zip(bytes.chunks(leaf.max(1)));
    leaves
        .map(|(index, bytes)| trace_leaf(&salts.of_leaf(level, index), level, index, bytes))
        .collect()
}
