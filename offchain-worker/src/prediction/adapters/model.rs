//! VGG-16 with medchain-vision.

use medchain_primitives::FailureCode;
use medchain_vision::{Engine, Model, Preprocessing};

use crate::prediction::ports::{Predicted, Predictor, PredictorError};

/// A loaded model.
pub struct VisionModel(Model);

/// Why a model's files cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(String);

impl VisionModel {
    /// Loads a model from the bytes of its ONNX file and of its description. `threads`
    /// threads share the work on one image; `engine` is what runs the network, or `None` for
    /// what suits it.
    ///
    /// # Errors
    /// [`LoadError`] where one of the two is malformed.
    pub fn load(
        onnx: &[u8],
        description: &[u8],
        engine: Option<Engine>,
        threads: usize,
    ) -> Result<Self, LoadError> {
        Model::load_for(onnx, description, engine)
            .map(|model| Self(model.with_threads(threads)))
            .map_err(|error| LoadError(error.to_string()))
    }

    /// The preprocessing id and the labels of a description.
    ///
    /// # Errors
    /// [`LoadError`] where it is not a model's description.
    pub fn describe(description: &[u8]) -> Result<(String, Vec<String>), LoadError> {
        Preprocessing::from_json(description)
            .map(|spec| (spec.id, spec.labels))
            .map_err(|error| LoadError(error.to_string()))
    }
}

impl Predictor for VisionModel {
    fn predict(&self, image: &[u8]) -> Result<Predicted, PredictorError> {
        let prediction = self.0.predict(image).map_err(|error| {
            let text = error.to_string();
            match error.failure_code() {
                Some(FailureCode::TooLarge) => PredictorError::TooLarge(text),
                Some(_) => PredictorError::NotAnImage(text),
                None => PredictorError::Internal(text),
            }
        })?;
        let timings = prediction.timings;
        Ok(Predicted {
            output: prediction.output,
            decode: timings.decode,
            infer: timings.preprocess + timings.infer,
        })
    }
}
