//! What one value of a layer is. This file is the definition: kernels, tests and the
//! chain all refer to it.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

/// The sum of one output before rounding: `bias + Σ patch · weights`.
///
/// `patch` has the bytes under the window in the order row, column, channel;
/// `weights` are in the same order. In a [`Network`](crate::Network) that was
/// checked, no sum leaves ±[`MAX_SUM`](crate::MAX_SUM), so that nothing wraps.
#[must_use]
pub fn sum(bias: i32, patch: &[u8], weights: &[i8]) -> i32 {
    patch.iter().zip(weights).fold(bias, |sum, (value, weight)| {
        sum.wrapping_add(i32::from(*value).wrapping_mul(i32::from(*weight)))
    })
}

/// The activation that a sum becomes: `sum / 2^shift`, rounded to the nearest integer
/// and to the even one of two that are equally near, between 0 and `limit`.
#[must_use]
pub fn activation(sum: i32, shift: u8, limit: u8) -> u8 {
    let rounded = match shift.checked_sub(1) {
        None => sum,
        Some(less) => {
            let odd = sum.wrapping_shr(u32::from(shift)) & 1;
            let half = 1i32.wrapping_shl(u32::from(less));
            sum.wrapping_add(half).wrapping_sub(1).wrapping_add(odd).wrapping_shr(u32::from(shift))
        }
    };
    rounded.clamp(0, i32::from(limit)) as u8
}

/// What a pool of 2 × 2 keeps: the largest.
#[must_use]
pub fn pooled(values: [u8; 4]) -> u8 {
    let [a, b, c, d] = values;
    a.max(b).max(c).max(d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let rounded: Vec<u8> = [-2, 1, 2, 3, 5, 6, 7, 9, 10].map(|s| activation(s, 2, 127)).into();
        assert_eq!(rounded, [0, 0, 0, 1, 1, 2, 2, 2, 2]);
        assert_eq!(activation(5, 0, 127), 5);
        assert_eq!(activation(1 << 20, 1, 127), 127);
        assert_eq!(activation(-(1 << 20), 1, 127), 0);
        assert_eq!(activation(1 << 20, 1, 255), 255);
    }

    proptest! {
        #[test]
        fn rounding_is_that_of_floats(sum in -(1i32 << 28)..1 << 28, shift in 0u8..=16, limit: u8) {
            let exact = f64::from(sum) / f64::from(1u32 << shift);
            let expected = exact.round_ties_even().clamp(0.0, f64::from(limit));
            prop_assert_eq!(f64::from(activation(sum, shift, limit)), expected);
        }
    }
}
