//! What was made for one chain, record, patient, custodian or reader is void for another.

use medchain_primitives::{Cid, CidCodec, RecordId};

use super::world::*;
use crate::*;

/// All that differ from `bytes` in one bit.
fn flips<const N: usize>(bytes: [u8; N]) -> impl Iterator<Item = [u8; N]> {
    (0..N * 8).map(move |bit| {
        let mut other = bytes;
        other[bit / 8] ^= 1 << (bit % 8);
        other
    })
}

#[test]
fn a_dealing_is_bound_to_every_bit_of_its_context() {
    let world = World::new(2, 3);
    let own = &world.context;
    let contexts =
        flips(own.genesis)
            .map(|genesis| DealingContext { genesis, ..own.clone() })
            .chain(flips(own.patient).map(|patient| DealingContext { patient, ..own.clone() }))
            .chain(flips(own.dealer).map(|dealer| DealingContext { dealer, ..own.clone() }))
            .chain(flips([4; 32]).map(|digest| DealingContext {
                cid: Cid::new(CidCodec::Raw, digest),
                ..own.clone()
            }))
            .chain([DealingContext { cid: Cid::new(CidCodec::DagPb, [4; 32]), ..own.clone() }]);
    for context in contexts {
        let result = world.dealing.verify(&world.custodians(), &context);
        assert_eq!(result, Err(SharingError::InvalidProof));
    }
}

#[test]
fn a_dealing_is_bound_to_its_custodians_and_their_order() {
    let world = World::new(2, 3);
    let [a, b, c] = world.keys[..] else { panic!() };
    let other = secret(200).public();
    for keys in [[b, a, c], [a, c, b], [other, b, c], [a, b, other]] {
        let custodians = Custodians { threshold: 2, keys: &keys };
        let result = world.dealing.verify(&custodians, &world.context);
        assert_eq!(result, Err(SharingError::InvalidProof));
    }
}

#[test]
fn a_delivery_is_bound_to_every_bit_of_its_context() {
    let world = World::new(2, 3);
    let own = world.delivery_context(1);
    let delivery = world.deliver(1);
    let records = flips(own.record.0.to_le_bytes()).map(u64::from_le_bytes);
    let contexts = flips(own.genesis)
        .map(|genesis| DeliveryContext { genesis, ..own.clone() })
        .chain(records.map(|record| DeliveryContext { record: RecordId(record), ..own.clone() }))
        .chain(flips(own.custodian).map(|custodian| DeliveryContext { custodian, ..own.clone() }))
        .chain(flips(own.subject).map(|subject| DeliveryContext { subject, ..own.clone() }));
    for context in contexts {
        let result = delivery.verify(&world.share(1), &context);
        assert_eq!(result, Err(SharingError::InvalidProof));
    }
    for reply in flips(own.reply.0).map(ReplyKey) {
        let context = DeliveryContext { reply, ..own.clone() };
        refused(&delivery.verify(&world.share(1), &context));
    }
    let reply = ReplySecret::from_seed(&[8; 32]).public();
    let result = delivery.verify(&world.share(1), &DeliveryContext { reply, ..own });
    assert_eq!(result, Err(SharingError::InvalidProof));
}

#[test]
fn a_delivery_is_bound_to_every_bit_of_its_share() {
    let world = World::new(2, 3);
    let (own, context, delivery) = (world.share(1), world.delivery_context(1), world.deliver(1));
    let shares = flips(own.dealing.0)
        .map(|dealing| EntrustedShare { dealing: DealingId(dealing), ..own })
        .chain(flips([own.number]).map(|[number]| EntrustedShare { number, ..own }))
        .chain(flips(own.key.0).map(|key| EntrustedShare { key: CustodianKey(key), ..own }))
        .chain(
            flips(own.ephemeral.0)
                .map(|key| EntrustedShare { ephemeral: EphemeralKey(key), ..own }),
        )
        .chain(
            flips(own.share.0).map(|share| EntrustedShare { share: EncryptedShare(share), ..own }),
        );
    for share in shares {
        refused(&delivery.verify(&share, &context));
    }
}

#[test]
fn a_delivery_is_not_another_custodians() {
    let world = World::new(2, 3);
    let delivery = world.deliver(1);
    for number in [2, 3] {
        for context in [world.delivery_context(1), world.delivery_context(number)] {
            let result = delivery.verify(&world.share(number), &context);
            assert_eq!(result, Err(SharingError::InvalidProof));
        }
    }
}

#[test]
fn a_delivery_is_not_of_another_dealing_of_the_same_key() {
    let world = World::new(2, 3);
    let other = World::with(2, 3, 1);
    assert_ne!(world.verified.id, other.verified.id);
    let result = world.deliver(1).verify(&other.share(1), &world.delivery_context(1));
    assert_eq!(result, Err(SharingError::InvalidProof));
}

#[test]
fn a_key_proof_is_bound_to_chain_and_account() {
    let context = KeyContext { genesis: [1; 32], custodian: [101u8; 32] };
    let secret = secret(1);
    let proof = secret.prove(&context, &mut rng(0)).unwrap();
    let others =
        flips(context.genesis).map(|genesis| KeyContext { genesis, ..context.clone() }).chain(
            flips(context.custodian).map(|custodian| KeyContext { custodian, ..context.clone() }),
        );
    for other in others {
        assert_eq!(secret.public().verify(&proof, &other), Err(SharingError::InvalidProof));
    }
}

#[test]
fn the_proofs_of_one_statement_are_not_those_of_another() {
    // A dealing's and a delivery's have the same length.
    let world = World::new(2, 3);
    let mut dealing = world.dealing.clone();
    let mut delivery = world.deliver(1);
    (dealing.proof.0, delivery.proof.0) = (delivery.proof.0, dealing.proof.0);
    assert_eq!(world.verify(&dealing), Err(SharingError::InvalidProof));
    let result = delivery.verify(&world.share(1), &world.delivery_context(1));
    assert_eq!(result, Err(SharingError::InvalidProof));
}

#[test]
fn the_proof_of_one_dealing_is_not_that_of_another() {
    let world = World::new(2, 3);
    let mut dealing = world.dealing.clone();
    // Of the same key, among the same custodians.
    dealing.proof = World::with(2, 3, 1).dealing.proof;
    assert_eq!(world.verify(&dealing), Err(SharingError::InvalidProof));
}
