//! The checks that run once, before any work: each failure is one clear line.

use std::{collections::BTreeMap, fs, io, path::Path, path::PathBuf, sync::Arc};

use medchain_client::{chain::format_balance, crypto, keys::KeyError};
use medchain_primitives::ModelId;
use tracing::{info, warn};

use crate::{
    adapters::VisionModel,
    config::ConfigError,
    ports::{Chain, ChainError, ChainModel, Registration, Store, StoreError},
    service::{ServedModel, ServiceError},
};

/// With less than this an account cannot be relied on to pay for a call.
pub(crate) const MINIMUM_FUNDS: u128 = medchain_client::chain::UNIT / 100;
/// The largest ONNX file that is fetched, in bytes.
const MAX_MODEL: u64 = 1 << 30;

/// Why the worker does not start, or stopped by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The chain cannot be reached or is another one.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account may not do what the duty asks of it.
    #[error("{account} {problem}")]
    Account {
        /// Whose address.
        account: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The chain's runtime is too old for custodians.
    #[error(
        "the runtime of the chain at {node} has version {spec_version}, which knows no custodians: \
         the chain must be upgraded first"
    )]
    NoCustodians {
        /// The node's address.
        node: String,
        /// The runtime's version.
        spec_version: u32,
    },
    /// A file of the model cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A model's files do not read.
    #[error("{} is not a model: {reason}", path.display())]
    NotAModel {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A model's file is not the one that the chain knows.
    #[error("{} has the SHA-256 {found}, but model {model} on chain ({name}) has {expected}", path.display())]
    WrongModel {
        /// Which file, or the CID that it was fetched by.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The model's number.
        model: u32,
        /// The model's name.
        name: String,
        /// The chain's hash.
        expected: String,
    },
    /// Nothing here fits what the account is registered for.
    #[error("{} holds no description of a model that this worker is registered for ({registered})", folder.display())]
    NoModel {
        /// The folder that was looked into.
        folder: PathBuf,
        /// What it is registered for.
        registered: String,
    },
    /// The address for metrics and health cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The metrics are inconsistent, or logging is set up already.
    #[error("{0}")]
    Internal(String),
    /// The service stopped by itself.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// What keeps an account from submitting predictions, if anything.
pub fn account_problem(registration: &Registration) -> Option<String> {
    if registration.models.is_none() {
        return Some(
            "is not registered as a worker: register it with \
             `medchain worker register --model NUMBER --key FILE`, which holds a bond"
                .to_owned(),
        );
    }
    (registration.free < MINIMUM_FUNDS).then(|| {
        format!("has {} left, too little to pay for predictions", format_balance(registration.free))
    })
}

/// A model's files in the folder.
struct Files {
    description: PathBuf,
    json: Vec<u8>,
    preprocessing: String,
    labels: Vec<String>,
    onnx: Option<PathBuf>,
}

/// Loads every model that the account is registered for and that `folder`
/// describes. The description (`NAME.json`) must be there, because it is not
/// on chain; where `NAME.onnx` is not, the file is fetched from the store by
/// the CID on chain. In both cases its SHA-256 must be the chain's.
///
/// # Errors
/// See [`StartError`].
pub async fn models(
    chain: &dyn Chain,
    store: &dyn Store,
    registration: &Registration,
    folder: &Path,
    threads: usize,
) -> Result<BTreeMap<ModelId, ServedModel>, StartError> {
    let files = scan(folder)?;
    let mut served = BTreeMap::new();
    let registered = registration.models.clone().unwrap_or_default();
    for id in &registered {
        let Some(entry) = chain.model(*id).await? else {
            continue;
        };
        if !entry.active {
            warn!(model = id.0, "the model is retired and is not served");
            continue;
        }
        let Some(files) = files.iter().find(|files| files.fits(&entry)) else {
            warn!(model = id.0, "no description here fits the model, so it is not served");
            continue;
        };
        let onnx = read_or_fetch(files, &entry, store).await?;
        let model = VisionModel::load(&onnx, &files.json, threads).map_err(|error| {
            StartError::NotAModel { path: files.description.clone(), reason: error.to_string() }
        })?;
        info!(model = id.0, name = entry.name, "the model is ready");
        let facts = entry.facts;
        let model = Arc::new(model);
        served.insert(*id, ServedModel { facts, model });
    }
    if served.is_empty() {
        let numbers: Vec<String> = registered.iter().map(|id| id.0.to_string()).collect();
        return Err(StartError::NoModel {
            folder: folder.to_owned(),
            registered: format!("models {}", numbers.join(", ")),
        });
    }
    Ok(served)
}

impl Files {
    fn fits(&self, entry: &ChainModel) -> bool {
        self.preprocessing.as_bytes() == entry.facts.preprocessing.as_slice()
            && self.labels == entry.labels
    }
}

fn scan(folder: &Path) -> Result<Vec<Files>, StartError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| StartError::File { path, source }
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let description = entry.map_err(unreadable(folder))?.path();
        if description.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let json = fs::read(&description).map_err(unreadable(&description))?;
        let onnx = Some(description.with_extension("onnx")).filter(|path| path.exists());
        match VisionModel::describe(&json) {
            Ok((preprocessing, labels)) => {
                found.push(Files { description, json, preprocessing, labels, onnx })
            }
            // Beside an ONNX file it was meant as a description.
            Err(error) if onnx.is_some() => {
                return Err(StartError::NotAModel { path: description, reason: error.to_string() })
            }
            Err(_) => {}
        }
    }
    // The folder's order is the file system's; the outcome must not depend on it.
    found.sort_by(|one, other| one.description.cmp(&other.description));
    Ok(found)
}

async fn read_or_fetch(
    files: &Files,
    entry: &ChainModel,
    store: &dyn Store,
) -> Result<Vec<u8>, StartError> {
    let (path, onnx) = match &files.onnx {
        Some(path) => {
            let onnx =
                fs::read(path).map_err(|source| StartError::File { path: path.clone(), source })?;
            (path.clone(), onnx)
        }
        None => {
            info!(model = entry.id.0, cid = %entry.cid, "fetching the model");
            let onnx = store.get(&entry.cid, MAX_MODEL).await?;
            (PathBuf::from(entry.cid.as_str()), onnx)
        }
    };
    let found = crypto::digest(&onnx).0;
    if found != entry.facts.sha256 {
        return Err(StartError::WrongModel {
            path,
            found: hex::encode(found),
            model: entry.id.0,
            name: entry.name.clone(),
            expected: hex::encode(entry.facts.sha256),
        });
    }
    Ok(onnx)
}

#[cfg(test)]
mod tests;
