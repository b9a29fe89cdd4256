//! What the rest of the crate's tests share, and the tests of what is derived from keys.

mod commitment;
mod envelopes;
mod files;

use medchain_primitives::{ModelId, Output, RecordId, RequestId};

use super::*;

const PATIENT: [u8; 32] = [7; 32];
const NAME: VerdictName =
    VerdictName { genesis: [9; 32], record: RecordId(1), model: ModelId(2), request: RequestId(3) };

fn alice() -> EncryptionSecret {
    EncryptionSecret::of_account(&[1; 32])
}

fn bob() -> EncryptionSecret {
    EncryptionSecret::of_account(&[2; 32])
}

#[test]
fn the_encryption_key_depends_on_the_secret_alone() {
    assert_eq!(alice().public(), alice().public());
    assert_ne!(alice().public(), bob().public());
}

#[test]
fn verdicts_open_with_the_content_key_that_sealed_them() {
    let key = || ContentKey::from_bytes([7; 32]);
    let other = ContentKey::from_bytes([8; 32]);
    assert_eq!(key().verdict_root(), key().verdict_root());
    assert_ne!(key().verdict_root(), other.verdict_root());

    let square = vec![114; 224 * 224];
    let commitments = key().commitments(&square).unwrap();
    assert_eq!(key().commitments(&square), Some(commitments));
    assert_ne!(other.commitments(&square).unwrap().input_root, commitments.input_root);
    assert_ne!(other.commitments(&square).unwrap().verdicts, commitments.verdicts);
    assert_eq!(key().commitments(&square[1..]), None);

    let output = Output::quantise(&[0.25, 0.75]).unwrap();
    let sealed = key().verdict_key(&NAME).seal(&output);
    assert_eq!(key().verdict_key(&NAME).open(&sealed), Ok(output));
    assert_eq!(other.verdict_key(&NAME).open(&sealed), Err(Wrong));
}

#[test]
fn a_worker_finds_the_salt_of_its_answer_again() {
    let salt = |secret: &EncryptionSecret, genesis, request| {
        secret.answer_salt(&[genesis; 32], RequestId(request))
    };
    let first = salt(&alice(), 9, 3);
    assert_eq!(first, salt(&alice(), 9, 3));
    for other in [salt(&bob(), 9, 3), salt(&alice(), 8, 3), salt(&alice(), 9, 4)] {
        assert_ne!(first, other);
    }
}

#[test]
fn secrets_do_not_show() {
    let key = ContentKey::from_bytes([0xab; 32]);
    assert_eq!(format!("{key:?}"), "ContentKey(…)");
    let derived = (key.verdict_root(), key.input_salt(), key.verdict_key(&NAME));
    assert_eq!(format!("{derived:?}"), "(VerdictRoot(…), InputSalt(…), VerdictKey(…))");
    let shown = format!("{:?}", alice());
    assert!(shown.starts_with("EncryptionSecret { public:"), "{shown}");
}

#[test]
fn what_is_wiped_is_gone() {
    let mut bytes = zeroize::Zeroizing::new(vec![7u8; 1_000]);
    wipe(&mut bytes);
    assert_eq!((bytes.len(), bytes.capacity()), (0, 0), "the memory is freed as well");
}

/// Returns these bytes, over and over.
struct Replayed(Vec<u8>);

impl rand_core::TryRng for Replayed {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(rand_core::Rng::next_u64(self) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            *byte = self.0[0];
            self.0.rotate_left(1);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Replayed {}

/// A machine without randomness.
struct Dry;

impl rand_core::TryRng for Dry {
    type Error = CryptoError;

    fn try_next_u32(&mut self) -> Result<u32, CryptoError> {
        Err(CryptoError::NoRandomness)
    }

    fn try_next_u64(&mut self) -> Result<u64, CryptoError> {
        Err(CryptoError::NoRandomness)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), CryptoError> {
        Err(CryptoError::NoRandomness)
    }
}

impl rand_core::TryCryptoRng for Dry {}

#[test]
fn nothing_is_made_without_randomness() {
    let key = ContentKey::from_bytes([1; 32]);
    let name = EnvelopeName {
        genesis: [9; 32],
        patient: PATIENT,
        content: Sealed::Profile,
        reader: [1; 32],
    };
    let sealed = seal_with(&mut Dry, &key, &alice().public(), &name);
    assert_eq!(sealed, Err(CryptoError::NoRandomness));
    let file = encrypt_with(&mut Dry, &key, &PATIENT, b"a film");
    assert_eq!(file, Err(CryptoError::NoRandomness));
    assert!(CryptoError::NoRandomness.is_retryable());
}

#[test]
fn a_worker_finds_the_secret_of_its_request_again() {
    let secret = |secret: &EncryptionSecret, genesis, request| {
        secret.reply_secret([genesis; 32], RequestId(request)).public()
    };
    let first = secret(&alice(), 9, 3);
    assert_eq!(first, secret(&alice(), 9, 3));
    for other in [secret(&bob(), 9, 3), secret(&alice(), 8, 3), secret(&alice(), 9, 4)] {
        assert_ne!(first, other);
    }
}
