//! A walk along the markers of a JPEG (ITU-T T.81, annex B).
//!
//! The decoder fills what is missing of a truncated file with grey and says
//! nothing; half a radiograph must not get a prediction. So the walk insists
//! on the end-of-image marker, and reads size and kind on its way.

use super::DecodeError;

/// Start of image, and the first byte of the next marker.
pub(super) const SIGNATURE: &[u8] = &[0xff, 0xd8, 0xff];
pub(super) const FORMAT: &str = "JPEG";

/// What the frame header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    precision: u8,
    components: u8,
}

impl Header {
    /// Refuses what is valid JPEG but no radiograph.
    pub(super) fn check_kind(&self) -> Result<(), DecodeError> {
        let refuse = |reason| Err(DecodeError::Unsupported { format: FORMAT, reason });
        match (self.precision, self.components) {
            (8, 1 | 3) => Ok(()),
            (8, 4) => refuse("it has four colours (CMYK); save it as grey or RGB"),
            (8, _) => refuse("it has neither one nor three colours"),
            _ => refuse("it has more than 8 bits a sample; save it as a 16-bit PNG"),
        }
    }
}

const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// Reads the header and checks that the image has an end.
pub(super) fn read(bytes: &[u8]) -> Result<Header, DecodeError> {
    let mut at = 2;
    let mut header = None;
    loop {
        let marker = next_marker(bytes, &mut at)?;
        match marker {
            // Restart markers, TEM and a second start carry no length.
            0xd0..=0xd8 | 0x01 => continue,
            0xd9 => break,
            _ => {}
        }
        let length = segment_length(bytes, at)?;
        let body = bytes.get(at + 2..at + length).ok_or(TRUNCATED)?;
        if is_frame(marker) && header.is_none() {
            header = Some(frame(body)?);
        }
        at += length;
        if marker == 0xda {
            skip_scan(bytes, &mut at)?;
        }
    }
    header.ok_or_else(|| corrupt("it has no frame header"))
}

/// Moves behind the next marker and returns it.
fn next_marker(bytes: &[u8], at: &mut usize) -> Result<u8, DecodeError> {
    if *bytes.get(*at).ok_or(TRUNCATED)? != 0xff {
        return Err(corrupt("a marker is missing"));
    }
    // Any number of fill bytes may precede a marker.
    while *bytes.get(*at).ok_or(TRUNCATED)? == 0xff {
        *at += 1;
    }
    let marker = *bytes.get(*at).ok_or(TRUNCATED)?;
    *at += 1;
    Ok(marker)
}

fn segment_length(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    let two = bytes.get(at..at + 2).ok_or(TRUNCATED)?;
    let length = usize::from(two[0]) << 8 | usize::from(two[1]);
    if length < 2 {
        return Err(corrupt("a segment has no length"));
    }
    Ok(length)
}

/// SOF0 to SOF15, without DHT, JPG and DAC, which share the range.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn frame(body: &[u8]) -> Result<Header, DecodeError> {
    let [precision, h1, h0, w1, w0, components, ..] = *body else {
        return Err(corrupt("its frame header is too short"));
    };
    let height = u32::from(h1) << 8 | u32::from(h0);
    let width = u32::from(w1) << 8 | u32::from(w0);
    if width == 0 || height == 0 {
        return Err(corrupt("its frame header has no size"));
    }
    Ok(Header { width, height, precision, components })
}

/// Moves over entropy-coded data to the next marker that is not a restart.
fn skip_scan(bytes: &[u8], at: &mut usize) -> Result<(), DecodeError> {
    loop {
        let rest = bytes.get(*at..).ok_or(TRUNCATED)?;
        *at += rest.iter().position(|b| *b == 0xff).ok_or(TRUNCATED)?;
        match *bytes.get(*at + 1).ok_or(TRUNCATED)? {
            // A stuffed 0xff, or a restart marker.
            0x00 | 0xd0..=0xd7 => *at += 2,
            // A fill byte: the marker comes behind it.
            0xff => *at += 1,
            _ => return Ok(()),
        }
    }
}

fn corrupt(reason: &str) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, reason: reason.into() }
}
