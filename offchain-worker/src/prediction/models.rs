//! The models that this worker serves: found in a folder, checked against the chain,
//! loaded once. Each failure is one clear line.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use medchain_client::{
    chain::{Arithmetic, Model, ModelStatus},
    crypto,
};
use medchain_primitives::ModelId;
use medchain_vision::Engine;
use serde::Deserialize;
use tracing::{error, info, warn};

use super::{
    adapters::{Unfit, VisionModel},
    drift::{Known, Tally},
    ports::{Predictor, Registry, ServedModel, Store, StoreError},
};
use crate::shared::ports::ChainError;

/// The largest ONNX file that is fetched, in bytes.
const MAX_MODEL: u64 = 1 << 30;

/// Why a model cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelsError {
    /// The chain could not be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The store did not give the ONNX file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the model cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A model's files are malformed.
    #[error("{} cannot be used as a model: {reason}", path.display())]
    NotAModel {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A model's file has a different hash than the chain's.
    #[error("{} has the SHA-256 {found}, but model {model} on chain ({name}) has {expected}", path.display())]
    WrongModel {
        /// Which file, or the CID that it was fetched by.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The model's number.
        model: ModelId,
        /// The model's name.
        name: String,
        /// The chain's hash.
        expected: String,
    },
    /// The chain calls a model exact and knows no network of it.
    #[error("model {model} on chain ({name}) is not served: the chain knows no network of it")]
    NoNetwork {
        /// The model's number.
        model: ModelId,
        /// The model's name.
        name: String,
    },
    /// Disputes about a model could be lost with right answers.
    #[error("model {model} on chain ({name}) is not served: {reason}")]
    Unfit {
        /// The model's number.
        model: ModelId,
        /// The model's name.
        name: String,
        /// Why.
        reason: Unfit,
    },
    /// The folder describes none of the models that the account has to run.
    #[error(
        "{} has no NAME.json of a model that this worker is registered for ({registered}); \
         name its folder with --model-dir",
        folder.display()
    )]
    NoModel {
        /// The folder.
        folder: PathBuf,
        /// What the account is registered for.
        registered: String,
    },
    /// The operator's counts are of a model that is not served.
    #[error(
        "drift_expected counts answers of a model with the labels {named}, and this worker \
         runs none with just these"
    )]
    NotServed {
        /// The labels that it counts.
        named: String,
    },
    /// The worker is to stop where answers drift, and nothing says what they should be.
    #[error(
        "stop_on_drift needs to know how model {model} answers on known films: put its \
         NAME.shares.json beside NAME.json, or set drift_expected"
    )]
    NothingExpected {
        /// The model's number.
        model: ModelId,
    },
}

/// `NAME.shares.json`: how often a model gave each answer on its test split.
#[derive(Deserialize)]
struct SharesFile {
    /// SHA-256 of the ONNX file that gave them, in hexadecimal.
    sha256: String,
    answers: Known,
}

/// Which models a worker needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those that it can be asked to answer with.
    pub asked: BTreeSet<ModelId>,
    /// Those that have given answers which can still be disputed.
    pub defended: BTreeSet<ModelId>,
}

/// A model's files in the folder.
struct Files {
    description: PathBuf,
    json: Vec<u8>,
    preprocessing: String,
    labels: Vec<String>,
    onnx: Option<PathBuf>,
}

