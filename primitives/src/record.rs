//! What a record is, and what is stored of its document.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{names::named_enum, Cid, CidHash, ContentDigest, RecordId};

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

/// What the chain knows of the encrypted bytes of a record.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("record", "types")
)]
pub enum RecordContent {
    /// The record is not erased: their CID and digest.
    #[codec(index = 0)]
    Kept(Document),
    /// The record was erased: only the hash of the CID.
    #[codec(index = 1)]
    Erased(CidHash),
}

impl RecordContent {
    /// That of a record that is not erased.
    pub fn kept(cid: Cid, digest: ContentDigest) -> Self {
        Self::Kept(Document { cid, digest })
    }

    /// CID and digest; none of an erased record.
    pub const fn document(&self) -> Option<&Document> {
        match self {
            Self::Kept(document) => Some(document),
            Self::Erased(_) => None,
        }
    }

    /// The hash of the CID, which stays the same when the record is erased.
    pub fn cid_hash(&self) -> CidHash {
        match self {
            Self::Kept(document) => document.cid.hashed(),
            Self::Erased(hash) => *hash,
        }
    }

    /// Whether a record has, or had, the content of this CID.
    pub fn is_of(&self, cid: &Cid) -> bool {
        self.cid_hash() == cid.hashed()
    }
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
    use crate::CidCodec;

    #[test]
    fn an_erased_content_is_the_hash_of_its_cid_alone() {
        let (cid, digest) = (Cid::new(CidCodec::Raw, [7; 32]), ContentDigest([7; 32]));
        let kept = RecordContent::kept(cid.clone(), digest);
        assert_eq!(kept.document(), Some(&Document { cid: cid.clone(), digest }));
        let erased = RecordContent::Erased(kept.cid_hash());
        assert_eq!((erased.document(), erased.cid_hash()), (None, cid.hashed()));
        assert!(kept.is_of(&cid) && erased.is_of(&cid));
        assert!(!erased.is_of(&Cid::new(CidCodec::DagPb, [7; 32])));
        assert_eq!(erased.encode(), [&[1][..], &cid.hashed().0].concat());
        assert_eq!(kept.encode()[0], 0);
    }

    #[test]
    fn a_status_has_its_index() {
        assert_eq!(RecordStatus::Active.encode(), [0]);
        let superseded = RecordStatus::Superseded { by: RecordId(3) };
        assert_eq!(superseded.encode(), [1, 3, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(RecordStatus::Erased.encode(), [2]);
    }
}
