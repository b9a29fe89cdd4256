//! Merkle trees: a short root for a long list, and short proofs of its leaves.

use alloc::vec::Vec;

use crate::hash::blake2;

/// A node of a tree, or a leaf.
pub type Hash = [u8; 32];

/// What stands in place of leaves beyond the last.
pub const NO_LEAF: Hash = [0; 32];

/// Returns the node above two others.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    blake2(b"medchain/node/1", &[left, right])
}

/// Returns the levels between the root of a tree and its leaves.
#[must_use]
pub fn depth_of(leaves: u32) -> u8 {
    // At most 31.
    leaves.next_power_of_two().trailing_zeros() as u8
}

/// Returns the root of a tree of these leaves, whose number is a power of two.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Option<Hash> {
    if !leaves.len().is_power_of_two() {
        return None;
    }
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied()
}

/// Returns the root that follows from some leaves and what is missing beside their paths.
///
/// `leaves` are in ascending order of their index. `siblings` are the missing nodes, from the
/// leaves upwards and in each level from left to right, as [`Tree::siblings`] gives them.
///
/// `None` where these do not make a tree of this depth, or where siblings are left over.
#[must_use]
pub fn root_from(depth: u8, leaves: &[(u32, Hash)], siblings: &[Hash]) -> Option<Hash> {
    let ascending = leaves.windows(2).all(|pair| matches!(pair, [a, b] if a.0 < b.0));
    let last = u64::from(leaves.last()?.0);
    if !ascending || last.checked_shr(depth.into())? != 0 {
        return None;
    }
    let mut siblings = siblings.iter();
    let mut level = leaves.to_vec();
    for _ in 0..depth {
        let mut next = Vec::with_capacity(level.len());
        let mut known = level.iter().peekable();
        while let Some((index, hash)) = known.next() {
            let above = if index & 1 == 1 {
                node(siblings.next()?, hash)
            } else {
                match known.next_if(|(other, _)| *other == index | 1) {
                    Some((_, right)) => node(hash, right),
                    None => node(hash, siblings.next()?),
                }
            };
            next.push((index >> 1, above));
        }
        level = next;
    }
    match (&level[..], siblings.next()) {
        ([(0, root)], None) => Some(*root),
        _ => None,
    }
}

/// A whole tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The leaves first, the root last.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Builds a tree; missing leaves, up to a power of two, are [`NO_LEAF`].
    #[must_use]
    pub fn new(mut leaves: Vec<Hash>) -> Self {
        leaves.resize(leaves.len().next_power_of_two(), NO_LEAF);
        let mut level = leaves;
        let mut levels = Vec::new();
        while level.len() > 1 {
            let next = above(&level);
            levels.push(core::mem::replace(&mut level, next));
        }
        levels.push(level);
        Self { levels }
    }

    /// Returns the root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or(NO_LEAF)
    }

    /// Returns the nodes that lie `down` levels below a node: `index` counts from the left, in
    /// the level that is `height` above the leaves.
    #[must_use]
    pub fn below(&self, height: u8, index: u32, down: u8) -> Option<&[Hash]> {
        let level = self.levels.get(usize::from(height.checked_sub(down)?))?;
        let width = 1usize.checked_shl(down.into())?;
        let first = usize::try_from(index).ok()?.checked_mul(width)?;
        level.get(first..first.checked_add(width)?)
    }

    /// Returns what [`root_from`] needs beside these leaves, whose indices ascend.
    #[must_use]
    pub fn siblings(&self, leaves: &[u32]) -> Vec<Hash> {
        let mut siblings = Vec::new();
        let mut known = leaves.to_vec();
        for level in self.levels.iter().take(self.levels.len().saturating_sub(1)) {
            let missing = known.iter().filter(|index| !known.contains(&(**index ^ 1)));
            siblings.extend(missing.filter_map(|index| level.get((index ^ 1) as usize)).copied());
            known.iter_mut().for_each(|index| *index >>= 1);
            known.dedup();
        }
        siblings
    }
}

fn above(level: &[Hash]) -> Vec<Hash> {
    let (pairs, _) = level.as_chunks::<2>();
    pairs.iter().map(|[left, right]| node(left, right)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaves(count: u32) -> Vec<Hash> {
        (0..count).map(|index| blake2(b"leaf", &[&index.to_le_bytes()])).collect()
    }

    #[test]
    fn a_tree_of_one_leaf_is_that_leaf() {
        let tree = Tree::new(vec![[7; 32]]);
        assert_eq!((tree.root(), depth_of(1)), ([7; 32], 0));
        assert_eq!(root_from(0, &[(0, [7; 32])], &[]), Some([7; 32]));
        assert_eq!(tree.siblings(&[0]), Vec::<Hash>::new());
    }

    proptest! {
        #[test]
        fn any_leaves_prove_themselves_and_nothing_else(
            count in 1u32..70,
            chosen in proptest::collection::btree_set(0u32..70, 1..9),
            change in any::<prop::sample::Index>(),
        ) {
            let all = leaves(count);
            let chosen: Vec<u32> = chosen.into_iter().filter(|index| *index < count).collect();
            prop_assume!(!chosen.is_empty());
            let tree = Tree::new(all.clone());
            let depth = depth_of(count);
            let shown: Vec<_> = chosen.iter().map(|index| (*index, all[*index as usize])).collect();
            let siblings = tree.siblings(&chosen);
            prop_assert_eq!(root_from(depth, &shown, &siblings), Some(tree.root()));

            let mut wrong = shown.clone();
            change.get_mut(&mut wrong).1[0] ^= 1;
            prop_assert_ne!(root_from(depth, &wrong, &siblings), Some(tree.root()));
            let mut moved = shown.clone();
            change.get_mut(&mut moved).0 ^= 1;
            prop_assert_ne!(root_from(depth, &moved, &siblings), Some(tree.root()));
            let mut longer = siblings.clone();
            longer.push([0; 32]);
            prop_assert_eq!(root_from(depth, &shown, &longer), None);
            if !siblings.is_empty() {
                prop_assert_eq!(root_from(depth, &shown, &siblings[1..]), None);
            }
            prop_assert_eq!(root_from(depth, &[], &siblings), None);
        }

        #[test]
        fn nodes_below_a_node_make_it(count in 1u32..70, down in 0u8..7, index in 0u32..8) {
            let tree = Tree::new(leaves(count));
            for height in down..=depth_of(count) {
                if let Some(below) = tree.below(height, index, down) {
                    let this = tree.below(height, index, 0).unwrap();
                    prop_assert_eq!(root_of(below), this.first().copied());
                }
            }
            prop_assert_eq!(tree.below(depth_of(count), 0, depth_of(count)).unwrap().len(), 1 << depth_of(count));
        }
    }
}
