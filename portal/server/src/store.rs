//! The stores behind `/ipfs`, block by block: the same folders and IPFS nodes as `medchain`.

// The client's own reader of addresses: `medchain` and this server take the same. What one stored
// in a folder of that name, the other would not find.
#[path = "../../../client/src/store/address.rs"]
mod address;
mod folder;
mod kubo;

use bytes::Bytes;
use cid::Cid;
use sha2::{Digest, Sha256};

use crate::{ServeError, MAX_BLOCK};
use address::{shown, Address};
use folder::Folder;
use kubo::Kubo;

/// How many stores there may be.
const MAX_STORES: usize = 8;

/// One store, or several with the same content.
pub struct Store(Vec<One>);

enum One {
    Folder(Folder),
    Kubo(Kubo),
}

/// Why the address of a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is none of a store.
    #[error("{url}: {reason}")]
    InvalidUrl {
        /// The address, without a password.
        url: String,
        /// Why.
        reason: String,
    },
}

/// Why there is no block.
#[derive(Debug, PartialEq, Eq)]
pub enum Missed {
    /// The store does not have it.
    NotFound,
    /// The store failed, for this reason.
    Failed(String),
}

/// Whether `block` is the one that `cid` names.
pub fn verify(cid: &Cid, block: &[u8]) -> bool {
    let digest: [u8; 32] = Sha256::digest(block).into();
    block.len() <= MAX_BLOCK && cid.hash().digest() == digest
}

impl Store {
    /// Opens the stores that `list` names, separated by commas. Nothing is asked of them yet.
    ///
    /// # Errors
    /// [`ServeError::Store`].
    pub fn open(list: &str) -> Result<Self, ServeError> {
        let names: Vec<&str> = list.split(',').collect();
        if names.len() > MAX_STORES {
            return Err(ServeError::Store {
                // Not the list itself: an address in it may hold a password.
                name: format!("list of {} places", names.len()),
                reason: format!("at most {MAX_STORES} can be named"),
            });
        }
        names.into_iter().map(open_one).collect::<Result<_, _>>().map(Self)
    }

    /// The block, from the first store that has it undamaged.
    pub async fn get(&self, cid: &Cid) -> Result<Bytes, Missed> {
        let mut missed = Missed::NotFound;
        for store in &self.0 {
            let got = match store {
                One::Folder(folder) => folder.get(cid).await,
                One::Kubo(kubo) => kubo.get(cid).await,
            };
            match got {
                Ok(block) if verify(cid, &block) => return Ok(block),
                Ok(_) => missed = Missed::Failed("the stored block is damaged".into()),
                Err(Missed::NotFound) => {}
                Err(failed) => missed = failed,
            }
        }
        Err(missed)
    }

    /// Stores a block in every store; one is enough. What hangs on a root is kept for good.
    pub async fn put(&self, cid: &Cid, block: Bytes, is_root: bool) -> Result<(), String> {
        let mut done = Err("there is no store".to_owned());
        for store in &self.0 {
            let put = match store {
                One::Folder(folder) => folder.put(cid, block.clone()).await,
                One::Kubo(kubo) => kubo.put(cid, block.clone(), is_root).await,
            };
            if done.is_err() {
                done = put;
            }
        }
        done
    }

    /// Whether a store may have the block already, so that it is not whoever stores it now who
    /// decides about it.
    pub async fn has(&self, cid: &Cid, is_root: bool) -> bool {
        for store in &self.0 {
            let has = match store {
                One::Folder(folder) => folder.has(cid).await,
                One::Kubo(kubo) => kubo.has(cid, is_root).await,
            };
            if has {
                return true;
            }
        }
        false
    }

    /// Removes a block from every store. An IPFS node unpins what hangs on a root, and deletes it
    /// with its next garbage collection. What a store does not have is removed.
    pub async fn remove(&self, cid: &Cid, is_root: bool) -> Result<(), String> {
        let mut done = Ok(());
        for store in &self.0 {
            let removed = match store {
                One::Folder(folder) => folder.remove(cid).await,
                One::Kubo(kubo) => kubo.remove(cid, is_root).await,
            };
            // The others are asked all the same.
            done = done.and(removed);
        }
        done
    }
}

