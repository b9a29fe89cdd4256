//! From a quantised output to an answer that the chain accepts.

use medchain_client::chain::Model;
use medchain_primitives::{
    receipt, Cid, FailureCode, Output, OutputError, PreprocessingId, Receipt,
};

/// What the worker signs and submits for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A prediction with its receipt.
    Prediction {
        /// The quantised output.
        output: Output,
        /// What a replay recomputes.
        receipt: Receipt,
    },
    /// A reason why there is no prediction.
    Failure(FailureCode),
}

/// The facts about a model that a receipt commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFacts {
    /// SHA-256 of the ONNX file.
    pub sha256: [u8; 32],
    /// The name of the steps from pixels to tensor.
    pub preprocessing: PreprocessingId,
    /// How many classes the model has.
    pub classes: usize,
}

impl From<&Model> for ModelFacts {
    fn from(model: &Model) -> Self {
        Self {
            sha256: model.sha256,
            preprocessing: model.preprocessing.clone(),
            classes: model.labels.len(),
        }
    }
}

/// The prediction that answers a request, with its receipt. The chain's own check runs
/// first, so that a worker never pays for a call that must fail.
///
/// # Errors
/// [`OutputError`] where the output is not a prediction over the model's classes.
pub fn prediction(
    model: &ModelFacts,
    ciphertext: &Cid,
    output: Output,
) -> Result<Answer, OutputError> {
    output.check(model.classes)?;
    let receipt = receipt(&model.sha256, &model.preprocessing, ciphertext, &output);
    Ok(Answer::Prediction { output, receipt })
}

#[cfg(test)]
mod tests {
    use medchain_primitives::CidCodec;

    use super::*;

    fn facts(classes: usize) -> ModelFacts {
        ModelFacts {
            sha256: [1; 32],
            preprocessing: PreprocessingId::truncate_from(b"steps".to_vec()),
            classes,
        }
    }

    #[test]
    fn the_receipt_is_the_one_that_the_chain_recomputes() {
        let cid = Cid::new(CidCodec::Raw, [2; 32]);
        let output = Output::quantise(&[0.1, 0.2, 0.7]).unwrap();
        let expected = receipt(&[1; 32], &facts(3).preprocessing, &cid, &output);
        assert_eq!(
            prediction(&facts(3), &cid, output.clone()),
            Ok(Answer::Prediction { output, receipt: expected })
        );
    }

    #[test]
    fn the_output_of_a_different_model_is_refused() {
        let cid = Cid::new(CidCodec::Raw, [2; 32]);
        let output = Output::quantise(&[0.5, 0.5]).unwrap();
        assert_eq!(prediction(&facts(3), &cid, output), Err(OutputError::Classes));
    }
}
