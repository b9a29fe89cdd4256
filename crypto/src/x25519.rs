//! X25519 keys, in the form that HPKE takes them.

use hpke::{kem::X25519HkdfSha256, Deserializable, Kem as _, Serializable};
use medchain_primitives::EncryptionKey;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// How HPKE encapsulates keys, in version 1 of envelopes.
pub(crate) type Kem = X25519HkdfSha256;
/// HPKE's own form of a secret. It is wiped when it is dropped.
pub(crate) type PrivateKey = <Kem as hpke::Kem>::PrivateKey;

/// 32 secret bytes as they were derived, of which X25519 ignores five bits.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct SecretKey([u8; 32]);

impl SecretKey {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    pub(crate) fn private(&self) -> PrivateKey {
        PrivateKey::from_bytes(&self.0).expect("any 32 bytes are an X25519 secret; qed")
    }

    pub(crate) fn public(&self) -> EncryptionKey {
        EncryptionKey(Kem::sk_to_pk(&self.private()).to_bytes().into())
    }
}
