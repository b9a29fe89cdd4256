//! Splitting a content key among custodians: Shamir's scheme over GF(256), by
//! the crate `blahaj`.
//!
//! A share is *entrusted* to a custodian in a box that is bound to whose record
//! it is and to its content. The boxes stand on chain for everybody to copy: in a
//! sealed box like a reader's, somebody could put another patient's shares under
//! a record of their own, let themselves in there, and have honest custodians
//! hand them over.

use blahaj::{Share, Sharks};
use blake2::{digest::consts::U24, Blake2b, Digest};
use crypto_box::{aead::Aead, PublicKey, SalsaBox, SecretKey};
use medchain_primitives::{Cid, EncryptionKey, SealedKey, SEALED_KEY_LENGTH};
use rand_core::OsRng;
use zeroize::{Zeroize, Zeroizing};

use super::{seal, ContentKey, CryptoError, EncryptionSecret};
use crate::AccountId32;

/// Keeps the nonces of these boxes apart from those of all others.
const PERSONALISATION: &[u8] = b"medchain-share-v1";
/// The length of a public key in bytes.
const KEY_LENGTH: usize = 32;

/// The length of a share in bytes: its number is its place and is not in it.
const LENGTH: usize = 32;

/// A share of a content key. Fewer than the threshold say nothing of the key.
#[derive(Clone)]
pub struct KeyShare {
    /// Its number, from 1.
    pub number: u8,
    bytes: Zeroizing<[u8; LENGTH]>,
}

impl std::fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyShare({}, …)", self.number)
    }
}

/// Splits `key` into `count` shares, any `threshold` of which make it again. With
/// a threshold of 1, each is the key.
///
/// # Errors
/// [`CryptoError::Shares`] unless `1 <= threshold <= count`.
pub fn split(key: &ContentKey, count: u8, threshold: u8) -> Result<Vec<KeyShare>, CryptoError> {
    if threshold == 0 || threshold > count {
        return Err(CryptoError::Shares);
    }
    let dealer = Sharks(threshold).dealer_rng(key.as_bytes(), &mut OsRng);
    let shares = dealer.take(usize::from(count)).map(|share| {
        let bytes = Zeroizing::new(Vec::from(&share));
        // The first byte is the number.
        let (number, rest) = bytes.split_first().ok_or(CryptoError::Shares)?;
        let rest = rest.try_into().map_err(|_| CryptoError::Shares)?;
        Ok(KeyShare { number: *number, bytes: Zeroizing::new(rest) })
    });
    shares.collect()
}

/// Makes the key again. Shares that do not belong together make a key that opens
/// nothing: only the file tells.
///
/// # Errors
/// [`CryptoError::Shares`] for too few, or for two of the same number.
pub fn combine(shares: &[KeyShare], threshold: u8) -> Result<ContentKey, CryptoError> {
    if threshold == 0 || shares.len() < usize::from(threshold) {
        return Err(CryptoError::Shares);
    }
    let shares: Vec<Share> = shares
        .iter()
        .map(|share| {
            let mut bytes = Zeroizing::new(vec![share.number]);
            bytes.extend_from_slice(&*share.bytes);
            Share::try_from(bytes.as_slice()).map_err(|_| CryptoError::Shares)
        })
        .collect::<Result<_, _>>()?;
    let secret = Sharks(threshold).recover(&shares).map_err(|_| CryptoError::Shares)?;
    let secret = Zeroizing::new(secret);
    let bytes = secret.as_slice().try_into().map_err(|_| CryptoError::Shares)?;
    Ok(ContentKey::from_bytes(bytes))
}

