//! Samples of more than eight bits, and what becomes of them.

use super::{DecodeError, GreyImage};

/// What a decoder of 2 to 16 bits a sample found, row after row.
pub(crate) struct Samples {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// How many bits a sample has: white is 2^bits - 1.
    pub(crate) bits: u8,
    pub(crate) values: Vec<u16>,
}

/// What a file holds.
pub(crate) enum Content {
    /// 8 bits a sample. The greys of a colour image are its luminance.
    Greys(GreyImage),
    /// 2 to 16 bits a sample, one plane.
    Wide(Samples),
}

impl Samples {
    /// Greys of eight bits: black stays black, and white becomes 255.
    pub(crate) fn greys(&self, format: &'static str) -> Result<GreyImage, DecodeError> {
        let most = self.values.iter().copied().max().unwrap_or(0);
        if self.bits == 16 {
            ensure_full_range(format, most)?;
        }
        let white = (1u32 << self.bits.clamp(1, 16)) - 1;
        let pixels = self.values.iter().map(|value| scale(u32::from(*value), white)).collect();
        GreyImage::new(self.width, self.height, pixels)
            .ok_or(DecodeError::Corrupt { format, reason: "it has no pixels".into() })
    }
}

/// `value` of `white` to eight bits, rounded: `white` becomes 255.
pub(crate) fn scale(value: u32, white: u32) -> u8 {
    ((value.min(white) * 255 + white / 2) / white) as u8
}

/// Refuses samples of 16 bits of which the upper bits are never used.
///
/// Such a file has 10, 12 or 14 bits a sample and does not say so. Read as 16 bits it is
/// nearly black, and how bright it really is would be a guess.
pub(crate) fn ensure_full_range(format: &'static str, most: u16) -> Result<(), DecodeError> {
    let used = (16 - most.leading_zeros()).max(8);
    if most == 0 || used > 14 {
        return Ok(());
    }
    Err(DecodeError::Unsupported {
        format,
        reason: format!(
            "it has 16 bits a sample and uses only the lowest {used} bits, so it would be \
             nearly black; hand in the DICOM file, or save it as an 8-bit PNG with the full \
             range from black to white"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_and_white_stay_so() {
        for bits in 1..=16 {
            let white = (1u32 << bits) - 1;
            assert_eq!((scale(0, white), scale(white, white)), (0, 255), "{bits}");
        }
        assert_eq!(scale(2048, 4095), 128);
        for v in 0..=255 {
            assert_eq!(scale(v, 255), v as u8);
            // As the PNG decoder has always done it.
            assert_eq!(u32::from(scale(v * 257, 65_535)), (v * 257 * 255 + 32_767) / 65_535);
        }
    }

    #[test]
    fn unused_high_bits_are_named() {
        for (most, named) in [(4095, "12 bits"), (1023, "10 bits"), (200, "8 bits")] {
            let error = ensure_full_range("PNG", most).unwrap_err().to_string();
            assert!(error.contains(&format!("lowest {named}")), "{error}");
        }
        for most in [0, 16_384, 65_535] {
            ensure_full_range("PNG", most).unwrap();
        }
    }
}
