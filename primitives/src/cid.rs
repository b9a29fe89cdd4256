//! Content identifiers as canonical CIDv1 base32 text.
//!
//! Source: the CID specification of multiformats. MedChain accepts version 1,
//! codec `raw` or `dag-pb`, hash `sha2-256`, multibase `base32` in lower case
//! without padding, and nothing else, so that each content has exactly one text.

use blake2::{digest::consts::U32, Blake2b, Digest};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The longest text that a call may carry, in bytes. A valid CID has 59. With room for what people
/// paste instead, such as `ipfs://…` or a gateway's address, so that the chain can say what is
/// wrong with it: a longer one is no call of this chain, and nodes refuse that without a reason.
pub const MAX_CID_LENGTH: u32 = 128;

/// Version, codec, hash code, hash length.
const PREFIX_LENGTH: usize = 4;
const DIGEST_LENGTH: usize = 32;
const BINARY_LENGTH: usize = PREFIX_LENGTH + DIGEST_LENGTH;
/// `b` and five bits a character.
const TEXT_LENGTH: usize = 1 + (BINARY_LENGTH * 8).div_ceil(5);
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The text of a content identifier.
///
/// For example `bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu`.
/// Decoding checks the length alone, so that a call with a bad CID fails with
/// an error that names the cause; [`Cid::check`] checks the rest.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(replace_segment("medchain_primitives", "medchain"), replace_segment("cid", "types"))]
pub struct Cid(BoundedVec<u8, ConstU32<MAX_CID_LENGTH>>);

/// The BLAKE2b-256 hash of the text of a CID.
///
/// Whoever has the CID sees that it is this one. Nobody else learns anything: the CID of an
/// encrypted file cannot be guessed.
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
#[scale_info(replace_segment("medchain_primitives", "medchain"), replace_segment("cid", "types"))]
pub struct CidHash(pub [u8; 32]);

/// How the content behind a CID is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CidCodec {
    /// The bytes themselves, in one block.
    Raw,
    /// The root of a UnixFS tree of blocks.
    DagPb,
}

/// Why a text is not a CID that MedChain accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CidError {
    /// The text does not have 59 characters.
    Length,
    /// The text does not start with `b`: another multibase, or a CIDv0 (`Qm…`).
    Multibase,
    /// A character is not lower-case base32, or trailing bits are not zero.
    Alphabet,
    /// The version is not 1.
    Version,
    /// The codec is neither `raw` nor `dag-pb`.
    Codec,
    /// The hash is not a 32-byte `sha2-256`.
    Hash,
}

impl CidError {
    /// The error as a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Length => "a CID has 59 characters",
            Self::Multibase => "a CID starts with 'b' (version 1, base32 in lower case)",
            Self::Alphabet => "a CID contains only the characters a-z and 2-7",
            Self::Version => "only CIDs of version 1 are accepted",
            Self::Codec => "only CIDs of codec raw or dag-pb are accepted",
            Self::Hash => "only CIDs with sha2-256 are accepted",
        }
    }
}

impl core::fmt::Display for CidError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::error::Error for CidError {}

impl Cid {
    /// Parses a CID that MedChain accepts.
    ///
    /// # Errors
    /// The first [`CidError`] that applies.
    pub fn parse(text: &[u8]) -> Result<Self, CidError> {
        decode(text)?;
        BoundedVec::try_from(text.to_vec()).map(Self).map_err(|_| CidError::Length)
    }

    /// Builds the CID of content with this codec and sha2-256 digest.
    pub fn new(codec: CidCodec, digest: [u8; DIGEST_LENGTH]) -> Self {
        let mut binary = [0u8; BINARY_LENGTH];
        binary[0] = 0x01;
        binary[1] = match codec {
            CidCodec::Raw => 0x55,
            CidCodec::DagPb => 0x70,
        };
        binary[2] = 0x12;
        binary[3] = DIGEST_LENGTH as u8;
        binary[PREFIX_LENGTH..].copy_from_slice(&digest);
        Self(BoundedVec::truncate_from(encode(&binary).to_vec()))
    }

    /// Checks that MedChain accepts this CID. Returns its codec and digest.
    ///
    /// # Errors
    /// The first [`CidError`] that applies.
    pub fn check(&self) -> Result<(CidCodec, [u8; DIGEST_LENGTH]), CidError> {
        decode(&self.0)
    }

    /// The hash that stands for this CID where the CID itself must not stand.
    pub fn hashed(&self) -> CidHash {
        CidHash(Blake2b::<U32>::digest(self.as_bytes()).into())
    }

    /// The text, unchecked.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, or an empty string if it is not UTF-8.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Wraps any text of at most [`MAX_CID_LENGTH`] bytes, unchecked, such as a
/// hostile caller may send.
impl From<BoundedVec<u8, ConstU32<MAX_CID_LENGTH>>> for Cid {
    fn from(text: BoundedVec<u8, ConstU32<MAX_CID_LENGTH>>) -> Self {
        Self(text)
    }
}

impl core::fmt::Display for Cid {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::str::FromStr for Cid {
    type Err = CidError;

