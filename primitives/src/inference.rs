//! Models, requests for verdicts, and what a replay compares.

use blake2::{digest::consts::U32, Blake2b, Digest};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{names::named_enum, AnswerCommitment, Cid, RecordContent, SealedAnswer};

/// The longest label and the longest preprocessing id, in bytes.
pub const MAX_LABEL_LENGTH: u32 = 32;

/// The name of a class, such as `covid`.
pub type Label = BoundedVec<u8, ConstU32<MAX_LABEL_LENGTH>>;
/// The id of the steps that give the square of greys to which an uploader commits a film.
/// `models/README.md` lists them.
pub const SQUARE_ID: &str = "mc-area224-mask-v2";

/// The name of the fixed steps from pixels to tensor, such as [`SQUARE_ID`].
pub type PreprocessingId = BoundedVec<u8, ConstU32<MAX_LABEL_LENGTH>>;

named_enum! {
    /// Whether a model accepts requests.
    pub enum ModelStatus is "a model status" {
        /// The model accepts requests and answers.
        Active = 0 => "active",
        /// The model accepts no requests, commitments or single answers.
        Retired = 1 => "retired",
    }
}

named_enum! {
    /// Why a worker could not predict.
    ///
    /// A worker reports this instead of making up a label.
    pub enum FailureCode is "a failure code" {
        /// No store served the content in time.
        Unavailable = 0 => "unavailable",
        /// The content does not match the digest in the record.
        WrongHash = 1 => "wrong-hash",
        /// The worker has no envelope, or its envelope does not open the content.
        CannotDecrypt = 2 => "cannot-decrypt",
        /// The content is not an image that can be decoded.
        NotAnImage = 3 => "not-an-image",
        /// The content, or the image in it, exceeds a limit.
        TooLarge = 4 => "too-large",
        /// The film does not give the square that its uploader committed to.
        InputMismatch = 5 => "input-mismatch",
    }
}

named_enum! {
    /// Why a worker lost a part of its bond.
    pub enum SlashReason is "a reason for a slash" {
        /// The worker had the record's key and neither answered nor reported a failure in time.
        Absent = 0 => "absent",
        /// The worker committed to an answer and did not show it in time.
        NotRevealed = 1 => "not-revealed",
        /// The worker lost a dispute about its answer.
        WrongAnswer = 2 => "wrong-answer",
    }
}

named_enum! {
    /// Whether a verdict counts.
    pub enum VerdictStatus is "a verdict status" {
        /// Nobody has shown that it is wrong.
        Standing = 0 => "standing",
        /// A worker with another answer disputes it.
        Challenged = 1 => "challenged",
        /// None of its workers could defend it.
        Annulled = 2 => "annulled",
        /// The patient ended the dispute about it, or erased the record, before it was settled.
        Withdrawn = 3 => "withdrawn",
    }
}

/// Why a request failed.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("inference", "types")
)]
pub enum FailureCause {
    /// Too many workers reported a failure or did not answer; this is what the last one reported.
    #[codec(index = 0)]
    Reported(FailureCode),
    /// Too many workers did not answer.
    #[codec(index = 1)]
    NotAnswered,
    /// A worker committed to an answer and did not show it.
    #[codec(index = 2)]
    NotRevealed,
    /// Too few workers run the model and may open the record.
    #[codec(index = 3)]
    TooFewWorkers,
    /// The answers differed, and no worker could defend its own.
    #[codec(index = 4)]
    NobodyRight,
    /// The answers differed, and the record or the network's description is gone.
    #[codec(index = 5)]
    NotSettled,
}

/// The status of a request. The first four and `Disputed` are open, the others final.
///
/// Whoever pays gets the fee back unless the request is answered.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("inference", "types")
)]
pub enum RequestStatus {
    /// Workers are to be drawn.
    #[codec(index = 0)]
    Drawing,
    /// The record's key is to be sealed to the workers that were drawn.
    #[codec(index = 1)]
    Sealing,
    /// The workers compute.
    #[codec(index = 2)]
    Committing,
    /// All workers have committed to an answer, and show it.
    #[codec(index = 3)]
    Revealing,
    /// All answers are equal; `Verdicts` has them.
    #[codec(index = 4)]
    Answered,
    /// The answers differ, and their workers settle which is right: `Disputes` has how far they are.
    #[codec(index = 5)]
    Disputed,
    /// There is no answer.
    #[codec(index = 6)]
    Failed {
        /// Why not.
        cause: FailureCause,
    },
    /// The requester cancelled the request.
    #[codec(index = 7)]
    Cancelled,
    /// Nobody drew workers or sealed the key to them in time.
    #[codec(index = 8)]
    Expired,
}

impl RequestStatus {
    /// Whether the request can still be answered.
    pub fn is_open(self) -> bool {
        match self {
            Self::Drawing | Self::Sealing | Self::Committing | Self::Revealing | Self::Disputed => {
                true
            }
            Self::Answered | Self::Failed { .. } | Self::Cancelled | Self::Expired => false,
        }
    }
}

/// Whether a worker can be drawn.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("inference", "types")
)]
pub enum WorkerStatus<BlockNumber> {
    /// It can be drawn and named.
    #[codec(index = 0)]
    Active,
    /// Its bond is too small since it was slashed; `top_up_bond` makes it active again.
    #[codec(index = 1)]
    Suspended,
    /// It gets its bond back after this block.
    #[codec(index = 2)]
    Leaving {
        /// The last block in which the bond can be slashed.
        until: BlockNumber,
    },
}

