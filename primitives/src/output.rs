//! Predictions as integers.

use alloc::vec::Vec;

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_arithmetic::{PerThing, Permill};

/// The most classes that a model may have.
pub const MAX_CLASSES: u32 = 8;

/// The step of a quantised probability, in parts per million.
const STEP: u32 = 100;
const STEPS: u32 = Permill::ACCURACY / STEP;

/// A quantised prediction.
///
/// The class and the probability of every class of the model, in parts per
/// million that add up to exactly one million.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("output", "types")
)]
pub struct Output {
    /// The index of the most probable class; of equal ones, the first.
    pub label: u8,
    /// The probability of each class, in the order of the model's labels.
    pub probabilities: BoundedVec<Permill, ConstU32<MAX_CLASSES>>,
}

/// Why an output is not a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputError {
    /// There is not exactly one probability for each class.
    Classes,
    /// The probabilities do not add up to one million parts.
    Sum,
    /// The label is not the first most probable class.
    Label,
    /// A probability is not a number between 0 and 1 (only when quantising).
    NotAProbability,
}

impl Output {
    /// Checks that this is a prediction over `classes` classes.
    ///
    /// # Errors
    /// The first [`OutputError`] that applies.
    pub fn check(&self, classes: usize) -> Result<(), OutputError> {
        if classes == 0 || self.probabilities.len() != classes {
            return Err(OutputError::Classes);
        }
        let sum: u64 = self.probabilities.iter().map(|p| u64::from(p.deconstruct())).sum();
        if sum != u64::from(Permill::ACCURACY) {
            return Err(OutputError::Sum);
        }
        if first_largest(&self.probabilities) != usize::from(self.label) {
            return Err(OutputError::Label);
        }
        Ok(())
    }

    /// The probability of the label.
    pub fn confidence(&self) -> Permill {
        self.probabilities.get(usize::from(self.label)).copied().unwrap_or_default()
    }

    /// Quantises whole numbers that stand in the proportion of the probabilities, in
    /// steps of 1/10,000, rounded half up. The largest class takes what rounding leaves.
    ///
    /// # Errors
    /// [`OutputError::Classes`]; [`OutputError::Sum`] where all are zero or their sum is
    /// 2^50 or more.
    pub fn from_weights(weights: &[u64]) -> Result<Self, OutputError> {
        let total = weights.iter().fold(0u64, |sum, weight| sum.saturating_add(*weight));
        if total == 0 || total >= 1 << 50 {
            return Err(OutputError::Sum);
        }
        let half = total >> 1;
        let part = |weight: &u64| {
            let scaled = weight.saturating_mul(u64::from(STEPS)).saturating_add(half);
            scaled.checked_div(total).unwrap_or_default() as u32
        };
        Self::from_steps(weights.iter().map(part).collect())
    }

    /// Quantises softmax outputs.
    ///
    /// The steps are those of 1/10,000: coarse enough that the last bits of
    /// floats, which differ between processors, practically never show. The
    /// largest class takes what rounding leaves.
    ///
    /// # Errors
    /// [`OutputError::Classes`], [`OutputError::Sum`] and
    /// [`OutputError::NotAProbability`].
    #[cfg(feature = "std")]
    pub fn quantise(probabilities: &[f32]) -> Result<Self, OutputError> {
        if probabilities.is_empty() || probabilities.len() > MAX_CLASSES as usize {
            return Err(OutputError::Classes);
        }
        if probabilities.iter().any(|p| !(0.0..=1.0).contains(p)) {
            return Err(OutputError::NotAProbability);
        }
        let total: f64 = probabilities.iter().map(|p| f64::from(*p)).sum();
        if (total - 1.0).abs() > 1e-3 {
            return Err(OutputError::Sum);
        }
        let part = |p: &f32| (f64::from(*p) / total * f64::from(STEPS)).round() as u32;
        Self::from_steps(probabilities.iter().map(part).collect())
    }

    fn from_steps(mut parts: Vec<u32>) -> Result<Self, OutputError> {
        if parts.is_empty() || parts.len() > MAX_CLASSES as usize {
            return Err(OutputError::Classes);
        }
        let largest = first_largest(&parts);
        let others = parts.iter().enumerate().filter(|(index, _)| *index != largest);
        let others = others.fold(0u32, |sum, (_, part)| sum.saturating_add(*part));
        if let Some(part) = parts.get_mut(largest) {
            *part = STEPS.saturating_sub(others);
        }
        let probabilities: Vec<Permill> =
            parts.iter().map(|part| Permill::from_parts(part.saturating_mul(STEP))).collect();
        let label = first_largest(&probabilities) as u8;
        Ok(Self { label, probabilities: BoundedVec::truncate_from(probabilities) })
    }
}

/// The index of the largest value; of equal ones, the first.
fn first_largest<T: PartialOrd>(values: &[T]) -> usize {
    let mut best: Option<(usize, &T)> = None;
    for (index, value) in values.iter().enumerate() {
        if best.is_none_or(|(_, largest)| value > largest) {
            best = Some((index, value));
        }
    }
    best.map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn output(label: u8, parts: &[u32]) -> Output {
        let probabilities = parts.iter().map(|p| Permill::from_parts(*p)).collect::<Vec<_>>();
        Output { label, probabilities: BoundedVec::truncate_from(probabilities) }
    }

    #[test]
    fn a_false_output_is_refused_with_its_cause() {
        let check = |label, parts: &[u32], expected| {
            assert_eq!(output(label, parts).check(3), expected, "{label} {parts:?}");
        };
        check(1, &[100_000, 800_000, 100_000], Ok(()));
        check(0, &[500_000, 500_000, 0], Ok(()));
        check(1, &[500_000, 500_000, 0], Err(OutputError::Label));
        check(0, &[100_000, 800_000, 100_000], Err(OutputError::Label));
        check(9, &[100_000, 800_000, 100_000], Err(OutputError::Label));
        check(1, &[100_000, 800_000], Err(OutputError::Classes));
        check(1, &[100_000, 800_000, 99_999], Err(OutputError::Sum));
        assert_eq!(output(0, &[]).check(0), Err(OutputError::Classes));
    }

    #[test]
    fn what_is_not_a_probability_is_refused() {
        assert_eq!(Output::quantise(&[f32::NAN, 1.0]), Err(OutputError::NotAProbability));
        assert_eq!(Output::quantise(&[-0.1, 1.1]), Err(OutputError::NotAProbability));
        assert_eq!(Output::quantise(&[0.5, 0.4]), Err(OutputError::Sum));
        assert_eq!(Output::quantise(&[]), Err(OutputError::Classes));
    }

    #[test]
    fn rounding_goes_to_the_first_of_the_largest() {
        let third = 1.0 / 3.0;
        let parts = output(0, &[333_400, 333_300, 333_300]);
        assert_eq!(Output::quantise(&[third, third, third]), Ok(parts));
    }

    proptest! {
        #[test]
        fn every_softmax_quantises_to_a_valid_output(logits in proptest::collection::vec(-20f32..20.0, 1..8)) {
            let exponentials: Vec<f32> = logits.iter().map(|l| l.exp()).collect();
            let sum: f32 = exponentials.iter().sum();
            let softmax: Vec<f32> = exponentials.iter().map(|e| (e / sum).min(1.0)).collect();
            let quantised = Output::quantise(&softmax).unwrap();
            prop_assert_eq!(quantised.check(softmax.len()), Ok(()));
            for (exact, part) in softmax.iter().zip(&quantised.probabilities) {
                prop_assert!((f64::from(*exact) - f64::from(part.deconstruct()) / 1e6).abs() < 1e-3);
            }
        }
    }
}
