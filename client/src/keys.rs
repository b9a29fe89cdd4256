//! Signing and decrypting identities: one secret, kept in one file.
//!
//! A key file is JSON, `{"version":1,"secret_uri":"…","address":"…"}`, that
//! its owner alone may read. The secret URI is what Polkadot tools take: a
//! mnemonic or a seed in hexadecimal, with `//hard` and `/soft` junctions and
//! a `///password`.
//!
//! Beside it, in the folder `<key file>.requests`, are the secrets of requests for access
//! that are under way ([`ReplyFiles`]).

mod error;
mod file;
mod replies;

use std::{env, path::Path, path::PathBuf, str::FromStr};

use medchain_primitives::EncryptionKey;
use medchain_sharing::{CustodianKey, CustodianSecret};
use rand_core::{OsRng, RngCore};
use subxt_signer::{bip39::Mnemonic, sr25519::Keypair, SecretUri};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    crypto::{custodian_secret, EncryptionSecret},
    AccountId32, H256,
};

pub use error::KeyError;
pub(crate) use file::read_private;
pub use replies::ReplyFiles;

/// A signing key, and the encryption key and the custodian's key that belong to it.
#[derive(Clone)]
pub struct Identity {
    signer: Keypair,
    encryption: EncryptionSecret,
    custodian: CustodianSecret,
    /// The key file; `None` for a development secret.
    file: Option<PathBuf>,
}

impl Identity {
    /// The identity that `source` names: a key file's path or, if `allow_dev`, a
    /// development secret such as `//Alice`, which is public.
    pub fn open(source: &str, allow_dev: bool) -> Result<Self, KeyError> {
        if !source.starts_with("//") {
            return Self::load(Path::new(source));
        }
        if !allow_dev {
            return Err(KeyError::DevNotAllowed);
        }
        Self::from_secret_uri(source)
    }

    /// The identity in a key file, which must not be readable by others.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let uri = file::read(path)?;
        let identity = Self::from_secret_uri(&uri).map_err(|_| KeyError::Malformed {
            path: path.to_owned(),
            reason: "its secret is neither a mnemonic nor a seed".into(),
        })?;
        Ok(Self { file: Some(path.to_owned()), ..identity })
    }

    /// The identity of a secret URI.
    pub fn from_secret_uri(uri: &str) -> Result<Self, KeyError> {
        // The causes would quote the secret, so they are dropped.
        let parsed = SecretUri::from_str(uri).map_err(|_| KeyError::InvalidSecret)?;
        let signer = Keypair::from_uri(&parsed).map_err(|_| KeyError::InvalidSecret)?;
        Ok(Self {
            signer,
            encryption: EncryptionSecret::from_secret_uri(uri),
            custodian: custodian_secret(uri),
            file: None,
        })
    }

    /// Writes a new key file that only its owner may read. An existing file is never
    /// overwritten.
    pub fn create(path: &Path, secret_uri: &str) -> Result<Self, KeyError> {
        let identity = Self::from_secret_uri(secret_uri)?;
        file::create(path, secret_uri, &identity.ss58())?;
        Ok(Self { file: Some(path.to_owned()), ..identity })
    }

    /// The account.
    pub fn account(&self) -> AccountId32 {
        self.signer.public_key().to_account_id()
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
    pub fn signer(&self) -> &Keypair {
        &self.signer
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
