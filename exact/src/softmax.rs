//! From logits to parts per million, in integers.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use medchain_primitives::{Output, OutputError};
use scale_info::TypeInfo;

/// How much one unit of a logit is worth, in bits: `round(scale · log2(e) · 2^32)`,
/// where `scale` is the real number by which an integer logit is multiplied.
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
pub struct SoftmaxScale(pub u64);

/// Fractional bits of an exponent.
const FRACTION: u32 = 16;
/// 2^-31 is the step of a power.
const ONE: u64 = 1 << 31;
/// A power of 2^-32 or less is none.
const FARTHEST: u64 = 32 << FRACTION;

/// The probabilities of logits, quantised as an [`Output`] is: in steps of 1/10,000,
/// of which the largest class takes what rounding leaves.
///
/// `exp(scale · (z - z_max))` is `2^-t`; the whole part of `t` is a shift, the rest is
/// looked up in a table of 256 steps and interpolated.
///
/// # Errors
/// [`OutputError::Classes`] where there is no logit, or more than the classes that an
/// output may have.
pub fn softmax(logits: &[i32], scale: SoftmaxScale) -> Result<Output, OutputError> {
    let largest = *logits.iter().max().ok_or(OutputError::Classes)?;
    let powers: Vec<u64> = logits
        .iter()
        .map(|logit| {
            let distance = u64::from(largest.abs_diff(*logit));
            let scaled = u128::from(distance).saturating_mul(u128::from(scale.0));
            // 32 fractional bits become 16, rounded half up.
            let exponent = scaled.saturating_add(1 << 15) >> (32u32.saturating_sub(FRACTION));
            power(u64::try_from(exponent).unwrap_or(u64::MAX))
        })
        .collect();
    Output::from_weights(&powers)
}

/// `2^(-exponent / 2^16)` in steps of 2^-31.
fn power(exponent: u64) -> u64 {
    if exponent >= FARTHEST {
        return 0;
    }
    let whole = exponent >> FRACTION;
    let step = usize::try_from(exponent >> 8 & 0xff).unwrap_or_default();
    let between = exponent & 0xff;
    let at = |step: usize| u64::from(POWERS.get(step).copied().unwrap_or_default());
    let (high, low) = (at(step), at(step.saturating_add(1)));
    let fraction = high.saturating_sub(high.saturating_sub(low).saturating_mul(between) >> 8);
    // Rounded half up; the shift is below 32.
    fraction.saturating_add((1u64 << whole) >> 1).min(ONE) >> whole
}

