//! What honest people do works.

use codec::{Decode, DecodeAll, Encode, MaxEncodedLen};
use proptest::prelude::*;

use super::world::*;
use crate::*;

#[test]
fn any_t_of_n_open_the_key() {
    for count in 1..=MAX_CUSTODIANS as u8 {
        for threshold in 1..=count {
            let world = World::new(threshold, count);
            let first: Vec<u8> = (1..=threshold).collect();
            let last: Vec<u8> = (1..=count).rev().take(threshold.into()).collect();
            assert_eq!(world.recover(&first), Ok(CONTENT_KEY), "{threshold} of {count}");
            assert_eq!(world.recover(&last), Ok(CONTENT_KEY), "{threshold} of {count}");
            let fewer = &first[1..];
            assert_eq!(world.recover(fewer), Err(SharingError::SharesMissing));
        }
    }
}

#[test]
fn a_custodian_proves_its_key() {
    let context = KeyContext { genesis: [1; 32], custodian: [101u8; 32] };
    let secret = secret(1);
    let proof = secret.prove(&context, &mut rng(0)).unwrap();
    assert_eq!(secret.public().verify(&proof, &context), Ok(()));
}

#[test]
fn more_shares_than_needed_do_no_harm() {
    let world = World::new(2, 4);
    assert_eq!(world.recover(&[4, 1, 3, 2]), Ok(CONTENT_KEY));
    assert_eq!(world.recover(&[3, 3, 3]), Err(SharingError::SharesMissing));
}

#[test]
fn sizes_are_as_documented() {
    let world = World::new(3, MAX_CUSTODIANS as u8);
    assert_eq!(world.dealing.encode().len(), 177 + 32 * 16);
    assert_eq!(World::new(3, 8).dealing.encode().len(), 177 + 32 * 8);
    assert_eq!(Dealing::max_encoded_len(), 177 + 32 * 16);
    assert_eq!(Delivery::max_encoded_len(), 160);
    assert_eq!(EntrustedShare::max_encoded_len(), 129);
    assert_eq!(world.deliver(1).encode().len(), 160);
    assert_eq!(VerifiedDealing::max_encoded_len(), 113 + 32 * 16);
    assert_eq!(world.verified.encode().len(), 113 + 32 * 16);
    assert_eq!(VerifiedDelivery::max_encoded_len(), 64);
}

#[test]
fn what_was_verified_is_what_was_sent_without_its_proof() {
    let world = World::new(2, 3);
    let Dealing { ephemeral, shares, wrapped, proof: _ } = world.dealing.clone();
    let VerifiedDealing { id, .. } = world.verified;
    assert_eq!(world.verified, VerifiedDealing { id, ephemeral, shares, wrapped });
    let sent = world.deliver(1);
    let verified = sent.verify(&world.share(1), &world.delivery_context(1));
    let Delivery { ephemeral, share, proof: _ } = sent;
    assert_eq!(verified, Ok(VerifiedDelivery { ephemeral, share }));
}

#[test]
fn a_recovery_needs_the_custodians_of_its_dealing() {
    let world = World::new(2, 3);
    let fewer = Custodians { threshold: 2, keys: &world.keys[..2] };
    let result = Recovery::new(&world.verified, &fewer, &world.context);
    assert_eq!(result.map(|_| ()), Err(SharingError::ShareCountMismatch));
}

#[test]
fn what_is_encoded_is_decoded() {
    let world = World::new(2, 3);
    let dealing = Dealing::decode_all(&mut &world.dealing.encode()[..]).unwrap();
    assert_eq!(dealing, world.dealing);
    let delivery = world.deliver(2);
    assert_eq!(Delivery::decode_all(&mut &delivery.encode()[..]), Ok(delivery));
    // More shares than there can be custodians are not even decoded.
    let mut long = world.dealing.ephemeral.encode();
    long.extend(vec![EncryptedShare([1; 32]); 17].encode());
    long.extend([0; 48 + 96]);
    assert!(Dealing::decode(&mut &long[..]).is_err());
}

#[test]
fn a_secret_does_not_print_itself() {
    let world = World::new(1, 1);
    let recovery = Recovery::new(&world.verified, &world.custodians(), &world.context).unwrap();
    let shown = format!("{:?} {:?}", secret(1), ReplySecret::from_seed(&[1; 32]));
    assert_eq!(shown, "CustodianSecret(…) ReplySecret(…)");
    assert!(!format!("{recovery:?}").contains("shares"));
}

#[test]
fn two_readers_get_the_same_key_from_different_bytes() {
    let world = World::new(2, 3);
    let first = world.deliver(1);
    let mut other = World::new(2, 3);
    other.reply = ReplySecret::generate(&mut rng(8));
    let second = other.deliver(1);
    assert_ne!(first.ephemeral, second.ephemeral);
    assert_ne!(first.share, second.share);
    assert_eq!(other.recover(&[1, 3]), Ok(CONTENT_KEY));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..Default::default() })]

    #[test]
    fn any_choice_of_custodians_opens_the_key(
        (count, order) in (1..=MAX_CUSTODIANS as u8)
            .prop_flat_map(|count| (Just(count), Just((1..=count).collect::<Vec<_>>()).prop_shuffle())),
        part in 0..=255u8,
        dice: u64,
    ) {
        let threshold = 1 + part % count;
        let world = World::with(threshold, count, dice);
        prop_assert_eq!(world.recover(&order[..threshold.into()]), Ok(CONTENT_KEY));
    }
}
