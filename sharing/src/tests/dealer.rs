//! A dealer that cheats.

use curve25519_dalek::{RistrettoPoint as Point, Scalar};

use super::world::*;
use crate::{
    curve::difference,
    deal::dealer::encrypt,
    proof::{Equation, Proof},
    *,
};

/// The randomness of these dealings.
fn random() -> Scalar {
    scalar(11)
}

/// The inverse of the difference of the first t values, or zero.
fn inverse(threshold: u8, values: &[Scalar]) -> Scalar {
    let mut row = values[..threshold.into()].to_vec();
    while row.len() > 1 {
        row = row.windows(2).map(|pair| pair[1] - pair[0]).collect();
    }
    row[0].invert()
}

/// Deals the points with these logarithms as shares, with an honest proof wherever there is one.
fn dealing_of(world: &World, values: &[Scalar]) -> Dealing {
    wrapping(world, values, world.dealing.wrapped)
}

/// The same, with this wrapped key.
fn wrapping(world: &World, values: &[Scalar], wrapped: WrappedKey) -> Dealing {
    let shares: Vec<_> = values.iter().map(Point::mul_base).collect();
    let secrets = [&random(), &inverse(world.threshold, values)];
    encrypt(&shares, secrets, wrapped, &world.custodians(), &world.context, &mut rng(12)).unwrap()
}

/// Asserts that a dealing is refused with the best proof that this witness gives: of the whole
/// statement, and of what is left without one of its equations.
#[track_caller]
fn no_proof(world: &World, dealing: &Dealing, witness: [Scalar; 2]) {
    let [s, u] = &witness;
    let statement = || dealing.statement(&world.custodians(), &world.context).unwrap();
    let (_, all) = statement();
    for without in 0..=all.len() {
        let (mut transcript, equations) = statement();
        let kept = equations.into_iter().enumerate().filter(|(place, _)| *place != without);
        let kept: Vec<Equation<2>> = kept.map(|(_, equation)| equation).collect();
        let proof = Proof::new(&mut transcript, &kept, [s, u], &mut rng(1));
        let forged = Dealing { proof: DealingProof(proof.write()), ..dealing.clone() };
        assert_eq!(world.verify(&forged), Err(SharingError::InvalidProof));
    }
}

fn polynomial(length: u8) -> Vec<Scalar> {
    (0..u64::from(length)).map(|place| scalar(20 + place)).collect()
}

#[test]
fn points_of_a_polynomial_of_the_right_degree_are_taken() {
    for (threshold, count) in [(1, 1), (1, 5), (3, 5), (4, 5), (5, 5), (8, 16)] {
        let world = World::new(threshold, count);
        let shares = values(&polynomial(threshold), count);
        assert!(world.verify(&dealing_of(&world, &shares)).is_ok());
    }
}

#[test]
fn a_polynomial_of_a_higher_degree_is_refused() {
    for (threshold, count) in [(1, 2), (1, 5), (3, 5), (4, 5), (8, 16), (15, 16)] {
        let world = World::new(threshold, count);
        let shares = values(&polynomial(threshold + 1), count);
        let dealing = dealing_of(&world, &shares);
        assert_eq!(world.verify(&dealing), Err(SharingError::InvalidProof));
    }
}

#[test]
fn a_polynomial_of_a_lower_degree_is_refused() {
    // With a constant, every custodian alone holds the secret. Without any coefficient, it is
    // zero, which everybody knows.
    let groups = (1..=8).flat_map(|count| (1..=count).map(move |threshold| (threshold, count)));
    for (threshold, count) in groups.chain([(2, 16), (8, 16), (16, 16)]) {
        let world = World::new(threshold, count);
        for length in 0..threshold {
            let dealing = dealing_of(&world, &values(&polynomial(length), count));
            assert_eq!(world.verify(&dealing), Err(SharingError::InvalidProof));
        }
    }
}

