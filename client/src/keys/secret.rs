//! An account's secret: it signs, and all other secrets are derived from it.

use schnorrkel::{signing_context, SecretKey};
use sp_core::{sr25519, Pair as _};
use subxt::{config::PolkadotConfig, tx::Signer, utils::MultiSignature};
use zeroize::{Zeroize, Zeroizing};

use super::KeyError;
use crate::AccountId32;

/// The context in which every Substrate chain signs.
const SIGNING_CONTEXT: &[u8] = b"substrate";
/// The hexadecimal digits of a seed.
const SEED_DIGITS: usize = 64;

/// The length of the form in which wallets store a secret: a scalar times the cofactor,
/// and the nonces' seed.
pub const EXPANDED_LENGTH: usize = 64;

/// An sr25519 secret, after all derivations.
#[derive(Clone)]
pub struct AccountSecret(schnorrkel::Keypair);

impl AccountSecret {
    /// The secret of a URI as Polkadot's tools take it: words or a seed, junctions and a
    /// password. How the words are spaced, and whether in capitals, does not matter.
    pub fn from_uri(uri: &str) -> Result<Self, KeyError> {
        let uri = canonical(uri).ok_or(KeyError::InvalidSecret)?;
        // The cause would quote the secret, so it is dropped.
        let pair = sr25519::Pair::from_string(&uri, None).map_err(|_| KeyError::InvalidSecret)?;
        Ok(Self(pair.into()))
    }

    /// The secret of the 64 bytes that a wallet stores; `None` where they are none.
    pub fn from_expanded(bytes: &[u8; EXPANDED_LENGTH]) -> Option<Self> {
        SecretKey::from_ed25519_bytes(bytes).ok().map(|secret| Self(secret.to_keypair()))
    }

    /// The 64 bytes that a wallet stores.
    pub fn to_expanded(&self) -> Zeroizing<[u8; EXPANDED_LENGTH]> {
        Zeroizing::new(self.0.secret.to_ed25519_bytes())
    }

    /// What follows from every form of the secret alike: the scalar, 32 bytes, little
    /// endian. The rest of the 64 bytes is the nonces' seed, which soft junctions draw at
    /// random.
    pub fn canonical(&self) -> Zeroizing<[u8; 32]> {
        let bytes = Zeroizing::new(self.0.secret.to_bytes());
        let mut scalar = Zeroizing::new([0; 32]);
        scalar.copy_from_slice(&bytes[..32]);
        scalar
    }

    /// The account.
    pub fn account(&self) -> AccountId32 {
        AccountId32(self.0.public.to_bytes())
    }
}

impl Signer<PolkadotConfig> for AccountSecret {
    fn account_id(&self) -> AccountId32 {
        self.account()
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        let context = signing_context(SIGNING_CONTEXT);
        MultiSignature::Sr25519(self.0.sign(context.bytes(payload)).to_bytes())
    }
}

impl std::fmt::Debug for AccountSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccountSecret({})", self.account())
    }
}

/// The URI with its words in small letters and one space between them; `None` where it
/// is empty, or begins with hexadecimal digits that are no seed. Junctions and password stay as they are.
fn canonical(uri: &str) -> Option<Zeroizing<String>> {
    let place = uri.find('/').unwrap_or(uri.len());
    let (phrase, rest) = uri.split_at(place);
    let phrase = phrase.trim();
    if phrase.is_empty() && rest.is_empty() {
        return None;
    }
    // As long as the original at most: a longer one would leave copies in memory.
    let mut text = Zeroizing::new(String::with_capacity(uri.len().saturating_add(1)));
    let hexadecimal = phrase.strip_prefix("0x").or_else(|| phrase.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) if digits.len() == SEED_DIGITS => {
            text.push_str("0x");
            text.push_str(digits);
        }
        Some(_) => return None,
        None => {
            for word in phrase.split_whitespace() {
                if !text.is_empty() {
                    text.push(' ');
                }
                let mut small = word.to_lowercase();
                text.push_str(&small);
                small.zeroize();
            }
        }
    }
    text.push_str(rest);
    Some(text)
}

/// Whether a URI has neither words nor a seed: then it means a development account, whose
/// secret is public.
pub fn is_development(uri: &str) -> bool {
    uri.split('/').next().is_none_or(|phrase| phrase.trim().is_empty())
}
