//! JPEG-LS (ITU-T T.87), by the crate `pure_jpegls`: one plane of 2 to 16 bits.

use jpegls::CodecError;

use super::{frame::unsupported, Header};
use crate::decode::{check_budget, error::one_line, samples::Samples, DecodeError};

/// The marker of its frame header.
pub(super) const FRAME: u8 = 0xf7;
pub(super) const FORMAT: &str = "JPEG-LS";

/// Decodes an image with this header.
pub(super) fn decode(bytes: &[u8], header: &Header) -> Result<Samples, DecodeError> {
    if header.components != 1 {
        return Err(unsupported("it is JPEG-LS with several colours; save it as grey"));
    }
    // Two bytes a sample, and the greys.
    check_budget(FORMAT, header.width, header.height, 3)?;
    match jpegls::decode(bytes, header.width, header.height) {
        Ok((values, width, height)) => {
            Ok(Samples { width, height, bits: header.precision, values })
        }
        Err(CodecError::Truncated { .. } | CodecError::Marker(_)) => {
            Err(DecodeError::Truncated { format: FORMAT })
        }
        Err(CodecError::Unsupported(reason)) => Err(DecodeError::Unsupported {
            format: FORMAT,
            reason: format!("{}; save it as PNG or JPEG", one_line(&reason)),
        }),
        Err(other) => {
            Err(DecodeError::Corrupt { format: FORMAT, reason: one_line(&other.to_string()) })
        }
    }
}
