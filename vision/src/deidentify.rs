//! Taking out of an image file what says who the patient is, without changing a grey.
//!
//! A film is encrypted, but its readers and the workers open it, and none of them needs the
//! name. What is taken out is what files say *beside* the picture; letters that are part of
//! the picture stay, and the caller is warned where the file says that there are some.

mod dicom;
mod jpeg;
mod kept;
mod png;
mod profile;
mod writer;

use ::image::{codecs::png::PngEncoder, ExtendedColorType, ImageEncoder as _};

use crate::decode::{decode, format::Format, DecodeError, GreyImage};

pub use profile::{attributes, Attribute};

/// A file without what says who the patient is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deidentified {
    /// The file. It decodes to the same greys.
    pub bytes: Vec<u8>,
    /// Names of what was taken out, never values; each once.
    pub removed: Vec<String>,
    /// What a person should look at before the film is handed on.
    pub warnings: Vec<String>,
}

/// Why a file cannot be de-identified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeidentifyError {
    /// It is not an image that MedChain takes.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Without its metadata it would show another film. Nothing is wrong with the file.
    #[error(
        "its metadata cannot be taken out without changing the film; export it as an 8-bit PNG \
         and hand in that"
    )]
    Changed,
}

/// Takes out what says who the patient is.
///
/// - **PNG**: every chunk that the picture does not need.
/// - **JPEG**: EXIF, XMP, comments, thumbnails, profiles, and what follows the picture. The
///   coded data stay byte for byte.
/// - Both keep their orientation, as the one tag of an EXIF block.
/// - **DICOM**: everything but the attributes that the picture is shown with, which is more
///   than the Basic Application Confidentiality Profile (PS3.15, annex E) asks for.
/// - Other formats become an 8-bit grey PNG.
///
/// The same bytes give the same result.
///
/// # Errors
/// Where the file is not an image that [`decode`] takes, or would show other greys after it.
pub fn deidentify(bytes: &[u8]) -> Result<Deidentified, DeidentifyError> {
    let image = decode(bytes)?;
    let found = match Format::of(bytes) {
        Some(Format::Png) => png::clean(bytes),
        Some(Format::Jpeg) => jpeg::clean(bytes)?,
        Some(Format::Dicom) => dicom::clean(bytes)?,
        _ => redrawn(&image)?,
    };
    // Better no upload than another film.
    match decode(&found.bytes) {
        Ok(after) if after == image => Ok(found),
        _ => Err(DeidentifyError::Changed),
    }
}

/// The greys as a PNG.
fn redrawn(image: &GreyImage) -> Result<Deidentified, DeidentifyError> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(image.pixels(), image.width(), image.height(), ExtendedColorType::L8)
        .map_err(|_| DeidentifyError::Changed)?;
    let removed = vec!["everything but the greys (it is now an 8-bit PNG)".into()];
    Ok(Deidentified { bytes, removed, warnings: Vec::new() })
}

/// Names, each once, in the order in which they came.
#[derive(Default)]
struct Removed(Vec<String>);

impl Removed {
    fn add(&mut self, name: impl Into<String>) {
        let name = name.into();
        if !self.0.contains(&name) {
            self.0.push(name);
        }
    }
}
