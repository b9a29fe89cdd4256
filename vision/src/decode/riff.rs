//! What the parts of a WebP say of themselves, compared with the file before it is decoded.
//!
//! The decoder makes room for what a part promises: for a frame of another size than the picture
//! before it compares them, and for as many bytes of EXIF as stand in a header.

use super::{DecodeError, MAX_DECODE_BYTES};

const FORMAT: &str = "WebP";
/// Where the first part begins, after `RIFF`, the size and `WEBP`.
const FIRST: u64 = 12;
/// The name of a part and its size.
const HEADER: u64 = 8;

/// Fails where decoding a picture of this size would take more than it is weighed with.
pub(super) fn check(bytes: &[u8], width: u32, height: u32) -> Result<(), DecodeError> {
    ensure_room(bytes, width, height)?;
    // Any other first part is the picture itself, and tells its size.
    let Some((b"VP8X", size)) = header(bytes, FIRST) else { return Ok(()) };
    let mut at = FIRST + HEADER + padded(size);
    // As the decoder looks for parts, of which the first of a name counts.
    let Some((_, said)) = header(bytes, 0) else { return Ok(()) };
    let end = at + said.saturating_sub(FIRST);
    let (mut has_frame, mut has_exif) = (false, false);
    while at < end {
        let Some((name, size)) = header(bytes, at) else { break };
        let content = at + HEADER;
        match name {
            b"VP8 " if !has_frame => {
                has_frame = true;
                if frame(bytes, content).is_some_and(|found| found != (width, height)) {
                    let reason = "the picture in it has another size than it says".into();
                    return Err(DecodeError::Corrupt { format: FORMAT, reason });
                }
            }
            b"EXIF" if !has_exif => {
                has_exif = true;
                if content + size > bytes.len() as u64 {
                    return Err(DecodeError::Truncated { format: FORMAT });
                }
            }
            _ => {}
        }
        at = content + padded(size);
    }
    Ok(())
}

/// Weighs a lossy picture: its planes, colours and blocks, and its data, of which the decoder has
/// one copy in a buffer that grew and another one in words.
fn ensure_room(bytes: &[u8], width: u32, height: u32) -> Result<(), DecodeError> {
    let needed = 5 * u64::from(width) * u64::from(height) + 3 * bytes.len() as u64;
    if needed > MAX_DECODE_BYTES {
        return Err(DecodeError::TooMuchMemory { format: FORMAT, width, height, bytes: needed });
    }
    Ok(())
}

/// The name and the size of the part whose header stands here.
fn header(bytes: &[u8], at: u64) -> Option<(&[u8], u64)> {
    let (name, rest) = bytes.get(usize::try_from(at).ok()?..)?.split_at_checked(4)?;
    let size = rest.first_chunk::<4>()?;
    Some((name, u32::from_le_bytes(*size).into()))
}

/// Parts begin at even places.
fn padded(size: u64) -> u64 {
    size + size % 2
}

/// The width and height of a lossy frame: 14 bits each, after three bytes and a mark of three.
fn frame(bytes: &[u8], at: u64) -> Option<(u32, u32)> {
    let sides = bytes.get(usize::try_from(at).ok()?..)?.get(6..10)?;
    let side = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    match *sides {
        [a, b, c, d] => Some((side(a, b), side(c, d))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_leaves_less_room_for_pixels() {
        let file = vec![0; 60 << 20];
        assert_eq!(check(&file, 6_000, 6_000), Ok(()));
        assert!(matches!(check(&file, 7_000, 7_000), Err(DecodeError::TooMuchMemory { .. })));
    }
}
