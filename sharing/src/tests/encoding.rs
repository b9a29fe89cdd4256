//! Bytes that are not what they should be.

use codec::{Decode, DecodeAll, Encode};
use proptest::{collection::vec, prelude::*};

use super::world::*;
use crate::*;

/// The order of the group, l = 2^252 + 27742317777372353535851937790883648493.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/// Encodings that RFC 9496, A.2, wants refused: not canonical, negative, not square; and the
/// identity.
const BAD_POINTS: [&str; 8] = [
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "0000000000000000000000000000000000000000000000000000000000000000",
];

fn bytes(hex: &str) -> [u8; 32] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

/// The same scalar, plus the order: below 2^256, and not canonical.
fn plus_order(scalar: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in scalar.iter_mut().zip(bytes(ORDER)) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry as u8;
        carry >>= 8;
    }
}

#[test]
fn every_flipped_bit_of_a_dealing_is_refused() {
    for (threshold, count) in [(2, 3), (3, 3), (1, 1)] {
        let world = World::new(threshold, count);
        let encoded = world.dealing.encode();
        for bit in 0..encoded.len() * 8 {
            let mut flipped = encoded.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(dealing) = Dealing::decode_all(&mut &flipped[..]) {
                refused(&world.verify(&dealing));
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_a_delivery_is_refused() {
    let world = World::new(2, 3);
    let (share, context) = (world.share(1), world.delivery_context(1));
    let encoded = world.deliver(1).encode();
    for bit in 0..encoded.len() * 8 {
        let mut flipped = encoded.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let delivery = Delivery::decode_all(&mut &flipped[..]).unwrap();
        refused(&delivery.verify(&share, &context));
    }
}

#[test]
fn every_flipped_bit_of_a_key_proof_is_refused() {
    let context = KeyContext { genesis: [1; 32], custodian: [101u8; 32] };
    let proof = secret(1).prove(&context, &mut rng(0)).unwrap();
    for bit in 0..64 * 8 {
        let mut flipped = proof;
        flipped.0[bit / 8] ^= 1 << (bit % 8);
        refused(&secret(1).public().verify(&flipped, &context));
    }
}

#[test]
fn scalars_have_one_encoding() {
    let world = World::new(2, 3);
    for word in 0..3 {
        let mut dealing = world.dealing.clone();
        plus_order(&mut dealing.proof.0[32 * word..][..32]);
        assert_eq!(world.verify(&dealing), Err(SharingError::InvalidScalar));
        dealing.proof.0[32 * word..][..32].fill(0xff);
        assert_eq!(world.verify(&dealing), Err(SharingError::InvalidScalar));
        let mut delivery = world.deliver(1);
        plus_order(&mut delivery.proof.0[32 * word..][..32]);
        let result = delivery.verify(&world.share(1), &world.delivery_context(1));
        assert_eq!(result, Err(SharingError::InvalidScalar));
    }
}

#[test]
fn points_have_one_encoding_and_none_is_the_identity() {
    let world = World::new(2, 3);
    let (own, context, delivery) = (world.share(1), world.delivery_context(1), world.deliver(1));
    for bad in BAD_POINTS.map(bytes) {
        let mut dealing = world.dealing.clone();
        dealing.ephemeral = EphemeralKey(bad);
        assert_eq!(world.verify(&dealing), Err(SharingError::InvalidPoint));
        for place in 0..3 {
            let mut dealing = world.dealing.clone();
            dealing.shares[place] = EncryptedShare(bad);
            assert_eq!(world.verify(&dealing), Err(SharingError::InvalidPoint));
            let mut keys = world.keys.clone();
            keys[place] = CustodianKey(bad);
            let custodians = Custodians { threshold: 2, keys: &keys };
            let result = world.dealing.verify(&custodians, &world.context);
            assert_eq!(result, Err(SharingError::InvalidPoint));
            let dealt = deal(&CONTENT_KEY, &custodians, &world.context, &mut rng(1));
            assert_eq!(dealt, Err(SharingError::InvalidPoint));
        }
        let invalid = Err(SharingError::InvalidPoint);
        for delivery in [
            Delivery { ephemeral: EphemeralKey(bad), ..delivery },
            Delivery { share: EncryptedShare(bad), ..delivery },
        ] {
            assert_eq!(delivery.verify(&own, &context), invalid);
        }
        for share in [
            EntrustedShare { key: CustodianKey(bad), ..own },
            EntrustedShare { ephemeral: EphemeralKey(bad), ..own },
            EntrustedShare { share: EncryptedShare(bad), ..own },
        ] {
            assert_eq!(delivery.verify(&share, &context), invalid);
        }
        let context = DeliveryContext { reply: ReplyKey(bad), ..context.clone() };
        assert_eq!(delivery.verify(&own, &context), invalid);
    }
}

#[test]
fn a_proof_of_another_length_is_none() {
    use crate::proof::Proof;
    for length in [0, 31, 32, 63, 65, 96] {
        assert!(Proof::<1>::read(&vec![0; length]).is_err());
    }
    assert!(Proof::<1>::read(&[0; 64]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..Default::default() })]

    #[test]
    fn no_bytes_make_it_panic(
        bytes in vec(any::<u8>(), 800),
        count in 0..20u8,
        threshold: u8,
        keep: bool,
    ) {
        // Half of the time the points and scalars are valid, so that the proof is looked at.
        let world = World::new(2, 3);
        let mut bytes = bytes;
        bytes[32] = count << 2;
        if let Ok(mut dealing) = Dealing::decode(&mut &bytes[..]) {
            if keep {
                dealing.ephemeral = world.dealing.ephemeral;
                dealing.shares.iter_mut().for_each(|share| *share = world.dealing.shares[0]);
                dealing.proof.0.iter_mut().skip(31).step_by(32).for_each(|top| *top = 0);
            }
            let keys: Vec<_> = (1..=count).map(|number| secret(number).public()).collect();
            for keys in [&keys, &world.keys] {
                refused(&dealing.verify(&Custodians { threshold, keys }, &world.context));
            }
        }
        let mut delivery = Delivery::decode(&mut &bytes[..]).unwrap();
        if keep {
            delivery.ephemeral = world.dealing.ephemeral;
            delivery.share = world.dealing.shares[0];
            delivery.proof.0.iter_mut().skip(31).step_by(32).for_each(|top| *top = 0);
        }
        refused(&delivery.verify(&world.share(1), &world.delivery_context(1)));
        let share = EntrustedShare::decode(&mut &bytes[200..]).unwrap();
        refused(&delivery.verify(&share, &world.delivery_context(1)));
    }
}
