//! Envelopes.

use hpke::{Deserializable, Serializable};
use medchain_primitives::{Cid, CidCodec, EncryptionKey, SealedKey};
use proptest::prelude::*;

use super::*;
use crate::{
    envelope::{Aead, Kdf},
    x25519::Kem,
};

fn cid(byte: u8) -> Cid {
    Cid::new(CidCodec::Raw, [byte; 32])
}

fn name(cid: &Cid) -> EnvelopeName<'_> {
    EnvelopeName {
        genesis: [9; 32],
        patient: PATIENT,
        content: Sealed::Record(cid),
        reader: [1; 32],
    }
}

fn sealed_to_alice(name: &EnvelopeName<'_>) -> (ContentKey, SealedKey) {
    let key = ContentKey::generate();
    let sealed = seal(&key, &alice().public(), name).unwrap();
    (key, sealed)
}

#[test]
fn an_envelope_opens_for_its_reader_alone() {
    let cid = cid(1);
    let name = name(&cid);
    let (key, sealed) = sealed_to_alice(&name);
    assert_eq!((sealed.version, sealed.key_name), (1, alice().public().name()));
    assert_eq!(alice().open(&sealed, &name).unwrap().as_bytes(), key.as_bytes());
    let of_bob = bob().open(&sealed, &name).unwrap_err();
    assert_eq!(of_bob, CryptoError::EnvelopeForAnotherKey);
    // Nor does it help to write another name on it.
    let renamed = SealedKey { key_name: bob().public().name(), ..sealed };
    assert_eq!(bob().open(&renamed, &name).unwrap_err(), CryptoError::Envelope);
}

#[test]
fn an_envelope_that_was_moved_does_not_open() {
    let (here, there) = (cid(1), cid(2));
    let name = name(&here);
    let (_, sealed) = sealed_to_alice(&name);
    let moved = [
        EnvelopeName { genesis: [8; 32], ..name },
        EnvelopeName { patient: [8; 32], ..name },
        EnvelopeName { content: Sealed::Record(&there), ..name },
        EnvelopeName { content: Sealed::Profile, ..name },
        EnvelopeName { content: Sealed::Log, ..name },
        EnvelopeName { reader: [2; 32], ..name },
    ];
    for other in moved {
        assert_eq!(alice().open(&sealed, &other).unwrap_err(), CryptoError::Envelope, "{other:?}");
    }
    assert!(alice().open(&sealed, &name).is_ok());
}

#[test]
fn no_two_names_give_the_same_bytes() {
    let (one, other) = (cid(1), cid(2));
    let name = name(&one);
    let names = [
        name,
        EnvelopeName { genesis: PATIENT, patient: [9; 32], ..name },
        EnvelopeName { patient: [1; 32], reader: PATIENT, ..name },
        EnvelopeName { content: Sealed::Record(&other), ..name },
        EnvelopeName { content: Sealed::Profile, ..name },
        EnvelopeName { content: Sealed::Log, ..name },
    ];
    let infos: std::collections::BTreeSet<_> = names.iter().map(EnvelopeName::info).collect();
    assert_eq!(infos.len(), names.len());
}

#[test]
fn an_unknown_version_is_refused() {
    let cid = cid(1);
    let name = name(&cid);
    let (_, sealed) = sealed_to_alice(&name);
    for version in [0, 2, 255] {
        let other = SealedKey { version, ..sealed };
        let error = alice().open(&other, &name).unwrap_err();
        assert_eq!(error, CryptoError::UnknownEnvelope { version });
    }
}

#[test]
fn nothing_is_sealed_to_a_key_of_small_order() {
    use curve25519_dalek::MontgomeryPoint;

    // What is agreed on with the key, by 64 secrets.
    let agreed = |key: [u8; 32]| {
        let secrets = (0..64u8).map(|number| digest(&[number]).0);
        let shared = secrets.map(|secret| MontgomeryPoint(key).mul_clamped(secret).0);
        shared.collect::<std::collections::BTreeSet<_>>()
    };
    let cid = cid(1);
    for bytes in EncryptionKey::SMALL_ORDER {
        // Also where the bit is set that is not part of the number.
        let mut other = bytes;
        other[31] |= 0x80;
        for bytes in [bytes, other] {
            assert_eq!(agreed(bytes), [[0; 32]].into(), "{bytes:?} is not weak");
            let sealed = seal(&ContentKey::generate(), &EncryptionKey(bytes), &name(&cid));
            assert_eq!(sealed.unwrap_err(), CryptoError::WeakKey);
        }
    }
    assert_eq!(agreed(alice().public().0).len(), 64);
}

