//! Points and scalars of ristretto255 (RFC 9496), as they are decoded and added up.
//!
//! Operators on them are allowed in this file alone: they wrap modulo the order of the group,
//! and can neither overflow nor panic.
#![allow(clippy::arithmetic_side_effects, reason = "arithmetic modulo the order is total")]

use alloc::vec::Vec;

use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_POINT,
    ristretto::CompressedRistretto,
    traits::{IsIdentity, VartimeMultiscalarMul},
};

pub(crate) use curve25519_dalek::{RistrettoPoint as Point, Scalar};

use crate::SharingError;

/// The generator G, to which all keys belong: the base point of RFC 9496.
pub(crate) const G: Point = RISTRETTO_BASEPOINT_POINT;

/// Decodes a point other than the identity.
pub(crate) fn point(bytes: &[u8; 32]) -> Result<Point, SharingError> {
    let point = CompressedRistretto(*bytes).decompress().ok_or(SharingError::InvalidPoint)?;
    (!point.is_identity()).then_some(point).ok_or(SharingError::InvalidPoint)
}

/// Decodes a scalar below the order of the group.
pub(crate) fn scalar(bytes: &[u8; 32]) -> Result<Scalar, SharingError> {
    Option::from(Scalar::from_canonical_bytes(*bytes)).ok_or(SharingError::InvalidScalar)
}

/// A linear combination of public points: coefficients and points.
#[derive(Clone, Default)]
pub(crate) struct Sum(pub Vec<(Scalar, Point)>);

impl Sum {
    /// The point itself.
    pub(crate) fn of(point: Point) -> Self {
        Self(Vec::from([(Scalar::ONE, point)]))
    }

    /// The difference of two points.
    pub(crate) fn difference(this: Point, that: Point) -> Self {
        Self::of(this - that)
    }

    /// The point's inverse.
    pub(crate) fn negative(point: Point) -> Self {
        Self::of(-point)
    }

    /// Computes `image` and `bases` as they count in a proof: the sum of `factors[j] · bases[j]`
    /// less `challenge · image`. Not in constant time: all of it is public.
    pub(crate) fn check(
        image: &Self,
        bases: &[Self],
        challenge: &Scalar,
        factors: &[Scalar],
    ) -> Point {
        let negative = -challenge;
        let sums = bases.iter().chain([image]).zip(factors.iter().chain([&negative]));
        let (scalars, points): (Vec<Scalar>, Vec<Point>) = sums
            .flat_map(|(sum, factor)| sum.0.iter().map(move |(own, point)| (own * factor, point)))
            .unzip();
        Point::vartime_multiscalar_mul(scalars, points)
    }
}

/// Weighs the places 1 to `count` so that the weighted sum of a polynomial's values there is
/// zero, whatever the polynomial, if its degree is at most `count - 2 - (check.len() - 1)`.
///
/// The `count - 1`-th difference of a polynomial of degree `count - 2` or less is zero: its
/// coefficients are binomials of alternating sign. They are multiplied here by the values of
/// the polynomial with the coefficients `check`, lowest first. If these are random, a sequence
/// of values that belongs to no such polynomial passes with probability 1 / order (SCRAPE,
/// lemma 1).
pub(crate) fn dual(count: usize, check: &[Scalar]) -> Vec<Scalar> {
    let mut sign = Scalar::ONE;
    binomials(count)
        .into_iter()
        .zip(1u64..)
        .map(|(binomial, place)| {
            sign = -sign;
            let place = Scalar::from(place);
            let value = check.iter().rev().fold(Scalar::ZERO, |sum, own| sum * place + own);
            sign * Scalar::from(binomial) * value
        })
        .collect()
}

/// The `count - 1`-th difference of the first `count` points. Of a polynomial's points at the
/// places 1, 2, …, that is `(count - 1)!` times the coefficient of degree `count - 1`, if it has
/// no higher one.
pub(crate) fn difference(points: &[Point], count: usize) -> Point {
    let mut row: Vec<Point> = points.iter().take(count).copied().collect();
    for _ in 1..count {
        row = row.iter().zip(row.iter().skip(1)).map(|(before, after)| after - before).collect();
    }
    row.first().copied().unwrap_or_default()
}

