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
    /// content key is wrapped, and that no t - 1 of them interpolate to it.
    ///
    /// It shows that the dealer knows r with D = rG, and that Cᵢ - r·yᵢ = p(i)G for a p of
    /// degree t - 1, neither more nor less. What is wrapped, only readers see. The keys must have
    /// been verified, by [`CustodianKey::verify`](crate::CustodianKey::verify).
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

    /// The statement 0 = sD + uG, G = sA + uB and 0 = sV + uU, of which the last is absent where
    /// t = n.
    ///
    /// A and V are sums of the shares, B and U those of the keys with the same weights. By the
    /// second equation, s is not zero. So the first says D = rG with r = -u/s, and the others are
    /// about the points Cᵢ - r·yᵢ:
    /// - Under the weights of V and U, the points of every polynomial of degree t - 1 or less
    ///   vanish, and hardly any others: see [`curve::dual`]. So the third says that they are of
    ///   such a polynomial. With t = n, any points are.
    /// - A and B are differences, of which the first t points of such a polynomial leave (t - 1)!
    ///   times the coefficient of degree t - 1: see [`curve::difference`]. By the second equation
    ///   that is G/s, which is not zero.
    ///
    /// The shares determine s and u, and nothing is published beside the proof.
    pub(crate) fn statement<AccountId: Encode>(
        &self,
        custodians: &Custodians,
        context: &DealingContext<AccountId>,
    ) -> Result<(Transcript, Vec<Equation<2>>), SharingError> {
        let keys = custodians.points()?;
        if self.shares.len() != keys.len() {
            return Err(SharingError::ShareCountMismatch);
        }
        let shares: Vec<Point> =
            self.shares.iter().map(EncryptedShare::point).collect::<Result<_, _>>()?;
        let ephemeral = Sum::of(self.ephemeral.point()?);

        let mut transcript = transcript::start(b"dealing/2");
        transcript::absorb(&mut transcript, b"context", context);
        transcript::absorb(&mut transcript, b"custodians", custodians);
        transcript::absorb(&mut transcript, b"wrapped", &self.wrapped);
        transcript::absorb(&mut transcript, b"ephemeral", &self.ephemeral);
        transcript::absorb(&mut transcript, b"shares", &self.shares);

        let nothing = Sum::default;
        let threshold = custodians.threshold.into();
        let highest = |points: &Vec<Point>| Sum::of(curve::difference(points, threshold));
        let mut equations = Vec::from([
            Equation { image: nothing(), bases: [ephemeral, Sum::of(G)] },
            Equation { image: Sum::of(G), bases: [&shares, &keys].map(highest) },
        ]);
        let redundancy = custodians.redundancy();
        if redundancy > 0 {
            let check: Vec<_> =
                (0..redundancy).map(|_| transcript::challenge(&mut transcript, b"check")).collect();
            let weights = curve::dual(keys.len(), &check);
            let weigh = |points: Vec<Point>| Sum(weights.iter().copied().zip(points).collect());
            equations.push(Equation { image: nothing(), bases: [shares, keys].map(weigh) });
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
        // The coefficient is zero, and the proof void, once in 2^252 dealings.
        let inverse = curve::inverse_difference(&polynomial);
        encrypt(&shares, [&random, &inverse], wrapped, custodians, context, rng)
    }

    /// Encrypts shares to their custodians, and proves that they belong together if they do.
    ///
    /// The secrets are r and the s of the statement.
    pub(crate) fn encrypt<AccountId: Encode>(
        shares: &[Point],
        [random, inverse]: [&Scalar; 2],
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
            proof: DealingProof([0; 96]),
        };
        let (mut transcript, equations) = dealing.statement(custodians, context)?;
        let product = curve::negative_product(random, inverse);
        let proof = Proof::new(&mut transcript, &equations, [inverse, &product], rng);
        dealing.proof = DealingProof(proof.write());
        Ok(dealing)
    }
}