/// RFC 9180, appendix A.2.1: base mode with the suite of version 1.
mod rfc9180 {
    pub const SEED: &str = "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b";
    pub const SECRET: &str = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
    pub const PUBLIC: &str = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
    pub const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
    pub const ENCAPSULATED: &str =
        "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
    pub const PLAINTEXT: &str = "4265617574792069732074727574682c20747275746820626561757479";
    pub const ASSOCIATED: &str = "436f756e742d30";
    pub const CIPHERTEXT: &str =
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28";
}

#[test]
fn the_suite_is_that_of_the_rfc() {
    use rfc9180::*;

    let bytes = |text: &str| hex::decode(text).unwrap();
    let secret = <Kem as hpke::Kem>::PrivateKey::from_bytes(&bytes(SECRET)).unwrap();
    let public = <Kem as hpke::Kem>::PublicKey::from_bytes(&bytes(PUBLIC)).unwrap();
    assert_eq!(<Kem as hpke::Kem>::sk_to_pk(&secret), public);
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<Aead, Kdf, Kem>(
        &hpke::OpModeS::Base,
        &public,
        &bytes(INFO),
        &bytes(PLAINTEXT),
        &bytes(ASSOCIATED),
        &mut Replayed(bytes(SEED)),
    )
    .unwrap();
    assert_eq!(hex::encode(encapsulated.to_bytes()), ENCAPSULATED);
    assert_eq!(hex::encode(&ciphertext), CIPHERTEXT);
    let opened = hpke::single_shot_open::<Aead, Kdf, Kem>(
        &hpke::OpModeR::Base,
        &secret,
        &encapsulated,
        &bytes(INFO),
        &ciphertext,
        &bytes(ASSOCIATED),
    );
    assert_eq!(opened.unwrap(), bytes(PLAINTEXT));
}

/// Whoever changes what an envelope is bound to, without a new version, changes these bytes.
#[test]
fn the_format_is_what_it_was() {
    use codec::Encode;

    let cid = cid(1);
    let reader = EncryptionKey(hex::decode(rfc9180::PUBLIC).unwrap().try_into().unwrap());
    let mut random = Replayed(hex::decode(rfc9180::SEED).unwrap());
    let key = ContentKey::from_bytes([5; 32]);
    let sealed = seal_with(&mut random, &key, &reader, &name(&cid)).unwrap();
    assert_eq!(hex::encode(sealed.encapsulated_key), rfc9180::ENCAPSULATED);
    assert_eq!(hex::encode(sealed.encode()), include_str!("envelopes/known.hex").trim());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_key_survives_its_envelope(key: [u8; 32], secret: [u8; 32]) {
        let (reader, cid) = (EncryptionSecret::of_account(&secret), cid(1));
        let sealed = seal(&ContentKey::from_bytes(key), &reader.public(), &name(&cid)).unwrap();
        let opened = reader.open(&sealed, &name(&cid)).unwrap();
        prop_assert_eq!(opened.as_bytes(), &key);
    }

    #[test]
    fn every_changed_bit_is_noticed(place in 0..89usize, bit in 0..8u8) {
        use codec::{Decode, Encode};

        let cid = cid(1);
        let (_, sealed) = sealed_to_alice(&name(&cid));
        let mut bytes = sealed.encode();
        bytes[place] ^= 1 << bit;
        let changed = SealedKey::decode(&mut &bytes[..]).unwrap();
        // X25519 ignores the highest bit of a public key; HPKE hashes it.
        prop_assert!(alice().open(&changed, &name(&cid)).is_err());
    }
}
