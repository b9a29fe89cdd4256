//! Probabilities as commands show them.

use std::fmt;

use medchain_client::chain::Model;
use medchain_primitives::Output;
use serde::{ser::SerializeMap, Serialize, Serializer};

use crate::output::percent;

/// Probabilities by label, in the model's order, in parts per million.
#[derive(Clone, Debug, PartialEq)]
pub struct Probabilities(pub Vec<(String, u32)>);

impl Probabilities {
    /// Names the classes as the model does, and by number where it does not.
    pub fn new(output: &Output, model: Option<&Model>) -> Self {
        let parts = output.probabilities.iter().map(|part| part.deconstruct());
        Self(parts.enumerate().map(|(index, part)| (class(index, model), part)).collect())
    }
}

impl Probabilities {
    /// Whether these differ from others by a step of the quantisation at most, in every class:
    /// what the last digits of floats can do.
    pub fn are_near(&self, others: &Self) -> bool {
        let near = |((label, one), (other_label, other)): (&(String, u32), &(String, u32))| {
            label == other_label && one.abs_diff(*other) <= STEP
        };
        self.0.len() == others.0.len() && self.0.iter().zip(&others.0).all(near)
    }
}

/// A step of a quantised probability, in parts per million.
const STEP: u32 = 100;

/// The name of a class.
pub fn class(index: usize, model: Option<&Model>) -> String {
    model
        .and_then(|model| model.labels.get(index).cloned())
        .unwrap_or_else(|| format!("class {index}"))
}

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
