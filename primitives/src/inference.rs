//! Predictions as integers: what stands on chain and what a replay compares.

use blake2::{digest::consts::U32, Blake2b, Digest};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_arithmetic::{PerThing, Permill};

use crate::Cid;

/// The most classes that a model may have.
pub const MAX_CLASSES: u32 = 8;
/// The longest label and the longest preprocessing id, in bytes.
pub const MAX_LABEL_LENGTH: u32 = 32;

/// The name of a class, such as `covid`.
pub type Label = BoundedVec<u8, ConstU32<MAX_LABEL_LENGTH>>;
/// The name of the fixed steps from pixels to tensor, such as `mc-area-224-v1`.
pub type PreprocessingId = BoundedVec<u8, ConstU32<MAX_LABEL_LENGTH>>;

/// The number of a model: the first is 0.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct ModelId(pub u32);

/// The number of an inference request: the first is 0.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct RequestId(pub u64);

/// `blake2_256` of the SCALE encoding of (model sha256, preprocessing id,
/// ciphertext CID, quantised output). The encoding's length prefixes keep any
/// two different inputs apart.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Receipt(pub [u8; 32]);

/// Why a worker could not predict. Never a made-up label.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum FailureCode {
    /// No store had the content in time.
    #[codec(index = 0)]
    Unavailable,
    /// The content does not have the hash that the record promises.
    #[codec(index = 1)]
    WrongHash,
    /// There is no envelope for the worker, or it does not open the content.
    #[codec(index = 2)]
    CannotDecrypt,
    /// The content is not an image that can be decoded.
    #[codec(index = 3)]
    NotAnImage,
    /// The content or the image in it is over a limit.
    #[codec(index = 4)]
    TooLarge,
}

/// A quantised prediction: the class and the probability of every class of
/// the model, in parts per million that add up to exactly one million.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Output {
    /// The index of the most probable class; of equal ones, the first.
    pub label: u8,
    /// One for each class, in the order of the model's labels.
    pub probabilities: BoundedVec<Permill, ConstU32<MAX_CLASSES>>,
}

/// Why an output is not a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputError {
    /// Not one probability for each class.
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

    /// Quantises softmax outputs. The steps are those of 1/10,000: coarse
    /// enough that the last bits of floats, which differ between processors,
    /// practically never show. The largest class takes what rounding leaves.
    #[cfg(feature = "std")]
    pub fn quantise(probabilities: &[f32]) -> Result<Self, OutputError> {
        const STEP: u32 = 100;
        let steps = Permill::ACCURACY / STEP;
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
        let mut parts: Vec<u32> = probabilities
            .iter()
            .map(|p| (f64::from(*p) / total * f64::from(steps)).round() as u32)
            .collect();
        let largest = (0..parts.len()).rev().max_by_key(|i| parts[*i]).unwrap_or_default();
        let others: u32 =
            parts.iter().enumerate().filter(|(i, _)| *i != largest).map(|(_, part)| part).sum();
        parts[largest] = steps.saturating_sub(others);
        let probabilities: Vec<Permill> =
            parts.iter().map(|part| Permill::from_parts(part * STEP)).collect();
        let label = first_largest(&probabilities) as u8;
        Ok(Self { label, probabilities: BoundedVec::truncate_from(probabilities) })
    }
}

fn first_largest(probabilities: &[Permill]) -> usize {
    let mut best = 0;
    for (index, probability) in probabilities.iter().enumerate() {
        if *probability > probabilities[best] {
            best = index;
        }
    }
    best
}

/// The receipt of a prediction: what `medchain replay` recomputes.
pub fn receipt(
    model_sha256: &[u8; 32],
    preprocessing: &PreprocessingId,
    ciphertext: &Cid,
    output: &Output,
) -> Receipt {
    let preimage = (model_sha256, preprocessing, ciphertext, output).encode();
    Receipt(Blake2b::<U32>::digest(preimage).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CidCodec;
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
    fn a_receipt_depends_on_every_part() {
        let id = |text: &str| PreprocessingId::truncate_from(text.as_bytes().to_vec());
        let cid = |byte| Cid::new(CidCodec::Raw, [byte; 32]);
        let yes = output(0, &[600_000, 400_000]);
        let base = receipt(&[1; 32], &id("a"), &cid(2), &yes);
        assert_eq!(base, receipt(&[1; 32], &id("a"), &cid(2), &yes));
        assert_ne!(base, receipt(&[0; 32], &id("a"), &cid(2), &yes));
        assert_ne!(base, receipt(&[1; 32], &id("b"), &cid(2), &yes));
        assert_ne!(base, receipt(&[1; 32], &id("a"), &cid(3), &yes));
        let other = output(0, &[600_100, 399_900]);
        assert_ne!(base, receipt(&[1; 32], &id("a"), &cid(2), &other));
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
