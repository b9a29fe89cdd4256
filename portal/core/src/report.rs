//! Reports on paper, drawn and read by `medchain-report`: the page gathers what they say, as JSON.

use medchain_report::{compare, Card, Film, Printed, Read, Rendered, Report};
use medchain_vision::GreyImage;
use serde_json::{json, Value};

fn words(error: impl core::fmt::Display) -> String {
    error.to_string()
}

fn values(json: &str) -> Result<Report, String> {
    serde_json::from_str(json).map_err(words)
}

fn printable(film: &GreyImage) -> Result<Film, String> {
    Film::new(film.width(), film.height(), film.pixels().to_vec()).map_err(words)
}

/// Draws a report.
///
/// # Errors
/// Where the values are not those of a report, or are more than a page has room for.
pub fn draw(json: &str, film: &GreyImage) -> Result<Rendered, String> {
    medchain_report::render(&values(json)?, Some(&printable(film)?)).map_err(words)
}

/// The numbers of a model card, as JSON; nothing where there are none. `labels` is a list in JSON.
pub fn card(cid: &str, text: &str, labels: &str) -> Option<String> {
    let labels: Vec<String> = serde_json::from_str(labels).ok()?;
    serde_json::to_string(&Card::read(cid, text, &labels)?).ok()
}

/// A report that somebody shows.
pub struct Shown(Read);

impl Shown {
    /// Reads a PDF.
    ///
    /// # Errors
    /// Where it is no report.
    pub fn read(pdf: &[u8]) -> Result<Self, String> {
        medchain_report::read(pdf).map(Self).map_err(words)
    }

    /// Whether nothing is on the page but what its values give.
    pub fn is_as_drawn(&self) -> bool {
        self.0.is_as_drawn()
    }

    /// Whether the page's code is that of its values.
    pub fn has_its_code(&self) -> bool {
        self.0.attached.code == self.0.code().to_string()
    }

    /// What the page claims, as JSON: the report's values.
    pub fn claims(&self) -> Value {
        json!(self.0.printed().report)
    }

    /// Compares what is printed with what the chain says, value by value; `film` where film and
    /// verdict were opened for that.
    ///
    /// # Errors
    /// Where the values are not those of a report.
    pub fn compare(&self, json: &str, film: Option<&GreyImage>) -> Result<Value, String> {
        let film = film.map(printable).transpose()?;
        let film = film.as_ref().map(Film::reduced).transpose().map_err(words)?;
        let chain = Printed::new(&values(json)?, film.as_ref()).map_err(words)?;
        Ok(json!(compare(self.0.printed(), &chain, film.is_some())))
    }
}
