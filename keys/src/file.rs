//! Key files: the account JSON of polkadot-js, which wallets export and import.
//!
//! `encoded` is in base64: the salt (32 bytes), N, p and r of scrypt (4 bytes each, little
//! endian), the nonce (24 bytes), and XSalsa20-Poly1305 of the secret. The secret is in a form
//! of PKCS #8 that polkadot-js made up: a header, the 64 bytes of the expanded secret, a
//! divider, the public key.
//!
//! Source: `@polkadot/keyring` 14, `pair/{encode,decode}.ts`; `@polkadot/util-crypto` 14,
//! `json` and `scrypt`.

use base64::{engine::general_purpose::STANDARD, Engine};
use crypto_secretbox::{
    aead::{Aead, KeyInit},
    Key, Nonce, XSalsa20Poly1305,
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::{AccountId32, AccountSecret, FileError, EXPANDED_LENGTH};

const HEADER: [u8; 16] = [48, 83, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
const DIVIDER: [u8; 5] = [161, 35, 3, 33, 0];
const LENGTH: usize = HEADER.len() + EXPANDED_LENGTH + DIVIDER.len() + 32;

const SALT: usize = 32;
const NONCE: usize = 24;

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
    /// Reads a file's content.
    ///
    /// # Errors
    /// [`FileError::Malformed`], [`FileError::Foreign`] for what no sr25519 account is in.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        // The cause is dropped, because it may quote the secret.
        let file: Self = serde_json::from_slice(bytes).map_err(|error| {
            let line = error.line();
            malformed(&format!("line {line} is not of the account JSON that wallets export"))
        })?;
        let foreign = |what: &'static str| Err(FileError::Foreign(what));
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
    /// [`FileError::PassphraseNeeded`], [`FileError::WrongPassphrase`],
    /// [`FileError::Malformed`].
    pub fn open(&self, passphrase: Option<&[u8]>) -> Result<AccountSecret, FileError> {
        let encoded = Zeroizing::new(
            STANDARD
                .decode(self.encoded.as_bytes())
                .map_err(|_| malformed("its secret is not in base64"))?,
        );
        let decrypted = match (self.is_encrypted(), passphrase) {
            (false, _) => encoded,
            (true, None) => return Err(FileError::PassphraseNeeded),
            (true, Some(passphrase)) => decrypt(&encoded, passphrase)?,
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
    /// [`FileError::NoRandomness`]
    pub fn new(secret: &AccountSecret, passphrase: Option<&[u8]>) -> Result<Self, FileError> {
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

    /// The same account under a name, for whoever finds the file.
    pub fn with_name(mut self, name: &str) -> Self {
        self.meta.insert("name".to_owned(), name.into());
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

fn malformed(reason: &str) -> FileError {
    FileError::Malformed(reason.to_owned())
}

fn decode(bytes: &[u8]) -> Option<AccountSecret> {
    let (expanded, rest) = bytes.strip_prefix(&HEADER)?.split_first_chunk()?;
    let public = rest.strip_prefix(&DIVIDER)?;
    let secret = AccountSecret::from_expanded(expanded)?;
    (secret.account().0 == *public).then_some(secret)
}

fn encode(secret: &AccountSecret) -> Zeroizing<Vec<u8>> {
    // As long as needed from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
    bytes.extend(HEADER);
    bytes.extend(secret.to_expanded().iter());
    bytes.extend(DIVIDER);
    bytes.extend(secret.account().0);
    bytes
}

fn encrypt(plain: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let (mut salt, mut nonce) = ([0; SALT], [0; NONCE]);
    let random = getrandom::fill(&mut salt).and_then(|()| getrandom::fill(&mut nonce));
    random.map_err(|_| FileError::NoRandomness)?;
    let (log_n, p, r) = COST;
    let sealed = cipher(passphrase, &salt, COST)
        .encrypt(Nonce::from_slice(&nonce), plain)
        .map_err(|_| malformed("its secret cannot be encrypted"))?;
    let costs = [1u32 << log_n, p, r].map(u32::to_le_bytes);
    Ok(Zeroizing::new([&salt[..], costs.as_flattened(), &nonce, &sealed].concat()))
}

fn decrypt(bytes: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let parts = || {
        let (salt, rest) = bytes.split_first_chunk::<SALT>()?;
        let (n, rest) = rest.split_first_chunk()?;
        let (p, rest) = rest.split_first_chunk()?;
        let (r, rest) = rest.split_first_chunk()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        Some((salt, [n, p, r].map(|number| u32::from_le_bytes(*number)), nonce, sealed))
    };
    let (salt, costs, nonce, sealed) = parts()
        .filter(|(.., sealed)| !sealed.is_empty())
        .ok_or_else(|| malformed("its secret is truncated"))?;
    let cost = COSTS.into_iter().find(|(log_n, p, r)| [1 << log_n, *p, *r] == costs);
    let cost = cost.ok_or_else(|| malformed("no wallet uses these costs of scrypt"))?;
    let opened = cipher(passphrase, salt, cost).decrypt(Nonce::from_slice(nonce), sealed);
    opened.map(Zeroizing::new).map_err(|_| FileError::WrongPassphrase)
}

fn cipher(passphrase: &[u8], salt: &[u8], cost: (u8, u32, u32)) -> XSalsa20Poly1305 {
    let (log_n, p, r) = cost;
    let mut key = Key::default();
    let params = scrypt::Params::new(log_n, r, p, key.len()).expect("the costs are known ones");
    scrypt::scrypt(passphrase, salt, &params, &mut key).expect("32 bytes are allowed");
    let cipher = XSalsa20Poly1305::new(&key);
    key.zeroize();
    cipher
}

#[cfg(test)]
mod tests;
