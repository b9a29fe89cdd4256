//! DICOM files: one projection radiograph, as a workstation shows it first.
//!
//! What is read here is read with bounds of our own: a length in a file never decides what
//! is allocated before it was compared with the bytes that are there, and sequences nest to
//! a limit (`docs/adr/0030-hospital-files.md`).

pub(crate) mod dataset;
mod display;
pub(crate) mod file;
pub(crate) mod header;
pub(crate) mod pixels;
mod rle;
pub(crate) mod syntax;

use super::{DecodeError, GreyImage};

use file::Parts;
use header::Header;

pub(crate) use file::is_dicom;

pub(crate) const FORMAT: &str = "DICOM";
pub(crate) const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// Decodes a DICOM file to greys.
pub(super) fn decode(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    let parts = Parts::read(bytes)?;
    let elements = parts.elements()?;
    let header = Header::read(&elements, parts.is_big_endian())?;
    let content = pixels::read(&elements, &header, &parts)?;
    display::show(&header, content)
}

pub(crate) fn corrupt(reason: &str) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, reason: reason.into() }
}

pub(crate) fn unsupported(reason: impl Into<String>) -> DecodeError {
    DecodeError::Unsupported { format: FORMAT, reason: reason.into() }
}
