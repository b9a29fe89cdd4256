//! What fewer custodians than the threshold know, and what repeated randomness tells.

use std::cmp::Ordering;

use curve25519_dalek::{RistrettoPoint as Point, Scalar};
use proptest::prelude::*;

use super::world::*;
use crate::{curve::interpolate, wrap::unwrap, *};

/// What is wrapped under this point, if anything is.
fn opens(world: &World, shared: &Point) -> Result<[u8; 32], SharingError> {
    let Dealing { wrapped, ephemeral, .. } = &world.dealing;
    unwrap(wrapped, shared, ephemeral, &world.context).map(|key| *key)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..Default::default() })]

    #[test]
    fn fewer_shares_than_the_threshold_open_nothing(
        count in 2..=MAX_CUSTODIANS as u8,
        part: u8,
        start: u8,
        dice: u64,
    ) {
        let threshold = 2 + part % (count - 1);
        let world = World::with(threshold, count, dice);
        let numbers = (0..count).map(|at| 1 + (start % count + at) % count);
        let shares: Vec<_> = numbers.map(|number| (number, world.opened(number))).collect();
        let enough = interpolate(&shares[..threshold.into()]);
        let fewer = interpolate(&shares[..usize::from(threshold) - 1]);
        prop_assert_eq!(opens(&world, &enough), Ok(CONTENT_KEY));
        prop_assert_eq!(opens(&world, &fewer), Err(SharingError::InvalidWrappedKey));
    }
}

#[test]
fn fewer_shares_than_the_threshold_fit_every_secret() {
    // Whatever point the secret is, some polynomial of the right degree has it at 0 and has the
    // same t - 1 shares: they say nothing about it.
    let world = World::new(3, 5);
    let (first, second) = (world.opened(1), world.opened(2));
    for guess in [Point::mul_base(&scalar(1)), Point::default(), first] {
        let known = [(0u64, guess), (1, first), (2, second)];
        let at = |place: u64| -> Point {
            let weigh = |(own, point): &(u64, Point)| {
                let others = known.iter().filter(|(other, _)| other != own);
                let weight: Scalar = others
                    .map(|(other, _)| {
                        let below = Scalar::from(*own) - Scalar::from(*other);
                        (Scalar::from(place) - Scalar::from(*other)) * below.invert()
                    })
                    .product();
                weight * point
            };
            known.iter().map(weigh).sum()
        };
        assert_eq!((at(1), at(2)), (first, second));
        assert_eq!(interpolate(&[(1, at(1)), (2, at(2)), (4, at(4))]), guess);
        assert_eq!(interpolate(&[(3, at(3)), (5, at(5)), (4, at(4))]), guess);
    }
}

#[test]
fn fewer_shares_do_not_interpolate_to_the_secret_whoever_has_them() {
    // Whatever the polynomial, if its degree is t - 1: one of degree t - 2 with the same t - 1
    // shares and the same secret would meet it at t places, and be the same. Of fewer custodians,
    // some may have the secret, as the first does here, but not all of one number.
    let one = Scalar::ONE;
    let chosen = [vec![scalar(20), one], vec![scalar(20), -one, one], vec![Scalar::ZERO, one]];
    let drawn = (2..=6).map(|length| (0..length).map(|at| scalar(20 + at)).collect());
    for coefficients in drawn.chain(chosen) {
        let shares: Vec<_> = (1..).zip(points(&coefficients, 6)).collect();
        let secret = Point::mul_base(&coefficients[0]);
        let opened = (1..1u8 << 6).map(|group| {
            let known = shares.iter().filter(|(number, _)| group >> (number - 1) & 1 == 1);
            let known: Vec<(u8, Point)> = known.copied().collect();
            (known.len(), interpolate(&known) == secret)
        });
        let opened: Vec<_> = opened.collect();
        for size in 1..=6 {
            let mut opens = opened.iter().filter(|(own, _)| *own == size).map(|(_, opens)| *opens);
            match (size + 1).cmp(&coefficients.len()) {
                Ordering::Less => assert!(!opens.all(|opens| opens)),
                Ordering::Equal => assert!(!opens.any(|opens| opens)),
                Ordering::Greater => assert!(opens.all(|opens| opens)),
            }
        }
    }
}

#[test]
fn a_key_made_of_others_keys_would_open_everything_alone() {
    // Why every key needs a proof: custodian 3 of three, two of whom are needed, knows no
    // secret at all. Its key is chosen so that the three shares combine to the secret.
    let mut world = World::new(2, 3);
    // p(3) - a p(1) - b p(2) = p(0), for p of degree 1: a + b = 0 and a + 2b = 3.
    let (a, b) = (-Scalar::from(3u64), Scalar::from(3u64));
    let [one, two] = [1, 2].map(|number| secret(number).public().point().unwrap());
    world.keys[2] = CustodianKey::of(&(a * one + b * two));
    world.dealing = deal(&CONTENT_KEY, &world.custodians(), &world.context, &mut rng(1)).unwrap();
    assert!(world.verify(&world.dealing).is_ok());
    let share = |place: usize| world.dealing.shares[place].point().unwrap();
    assert_eq!(opens(&world, &(share(2) - a * share(0) - b * share(1))), Ok(CONTENT_KEY));
}

#[test]
fn a_broken_generator_repeats_nothing_across_contexts() {
    // Two proofs with one nonce would reveal the custodian's secret.
    let world = World::new(2, 3);
    let (share, context) = (world.share(1), world.delivery_context(1));
    let mut seen = Vec::new();
    for subject in 0..4 {
        let context = DeliveryContext { subject: [subject; 32], ..context.clone() };
        let delivery = deliver(world.secret(1), &share, &context, &mut rng(0)).unwrap();
        assert!(!seen.contains(&delivery.ephemeral));
        seen.push(delivery.ephemeral);
    }
    let again = || deliver(world.secret(1), &share, &context, &mut rng(0)).unwrap();
    assert_eq!(again(), again());
}

#[test]
fn a_broken_generator_does_not_share_two_keys_in_one_way() {
    let world = World::new(2, 3);
    let with = |key: [u8; 32], context: &DealingContext<Account>| {
        deal(&key, &world.custodians(), context, &mut rng(0)).unwrap()
    };
    let dealing = with(CONTENT_KEY, &world.context);
    assert_eq!(dealing, with(CONTENT_KEY, &world.context));
    let other = DealingContext { patient: [7; 32], ..world.context.clone() };
    for other in [with([0; 32], &world.context), with(CONTENT_KEY, &other)] {
        assert_ne!(dealing.ephemeral, other.ephemeral);
        assert_ne!(dealing.shares, other.shares);
    }
}

#[test]
fn a_wrapped_key_is_bound_to_its_context() {
    let world = World::new(1, 1);
    let shared = world.opened(1);
    let Dealing { wrapped, ephemeral, .. } = &world.dealing;
    let other = DealingContext { patient: [7; 32], ..world.context.clone() };
    let result = unwrap(wrapped, &shared, ephemeral, &other);
    assert_eq!(result.map(|key| *key), Err(SharingError::InvalidWrappedKey));
}
