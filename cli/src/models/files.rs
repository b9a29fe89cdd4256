//! The model files on this computer.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use medchain_vision::{Engine, Model};

use crate::files;

/// The largest ONNX file that is read, in bytes: a 4096-wide head is 528 MiB.
pub const MAX_MODEL_BYTES: u64 = 600 * 1024 * 1024;
/// The largest preprocessing file or model card, in bytes.
pub const MAX_TEXT_BYTES: u64 = 4 * 1024 * 1024;
/// The folder of the model that ships with MedChain, in the repository.
const SHIPPED: &str = "models/shipped";
/// The same folder, beside the `bin` folder of an installation.
const INSTALLED: &str = "share/medchain/models";
const NAME: &str = "medchain-vgg16";

/// One model's files, in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFiles {
    /// The network.
    pub onnx: PathBuf,
    /// The preprocessing, labels and threshold.
    pub spec: PathBuf,
    /// The model card, which may be missing.
    pub card: PathBuf,
}

impl ModelFiles {
    /// The files beside `onnx`: `x.onnx`, `x.json` and `MODEL_CARD.md`.
    pub fn beside(onnx: &Path) -> Self {
        Self {
            onnx: onnx.to_path_buf(),
            spec: onnx.with_extension("json"),
            card: onnx.with_file_name("MODEL_CARD.md"),
        }
    }

    /// The model named by its ONNX file or its folder; defaults to the one that ships
    /// with MedChain.
    pub fn find(named: Option<&Path>) -> Result<Self> {
        match named {
            Some(onnx) if is_onnx(onnx) => return Ok(Self::beside(onnx)),
            Some(folder) => return Self::in_folder(folder),
            None => {}
        }
        candidates()
            .into_iter()
            .map(|folder| Self::beside(&folder.join(format!("{NAME}.onnx"))))
            .find(|files| files.onnx.is_file())
            .with_context(|| {
                format!(
                    "no model found: there is no {SHIPPED}/{NAME}.onnx; \
                     name its folder with --model-dir or MEDCHAIN_MODEL_DIR"
                )
            })
    }

    /// The only model in a folder.
    fn in_folder(folder: &Path) -> Result<Self> {
        let shown = folder.display();
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("cannot read the model's folder {shown}"))?;
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| is_onnx(path))
            .collect();
        match (found.pop(), found.is_empty()) {
            (Some(onnx), true) => Ok(Self::beside(&onnx)),
            (None, _) => {
                bail!("the folder {shown} contains no .onnx file; name the model's folder")
            }
            (Some(_), false) => {
                bail!("the folder {shown} contains several .onnx files; name one of them")
            }
        }
    }

    /// Reads the network and its preprocessing.
    pub fn read(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        Ok((
            files::read(&self.onnx, "the model", MAX_MODEL_BYTES)?,
            files::read(&self.spec, "the model's preprocessing file", MAX_TEXT_BYTES)?,
        ))
    }

    /// Reads the model and prepares it to run on `engine`, or where it is `None` on the
    /// best.
    pub fn load(&self, engine: Option<Engine>) -> Result<Model> {
        let (onnx, spec) = self.read()?;
        Model::load_for(&onnx, &spec, engine)
            .with_context(|| format!("cannot load the model {}", self.onnx.display()))
    }
}

fn is_onnx(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "onnx")
}

/// The folders that may contain the shipped model: this checkout, the installation, the
/// checkout that the program was built from.
fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(here) = std::env::current_dir() {
        folders.extend(here.ancestors().map(|folder| folder.join(SHIPPED)));
    }
    if let Ok(program) = std::env::current_exe() {
        for folder in program.ancestors().skip(1) {
            folders.push(folder.join(INSTALLED));
            folders.push(folder.join(SHIPPED));
        }
    }
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(SHIPPED));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_beside_each_other() {
        let files = ModelFiles::beside(Path::new("/m/lung.onnx"));
        assert_eq!(files.spec, Path::new("/m/lung.json"));
        assert_eq!(files.card, Path::new("/m/MODEL_CARD.md"));
    }

    #[test]
    fn a_model_is_named_by_its_file_or_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let find = || ModelFiles::find(Some(folder.path()));
        let says = |words: &str| {
            let error = format!("{:#}", find().unwrap_err());
            assert!(error.contains(words), "{error}");
        };
        says("no .onnx file");
        std::fs::write(folder.path().join("lung.onnx"), "x").unwrap();
        assert_eq!(find().unwrap().spec, folder.path().join("lung.json"));
        assert!(find().unwrap().load(None).is_err());
        let file = folder.path().join("lung.onnx");
        assert_eq!(ModelFiles::find(Some(&file)).unwrap(), find().unwrap());
        std::fs::write(folder.path().join("heart.onnx"), "x").unwrap();
        says("several .onnx files");
        let missing = ModelFiles::find(Some(Path::new("/no/such")));
        assert!(format!("{:#}", missing.unwrap_err()).contains("/no/such"));
    }
}
