//! What is printed, in a form that can be hashed and attached.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Code, Film, FilmPrinted, Hash, Report, ValuesError};

/// The version of the page's layout: pages of one version and equal values are equal.
pub const LAYOUT: u32 = 1;

/// What separates the hash from others.
const DOMAIN: &[u8] = b"medchain report 1\n";

/// What separates the salt from everything else that follows from a content key.
const SALT_DOMAIN: &[u8] = b"medchain report salt 1\n";

/// The salt of reports on a record, for whoever has its content key: nobody else can guess what
/// is printed from the hash in the page's code.
///
/// SHA-256 of `medchain report salt 1`, a line feed, and the key. It does not tell the key.
pub fn salt(content_key: &[u8; 32]) -> Hash {
    let hasher = Sha256::new().chain_update(SALT_DOMAIN).chain_update(content_key);
    Hash(hasher.finalize().into())
}

/// Everything that a page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Printed {
    /// The version of the layout.
    pub layout: u32,
    /// The words and numbers, each text bounded.
    pub report: Report,
    /// The film; none where it is not shown.
    pub film: Option<FilmPrinted>,
}

/// The file that is attached to the PDF.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// The text of the page's QR code.
    pub code: String,
    /// What is printed.
    pub printed: Printed,
}

impl Printed {
    /// What is printed of a report and a film.
    ///
    /// Texts are put on one line and shortened, and controls replaced.
    ///
    /// # Errors
    /// Where there are more classes, workers or measures than there is room for.
    pub fn new(report: &Report, film: Option<&Film>) -> Result<Self, ValuesError> {
        Ok(Self { layout: LAYOUT, report: report.bounded()?, film: film.map(Film::printed) })
    }

    /// The hash of the printed values: SHA-256 of `medchain report 1`, a line feed, and the
    /// values as JSON, without white space and with the fields in the order of their declaration.
    pub fn hash(&self) -> Hash {
        let hasher = Sha256::new().chain_update(DOMAIN).chain_update(json(self));
        Hash(hasher.finalize().into())
    }

    /// What the page's code binds.
    pub fn code(&self) -> Code {
        let Report { genesis, block, record, model, request, .. } = &self.report;
        Code {
            genesis: *genesis,
            block_number: block.number,
            block_hash: block.hash,
            record: record.id,
            request: request.as_ref().map(|request| request.id),
            receipt: request.as_ref().and_then(|request| request.receipt),
            model: model.as_ref().map(|model| model.sha256),
            printed: self.hash(),
        }
    }
}

impl Attached {
    /// The file's content.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        json(self)
    }
}

/// A value as JSON.
fn json(value: &impl Serialize) -> Vec<u8> {
    // Structures of texts and numbers: there is nothing that could fail.
    serde_json::to_vec(value).unwrap_or_default()
}
