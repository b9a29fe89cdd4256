//! Deleting a tree of blocks from a folder.
//!
//! A folder has no pins: it does not know which of its blocks were stored for their
//! own sake. So a tree is deleted with all its blocks, except those that another
//! tree in the folder links to. Encrypted files never share a block, because each
//! is encrypted under its own key.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::Path,
};

use cid::Cid as BlockCid;
use medchain_primitives::Cid;

use super::{at, read_block, LocalStore};
use crate::store::{
    dag::{self, DAG_PB},
    unixfs::Node,
    LetGo, StoreError,
};

/// The blocks of a tree that are in the folder.
#[derive(Default)]
struct Tree {
    /// Each block, with the blocks that it links to.
    blocks: BTreeMap<BlockCid, Vec<BlockCid>>,
    /// The same, a block before what it links to.
    order: Vec<BlockCid>,
    /// A block whose links are lost.
    damaged: Option<BlockCid>,
}

impl LocalStore {
    /// Deletes the tree under `root`, the root last, so that an interrupted deletion
    /// can continue. Where another tree links to the root itself, all of it stays,
    /// and the answer is [`LetGo::NotKept`], as a node would answer.
    ///
    /// Errors: [`StoreError::Corrupt`] where the links of a block are lost: the
    /// content can no longer be read, but some of it may be left.
    pub(super) fn delete(&self, root: &Cid) -> Result<LetGo, StoreError> {
        if !self.folder.is_dir() {
            return Err(StoreError::NoFolder { path: self.folder.clone() });
        }
        let root = dag::block_cid(root)?;
        let tree = self.tree(root)?;
        let kept = self.needed_elsewhere(&tree)?;
        if tree.order.is_empty() || kept.contains(&root) {
            return Ok(LetGo::NotKept);
        }
        let mut folders = BTreeSet::new();
        for cid in tree.order.iter().rev().filter(|cid| !kept.contains(cid)) {
            let path = self.path_of(cid);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(at(&path, error));
                }
                _ => folders.extend(path.parent().map(Path::to_owned)),
            }
        }
        // Deleted content must not come back after a power cut.
        for folder in folders {
            let synced = File::open(&folder).and_then(|folder| folder.sync_all());
            synced.map_err(|source| at(&folder, source))?;
        }
        match tree.damaged {
            None => Ok(LetGo::Deleted),
            Some(damaged) => Err(StoreError::Corrupt {
                cid: damaged.to_string(),
                reason: "it is deleted, but blocks that it links to may be left".into(),
            }),
        }
    }

    /// The blocks under `root` that are in the folder: each could be the root of other content.
    pub(super) fn below(&self, root: &Cid) -> Result<Vec<Cid>, StoreError> {
        let root = dag::block_cid(root)?;
        let tree = self.tree(root)?;
        let below = tree.order.iter().filter(|cid| **cid != root).map(ToString::to_string);
        Ok(below.filter_map(|cid| Cid::parse(cid.as_bytes()).ok()).collect())
    }

    /// The blocks of the tree under `root` that are in the folder.
    fn tree(&self, root: BlockCid) -> Result<Tree, StoreError> {
        let mut tree = Tree::default();
        let mut pending = vec![root];
        while let Some(cid) = pending.pop() {
            if tree.blocks.contains_key(&cid) {
                continue;
            }
            let path = self.path_of(&cid);
            let Some(block) = read_block(&path).map_err(|source| at(&path, source))? else {
                continue;
            };
            let links = match dag::verify(&cid, &block) {
                // The links of a damaged block cannot be trusted.
                Err(_) if cid.codec() == DAG_PB => {
                    tree.damaged = tree.damaged.or(Some(cid));
                    Vec::new()
                }
                Err(_) => Vec::new(),
                Ok(()) => links(&cid, &block).map_err(|reason| StoreError::Unsupported {
                    cid: cid.to_string(),
                    reason: reason.into(),
                })?,
            };
            pending.extend(&links);
            tree.order.push(cid);
            tree.blocks.insert(cid, links);
        }
        Ok(tree)
    }

    /// The blocks of a tree that other trees in the folder link to, with all
    /// that is under them.
    fn needed_elsewhere(&self, tree: &Tree) -> Result<BTreeSet<BlockCid>, StoreError> {
        let mut kept = BTreeSet::new();
        let mut pending = Vec::new();
        for path in self.files()? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Ok(cid) = BlockCid::try_from(name) else { continue };
            if cid.codec() != DAG_PB || tree.blocks.contains_key(&cid) {
                continue;
            }
            let block = read_block(&path).map_err(|source| at(&path, source))?;
            // A block that is not a node links to nothing.
            pending.extend(block.and_then(|block| links(&cid, &block).ok()).unwrap_or_default());
        }
        while let Some(cid) = pending.pop() {
            if let Some(links) = tree.blocks.get(&cid).filter(|_| kept.insert(cid)) {
                pending.extend(links);
            }
        }
        Ok(kept)
    }

    /// The blocks that no other block in the folder links to.
    pub(super) fn roots(&self) -> Result<Vec<Cid>, StoreError> {
        let (mut all, mut linked) = (BTreeSet::new(), BTreeSet::new());
        for path in self.files()? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Ok(cid) = BlockCid::try_from(name) else { continue };
            all.insert(cid);
            if cid.codec() == DAG_PB {
                let block = read_block(&path).map_err(|source| at(&path, source))?;
                linked.extend(block.and_then(|block| links(&cid, &block).ok()).unwrap_or_default());
            }
        }
        // One with another kind of name was not put here by this program.
        let roots = all.difference(&linked).map(ToString::to_string);
        Ok(roots.filter_map(|root| Cid::parse(root.as_bytes()).ok()).collect())
    }

    /// Every file that may be a block.
    fn files(&self) -> Result<Vec<std::path::PathBuf>, StoreError> {
        let mut files = Vec::new();
        let mut pending = vec![self.folder.join("blocks")];
        while let Some(folder) = pending.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(|source| at(&folder, source))?,
            };
            for entry in entries {
                let entry = entry.map_err(|source| at(&folder, source))?;
                let kind = entry.file_type().map_err(|source| at(&entry.path(), source))?;
                match kind.is_dir() {
                    true => pending.push(entry.path()),
                    false => files.push(entry.path()),
                }
            }
        }
        Ok(files)
    }
}

fn links(cid: &BlockCid, block: &[u8]) -> Result<Vec<BlockCid>, &'static str> {
    if cid.codec() != DAG_PB {
        return Ok(Vec::new());
    }
    Ok(Node::read(block)?.links.into_iter().map(|(link, _)| link).collect())
}
