//! The network: which engine runs it, and what it says.

mod tract;

use std::io::Cursor;
use std::time::{Duration, Instant};

use medchain_exact::{Levels, Network, SoftmaxScale};
use medchain_primitives::{FailureCode, Output};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::{Framework, TractError};

use crate::exact_file::{self, File};
use crate::{decode, DecodeError, GreyImage, Preprocessing, SpecError};

/// A network and the description of its input. It can be shared by threads:
/// every prediction has its own state.
pub struct Model {
    runner: Runner,
    /// The numbers of an exact network, whatever runs it.
    network: Option<Network>,
    spec: Preprocessing,
    sha256: [u8; 32],
}

enum Runner {
    Exact(medchain_exact::Engine),
    Tract(tract::Runner),
}

/// What runs a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// MedChain's own kernels, for exact networks alone: several times faster.
    Exact,
    /// tract, for every network. Of an exact network it gives the same answers.
    Tract,
}

impl std::fmt::Display for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact",
            Self::Tract => "tract",
        })
    }
}

impl std::str::FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = [Self::Exact, Self::Tract].into_iter().find(|e| e.to_string() == name);
        found.ok_or_else(|| format!("there is no engine `{name}`; use `exact` or `tract`"))
    }
}

/// Why a model cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Its description cannot be used.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The file is not an ONNX network that can be run.
    #[error("the model cannot be loaded: {0}")]
    Network(String),
    /// The network and its description do not belong together.
    #[error("the model and its description do not fit: {0}")]
    Mismatch(String),
    /// Something that only an exact network has was asked of a network of floats.
    #[error("the model is a network of floats, which is not exact; use the engine tract or an exact model")]
    NotExact,
}

/// Why there is no prediction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictError {
    /// The bytes are not an image that MedChain takes.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The network could not be run.
    #[error("the model could not be run: {0}")]
    Run(String),
    /// What was given is not a square of the size that the network takes, or the network
    /// gives no such answer.
    #[error("{0}")]
    Input(&'static str),
    /// The network answered with something that are no probabilities.
    #[error("the model's answer is not a prediction: {0:?}")]
    Output(medchain_primitives::OutputError),
}

impl PredictError {
    /// What a worker reports on chain, or `None` where the image is not to
    /// blame.
    pub fn failure_code(&self) -> Option<FailureCode> {
        match self {
            Self::Decode(error) => Some(error.failure_code()),
            Self::Run(_) | Self::Input(_) | Self::Output(_) => None,
        }
    }
}

/// What the model says about one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The most probable class.
    pub label: String,
    /// Every class and its probability, in the order of the labels, from the
    /// quantised output: what a person reads is what the chain stores.
    pub probabilities: Vec<(String, f32)>,
    /// The quantised output.
    pub output: Output,
    /// The largest probability is below the model's threshold: a radiologist
    /// must look, and the label must not be shown without saying so.
    pub uncertain: bool,
    /// How long each step took.
    pub timings: Timings,
}

/// How long the steps of a prediction took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// From bytes to greys.
    pub decode: Duration,
    /// From greys to the tensor.
    pub preprocess: Duration,
    /// From the tensor to the quantised output.
    pub infer: Duration,
}

