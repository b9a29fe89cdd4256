//! A network, run here before anything is uploaded.
//!
//! What makes a model what it is comes from the chain: the digest of its file, the steps that
//! prepare a film, the number of its classes. So a preview is what a worker would answer.

use medchain_exact::Engine;
use medchain_primitives::{Output, SQUARE_ID};
use medchain_vision::SQUARE_SIDE;

fn words(error: impl core::fmt::Display) -> String {
    error.to_string()
}

/// An exact network, ready to run.
pub struct Network(Engine);

impl Network {
    /// Reads the file of a model: with this digest, for films that are prepared by these steps,
    /// with so many classes.
    ///
    /// # Errors
    /// Where it is another file or no exact network, or where the steps are unknown here.
    pub fn read(
        onnx: &[u8],
        sha256: &[u8; 32],
        preprocessing: &str,
        classes: usize,
    ) -> Result<Self, String> {
        if preprocessing != SQUARE_ID {
            return Err(format!(
                "the model's films are prepared by `{preprocessing}`, which this page does not \
                 know; order a prediction instead"
            ));
        }
        if medchain_crypto::digest(onnx).0 != *sha256 {
            return Err("the model's file has another SHA-256 than the chain says".into());
        }
        let side = u16::try_from(SQUARE_SIDE).map_err(words)?;
        let network = medchain_vision::exact_network(onnx, side).map_err(words)?;
        let engine = Engine::new(&network);
        match engine.classes() == classes {
            true => Ok(Self(engine)),
            false => Err(format!(
                "the network has {} classes, the chain names {classes}",
                engine.classes()
            )),
        }
    }

    /// The instructions that it runs with.
    pub fn instructions(&self) -> String {
        format!("{:?}", self.0.instructions())
    }

    /// What the last layer gives for an image file.
    ///
    /// # Errors
    /// Where it is no image that MedChain takes.
    pub fn logits(&self, film: &[u8]) -> Result<Vec<i32>, String> {
        let square = medchain_vision::square(film).map_err(words)?;
        self.0.logits(square.as_ref()).map_err(words)
    }

    /// What a worker would answer for an image file.
    ///
    /// # Errors
    /// As for [`Self::logits`].
    pub fn predict(&self, film: &[u8]) -> Result<Output, String> {
        let output = self.0.output(&self.logits(film)?);
        output.map_err(|error| format!("the network's answer is no prediction: {error:?}"))
    }
}
