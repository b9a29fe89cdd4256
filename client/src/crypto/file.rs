//! The format of an encrypted file.

use chacha20poly1305::{
    aead::{Aead, Payload},
    KeyInit, XChaCha20Poly1305, XNonce,
};
use rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

use super::{ContentKey, CryptoError};
use crate::AccountId32;

/// Format and version.
const MAGIC: &[u8; 4] = b"MCX1";
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;
const HEADER_LENGTH: usize = MAGIC.len() + NONCE_LENGTH;

/// By how many bytes a file is longer than its content.
pub const OVERHEAD: usize = HEADER_LENGTH + TAG_LENGTH;

/// Encrypts `plaintext` as a file of `patient`.
pub fn encrypt(
    key: &ContentKey,
    patient: &AccountId32,
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let mut nonce = [0u8; NONCE_LENGTH];
    OsRng.try_fill_bytes(&mut nonce).map_err(|_| CryptoError::NoRandomness)?;
    let sealed = cipher(key)
        .encrypt(
            XNonce::from_slice(&nonce),
            Payload { msg: plaintext, aad: &associated_data(patient) },
        )
        .map_err(|_| CryptoError::TooLong)?;
    let mut file = Vec::with_capacity(HEADER_LENGTH + sealed.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&nonce);
    file.extend_from_slice(&sealed);
    Ok(file)
}

/// Decrypts a file of `patient`.
///
/// Errors: [`CryptoError::NotEncrypted`], [`CryptoError::Truncated`] and
/// [`CryptoError::Authentication`].
pub fn decrypt(
    key: &ContentKey,
    patient: &AccountId32,
    file: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let length = file.len();
    let start = length.min(MAGIC.len());
    if length == 0 || file[..start] != MAGIC[..start] {
        return Err(CryptoError::NotEncrypted);
    }
    if length < OVERHEAD {
        return Err(CryptoError::Truncated { length });
    }
    let (header, sealed) = file.split_at(HEADER_LENGTH);
    cipher(key)
        .decrypt(
            XNonce::from_slice(&header[MAGIC.len()..]),
            Payload { msg: sealed, aad: &associated_data(patient) },
        )
        .map(Zeroizing::new)
        .map_err(|_| CryptoError::Authentication)
}

fn cipher(key: &ContentKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.as_bytes().into())
}

fn associated_data(patient: &AccountId32) -> Vec<u8> {
    [MAGIC.as_slice(), &patient.0].concat()
}
