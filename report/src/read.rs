//! Taking a page apart again.

use hayro_syntax::{
    object::{Array, Dict, Name, Stream, String as PdfString},
    Filter, Pdf,
};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use thiserror::Error;

use crate::{draw, film::MAX_SIDE, pdf, Attached, Code, Film, Printed, LAYOUT};

/// The largest attached file that is read, in bytes.
const MAX_ATTACHED: usize = 256 * 1024;

/// Why a file is no report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It cannot be read as a PDF.
    #[error("it is not a PDF, or a damaged one")]
    NotAPdf,
    /// It has no values attached.
    #[error(
        "it has no values of a MedChain report attached, as after being printed to a new file; \
         scan the page's code and give its text instead"
    )]
    NoValues,
    /// The attached values cannot be read.
    #[error("the attached values cannot be read: {0}")]
    BadValues(String),
}

/// A report that was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The values that are attached.
    pub attached: Attached,
    film: Option<Film>,
    pages: usize,
    pdf: Vec<u8>,
}

/// Reads a report's PDF.
///
/// What it says is a claim of whoever made the file: see [`Read::is_as_drawn`].
///
/// # Errors
/// Where it is no PDF, or has no values attached.
pub fn read(bytes: &[u8]) -> Result<Read, ReadError> {
    let file = Pdf::new(bytes.to_vec()).map_err(|_| ReadError::NotAPdf)?;
    let json = attachment(&file).ok_or(ReadError::NoValues)?;
    let bad = |why: String| ReadError::BadValues(why);
    if json.len() > MAX_ATTACHED {
        return Err(bad("there are too many".into()));
    }
    let value: serde_json::Value =
        serde_json::from_slice(&json).map_err(|error| bad(error.to_string()))?;
    let layout = value.pointer("/printed/layout").and_then(serde_json::Value::as_u64);
    if layout != Some(LAYOUT.into()) {
        return Err(bad(format!(
            "the page has layout {}, and this program knows layout {LAYOUT}; use the program that \
             made the page, or a newer one",
            layout.map_or("of no version".to_owned(), |layout| layout.to_string())
        )));
    }
    let attached = serde_json::from_slice(&json).map_err(|error| bad(error.to_string()))?;
    let (film, pages) = (film(&file), file.pages().len());
    Ok(Read { attached, film, pages, pdf: bytes.to_vec() })
}

impl Read {
    /// What is printed, as the attached values say.
    pub fn printed(&self) -> &Printed {
        &self.attached.printed
    }

    /// The code that belongs to these values.
    pub fn code(&self) -> Code {
        self.printed().code()
    }

    /// Whether the page is, byte for byte, what this program draws of its values and its film:
    /// then nothing else is printed on it, and its code is that of the values.
    pub fn is_as_drawn(&self) -> bool {
        let printed = self.printed();
        let again = Printed::new(&printed.report, self.film.as_ref());
        self.pages == 1
            && again.as_ref() == Ok(printed)
            && draw(printed, self.film.as_ref()).is_ok_and(|(pdf, _)| pdf == self.pdf)
    }
}

/// The attached values.
fn attachment(file: &Pdf) -> Option<Vec<u8>> {
    let catalog: Dict = file.xref().get(file.xref().root_id())?;
    let names: Dict = catalog.get("Names")?;
    let files: Dict = names.get("EmbeddedFiles")?;
    let pairs: Array = files.get("Names")?;
    let mut pairs = pairs.flex_iter();
    while let (Some(name), Some(spec)) = (pairs.next::<PdfString>(), pairs.next::<Dict>()) {
        if name.as_bytes() == pdf::ATTACHMENT.as_bytes() {
            let content: Dict = spec.get("EF")?;
            let content: Stream = content.get("F")?;
            // Not compressed, as it was written: a few bytes could stand for any number of them.
            return content.filters().is_empty().then(|| content.raw_data().to_vec());
        }
    }
    None
}

/// The film on the first page.
fn film(file: &Pdf) -> Option<Film> {
    let catalog: Dict = file.xref().get(file.xref().root_id())?;
    let pages: Dict = catalog.get("Pages")?;
    let page = pages.get::<Array>("Kids")?.iter::<Dict>().next()?;
    let pictures: Dict = page.get::<Dict>("Resources")?.get("XObject")?;
    let picture: Stream = pictures.get(pdf::FILM.0)?;
    let about = picture.dict();
    let side = |key: &str| {
        let side = u32::try_from(about.get::<i32>(key)?).ok()?;
        (side <= MAX_SIDE).then_some(side)
    };
    let (width, height) = (side("Width")?, side("Height")?);
    let is_grey = about.get::<Name>("ColorSpace").is_some_and(|name| &*name == b"DeviceGray");
    let is_flate = *picture.filters() == [Filter::FlateDecode];
    let limit = usize::try_from(u64::from(width) * u64::from(height)).ok()?;
    let grey = (is_grey && is_flate)
        .then(|| decompress_to_vec_zlib_with_limit(&picture.raw_data(), limit).ok())??;
    Film::new(width, height, grey).ok()
}
