//! A registered model, loaded from this computer or from the store.

use std::path::Path;

use anyhow::{bail, Context as _, Result};
use medchain_client::chain::{Model as ChainModel, View};
use medchain_primitives::ModelId;
use medchain_vision::{Engine, Model};
use sha2::{Digest, Sha256};

use super::{ModelFiles, MAX_MODEL_BYTES, MAX_TEXT_BYTES};
use crate::{context::Context, files, records};

/// The registered model with this number.
pub async fn registered(view: &View, id: ModelId) -> Result<ChainModel> {
    let model = view.model(id).await?;
    model.with_context(|| format!("there is no model {id}; see `medchain model list`"))
}

/// Loads a registered model: from `folder` or where the shipped one is if the SHA-256 there is
/// the one on chain, else from the store.
///
/// Its preprocessing must have the id on chain.
pub async fn load(
    context: &Context,
    folder: Option<&Path>,
    engine: Option<Engine>,
    on_chain: &ChainModel,
) -> Result<Model> {
    let local = ModelFiles::find(folder)?;
    let spec = files::read(&local.spec, "the model's preprocessing file", MAX_TEXT_BYTES)?;
    let same = |bytes: &[u8]| <[u8; 32]>::from(Sha256::digest(bytes)) == on_chain.sha256;
    let onnx = match files::read(&local.onnx, "the model", MAX_MODEL_BYTES) {
        Ok(onnx) if same(&onnx) => onnx,
        found => {
            if found.is_ok() {
                crate::output::tell!(
                    "note: {} differs from the model on chain, which is fetched from the store",
                    local.onnx.display()
                );
            }
            records::fetch_content(context, &on_chain.cid, None, MAX_MODEL_BYTES)
                .await
                .context("the model is not on this computer; name its folder with --model-dir")?
        }
    };
    if !same(&onnx) {
        bail!("the file {} differs from the model on chain, and is not used", on_chain.cid);
    }
    let model = Model::load_for(&onnx, &spec, engine).context("cannot load the model")?;
    ensure_preprocessing(&model, &local.spec, on_chain)?;
    Ok(model)
}

/// Checks that the preprocessing file at `place` is the one that a registered model needs.
pub fn ensure_preprocessing(model: &Model, place: &Path, on_chain: &ChainModel) -> Result<()> {
    let id = &model.spec().id;
    if id.as_bytes() == on_chain.preprocessing.as_slice() {
        return Ok(());
    }
    bail!(
        "{} describes the preprocessing {id}, but the model on chain needs {}; name the right \
         folder with --model-dir",
        place.display(),
        String::from_utf8_lossy(&on_chain.preprocessing)
    )
}
