//! What the main story plays on, and the image of every story.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use medchain_client::{chain::Chain, store::Store};

use crate::{files, models::ModelFiles};

/// The seed of the synthetic radiograph; any would do.
const SEED: u64 = 20_260_101;

/// What the demo's acts work with.
pub struct Stage<'a> {
    /// The chain.
    pub chain: Chain,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The store's address.
    pub store_url: String,
    /// The folder for everything that is written.
    pub folder: &'a Path,
    /// The policy contract's bundle.
    pub contract: PathBuf,
    /// The model.
    pub model: ModelFiles,
    /// The image to upload.
    pub xray: PathBuf,
    /// Whether that is synthetic.
    pub synthetic: bool,
    /// A second image, always synthetic.
    pub second_xray: PathBuf,
    /// The addresses of the workers' metrics.
    pub workers_listen: [SocketAddr; 2],
}

/// The image to upload, and whether it is synthetic.
///
/// The user's own is checked here; a synthetic one is written to the demo's folder.
pub fn image(own: Option<&Path>, folder: &Path) -> Result<(PathBuf, bool)> {
    if let Some(path) = own {
        let bytes = files::read(path, "the image", medchain_vision::MAX_FILE_BYTES)?;
        medchain_vision::decode(&bytes)
            .with_context(|| format!("{} cannot be uploaded", path.display()))?;
        return Ok((path.to_path_buf(), false));
    }
    Ok((synthetic(folder, "synthetic-radiograph.png", SEED)?, true))
}

/// Another synthetic image.
pub fn second_image(folder: &Path) -> Result<PathBuf> {
    synthetic(folder, "second-radiograph.png", SEED + 1)
}

fn synthetic(folder: &Path, name: &str, seed: u64) -> Result<PathBuf> {
    let path = folder.join(name);
    let png = medchain_vision::synthetic_radiograph_png(seed);
    files::write_atomically(&path, &png, false, true)?;
    Ok(path)
}
