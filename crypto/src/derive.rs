//! Other secrets from an account's secret.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// 32 bytes that follow from an account's canonical secret and a label: HKDF-SHA-256
/// (RFC 5869) without salt, and with the label as `info`.
///
/// Each purpose has a label of its own, so that none of these secrets tells another.
pub(crate) fn derive(account_secret: &[u8; 32], label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut derived = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, account_secret)
        .expand(label, &mut *derived)
        .expect("one block is never too long; qed");
    derived
}