impl KeyShare {
    /// Seals this share so that only the owner of `custodian` can open it, and
    /// only as a share of this patient's content: an ephemeral X25519 key (32
    /// bytes), then XSalsa20-Poly1305 with the nonce BLAKE2b-192 of
    /// `medchain-share-v1`, both public keys, the patient's account and the CID.
    ///
    /// # Errors
    /// [`CryptoError::WeakKey`] where nothing may be sealed to `custodian`.
    pub fn entrust(
        &self,
        custodian: &EncryptionKey,
        patient: &AccountId32,
        cid: &Cid,
    ) -> Result<SealedKey, CryptoError> {
        if custodian.is_of_small_order() {
            return Err(CryptoError::WeakKey);
        }
        let ephemeral = SecretKey::generate(&mut OsRng);
        let public = ephemeral.public_key().to_bytes();
        let nonce = nonce(&public, &custodian.0, patient, cid);
        let boxed = SalsaBox::new(&PublicKey::from_bytes(custodian.0), &ephemeral)
            .encrypt(&nonce.into(), self.bytes.as_slice())
            .map_err(|_| CryptoError::Envelope)?;
        let mut sealed = [0; SEALED_KEY_LENGTH];
        let (head, rest) = sealed.split_at_mut(KEY_LENGTH);
        head.copy_from_slice(&public);
        if boxed.len() != rest.len() {
            return Err(CryptoError::Envelope);
        }
        rest.copy_from_slice(&boxed);
        Ok(SealedKey(sealed))
    }

    /// Opens what [`KeyShare::entrust`] made of the share with this number.
    ///
    /// # Errors
    /// [`CryptoError::Envelope`] where it was entrusted to another key, or is of
    /// another patient's record or of another content.
    pub fn open_entrusted(
        secret: &EncryptionSecret,
        number: u8,
        sealed: &SealedKey,
        patient: &AccountId32,
        cid: &Cid,
    ) -> Result<Self, CryptoError> {
        let (head, boxed) = sealed.0.split_at(KEY_LENGTH);
        let public: [u8; KEY_LENGTH] = head.try_into().map_err(|_| CryptoError::Envelope)?;
        let nonce = nonce(&public, &secret.public().0, patient, cid);
        let mut opened = secret
            .agree(&public)
            .decrypt(&nonce.into(), boxed)
            .map_err(|_| CryptoError::Envelope)?;
        let bytes = opened.as_slice().try_into().map_err(|_| CryptoError::Envelope);
        opened.zeroize();
        Ok(Self { number, bytes: Zeroizing::new(bytes?) })
    }

    /// Seals this share so that only the owner of `reader` can open it.
    ///
    /// # Errors
    /// [`CryptoError::WeakKey`] where nothing may be sealed to `reader`.
    pub fn seal(&self, reader: &EncryptionKey) -> Result<SealedKey, CryptoError> {
        seal(&ContentKey::from_bytes(*self.bytes), reader)
    }

    /// Opens the share with this number.
    ///
    /// # Errors
    /// [`CryptoError::Envelope`] where it is sealed to another key.
    pub fn open(
        secret: &EncryptionSecret,
        number: u8,
        sealed: &SealedKey,
    ) -> Result<Self, CryptoError> {
        let opened = secret.open(sealed)?;
        Ok(Self { number, bytes: Zeroizing::new(*opened.as_bytes()) })
    }
}

fn nonce(
    ephemeral: &[u8; KEY_LENGTH],
    custodian: &[u8; KEY_LENGTH],
    patient: &AccountId32,
    cid: &Cid,
) -> [u8; 24] {
    Blake2b::<U24>::new()
        .chain_update(PERSONALISATION)
        .chain_update(ephemeral)
        .chain_update(custodian)
        .chain_update(patient.0)
        .chain_update(cid.to_string())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use medchain_primitives::CidCodec;
    use proptest::prelude::*;

    use super::*;

    const PATIENT: AccountId32 = AccountId32([7; 32]);

    fn cid(byte: u8) -> Cid {
        Cid::new(CidCodec::DagPb, [byte; 32])
    }

    /// Who copies a share from the chain to a record of their own, or to another
    /// content, or hands a custodian a reader's envelope, has nothing.
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
        // Nor is one kind of box taken for the other.
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
        let sealed: Vec<_> =
            shares.iter().map(|share| share.seal(&secret.public()).unwrap()).collect();
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
    fn numbers_that_do_not_fit_are_refused() {
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
        fn any_threshold_of_them_make_the_key(
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

        /// What t - 1 of them have fits every key: one more share can be found that
        /// makes any other of it.
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
}
