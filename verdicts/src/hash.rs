//! The two primitives that everything here is made of.

use blake2::{digest::consts::U32, Blake2b, Digest};
use hkdf::Hkdf;
use sha2::Sha256;

/// BLAKE2b with 32 bytes of output, of a purpose and the parts.
///
/// The caller's parts have fixed lengths, or are SCALE-encoded: no two different lists of parts
/// must have the same concatenation.
#[must_use]
pub fn blake2(purpose: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new_with_prefix(purpose);
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HKDF-SHA256 of a secret, without a salt: the secrets are uniformly random keys.
pub(crate) fn derive<const N: usize>(secret: &[u8; 32], info: &[&[u8]]) -> [u8; N] {
    let mut key = [0; N];
    // Fails only beyond 255 times 32 bytes.
    let _ = Hkdf::<Sha256>::new(None, secret).expand_multi_info(info, &mut key);
    key
}
