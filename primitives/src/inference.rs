//! Models, requests for predictions, and what a replay compares.

use blake2::{digest::consts::U32, Blake2b, Digest};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{names::named_enum, Cid, Output};

/// The longest label and the longest preprocessing id, in bytes.
pub const MAX_LABEL_LENGTH: u32 = 32;

/// The name of a class, such as `covid`.
pub type Label = BoundedVec<u8, ConstU32<MAX_LABEL_LENGTH>>;
/// The name of the fixed steps from pixels to tensor, such as `mc-area-224-v1`.
pub type PreprocessingId = BoundedVec<u8, ConstU32<MAX_LABEL_LENGTH>>;

named_enum! {
    /// Whether a model accepts requests.
    pub enum ModelStatus is "a model status" {
        /// The model accepts requests and predictions.
        Active = 0 => "active",
        /// The model accepts neither. Open requests expire, or can be cancelled.
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
    }
}

/// The state of a request. All states but `Open` are final.
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
pub enum RequestStatus<AccountId> {
    /// A worker may answer.
    #[codec(index = 0)]
    Open,
    /// A worker submitted a prediction and received the fee.
    #[codec(index = 1)]
    Answered {
        /// The worker that predicted.
        worker: AccountId,
    },
    /// Enough workers reported a failure, and the fee was released.
    #[codec(index = 2)]
    Failed {
        /// The worker that reported last.
        worker: AccountId,
        /// Why it could not predict.
        code: FailureCode,
    },
    /// The requester cancelled the request, and the fee was released.
    #[codec(index = 3)]
    Cancelled,
    /// No worker answered in time, and the fee was released.
    #[codec(index = 4)]
    Expired,
}

/// The receipt of a prediction.
///
/// `blake2_256` of the SCALE encoding of (model sha256, preprocessing id,
/// ciphertext CID, quantised output). The encoding's length prefixes keep any
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

/// Computes the receipt of a prediction, as `medchain replay` does.
pub fn receipt(
    model_sha256: &[u8; 32],
    preprocessing: &PreprocessingId,
    ciphertext: &Cid,
    output: &Output,
) -> Receipt {
    let preimage = (model_sha256, preprocessing, ciphertext, output).encode();
    Receipt(Blake2b::<U32>::digest(preimage).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CidCodec;
    use sp_arithmetic::Permill;

    fn output(parts: &[u32]) -> Output {
        let probabilities = parts.iter().map(|part| Permill::from_parts(*part)).collect::<Vec<_>>();
        Output { label: 0, probabilities: BoundedVec::truncate_from(probabilities) }
    }

    #[test]
    fn a_receipt_depends_on_every_part() {
        let id = |text: &str| PreprocessingId::truncate_from(text.as_bytes().to_vec());
        let cid = |byte| Cid::new(CidCodec::Raw, [byte; 32]);
        let yes = output(&[600_000, 400_000]);
        let base = receipt(&[1; 32], &id("a"), &cid(2), &yes);
        assert_eq!(base, receipt(&[1; 32], &id("a"), &cid(2), &yes));
        assert_ne!(base, receipt(&[0; 32], &id("a"), &cid(2), &yes));
        assert_ne!(base, receipt(&[1; 32], &id("b"), &cid(2), &yes));
        assert_ne!(base, receipt(&[1; 32], &id("a"), &cid(3), &yes));
        let other = output(&[600_100, 399_900]);
        assert_ne!(base, receipt(&[1; 32], &id("a"), &cid(2), &other));
    }

    #[test]
    fn a_request_status_has_its_index() {
        type Status = RequestStatus<u8>;
        assert_eq!(Status::Open.encode(), [0]);
        assert_eq!(Status::Answered { worker: 7 }.encode(), [1, 7]);
        let failed = Status::Failed { worker: 7, code: FailureCode::TooLarge };
        assert_eq!(failed.encode(), [2, 7, 4]);
        assert_eq!(Status::Cancelled.encode(), [3]);
        assert_eq!(Status::Expired.encode(), [4]);
    }
}