/// A worker of an open request.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("inference", "types")
)]
pub struct Member<AccountId> {
    /// The worker.
    pub worker: AccountId,
    /// How far it is.
    pub step: Step,
}

/// How far a worker of an open request is.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("inference", "types")
)]
pub enum Step {
    /// It was chosen.
    #[codec(index = 0)]
    Chosen,
    /// It committed to an answer.
    #[codec(index = 1)]
    Committed(AnswerCommitment),
    /// It showed its answer.
    #[codec(index = 2)]
    Revealed(SealedAnswer),
}

/// The receipt of a verdict, which names everything that it depends on.
///
/// `blake2_256` of the SCALE encoding of (model sha256, preprocessing id,
/// ciphertext CID, sealed answer). The encoding's length prefixes keep any
/// two different inputs apart.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("inference", "types")
)]
pub struct Receipt(pub [u8; 32]);

/// Computes the receipt of a verdict, as `medchain replay` does.
pub fn receipt(
    model_sha256: &[u8; 32],
    preprocessing: &PreprocessingId,
    ciphertext: &Cid,
    sealed: &SealedAnswer,
) -> Receipt {
    let preimage = (model_sha256, preprocessing, ciphertext, sealed).encode();
    Receipt(Blake2b::<U32>::digest(preimage).into())
}

/// The receipt of a verdict on a record, as the chain computes it.
///
/// A verdict that is reached after the record was erased has the hash of the CID in the place of
/// the CID, which the chain does not know any more.
pub fn receipt_of(
    model_sha256: &[u8; 32],
    preprocessing: &PreprocessingId,
    content: &RecordContent,
    sealed: &SealedAnswer,
) -> Receipt {
    match content {
        RecordContent::Kept(document) => {
            receipt(model_sha256, preprocessing, &document.cid, sealed)
        }
        RecordContent::Erased(hash) => {
            // The length of an empty CID, which no record has: so no two contents encode alike.
            let preimage = (model_sha256, preprocessing, 0u8, hash, sealed).encode();
            Receipt(Blake2b::<U32>::digest(preimage).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CidCodec, ContentDigest};

    #[test]
    fn a_receipt_depends_on_every_part() {
        let id = |text: &str| PreprocessingId::truncate_from(text.as_bytes().to_vec());
        let cid = |byte| Cid::new(CidCodec::Raw, [byte; 32]);
        let sealed = |byte: u8| SealedAnswer::truncate_from(vec![byte; 30]);
        let base = receipt(&[1; 32], &id("a"), &cid(2), &sealed(3));
        assert_eq!(base, receipt(&[1; 32], &id("a"), &cid(2), &sealed(3)));
        assert_ne!(base, receipt(&[0; 32], &id("a"), &cid(2), &sealed(3)));
        assert_ne!(base, receipt(&[1; 32], &id("b"), &cid(2), &sealed(3)));
        assert_ne!(base, receipt(&[1; 32], &id("a"), &cid(3), &sealed(3)));
        assert_ne!(base, receipt(&[1; 32], &id("a"), &cid(2), &sealed(4)));
        let of = |content: &RecordContent| receipt_of(&[1; 32], &id("a"), content, &sealed(3));
        assert_eq!(base, of(&RecordContent::kept(cid(2), ContentDigest([9; 32]))));
        let erased = of(&RecordContent::Erased(cid(2).hashed()));
        assert_ne!(base, erased);
        assert_ne!(erased, of(&RecordContent::Erased(cid(3).hashed())));
    }

    #[test]
    fn a_request_status_has_its_index() {
        use RequestStatus::*;
        let cause = FailureCause::Reported(FailureCode::TooLarge);
        let all = [
            Drawing,
            Sealing,
            Committing,
            Revealing,
            Answered,
            Disputed,
            Failed { cause },
            Cancelled,
            Expired,
        ];
        for (index, status) in all.into_iter().enumerate() {
            assert_eq!(usize::from(status.encode()[0]), index);
            assert_eq!(status.is_open(), index < 4 || status == Disputed);
        }
        assert_eq!(Failed { cause }.encode(), [6, 0, 4]);
        let causes = [
            FailureCause::NotAnswered,
            FailureCause::NotRevealed,
            FailureCause::TooFewWorkers,
            FailureCause::NobodyRight,
            FailureCause::NotSettled,
        ];
        assert_eq!(causes.map(|cause| cause.encode()), [[1], [2], [3], [4], [5]]);
    }

    #[test]
    fn a_worker_and_its_step_have_their_indices() {
        let leaving = WorkerStatus::Leaving { until: 7u32 };
        let all = [WorkerStatus::Active, WorkerStatus::Suspended, leaving];
        assert_eq!(all.map(|status| status.encode()[0]), [0, 1, 2]);
        assert_eq!(leaving.encode(), [2, 7, 0, 0, 0]);
        let steps = [
            Step::Chosen,
            Step::Committed(AnswerCommitment([3; 32])),
            Step::Revealed(SealedAnswer::default()),
        ];
        assert_eq!(
            steps.map(|step| Member { worker: 5u8, step }.encode()[..2].to_vec()),
            [[5, 0], [5, 1], [5, 2]]
        );
    }
}
