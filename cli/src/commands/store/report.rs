//! What the stores keep, lack and have damaged.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use crate::output::{counted, Outcome};

/// What the stores keep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// The stores.
    pub stores: Vec<StoreReport>,
    /// What the chain names and no store has whole, although all of them answered.
    pub lost: Vec<Lost>,
    /// Whether every block was read and compared with its hash.
    pub verified: bool,
    /// The content that was deleted on request.
    pub unpinned: Vec<String>,
    /// The content that was put into stores that lacked it or had it damaged.
    pub healed: Vec<String>,
}

/// What one store keeps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoreReport {
    /// The store.
    pub store: String,
    /// How many pieces of content it keeps.
    pub kept: usize,
    /// Those that nothing on chain names.
    pub unnamed: Vec<Unnamed>,
    /// What the chain names, and the store has in part, or not as it was.
    pub damaged: Vec<Damaged>,
    /// The CIDs of what the chain names, and another store or your journal knows, and this one
    /// does not have.
    pub lacks: Vec<String>,
    /// Why it could not be asked, or not about everything.
    pub problem: Option<String>,
}

/// Content that nothing on chain names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unnamed {
    /// Its CID.
    pub cid: String,
    /// What the journal, or the chain, says of it.
    pub known_as: Known,
    /// What it is, where that is known.
    pub what: Option<String>,
}

/// Content that a store has in part, or not as it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Damaged {
    /// Its CID.
    pub cid: String,
    /// What is wrong with it.
    pub how: String,
}

/// Content that no store has whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lost {
    /// Its CID.
    pub cid: String,
    /// What it is, where the journal knows it.
    pub what: Option<String>,
    /// The command that published it, such as `upload`, where the journal knows it.
    pub command: Option<String>,
}

impl Lost {
    /// What can be done besides naming another store.
    fn way_out(&self) -> &'static str {
        match self.command.as_deref() {
            Some("upload") => ", or repeat the upload with the film, which puts it back",
            Some("rotate") => {
                "; no command makes a rotated version again; where its previous version is not \
                 erased, `medchain restore` makes that the newest, and otherwise add the film as a \
                 new record"
            }
            Some("model") => {
                ", or put its file into an IPFS node with `ipfs add --cid-version=1`, which gives \
                 it this CID"
            }
            _ => "; if it is a film, let its uploader repeat the upload, which puts it back",
        }
    }
}

/// What is known of content that nothing on chain names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// It is on its way: `medchain resume` finishes it.
    Open,
    /// It was given up or refused: nobody needs it.
    Orphan,
    /// Its record is erased on chain, and it is stored all the same.
    Erased,
    /// It belongs to something that is finished, as a model's preprocessing file does.
    Part,
    /// Nothing: it is somebody else's.
    Unknown,
}

impl Known {
    const fn words(self) -> &'static str {
        match self {
            Self::Open => "not finished; see medchain resume",
            Self::Orphan => "needed by nobody; --unpin deletes it",
            Self::Erased => {
                "erased on chain and still stored here; `medchain erase` by its patient, with this \
                 store as --store, deletes it:"
            }
            Self::Part => "a part of",
            Self::Unknown => "not in your journal; left alone",
        }
    }
}

impl CheckReport {
    /// The CIDs of what some store lacks or has damaged.
    pub fn to_heal(&self) -> BTreeSet<String> {
        let stores = self.stores.iter();
        let of = |store: &StoreReport| {
            let damaged = store.damaged.iter().map(|one| one.cid.clone());
            damaged.chain(store.lacks.iter().cloned()).collect::<Vec<_>>()
        };
        stores.flat_map(of).collect()
    }

    /// Whether everything that the chain names is whole, or was healed.
    pub fn outcome(&self) -> Outcome {
        let damaged = self.stores.iter().flat_map(|store| &store.damaged).map(|one| &one.cid);
        let mut wrong = damaged.chain(self.lost.iter().map(|one| &one.cid));
        match wrong.all(|cid| self.healed.contains(cid)) {
            true => Outcome::Done,
            false => Outcome::No,
        }
    }
}

impl fmt::Display for StoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(problem) = &self.problem {
            writeln!(f, "{}: {problem}", self.store)?;
            if self.kept == 0 {
                return Ok(());
            }
        }
        writeln!(
            f,
            "{} keeps {}, {} of them named by nothing on chain",
            self.store,
            counted(self.kept as u64, "file"),
            self.unnamed.len()
        )?;
        for one in &self.unnamed {
            let what = one.what.as_deref().unwrap_or_default();
            writeln!(f, "  {}  {} {what}", one.cid, one.known_as.words())?;
        }
        for Damaged { cid, how } in &self.damaged {
            writeln!(f, "  {cid}  damaged: {how}")?;
        }
        for cid in &self.lacks {
            writeln!(f, "  {cid}  is not in this store")?;
        }
        Ok(())
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for store in &self.stores {
            store.fmt(f)?;
        }
        let how = match self.verified {
            true => "every block of what the chain names was read and compared with its hash",
            false => {
                "that blocks are there was looked at, not what is in each; --verify reads them all"
            }
        };
        writeln!(f, "{how}")?;
        for cid in &self.unpinned {
            writeln!(f, "deleted {cid}")?;
        }
        for cid in &self.healed {
            writeln!(f, "put {cid} into the stores that lacked it")?;
        }
        let is_left = |cid: &String| !self.healed.contains(cid);
        for lost in self.lost.iter().filter(|lost| is_left(&lost.cid)) {
            let (cid, way_out) = (&lost.cid, lost.way_out());
            let what = lost.what.as_deref().map(|what| format!(" ({what})")).unwrap_or_default();
            writeln!(
                f,
                "LOST {cid}{what}: no store has all of it; name another one that may have it with \
                 --store{way_out}"
            )?;
        }
        let mut damaged = self.stores.iter().flat_map(|store| &store.damaged);
        if damaged.any(|one| is_left(&one.cid)) {
            writeln!(f, "what is damaged and whole in another store is mended by --heal")?;
        }
        Ok(())
    }
}
