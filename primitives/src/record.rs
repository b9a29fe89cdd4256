//! What a record is, and what is stored of its document.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{names::named_enum, Cid, ContentDigest, RecordId};

named_enum! {
    /// What kind of document a record holds.
    pub enum RecordKind is "a record kind" {
        /// A chest X-ray, the only kind that models run on.
        ChestXray = 0 => "chest-xray",
        /// A written report.
        Report = 1 => "report",
        /// Another document.
        Other = 2 => "other",
    }
}

/// An encrypted document in the content-addressed store.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("record", "types")
)]
pub struct Document {
    /// The CID of the encrypted bytes.
    pub cid: Cid,
    /// The SHA-256 digest of the encrypted bytes.
    pub digest: ContentDigest,
}

/// Whether a record is the newest version, was replaced, or was erased.
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
    replace_segment("record", "types")
)]
pub enum RecordStatus {
    /// The record is the newest version.
    #[codec(index = 0)]
    Active,
    /// A newer version exists. Readers can still read this one.
    #[codec(index = 1)]
    Superseded {
        /// The next version.
        by: RecordId,
    },
    /// The envelopes are destroyed: nothing on chain opens the ciphertext.
    #[codec(index = 2)]
    Erased,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_its_index() {
        assert_eq!(RecordStatus::Active.encode(), [0]);
        let superseded = RecordStatus::Superseded { by: RecordId(3) };
        assert_eq!(superseded.encode(), [1, 3, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(RecordStatus::Erased.encode(), [2]);
    }
}