impl Model {
    /// Loads an ONNX file and the JSON beside it, for the engine that suits it best.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn load(onnx: &[u8], spec_json: &[u8]) -> Result<Self, ModelError> {
        Self::load_for(onnx, spec_json, None)
    }

    /// Loads them for a certain engine, or where it is `None` for the best.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn load_for(
        onnx: &[u8],
        spec_json: &[u8],
        engine: Option<Engine>,
    ) -> Result<Self, ModelError> {
        let spec = Preprocessing::from_json(spec_json)?;
        let file = read(onnx)?;
        if exact_file::is_exact(&file) != spec.is_exact() {
            let (network, described) = if spec.is_exact() {
                ("of floats", "an exact one")
            } else {
                ("exact", "one of floats")
            };
            return Err(ModelError::Mismatch(format!(
                "the network is {network}, the description that of {described}; \
                 take the description that was exported with it"
            )));
        }
        // An exact network is read in any case: what another worker refuses must not run.
        let network = if spec.is_exact() { Some(exact(&file, &spec)?) } else { None };
        let runner = match (&network, engine) {
            (Some(network), None | Some(Engine::Exact)) => {
                Runner::Exact(medchain_exact::Engine::new(network))
            }
            (None, Some(Engine::Exact)) => return Err(ModelError::NotExact),
            (network, _) => {
                tract::Runner::new(&parse(onnx)?, spec.size as usize, network.is_some())
                    .map(Runner::Tract)
                    .map_err(ModelError::Network)?
            }
        };
        let model = Self { runner, network, spec, sha256: Sha256::digest(onnx).into() };
        model.check_classes()?;
        Ok(model)
    }

    /// Reads the numbers of an exact network, for whoever must show how one of them came
    /// about.
    ///
    /// # Errors
    /// [`ModelError`], [`ModelError::NotExact`] for a network of floats.
    pub fn network(onnx: &[u8], spec_json: &[u8]) -> Result<Network, ModelError> {
        let spec = Preprocessing::from_json(spec_json)?;
        if !spec.is_exact() {
            return Err(ModelError::NotExact);
        }
        exact(&read(onnx)?, &spec)
    }

    fn check_classes(&self) -> Result<(), ModelError> {
        let classes = match &self.runner {
            Runner::Exact(engine) => Some(engine.classes()),
            Runner::Tract(runner) => runner.classes(),
        };
        let labels = self.labels().len();
        match classes {
            Some(classes) if classes == labels => Ok(()),
            Some(classes) => Err(ModelError::Mismatch(format!(
                "the network has {classes} classes, the description names {labels} labels"
            ))),
            None => {
                Err(ModelError::Mismatch("the network's output is not a row of classes".into()))
            }
        }
    }

    /// Lets one prediction use so many threads. The default is one: a worker
    /// with a backlog runs predictions side by side, which wastes less.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.runner = match self.runner {
            Runner::Exact(engine) => Runner::Exact(engine.with_threads(threads)),
            Runner::Tract(runner) => Runner::Tract(runner.with_threads(threads)),
        };
        self
    }

    /// The numbers of an exact network, for whoever must show how an answer came about.
    pub fn exact_network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    /// Whether every machine gets the same bytes from it. Of a network of floats, the last
    /// digits may differ.
    pub fn is_exact(&self) -> bool {
        self.spec.is_exact()
    }

    /// What runs it.
    pub fn engine(&self) -> Engine {
        match self.runner {
            Runner::Exact(_) => Engine::Exact,
            Runner::Tract(_) => Engine::Tract,
        }
    }

    /// SHA-256 of the ONNX file: the model's identity on chain.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The description of the input, the labels and the threshold.
    pub fn spec(&self) -> &Preprocessing {
        &self.spec
    }

    /// The classes, in the order of the output.
    pub fn labels(&self) -> &[String] {
        &self.spec.labels
    }

    /// Decodes an image file and predicts.
    pub fn predict(&self, image_bytes: &[u8]) -> Result<Prediction, PredictError> {
        let started = Instant::now();
        let image = decode(image_bytes)?;
        let decode = started.elapsed();
        let mut prediction = self.predict_image(&image)?;
        prediction.timings.decode = decode;
        Ok(prediction)
    }

    /// Predicts from a decoded image.
    pub fn predict_image(&self, image: &GreyImage) -> Result<Prediction, PredictError> {
        let started = Instant::now();
        let square = self.spec.square(image);
        let preprocess = started.elapsed();
        let output = self.output(&square)?;
        let infer = started.elapsed().saturating_sub(preprocess);
        let label = self.labels().get(usize::from(output.label));
        let probabilities = self
            .labels()
            .iter()
            .zip(&output.probabilities)
            .map(|(label, p)| (label.clone(), p.deconstruct() as f32 / 1e6))
            .collect();
        Ok(Prediction {
            label: label.cloned().unwrap_or_default(),
            probabilities,
            uncertain: output.confidence().deconstruct() < self.spec.confidence_threshold_parts(),
            output,
            timings: Timings { preprocess, infer, ..Timings::default() },
        })
    }

    /// The quantised answer for a square of greys, row by row, as [`Preprocessing::square`]
    /// and [`crate::square`] give it.
    ///
    /// # Errors
    /// [`PredictError`], but not because of the image.
    pub fn output(&self, square: &[u8]) -> Result<Output, PredictError> {
        let output = match self.spec.tensor(square) {
            None => medchain_exact::softmax(&self.logits(square)?, self.scale()),
            Some(tensor) => Output::quantise(&self.probabilities(square, &tensor)?),
        };
        output.map_err(PredictError::Output)
    }

    /// The logits of an exact network.
    ///
    /// # Errors
    /// [`PredictError`]; a network of floats has none.
    pub fn logits(&self, square: &[u8]) -> Result<Vec<i32>, PredictError> {
        self.check_size(square)?;
        match &self.runner {
            Runner::Exact(engine) => {
                engine.logits(square).map_err(|error| PredictError::Run(error.to_string()))
            }
            Runner::Tract(runner) if self.is_exact() => {
                runner.logits(square).map_err(PredictError::Run)
            }
            Runner::Tract(_) => {
                Err(PredictError::Input("a network of floats gives no whole logits"))
            }
        }
    }

    /// Everything that the layers of an exact network give for a square. The engine
    /// `exact` computes it, whichever one the model was loaded for: both give the same.
    ///
    /// # Errors
    /// [`PredictError`]; a network of floats has none.
    pub fn levels(&self, square: &[u8]) -> Result<Levels, PredictError> {
        self.check_size(square)?;
        let network = self.exact_network();
        let network = network.ok_or(PredictError::Input("a network of floats gives no levels"))?;
        let levels = match &self.runner {
            Runner::Exact(engine) => engine.levels(square),
            Runner::Tract(_) => medchain_exact::Engine::new(network).levels(square),
        };
        levels.map_err(|error| PredictError::Run(error.to_string()))
    }

    fn probabilities(&self, square: &[u8], tensor: &[f32]) -> Result<Vec<f32>, PredictError> {
        self.check_size(square)?;
        match &self.runner {
            Runner::Tract(runner) => runner.probabilities(tensor).map_err(PredictError::Run),
            Runner::Exact(_) => Err(PredictError::Input("an exact network takes no floats")),
        }
    }

    fn check_size(&self, square: &[u8]) -> Result<(), PredictError> {
        if square.len() == (self.spec.size as usize).pow(2) {
            return Ok(());
        }
        Err(PredictError::Input("the square has another size than the network takes"))
    }

    fn scale(&self) -> SoftmaxScale {
        SoftmaxScale(self.spec.softmax_scale.unwrap_or_default())
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("model", &self.spec.model)
            .field("version", &self.spec.version)
            .field("engine", &self.engine())
            .finish_non_exhaustive()
    }
}

fn read(onnx: &[u8]) -> Result<File<'_>, ModelError> {
    File::read(onnx).map_err(|why| ModelError::Network(format!("it is no ONNX file: {why}")))
}

/// Reads all of a file, for tract.
fn parse(onnx: &[u8]) -> Result<ModelProto, ModelError> {
    tract_onnx::onnx()
        .proto_model_for_read(&mut Cursor::new(onnx))
        .map_err(|error| ModelError::Network(one_line(&error)))
}

/// Reads an exact network, and checks that it is the one that `spec` describes.
fn exact(file: &File, spec: &Preprocessing) -> Result<Network, ModelError> {
    let size = u16::try_from(spec.size).map_err(|error| ModelError::Network(error.to_string()))?;
    let network = exact_file::read(file, size)
        .map_err(|why| ModelError::Network(format!("it is not an exact network: {why}")))?;
    if Some(network.scale().0) != spec.softmax_scale {
        return Err(ModelError::Mismatch(format!(
            "`softmax_scale` is {} in the network; take the description that was exported with it",
            network.scale().0
        )));
    }
    Ok(network)
}

fn one_line(error: &TractError) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
