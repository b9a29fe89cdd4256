//! The path of the file that is published, which may name a person: on disk it is sealed to one's
//! own account, and [`FILE`] stands in its place.

use std::path::Path;

use anyhow::{Context as _, Result};
use codec::{Decode as _, Encode as _};
use medchain_client::{
    crypto::{self, ContentKey, EnvelopeName, Sealed},
    keys::Identity,
    store, H256,
};
use medchain_primitives::{Cid, SealedKey};

use super::{Entry, Journal};

/// What stands for the path in what an entry says.
pub const FILE: &str = "<file>";
/// What people read in its place, where it cannot be opened.
const UNNAMED: &str = "a file";

/// The path as it is written down, which leads to the file from any folder.
pub fn written(file: &Path) -> String {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display().to_string()
}

/// A text with the path in its place.
pub(super) fn shown(text: &str, path: Option<&str>) -> String {
    text.replacen(FILE, path.unwrap_or(UNNAMED), 1)
}

/// A path, sealed to its own account: the envelope of a key, and what that key opens, as
/// hexadecimal digits. Its length shows roughly.
pub(super) fn seal(identity: &Identity, genesis: H256, path: &str) -> Result<String> {
    let key = ContentKey::generate();
    let text = crypto::encrypt(&key, &identity.account().0, path.as_bytes())?;
    let cid = store::cid_of(&text);
    let envelope = crypto::seal(&key, &identity.encryption_key(), &name(identity, genesis, &cid))?;
    Ok(hex::encode([envelope.encode(), text].concat()))
}

/// Opens what [`seal`] made.
pub(super) fn open(identity: &Identity, genesis: H256, sealed: &str) -> Result<String> {
    let damaged = "the journal's path of a file is damaged";
    let bytes = hex::decode(sealed).context(damaged)?;
    let mut text = &bytes[..];
    let envelope = SealedKey::decode(&mut text).context(damaged)?;
    let cid = store::cid_of(text);
    let key = identity.encryption_secret().open(&envelope, &name(identity, genesis, &cid))?;
    let path = crypto::decrypt(&key, &identity.account().0, text)?;
    String::from_utf8(path.to_vec()).context(damaged)
}

fn name<'a>(identity: &Identity, genesis: H256, cid: &'a Cid) -> EnvelopeName<'a> {
    let account = identity.account().0;
    let content = Sealed::Record(cid);
    EnvelopeName { genesis: genesis.0, patient: account, content, reader: account }
}

impl Journal {
    /// Opens the paths in entries. Those that were sealed with another key file stay as they are.
    pub fn name_files(&self, identity: &Identity, entries: &mut [Entry]) {
        for entry in entries {
            entry.name_file(identity, self.genesis);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use futures::FutureExt;

    use super::*;
    use crate::journal::Held;

    const GENESIS: H256 = H256([3; 32]);
    const PATH: &str = "/films/Müller, Anna 1950-02-03.png";

    fn begin(identity: &Identity, journal: &Journal) -> Held {
        let tag = journal.tag(&[b"upload", b"film"]).unwrap();
        let mut held = journal.hold(&tag).now_or_never().unwrap().unwrap();
        let key = ContentKey::generate();
        let content = crypto::encrypt(&key, &[1; 32], b"film").unwrap();
        let command = ["upload", FILE, "--patient", "5F"].map(str::to_owned);
        let begun = ("the upload of <file> for 5F", &command[..], Some(PATH));
        held.begin(identity, begun, Some(&key), &[content]).unwrap();
        held
    }

    #[test]
    fn the_path_is_nowhere_in_the_journal_and_its_account_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal"), GENESIS);
        let identity = Identity::open("//Alice", true).unwrap();
        let held = begin(&identity, &journal);
        // Whoever began it knows it.
        assert_eq!(held.entry.as_ref().unwrap().what(), format!("the upload of {PATH} for 5F"));
        let digits = hex::encode("Anna");
        let mut files = 0;
        for file in journal.files().unwrap().iter().filter(|file| file.is_file()) {
            let bytes = fs::read(file).unwrap();
            for part in ["ller", "Anna", "films", ".png", digits.as_str()] {
                let is_there = bytes.windows(part.len()).any(|window| window == part.as_bytes());
                assert!(!is_there, "{part} in {}", file.display());
            }
            files += 1;
        }
        assert!(files >= 2, "an entry and its content");
        let mut entries = journal.entries().unwrap();
        assert_eq!(entries[0].what(), "the upload of a file for 5F");
        assert!(entries[0].is_sealed());
        let other = Identity::open("//Bob", true).unwrap();
        journal.name_files(&other, &mut entries);
        assert!(entries[0].is_sealed());
        journal.name_files(&identity, &mut entries);
        assert!(!entries[0].is_sealed());
        assert_eq!(entries[0].what(), format!("the upload of {PATH} for 5F"));
        assert_eq!(entries[0].command(), ["upload", PATH, "--patient", "5F"]);
        // On another chain, it is somebody else's.
        assert!(open(&identity, H256([4; 32]), &seal(&identity, GENESIS, PATH).unwrap()).is_err());
        assert!(open(&identity, GENESIS, "00ff").is_err());
    }

    #[test]
    fn an_entry_of_an_earlier_version_has_its_path_in_clear() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal"), GENESIS);
        let identity = Identity::open("//Alice", true).unwrap();
        drop(begin(&identity, &journal));
        let files = journal.files().unwrap();
        let file = files.iter().find(|file| file.extension().is_some_and(|end| end == "json"));
        let json = fs::read(file.unwrap()).unwrap();
        let mut json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        json.as_object_mut().unwrap().remove("path");
        json["what"] = "the upload of a.png for 5F".into();
        json["command"][1] = "/films/a.png".into();
        fs::write(file.unwrap(), serde_json::to_vec(&json).unwrap()).unwrap();
        let mut entries = journal.entries().unwrap();
        journal.name_files(&identity, &mut entries);
        assert!(!entries[0].is_sealed());
        assert_eq!(entries[0].what(), "the upload of a.png for 5F");
        assert_eq!(entries[0].command(), ["upload", "/films/a.png", "--patient", "5F"]);
    }
}
