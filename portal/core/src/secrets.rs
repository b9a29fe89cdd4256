//! The secret that opens envelopes, and the file that keeps it.

use medchain_crypto::{ContentKey, EncryptionSecret, EnvelopeName};
use medchain_keys::{AccountFile, AccountSecret};
use medchain_primitives::SealedKey;
use zeroize::Zeroizing;

use crate::{kinds::marked, random::Random};

/// The secret of an account, and the encryption key that follows from it.
///
/// A page cannot have the secret of its wallet's account. So the account here is one of its own,
/// which never signs; or it is the very account, where somebody opens its key file, and then it
/// signs for whoever has no wallet. Both are kept in the file that wallets and the command line
/// have as well, and from the same file all of them derive the same key.
pub struct Secret {
    account: AccountSecret,
    encryption: EncryptionSecret,
}

impl Secret {
    /// A new random secret.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn generate() -> Result<Self, String> {
        AccountSecret::generate().map(Self::new).map_err(|error| error.to_string())
    }

    fn new(account: AccountSecret) -> Self {
        Self { encryption: EncryptionSecret::of_account(&account.canonical()), account }
    }

    /// Reads a key file, which may be encrypted, or a seed: `0x` and 64 digits.
    ///
    /// # Errors
    /// Where it is neither, or does not open.
    pub fn from_key_file(text: &str, passphrase: &str) -> Result<Self, String> {
        if let Some(digits) = text.trim().strip_prefix("0x") {
            let mut seed = Zeroizing::new([0; 32]);
            hex::decode_to_slice(digits, &mut *seed)
                .map_err(|_| "a seed is `0x` and 64 hexadecimal digits")?;
            return Ok(Self::new(AccountSecret::from_seed(&seed)));
        }
        let account = AccountFile::parse(text.as_bytes())
            .and_then(|file| file.open(Some(passphrase.as_bytes())));
        account.map(Self::new).map_err(|error| marked(&error))
    }

    /// The secret as a key file that opens with `passphrase`, under a name for people.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn to_key_file(&self, passphrase: &str, name: &str) -> Result<String, String> {
        let file = AccountFile::new(&self.account, Some(passphrase.as_bytes()));
        let file = file.map_err(|error| error.to_string())?.with_name(name);
        String::from_utf8(file.to_bytes().to_vec()).map_err(|error| error.to_string())
    }

    /// The account: its public key.
    pub fn account(&self) -> [u8; 32] {
        self.account.account().0
    }

    /// Signs for the account, as the chain takes it: sr25519.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn sign(&self, payload: &[u8]) -> Result<[u8; 64], String> {
        let mut random = Random::default();
        let signature = self.account.sign_with(payload, &mut random);
        random.finish()?;
        Ok(signature)
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

/// Whether a text is a key file that only a passphrase opens.
pub fn is_encrypted(text: &str) -> bool {
    AccountFile::parse(text.as_bytes()).is_ok_and(|file| file.is_encrypted())
}
