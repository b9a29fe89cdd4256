//! What the uploader of a chest X-ray hands over, and commits to.

use std::path::Path;

use anyhow::{Context as _, Result};
use medchain_client::{chain::FilmCommitments, crypto::ContentKey};
use medchain_primitives::{RecordId, RecordKind};
use medchain_vision::{Deidentified, Square, MAX_FILE_BYTES};
use zeroize::Zeroizing;

use crate::files;

/// A film that is ready to be encrypted.
pub struct Film {
    /// The file, without what said who the patient is.
    pub bytes: Zeroizing<Vec<u8>>,
    /// As the network sees it.
    pub square: Square,
    /// Names of what was taken out.
    pub removed: Vec<String>,
}

/// Reads and de-identifies a film. Warns of what a person should look at.
pub fn read_film(path: &Path) -> Result<Film> {
    let cannot = || format!("{} cannot be uploaded", path.display());
    let file = Zeroizing::new(files::read(path, "the image", MAX_FILE_BYTES)?);
    let Deidentified { bytes, removed, warnings } =
        medchain_vision::deidentify(&file).with_context(cannot)?;
    let bytes = Zeroizing::new(bytes);
    for warning in warnings {
        eprintln!("warning: {}: {warning}", path.display());
    }
    let square = medchain_vision::square(&bytes).with_context(cannot)?;
    Ok(Film { bytes, square, removed })
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
            eprintln!("warning: no model can run on record {record}, which is no image: {error}");
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_file_is_not_handed_over() {
        let png = medchain_vision::synthetic_radiograph_png(1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.png");
        std::fs::write(&path, [&png, b"Muster^Erika".as_slice()].concat()).unwrap();
        let film = read_film(&path).unwrap();
        assert_eq!(*film.bytes, png);
        assert_eq!(film.removed, ["bytes behind the image"]);
        assert_eq!(film.square, medchain_vision::square(&png).unwrap());
        std::fs::write(&path, b"a letter").unwrap();
        assert!(read_film(&path).is_err());
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