    fn from_str(text: &str) -> Result<Self, CidError> {
        Self::parse(text.as_bytes())
    }
}

fn encode(binary: &[u8; BINARY_LENGTH]) -> [u8; TEXT_LENGTH] {
    let mut bits =
        binary.iter().flat_map(|byte| (0..8).rev().map(move |shift| (byte >> shift) & 1));
    let mut text = [b'b'; TEXT_LENGTH];
    for character in text.iter_mut().skip(1) {
        let five =
            (0..5).fold(0usize, |five, _| (five << 1) | usize::from(bits.next().unwrap_or(0)));
        *character = ALPHABET.get(five).copied().unwrap_or_default();
    }
    text
}

fn decode(text: &[u8]) -> Result<(CidCodec, [u8; DIGEST_LENGTH]), CidError> {
    let (multibase, characters) = text.split_first().ok_or(CidError::Length)?;
    if *multibase != b'b' {
        return Err(CidError::Multibase);
    }
    if text.len() != TEXT_LENGTH {
        return Err(CidError::Length);
    }
    let mut fives = [0u8; TEXT_LENGTH - 1];
    for (five, character) in fives.iter_mut().zip(characters) {
        *five = match character {
            b'a'..=b'z' => character.saturating_sub(b'a'),
            b'2'..=b'7' => character.saturating_sub(b'2').saturating_add(26),
            _ => return Err(CidError::Alphabet),
        };
    }
    let mut bits = fives.iter().flat_map(|five| (0..5).rev().map(move |shift| (five >> shift) & 1));
    let mut binary = [0u8; BINARY_LENGTH];
    for byte in &mut binary {
        *byte = (0..8).fold(0, |byte, _| (byte << 1) | bits.next().unwrap_or(0));
    }
    // Set bits past the end would give one content two texts.
    if bits.any(|bit| bit == 1) {
        return Err(CidError::Alphabet);
    }
    let [version, codec, hash, length, digest @ ..] = binary;
    if version != 0x01 {
        return Err(CidError::Version);
    }
    let codec = match codec {
        0x55 => CidCodec::Raw,
        0x70 => CidCodec::DagPb,
        _ => return Err(CidError::Codec),
    };
    if hash != 0x12 || usize::from(length) != DIGEST_LENGTH {
        return Err(CidError::Hash);
    }
    Ok((codec, digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What Kubo answers for the three bytes `abc`.
    const ABC: &str = "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu";

    #[test]
    fn the_cid_of_abc_is_read_and_written() {
        let cid = Cid::parse(ABC.as_bytes()).unwrap();
        let (codec, digest) = cid.check().unwrap();
        assert_eq!(codec, CidCodec::Raw);
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(Cid::new(codec, digest).as_str(), ABC);
    }

    /// As `b2sum -l 256` prints it for the text.
    #[test]
    fn a_cid_is_hashed_as_text() {
        let cid = Cid::parse(ABC.as_bytes()).unwrap();
        let expected = "b9ca388f9f31a02ffa3e23d0db2be65a719d2d176981b534672086479442c530";
        let found: String = cid.hashed().0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, expected);
        assert_ne!(cid.hashed(), Cid::new(CidCodec::DagPb, cid.check().unwrap().1).hashed());
    }

    #[test]
    fn each_refusal_names_its_cause() {
        let check =
            |text: &str, expected| assert_eq!(Cid::parse(text.as_bytes()), Err(expected), "{text}");
        check("", CidError::Length);
        check("b", CidError::Length);
        check(&ABC[..58], CidError::Length);
        check("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPYCR", CidError::Multibase);
        check(&ABC.to_uppercase(), CidError::Multibase);
        check(&ABC.replace('2', "1"), CidError::Alphabet);
        check(&format!("{}7", &ABC[..58]), CidError::Alphabet);
        check(&ABC.replacen("bafk", "bagk", 1), CidError::Codec);
        check(&ABC.replacen("baf", "bif", 1), CidError::Version);
        check(&ABC.replacen("bafkre", "bafkte", 1), CidError::Hash);
    }

    proptest! {
        #[test]
        fn every_digest_survives_the_round_trip(digest: [u8; 32], raw: bool) {
            let codec = if raw { CidCodec::Raw } else { CidCodec::DagPb };
            let cid = Cid::new(codec, digest);
            prop_assert_eq!(Cid::parse(cid.as_bytes()).unwrap().check(), Ok((codec, digest)));
        }

        #[test]
        fn one_content_has_one_text(text in "b[a-z2-7]{58}") {
            if let Ok((codec, digest)) = decode(text.as_bytes()) {
                let canonical = Cid::new(codec, digest);
                prop_assert_eq!(canonical.as_str(), text.as_str());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Cid::parse(&text);
        }
    }
}
