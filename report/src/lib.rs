//! A verdict on one page: what the chain and its reader know of a prediction, as a tagged PDF
//! (PDF/UA-1) on A4, and a code that binds the page to the chain.
//!
//! The crate does no IO and asks no clock: [`render`] turns a [`Report`] and a [`Film`] into
//! bytes, and the same input gives the same bytes. [`read()`] takes a page apart again, and
//! [`Read::is_as_drawn`] tells whether it still says what its values say. Comparing the values
//! with the chain is the caller's task.

mod card;
mod code;
mod compare;
mod film;
mod hash;
mod page;
mod pdf;
mod printed;
mod read;
mod text;
mod time;
mod values;

pub use code::{Code, CodeError, CODE_PREFIX};
pub use compare::{compare, compare_code, Check, Finding};
pub use film::{Film, FilmError, FilmPrinted};
pub use hash::Hash;
pub use printed::{salt, Attached, Printed, LAYOUT};
pub use read::{read, Read, ReadError};
pub use text::{percent, NOT_A_DEVICE, UNCERTAIN};
pub use time::{shown as shown_time, Moment};
pub use values::{
    Block, Card, Class, Measure, Model, Outcome, Record, Report, Request, ValuesError, MAX_CLASSES,
    MAX_MEASURES, MAX_WORKERS,
};

use thiserror::Error;

/// Why a report cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// There are more values than the page has room for.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// The film is no picture.
    #[error(transparent)]
    Film(#[from] FilmError),
    /// The page cannot be written: a defect of this crate.
    #[error("the page cannot be written: {0}")]
    Writing(&'static str),
}

/// A report, drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// What the page shows.
    pub printed: Printed,
    /// What the page's code binds.
    pub code: Code,
}

/// Draws a report as a PDF of one page.
///
/// # Errors
/// Where there are more classes, workers or measures than there is room for, or the film is no
/// picture. No text is an error: see [`Printed::new`].
pub fn render(report: &Report, film: Option<&Film>) -> Result<Rendered, ReportError> {
    let film = film.map(Film::reduced).transpose()?;
    let printed = Printed::new(report, film.as_ref())?;
    let (pdf, code) = draw(&printed, film.as_ref())?;
    Ok(Rendered { pdf, printed, code })
}

/// Draws what is printed, with a film that is small enough.
fn draw(printed: &Printed, film: Option<&Film>) -> Result<(Vec<u8>, Code), ReportError> {
    let code = printed.code();
    let page = page::draw(printed, film, &code)?;
    let attached = Attached { code: code.to_string(), printed: printed.clone() };
    let pdf = pdf::write(page, film, &printed.report, &attached.to_json())?;
    Ok((pdf, code))
}

#[cfg(test)]
mod tests;
