//! Which upload shows which picture: the same one in another file, say exported once more with a
//! new date, is another film to the journal.
//!
//! `<genesis hash>-<tag>.picture` has the tag of the entry. Its own tag is a keyed digest of the
//! patient and of the picture as the network sees it, from which nobody else learns which film
//! it is.

use anyhow::Result;

use super::{Entry, Journal, Stage, Tag};
use crate::files;

/// A tag is far shorter.
const MAX_BYTES: u64 = 1024;

impl Journal {
    /// The upload that shows this picture, where that is another one than `own`, and is on chain or
    /// on its way there.
    pub fn shown_by(&self, picture: &Tag, own: &Tag) -> Result<Option<Entry>> {
        let path = self.path(&picture.0, "picture");
        if !path.exists() {
            return Ok(None);
        }
        let tag = files::read(&path, "the journal's note of a picture", MAX_BYTES)?;
        let tag = String::from_utf8_lossy(&tag).into_owned();
        // Nothing else is read by a name in a file.
        if tag == own.0 || !tag.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let entry = Entry::read(&self.path(&tag, "json"))?;
        Ok(entry.filter(|entry| entry.stage != Stage::Abandoned))
    }

    /// Writes down that the upload `own` shows this picture.
    pub fn shows(&self, picture: &Tag, own: &Tag) -> Result<()> {
        self.make()?;
        files::write_atomically(&self.path(&picture.0, "picture"), own.0.as_bytes(), true, true)
    }
}
