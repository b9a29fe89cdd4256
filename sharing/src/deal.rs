//! Dealing: a content key is shared among custodians, and everybody verifies that it was.

use alloc::vec::Vec;

use codec::Encode;

use crate::{
    curve::{self, Point, Sum, G},
    proof::{Equation, Proof},
    transcript::{self, Transcript},
    CustodianKey, Custodians, Dealing, DealingContext, DealingId, EncryptedShare, EntrustedShare,
    SharingError, VerifiedDealing,
};

impl Dealing {
    /// Verifies that any t of these custodians can give a reader the one secret under which the
    /// content key is wrapped.
    ///
    /// It shows that the dealer knows r with D = rG, and that Cᵢ - r·yᵢ = p(i)G for a p of
    /// degree t - 1. What is wrapped, only readers see. The keys must have been verified, by
    /// [`CustodianKey::verify`](crate::CustodianKey::verify).
    ///
    /// # Errors
    /// [`SharingError::MaxCustodiansExceeded`], [`SharingError::InvalidThreshold`],
    /// [`SharingError::DuplicateKey`], [`SharingError::ShareCountMismatch`],
    /// [`SharingError::InvalidPoint`], [`SharingError::InvalidScalar`],
    /// [`SharingError::InvalidProof`]
    pub fn verify<AccountId: Encode>(
        &self,
        custodians: &Custodians,
        context: &DealingContext<AccountId>,
    ) -> Result<VerifiedDealing, SharingError> {
        let (mut transcript, equations) = self.statement(custodians, context)?;
        Proof::read(&self.proof.0)?.verify(&mut transcript, &equations)?;
        transcript::absorb(&mut transcript, b"proof", &self.proof);
        let mut id = [0; 32];
        transcript.challenge_bytes(b"id", &mut id);
        let (id, shares) = (DealingId(id), self.shares.clone());
        Ok(VerifiedDealing { id, ephemeral: self.ephemeral, shares, wrapped: self.wrapped })
    }

    /// The statement D = rG and V = rU, of which the second is absent where t = n.
    ///
    /// V and U are sums of the shares and of the keys with the same weights, under which the
    /// points of every polynomial of degree t - 1 vanish, and hardly any others: see
    /// [`curve::dual`]. So V = rU says that Cᵢ - r·yᵢ are points of such a polynomial. With
    /// t = n, any points are.
    pub(crate) fn statement<AccountId: Encode>(
        &self,
        custodians: &Custodians,
        context: &DealingContext<AccountId>,
    ) -> Result<(Transcript, Vec<Equation<1>>), SharingError> {
        let keys = custodians.points()?;
        if self.shares.len() != keys.len() {
            return Err(SharingError::ShareCountMismatch);
        }
        let shares: Vec<Point> =
            self.shares.iter().map(EncryptedShare::point).collect::<Result<_, _>>()?;
        let ephemeral = Sum::of(self.ephemeral.point()?);

        let mut transcript = transcript::start(b"dealing");
        transcript::absorb(&mut transcript, b"context", context);
        transcript::absorb(&mut transcript, b"custodians", custodians);
        transcript::absorb(&mut transcript, b"wrapped", &self.wrapped);
        transcript::absorb(&mut transcript, b"ephemeral", &self.ephemeral);
        transcript::absorb(&mut transcript, b"shares", &self.shares);

        let mut equations = Vec::from([Equation { image: ephemeral, bases: [Sum::of(G)] }]);
        let redundancy = custodians.redundancy();
        if redundancy > 0 {
            let check: Vec<_> =
                (0..redundancy).map(|_| transcript::challenge(&mut transcript, b"check")).collect();
            let weights = curve::dual(keys.len(), &check);
            let weigh = |points: Vec<Point>| Sum(weights.iter().copied().zip(points).collect());
            equations.push(Equation { image: weigh(shares), bases: [weigh(keys)] });
        }
        Ok((transcript, equations))
    }
}

impl VerifiedDealing {
    /// Returns the share with this number, counted from 1, which a delivery is verified with.
    ///
    /// `key` is the key of the custodian with this number among those that the dealing was
    /// verified for. With another key, no delivery verifies.
    ///
    /// # Errors
    /// [`SharingError::ShareNotFound`]
    pub fn share(&self, number: u8, key: CustodianKey) -> Result<EntrustedShare, SharingError> {
        let place = usize::from(number).checked_sub(1).ok_or(SharingError::ShareNotFound)?;
        let share = *self.shares.get(place).ok_or(SharingError::ShareNotFound)?;
        Ok(EntrustedShare { dealing: self.id, number, key, ephemeral: self.ephemeral, share })
    }
}

#[cfg(feature = "dealing")]
pub use dealer::deal;

#[cfg(feature = "dealing")]
pub(crate) mod dealer {
    use bounded_collections::BoundedVec;
    use rand_core::{CryptoRng, RngCore};
    use zeroize::Zeroizing;

    use super::*;
    use crate::{curve::Scalar, wrap::wrap, DealingProof, EphemeralKey, WrappedKey};

    /// Shares a content key among custodians.
    ///
    /// The secrets are derived from the content key, the context and randomness together: a
    /// broken generator alone does not reveal them.
    ///
    /// # Errors
    /// [`SharingError::MaxCustodiansExceeded`], [`SharingError::InvalidThreshold`],
    /// [`SharingError::DuplicateKey`], and [`SharingError::InvalidPoint`] where a custodian's
    /// key is not one.
    pub fn deal<AccountId: Encode>(
        content_key: &[u8; 32],
        custodians: &Custodians,
        context: &DealingContext<AccountId>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Dealing, SharingError> {
        custodians.points()?;
        let mut transcript = transcript::start(b"secrets");
        transcript::absorb(&mut transcript, b"context", context);
        transcript::absorb(&mut transcript, b"custodians", custodians);
        let mut secrets = transcript
            .build_rng()
            .rekey_with_witness_bytes(b"content key", content_key)
            .finalize(rng);
        let random = curve::random(&mut secrets);
        let polynomial: Vec<_> =
            (0..custodians.threshold).map(|_| curve::random(&mut secrets)).collect();
        let at = |place| Point::mul_base(&curve::evaluate(&polynomial, place));
        let shared = Zeroizing::new(at(0));
        let shares: Zeroizing<Vec<Point>> =
            Zeroizing::new((1u64..).take(custodians.keys.len()).map(at).collect());
        let ephemeral = EphemeralKey::of(&Point::mul_base(&random));
        let wrapped = wrap(content_key, &shared, &ephemeral, context);
        encrypt(&shares, &random, wrapped, custodians, context, rng)
    }

    /// Encrypts shares to their custodians, and proves that they belong together if they do.
    pub(crate) fn encrypt<AccountId: Encode>(
        shares: &[Point],
        random: &Scalar,
        wrapped: WrappedKey,
        custodians: &Custodians,
        context: &DealingContext<AccountId>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Dealing, SharingError> {
        let keys = custodians.points()?;
        let encrypted = shares
            .iter()
            .zip(&keys)
            .map(|(share, key)| EncryptedShare::of(&curve::mask(share, random, key)));
        let mut dealing = Dealing {
            ephemeral: EphemeralKey::of(&Point::mul_base(random)),
            shares: BoundedVec::truncate_from(encrypted.collect()),
            wrapped,
            proof: DealingProof([0; 64]),
        };
        let (mut transcript, equations) = dealing.statement(custodians, context)?;
        let proof = Proof::new(&mut transcript, &equations, [random], rng);
        dealing.proof = DealingProof(proof.write());
        Ok(dealing)
    }
}