#[test]
fn no_witness_raises_a_degree() {
    for (threshold, count) in [(1, 1), (2, 3), (3, 3), (3, 5)] {
        let world = World::new(threshold, count);
        for length in [0, 1, threshold - 1].into_iter().filter(|length| *length < threshold) {
            let dealing = dealing_of(&world, &values(&polynomial(length), count));
            for s in [Scalar::ZERO, Scalar::ONE, scalar(15)] {
                no_proof(&world, &dealing, [s, -random() * s]);
                // A dealer that knows all custodians' secrets finds scalars for the second
                // equation, and not with its own randomness.
                let secrets: Vec<_> = world.secrets.iter().map(|secret| secret.0).collect();
                let u = inverse(threshold, &secrets) - random() * s;
                no_proof(&world, &dealing, [s, u]);
            }
        }
    }
}

#[test]
fn coefficients_below_the_highest_may_be_anything() {
    // The chain cannot see that the secret is zero, or in the first share: it is what a dealer
    // could as well tell everybody, or that custodian.
    let world = World::new(3, 5);
    let one = Scalar::ONE;
    for coefficients in [[Scalar::ZERO, Scalar::ZERO, one], [scalar(20), -one, one]] {
        assert!(world.verify(&dealing_of(&world, &values(&coefficients, 5))).is_ok());
    }
}

#[test]
fn another_threshold_than_the_chain_says_is_refused() {
    // More would lock readers out, fewer would let fewer custodians open the key.
    let world = World::new(3, 5);
    for threshold in [1, 2, 4, 5] {
        let custodians = Custodians { threshold, keys: &world.keys };
        let result = world.dealing.verify(&custodians, &world.context);
        assert_eq!(result, Err(SharingError::InvalidProof));
        // Even with the proof made for the threshold that the chain says.
        let shares = values(&polynomial(threshold), 5);
        let result = world.verify(&dealing_of(&world, &shares));
        assert_eq!(result, Err(SharingError::InvalidProof));
    }
}

#[test]
fn one_wrong_share_is_refused_wherever_it_is() {
    for (threshold, count) in [(1, 2), (2, 5), (4, 5), (3, 16)] {
        let world = World::new(threshold, count);
        for place in 0..usize::from(count) {
            let mut shares = values(&polynomial(threshold), count);
            shares[place] += Scalar::ONE;
            let dealing = dealing_of(&world, &shares);
            assert_eq!(world.verify(&dealing), Err(SharingError::InvalidProof));
        }
    }
}

#[test]
fn two_shares_exchanged_are_refused() {
    let world = World::new(2, 4);
    let mut shares = values(&polynomial(2), 4);
    shares.swap(1, 2);
    assert_eq!(world.verify(&dealing_of(&world, &shares)), Err(SharingError::InvalidProof));
}

#[test]
fn garbage_shares_are_refused() {
    let world = World::new(2, 3);
    let garbage: Vec<_> = (0..3).map(|place| scalar(40 + place)).collect();
    assert_eq!(world.verify(&dealing_of(&world, &garbage)), Err(SharingError::InvalidProof));
}

#[test]
fn shares_encrypted_with_other_randomness_are_refused() {
    // The custodian would open garbage: Cᵢ with another r than D has.
    let world = World::new(2, 3);
    let dealt = values(&polynomial(2), 3);
    let mut dealing = dealing_of(&world, &dealt);
    let other = scalar(13);
    dealing.ephemeral = EphemeralKey::of(&Point::mul_base(&other));
    no_proof(&world, &dealing, [inverse(2, &dealt), -random() * inverse(2, &dealt)]);
    // What the custodians would open, were their secrets known to the dealer: with it, the first
    // two equations hold.
    let masks = world.secrets.iter().map(|secret| (random() - other) * secret.0);
    let opened: Vec<_> = dealt.iter().zip(masks).map(|(value, mask)| value + mask).collect();
    no_proof(&world, &dealing, [inverse(2, &opened), -other * inverse(2, &opened)]);
}

#[test]
fn a_dealer_that_does_not_know_its_randomness_is_refused() {
    // Otherwise a copy of another record's shares, moved by a known amount, would make the
    // custodians decrypt that record's.
    let world = World::new(2, 3);
    let shift = scalar(14);
    let mut copy = world.dealing.clone();
    let moved = copy.ephemeral.point().unwrap() + Point::mul_base(&shift);
    copy.ephemeral = EphemeralKey::of(&moved);
    for (share, key) in copy.shares.iter_mut().zip(&world.keys) {
        *share = EncryptedShare::of(&(share.point().unwrap() + shift * key.point().unwrap()));
    }
    assert_eq!(world.verify(&copy), Err(SharingError::InvalidProof));
    for s in [Scalar::ZERO, Scalar::ONE, scalar(15)] {
        no_proof(&world, &copy, [s, -shift * s]);
    }
}

