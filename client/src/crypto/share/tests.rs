use medchain_primitives::CidCodec;
use proptest::prelude::*;

use super::*;

const PATIENT: AccountId32 = AccountId32([7; 32]);

fn cid(byte: u8) -> Cid {
    Cid::new(CidCodec::DagPb, [byte; 32])
}

/// A share copied to another patient's record or to another content, or a reader's
/// envelope in place of a share, opens to nothing.
#[test]
fn an_entrusted_share_is_of_one_patient_and_content() {
    let custodian = EncryptionSecret::from_secret_uri("//Gwen");
    let key = ContentKey::generate();
    let shares = split(&key, 3, 2).unwrap();
    let sealed = shares[1].entrust(&custodian.public(), &PATIENT, &cid(1)).unwrap();
    let open = |patient: &AccountId32, cid: &Cid| {
        KeyShare::open_entrusted(&custodian, 2, &sealed, patient, cid)
    };
    assert_eq!(*open(&PATIENT, &cid(1)).unwrap().bytes, *shares[1].bytes);
    let mallory = AccountId32([8; 32]);
    assert_eq!(open(&mallory, &cid(1)).unwrap_err(), CryptoError::Envelope);
    assert_eq!(open(&PATIENT, &cid(2)).unwrap_err(), CryptoError::Envelope);
    // Neither kind of box opens as the other.
    assert_eq!(custodian.open(&sealed).unwrap_err(), CryptoError::Envelope);
    let envelope = seal(&key, &custodian.public()).unwrap();
    let taken = KeyShare::open_entrusted(&custodian, 1, &envelope, &PATIENT, &cid(1));
    assert_eq!(taken.unwrap_err(), CryptoError::Envelope);
    let other = EncryptionSecret::from_secret_uri("//Hal");
    let taken = KeyShare::open_entrusted(&other, 2, &sealed, &PATIENT, &cid(1));
    assert_eq!(taken.unwrap_err(), CryptoError::Envelope);
    let weak = shares[0].entrust(&EncryptionKey([0; 32]), &PATIENT, &cid(1));
    assert_eq!(weak.unwrap_err(), CryptoError::WeakKey);
}

#[test]
fn a_share_travels_in_an_envelope() {
    let secret = EncryptionSecret::from_secret_uri("//Alice");
    let key = ContentKey::generate();
    let shares = split(&key, 3, 2).unwrap();
    assert_eq!(shares.iter().map(|share| share.number).collect::<Vec<_>>(), [1, 2, 3]);
    let sealed: Vec<_> = shares.iter().map(|share| share.seal(&secret.public()).unwrap()).collect();
    let opened: Vec<_> = [(3, &sealed[2]), (1, &sealed[0])]
        .map(|(number, sealed)| KeyShare::open(&secret, number, sealed).unwrap())
        .to_vec();
    assert_eq!(combine(&opened, 2).unwrap().as_bytes(), key.as_bytes());
    let other = EncryptionSecret::from_secret_uri("//Bob");
    assert_eq!(KeyShare::open(&other, 1, &sealed[0]).unwrap_err(), CryptoError::Envelope);
    assert_eq!(format!("{:?}", shares[0]), "KeyShare(1, …)");
}

#[test]
fn one_of_one_is_the_key_itself() {
    let key = ContentKey::generate();
    for share in split(&key, 3, 1).unwrap() {
        assert_eq!(*share.bytes, *key.as_bytes());
    }
}

#[test]
fn invalid_counts_and_thresholds_are_refused() {
    let key = ContentKey::generate();
    for (count, threshold) in [(0, 0), (3, 0), (2, 3)] {
        assert_eq!(split(&key, count, threshold).unwrap_err(), CryptoError::Shares);
    }
    let shares = split(&key, 3, 2).unwrap();
    let twice = [shares[0].clone(), shares[0].clone()];
    assert_eq!(combine(&twice, 2).unwrap_err(), CryptoError::Shares);
    assert_eq!(combine(&shares[..1], 2).unwrap_err(), CryptoError::Shares);
    assert_eq!(combine(&[], 0).unwrap_err(), CryptoError::Shares);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_threshold_of_the_shares_make_up_the_key(
        key: [u8; 32],
        (count, threshold) in (1u8..=8).prop_flat_map(|count| (Just(count), 1..=count)),
        order in any::<prop::sample::Index>(),
    ) {
        let mut shares = split(&ContentKey::from_bytes(key), count, threshold).unwrap();
        shares.rotate_left(order.index(usize::from(count)));
        let few = &shares[..usize::from(threshold)];
        let combined = combine(few, threshold).unwrap();
        prop_assert_eq!(combined.as_bytes(), &key);
    }

    /// The shares of t - 1 fit every key: for any key there is one more share that
    /// completes them to it.
    #[test]
    fn one_too_few_know_nothing(key: [u8; 32], other: [u8; 32], number in 3u8..=255) {
        let shares = split(&ContentKey::from_bytes(key), 3, 2).unwrap();
        let known = &shares[0];
        // The line through (0, other) and the known share, at `number`.
        let line = [KeyShare { number: known.number, bytes: known.bytes.clone() }];
        let mut forged = Zeroizing::new([0; LENGTH]);
        for place in 0..LENGTH {
            let slope = gf_mul(known.bytes[place] ^ other[place], gf_inverse(known.number));
            forged[place] = other[place] ^ gf_mul(slope, number);
        }
        let forged = KeyShare { number, bytes: forged };
        let both = [line[0].clone(), forged];
        let combined = combine(&both, 2).unwrap();
        prop_assert_eq!(combined.as_bytes(), &other);
    }
}

/// Multiplication modulo x^8 + x^4 + x^3 + x^2 + 1, as the crate computes.
fn gf_mul(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 != 0 {
            product ^= a;
        }
        let high = a & 0x80 != 0;
        a <<= 1;
        if high {
            a ^= 0x1d;
        }
        b >>= 1;
    }
    product
}

fn gf_inverse(a: u8) -> u8 {
    (1..=255).find(|b| gf_mul(a, *b) == 1).expect("not zero")
}
