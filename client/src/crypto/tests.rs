use medchain_primitives::{ModelId, Output, RecordId, RequestId};
use proptest::prelude::*;

use super::*;
use crate::{AccountId32, H256};

const PATIENT: AccountId32 = AccountId32([7; 32]);
const NAME: VerdictName =
    VerdictName { genesis: [9; 32], record: RecordId(1), model: ModelId(2), request: RequestId(3) };

fn alice() -> EncryptionSecret {
    EncryptionSecret::of_account(&[1; 32])
}

#[test]
fn a_file_opens_with_its_key_and_patient_alone() {
    let key = ContentKey::generate();
    let file = encrypt(&key, &PATIENT, b"a chest X-ray").unwrap();
    assert_eq!(file.len(), b"a chest X-ray".len() + OVERHEAD);
    assert_eq!(*decrypt(&key, &PATIENT, &file).unwrap(), b"a chest X-ray");

    let fails = |key, patient, file: &[u8], expected| {
        assert_eq!(decrypt(key, patient, file).unwrap_err(), expected);
    };
    let (other, wrong) = (AccountId32([8; 32]), ContentKey::generate());
    fails(&wrong, &PATIENT, &file, CryptoError::Authentication);
    fails(&key, &other, &file, CryptoError::Authentication);
    fails(&key, &PATIENT, &file[..file.len() - 1], CryptoError::Authentication);
    fails(&key, &PATIENT, &file[..OVERHEAD - 1], CryptoError::Truncated { length: 43 });
    fails(&key, &PATIENT, &file[..2], CryptoError::Truncated { length: 2 });
    fails(&key, &PATIENT, b"", CryptoError::NotEncrypted);
    fails(&key, &PATIENT, b"\x89PNG\r\n", CryptoError::NotEncrypted);
}

#[test]
fn the_same_content_never_looks_the_same() {
    let key = ContentKey::generate();
    let first = encrypt(&key, &PATIENT, b"abc").unwrap();
    assert_ne!(first, encrypt(&key, &PATIENT, b"abc").unwrap());
    assert_ne!(ContentKey::generate().as_bytes(), key.as_bytes());
}

#[test]
fn an_envelope_opens_for_its_reader_alone() {
    let key = ContentKey::generate();
    let sealed = seal(&key, &alice().public()).unwrap();
    assert_eq!(alice().open(&sealed).unwrap().as_bytes(), key.as_bytes());
    let bob = EncryptionSecret::of_account(&[2; 32]);
    assert_eq!(bob.open(&sealed).unwrap_err(), CryptoError::Envelope);
    let mut changed = sealed;
    changed.0[40] ^= 1;
    assert_eq!(alice().open(&changed).unwrap_err(), CryptoError::Envelope);
}

#[test]
fn nothing_is_sealed_to_a_key_of_small_order() {
    use std::collections::BTreeSet;

    use crypto_box::{aead::Aead, PublicKey, SalsaBox, SecretKey};
    use medchain_primitives::EncryptionKey;

    // What the same content looks like, sealed with many secrets.
    let looks_of = |to: [u8; 32]| {
        let looks = (0..64u8).map(|number| {
            let secret = SecretKey::from_bytes(digest(&[number]).0);
            let cipher = SalsaBox::new(&PublicKey::from_bytes(to), &secret);
            cipher.encrypt(&[0u8; 24].into(), b"content key".as_slice()).unwrap()
        });
        looks.collect::<BTreeSet<_>>().len()
    };
    for bytes in EncryptionKey::SMALL_ORDER {
        // Also where the bit is set that is not part of the number.
        let mut other = bytes;
        other[31] |= 0x80;
        for bytes in [bytes, other] {
            assert!(looks_of(bytes) <= 8, "{bytes:?} is not weak");
            let sealed = seal(&ContentKey::generate(), &EncryptionKey(bytes));
            assert_eq!(sealed.unwrap_err(), CryptoError::WeakKey);
        }
    }
    assert_eq!(looks_of(alice().public().0), 64);
}

#[test]
fn verdicts_open_with_the_content_key_that_sealed_them() {
    let key = || ContentKey::from_bytes([7; 32]);
    let other = ContentKey::from_bytes([8; 32]);
    assert_eq!(key().verdict_root(), key().verdict_root());
    assert_ne!(key().verdict_root(), other.verdict_root());

    let square = vec![114; 224 * 224];
    let commitments = key().commitments(&square).unwrap();
    assert_eq!(key().commitments(&square), Some(commitments));
    assert_ne!(other.commitments(&square).unwrap().input_root, commitments.input_root);
    assert_ne!(other.commitments(&square).unwrap().verdicts, commitments.verdicts);
    assert_eq!(key().commitments(&square[1..]), None);

    let output = Output::quantise(&[0.25, 0.75]).unwrap();
    let sealed = key().verdict_key(&NAME).seal(&output);
    assert_eq!(key().verdict_key(&NAME).open(&sealed), Ok(output));
    assert_eq!(other.verdict_key(&NAME).open(&sealed), Err(Wrong));
}

#[test]
fn a_worker_finds_the_salt_of_its_answer_again() {
    let salt = |secret: &EncryptionSecret, genesis, request| {
        secret.answer_salt(H256([genesis; 32]), RequestId(request))
    };
    let first = salt(&alice(), 9, 3);
    assert_eq!(first, salt(&alice(), 9, 3));
    let bob = EncryptionSecret::of_account(&[2; 32]);
    for other in [salt(&bob, 9, 3), salt(&alice(), 8, 3), salt(&alice(), 9, 4)] {
        assert_ne!(first, other);
    }
}

#[test]
fn secrets_do_not_show() {
    let key = ContentKey::from_bytes([0xab; 32]);
    assert_eq!(format!("{key:?}"), "ContentKey(…)");
    let derived = (key.verdict_root(), key.input_salt(), key.verdict_key(&NAME));
    assert_eq!(format!("{derived:?}"), "(VerdictRoot(…), InputSalt(…), VerdictKey(…))");
    let shown = format!("{:?}", alice());
    assert!(shown.starts_with("EncryptionSecret { public:"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_content_round_trips(content: Vec<u8>, key: [u8; 32], patient: [u8; 32]) {
        let (key, patient) = (ContentKey::from_bytes(key), AccountId32(patient));
        let file = encrypt(&key, &patient, &content).unwrap();
        prop_assert_eq!(&*decrypt(&key, &patient, &file).unwrap(), &content);
    }

    #[test]
    fn every_changed_bit_is_noticed(content: Vec<u8>, place: usize, bit in 0..8u8) {
        let key = ContentKey::from_bytes([1; 32]);
        let mut file = encrypt(&key, &PATIENT, &content).unwrap();
        let place = place % file.len();
        file[place] ^= 1 << bit;
        prop_assert!(decrypt(&key, &PATIENT, &file).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(file: Vec<u8>) {
        let key = ContentKey::from_bytes([1; 32]);
        prop_assert!(decrypt(&key, &PATIENT, &file).is_err());
    }

    #[test]
    fn every_key_survives_its_envelope(key: [u8; 32], secret: [u8; 32]) {
        let reader = EncryptionSecret::of_account(&secret);
        let sealed = seal(&ContentKey::from_bytes(key), &reader.public()).unwrap();
        let opened = reader.open(&sealed).unwrap();
        prop_assert_eq!(opened.as_bytes(), &key);
    }
}
