//! Splitting a content key among custodians: Shamir's scheme over GF(256), by
//! the crate `blahaj`.
//!
//! A share is *entrusted* to a custodian in a box that is bound to the patient and
//! to the content. The boxes are public: with sealed boxes like a reader's, an
//! attacker could copy another patient's shares to a record of their own, grant
//! themselves access to it, and have honest custodians deliver them.

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

/// A share of a content key. Fewer than the threshold reveal nothing of the key.
#[derive(Clone)]
pub struct KeyShare {
    /// Its number, starting at 1.
    pub number: u8,
    bytes: Zeroizing<[u8; LENGTH]>,
}

impl std::fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyShare({}, …)", self.number)
    }
}

/// Splits `key` into `count` shares, any `threshold` of which make up the key. With
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

/// Reconstructs the key. Shares that do not belong together give a key that opens
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
    /// [`CryptoError::WeakKey`] where `custodian` is not a safe key to seal to.
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

    /// Opens a share with this number that was sealed by [`KeyShare::entrust`].
    ///
    /// # Errors
    /// [`CryptoError::Envelope`] where it was entrusted to another key, or for
    /// another patient or content.
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
    /// [`CryptoError::WeakKey`] where `reader` is not a safe key to seal to.
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
mod tests;
