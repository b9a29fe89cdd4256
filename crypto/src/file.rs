//! The format of an encrypted file.
//!
//! ```text
//! MCX2 | nonce (24) | commitment (32) | XChaCha20-Poly1305 of the padded content | tag (16)
//! ```
//!
//! HKDF-SHA256 derives the commitment and the key of the body from the content key, with the
//! nonce as its salt, and the patient in both labels. A cipher such as XChaCha20-Poly1305 does
//! not commit to its key: whoever makes a file can choose bytes that open under two keys, to two
//! films. The commitment is a hash of key, nonce and patient without known collisions, so that a
//! file opens under the one key that it was made with. This is UtC of Bellare and Hoang
//! ("Efficient Schemes for Committing Authenticated Encryption", Eurocrypt 2022), with the
//! patient hashed in as their HtE does.

mod padding;

use alloc::vec::Vec;

use chacha20poly1305::{aead::AeadInPlace, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use medchain_primitives::ContentDigest;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{rand_core::TryCryptoRng, ContentKey, CryptoError};

/// The format.
const MAGIC: &[u8; 3] = b"MCX";
/// Its version.
const VERSION: u8 = b'2';
const MAGIC_LENGTH: usize = MAGIC.len() + 1;
const NONCE_LENGTH: usize = 24;
const COMMITMENT_LENGTH: usize = 32;
const TAG_LENGTH: usize = 16;
const HEADER_LENGTH: usize = MAGIC_LENGTH + NONCE_LENGTH + COMMITMENT_LENGTH;

/// Separate what is derived from one content key and nonce.
const BODY_LABEL: &[u8] = b"medchain/file/2/body";
const COMMITMENT_LABEL: &[u8] = b"medchain/file/2/commitment";

/// The longest content that is encrypted, in bytes: 64 GiB.
///
/// The cipher could take four times as much.
pub const MAX_CONTENT_LENGTH: u64 = 64 << 30;

/// How long the file of a content of `content` bytes is, in bytes.
///
/// 76 more for the header and the tag, and what pads it: at most an eighth more and a byte, from
/// 64 KiB on at most 3.2 percent. Contents of different lengths give files of the same length, so that
/// the length of a film does not tell which film it is.
pub const fn encrypted_length(content: u64) -> u64 {
    padding::padded_length(content).saturating_add((HEADER_LENGTH + TAG_LENGTH) as u64)
}

/// Encrypts `content` as a file of `patient`, the patient's account.
///
/// # Errors
/// [`CryptoError::TooLong`] and [`CryptoError::NoRandomness`].
#[cfg(feature = "getrandom")]
pub fn encrypt(
    key: &ContentKey,
    patient: &[u8; 32],
    content: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    encrypt_with(&mut crate::random::System, key, patient, content)
}

/// Encrypts as [`encrypt`](fn@crate::encrypt) does, with the randomness of `random`.
///
/// # Errors
/// [`CryptoError::TooLong`] and [`CryptoError::NoRandomness`].
pub fn encrypt_with(
    random: &mut impl TryCryptoRng,
    key: &ContentKey,
    patient: &[u8; 32],
    content: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let length = length_of(content)?;
    let mut nonce = [0u8; NONCE_LENGTH];
    random.try_fill_bytes(&mut nonce).map_err(|_| CryptoError::NoRandomness)?;
    made(&Derived::new(key, &nonce, patient), &nonce, patient, content, length)
}

/// Encrypts `content` once more, as the file that it was: after a store has lost that, the same
/// bytes, and so the same CID.
///
/// `header` is what [`file_header`] returned for the file, and `digest` is the file's. A nonce is
/// for one content alone, so nothing is returned that is not this very file.
///
/// # Errors
/// [`CryptoError::Authentication`] where key, patient or content are others than those of the file;
/// those of [`file_header`], and [`CryptoError::TooLong`].
pub fn encrypt_again(
    header: &[u8],
    key: &ContentKey,
    patient: &[u8; 32],
    content: &[u8],
    digest: &ContentDigest,
) -> Result<Vec<u8>, CryptoError> {
    let length = length_of(content)?;
    let Header { nonce, commitment, .. } = Header::of(header)?;
    let derived = Derived::new(key, nonce, patient);
    if !bool::from(derived.commitment.ct_eq(commitment)) {
        return Err(CryptoError::Authentication);
    }
    let file = made(&derived, nonce, patient, content, length)?;
    match crate::digest(&file) == *digest {
        true => Ok(file),
        false => Err(CryptoError::Authentication),
    }
}

/// What a file begins with, before its content: with it, the key and the content,
/// [`encrypt_again`] makes the same file. It tells nothing that the file does not tell.
///
/// # Errors
/// [`CryptoError::NotEncrypted`], [`CryptoError::UnknownFormat`] and [`CryptoError::Truncated`].
pub fn file_header(file: &[u8]) -> Result<&[u8], CryptoError> {
    Header::of(file)?;
    file.get(..HEADER_LENGTH).ok_or(CryptoError::Truncated { length: file.len() })
}

/// The length of the file of a content.
fn length_of(content: &[u8]) -> Result<usize, CryptoError> {
    let length = content.len() as u64;
    if length > MAX_CONTENT_LENGTH {
        return Err(CryptoError::TooLong);
    }
    usize::try_from(encrypted_length(length)).map_err(|_| CryptoError::TooLong)
}

/// The file, which is `length` bytes long.
fn made(
    derived: &Derived,
    nonce: &[u8; NONCE_LENGTH],
    patient: &[u8; 32],
    content: &[u8],
    length: usize,
) -> Result<Vec<u8>, CryptoError> {
    let mut file = Vec::with_capacity(length);
    file.extend_from_slice(MAGIC);
    file.push(VERSION);
    file.extend_from_slice(nonce);
    file.extend_from_slice(&derived.commitment);
    // The content is encrypted where it stands, so that no copy of it is left.
    file.extend_from_slice(content);
    padding::pad(&mut file, content.len());
    let body = file.get_mut(HEADER_LENGTH..).ok_or(CryptoError::TooLong)?;
    let tag = derived
        .cipher()
        .encrypt_in_place_detached(XNonce::from_slice(nonce), &associated_data(patient), body)
        .map_err(|_| CryptoError::TooLong)?;
    file.extend_from_slice(&tag);
    Ok(file)
}

/// Decrypts a file of `patient`, the patient's account.
///
/// # Errors
/// [`CryptoError::NotEncrypted`], [`CryptoError::UnknownFormat`], [`CryptoError::Truncated`],
/// [`CryptoError::Authentication`] and [`CryptoError::InvalidPadding`].
pub fn decrypt(
    key: &ContentKey,
    patient: &[u8; 32],
    file: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let parts = Parts::of(file)?;
    let derived = Derived::new(key, parts.nonce, patient);
    if !bool::from(derived.commitment.ct_eq(parts.commitment)) {
        return Err(CryptoError::Authentication);
    }
    let mut content = Zeroizing::new(parts.body.to_vec());
    derived
        .cipher()
        .decrypt_in_place_detached(
            XNonce::from_slice(parts.nonce),
            &associated_data(patient),
            &mut content,
            Tag::from_slice(parts.tag),
        )
        .map_err(|_| CryptoError::Authentication)?;
    padding::unpad(&mut content)?;
    Ok(content)
}

/// What a file begins with, and what follows.
struct Header<'a> {
    nonce: &'a [u8; NONCE_LENGTH],
    commitment: &'a [u8; COMMITMENT_LENGTH],
    rest: &'a [u8],
}

