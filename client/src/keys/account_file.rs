//! Key files: the account JSON of polkadot-js, which wallets export and import.
//!
//! `encoded` is in base64: the salt (32 bytes), N, p and r of scrypt (4 bytes each, little
//! endian), the nonce (24 bytes), and XSalsa20-Poly1305 of the secret. The secret is in a form
//! of PKCS #8 that polkadot-js made up: a header, the 64 bytes of the expanded secret, a
//! divider, the public key.
//!
//! Source: `@polkadot/keyring` 14, `pair/{encode,decode}.ts`; `@polkadot/util-crypto` 14,
//! `json` and `scrypt`.

use std::path::Path;

use base64::{engine::general_purpose::STANDARD, Engine};
use crypto_secretbox::{
    aead::{Aead, KeyInit},
    Key, Nonce, XSalsa20Poly1305,
};
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{
    passphrase::Passphrase,
    secret::{AccountSecret, EXPANDED_LENGTH},
    KeyError,
};
use crate::AccountId32;

const HEADER: [u8; 16] = [48, 83, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
const DIVIDER: [u8; 5] = [161, 35, 3, 33, 0];
const SECRET_AT: usize = HEADER.len();
const DIVIDER_AT: usize = SECRET_AT + EXPANDED_LENGTH;
const PUBLIC_AT: usize = DIVIDER_AT + DIVIDER.len();
const LENGTH: usize = PUBLIC_AT + 32;

const SALT: usize = 32;
const NONCE_AT: usize = SALT + 12;
const SEALED_AT: usize = NONCE_AT + 24;

/// (log2 N, p, r) that polkadot-js takes. Others could take all memory, or hardly any time.
const COSTS: [(u8, u32, u32); 6] =
    [(13, 10, 8), (14, 5, 8), (15, 3, 8), (15, 1, 8), (16, 2, 8), (17, 1, 8)];
/// What polkadot-js uses today: 128 MiB.
const COST: (u8, u32, u32) = (17, 1, 8);

/// A file that a wallet exports, and that a key file of MedChain is.
#[derive(Clone, Serialize, Deserialize)]
pub struct AccountFile {
    encoded: String,
    encoding: Encoding,
    #[serde(default)]
    address: String,
    /// The account's name and the like; kept as it is.
    #[serde(default)]
    meta: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Encoding {
    content: Texts,
    r#type: Texts,
    version: String,
}

impl Drop for AccountFile {
    fn drop(&mut self) {
        self.encoded.zeroize();
    }
}

/// A list, which old wallets wrote as one text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    List(Vec<String>),
}

impl Texts {
    fn of(texts: &[&str]) -> Self {
        Self::List(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    fn are(&self, expected: &[&str]) -> bool {
        match self {
            Self::One(text) => expected == [text],
            Self::List(texts) => texts == expected,
        }
    }

    fn contains(&self, text: &str) -> bool {
        match self {
            Self::One(one) => one == text,
            Self::List(texts) => texts.iter().any(|one| one == text),
        }
    }
}

impl AccountFile {
    /// Reads a file's content. `path` is for messages.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::Foreign`] for what no sr25519 account is in.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, KeyError> {
        // The cause is dropped, because it may quote the secret.
        let file: Self = serde_json::from_slice(bytes).map_err(|error| KeyError::Malformed {
            path: path.to_owned(),
            reason: format!("line {} is not of the account JSON that wallets export", error.line()),
        })?;
        let foreign = |what: &'static str| Err(KeyError::Foreign { path: path.to_owned(), what });
        let Encoding { content, r#type, version } = &file.encoding;
        if content.contains("batch-pkcs8") {
            return foreign("holds several accounts; export the one that you need by itself");
        }
        if content.contains("ed25519") || content.contains("ecdsa") || content.contains("ethereum")
        {
            return foreign(
                "holds an account of another kind; MedChain's accounts are of the kind sr25519 \
                 (Schnorrkel), so make one of those in the wallet",
            );
        }
        let is_known = r#type.are(&["none"]) || r#type.are(&["scrypt", "xsalsa20-poly1305"]);
        if version != "3" || !content.are(&["pkcs8", "sr25519"]) || !is_known {
            return foreign(
                "is encoded in a way that this program does not know, as by a wallet of before \
                 2020; open it in a wallet of today and export it again",
            );
        }
        Ok(file)
    }

    /// Whether a passphrase is needed.
    pub fn is_encrypted(&self) -> bool {
        !self.encoding.r#type.contains("none")
    }

    /// The account, as the file says it: it is checked when the file is opened.
    pub fn account(&self) -> Option<AccountId32> {
        self.address.parse().ok()
    }

    /// The secret.
    ///
    /// # Errors
    /// [`KeyError::PassphraseNeeded`], [`KeyError::WrongPassphrase`], [`KeyError::Malformed`].
    pub fn open(
        &self,
        passphrase: Option<&Passphrase>,
        path: &Path,
    ) -> Result<AccountSecret, KeyError> {
        let malformed =
            |reason: &str| KeyError::Malformed { path: path.to_owned(), reason: reason.into() };
        let encoded = Zeroizing::new(
            STANDARD
                .decode(self.encoded.as_bytes())
                .map_err(|_| malformed("its secret is not in base64"))?,
        );
        let decrypted = match (self.is_encrypted(), passphrase) {
            (false, _) => encoded,
            (true, None) => return Err(KeyError::PassphraseNeeded { path: path.to_owned() }),
            (true, Some(passphrase)) => decrypt(&encoded, passphrase, path)?,
        };
        let secret = decode(&decrypted).ok_or_else(|| malformed("its secret is no sr25519 key"))?;
        if self.account().is_some_and(|named| named != secret.account()) {
            return Err(malformed("its secret is of another account than its address"));
        }
        Ok(secret)
    }

    /// A file with this secret: encrypted, if there is a passphrase.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`]
    pub fn new(secret: &AccountSecret, passphrase: Option<&Passphrase>) -> Result<Self, KeyError> {
        let plain = encode(secret);
        let (bytes, r#type) = match passphrase {
            None => (plain, Texts::of(&["none"])),
            Some(passphrase) => {
                (encrypt(&plain, passphrase)?, Texts::of(&["scrypt", "xsalsa20-poly1305"]))
            }
        };
        Ok(Self {
            encoded: STANDARD.encode(&*bytes),
            encoding: Encoding {
                content: Texts::of(&["pkcs8", "sr25519"]),
                r#type,
                version: "3".to_owned(),
            },
            address: secret.account().to_string(),
            meta: serde_json::Map::new(),
        })
    }

    /// The same account with what the wallet remembers of another file.
    pub fn with_meta_of(mut self, other: &Self) -> Self {
        self.meta = other.meta.clone();
        self
    }

    /// The file's content.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Twice what is needed: a buffer that grows would leave copies of an unencrypted secret.
        let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024));
        serde_json::to_writer_pretty(&mut *bytes, self).expect("text and lists are JSON");
        bytes.push(b'\n');
        bytes
    }
}

