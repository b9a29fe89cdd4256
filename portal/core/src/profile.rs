//! Documents that an account seals to itself: four letters, the envelope of the key, the encrypted
//! document. `MCP2` is a patient's profile in the store, `MCR1` the secret of a request in the
//! browser's database.

use codec::{Decode, Encode, MaxEncodedLen};
use medchain_crypto::{ContentKey, EnvelopeName, Sealed};
use medchain_primitives::{EncryptionKey, SealedKey};
use zeroize::Zeroizing;

use crate::secrets::Secret;

/// A kind of document.
pub struct Kind {
    magic: &'static [u8; 4],
    /// What it is called where it cannot be read.
    name: &'static str,
}

/// A patient's profile.
pub const PROFILE: Kind = Kind { magic: b"MCP2", name: "profile" };
/// The secret of a request for a key.
pub const REPLY: Kind = Kind { magic: b"MCR1", name: "secret of a request" };

fn name(genesis: [u8; 32], patient: [u8; 32]) -> EnvelopeName<'static> {
    EnvelopeName { genesis, patient, content: Sealed::Profile, reader: patient }
}

impl Kind {
    /// Encrypts a document for its owner alone.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn seal(
        &self,
        secret: &Secret,
        genesis: [u8; 32],
        owner: [u8; 32],
        document: &[u8],
    ) -> Result<Vec<u8>, String> {
        let key = ContentKey::generate();
        let public = EncryptionKey(secret.public());
        let sealed = medchain_crypto::seal(&key, &public, &name(genesis, owner));
        let sealed = sealed.map_err(|error| error.to_string())?;
        let body = medchain_crypto::encrypt(&key, &owner, document);
        let mut bytes = self.magic.to_vec();
        bytes.extend(sealed.encode());
        bytes.extend(body.map_err(|error| error.to_string())?);
        Ok(bytes)
    }

    /// Opens a stored document.
    ///
    /// # Errors
    /// Where it is of another kind, or another's.
    pub fn open(
        &self,
        secret: &Secret,
        genesis: [u8; 32],
        owner: [u8; 32],
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut rest = bytes
            .strip_prefix(self.magic)
            .filter(|rest| rest.len() > SealedKey::max_encoded_len())
            .ok_or_else(|| format!("the stored file is not a {} of MedChain", self.name))?;
        let envelope =
            SealedKey::decode(&mut rest).map_err(|_| format!("the {} is damaged", self.name))?;
        let key = secret.open(&envelope, &name(genesis, owner))?;
        medchain_crypto::decrypt(&key, &owner, rest).map_err(|error| error.to_string())
    }
}
