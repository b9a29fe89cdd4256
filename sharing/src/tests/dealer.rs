//! A dealer that cheats.

use curve25519_dalek::{RistrettoPoint as Point, Scalar};

use super::world::*;
use crate::{deal::dealer::encrypt, proof::Proof, *};

/// Deals these points as shares, with an honest proof wherever there is one.
fn dealing_of(world: &World, shares: &[Point]) -> Dealing {
    let wrapped = world.dealing.wrapped;
    let random = scalar(11);
    encrypt(shares, &random, wrapped, &world.custodians(), &world.context, &mut rng(12)).unwrap()
}

fn polynomial(length: u8) -> Vec<Scalar> {
    (0..u64::from(length)).map(|place| scalar(20 + place)).collect()
}

#[test]
fn points_of_a_polynomial_of_the_right_degree_are_taken() {
    for (threshold, count) in [(1, 1), (1, 5), (3, 5), (4, 5), (5, 5), (8, 16)] {
        let world = World::new(threshold, count);
        let shares = points(&polynomial(threshold), count.into());
        assert!(world.verify(&dealing_of(&world, &shares)).is_ok());
    }
}

#[test]
fn a_polynomial_of_a_higher_degree_is_refused() {
    for (threshold, count) in [(1, 2), (1, 5), (3, 5), (4, 5), (8, 16), (15, 16)] {
        let world = World::new(threshold, count);
        let shares = points(&polynomial(threshold + 1), count.into());
        let dealing = dealing_of(&world, &shares);
        assert_eq!(world.verify(&dealing), Err(SharingError::InvalidProof));
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
        // Even with the proof made for the threshold that the chain says: there, a polynomial
        // of a lower degree passes, as it must; one of a higher degree does not.
        let shares = points(&polynomial(threshold), 5);
        assert_eq!(world.verify(&dealing_of(&world, &shares)).is_ok(), threshold < 3);
    }
}

#[test]
fn one_wrong_share_is_refused_wherever_it_is() {
    for (threshold, count) in [(1, 2), (2, 5), (4, 5), (3, 16)] {
        let world = World::new(threshold, count);
        for place in 0..usize::from(count) {
            let mut shares = points(&polynomial(threshold), count.into());
            shares[place] += Point::mul_base(&Scalar::ONE);
            let dealing = dealing_of(&world, &shares);
            assert_eq!(world.verify(&dealing), Err(SharingError::InvalidProof));
        }
    }
}

#[test]
fn two_shares_exchanged_are_refused() {
    let world = World::new(2, 4);
    let mut shares = points(&polynomial(2), 4);
    shares.swap(1, 2);
    assert_eq!(world.verify(&dealing_of(&world, &shares)), Err(SharingError::InvalidProof));
}

#[test]
fn garbage_shares_are_refused() {
    let world = World::new(2, 3);
    let garbage: Vec<_> = (0..3).map(|place| Point::mul_base(&scalar(40 + place))).collect();
    assert_eq!(world.verify(&dealing_of(&world, &garbage)), Err(SharingError::InvalidProof));
}

#[test]
fn shares_encrypted_with_other_randomness_are_refused() {
    // The custodian would open garbage: Cᵢ with another r than D has.
    let world = World::new(2, 3);
    let mut dealing = dealing_of(&world, &points(&polynomial(2), 3));
    dealing.ephemeral = EphemeralKey::of(&Point::mul_base(&scalar(13)));
    let (mut transcript, equations) =
        dealing.statement(&world.custodians(), &world.context).unwrap();
    for random in [scalar(11), scalar(13)] {
        let proof = Proof::new(&mut transcript.clone(), &equations, [&random], &mut rng(1));
        dealing.proof = DealingProof(proof.write());
        assert_eq!(world.verify(&dealing), Err(SharingError::InvalidProof));
    }
    // A proof of the first equation alone is none.
    let proof = Proof::new(&mut transcript, &equations[..1], [&scalar(13)], &mut rng(1));
    dealing.proof = DealingProof(proof.write());
    assert_eq!(world.verify(&dealing), Err(SharingError::InvalidProof));
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
    let (mut transcript, equations) = copy.statement(&world.custodians(), &world.context).unwrap();
    let proof = Proof::new(&mut transcript, &equations, [&shift], &mut rng(1));
    copy.proof = DealingProof(proof.write());
    assert_eq!(world.verify(&copy), Err(SharingError::InvalidProof));
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
    let random = scalar(11);
    let shares = points(&polynomial(2), 3);
    let wrapped = WrappedKey([7; 48]);
    world.dealing =
        encrypt(&shares, &random, wrapped, &world.custodians(), &world.context, &mut rng(1))
            .unwrap();
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
