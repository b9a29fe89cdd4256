//! The secrets that open envelopes.

use blake2::{digest::consts::U32, Blake2b, Digest};
use medchain_primitives::{EncryptionKey, SealedKey};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    envelope::{self, EnvelopeName},
    x25519::SecretKey,
    ContentKey, CryptoError,
};

/// Separates this key from everything else that is derived from the same secret.
const DERIVATION: &[u8] = b"medchain-x25519-v1";

/// An X25519 secret, which opens envelopes that are sealed to its public key.
#[derive(Clone)]
pub struct EncryptionSecret(SecretKey);

impl EncryptionSecret {
    /// The secret that belongs to a signing secret: BLAKE2b-256 of
    /// `medchain-x25519-v1` and the secret URI as the key file has it. So one
    /// secret is all that has to be backed up.
    pub fn from_secret_uri(uri: &str) -> Self {
        let mut bytes: [u8; 32] = Blake2b::<U32>::new()
            .chain_update(DERIVATION)
            .chain_update(uri.as_bytes())
            .finalize()
            .into();
        let secret = SecretKey::from_bytes(bytes);
        bytes.zeroize();
        Self(secret)
    }

    /// The public key, which is stored on chain.
    pub fn public(&self) -> EncryptionKey {
        self.0.public()
    }

    /// The bytes, for what else is derived from them.
    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// Opens an envelope that was made for `name`.
    ///
    /// # Errors
    /// [`CryptoError::UnknownEnvelope`] where its version is not known,
    /// [`CryptoError::EnvelopeForAnotherKey`] where it names another key, and
    /// [`CryptoError::Envelope`] where it does not open.
    pub fn open(
        &self,
        sealed: &SealedKey,
        name: &EnvelopeName<'_>,
    ) -> Result<ContentKey, CryptoError> {
        envelope::open(&self.0, sealed, name)
    }
}

impl core::fmt::Debug for EncryptionSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EncryptionSecret").field("public", &self.public().0).finish_non_exhaustive()
    }
}
