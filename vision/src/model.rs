//! The network, run by tract.

use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant};

use medchain_primitives::{FailureCode, Output};
use sha2::{Digest, Sha256};
use tract_linalg::multithread::{multithread_tract_scope, Executor};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::TypedModelPatch;
use tract_onnx::tract_core::ops::cast::Cast;

use crate::{decode, DecodeError, GreyImage, Preprocessing, SpecError};

/// A network and the description of its input. It can be shared by threads:
/// every prediction has its own state.
pub struct Model {
    plan: Arc<TypedSimplePlan>,
    spec: Preprocessing,
    sha256: [u8; 32],
    executor: Executor,
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
            Self::Run(_) | Self::Output(_) => None,
        }
    }
}

/// What the model says about one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The most probable class.
    pub label: String,
    /// Every class and its probability, in the order of the labels, from the
    /// quantised output: what a person reads is what stands on chain.
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
    /// Loads an ONNX file and the JSON beside it.
    pub fn load(onnx: &[u8], spec_json: &[u8]) -> Result<Self, ModelError> {
        let spec = Preprocessing::from_json(spec_json)?;
        let plan = plan(onnx, spec.size as usize)
            .map_err(|error| ModelError::Network(one_line(&error)))?;
        let outputs = plan
            .model()
            .output_fact(0)
            .ok()
            .and_then(|fact| fact.shape.as_concrete().map(<[usize]>::to_vec))
            .unwrap_or_default();
        if outputs != [1, spec.labels.len()] {
            return Err(ModelError::Mismatch(format!(
                "the network's output has the shape {outputs:?}, the description names {} labels",
                spec.labels.len()
            )));
        }
        Ok(Self {
            plan,
            spec,
            sha256: Sha256::digest(onnx).into(),
            executor: Executor::SingleThread,
        })
    }

    /// Lets one prediction use so many threads. The default is one: a worker
    /// with a backlog runs predictions side by side, which wastes less.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.executor =
            if threads > 1 { Executor::multithread(threads) } else { Executor::SingleThread };
        self
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
        let tensor = self.spec.tensor(image);
        let preprocess = started.elapsed();
        let raw = self.run(&tensor)?;
        let output = Output::quantise(&raw).map_err(PredictError::Output)?;
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

    /// The network's probabilities for a tensor of 3 × `size` × `size` values.
    pub fn run(&self, tensor: &[f32]) -> Result<Vec<f32>, PredictError> {
        let size = self.spec.size as usize;
        let run = || -> TractResult<Vec<f32>> {
            let input = Tensor::from_shape(&[1, 3, size, size], tensor)?;
            let outputs = self.plan.run(tvec!(input.into()))?;
            let probabilities = outputs[0].to_plain_array_view::<f32>()?;
            Ok(probabilities.iter().copied().collect())
        };
        multithread_tract_scope(self.executor.clone(), run)
            .map_err(|error| PredictError::Run(one_line(&error)))
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("model", &self.spec.model)
            .field("version", &self.spec.version)
            .finish_non_exhaustive()
    }
}

fn plan(onnx: &[u8], size: usize) -> TractResult<Arc<TypedSimplePlan>> {
    let mut model = tract_onnx::onnx()
        .model_for_read(&mut Cursor::new(onnx))?
        .with_input_fact(0, f32::fact([1, 3, size, size]).into())?
        .into_typed()?;
    widen_weights(&mut model)?;
    model.into_optimized()?.into_runnable()
}

/// Casts weights that are stored as float16 once, at loading.
///
/// tract folds no cast that makes a large constant larger; left alone, it would
/// cast and pack the weights again for every prediction.
fn widen_weights(model: &mut TypedModel) -> TractResult<()> {
    for id in 0..model.nodes().len() {
        let node = model.node(id);
        let Some(cast) = node.op_as::<Cast>() else { continue };
        let Some(weights) = model.outlet_fact(node.inputs[0])?.konst.clone() else { continue };
        let wide = weights.cast_to_dt(cast.to)?.into_owned();
        let mut patch = TypedModelPatch::default();
        let wire = patch.add_const(&node.name, wide)?;
        patch.shunt_outside(model, id.into(), wire)?;
        patch.apply(model)?;
    }
    Ok(())
}

fn one_line(error: &TractError) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
