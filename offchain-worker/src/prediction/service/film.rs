//! From the ciphertext of a film to what the network sees.

use std::sync::Arc;

use medchain_client::{
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{Cid, ContentDigest, FailureCode, FilmCommitments, SealedKey};
use zeroize::Zeroizing;

use super::shelf::Place;
use crate::prediction::{
    jobs::Problem,
    ports::{Cipher, KeptFilm, Predictor, PredictorError},
};

/// A film that is still encrypted, with what opens it.
pub(super) struct Encrypted {
    /// Opens it.
    pub cipher: Arc<dyn Cipher>,
    /// The content key, sealed to this worker.
    pub envelope: SealedKey,
    /// The patient whose film it is.
    pub patient: AccountId32,
    /// The CID of `file`, which the envelope was made for.
    pub cid: Cid,
    /// What its uploader committed it to.
    pub commitments: FilmCommitments,
    /// What the record promises about `file`.
    pub digest: ContentDigest,
    /// The ciphertext.
    pub file: Vec<u8>,
    /// The room that it takes.
    pub _place: Place,
}

/// A film in plaintext.
pub(super) struct Film {
    /// Its key.
    pub key: ContentKey,
    /// The square of greys that the uploader committed to.
    pub square: Zeroizing<Vec<u8>>,
    /// What the model sees, where that is something else.
    input: Option<Zeroizing<Vec<u8>>>,
}

impl Drop for Film {
    fn drop(&mut self) {
        crypto::wipe(&mut self.square);
        self.input.iter_mut().for_each(|input| crypto::wipe(input));
    }
}

impl Film {
    /// What the model sees.
    pub fn seen(&self) -> &[u8] {
        self.input.as_ref().unwrap_or(&self.square)
    }
}

impl Encrypted {
    /// Compares the ciphertext with what the record promises.
    pub fn verify(&self) -> Result<(), Problem> {
        if self.cipher.digest(&self.file) == self.digest {
            return Ok(());
        }
        Err(Problem::Content(
            FailureCode::WrongHash,
            "the SHA-256 of the content differs from the one in the record".to_owned(),
        ))
    }

    /// Decrypts and decodes it, and compares it with what its uploader committed to.
    pub fn open(&self, predictor: &dyn Predictor) -> Result<Film, Problem> {
        let opened = self
            .cipher
            .open(&self.envelope, &self.patient, &self.cid, &self.file)
            .map_err(|error| Problem::Content(FailureCode::CannotDecrypt, error.to_string()))?;
        let image = Wiped(opened.image);
        let square = predictor.square(&image.0)?;
        if opened.key.commitments(&square) != Some(self.commitments) {
            return Err(Problem::Content(
                FailureCode::InputMismatch,
                "the film does not give the square, or its key not the verdict root, that the \
                 uploader committed to"
                    .to_owned(),
            ));
        }
        let input = predictor.input(&image.0)?;
        Ok(Film { key: opened.key, square, input })
    }

    /// What is kept of the film for a dispute: neither envelope nor file may be there then.
    pub fn keep(&self, film: &Film) -> Result<KeptFilm, Problem> {
        let square = self
            .cipher
            .lock(&film.key, &self.patient, &film.square)
            .map_err(|error| Problem::Passing(format!("cannot encrypt the film: {error}")))?;
        Ok(KeptFilm { envelope: self.envelope, cid: self.cid.clone(), square })
    }
}

/// The bytes of an image file.
struct Wiped(Zeroizing<Vec<u8>>);

impl Drop for Wiped {
    fn drop(&mut self) {
        // As `Zeroizing` would, in a tenth of the time where this crate is not optimised.
        crypto::wipe(&mut self.0);
    }
}

/// Opens what was kept of a film; `None` where it is not what its uploader committed to.
pub(super) fn kept(
    cipher: &dyn Cipher,
    patient: &AccountId32,
    kept: &KeptFilm,
    commitments: &FilmCommitments,
) -> Option<(ContentKey, Zeroizing<Vec<u8>>)> {
    let opened = cipher.open(&kept.envelope, patient, &kept.cid, &kept.square).ok()?;
    let is_it = opened.key.commitments(&opened.image) == Some(*commitments);
    is_it.then_some((opened.key, opened.image))
}

impl From<PredictorError> for Problem {
    fn from(error: PredictorError) -> Self {
        let text = error.to_string();
        match error {
            PredictorError::NotAnImage(_) => Self::Content(FailureCode::NotAnImage, text),
            PredictorError::TooLarge(_) => Self::Content(FailureCode::TooLarge, text),
            PredictorError::Internal(_) => Self::Passing(text),
            PredictorError::Ended(_) => Self::Ended(text),
        }
    }
}