fn decode(bytes: &[u8]) -> Option<AccountSecret> {
    if bytes.len() != LENGTH || bytes[..SECRET_AT] != HEADER {
        return None;
    }
    if bytes[DIVIDER_AT..PUBLIC_AT] != DIVIDER {
        return None;
    }
    let mut expanded = Zeroizing::new([0; EXPANDED_LENGTH]);
    expanded.copy_from_slice(&bytes[SECRET_AT..DIVIDER_AT]);
    let secret = AccountSecret::from_expanded(&expanded)?;
    (secret.account().0 == bytes[PUBLIC_AT..]).then_some(secret)
}

fn encode(secret: &AccountSecret) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
    bytes.extend(HEADER);
    bytes.extend(secret.to_expanded().iter());
    bytes.extend(DIVIDER);
    bytes.extend(secret.account().0);
    bytes
}

fn encrypt(plain: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut bytes = Zeroizing::new(vec![0; SEALED_AT]);
    let (log_n, p, r) = COST;
    OsRng.try_fill_bytes(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    for (place, number) in [1u32 << log_n, p, r].into_iter().enumerate() {
        let start = SALT + 4 * place;
        bytes[start..start + 4].copy_from_slice(&number.to_le_bytes());
    }
    let cipher = cipher(passphrase, &bytes[..SALT], COST);
    let nonce = Nonce::from_slice(&bytes[NONCE_AT..]);
    let sealed = cipher.encrypt(nonce, plain).map_err(|_| KeyError::NoRandomness)?;
    bytes.extend(sealed);
    Ok(bytes)
}

fn decrypt(
    bytes: &[u8],
    passphrase: &Passphrase,
    path: &Path,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let malformed =
        |reason: &str| KeyError::Malformed { path: path.to_owned(), reason: reason.to_owned() };
    if bytes.len() <= SEALED_AT {
        return Err(malformed("its secret is truncated"));
    }
    let number = |place: usize| {
        let start = SALT + 4 * place;
        let bytes = bytes[start..start + 4].try_into().unwrap_or_default();
        u32::from_le_bytes(bytes)
    };
    let (n, p, r) = (number(0), number(1), number(2));
    let cost = COSTS.into_iter().find(|cost| (1 << cost.0, cost.1, cost.2) == (n, p, r));
    let cost = cost.ok_or_else(|| malformed("no wallet uses these costs of scrypt"))?;
    let nonce = Nonce::from_slice(&bytes[NONCE_AT..SEALED_AT]);
    let opened = cipher(passphrase, &bytes[..SALT], cost).decrypt(nonce, &bytes[SEALED_AT..]);
    opened.map(Zeroizing::new).map_err(|_| KeyError::WrongPassphrase { path: path.to_owned() })
}

fn cipher(passphrase: &Passphrase, salt: &[u8], cost: (u8, u32, u32)) -> XSalsa20Poly1305 {
    let (log_n, p, r) = cost;
    let mut key = Key::default();
    let params = scrypt::Params::new(log_n, r, p, key.len()).expect("the costs are known ones");
    scrypt::scrypt(passphrase.as_bytes(), salt, &params, &mut key).expect("32 bytes are allowed");
    let cipher = XSalsa20Poly1305::new(&key);
    key.zeroize();
    cipher
}

#[cfg(test)]
mod tests;
