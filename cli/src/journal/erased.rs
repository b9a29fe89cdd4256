//! Where the content of records is that this account erases. The chain forgets it with the erasure,
//! so it is written down before: what a store has not deleted then is found again, and a
//! certificate can be made later.

use anyhow::Result;
use medchain_primitives::{Cid, RecordContent, RecordId};

use super::Journal;
use crate::files;

/// The largest note, in bytes: more than a CID has.
const MAX_BYTES: u64 = 1024;

impl Journal {
    /// Writes where the content of a record is that is about to be erased.
    pub fn erase(&self, record: RecordId, cid: &Cid) -> Result<()> {
        self.make()?;
        files::write_atomically(&self.path_of_erased(record), cid.as_bytes(), true, true)
    }

    /// Where the content of an erased record was, if this journal says so. What does not have the
    /// hash that the chain keeps is damaged, or of another record.
    pub fn erased(&self, record: RecordId, content: &RecordContent) -> Result<Option<Cid>> {
        let path = self.path_of_erased(record);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = files::read(&path, "the journal's note of an erased record", MAX_BYTES)?;
        Ok(Cid::parse(&bytes).ok().filter(|cid| content.is_of(cid)))
    }

    fn path_of_erased(&self, record: RecordId) -> std::path::PathBuf {
        self.path(&format!("erased-{record}"), "cid")
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::{store::cid_of, H256};

    use super::*;

    #[test]
    fn what_was_erased_is_found_again_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal"), H256([3; 32]));
        let (film, other) = (cid_of(b"film"), cid_of(b"another film"));
        let erased = RecordContent::Erased(film.hashed());
        assert_eq!(journal.erased(RecordId(7), &erased).unwrap(), None);
        journal.erase(RecordId(7), &film).unwrap();
        journal.erase(RecordId(8), &other).unwrap();
        assert_eq!(journal.erased(RecordId(7), &erased).unwrap(), Some(film.clone()));
        // A note for a record that has another content now, as on a chain that began again.
        assert_eq!(journal.erased(RecordId(8), &erased).unwrap(), None);
        let elsewhere = Journal::at(folder.path().join("journal"), H256([4; 32]));
        assert_eq!(elsewhere.erased(RecordId(7), &erased).unwrap(), None);
        // It is no publication, and tidying leaves it where it is.
        assert!(journal.entries().unwrap().is_empty() && journal.sent().unwrap().is_empty());
        journal.tidy().unwrap();
        assert_eq!(journal.erased(RecordId(7), &erased).unwrap(), Some(film.clone()));
        std::fs::write(journal.path_of_erased(RecordId(7)), b"damaged").unwrap();
        assert_eq!(journal.erased(RecordId(7), &erased).unwrap(), None);
        // The same command writes it again.
        journal.erase(RecordId(7), &film).unwrap();
        assert_eq!(journal.erased(RecordId(7), &erased).unwrap(), Some(film));
    }
}
