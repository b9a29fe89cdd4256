//! A custodian that cheats, or whose key does.

use curve25519_dalek::{RistrettoPoint as Point, Scalar};

use super::world::*;
use crate::{
    deliver::custodian::encrypt,
    proof::{Equation, Proof},
    *,
};

fn verify(world: &World, delivery: &Delivery) -> Result<(), SharingError> {
    delivery.verify(&world.share(1), &world.delivery_context(1)).map(|_| ())
}

/// Encrypts this point as the share of custodian 1, with these scalars as witness.
fn delivery_of(world: &World, opened: Point, witness: [Scalar; 2]) -> Delivery {
    let [x, k] = &witness;
    let context = world.delivery_context(1);
    encrypt(&opened, [x, k], &world.share(1), &context, &mut rng(1)).unwrap()
}

#[test]
fn the_right_share_is_taken() {
    let world = World::new(2, 3);
    let witness = [world.secret(1).0, scalar(1)];
    assert_eq!(verify(&world, &delivery_of(&world, world.opened(1), witness)), Ok(()));
}

#[test]
fn a_wrong_share_is_refused() {
    let world = World::new(2, 3);
    let witness = [world.secret(1).0, scalar(1)];
    let zero = Point::default();
    for wrong in [Point::mul_base(&scalar(2)), world.opened(2), -world.opened(1), zero] {
        let delivery = delivery_of(&world, wrong, witness);
        assert_eq!(verify(&world, &delivery), Err(SharingError::InvalidProof));
    }
}

#[test]
fn random_bytes_are_refused() {
    let world = World::new(2, 3);
    let garbage = Delivery {
        ephemeral: EphemeralKey::of(&Point::mul_base(&scalar(1))),
        share: EncryptedShare::of(&Point::mul_base(&scalar(2))),
        proof: DeliveryProof([3; 96]),
    };
    refused(&verify(&world, &garbage));
    let nothing = Delivery { proof: DeliveryProof([0; 96]), ..garbage };
    assert_eq!(verify(&world, &nothing), Err(SharingError::InvalidProof));
}

#[test]
fn another_secret_for_the_same_key_is_refused() {
    // With a wrong x, another point would be opened.
    let world = World::new(2, 3);
    let share = world.share(1);
    for x in [scalar(3), Scalar::ZERO, -world.secret(1).0] {
        let opened = share.share.point().unwrap() - x * share.ephemeral.point().unwrap();
        let delivery = delivery_of(&world, opened, [x, scalar(1)]);
        assert_eq!(verify(&world, &delivery), Err(SharingError::InvalidProof));
    }
}

#[test]
fn other_randomness_than_the_ephemeral_key_is_refused() {
    // The reader would open garbage: B with another k than E has.
    let world = World::new(2, 3);
    let witness = [world.secret(1).0, scalar(1)];
    let mut delivery = delivery_of(&world, world.opened(1), witness);
    delivery.ephemeral = EphemeralKey::of(&Point::mul_base(&scalar(2)));
    let (share, context) = (world.share(1), world.delivery_context(1));
    let (transcript, equations) = delivery.statement(&share, &context).unwrap();
    let mut prove = |equations: &[Equation<2>], k: &Scalar| {
        let [x, _] = &witness;
        let proof = Proof::new(&mut transcript.clone(), equations, [x, k], &mut rng(1));
        delivery.proof = DeliveryProof(proof.write());
        assert_eq!(verify(&world, &delivery), Err(SharingError::InvalidProof));
    };
    for k in [scalar(1), scalar(2)] {
        prove(&equations, &k);
        prove(&equations[..1], &k);
        prove(&equations[1..], &k);
    }
}

#[test]
fn a_delivery_cannot_be_turned_into_another() {
    // Whoever sees a delivery can encrypt the same share with other randomness, and cannot
    // prove it.
    let world = World::new(2, 3);
    let mut delivery = world.deliver(1);
    let shift = scalar(1);
    let reply = world.reply.public().point().unwrap();
    let moved = delivery.ephemeral.point().unwrap() + Point::mul_base(&shift);
    delivery.ephemeral = EphemeralKey::of(&moved);
    delivery.share = EncryptedShare::of(&(delivery.share.point().unwrap() + shift * reply));
    assert_eq!(verify(&world, &delivery), Err(SharingError::InvalidProof));
}