#[test]
fn a_dealing_cannot_be_turned_into_another() {
    // Adding a polynomial of the right degree keeps the shares consistent, with another secret.
    let world = World::new(2, 3);
    let mut other = world.dealing.clone();
    for (share, shift) in other.shares.iter_mut().zip(points(&polynomial(2), 3)) {
        *share = EncryptedShare::of(&(share.point().unwrap() + shift));
    }
    assert_eq!(world.verify(&other), Err(SharingError::InvalidProof));
    // Another key under the same shares.
    let mut other = world.dealing.clone();
    other.wrapped = WrappedKey([0; 48]);
    assert_eq!(world.verify(&other), Err(SharingError::InvalidProof));
}

#[test]
fn too_few_or_too_many_shares_are_refused() {
    let world = World::new(2, 3);
    let mut short = world.dealing.clone();
    short.shares.pop();
    assert_eq!(world.verify(&short), Err(SharingError::ShareCountMismatch));
    let mut long = world.dealing.clone();
    long.shares.try_push(EncryptedShare([0; 32])).unwrap();
    assert_eq!(world.verify(&long), Err(SharingError::ShareCountMismatch));
}

#[test]
fn impossible_groups_are_refused() {
    let world = World::new(2, 3);
    let verify = |threshold, keys: &[CustodianKey]| {
        world.dealing.verify(&Custodians { threshold, keys }, &world.context).unwrap_err()
    };
    assert_eq!(verify(0, &world.keys), SharingError::InvalidThreshold);
    assert_eq!(verify(4, &world.keys), SharingError::InvalidThreshold);
    assert_eq!(verify(0, &[]), SharingError::InvalidThreshold);
    assert_eq!(verify(1, &[]), SharingError::InvalidThreshold);
    let twice = [world.keys[0], world.keys[1], world.keys[0]];
    assert_eq!(verify(2, &twice), SharingError::DuplicateKey);
    let many: Vec<_> = (1..=17).map(|number| secret(number).public()).collect();
    assert_eq!(verify(2, &many), SharingError::MaxCustodiansExceeded);
    let custodians = Custodians { threshold: 2, keys: &twice };
    let dealt = deal(&CONTENT_KEY, &custodians, &world.context, &mut rng(1));
    assert_eq!(dealt, Err(SharingError::DuplicateKey));
}

#[test]
fn a_dealer_that_wraps_no_key_is_found_out_by_the_reader() {
    // The chain cannot see it: this is what the scheme does not protect from.
    let mut world = World::new(2, 3);
    world.dealing = wrapping(&world, &values(&polynomial(2), 3), WrappedKey([7; 48]));
    world.verified = world.verify(&world.dealing).unwrap();
    assert_eq!(world.recover(&[1, 2]), Err(SharingError::InvalidWrappedKey));
}

#[test]
fn the_dual_code_finds_every_polynomial_of_a_higher_degree() {
    use crate::curve::dual;
    for count in 1..=16usize {
        for threshold in 1..count {
            let check: Vec<_> = (0..count - threshold).map(|at| scalar(at as u64)).collect();
            let weights = dual(count, &check);
            let sum = |length: usize| -> Scalar {
                let coefficients = polynomial(length as u8);
                (1..).zip(&weights).map(|(at, weight)| weight * value(&coefficients, at)).sum()
            };
            assert!((1..=threshold).all(|length| sum(length) == Scalar::ZERO));
            assert!((threshold + 1..=count).all(|length| sum(length) != Scalar::ZERO));
        }
    }
}

#[test]
fn the_difference_leaves_the_highest_coefficient() {
    let mut factorial = Scalar::ONE;
    for threshold in 1..=16u8 {
        let left = |length| difference(&points(&polynomial(length), 16), threshold.into());
        assert!((0..threshold).all(|length| left(length) == Point::default()));
        let highest = polynomial(threshold)[usize::from(threshold) - 1];
        assert_eq!(left(threshold), Point::mul_base(&(factorial * highest)));
        factorial *= Scalar::from(threshold);
    }
}
