//! VGG-16 with medchain-vision.

use medchain_disputes::{Network, Weights};
use medchain_exact::Levels;
use medchain_primitives::Output;
use medchain_vision::{Engine, Model, Preprocessing, SQUARE_ID};
use zeroize::Zeroizing;

use super::DecoderProcess;
use crate::prediction::ports::{Numbers, Predictor, PredictorError};

/// A loaded model.
pub struct VisionModel {
    model: Model,
    /// Decodes films for it.
    decoder: DecoderProcess,
    /// The trees over its weights, where the chain settles disputes about it.
    weights: Option<Weights>,
}

/// Why a model's files cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(String);

/// Why disputes about a model could be lost with right answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// It does not see what the uploader has committed to.
    #[error(
        "it sees films by the steps `{steps}`, but disputes are about the square of \
         `{SQUARE_ID}`, so they would be lost with right answers"
    )]
    OtherSteps {
        /// The id of its steps.
        steps: String,
    },
    /// The chain calls it exact, and the file is a network of floats.
    #[error(
        "the chain calls it exact, but it is a network of floats; see `medchain model verify`"
    )]
    Floats,
    /// The chain knows another network.
    #[error("its network is not the one that is registered; see `medchain model verify`")]
    OtherNetwork,
}

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
            .map(|model| Self {
                model: model.with_threads(threads),
                decoder: DecoderProcess::default(),
                weights: None,
            })
            .map_err(|error| LoadError(error.to_string()))
    }

    /// The same model, for answers that the chain settles disputes about. Takes a second.
    ///
    /// # Errors
    /// [`Unfit`] where it is not the network that is registered, or sees something else than
    /// the uploader has committed to.
    pub fn settled_by(mut self, registered: &Network) -> Result<Self, Unfit> {
        let network = self.model.exact_network().ok_or(Unfit::Floats)?;
        if !self.sees_square() {
            return Err(Unfit::OtherSteps { steps: self.model.spec().id.clone() });
        }
        let weights = Weights::new(network);
        if weights.describe(network) != *registered {
            return Err(Unfit::OtherNetwork);
        }
        self.weights = Some(weights);
        Ok(self)
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
        self.decoder.greys(image, None)
    }

    fn input(&self, image: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, PredictorError> {
        let own_steps = Some(self.model.spec()).filter(|_| !self.sees_square());
        own_steps.map(|steps| self.decoder.greys(image, Some(steps))).transpose()
    }

    fn predict(&self, seen: &[u8]) -> Result<Output, PredictorError> {
        self.model.output(seen).map_err(|error| PredictorError::Internal(error.to_string()))
    }

    fn is_disputable(&self) -> bool {
        self.weights.is_some()
    }

    fn levels(&self, square: &[u8]) -> Result<Levels, PredictorError> {
        self.model.levels(square).map_err(|error| PredictorError::Internal(error.to_string()))
    }

    fn numbers(&self) -> Option<Numbers<'_>> {
        let network = self.model.exact_network()?;
        Some(Numbers { network, weights: self.weights.as_ref()? })
    }
}

impl VisionModel {
    /// Whether it sees what the uploader has committed to: a model with steps of its own sees
    /// something else.
    fn sees_square(&self) -> bool {
        self.model.spec().id == SQUARE_ID
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use medchain_exact::softmax;

    use super::*;

    #[test]
    fn the_shipped_model_defends_its_answers_with_the_numbers_that_gave_them() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/shipped");
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let (onnx, json) = (read("medchain-vgg16.onnx"), read("medchain-vgg16.json"));
        let square: Vec<u8> = (0..224 * 224_usize).map(|at| (at / 224 + at % 224) as u8).collect();
        for engine in [Engine::Exact, Engine::Tract] {
            let model = VisionModel::load(&onnx, &json, Some(engine), 1).unwrap();
            assert!(!model.is_disputable() && model.numbers().is_none());
            let network = model.model.exact_network().unwrap();
            let registered = Weights::new(network).describe(network);
            assert_eq!(registered.check(), Ok(()));
            let model = model.settled_by(&registered).unwrap();
            assert!(model.is_disputable());
            let Numbers { network, .. } = model.numbers().unwrap();
            let logits = model.levels(&square).unwrap().logits;
            let output = softmax(&logits, network.scale()).unwrap();
            assert_eq!(model.predict(&square).unwrap(), output);
        }
    }
}
