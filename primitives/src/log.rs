//! The log of each patient: what links its entries, and what they are found by.

use blake2::{digest::consts::U32, Blake2b, Digest};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Maximum length of what a policy contract writes into the log, in bytes.
pub const MAX_POLICY_ENTRY: u32 = 128;

/// What a policy contract writes into a patient's log, in an encoding of its own.
pub type PolicyEntry = BoundedVec<u8, ConstU32<MAX_POLICY_ENTRY>>;

/// What the topics of logs are hashes of, besides the patient.
const TOPIC: &[u8; 12] = b"medchain/log";

/// The end of a patient's log: whoever knows it notices any other log.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(replace_segment("medchain_primitives", "medchain"), replace_segment("log", "types"))]
pub struct LogHead<BlockNumber> {
    /// The number of entries.
    pub length: u32,
    /// The hash of the last entry, its block and all entries before it; zeros without entries.
    pub head: [u8; 32],
    /// The block of the last entry.
    pub at: BlockNumber,
}

impl<BlockNumber: Copy + Encode> LogHead<BlockNumber> {
    /// Returns the head after one more entry, in the block `at`.
    ///
    /// `entry` is the encoded event, as `System.Events` has it. The new hash is `blake2_256` of
    /// the SCALE encoding of (previous hash, previous block, block, previous length, event). So a
    /// link proves the whole head before it.
    #[must_use]
    pub fn after(&self, at: BlockNumber, entry: &[u8]) -> Self {
        let mut hasher = Blake2b::<U32>::new();
        hasher.update((self.head, self.at, at, self.length).encode());
        hasher.update(entry);
        Self { length: self.length.saturating_add(1), head: hasher.finalize().into(), at }
    }
}

/// Returns the topic of all entries in the log of `patient`.
///
/// It is `blake2_256` of `medchain/log` and the encoded account.
pub fn log_topic(patient: &impl Encode) -> [u8; 32] {
    Blake2b::<U32>::digest((TOPIC, patient).encode()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_depends_on_every_part() {
        let begin = LogHead::<u32>::default();
        let one = begin.after(5, b"event");
        assert_eq!((one.length, one.at), (1, 5));
        assert_eq!(one, begin.after(5, b"event"));
        assert_ne!(one.head, begin.after(6, b"event").head);
        assert_ne!(one.head, begin.after(5, b"Event").head);
        assert_ne!(one.head, LogHead { at: 1, ..begin }.after(5, b"event").head);
        assert_ne!(one.head, LogHead { length: 1, ..begin }.after(5, b"event").head);
        assert_ne!(one.head, LogHead { head: [1; 32], ..begin }.after(5, b"event").head);
    }

    #[test]
    fn the_hash_is_that_of_the_encoding() {
        let begin = LogHead { length: 7, head: [3; 32], at: 8u32 };
        let preimage = ([3u8; 32], 8u32, 9u32, 7u32, *b"event").encode();
        let expected: [u8; 32] = Blake2b::<U32>::digest(preimage).into();
        assert_eq!(begin.after(9, b"event").head, expected);
        let topic: [u8; 32] = Blake2b::<U32>::digest([&TOPIC[..], &[1; 32]].concat()).into();
        assert_eq!(log_topic(&[1u8; 32]), topic);
        assert_ne!(log_topic(&[1u8; 32]), log_topic(&[2u8; 32]));
    }
}