/// Loads every model of `wanted` that `folder` describes.
/// The description (`NAME.json`) must be there, because it is not on chain; without
/// `NAME.onnx` the file is fetched from the store by the CID on chain. In both cases its
/// SHA-256 must be the chain's. So a folder can hold several versions of a model, under
/// several names.
///
/// A model that is retired, or that only old answers need, is loaded where that is possible:
/// its verdicts can still be disputed. A model whose disputes could be lost with right answers
/// is not served.
///
/// # Errors
/// [`ModelsError`].
pub async fn load(
    chain: &dyn Registry,
    store: &dyn Store,
    wanted: &Wanted,
    folder: &Path,
    engine: Option<Engine>,
    threads: usize,
) -> Result<BTreeMap<ModelId, ServedModel>, ModelsError> {
    let files = scan(folder)?;
    let mut served = BTreeMap::new();
    let mut unfit = None;
    for id in wanted.asked.union(&wanted.defended) {
        let Some(entry) = chain.model(*id).await? else {
            continue;
        };
        let Some(files) = choose(&files, &entry) else {
            warn!(model = id.0, "not serving the model: no NAME.json in the folder fits it");
            continue;
        };
        let is_asked = wanted.asked.contains(id) && entry.status != ModelStatus::Retired;
        let loaded = files.load(&entry, store, engine, threads).await;
        let settled = match loaded {
            Ok(model) => settle(chain, model, &entry).await,
            Err(error) => Err(error),
        };
        match settled {
            Ok(model) => {
                let name = full_name(&entry);
                let is_disputable = model.is_disputable();
                info!(model = id.0, name, is_asked, is_disputable, "the model is ready");
                let (expected, predictor) = (files.expected(&entry)?, Arc::new(model));
                let entry = Arc::new(entry);
                served.insert(*id, ServedModel { entry, is_asked, predictor, expected });
            }
            Err(error) if !is_asked => {
                warn!(model = id.0, "not serving a model that only old answers need: {error}");
            }
            Err(error @ (ModelsError::Unfit { .. } | ModelsError::NoNetwork { .. })) => {
                error!("{error}");
                unfit.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    if served.is_empty() {
        let numbers: Vec<String> = wanted.asked.iter().map(ModelId::to_string).collect();
        return Err(unfit.unwrap_or_else(|| ModelsError::NoModel {
            folder: folder.to_path_buf(),
            registered: format!("models {}", numbers.join(", ")),
        }));
    }
    Ok(served)
}

/// The model, held against the network that the chain settles disputes by. About a model that
/// is registered as one of floats, there are none.
async fn settle(
    chain: &dyn Registry,
    model: VisionModel,
    entry: &Model,
) -> Result<VisionModel, ModelsError> {
    if entry.arithmetic == Arithmetic::Float {
        return Ok(model);
    }
    let (id, name) = (entry.id, full_name(entry));
    match chain.network(id).await? {
        Some(network) => model.settled_by(&network).map_err(|reason| ModelsError::Unfit {
            model: id,
            name,
            reason,
        }),
        None => Err(ModelsError::NoNetwork { model: id, name }),
    }
}

/// Puts what an operator has counted in place of what comes with the models, where they have
/// just these labels.
///
/// # Errors
/// [`ModelsError::NotServed`], where none has; [`ModelsError::NothingExpected`], where the
/// worker `is_stopping` on drift and of a model that it may be asked for nothing is known.
pub fn expect(
    models: &mut BTreeMap<ModelId, ServedModel>,
    known: Option<&Known>,
    is_stopping: bool,
) -> Result<(), ModelsError> {
    if let Some(known) = known {
        let mut is_served = false;
        for model in models.values_mut() {
            if let Some(tally) = known.tally(&model.entry.labels) {
                model.expected = Some(tally);
                is_served = true;
            }
        }
        if !is_served {
            return Err(ModelsError::NotServed { named: known.labels() });
        }
    }
    for (id, model) in models {
        match &model.expected {
            Some(expected) => {
                info!(model = id.0, known_films = expected.films(), "the drift alarm is on");
            }
            None if is_stopping && model.is_asked => {
                return Err(ModelsError::NothingExpected { model: *id });
            }
            None => warn!(model = id.0, "no drift alarm: nothing says how it answers known films"),
        }
    }
    Ok(())
}

/// The files of a model. Several versions of one may lie in the folder, with the same labels:
/// the file that the chain names counts, then a description whose file is to be fetched.
fn choose<'a>(files: &'a [Files], entry: &Model) -> Option<&'a Files> {
    let fitting: Vec<_> = files.iter().filter(|files| files.fits(entry)).collect();
    let is_it = |files: &&&Files| files.holds(entry);
    let chosen = fitting.iter().find(is_it);
    let chosen = chosen.or_else(|| fitting.iter().find(|files| files.onnx.is_none()));
    // The last is refused, with both hashes.
    chosen.or(fitting.first()).copied()
}

impl Files {
    /// Whether the ONNX file is there and has the hash of the chain.
    fn holds(&self, entry: &Model) -> bool {
        let onnx = self.onnx.as_ref().and_then(|path| fs::read(path).ok());
        onnx.is_some_and(|onnx| crypto::digest(&onnx).0 == entry.sha256)
    }

    fn fits(&self, entry: &Model) -> bool {
        self.preprocessing.as_bytes() == entry.preprocessing.as_slice()
            && self.labels == entry.labels
    }

    async fn load(
        &self,
        entry: &Model,
        store: &dyn Store,
        engine: Option<Engine>,
        threads: usize,
    ) -> Result<VisionModel, ModelsError> {
        let onnx = read_or_fetch(self, entry, store).await?;
        VisionModel::load(&onnx, &self.json, engine, threads).map_err(|error| {
            ModelsError::NotAModel { path: self.description.clone(), reason: error.to_string() }
        })
    }

    /// How it answered on its test split; `None` where no file says so.
    fn expected(&self, entry: &Model) -> Result<Option<Tally>, ModelsError> {
        let path = self.description.with_extension("shares.json");
        let json = match fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ModelsError::File { path, source }),
        };
        let file: SharesFile = match serde_json::from_slice(&json) {
            Ok(file) => file,
            Err(error) => {
                return Err(ModelsError::NotAModel { path, reason: error.to_string() });
            }
        };
        if file.sha256 != hex::encode(entry.sha256) {
            warn!(model = entry.id.0, "{} counts answers of another model", path.display());
            return Ok(None);
        }
        Ok(file.answers.tally(&entry.labels))
    }
}

