//! The secret scalars of custodians and readers.

use codec::Encode;
use hkdf::Hkdf;
use rand_core::{CryptoRng, RngCore};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    curve::{Point, Scalar},
    proof::Proof,
    CustodianKey, KeyContext, KeyProof, ReplyKey, SharingError,
};

/// The secret x of a custodian, for as long as it keeps shares.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CustodianSecret(pub(crate) Scalar);

/// The secret s of a reader, for one request.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ReplySecret(pub(crate) Scalar);

impl CustodianSecret {
    /// Derives the secret from 32 bytes, which the account's secret gives for this purpose.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(derive(seed, b"medchain/sharing/custodian/1"))
    }

    /// Returns the public key.
    pub fn public(&self) -> CustodianKey {
        CustodianKey::of(&Point::mul_base(&self.0))
    }

    /// Proves to the chain that this account knows the secret of its key.
    ///
    /// # Errors
    /// [`SharingError::InvalidPoint`] for the one seed in 2^252 that gives no key.
    pub fn prove<AccountId: Encode>(
        &self,
        context: &KeyContext<AccountId>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<KeyProof, SharingError> {
        let (mut transcript, equation) = self.public().statement(context)?;
        Ok(KeyProof(Proof::new(&mut transcript, &[equation], [&self.0], rng).write()))
    }
}

impl ReplySecret {
    /// Derives the secret from 32 bytes that are used for one request only.
    ///
    /// Draw new ones for each request. Derived from the account's secret, they would let that one
    /// secret open all deliveries of the past.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(derive(seed, b"medchain/sharing/reply/1"))
    }

    /// Draws a new secret.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// Returns the public key.
    pub fn public(&self) -> ReplyKey {
        ReplyKey::of(&Point::mul_base(&self.0))
    }
}

/// HKDF-SHA256 to 64 bytes, reduced modulo the order of the group.
fn derive(seed: &[u8; 32], info: &[u8]) -> Scalar {
    let mut wide = Zeroizing::new([0; 64]);
    // Fails only beyond 255 times 32 bytes.
    let _ = Hkdf::<Sha256>::new(None, seed).expand(info, &mut *wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

impl core::fmt::Debug for CustodianSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CustodianSecret(…)")
    }
}

impl core::fmt::Debug for ReplySecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ReplySecret(…)")
    }
}
