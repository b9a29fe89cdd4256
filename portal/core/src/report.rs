//! Reports on paper, drawn and read by `medchain-report`: the page gathers what they say, as JSON.

use medchain_audit::requests;
use medchain_primitives::{FailureCause, FailureCode, RequestId, RequestStatus};
use medchain_report::{
    compare, compare_code, Card, Code, Film, Outcome, Printed, Read, Rendered, Report,
};
use medchain_vision::GreyImage;
use serde_json::{json, Value};

use crate::kinds::marked;

fn words(error: impl core::fmt::Display) -> String {
    error.to_string()
}

fn values(json: &str) -> Result<Report, String> {
    serde_json::from_str(json).map_err(words)
}

fn printable(film: &GreyImage) -> Result<Film, String> {
    Film::new(film.width(), film.height(), film.pixels().to_vec()).map_err(words)
}

/// What is printed of values and, where it was opened, the film.
fn printed(report: &Report, film: Option<&GreyImage>) -> Result<Printed, String> {
    let film = film.map(printable).transpose()?;
    let film = film.as_ref().map(Film::reduced).transpose().map_err(words)?;
    Printed::new(report, film.as_ref()).map_err(words)
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

/// What came of a request that ended without a verdict, as JSON and in the words of the command
/// line; nothing where it did not, or ended in a way that is not known here.
///
/// The names are those that the chain's metadata gives variants: of the status, of what a failure
/// was caused by, and of what a worker reported; empty where there is none.
pub fn ended(request: u64, status: &str, cause: &str, reported: &str) -> Option<String> {
    let status = match status {
        "Failed" => RequestStatus::Failed { cause: failure(cause, reported)? },
        "Cancelled" => RequestStatus::Cancelled,
        "Expired" => RequestStatus::Expired,
        _ => return None,
    };
    let reason = requests::ended(RequestId(request), status)?;
    serde_json::to_string(&Outcome::Ended { how: requests::state(status).into(), reason }).ok()
}

fn failure(cause: &str, reported: &str) -> Option<FailureCause> {
    Some(match cause {
        "Reported" => {
            // The metadata has Rust's own names.
            let named = |code: &FailureCode| format!("{code:?}") == reported;
            FailureCause::Reported(FailureCode::ALL.into_iter().find(named)?)
        }
        "NotAnswered" => FailureCause::NotAnswered,
        "NotRevealed" => FailureCause::NotRevealed,
        "TooFewWorkers" => FailureCause::TooFewWorkers,
        "NobodyRight" => FailureCause::NobodyRight,
        "NotSettled" => FailureCause::NotSettled,
        _ => return None,
    })
}

/// A report that somebody shows.
pub struct Shown(Read);

impl Shown {
    /// Reads a PDF.
    ///
    /// # Errors
    /// Where it is no report.
    pub fn read(pdf: &[u8]) -> Result<Self, String> {
        medchain_report::read(pdf).map(Self).map_err(|error| marked(&error))
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
        let chain = printed(&values(json)?, film)?;
        Ok(json!(compare(self.0.printed(), &chain, film.is_some())))
    }
}

/// The text of a page's code, without its page.
pub struct Scanned(Code);

impl Scanned {
    /// Reads what a scanner or a person typed.
    ///
    /// # Errors
    /// Where it is no code, or a damaged one.
    pub fn read(text: &str) -> Result<Self, String> {
        text.parse::<Code>().map(Self).map_err(|error| marked(&error))
    }

    /// What the code claims, as JSON.
    pub fn claims(&self) -> Value {
        let Code { genesis, block_number, block_hash, record, request, .. } = &self.0;
        json!({
            "genesis": genesis,
            "block": { "number": block_number, "hash": block_hash },
            "record": record,
            "request": request,
        })
    }

    /// Compares what the code binds with what the chain says; `film` where film and verdict were
    /// opened for that, `is_then` where the state is that of the reported block. `name` is the
    /// patient's, where the paper shows one. Lists as well what the paper must show, where it
    /// could be computed.
    ///
    /// # Errors
    /// Where the values are not those of a report.
    pub fn compare(
        &self,
        json: &str,
        film: Option<&GreyImage>,
        name: Option<&str>,
        is_then: bool,
    ) -> Result<Value, String> {
        let mut report = values(json)?;
        report.record.patient_name = name.map(str::to_owned);
        let chain = printed(&report, film)?;
        let opened = film.is_some();
        let expected = (opened && is_then).then(|| compare(&chain, &chain, true));
        Ok(json!({
            "checks": compare_code(&self.0, &chain, opened, is_then),
            "expected": expected,
        }))
    }
}