fn open_one(name: &str) -> Result<One, ServeError> {
    let invalid = |name: String, reason: String| ServeError::Store { name, reason };
    match Address::read(name) {
        Ok(Address::Folder(path)) => Ok(One::Folder(Folder::new(path))),
        Ok(Address::Node(url)) if url.starts_with("https:") => {
            let reason = "this server speaks to IPFS nodes without TLS and tokens; give the \
                          http:// address of one on this machine, or of a proxy here that adds them";
            Err(invalid(shown(&url), reason.to_owned()))
        }
        Ok(Address::Node(url)) => {
            Kubo::open(&url).map(One::Kubo).map_err(|reason| invalid(shown(&url), reason))
        }
        Err(StoreError::InvalidUrl { url, reason }) => Err(invalid(url, reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cid_of(block: &[u8]) -> Cid {
        let digest: [u8; 32] = Sha256::digest(block).into();
        let hash = cid::multihash::Multihash::<64>::wrap(0x12, &digest).expect("32 bytes fit; qed");
        Cid::new_v1(0x55, hash)
    }

    #[tokio::test]
    async fn a_folder_gives_back_what_it_got_and_no_more() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().to_string_lossy()).expect("a folder is a store");
        let (block, cid) = (Bytes::from_static(b"ciphertext"), cid_of(b"ciphertext"));
        assert_eq!(store.get(&cid).await, Err(Missed::NotFound));
        store.put(&cid, block.clone(), true).await.expect("a folder can be written to");
        assert_eq!(store.get(&cid).await, Ok(block));
        // The place is the one where `medchain` looks.
        let name = cid.to_string();
        let place = folder.path().join("blocks").join(&name[name.len() - 3..name.len() - 1]);
        std::fs::write(place.join(&name), b"damaged").expect("the block's file is there");
        assert!(matches!(store.get(&cid).await, Err(Missed::Failed(_))));
    }

    #[tokio::test]
    async fn what_is_removed_is_gone_from_every_store() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let list = format!("{},{}", one.path().display(), two.path().display());
        let store = Store::open(&list).unwrap();
        let (block, cid) = (Bytes::from_static(b"film"), cid_of(b"film"));
        assert!(!store.has(&cid, true).await);
        store.put(&cid, block, true).await.unwrap();
        let other = cid_of(b"another");
        store.put(&other, Bytes::from_static(b"another"), true).await.unwrap();
        assert!(store.has(&cid, true).await);
        store.remove(&cid, true).await.unwrap();
        assert!(!store.has(&cid, true).await);
        assert_eq!(store.get(&cid).await, Err(Missed::NotFound));
        assert!(store.get(&other).await.is_ok());
        // Asked once more, where the answer was lost.
        assert_eq!(store.remove(&cid, true).await, Ok(()));
    }

    #[tokio::test]
    async fn a_damaged_block_comes_from_the_next_store() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let list = format!("{},{}", one.path().display(), two.path().display());
        let store = Store::open(&list).unwrap();
        let (block, cid) = (Bytes::from_static(b"film"), cid_of(b"film"));
        store.put(&cid, block.clone(), true).await.unwrap();
        let name = cid.to_string();
        let place = one.path().join("blocks").join(&name[name.len() - 3..name.len() - 1]);
        std::fs::write(place.join(&name), b"other").unwrap();
        assert_eq!(store.get(&cid).await, Ok(block));
    }

    #[test]
    fn what_is_no_store_is_refused_without_its_password() {
        assert!(Store::open("").is_err());
        for list in [
            "https://user:secret@host:5001",
            "http://user:sec,ret@host:5001",
            // More than there may be.
            "http://user:secret@host:5001,b,c,d,e,f,g,h,i",
        ] {
            let error = Store::open(list).err().map(|error| error.to_string());
            let error = error.expect("it is no store");
            assert!(!error.contains("sec") && !error.contains("ret@"), "{error}");
        }
    }

    /// Taken for the name of a folder, it would have films where no worker looks for them.
    #[test]
    fn an_ipfs_node_is_one_however_it_is_written() {
        for name in [
            "http://127.0.0.1:5001",
            "ipfs+http://127.0.0.1:5001",
            "127.0.0.1:5001",
            " /ip4/127.0.0.1/tcp/5001",
            "localhost:5001",
        ] {
            let store = Store::open(name).expect("it is a store");
            assert!(matches!(store.0[..], [One::Kubo(_)]), "{name}");
        }
        for name in ["store", "./127.0.0.1:5001", "file:///var/lib/store"] {
            let store = Store::open(name).expect("it is a store");
            assert!(matches!(store.0[..], [One::Folder(_)]), "{name}");
        }
        assert!(Store::open("127.0.0.1").is_err(), "it lacks its port");
    }
}
