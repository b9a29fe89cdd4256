//! The secret that opens envelopes, and how it is kept.

use medchain_crypto::{ContentKey, EncryptionSecret, EnvelopeName};
use medchain_primitives::SealedKey;
use zeroize::Zeroizing;

use crate::vault;

/// A secret of 32 bytes, and the encryption key that follows from it.
///
/// It follows as from the secret of an account in a key file of the command line, so that such a
/// file can be opened here, and this secret be used there.
pub struct Secret {
    seed: Zeroizing<[u8; 32]>,
    encryption: EncryptionSecret,
}

impl Secret {
    /// A new random secret.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn generate() -> Result<Self, String> {
        let mut seed = Zeroizing::new([0; 32]);
        vault::fill(&mut *seed)?;
        Ok(Self::new(seed))
    }

    /// The secret of these bytes.
    pub fn new(seed: Zeroizing<[u8; 32]>) -> Self {
        let uri = Zeroizing::new(format!("0x{}", hex::encode(*seed)));
        Self { encryption: EncryptionSecret::from_secret_uri(&uri), seed }
    }

    /// Reads a key file of the command line, or the secret alone: `0x` and 64 digits.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn from_key_file(text: &str) -> Result<Self, String> {
        #[derive(serde::Deserialize)]
        struct KeyFile {
            secret_uri: String,
        }
        let text = text.trim();
        let uri = match text.starts_with('{') {
            true => {
                let file: KeyFile = serde_json::from_str(text)
                    .map_err(|_| "this is not a key file of MedChain".to_owned())?;
                Zeroizing::new(file.secret_uri)
            }
            false => Zeroizing::new(text.to_owned()),
        };
        let digits = uri.strip_prefix("0x").filter(|digits| digits.len() == 64);
        if let Some(digits) = digits {
            let mut seed = Zeroizing::new([0; 32]);
            return match hex::decode_to_slice(digits, &mut *seed) {
                Ok(()) => Ok(Self::new(seed)),
                Err(_) => Err("the secret in this key file is damaged".into()),
            };
        }
        Err("this key file holds a phrase and not `0x` and 64 digits: a page can open only the \
             second kind; make a new key with `medchain key new`, or a new one here"
            .into())
    }

    /// The secret as text, for a backup that is as good as the secret itself.
    pub fn to_key_file(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(*self.seed));
        Zeroizing::new(format!("{{\"version\":1,\"secret_uri\":\"0x{}\"}}\n", *digits))
    }

    /// Locks the secret with a passphrase.
    ///
    /// # Errors
    /// Where there is no randomness, or not enough memory.
    pub fn lock(&self, passphrase: &str) -> Result<Vec<u8>, String> {
        vault::lock(&self.seed, passphrase)
    }

    /// Opens what [`Self::lock`] made.
    ///
    /// # Errors
    /// Where it is damaged or the passphrase is another.
    pub fn unlock(locked: &[u8], passphrase: &str) -> Result<Self, String> {
        vault::unlock(locked, passphrase).map(Self::new)
    }

    /// The public key, as the chain has it.
    pub fn public(&self) -> [u8; 32] {
        self.encryption.public().0
    }

    /// Opens an envelope that was made for `name`.
    ///
    /// # Errors
    /// Where it was made for another key, chain, patient, content or reader.
    pub fn open(&self, sealed: &SealedKey, name: &EnvelopeName<'_>) -> Result<ContentKey, String> {
        self.encryption.open(sealed, name).map_err(|error| error.to_string())
    }
}
