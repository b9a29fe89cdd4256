//! Reports, as JavaScript sees them.

use medchain_vision::GreyImage;
use wasm_bindgen::prelude::*;

use super::{failed, given, Film, Result};
use crate::report;

/// A report on one page, as a PDF: from its values, which are JSON, and the film.
#[wasm_bindgen(js_name = drawReport)]
pub fn draw_report(values: &str, film: &Film) -> Result<Vec<u8>> {
    report::draw(values, &film.0).map(|drawn| drawn.pdf).map_err(failed)
}

/// The numbers of a model card, as JSON, of a model with these labels, a list in JSON; nothing
/// where there are none.
#[wasm_bindgen(js_name = cardNumbers)]
pub fn card_numbers(cid: &str, text: &str, labels: &str) -> Option<String> {
    report::card(cid, text, labels)
}

/// What came of a request that ended without a verdict, as JSON for a report; nothing where that
/// is not known. The names are those of the metadata, empty where there is none.
#[wasm_bindgen(js_name = requestEnded)]
pub fn request_ended(request: u64, status: &str, cause: &str, reported: &str) -> Option<String> {
    report::ended(request, status, cause, reported)
}

/// A report that somebody shows.
#[wasm_bindgen]
pub struct Shown(report::Shown);

#[wasm_bindgen]
impl Shown {
    /// Reads a PDF.
    #[wasm_bindgen(constructor)]
    pub fn new(pdf: &[u8]) -> Result<Shown> {
        report::Shown::read(pdf).map(Self).map_err(failed)
    }

    /// Whether nothing is on the page but what its values give.
    #[wasm_bindgen(getter, js_name = isAsDrawn)]
    pub fn is_as_drawn(&self) -> bool {
        self.0.is_as_drawn()
    }

    /// Whether the page's code is that of its values.
    #[wasm_bindgen(getter, js_name = hasItsCode)]
    pub fn has_its_code(&self) -> bool {
        self.0.has_its_code()
    }

    /// What the page claims, as JSON.
    #[wasm_bindgen(getter)]
    pub fn claims(&self) -> String {
        self.0.claims().to_string()
    }

    /// Compares the page with the chain's values, without film and verdict: a list as JSON.
    #[wasm_bindgen(js_name = compareSealed)]
    pub fn compare_sealed(&self, values: &str) -> Result<String> {
        self.0.compare(values, None).map(|checks| checks.to_string()).map_err(failed)
    }

    /// Compares the page with the chain's values and the film.
    #[wasm_bindgen(js_name = compareOpened)]
    pub fn compare_opened(&self, values: &str, film: &Film) -> Result<String> {
        self.0.compare(values, Some(&film.0)).map(|checks| checks.to_string()).map_err(failed)
    }
}

/// The text of a report's code, without its page.
#[wasm_bindgen]
pub struct Scanned(report::Scanned);

#[wasm_bindgen]
impl Scanned {
    /// Reads what a scanner or a person typed.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str) -> Result<Scanned> {
        report::Scanned::read(text).map(Self).map_err(failed)
    }

    /// What the code claims, as JSON.
    #[wasm_bindgen(getter)]
    pub fn claims(&self) -> String {
        self.0.claims().to_string()
    }

    /// Compares the code with the chain's values, without film and verdict: JSON with `checks`.
    #[wasm_bindgen(js_name = compareSealed)]
    pub fn compare_sealed(&self, values: &str, name: &str, is_then: bool) -> Result<String> {
        self.compare(values, None, name, is_then)
    }

    /// Compares the code with the chain's values and the film: JSON with `checks`, and with
    /// `expected`, what the paper must show. `name` is the patient's, or empty; `is_then` says
    /// whether the values are those of the reported block.
    #[wasm_bindgen(js_name = compareOpened)]
    pub fn compare_opened(
        &self,
        values: &str,
        film: &Film,
        name: &str,
        is_then: bool,
    ) -> Result<String> {
        self.compare(values, Some(&film.0), name, is_then)
    }
}

impl Scanned {
    fn compare(
        &self,
        values: &str,
        film: Option<&GreyImage>,
        name: &str,
        is_then: bool,
    ) -> Result<String> {
        let found = self.0.compare(values, film, given(name), is_then);
        found.map(|found| found.to_string()).map_err(failed)
    }
}
