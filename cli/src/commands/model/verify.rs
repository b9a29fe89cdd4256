//! `medchain model verify`: whether the file of a model is what the chain registered.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::chain::{Arithmetic, Model as ChainModel, Network};
use medchain_primitives::ModelId;
use medchain_vision::Model;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    files,
    models::{self, ModelFiles, NetworkSummary, MAX_MODEL_BYTES, MAX_TEXT_BYTES},
    output::{self, Outcome},
    records::{self, Content},
};

/// Arguments of `medchain model verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The model's number.
    #[arg(value_parser = arguments::model())]
    pub model: ModelId,
    /// Verify this ONNX file instead of fetching the one that is registered.
    ///
    /// Its .json is in the same folder.
    #[arg(long = "model", value_name = "FILE.onnx")]
    pub file: Option<PathBuf>,
    /// The folder of the preprocessing file, NAME.json; defaults to that of the shipped model.
    ///
    /// The chain knows that file by its id alone. Not used with --model.
    #[arg(long, env = "MEDCHAIN_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
}

/// A model's file, held against the chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerifyReport {
    /// The model's number.
    pub model_id: ModelId,
    /// Whether everything is as registered.
    pub equal: bool,
    /// The file, or the CID by which it was fetched.
    pub file: String,
    /// Whether there is a network to compare, and to dispute: `exact` or `float`.
    pub arithmetic: Arithmetic,
    /// The number of layers that the chain knows; none of a model of floats.
    pub layers: Option<usize>,
    /// A digest of what the chain knows of the network.
    pub network_digest: Option<String>,
    /// What differs, in order: CID, SHA-256, then the first layer, or the softmax scale.
    pub differences: Vec<String>,
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model_id, file, .. } = self;
        if self.equal {
            writeln!(f, "equal: {file} is model {model_id} as it is registered")?;
        } else {
            writeln!(f, "NOT EQUAL: {file} is not model {model_id} as it is registered")?;
        }
        for difference in &self.differences {
            writeln!(f, "differs   {difference}")?;
        }
        match (self.layers, &self.network_digest) {
            (Some(layers), Some(digest)) => {
                let network = NetworkSummary { layers, digest: digest.clone() };
                write!(f, "on chain  {network}")
            }
            _ if self.arithmetic == Arithmetic::Float => write!(
                f,
                "The model computes in floats, so the chain knows no network of it, and there is \
                 nothing to dispute: CID and SHA-256 were compared, and the file was loaded."
            ),
            _ => Ok(()),
        }
    }
}

/// Runs `medchain model verify`.
pub async fn run(context: &Context, args: &VerifyArgs) -> Result<Outcome> {
    let report = verify(context, args).await?;
    output::print(&report, context.json)?;
    Ok(if report.equal { Outcome::Done } else { Outcome::No })
}

/// Compares a model's file with what is registered.
async fn verify(context: &Context, args: &VerifyArgs) -> Result<VerifyReport> {
    let view = context.view().await?;
    let on_chain = models::registered(&view, args.model).await?;
    let network = view.network(on_chain.id).await?;
    let local = ModelFiles::find(args.file.as_deref().or(args.model_dir.as_deref()))?;
    let spec = files::read(&local.spec, "the model's preprocessing file", MAX_TEXT_BYTES)?;
    let (file, onnx) = match &args.file {
        Some(file) => {
            (file.display().to_string(), files::read(file, "the model", MAX_MODEL_BYTES)?)
        }
        None => (
            on_chain.cid.to_string(),
            records::fetch_content(context, &on_chain.cid, None, MAX_MODEL_BYTES).await?,
        ),
    };
    let step = context.progress.step("Computing the roots of all weights");
    let described = Described { spec: &spec, place: &local.spec };
    let differences = compare(&Content::new(onnx), &described, &on_chain, network.as_ref())
        .with_context(|| format!("cannot verify {file}"))?;
    drop(step);
    let network = network.as_ref().map(NetworkSummary::from);
    Ok(VerifyReport {
        model_id: on_chain.id,
        equal: differences.is_empty(),
        file,
        arithmetic: on_chain.arithmetic,
        layers: network.as_ref().map(|network| network.layers),
        network_digest: network.map(|network| network.digest),
        differences,
    })
}

/// The preprocessing file.
struct Described<'a> {
    spec: &'a [u8],
    place: &'a Path,
}

/// What differs between a file and the registered model, in order; an error where the file is
/// the registered one and cannot be used.
fn compare(
    file: &Content,
    described: &Described<'_>,
    on_chain: &ChainModel,
    network: Option<&Network>,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut differ = |what: &str, registered: String, here: String| {
        if registered != here {
            found.push(format!("the {what} is {registered} on chain, and {here} of the file"));
        }
    };
    differ("CID", on_chain.cid.to_string(), file.cid.to_string());
    differ("SHA-256", hex::encode(on_chain.sha256), hex::encode(file.digest.0));
    match compare_network(&file.bytes, described, on_chain, network) {
        Ok(difference) => found.extend(difference),
        // Another file than the registered one may be anything.
        Err(error) if !found.is_empty() => found.push(output::causes(&error)),
        Err(error) => return Err(error),
    }
    Ok(found)
}