/// Name and version, for people.
fn full_name(entry: &Model) -> String {
    format!("{} {}", entry.name, entry.version)
}

fn scan(folder: &Path) -> Result<Vec<Files>, ModelsError> {
    let unreadable = |path: &Path| {
        let path = path.to_path_buf();
        move |source| ModelsError::File { path, source }
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
                found.push(Files { description, json, preprocessing, labels, onnx });
            }
            // Beside an ONNX file it is meant as a description.
            Err(error) if onnx.is_some() => {
                return Err(ModelsError::NotAModel {
                    path: description,
                    reason: error.to_string(),
                });
            }
            Err(_) => {}
        }
    }
    // The outcome must not depend on the file system's order.
    found.sort_by(|one, other| one.description.cmp(&other.description));
    Ok(found)
}

async fn read_or_fetch(
    files: &Files,
    entry: &Model,
    store: &dyn Store,
) -> Result<Vec<u8>, ModelsError> {
    let (path, onnx) = match &files.onnx {
        Some(path) => {
            let onnx = fs::read(path)
                .map_err(|source| ModelsError::File { path: path.clone(), source })?;
            (path.clone(), onnx)
        }
        None => {
            info!(model = entry.id.0, cid = %entry.cid, "fetching the model from the store");
            let onnx = store.get(&entry.cid, MAX_MODEL).await?;
            (PathBuf::from(entry.cid.as_str()), onnx)
        }
    };
    let found = crypto::digest(&onnx).0;
    if found != entry.sha256 {
        return Err(ModelsError::WrongModel {
            path,
            found: hex::encode(found),
            model: entry.id,
            name: full_name(entry),
            expected: hex::encode(entry.sha256),
        });
    }
    Ok(onnx)
}

#[cfg(test)]
mod tests;
