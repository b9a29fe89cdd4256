//! Delivering: a custodian encrypts its share to a reader, and everybody verifies that it did.

use codec::Encode;

use crate::{
    curve::{Sum, G},
    proof::{Equation, Proof},
    transcript::{self, Transcript},
    Delivery, DeliveryContext, EntrustedShare, SharingError, VerifiedDelivery,
};

impl Delivery {
    /// Verifies that this is the share that was entrusted to the custodian, encrypted to the
    /// subject's reply key.
    ///
    /// It shows that the custodian knows x and k with y = xG, E = kG and B = Cᵢ - xD + kR. There
    /// is one such x, so B - sE is p(i)G, whoever made the proof.
    ///
    /// # Errors
    /// [`SharingError::InvalidPoint`], [`SharingError::InvalidScalar`],
    /// [`SharingError::InvalidProof`]
    pub fn verify<AccountId: Encode>(
        &self,
        share: &EntrustedShare,
        context: &DeliveryContext<AccountId>,
    ) -> Result<VerifiedDelivery, SharingError> {
        let (mut transcript, equations) = self.statement(share, context)?;
        Proof::read(&self.proof.0)?.verify(&mut transcript, &equations)?;
        Ok(VerifiedDelivery { ephemeral: self.ephemeral, share: self.share })
    }

    /// The statement y = xG, E = kG, B - Cᵢ = x(-D) + kR.
    pub(crate) fn statement<AccountId: Encode>(
        &self,
        share: &EntrustedShare,
        context: &DeliveryContext<AccountId>,
    ) -> Result<(Transcript, [Equation<2>; 3]), SharingError> {
        let mut transcript = transcript::start(b"delivery");
        transcript::absorb(&mut transcript, b"context", context);
        transcript::absorb(&mut transcript, b"entrusted", share);
        transcript::absorb(&mut transcript, b"ephemeral", &self.ephemeral);
        transcript::absorb(&mut transcript, b"share", &self.share);
        let nothing = Sum::default;
        let equations = [
            Equation { image: Sum::of(share.key.point()?), bases: [Sum::of(G), nothing()] },
            Equation { image: Sum::of(self.ephemeral.point()?), bases: [nothing(), Sum::of(G)] },
            Equation {
                image: Sum::difference(self.share.point()?, share.share.point()?),
                bases: [Sum::negative(share.ephemeral.point()?), Sum::of(context.reply.point()?)],
            },
        ];
        Ok((transcript, equations))
    }
}

#[cfg(feature = "dealing")]
pub use custodian::deliver;

#[cfg(feature = "dealing")]
pub(crate) mod custodian {
    use rand_core::{CryptoRng, RngCore};
    use zeroize::Zeroizing;

    use super::*;
    use crate::{
        curve::{self, Point, Scalar},
        proof::rng_of,
        CustodianSecret, DeliveryProof, EncryptedShare, EphemeralKey,
    };

    /// Encrypts the share that was entrusted to a custodian to a reader.
    ///
    /// The share must be of a dealing that was verified, by the custodian itself or by a chain
    /// that it trusts. Otherwise a share of anybody's could be passed off as one of a record
    /// that the attacker may read.
    ///
    /// # Errors
    /// [`SharingError::KeyMismatch`] where the share was entrusted to another key,
    /// [`SharingError::InvalidPoint`]
    pub fn deliver<AccountId: Encode>(
        secret: &CustodianSecret,
        share: &EntrustedShare,
        context: &DeliveryContext<AccountId>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Delivery, SharingError> {
        if secret.public() != share.key {
            return Err(SharingError::KeyMismatch);
        }
        let mut transcript = transcript::start(b"encryption");
        transcript::absorb(&mut transcript, b"context", context);
        transcript::absorb(&mut transcript, b"entrusted", share);
        let random = curve::random(&mut rng_of(&transcript, &[&secret.0], rng));
        let opened = Zeroizing::new(curve::unmask(
            &share.share.point()?,
            &secret.0,
            &share.ephemeral.point()?,
        ));
        encrypt(&opened, [&secret.0, &random], share, context, rng)
    }

    /// Encrypts a share to a reader, and proves that it is the custodian's if it is.
    pub(crate) fn encrypt<AccountId: Encode>(
        opened: &Point,
        witness: [&Scalar; 2],
        share: &EntrustedShare,
        context: &DeliveryContext<AccountId>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Delivery, SharingError> {
        let [_, random] = witness;
        let mut delivery = Delivery {
            ephemeral: EphemeralKey::of(&Point::mul_base(random)),
            share: EncryptedShare::of(&curve::mask(opened, random, &context.reply.point()?)),
            proof: DeliveryProof([0; 96]),
        };
        let (mut transcript, equations) = delivery.statement(share, context)?;
        let proof = Proof::new(&mut transcript, &equations, witness, rng);
        delivery.proof = DeliveryProof(proof.write());
        Ok(delivery)
    }
}
