//! How a worker commits to an answer before it shows it.

use codec::Encode;
use medchain_primitives::{AnswerCommitment, AnswerSalt, RequestId, SealedAnswer};

use crate::hash::{blake2, derive};

/// Computes a worker's commitment to its answer.
///
/// `worker` is the account, SCALE-encoded. It is part of the commitment, so that nobody can
/// repeat another worker's.
pub fn answer_commitment(
    request: RequestId,
    worker: &[u8],
    sealed: &SealedAnswer,
    salt: &AnswerSalt,
) -> AnswerCommitment {
    let preimage = (request, worker, sealed, salt).encode();
    AnswerCommitment(blake2(b"medchain/answer/1", &[&preimage]))
}

/// Derives the salt of an answer from a secret of the worker.
///
/// A worker that was killed between commitment and answer finds the salt again.
pub fn answer_salt(secret: &[u8; 32], genesis: &[u8; 32], request: RequestId) -> AnswerSalt {
    AnswerSalt(derive(secret, &[b"medchain/answer-salt/1", genesis, &request.encode()]))
}
