//! A key file of today, or of the version before.

use std::path::{Path, PathBuf};

use medchain_keys::AccountFile;
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use super::{file, passphrase::Passphrase, secret::AccountSecret, Identity, KeyError};
use crate::AccountId32;

/// What a key file holds; its secret may be encrypted.
pub struct KeyFile {
    path: PathBuf,
    content: Content,
}

enum Content {
    /// The account JSON of wallets.
    Account(AccountFile),
    /// `{"version":1,"secret_uri":"…"}`, which was never encrypted.
    Version1(Zeroizing<String>),
}

#[derive(Deserialize)]
struct Version1 {
    version: u32,
    secret_uri: String,
}

impl Drop for Version1 {
    fn drop(&mut self) {
        self.secret_uri.zeroize();
    }
}

impl KeyFile {
    /// Reads a key file, which must not be readable by others.
    ///
    /// # Errors
    /// [`KeyError`] where there is none, or it cannot be used.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&file::read_private(path)?, path)
    }

    /// Reads a file that a wallet exported, which others may be able to read where it is
    /// encrypted.
    ///
    /// # Errors
    /// [`KeyError`] where there is none, or it cannot be used.
    pub fn read_exported(path: &Path) -> Result<Self, KeyError> {
        let exported = Self::parse(&file::read_any(path)?, path)?;
        if exported.is_encrypted() {
            Ok(exported)
        } else {
            Self::read(path)
        }
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<Self, KeyError> {
        let path = path.to_owned();
        let Ok(mut old) = serde_json::from_slice::<Version1>(bytes) else {
            let account = AccountFile::parse(bytes);
            let account = account.map_err(|error| KeyError::in_file(error, &path))?;
            let content = Content::Account(account);
            return Ok(Self { path, content });
        };
        if old.version != 1 {
            let reason = format!("this program does not know its version {}", old.version);
            return Err(KeyError::Malformed { path, reason });
        }
        let uri = Zeroizing::new(std::mem::take(&mut old.secret_uri));
        Ok(Self { path, content: Content::Version1(uri) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a passphrase is needed to open it.
    pub fn is_encrypted(&self) -> bool {
        matches!(&self.content, Content::Account(account) if account.is_encrypted())
    }

    /// Whether it has the form of the version before, which `medchain key passphrase` renews.
    pub fn is_outdated(&self) -> bool {
        matches!(self.content, Content::Version1(_))
    }

    /// The account, as an encrypted file says it without its passphrase. That is enough to
    /// ask, not to sign: opening checks it.
    pub fn named_account(&self) -> Option<AccountId32> {
        match &self.content {
            Content::Account(account) => account.account(),
            Content::Version1(_) => None,
        }
    }

    /// The identity in it.
    ///
    /// # Errors
    /// [`KeyError::PassphraseNeeded`], [`KeyError::WrongPassphrase`], [`KeyError::Malformed`].
    pub fn open(&self, passphrase: Option<&Passphrase>) -> Result<Identity, KeyError> {
        let secret = match &self.content {
            Content::Account(account) => account
                .open(passphrase.map(Passphrase::as_bytes))
                .map_err(|error| KeyError::in_file(error, &self.path))?
                .into(),
            Content::Version1(uri) => {
                AccountSecret::from_uri(uri).map_err(|_| KeyError::Malformed {
                    path: self.path.clone(),
                    reason: "its secret is neither a mnemonic nor a seed".into(),
                })?
            }
        };
        Ok(Identity { file: Some(self.path.clone()), ..Identity::new(secret) })
    }

    /// As [`KeyFile::open`], with a passphrase that was read from a file or a pipe. Returns the
    /// passphrase that fits as well.
    ///
    /// It is another one where the file was encrypted with a byte order mark before it, which
    /// earlier versions took for a part of it: such a file should be encrypted again.
    ///
    /// # Errors
    /// [`KeyError::WrongPassphrase`], [`KeyError::Malformed`].
    pub fn open_as_read(
        &self,
        passphrase: &Passphrase,
    ) -> Result<(Identity, Passphrase), KeyError> {
        match self.open(Some(passphrase)) {
            Err(wrong @ KeyError::WrongPassphrase { .. }) => {
                let marked = passphrase.marked();
                let identity = self.open(Some(&marked)).map_err(|_| wrong)?;
                Ok((identity, marked))
            }
            opened => Ok((opened?, passphrase.clone())),
        }
    }

    /// Writes the same account to a new file: encrypted, if there is a passphrase. An
    /// existing file is never overwritten.
    ///
    /// # Errors
    /// [`KeyError::AlreadyExists`], [`KeyError::Io`].
    pub fn copy(
        &self,
        identity: &Identity,
        to: &Path,
        passphrase: Option<&Passphrase>,
    ) -> Result<(), KeyError> {
        file::create_private(to, &self.renewed(identity, passphrase)?)
    }

    /// Replaces the file with one of today's form: encrypted, if there is a passphrase.
    ///
    /// # Errors
    /// [`KeyError::Io`]; then the file is as it was.
    pub fn renew(
        &self,
        identity: &Identity,
        passphrase: Option<&Passphrase>,
    ) -> Result<(), KeyError> {
        file::replace_private(&self.path, &self.renewed(identity, passphrase)?)
    }

    fn renewed(
        &self,
        identity: &Identity,
        passphrase: Option<&Passphrase>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let account = identity.account_file(passphrase)?;
        Ok(match &self.content {
            Content::Account(old) => account.with_meta_of(old),
            Content::Version1(_) => account,
        }
        .to_bytes())
    }
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyFile({})", self.path.display())
    }
}
