//! Encrypted files.

use proptest::prelude::*;

use super::*;

/// What a file has beside its padded content.
const OVERHEAD: usize = 76;
/// Magic, nonce, commitment.
const HEADER: usize = 60;

fn key() -> ContentKey {
    ContentKey::from_bytes([1; 32])
}

#[test]
fn a_file_opens_with_its_key_and_patient_alone() {
    let key = ContentKey::generate();
    let file = encrypt(&key, &PATIENT, b"a chest X-ray").unwrap();
    assert_eq!(file.len(), 14 + OVERHEAD);
    assert_eq!(*decrypt(&key, &PATIENT, &file).unwrap(), b"a chest X-ray");

    let fails = |key, patient, file: &[u8], expected| {
        assert_eq!(decrypt(key, patient, file).unwrap_err(), expected);
    };
    let (other, wrong) = ([8; 32], ContentKey::generate());
    fails(&wrong, &PATIENT, &file, CryptoError::Authentication);
    fails(&key, &other, &file, CryptoError::Authentication);
    fails(&key, &PATIENT, &file[..file.len() - 1], CryptoError::Authentication);
    fails(&key, &PATIENT, &file[..OVERHEAD], CryptoError::Truncated { length: 76 });
    fails(&key, &PATIENT, &file[..2], CryptoError::Truncated { length: 2 });
    fails(&key, &PATIENT, b"", CryptoError::NotEncrypted);
    fails(&key, &PATIENT, b"\x89PNG\r\n", CryptoError::NotEncrypted);
    fails(&key, &PATIENT, b"MCXY", CryptoError::NotEncrypted);
}

#[test]
fn the_same_content_never_looks_the_same() {
    let first = encrypt(&key(), &PATIENT, b"abc").unwrap();
    assert_ne!(first, encrypt(&key(), &PATIENT, b"abc").unwrap());
    assert_ne!(ContentKey::generate().as_bytes(), ContentKey::generate().as_bytes());
}

#[test]
fn a_file_that_is_lost_is_made_again_and_no_other() {
    for content in [&b"a film"[..], b"", &[0x80; 300]] {
        let file = encrypt(&key(), &PATIENT, content).unwrap();
        let header = file_header(&file).unwrap();
        assert_eq!(header, &file[..HEADER]);
        let again = |header: &[u8], key: &ContentKey, patient: &[u8; 32], content: &[u8]| {
            encrypt_again(header, key, patient, content, &digest(&file))
        };
        assert_eq!(again(header, &key(), &PATIENT, content).unwrap(), file);
        // The nonce is used for this content alone.
        let wrong = Err(CryptoError::Authentication);
        assert_eq!(again(header, &key(), &PATIENT, b"another film"), wrong);
        assert_eq!(again(header, &ContentKey::generate(), &PATIENT, content), wrong);
        assert_eq!(again(header, &key(), &[8; 32], content), wrong);
        let other = encrypt(&key(), &PATIENT, content).unwrap();
        assert_eq!(again(file_header(&other).unwrap(), &key(), &PATIENT, content), wrong);
        for length in 0..HEADER {
            assert!(again(&header[..length], &key(), &PATIENT, content).is_err(), "{length}");
        }
    }
    assert_eq!(file_header(b"\x89PNG\r\n"), Err(CryptoError::NotEncrypted));
}

#[test]
fn another_version_is_refused_by_its_name() {
    for magic in [*b"MCX1", *b"MCX3"] {
        let mut file = encrypt(&key(), &PATIENT, b"a film").unwrap();
        file[..4].copy_from_slice(&magic);
        let error = decrypt(&key(), &PATIENT, &file).unwrap_err();
        assert_eq!(error, CryptoError::UnknownFormat { magic });
        let said = error.to_string();
        assert!(said.contains(std::str::from_utf8(&magic).unwrap()), "{said}");
        assert!(said.contains("upload it again"), "{said}");
    }
}

/// Whoever changes the format without a new version changes these bytes.
#[test]
fn the_format_is_what_it_was() {
    let mut random = Replayed((0..24).collect());
    let file = encrypt_with(&mut random, &key(), &PATIENT, b"a film").unwrap();
    assert_eq!(hex::encode(&file), include_str!("files/known.hex").trim());
}

#[test]
fn every_length_round_trips_at_the_length_that_is_said() {
    let content: Vec<u8> = (0..5_000u32).map(|at| (at % 251) as u8).collect();
    for length in 0..=content.len() {
        let file = encrypt(&key(), &PATIENT, &content[..length]).unwrap();
        assert_eq!(file.len() as u64, encrypted_length(length as u64), "{length}");
        assert_eq!(*decrypt(&key(), &PATIENT, &file).unwrap(), content[..length], "{length}");
    }
}

#[test]
fn contents_that_end_like_padding_round_trip() {
    for content in [vec![0x80], vec![0; 9], vec![0x80, 0, 0], vec![0x80; 64], vec![]] {
        let file = encrypt(&key(), &PATIENT, &content).unwrap();
        assert_eq!(*decrypt(&key(), &PATIENT, &file).unwrap(), content);
    }
}

#[test]
fn every_changed_bit_of_header_and_tag_is_refused() {
    let file = encrypt(&key(), &PATIENT, b"a film").unwrap();
    for at in (0..HEADER).chain(file.len() - 16..file.len()) {
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[at] ^= 1 << bit;
            assert!(decrypt(&key(), &PATIENT, &changed).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn films_of_many_lengths_give_files_of_few() {
    let lengths = (1_000_000..1_100_000).step_by(100).map(encrypted_length);
    let distinct: std::collections::BTreeSet<_> = lengths.collect();
    assert_eq!(distinct.len(), 5, "{distinct:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_content_round_trips(content: Vec<u8>, key: [u8; 32], patient: [u8; 32]) {
        let key = ContentKey::from_bytes(key);
        let file = encrypt(&key, &patient, &content).unwrap();
        prop_assert_eq!(&*decrypt(&key, &patient, &file).unwrap(), &content);
    }

    #[test]
    fn long_contents_round_trip(length in 5_000usize..400_000, seed: u8) {
        let content: Vec<u8> = (0..length).map(|at| (at as u8).wrapping_mul(seed)).collect();
        let file = encrypt(&key(), &PATIENT, &content).unwrap();
        prop_assert_eq!(file.len() as u64, encrypted_length(length as u64));
        prop_assert_eq!(&*decrypt(&key(), &PATIENT, &file).unwrap(), &content);
    }

    #[test]
    fn every_changed_bit_is_noticed(content: Vec<u8>, place: usize, bit in 0..8u8) {
        let mut file = encrypt(&key(), &PATIENT, &content).unwrap();
        let place = place % file.len();
        file[place] ^= 1 << bit;
        prop_assert!(decrypt(&key(), &PATIENT, &file).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(file: Vec<u8>, starts_right: bool) {
        let magic: &[u8] = if starts_right { b"MCX2" } else { b"" };
        prop_assert!(decrypt(&key(), &PATIENT, &[magic, &file].concat()).is_err());
    }

    #[test]
    fn no_other_key_opens_a_file(content: Vec<u8>, one: [u8; 32], other: [u8; 32]) {
        prop_assume!(one != other);
        let file = encrypt(&ContentKey::from_bytes(one), &PATIENT, &content).unwrap();
        let opened = decrypt(&ContentKey::from_bytes(other), &PATIENT, &file);
        prop_assert_eq!(opened.unwrap_err(), CryptoError::Authentication);
    }
}
