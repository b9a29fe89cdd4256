//! Predictions as commands show them.

use std::fmt;

use medchain_client::{
    chain::{self, Model},
    AccountId32,
};
use medchain_primitives::{ModelId, RequestId};
use serde::{ser::SerializeMap, Serialize, Serializer};

use crate::output::{self, hex, percent};

/// Probabilities by label, in the model's order, in parts per million.
#[derive(Clone, Debug, PartialEq)]
pub struct Probabilities(pub Vec<(String, u32)>);

impl From<&medchain_vision::Prediction> for Probabilities {
    /// The quantised probabilities with their labels.
    fn from(prediction: &medchain_vision::Prediction) -> Self {
        let parts = prediction.output.probabilities.iter();
        let labels = prediction.probabilities.iter();
        Self(
            labels
                .zip(parts)
                .map(|((label, _), part)| (label.clone(), part.deconstruct()))
                .collect(),
        )
    }
}

impl Serialize for Probabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (label, parts) in &self.0 {
            map.serialize_entry(label, &(f64::from(*parts) / 1e6))?;
        }
        map.end()
    }
}

impl fmt::Display for Probabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (label, parts)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{label} {}", percent(*parts))?;
        }
        Ok(())
    }
}

/// A prediction on chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// The model's number.
    pub model_id: ModelId,
    /// The model's name and version.
    pub model: String,
    /// The most probable class.
    pub label: String,
    /// The probability of every class.
    pub probabilities: Probabilities,
    /// Whether the label's probability is below the model's threshold.
    pub uncertain: bool,
    /// The receipt, which `medchain replay` recomputes.
    pub receipt: String,
    /// The worker that signed it.
    pub worker: AccountId32,
    /// The request that it answers.
    pub request_id: RequestId,
    /// The block that added it.
    pub block_number: u32,
}

impl Prediction {
    /// Names the classes as the model does, and by number where it does not.
    pub fn new(prediction: &chain::Prediction, model: Option<&Model>) -> Self {
        let name = |index: usize| {
            model
                .and_then(|model| model.labels.get(index).cloned())
                .unwrap_or_else(|| format!("class {index}"))
        };
        let output = &prediction.output;
        let parts = output.probabilities.iter().map(|part| part.deconstruct());
        // Without the model's threshold, no label is certain.
        let threshold = model.map_or(u32::MAX, |model| model.confidence_threshold_ppm);
        Self {
            model_id: prediction.model,
            model: model.map_or_else(
                || format!("model {}", prediction.model),
                |model| format!("{} {}", model.name, model.version),
            ),
            label: name(usize::from(output.label)),
            probabilities: Probabilities(parts.enumerate().map(|(i, p)| (name(i), p)).collect()),
            uncertain: output.confidence().deconstruct() < threshold,
            receipt: hex(prediction.receipt.0),
            worker: prediction.worker,
            request_id: prediction.request,
            block_number: prediction.at,
        }
    }
}

impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", output::label(&self.label, self.uncertain))?;
        writeln!(f, "  probabilities  {}", self.probabilities)?;
        writeln!(f, "  model          {} (number {})", self.model, self.model_id)?;
        writeln!(f, "  worker         {}", self.worker)?;
        writeln!(f, "  block          {}", self.block_number)?;
        write!(f, "  receipt        {}", self.receipt)
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::ModelStatus;
    use medchain_primitives::{Output, PreprocessingId, Receipt, RecordId};

    use super::*;

    fn prediction(probabilities: &[f32]) -> chain::Prediction {
        chain::Prediction {
            record: RecordId(4),
            model: ModelId(1),
            request: RequestId(9),
            worker: AccountId32([7; 32]),
            output: Output::quantise(probabilities).unwrap(),
            receipt: Receipt([0xab; 32]),
            at: 12,
        }
    }

    fn model(threshold: u32) -> Model {
        Model {
            id: ModelId(1),
            name: "vgg".into(),
            version: "1.0".into(),
            cid: medchain_client::store::cid_of(b"onnx"),
            sha256: [1; 32],
            card: None,
            labels: ["covid", "ignore", "normal"].map(String::from).to_vec(),
            preprocessing: PreprocessingId::default(),
            confidence_threshold_ppm: threshold,
            fee: 0,
            status: ModelStatus::Active,
        }
    }

    #[test]
    fn a_label_below_the_threshold_carries_the_warning() {
        for (threshold, uncertain) in [(800_000, false), (800_001, true)] {
            let report = Prediction::new(&prediction(&[0.15, 0.05, 0.8]), Some(&model(threshold)));
            assert_eq!(report.label, "normal");
            assert_eq!(report.uncertain, uncertain);
            assert_eq!(report.to_string().contains(output::UNCERTAIN), uncertain);
        }
    }

    #[test]
    fn without_its_model_a_prediction_is_uncertain_and_unnamed() {
        let report = Prediction::new(&prediction(&[0.0, 1.0, 0.0]), None);
        assert_eq!((report.label.as_str(), report.uncertain), ("class 1", true));
    }
}