#[test]
fn a_wrong_delivery_is_told_apart_and_does_no_harm() {
    let world = World::new(2, 3);
    let mut recovery = Recovery::new(&world.verified, &world.custodians(), &world.context).unwrap();
    let wrong = delivery_of(&world, world.opened(2), [world.secret(1).0, scalar(1)]);
    let mut add = |number, delivery: &Delivery| {
        let context = world.delivery_context(number);
        let delivery = delivery.verify(&world.share(number), &context)?;
        recovery.add(number, &delivery, &world.reply)
    };
    assert_eq!(add(1, &wrong), Err(SharingError::InvalidProof));
    assert_eq!(add(2, &world.deliver(2)), Ok(()));
    assert_eq!(add(2, &world.deliver(3)), Err(SharingError::InvalidProof));
    assert_eq!(add(3, &world.deliver(3)), Ok(()));
    assert_eq!(recovery.missing(), 0);
    assert_eq!(recovery.content_key().map(|key| *key), Ok(CONTENT_KEY));
}

#[test]
fn there_is_no_share_with_another_number() {
    let world = World::new(2, 3);
    let mut recovery = Recovery::new(&world.verified, &world.custodians(), &world.context).unwrap();
    let delivery = world.deliver(1).verify(&world.share(1), &world.delivery_context(1)).unwrap();
    for number in [0, 4] {
        let missing = SharingError::ShareNotFound;
        assert_eq!(world.verified.share(number, world.keys[0]), Err(missing));
        assert_eq!(recovery.add(number, &delivery, &world.reply), Err(missing));
    }
}

#[test]
fn a_custodian_does_not_deliver_what_is_not_its_own() {
    let world = World::new(2, 3);
    let context = world.delivery_context(1);
    let result = deliver(world.secret(2), &world.share(1), &context, &mut rng(1));
    assert_eq!(result, Err(SharingError::KeyMismatch));
}

#[test]
fn the_secret_of_another_request_opens_nothing() {
    let world = World::new(1, 1);
    let mut recovery = Recovery::new(&world.verified, &world.custodians(), &world.context).unwrap();
    let delivery = world.deliver(1).verify(&world.share(1), &world.delivery_context(1)).unwrap();
    recovery.add(1, &delivery, &ReplySecret::from_seed(&[8; 32])).unwrap();
    let result = recovery.content_key().map(|key| *key);
    assert_eq!(result, Err(SharingError::InvalidWrappedKey));
}

#[test]
fn a_share_under_another_key_verifies_nothing() {
    // Whoever names the wrong custodian's key cannot have its delivery pass for another's.
    let world = World::new(2, 3);
    let share = world.verified.share(1, world.keys[1]).unwrap();
    let result = world.deliver(1).verify(&share, &world.delivery_context(1));
    assert_eq!(result, Err(SharingError::InvalidProof));
}

#[test]
fn nothing_is_delivered_to_the_identity() {
    // B would be the share itself.
    let world = World::new(2, 3);
    let context = DeliveryContext { reply: ReplyKey([0; 32]), ..world.delivery_context(1) };
    assert_eq!(context.reply.check(), Err(SharingError::InvalidPoint));
    assert_eq!(world.reply.public().check(), Ok(()));
    let result = deliver(world.secret(1), &world.share(1), &context, &mut rng(1));
    assert_eq!(result, Err(SharingError::InvalidPoint));
    let result = world.deliver(1).verify(&world.share(1), &context);
    assert_eq!(result, Err(SharingError::InvalidPoint));
}

#[test]
fn a_key_without_its_secret_has_no_proof() {
    let context = KeyContext { genesis: [1; 32], custodian: [101u8; 32] };
    let key = secret(1).public();
    let (mut transcript, equation) = key.statement(&context).unwrap();
    let proof = Proof::new(&mut transcript, &[equation], [&scalar(1)], &mut rng(1));
    let proof = KeyProof(proof.write());
    assert_eq!(key.verify(&proof, &context), Err(SharingError::InvalidProof));
    assert_eq!(CustodianKey([0; 32]).verify(&proof, &context), Err(SharingError::InvalidPoint));
    let good = secret(1).prove(&context, &mut rng(1)).unwrap();
    assert_eq!(secret(2).public().verify(&good, &context), Err(SharingError::InvalidProof));
}
