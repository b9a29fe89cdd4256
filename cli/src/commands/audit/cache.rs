//! The entries that were read and verified before, in a file beside the key.
//!
//! The file is no evidence: what it has is compared with the links of the chain again, and it is
//! only read by a command that then reads the rest.
//!
//! The links prove entries, not their signers and times. So what an archive told has a file of its
//! own, from which no reading of a node or of another archive takes anything but the end of the log.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use codec::{Decode, DecodeAll, Encode};
use medchain_client::{
    chain::{LogHead, LoggedBlock},
    AccountId32, H256,
};

use crate::files;

/// The layout of the file.
const VERSION: u8 = 1;

/// What the file has.
#[derive(Encode, Decode)]
struct Stored {
    version: u8,
    genesis: [u8; 32],
    patient: AccountId32,
    blocks: Vec<LoggedBlock>,
}

/// The verified entries of one patient on one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    file: PathBuf,
    genesis: H256,
    patient: AccountId32,
}

impl Cache {
    /// That in the folder `<key file>.logs`.
    pub fn beside(key_file: &Path, genesis: H256, patient: AccountId32) -> Self {
        let mut folder = key_file.as_os_str().to_owned();
        folder.push(".logs");
        let chain: String = hex::encode(genesis.0).chars().take(8).collect();
        let file = PathBuf::from(folder).join(format!("{chain}-{patient}"));
        Self { file, genesis, patient }
    }

    /// The one for what the archive of an account told.
    pub fn told_by(&self, archive: &AccountId32) -> Self {
        let mut file = self.file.as_os_str().to_owned();
        file.push(format!(".{archive}"));
        Self { file: file.into(), ..self.clone() }
    }

    /// Those for what archives told, of all archives that were read.
    pub fn told(&self) -> Vec<Self> {
        let (Some(folder), Some(name)) = (self.file.parent(), self.file.file_name()) else {
            return Vec::new();
        };
        let begin = format!("{}.", name.to_string_lossy());
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
        let is_told = |file: &PathBuf| {
            file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&begin))
        };
        files.filter(is_told).map(|file| Self { file, ..self.clone() }).collect()
    }

    /// Where it is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The blocks that were verified, with the end of the log after them; none where there is no
    /// file, or one of something else.
    pub fn load(&self) -> (LogHead<u32>, Vec<LoggedBlock>) {
        let bytes = fs::read(&self.file).unwrap_or_default();
        let stored = Stored::decode_all(&mut bytes.as_slice()).ok().filter(|stored| {
            (stored.version, stored.genesis, stored.patient)
                == (VERSION, self.genesis.0, self.patient)
        });
        let blocks = stored.map(|stored| stored.blocks).unwrap_or_default();
        (end_of(&blocks), blocks)
    }

    /// Keeps the verified blocks, from the begin of the log.
    pub fn store(&self, blocks: Vec<LoggedBlock>) -> Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let stored =
            Stored { version: VERSION, genesis: self.genesis.0, patient: self.patient, blocks };
        files::write_atomically(&self.file, &stored.encode(), true, true)
    }
}

/// The end of a log that consists of these blocks.
pub fn end_of(blocks: &[LoggedBlock]) -> LogHead<u32> {
    blocks.iter().fold(LogHead::default(), |head, block| block.head_after(head))
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::LoggedEntry;

    use super::*;

    const PATIENT: AccountId32 = AccountId32([1; 32]);

    fn blocks() -> Vec<LoggedBlock> {
        let entry =
            |byte| LoggedEntry { index: 0, extrinsic: None, signer: None, event: vec![byte] };
        let block = |number| LoggedBlock {
            number,
            hash: [2; 32],
            time: 3,
            default_policy: None,
            entries: vec![entry(4), entry(5)],
        };
        vec![block(7), block(9)]
    }

    #[test]
    fn blocks_are_kept_by_chain_and_patient() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("me.key");
        let cache = Cache::beside(&key, H256([1; 32]), PATIENT);
        assert_eq!(cache.load(), (LogHead::default(), Vec::new()));
        cache.store(blocks()).unwrap();
        cache.store(blocks()).unwrap();
        let (end, loaded) = cache.load();
        assert_eq!((end.length, end.at), (4, 9));
        assert_eq!(loaded, blocks());
        for other in [
            Cache::beside(&key, H256([2; 32]), PATIENT),
            Cache::beside(&key, H256([1; 32]), AccountId32([2; 32])),
            Cache { genesis: H256([3; 32]), ..cache.clone() },
        ] {
            assert_eq!(other.load().1, []);
        }
    }

    #[test]
    fn what_an_archive_told_is_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::beside(&folder.path().join("me.key"), H256([1; 32]), PATIENT);
        assert_eq!(cache.told(), []);
        let archives = [AccountId32([7; 32]), AccountId32([8; 32])];
        cache.told_by(&archives[0]).store(blocks()).unwrap();
        assert_eq!(cache.load().1, [], "a reading of a node does not take it");
        assert_eq!(cache.told_by(&archives[1]).load().1, [], "nor one of another archive");
        assert_eq!(cache.told_by(&archives[0]).load().1, blocks());
        // But it is known that there were these entries.
        assert_eq!(cache.told(), [cache.told_by(&archives[0])]);
        cache.store(blocks()).unwrap();
        assert_eq!(cache.told().len(), 1);
        let other = Cache::beside(&folder.path().join("me.key"), H256([2; 32]), PATIENT);
        assert_eq!(other.told(), []);
    }

    #[test]
    fn an_altered_file_does_not_reach_the_same_end() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::beside(&folder.path().join("me.key"), H256([1; 32]), PATIENT);
        cache.store(blocks()).unwrap();
        let (end, _) = cache.load();
        let mut altered = blocks();
        altered[0].entries.remove(1);
        cache.store(altered).unwrap();
        assert_ne!(cache.load().0, end);
        fs::write(&cache.file, b"garbage").unwrap();
        assert_eq!(cache.load().1, []);
    }
}
