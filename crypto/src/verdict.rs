//! What follows from keys for sealed verdicts.

use medchain_primitives::{AnswerSalt, FilmCommitments, RequestId, VerdictRoot};
use medchain_verdicts::{
    answer_salt, input_root, verdict_commitment, verdict_root, InputSalt, VerdictKey, VerdictName,
};

use crate::{ContentKey, EncryptionSecret};

impl ContentKey {
    /// The secret from which the keys of all verdicts on this film are derived.
    pub fn verdict_root(&self) -> VerdictRoot {
        verdict_root(self.as_bytes())
    }

    /// What hides this film in the root of its square.
    pub fn input_salt(&self) -> InputSalt {
        InputSalt::new(self.as_bytes())
    }

    /// What the uploader of a film commits to. `square` are the 224 × 224 greys that
    /// preprocessing makes of the film, row by row.
    ///
    /// # Errors
    /// `None` where the square has another size.
    pub fn commitments(&self, square: &[u8]) -> Option<FilmCommitments> {
        let input_root = input_root(square, &self.input_salt())?;
        Some(FilmCommitments { input_root, verdicts: verdict_commitment(&self.verdict_root()) })
    }

    /// The key that seals and opens one verdict.
    pub fn verdict_key(&self, name: &VerdictName) -> VerdictKey {
        VerdictKey::new(&self.verdict_root(), name)
    }
}

impl EncryptionSecret {
    /// The salt of a worker's answer. A worker that was killed between commitment and
    /// answer finds it again.
    pub fn answer_salt(&self, genesis: &[u8; 32], request: RequestId) -> AnswerSalt {
        answer_salt(&self.to_bytes(), genesis, request)
    }
}
