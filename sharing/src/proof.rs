//! Proofs of linear relations between points.
//!
//! The prover knows scalars w such that in every equation `image = Σ wⱼ · baseⱼ`. This is
//! Maurer's protocol (Africacrypt 2009), of which Schnorr's proof and the one of equal
//! logarithms are special cases, made non-interactive by Fiat-Shamir and sent in its compact
//! form: the challenge and one response for each scalar, as in
//! draft-irtf-cfrg-sigma-protocols.
//!
//! From two answers to one commitment, the scalars follow: for equations in a group of prime
//! order the proof is one of knowledge, and a false statement passes with probability
//! 1 / order for each hash that a cheater computes. The responses are fixed by commitment and
//! challenge wherever the bases determine the scalars, so no other proof can be made from a
//! proof alone.

use crate::{
    curve::{self, Scalar, Sum},
    transcript::{self, Transcript},
    SharingError,
};

/// One equation in N secret scalars.
pub(crate) struct Equation<const N: usize> {
    /// The left side.
    pub image: Sum,
    /// What each scalar is multiplied with.
    pub bases: [Sum; N],
}

/// Challenge and responses.
pub(crate) struct Proof<const N: usize> {
    challenge: Scalar,
    responses: [Scalar; N],
}

impl<const N: usize> Proof<N> {
    /// Reads 32 · (1 + N) bytes.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, SharingError> {
        let (words, []) = bytes.as_chunks() else { return Err(SharingError::InvalidScalar) };
        let (challenge, rest) = words.split_first().ok_or(SharingError::InvalidScalar)?;
        let rest: &[_; N] = rest.try_into().map_err(|_| SharingError::InvalidScalar)?;
        let mut responses = [Scalar::ZERO; N];
        for (response, word) in responses.iter_mut().zip(rest) {
            *response = curve::scalar(word)?;
        }
        Ok(Self { challenge: curve::scalar(challenge)?, responses })
    }

    /// Verifies the proof of these equations. The transcript has absorbed all that they are
    /// made of.
    pub(crate) fn verify(
        &self,
        transcript: &mut Transcript,
        equations: &[Equation<N>],
    ) -> Result<(), SharingError> {
        for Equation { image, bases } in equations {
            let commitment = Sum::check(image, bases, &self.challenge, &self.responses);
            transcript.append_message(b"commitment", commitment.compress().as_bytes());
        }
        let equal = transcript::challenge(transcript, b"challenge") == self.challenge;
        equal.then_some(()).ok_or(SharingError::InvalidProof)
    }
}

#[cfg(feature = "dealing")]
mod prover {
    use merlin::TranscriptRng;
    use rand_core::{CryptoRng, RngCore};
    use zeroize::Zeroizing;

    use super::*;

    impl<const N: usize> Proof<N> {
        /// Proves the equations, if they hold. The transcript is the one that
        /// [`Proof::verify`] takes.
        ///
        /// The nonces are derived from transcript, witness and randomness together: neither a
        /// broken generator nor a repeated one reveals the witness.
        pub(crate) fn new(
            transcript: &mut Transcript,
            equations: &[Equation<N>],
            witness: [&Scalar; N],
            rng: &mut (impl RngCore + CryptoRng),
        ) -> Self {
            let mut rng = rng_of(transcript, &witness, rng);
            let nonces = Zeroizing::new([(); N].map(|()| *curve::random(&mut rng)));
            for Equation { bases, .. } in equations {
                let commitment = Sum::combine(bases, &*nonces);
                transcript.append_message(b"commitment", commitment.compress().as_bytes());
            }
            let challenge = transcript::challenge(transcript, b"challenge");
            let mut responses = *nonces;
            for (response, witness) in responses.iter_mut().zip(witness) {
                *response = curve::respond(response, &challenge, witness);
            }
            Self { challenge, responses }
        }

        /// Writes 32 · (1 + N) = L bytes.
        pub(crate) fn write<const L: usize>(&self) -> [u8; L] {
            let mut bytes = [0; L];
            let scalars = [&self.challenge].into_iter().chain(&self.responses);
            for (word, scalar) in bytes.as_chunks_mut().0.iter_mut().zip(scalars) {
                *word = scalar.to_bytes();
            }
            bytes
        }
    }

    /// A generator from all that is in the transcript, from secrets, and from another one.
    pub(crate) fn rng_of(
        transcript: &Transcript,
        secrets: &[&Scalar],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> TranscriptRng {
        secrets
            .iter()
            .fold(transcript.build_rng(), |builder, secret| {
                builder.rekey_with_witness_bytes(b"witness", secret.as_bytes())
            })
            .finalize(rng)
    }
}

#[cfg(feature = "dealing")]
pub(crate) use prover::rng_of;
