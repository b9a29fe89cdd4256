//! Markers and what belongs to them (ITU-T T.81, annex B).

use super::{corrupt, near_lossless, TRUNCATED};
use crate::DecodeError;

/// A marker and what belongs to it.
pub(crate) struct Segment<'a> {
    /// The second byte of the marker.
    pub(crate) marker: u8,
    /// Without marker and length.
    pub(crate) body: &'a [u8],
    /// Behind a scan header: the entropy-coded data, with restart markers.
    pub(crate) data: &'a [u8],
    /// The file ends within the data, or right behind them.
    pub(crate) is_last: bool,
}

/// The segments of one image, up to its end.
///
/// As libjpeg does it: bytes that stand between segments are passed over, and the marker at
/// the end of the image may be missing once there was a scan.
pub(crate) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
    had_scan: bool,
    /// JPEG-LS stuffs bits where JPEG stuffs bytes.
    is_near_lossless: bool,
}

impl<'a> Segments<'a> {
    /// Of an image that begins with its first byte.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2, had_scan: false, is_near_lossless: false }
    }

    /// Whether bytes follow the image.
    pub(crate) fn has_more(&self) -> bool {
        self.at < self.bytes.len()
    }

    /// The next segment, or `None` at the end of the image.
    pub(crate) fn next(&mut self) -> Result<Option<Segment<'a>>, DecodeError> {
        loop {
            let marker = match self.next_marker() {
                Some(marker) => marker,
                None if self.had_scan => return Ok(None),
                None => return Err(TRUNCATED),
            };
            match marker {
                // Restart markers, TEM and a second start carry no length.
                0xd0..=0xd8 | 0x01 => continue,
                0xd9 => return Ok(None),
                _ => {}
            }
            let two = self.bytes.get(self.at..self.at + 2).ok_or(TRUNCATED)?;
            let length = usize::from(two[0]) << 8 | usize::from(two[1]);
            if length < 2 {
                return Err(corrupt("a segment has no length"));
            }
            let body = self.bytes.get(self.at + 2..self.at + length).ok_or(TRUNCATED)?;
            self.at += length;
            let start = self.at;
            self.is_near_lossless |= marker == near_lossless::FRAME;
            if marker == 0xda {
                self.had_scan = true;
                self.skip_scan();
            }
            let data = &self.bytes[start..self.at];
            return Ok(Some(Segment { marker, body, data, is_last: self.at == self.bytes.len() }));
        }
    }

    /// Moves behind the next marker and returns it; `None` where there is no other.
    fn next_marker(&mut self) -> Option<u8> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += rest.iter().position(|byte| *byte == 0xff)?;
            // Any number of fill bytes may precede a marker.
            while *self.bytes.get(self.at)? == 0xff {
                self.at += 1;
            }
            self.at += 1;
            match self.bytes[self.at - 1] {
                0 => {}
                marker => return Some(marker),
            }
        }
    }

    /// Moves over entropy-coded data to the next marker that is not a restart.
    fn skip_scan(&mut self) {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(place) = rest.iter().position(|byte| *byte == 0xff) else {
                self.at = self.bytes.len();
                return;
            };
            match rest.get(place + 1) {
                // A stuffed 0xff, or a restart marker.
                Some(0x00 | 0xd0..=0xd7) => self.at += place + 2,
                Some(..0x80) if self.is_near_lossless => self.at += place + 2,
                // A fill byte: the marker comes behind it.
                Some(0xff) => self.at += place + 1,
                Some(_) => {
                    self.at += place;
                    return;
                }
                None => {
                    self.at = self.bytes.len();
                    return;
                }
            }
        }
    }
}
