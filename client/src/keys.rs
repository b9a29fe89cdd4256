//! Signing and decrypting identities: one secret, kept in one file.
//!
//! A key file is the account JSON that polkadot-js and other wallets export and import, which
//! `medchain-keys` reads and writes. [`KeyFile`] encrypts it with a [`Passphrase`] unless somebody
//! wants it otherwise; it is readable by its owner alone. A secret can also be given as Polkadot's
//! tools take it: a mnemonic or a seed in hexadecimal, with `//hard` and `/soft` junctions and a
//! `///password`.
//!
//! All other secrets of an account follow from the scalar that signs, not from how the secret
//! is written: words, seed and a wallet's export give the same ones.
//!
//! Beside the key file, in the folder `<key file>.requests`, are the secrets of requests for
//! access that are under way ([`ReplyFiles`]). [`KnownKeys`] remembers the keys of others.

mod error;
mod file;
mod key_file;
mod known;
mod passphrase;
mod process;
mod replies;
mod secret;
mod source;

use std::{env, path::Path, path::PathBuf, str::FromStr};

use bip39::Mnemonic;
use medchain_keys::AccountFile;
use medchain_primitives::EncryptionKey;
use medchain_sharing::{CustodianKey, CustodianSecret};
use rand_core::{OsRng, RngCore};
use subxt::{config::PolkadotConfig, tx::Signer};
use zeroize::{Zeroize, Zeroizing};

use secret::AccountSecret;

use crate::{
    crypto::{custodian_secret, EncryptionSecret},
    AccountId32, H256,
};

pub use error::KeyError;
pub(crate) use file::read_private;
pub use key_file::KeyFile;
pub use known::{ChangedKey, KeyKind, KnownKeys};
pub use passphrase::{read_line, Passphrase};
pub use process::forbid_core_dumps;
pub use replies::ReplyFiles;
pub use secret::is_development;
pub use source::{PassphraseProgram, PassphraseSource};

/// A signing key, and the encryption key and the custodian's key that belong to it.
#[derive(Clone)]
pub struct Identity {
    secret: AccountSecret,
    encryption: EncryptionSecret,
    custodian: CustodianSecret,
    /// The key file; `None` for a development secret.
    file: Option<PathBuf>,
}

impl Identity {
    /// The identity that `source` names: an unencrypted key file's path or, if `allow_dev`,
    /// a development secret such as `//Alice`, which is public.
    pub fn open(source: &str, allow_dev: bool) -> Result<Self, KeyError> {
        if !source.starts_with("//") {
            return Self::load(Path::new(source));
        }
        if !allow_dev {
            return Err(KeyError::DevNotAllowed);
        }
        Self::from_secret_uri(source)
    }

    /// The identity in an unencrypted key file, which must not be readable by others.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        KeyFile::read(path)?.open(None)
    }

    /// The identity of a secret URI.
    pub fn from_secret_uri(uri: &str) -> Result<Self, KeyError> {
        AccountSecret::from_uri(uri).map(Self::new)
    }

    fn new(secret: AccountSecret) -> Self {
        let canonical = secret.canonical();
        Self {
            encryption: EncryptionSecret::of_account(&canonical),
            custodian: custodian_secret(&canonical),
            secret,
            file: None,
        }
    }

    /// Writes a new key file that only its owner may read: encrypted, if there is a
    /// passphrase. An existing file is never overwritten.
    pub fn create(
        path: &Path,
        secret_uri: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, KeyError> {
        let identity = Self::from_secret_uri(secret_uri)?;
        file::create_private(path, &identity.account_file(passphrase)?.to_bytes())?;
        Ok(Self { file: Some(path.to_owned()), ..identity })
    }

    fn account_file(&self, passphrase: Option<&Passphrase>) -> Result<AccountFile, KeyError> {
        // What the file is made of is sound, so it can be for want of randomness alone.
        AccountFile::new(&self.secret, passphrase.map(Passphrase::as_bytes))
            .map_err(|_| KeyError::NoRandomness)
    }

    /// The account.
    pub fn account(&self) -> AccountId32 {
        self.secret.account()
    }

    /// The account's address, with prefix 42.
    pub fn ss58(&self) -> String {
        self.account().to_string()
    }

    /// The key to which content keys are sealed for this account.
    pub fn encryption_key(&self) -> EncryptionKey {
        self.encryption.public()
    }

    /// The secret that opens this account's envelopes.
    pub fn encryption_secret(&self) -> &EncryptionSecret {
        &self.encryption
    }

    /// The key to which shares of content keys are encrypted for this account.
    pub fn custodian_key(&self) -> CustodianKey {
        self.custodian.public()
    }

    /// The secret that opens the shares that this account keeps as a custodian.
    pub fn custodian_secret(&self) -> &CustodianSecret {
        &self.custodian
    }

    /// The secrets of this account's requests for access on the chain with this genesis
    /// hash: beside the key file, or in [`default_folder`] for a development secret.
    pub fn replies(&self, genesis: H256) -> ReplyFiles {
        let beside = match &self.file {
            Some(file) => file.clone(),
            None => default_folder().join(self.ss58()),
        };
        ReplyFiles::beside(&beside, genesis)
    }

    /// The key pair that signs this account's transactions.
    pub fn signer(&self) -> &impl Signer<PolkadotConfig> {
        &self.secret
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.ss58())
    }
}

/// Twelve new random words.
pub fn generate_mnemonic() -> Result<Zeroizing<String>, KeyError> {
    let mut entropy = [0u8; 16];
    OsRng.try_fill_bytes(&mut entropy).map_err(|_| KeyError::NoRandomness)?;
    let mnemonic = Mnemonic::from_entropy(&entropy).map_err(|_| KeyError::NoRandomness);
    entropy.zeroize();
    Ok(Zeroizing::new(mnemonic?.to_string()))
}

/// Reads an account: an ss58 address, or `0x` and 64 hexadecimal digits.
pub fn parse_account(text: &str) -> Result<AccountId32, KeyError> {
    let invalid = || KeyError::InvalidAccount { text: text.to_owned() };
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x") {
        let mut bytes = [0u8; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| invalid())?;
        return Ok(AccountId32(bytes));
    }
    AccountId32::from_str(text).map_err(|_| invalid())
}

/// The folder of this user's key files: `$MEDCHAIN_KEYS`, or else
/// `medchain/keys` in `$XDG_CONFIG_HOME` or in `~/.config`.
pub fn default_folder() -> PathBuf {
    match env::var_os("MEDCHAIN_KEYS") {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => user_folder("XDG_CONFIG_HOME", ".config").join("medchain/keys"),
    }
}

/// One of the folders of the XDG base directory specification.
pub(crate) fn user_folder(variable: &str, in_home: &str) -> PathBuf {
    match env::var_os(variable).map(PathBuf::from) {
        Some(folder) if folder.is_absolute() => folder,
        _ => PathBuf::from(env::var_os("HOME").unwrap_or_else(|| ".".into())).join(in_home),
    }
}

#[cfg(test)]
mod tests;
