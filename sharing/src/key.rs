//! A custodian's public key and the proof that somebody knows its secret.
//!
//! All shares of a dealing are encrypted with the same randomness. A custodian that could
//! choose its key as a combination of the others' keys could combine their shares into the
//! secret. Whoever knows the secret of a key cannot have made it from others' keys.

use codec::Encode;

use crate::{
    curve::{Sum, G},
    proof::{Equation, Proof},
    transcript::{self, Transcript},
    CustodianKey, KeyContext, KeyProof, SharingError,
};

impl CustodianKey {
    /// Verifies that the account in `context` knows the secret of this key.
    ///
    /// # Errors
    /// [`SharingError::InvalidPoint`], [`SharingError::InvalidScalar`],
    /// [`SharingError::InvalidProof`]
    pub fn verify<AccountId: Encode>(
        &self,
        proof: &KeyProof,
        context: &KeyContext<AccountId>,
    ) -> Result<(), SharingError> {
        let (mut transcript, equation) = self.statement(context)?;
        Proof::read(&proof.0)?.verify(&mut transcript, &[equation])
    }

    /// The statement y = xG.
    pub(crate) fn statement<AccountId: Encode>(
        &self,
        context: &KeyContext<AccountId>,
    ) -> Result<(Transcript, Equation<1>), SharingError> {
        let mut transcript = transcript::start(b"key");
        transcript::absorb(&mut transcript, b"context", context);
        transcript::absorb(&mut transcript, b"key", self);
        Ok((transcript, Equation { image: Sum::of(self.point()?), bases: [Sum::of(G)] }))
    }
}
