//! What the uploader of a chest X-ray hands over, and commits to.

use std::path::Path;

use anyhow::{Context as _, Result};
use medchain_client::{chain::FilmCommitments, crypto::ContentKey};
use medchain_primitives::{RecordId, RecordKind};
use medchain_vision::{Deidentified, Square};
use zeroize::Zeroizing;

/// A file that is ready to be encrypted.
pub struct Film {
    /// The file; of a chest X-ray, without what said who the patient is.
    pub bytes: Zeroizing<Vec<u8>>,
    /// As the network sees it; none where it is no chest X-ray, so that no model runs on it.
    pub square: Option<Square>,
    /// Names of what was taken out.
    pub removed: Vec<String>,
}

impl Film {
    /// De-identifies the file of a chest X-ray, and takes any other kind of file as it is. Warns
    /// of what a person should look at.
    pub fn of(path: &Path, kind: RecordKind, file: Zeroizing<Vec<u8>>) -> Result<Self> {
        if kind != RecordKind::ChestXray {
            return Ok(Self { bytes: file, square: None, removed: Vec::new() });
        }
        let Deidentified { bytes, removed, warnings } =
            medchain_vision::deidentify(&file).with_context(|| cannot(path))?;
        for warning in warnings {
            crate::output::tell!("warning: {}: {warning}", path.display());
        }
        Ok(Self { removed, ..Self::cleaned_before(path, kind, Zeroizing::new(bytes))? })
    }

    /// A file that was de-identified by an earlier command.
    pub fn cleaned_before(
        path: &Path,
        kind: RecordKind,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<Self> {
        let square = match kind {
            RecordKind::ChestXray => {
                Some(medchain_vision::square(&bytes).with_context(|| cannot(path))?)
            }
            _ => None,
        };
        Ok(Self { bytes, square, removed: Vec::new() })
    }
}

fn cannot(path: &Path) -> String {
    format!("{} cannot be uploaded", path.display())
}

/// The commitments to a film that is encrypted under `key`.
pub fn commitments(key: &ContentKey, film: &Square) -> Result<FilmCommitments> {
    key.commitments(film.as_ref()).context("the film's square has the wrong size")
}

/// The square of a record's content; none where it is no chest X-ray.
///
/// Nor where somebody else uploaded as an X-ray what is no image: no model can run on it,
/// but its key must still change hands. Warns of that.
pub fn film_of(record: RecordId, kind: RecordKind, bytes: &[u8]) -> Option<Square> {
    if kind != RecordKind::ChestXray {
        return None;
    }
    medchain_vision::square(bytes)
        .inspect_err(|error| {
            crate::output::tell!(
                "warning: no model can run on record {record}, which is no image: {error}"
            );
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_file_is_not_handed_over() {
        let png = medchain_vision::synthetic_radiograph_png(1);
        let path = Path::new("film.png");
        let of = |kind, bytes: &[u8]| Film::of(path, kind, Zeroizing::new(bytes.to_vec()));
        let named = [&png, b"Muster^Erika".as_slice()].concat();
        let film = of(RecordKind::ChestXray, &named).unwrap();
        assert_eq!(*film.bytes, png);
        assert_eq!(film.removed, ["bytes behind the image"]);
        assert_eq!(film.square, Some(medchain_vision::square(&png).unwrap()));
        assert!(of(RecordKind::ChestXray, b"a letter").is_err());
        // A report is what its author wrote.
        let report = of(RecordKind::Report, &named).unwrap();
        assert_eq!(*report.bytes, named);
        assert_eq!(report.square, None);
    }

    #[test]
    fn a_film_has_a_square_and_what_is_none_has_not() {
        let png = medchain_vision::synthetic_radiograph_png(1);
        let of = |kind, bytes: &[u8]| film_of(RecordId(0), kind, bytes);
        let film = of(RecordKind::ChestXray, &png).unwrap();
        assert_eq!(of(RecordKind::ChestXray, b"a letter"), None);
        assert_eq!(of(RecordKind::Report, &png), None);
        let (one, other) = (ContentKey::from_bytes([1; 32]), ContentKey::from_bytes([2; 32]));
        let committed = commitments(&one, &film).unwrap();
        assert_eq!(committed, commitments(&one, &film).unwrap());
        let under_another = commitments(&other, &film).unwrap();
        assert_ne!(committed.input_root, under_another.input_root);
        assert_ne!(committed.verdicts, under_another.verdicts);
    }
}
