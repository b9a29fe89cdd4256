//! The first chunk of a PNG.

use super::DecodeError;

/// The eight bytes that every PNG starts with.
pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
pub(super) const FORMAT: &str = "PNG";

/// Width and height from the header chunk, which must come first.
pub(super) fn dimensions(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let truncated = DecodeError::Truncated { format: FORMAT };
    let kind = bytes.get(12..16).ok_or(truncated.clone())?;
    if kind != b"IHDR" {
        return Err(DecodeError::Corrupt {
            format: FORMAT,
            reason: "it does not start with a header".into(),
        });
    }
    let number = |at: usize| -> Option<u32> {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(four))
    };
    number(16).zip(number(20)).ok_or(truncated)
}
