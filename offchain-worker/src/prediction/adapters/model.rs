//! VGG-16 with medchain-vision.

use medchain_primitives::{FailureCode, Output};
use medchain_vision::{square, DecodeError, Engine, Model, PredictError, Preprocessing, SQUARE_ID};
use zeroize::Zeroizing;

use crate::prediction::ports::{Predictor, PredictorError};

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
    fn square(&self, image: &[u8]) -> Result<Zeroizing<Vec<u8>>, PredictorError> {
        match square(image) {
            Ok(square) => Ok(Zeroizing::new(square.as_ref().to_vec())),
            Err(error) => Err(bad_image(&error)),
        }
    }

    fn predict(&self, image: &[u8], square: &[u8]) -> Result<Output, PredictorError> {
        let output = match self.0.spec().id == SQUARE_ID {
            true => self.0.output(square),
            // A model with steps of its own sees something else than what was committed to.
            false => self.0.predict(image).map(|prediction| prediction.output),
        };
        output.map_err(|error| match &error {
            PredictError::Decode(cause) => bad_image(cause),
            _ => PredictorError::Internal(error.to_string()),
        })
    }
}

fn bad_image(error: &DecodeError) -> PredictorError {
    let text = error.to_string();
    match error.failure_code() {
        FailureCode::TooLarge => PredictorError::TooLarge(text),
        _ => PredictorError::NotAnImage(text),
    }
}
