//! The secret of an account from its URI, and its signatures as subxt takes them.

use std::ops::Deref;

use sp_core::{sr25519, Pair as _};
use subxt::{config::PolkadotConfig, tx::Signer, utils::MultiSignature};
use zeroize::{Zeroize, Zeroizing};

use super::KeyError;
use crate::AccountId32;

/// The hexadecimal digits of a seed.
const SEED_DIGITS: usize = 64;

/// An sr25519 secret, after all derivations, that signs transactions.
#[derive(Clone, Debug)]
pub struct AccountSecret(medchain_keys::AccountSecret);

impl AccountSecret {
    /// The secret of a URI as Polkadot's tools take it: words or a seed, junctions and a
    /// password. How the words are spaced, and whether in capitals, does not matter.
    pub fn from_uri(uri: &str) -> Result<Self, KeyError> {
        let uri = canonical(uri).ok_or(KeyError::InvalidSecret)?;
        // The cause would quote the secret, so it is dropped.
        let pair = sr25519::Pair::from_string(&uri, None).map_err(|_| KeyError::InvalidSecret)?;
        Ok(Self(schnorrkel::Keypair::from(pair).into()))
    }
}

impl From<medchain_keys::AccountSecret> for AccountSecret {
    fn from(secret: medchain_keys::AccountSecret) -> Self {
        Self(secret)
    }
}

impl Deref for AccountSecret {
    type Target = medchain_keys::AccountSecret;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Signer<PolkadotConfig> for AccountSecret {
    fn account_id(&self) -> AccountId32 {
        self.account()
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519(self.0.sign(payload))
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
