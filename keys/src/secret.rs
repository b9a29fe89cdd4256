//! An account's secret: it signs, and all other secrets are derived from it.

use rand_core::{CryptoRng, RngCore};
use schnorrkel::{
    context::attach_rng, signing_context, ExpansionMode, Keypair, MiniSecretKey, SecretKey,
};
use zeroize::Zeroizing;

use crate::{AccountId32, FileError};

/// The length of the form in which wallets store a secret: a scalar times the cofactor,
/// and the nonces' seed.
pub const EXPANDED_LENGTH: usize = 64;
/// The length of a seed, and of a scalar.
const SCALAR_LENGTH: usize = 32;
/// What Substrate's signatures are made for.
const SUBSTRATE: &[u8] = b"substrate";

/// An sr25519 secret, after all derivations. It is wiped when it is dropped.
#[derive(Clone)]
pub struct AccountSecret(Keypair);

impl AccountSecret {
    /// A new random secret.
    ///
    /// # Errors
    /// [`FileError::NoRandomness`]
    pub fn generate() -> Result<Self, FileError> {
        let mut seed = Zeroizing::new([0; SCALAR_LENGTH]);
        getrandom::fill(&mut *seed).map_err(|_| FileError::NoRandomness)?;
        Ok(Self::from_seed(&seed))
    }

    /// The secret of a seed, as Polkadot's tools expand it.
    pub fn from_seed(seed: &[u8; SCALAR_LENGTH]) -> Self {
        let seed = MiniSecretKey::from_bytes(seed).expect("every 32 bytes are a seed");
        Self(seed.expand_to_keypair(ExpansionMode::Ed25519))
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
    pub fn canonical(&self) -> Zeroizing<[u8; SCALAR_LENGTH]> {
        let bytes = Zeroizing::new(self.0.secret.to_bytes());
        let (scalar, _) = bytes.split_first_chunk().expect("64 bytes begin with 32");
        Zeroizing::new(*scalar)
    }

    /// The account.
    pub fn account(&self) -> AccountId32 {
        AccountId32(self.0.public.to_bytes())
    }

    /// The signature of a payload, as every Substrate chain takes it.
    #[cfg(feature = "sign")]
    pub fn sign(&self, payload: &[u8]) -> [u8; 64] {
        self.0.sign(signing_context(SUBSTRATE).bytes(payload)).to_bytes()
    }

    /// The same with the caller's randomness, 32 bytes of it.
    ///
    /// Only a part of the nonce is drawn: even without any, a signature does not reveal the secret.
    pub fn sign_with(&self, payload: &[u8], random: impl RngCore + CryptoRng) -> [u8; 64] {
        self.0.sign(attach_rng(signing_context(SUBSTRATE).bytes(payload), random)).to_bytes()
    }
}

impl From<Keypair> for AccountSecret {
    fn from(pair: Keypair) -> Self {
        Self(pair)
    }
}

impl core::fmt::Debug for AccountSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "AccountSecret({})", self.account())
    }
}