/// Row `count - 1` of Pascal's triangle, `count` numbers. Below 2^15 for 16 custodians.
fn binomials(count: usize) -> Vec<u64> {
    let mut row: Vec<u64> = Vec::from([1]);
    for _ in 1..count {
        let shifted = core::iter::once(0).chain(row.iter().copied());
        let next = row.iter().copied().chain([0]).zip(shifted);
        row = next.map(|(above, before)| above.saturating_add(before)).collect();
    }
    row
}

#[cfg(feature = "dealing")]
pub(crate) use secret::*;

/// Constant-time arithmetic with secrets.
#[cfg(feature = "dealing")]
mod secret {
    use curve25519_dalek::traits::MultiscalarMul;
    use rand_core::RngCore;
    use zeroize::{Zeroize, Zeroizing};

    use super::*;

    /// Draws a uniform scalar.
    pub(crate) fn random(rng: &mut impl RngCore) -> Zeroizing<Scalar> {
        let mut wide = Zeroizing::new([0; 64]);
        rng.fill_bytes(&mut *wide);
        Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide))
    }

    impl Sum {
        /// The sum of `factors[j] · bases[j]`, with secret factors.
        pub(crate) fn combine(bases: &[Self], factors: &[Scalar]) -> Point {
            let terms = || bases.iter().zip(factors);
            let mut scalars: Vec<Scalar> = terms()
                .flat_map(|(sum, factor)| sum.0.iter().map(move |(own, _)| own * factor))
                .collect();
            let points: Vec<&Point> =
                terms().flat_map(|(sum, _)| sum.0.iter().map(|(_, point)| point)).collect();
            let combined = Point::multiscalar_mul(&scalars, points);
            scalars.zeroize();
            combined
        }
    }

    /// `nonce + challenge · witness`.
    pub(crate) fn respond(nonce: &Scalar, challenge: &Scalar, witness: &Scalar) -> Scalar {
        nonce + challenge * witness
    }

    /// The value at `place` of the polynomial with these coefficients, lowest first.
    pub(crate) fn evaluate(coefficients: &[Zeroizing<Scalar>], place: u64) -> Zeroizing<Scalar> {
        let place = Scalar::from(place);
        let sum = coefficients.iter().rev().fold(Scalar::ZERO, |sum, own| sum * place + **own);
        Zeroizing::new(sum)
    }

    /// The inverse of what [`difference`] leaves of the polynomial with these coefficients, lowest
    /// first. Of one whose highest coefficient is zero, zero.
    pub(crate) fn inverse_difference(coefficients: &[Zeroizing<Scalar>]) -> Zeroizing<Scalar> {
        let left = coefficients.split_last().map_or(Scalar::ZERO, |(highest, lower)| {
            (1u64..).zip(lower).fold(**highest, |left, (place, _)| left * Scalar::from(place))
        });
        Zeroizing::new(Zeroizing::new(left).invert())
    }

    /// `-left · right`.
    pub(crate) fn negative_product(left: &Scalar, right: &Scalar) -> Zeroizing<Scalar> {
        Zeroizing::new(-left * right)
    }

    /// Interpolates points at these places to the point at 0. No place may be twice there.
    pub(crate) fn interpolate(shares: &[(u8, Point)]) -> Point {
        let weights = shares.iter().map(|(own, _)| {
            let others = || shares.iter().filter(|(other, _)| other != own);
            let above: Scalar = others().map(|(other, _)| Scalar::from(*other)).product();
            let below: Scalar =
                others().map(|(other, _)| Scalar::from(*other) - Scalar::from(*own)).product();
            above * below.invert()
        });
        Point::multiscalar_mul(weights, shares.iter().map(|(_, point)| point))
    }

    /// `share + secret · key`: ElGamal's encryption under `key`.
    pub(crate) fn mask(share: &Point, secret: &Scalar, key: &Point) -> Point {
        share + secret * key
    }

    /// `masked - secret · key`: what [`mask`] did, undone.
    pub(crate) fn unmask(masked: &Point, secret: &Scalar, key: &Point) -> Point {
        masked - secret * key
    }
}