impl<'a> Header<'a> {
    fn of(file: &'a [u8]) -> Result<Self, CryptoError> {
        let length = file.len();
        let truncated = CryptoError::Truncated { length };
        let Some((magic, rest)) = file.split_first_chunk::<MAGIC_LENGTH>() else {
            let starts = length > 0 && MAGIC.starts_with(file);
            return Err(if starts { truncated } else { CryptoError::NotEncrypted });
        };
        match magic.strip_prefix(MAGIC) {
            Some([VERSION]) => {}
            Some([other]) if other.is_ascii_digit() => {
                return Err(CryptoError::UnknownFormat { magic: *magic })
            }
            _ => return Err(CryptoError::NotEncrypted),
        }
        let (nonce, rest) = rest.split_first_chunk().ok_or(truncated)?;
        let (commitment, rest) = rest.split_first_chunk().ok_or(truncated)?;
        Ok(Self { nonce, commitment, rest })
    }
}

/// The parts of a file.
struct Parts<'a> {
    nonce: &'a [u8; NONCE_LENGTH],
    commitment: &'a [u8; COMMITMENT_LENGTH],
    body: &'a [u8],
    tag: &'a [u8; TAG_LENGTH],
}

impl<'a> Parts<'a> {
    fn of(file: &'a [u8]) -> Result<Self, CryptoError> {
        let Header { nonce, commitment, rest } = Header::of(file)?;
        let truncated = CryptoError::Truncated { length: file.len() };
        let (body, tag) = rest.split_last_chunk().ok_or(truncated)?;
        if body.is_empty() {
            return Err(truncated);
        }
        Ok(Self { nonce, commitment, body, tag })
    }
}

/// What follows from a content key for one file.
pub(crate) struct Derived {
    pub(crate) body: Zeroizing<[u8; 32]>,
    pub(crate) commitment: [u8; COMMITMENT_LENGTH],
}

impl Derived {
    pub(crate) fn new(key: &ContentKey, nonce: &[u8; NONCE_LENGTH], patient: &[u8; 32]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(nonce), key.as_bytes());
        let mut derived =
            Self { body: Zeroizing::new([0; 32]), commitment: [0; COMMITMENT_LENGTH] };
        let proof = "32 bytes are within the 8,160 that HKDF-SHA256 gives; qed";
        hkdf.expand_multi_info(&[BODY_LABEL, patient], &mut *derived.body).expect(proof);
        hkdf.expand_multi_info(&[COMMITMENT_LABEL, patient], &mut derived.commitment).expect(proof);
        derived
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.body).into())
    }
}

pub(crate) fn associated_data(patient: &[u8; 32]) -> Vec<u8> {
    [MAGIC.as_slice(), &[VERSION], patient].concat()
}