/// The first thing in which the network of a file differs from the registered one.
fn compare_network(
    onnx: &[u8],
    described: &Described<'_>,
    on_chain: &ChainModel,
    network: Option<&Network>,
) -> Result<Option<String>> {
    let model = Model::load(onnx, described.spec).context("cannot load the model")?;
    models::ensure_preprocessing(&model, described.place, on_chain)?;
    let computed = models::describe(onnx, described.spec)?;
    Ok(match (network, computed) {
        (Some(registered), Some(computed)) => models::difference(registered, &computed),
        (None, None) => None,
        (Some(_), None) => Some("the chain knows an exact network; the file's is of floats".into()),
        (None, Some(_)) => {
            Some("the chain knows no network of this model; the file's is exact".into())
        }
    })
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::ModelStatus;
    use medchain_primitives::PreprocessingId;

    use super::*;

    /// The shipped model, as `medchain model publish` registers it.
    struct Published {
        files: ModelFiles,
        content: Content,
        spec: Vec<u8>,
        on_chain: ChainModel,
        network: Network,
    }

    fn published() -> Published {
        let files = ModelFiles::find(None).unwrap();
        let (onnx, spec) = files.read().unwrap();
        let network = models::describe(&onnx, &spec).unwrap().unwrap();
        let content = Content::new(onnx);
        let on_chain = ChainModel {
            id: ModelId(4),
            name: "vgg".into(),
            version: "1.0".into(),
            cid: content.cid.clone(),
            sha256: content.digest.0,
            card: None,
            labels: Vec::new(),
            preprocessing: PreprocessingId::truncate_from(b"mc-area224-mask-v2".to_vec()),
            arithmetic: Arithmetic::Exact,
            min_quorum: 1,
            confidence_threshold_ppm: 0,
            fee: 0,
            status: ModelStatus::Active,
        };
        Published { files, content, spec, on_chain, network }
    }

    impl Published {
        fn compared(&self, file: &Content, network: Option<&Network>) -> Result<Vec<String>> {
            let described = Described { spec: &self.spec, place: &self.files.spec };
            compare(file, &described, &self.on_chain, network)
        }
    }

    #[test]
    fn the_file_is_held_against_all_that_is_registered() {
        let published = published();
        assert_eq!(published.network.layers.len(), 16);
        let same = published.compared(&published.content, Some(&published.network));
        assert_eq!(same.unwrap(), Vec::<String>::new());

        let mut other = published.network.clone();
        other.layers[4].weights_root[0] ^= 1;
        other.layers[9].weights_root[0] ^= 1;
        let found = published.compared(&published.content, Some(&other)).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("the weights of layer 5 differ"), "{found:?}");

        let found = published.compared(&published.content, None).unwrap();
        assert!(found[0].contains("knows no network"), "{found:?}");

        let nothing = Content::new(b"no network".to_vec());
        let found = published.compared(&nothing, Some(&published.network)).unwrap();
        assert!(found[0].starts_with("the CID is "), "{found:?}");
        assert!(found[1].starts_with("the SHA-256 is "), "{found:?}");
        assert!(found[2].starts_with("cannot load the model"), "{found:?}");

        // It is the registered file, and the folder has another preprocessing.
        let mut other = published;
        other.on_chain.preprocessing = PreprocessingId::truncate_from(b"other".to_vec());
        let error = other.compared(&other.content, Some(&other.network)).unwrap_err();
        assert!(error.to_string().contains("--model-dir"), "{error}");
    }

    fn report(arithmetic: Arithmetic, differences: &[&str]) -> String {
        let exact = arithmetic == Arithmetic::Exact;
        let report = VerifyReport {
            model_id: ModelId(4),
            equal: differences.is_empty(),
            file: "bafk".into(),
            arithmetic,
            layers: exact.then_some(16),
            network_digest: exact.then(|| format!("0x{}", "ab".repeat(32))),
            differences: differences.iter().map(ToString::to_string).collect(),
        };
        report.to_string()
    }

    #[test]
    fn it_says_equal_or_what_differs_first() {
        let equal = report(Arithmetic::Exact, &[]);
        assert!(equal.starts_with("equal: bafk is model 4"), "{equal}");
        assert!(equal.ends_with("16 layers, digest 0xabababababababab…"), "{equal}");
        let differs = report(Arithmetic::Exact, &["the weights of layer 5 differ"]);
        assert!(differs.starts_with("NOT EQUAL"), "{differs}");
        assert!(differs.contains("differs   the weights of layer 5"), "{differs}");
        assert!(report(Arithmetic::Float, &[]).contains("nothing to dispute"));
    }
}