/// `round(2^31 · 2^(-i / 256))` for i from 0 to 256.
#[rustfmt::skip]
const POWERS: [u32; 257] = [
    0x80000000, 0x7fa765ad, 0x7f4f08ae, 0x7ef6e8da, 0x7e9f0606, 0x7e476009, 0x7deff6b6, 0x7d98c9e6,
    0x7d41d96e, 0x7ceb2523, 0x7c94acde, 0x7c3e7073, 0x7be86fba, 0x7b92aa88, 0x7b3d20b6, 0x7ae7d21a,
    0x7a92be8b, 0x7a3de5df, 0x79e947ef, 0x7994e492, 0x7940bb9e, 0x78ecccec, 0x78991854, 0x78459dac,
    0x77f25cce, 0x779f5590, 0x774c87cc, 0x76f9f359, 0x76a7980f, 0x765575c8, 0x76038c5b, 0x75b1dba2,
    0x75606374, 0x750f23ab, 0x74be1c20, 0x746d4cac, 0x741cb528, 0x73cc556d, 0x737c2d55, 0x732c3cba,
    0x72dc8374, 0x728d015d, 0x723db650, 0x71eea226, 0x719fc4b9, 0x71511de4, 0x7102ad80, 0x70b47368,
    0x70666f76, 0x7018a185, 0x6fcb096f, 0x6f7da710, 0x6f307a41, 0x6ee382de, 0x6e96c0c3, 0x6e4a33c9,
    0x6dfddbcc, 0x6db1b8a8, 0x6d65ca38, 0x6d1a1057, 0x6cce8ae1, 0x6c8339b2, 0x6c381ca6, 0x6bed3399,
    0x6ba27e65, 0x6b57fce9, 0x6b0daeff, 0x6ac39485, 0x6a79ad56, 0x6a2ff94f, 0x69e6784d, 0x699d2a2c,
    0x69540ec9, 0x690b2601, 0x68c26fb1, 0x6879ebb6, 0x683199ed, 0x67e97a34, 0x67a18c68, 0x6759d065,
    0x6712460b, 0x66caed35, 0x6683c5c3, 0x663ccf92, 0x65f60a7f, 0x65af766a, 0x6569132f, 0x6522e0ad,
    0x64dcdec3, 0x64970d4f, 0x64516c2e, 0x640bfb41, 0x63c6ba64, 0x6381a978, 0x633cc85b, 0x62f816eb,
    0x62b39509, 0x626f4292, 0x622b1f66, 0x61e72b65, 0x61a3666d, 0x615fd05e, 0x611c6919, 0x60d9307b,
    0x60962665, 0x60534ab7, 0x60109d51, 0x5fce1e12, 0x5f8bccdb, 0x5f49a98c, 0x5f07b405, 0x5ec5ec26,
    0x5e8451d0, 0x5e42e4e3, 0x5e01a53f, 0x5dc092c7, 0x5d7fad59, 0x5d3ef4d7, 0x5cfe6923, 0x5cbe0a1c,
    0x5c7dd7a4, 0x5c3dd19c, 0x5bfdf7e5, 0x5bbe4a61, 0x5b7ec8f2, 0x5b3f7377, 0x5b0049d4, 0x5ac14bea,
    0x5a82799a, 0x5a43d2c6, 0x5a055751, 0x59c7071c, 0x5988e209, 0x594ae7fb, 0x590d18d3, 0x58cf7474,
    0x5891fac1, 0x5854ab9b, 0x581786e6, 0x57da8c83, 0x579dbc57, 0x57611642, 0x57249a29, 0x56e847ef,
    0x56ac1f75, 0x567020a0, 0x56344b52, 0x55f89f70, 0x55bd1cdb, 0x5581c378, 0x55469329, 0x550b8bd4,
    0x54d0ad5a, 0x5495f7a1, 0x545b6a8b, 0x542105fd, 0x53e6c9da, 0x53acb607, 0x5372ca68, 0x533906e0,
    0x52ff6b55, 0x52c5f7aa, 0x528cabc3, 0x52538786, 0x521a8ad7, 0x51e1b59a, 0x51a907b4, 0x5170810b,
    0x51382182, 0x50ffe8fe, 0x50c7d765, 0x508fec9c, 0x50582888, 0x50208b0e, 0x4fe91413, 0x4fb1c37c,
    0x4f7a9930, 0x4f439514, 0x4f0cb70c, 0x4ed5ff00, 0x4e9f6cd4, 0x4e69006e, 0x4e32b9b4, 0x4dfc988c,
    0x4dc69cdd, 0x4d90c68b, 0x4d5b157e, 0x4d25899c, 0x4cf022ca, 0x4cbae0ef, 0x4c85c3f1, 0x4c50cbb8,
    0x4c1bf829, 0x4be7492b, 0x4bb2bea5, 0x4b7e587e, 0x4b4a169c, 0x4b15f8e6, 0x4ae1ff43, 0x4aae299b,
    0x4a7a77d4, 0x4a46e9d6, 0x4a137f88, 0x49e038d0, 0x49ad1598, 0x497a15c4, 0x4947393f, 0x49147fee,
    0x48e1e9ba, 0x48af768a, 0x487d2646, 0x484af8d6, 0x4818ee22, 0x47e70611, 0x47b5408c, 0x47839d7b,
    0x47521cc6, 0x4720be55, 0x46ef8210, 0x46be67e0, 0x468d6fae, 0x465c9961, 0x462be4e2, 0x45fb521a,
    0x45cae0f2, 0x459a9152, 0x456a6323, 0x453a564d, 0x450a6abb, 0x44daa054, 0x44aaf702, 0x447b6ead,
    0x444c0740, 0x441cc0a3, 0x43ed9ac0, 0x43be957f, 0x438fb0cb, 0x4360ec8d, 0x433248ae, 0x4303c518,
    0x42d561b4, 0x42a71e6c, 0x4278fb2b, 0x424af7da, 0x421d1462, 0x41ef50ae, 0x41c1aca7, 0x41942839,
    0x4166c34c, 0x41397dcc, 0x410c57a2, 0x40df50b8, 0x40b268fa, 0x4085a051, 0x4058f6a8, 0x402c6be9,
    0x40000000,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_has_the_powers_of_two() {
        for (step, power) in POWERS.iter().enumerate() {
            let exact = (2f64.powi(31) * (-(step as f64) / 256.0).exp2()).round();
            assert_eq!(f64::from(*power), exact, "{step}");
        }
    }

    #[test]
    fn the_first_of_equal_logits_is_the_label() {
        let output = softmax(&[5, 9, 9], SoftmaxScale(1 << 32)).unwrap();
        assert_eq!(output.label, 1);
        assert_eq!(output.check(3), Ok(()));
        assert_eq!(softmax(&[], SoftmaxScale(1)), Err(OutputError::Classes));
        assert_eq!(softmax(&[0; 9], SoftmaxScale(1)), Err(OutputError::Classes));
    }

    proptest! {
        #[test]
        fn it_is_the_softmax_of_floats(
            // Near enough to each other that several classes count; and anything.
            logits in prop_oneof![
                4 => proptest::collection::vec(-20_000i32..20_000, 2..8),
                1 => proptest::collection::vec(i32::MIN..i32::MAX, 1..8),
            ],
            scale in 1e-6f64..1e-3,
        ) {
            let m = SoftmaxScale((scale * std::f64::consts::LOG2_E * 2f64.powi(32)).round() as u64);
            let output = softmax(&logits, m).unwrap();
            prop_assert_eq!(output.check(logits.len()), Ok(()));
            let largest = f64::from(*logits.iter().max().unwrap());
            let exponentials: Vec<f64> =
                logits.iter().map(|z| ((f64::from(*z) - largest) * scale).exp()).collect();
            let sum: f64 = exponentials.iter().sum();
            for (exact, part) in exponentials.iter().zip(&output.probabilities) {
                let difference = (exact / sum - f64::from(part.deconstruct()) / 1e6).abs();
                // Half a step; the largest takes up to half a step of each of the others.
                prop_assert!(difference <= 0.000_41, "{logits:?} {scale}: {difference}");
            }
        }
    }
}
