//! The content key, encrypted under the shared secret.

use chacha20poly1305::{aead::Aead, ChaCha20Poly1305, KeyInit};
use codec::Encode;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{curve::Point, DealingContext, EphemeralKey, SharingError, WrappedKey};

/// A key encrypts one message, so that the nonce can be constant.
const NONCE: [u8; 12] = [0; 12];

/// Encrypts a content key under the point that is shared.
pub(crate) fn wrap<AccountId: Encode>(
    content_key: &[u8; 32],
    shared: &Point,
    ephemeral: &EphemeralKey,
    context: &DealingContext<AccountId>,
) -> WrappedKey {
    let mut wrapped = [0; 48];
    // Only messages of many gigabytes are refused.
    let sealed = cipher(shared, ephemeral, context)
        .encrypt(&NONCE.into(), content_key.as_slice())
        .unwrap_or_default();
    for (byte, sealed) in wrapped.iter_mut().zip(sealed) {
        *byte = sealed;
    }
    WrappedKey(wrapped)
}

/// Decrypts it.
pub(crate) fn unwrap<AccountId: Encode>(
    wrapped: &WrappedKey,
    shared: &Point,
    ephemeral: &EphemeralKey,
    context: &DealingContext<AccountId>,
) -> Result<Zeroizing<[u8; 32]>, SharingError> {
    let opened = cipher(shared, ephemeral, context)
        .decrypt(&NONCE.into(), wrapped.0.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| SharingError::InvalidWrappedKey)?;
    let key = opened.as_slice().try_into().map_err(|_| SharingError::InvalidWrappedKey)?;
    Ok(Zeroizing::new(key))
}

/// ChaCha20-Poly1305 (RFC 8439) under HKDF-SHA256 of the encoded point, for this dealing alone.
fn cipher<AccountId: Encode>(
    shared: &Point,
    ephemeral: &EphemeralKey,
    context: &DealingContext<AccountId>,
) -> ChaCha20Poly1305 {
    let secret = Zeroizing::new(shared.compress().to_bytes());
    let info = (context, ephemeral).encode();
    let mut key = Zeroizing::new([0; 32]);
    // Fails only beyond 255 times 32 bytes.
    let _ = Hkdf::<Sha256>::new(None, &*secret)
        .expand_multi_info(&[b"medchain/sharing/wrap/1", &info], &mut *key);
    ChaCha20Poly1305::new((&*key).into())
}
