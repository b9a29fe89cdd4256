//! Warns of a film whose picture was uploaded before, in another file: it may be the same film,
//! exported once more.

use std::path::Path;

use anyhow::Result;
use medchain_client::{keys::Identity, AccountId32};
use medchain_vision::Square;

use crate::{
    journal::{Entry, Journal, Stage, Tag},
    output,
};

/// Warns where another upload for this patient shows the same picture, and else writes down that
/// the upload `own` of `file` does.
pub(super) fn warn_or_note(
    journal: &Journal,
    identity: &Identity,
    (patient, square): (&AccountId32, &Square),
    own: &Tag,
    file: &Path,
) -> Result<()> {
    let picture = journal.tag(&[b"picture", &patient.0, square.as_ref()])?;
    // A damaged note is no reason to refuse.
    match journal.shown_by(&picture, own).unwrap_or_default() {
        Some(mut entry) => {
            journal.name_files(identity, std::slice::from_mut(&mut entry));
            output::tell!("{}", warning(file, &entry));
        }
        None => journal.shows(&picture, own)?,
    }
    Ok(())
}

fn warning(file: &Path, before: &Entry) -> String {
    let record = match &before.stage {
        Stage::Done(done) => {
            done.numbers.first().map(|number| format!(", which is record {number}"))
        }
        _ => None,
    };
    format!(
        "warning: {} shows the same picture as {}{}; it becomes another record",
        file.display(),
        before.what(),
        record.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use medchain_client::{chain::TxOutcome, crypto::ContentKey, H256};
    use medchain_vision::{square, synthetic_radiograph_png};

    use super::*;
    use crate::journal::Done;

    #[test]
    fn the_first_upload_of_a_picture_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal"), H256([3; 32]));
        let identity = Identity::open("//Alice", true).unwrap();
        let (patient, other) = (AccountId32([1; 32]), AccountId32([2; 32]));
        let film = square(&synthetic_radiograph_png(1)).unwrap();
        let [first, second] = ["one", "two"].map(|name| journal.tag(&[name.as_bytes()]).unwrap());
        let file = Path::new("film.png");
        let noted = |patient: &AccountId32, own: &Tag| {
            warn_or_note(&journal, &identity, (patient, &film), own, file).unwrap();
            let picture = journal.tag(&[b"picture", &patient.0, film.as_ref()]).unwrap();
            let mut shown =
                journal.shown_by(&picture, &journal.tag(&[b"nobody"]).unwrap()).unwrap();
            journal.name_files(&identity, shown.as_mut_slice());
            shown
        };
        // Noted, and not begun yet.
        assert_eq!(noted(&patient, &first), None);
        let mut held = journal.hold(&first).now_or_never().unwrap().unwrap();
        let content = [b"film".to_vec()];
        let command: [String; 0] = [];
        let begun = ("the upload of <file>", &command[..], Some("old.png"));
        held.begin(&identity, begun, None::<&ContentKey>, &content).unwrap();
        // The second one is warned of, and does not take the place of the first.
        let before = noted(&patient, &second).unwrap();
        assert_eq!(before.name(), first);
        assert!(warning(file, &before).contains("same picture as the upload of old.png; it"));
        let outcome = TxOutcome {
            block_hash: H256([1; 32]),
            block_number: 1,
            extrinsic_hash: H256([2; 32]),
            fee: 1,
            events: Vec::new(),
        };
        held.finish(Done::new(&outcome, vec![7])).unwrap();
        let before = noted(&patient, &second).unwrap();
        assert!(warning(file, &before).contains("old.png, which is record 7; it"));
        // The same picture of somebody else is another film.
        assert_eq!(noted(&other, &second), None);
    }
}
