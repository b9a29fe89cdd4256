//! Transactions on their way that belong to no publication.

use std::fs;

use anyhow::{Context as _, Result};
use medchain_client::chain::Transaction;
use serde::{Deserialize, Serialize};

use super::Journal;
use crate::files;

/// The largest file of a transaction, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// A transaction that was handed over, and of which nobody has said what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// What it is for, such as "revoke the grant".
    pub purpose: String,
    /// The transaction.
    pub transaction: Transaction,
}

impl Journal {
    /// Writes that a transaction is about to be handed over.
    pub fn send(&self, sent: &Sent) -> Result<()> {
        self.make()?;
        let json = serde_json::to_vec_pretty(sent).context("cannot write the journal")?;
        files::write_atomically(&self.path_of(sent), &json, true, true)
    }

    /// Forgets a transaction whose outcome is known.
    pub fn received(&self, sent: &Sent) -> Result<()> {
        match fs::remove_file(self.path_of(sent)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed.context("cannot delete a transaction from the journal"),
        }
    }

    /// The transactions of which nobody has said what became of them, by their nonces.
    pub fn sent(&self) -> Result<Vec<Sent>> {
        let mut all = Vec::new();
        for path in self.files()? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with(&format!("{}sent-", self.prefix())) {
                let bytes = files::read(&path, "the journal's transaction", MAX_BYTES)?;
                let sent = serde_json::from_slice::<Sent>(&bytes)
                    .with_context(|| format!("{} is damaged", path.display()))?;
                all.push(sent);
            }
        }
        all.sort_by_key(|sent| sent.transaction.nonce);
        Ok(all)
    }

    fn path_of(&self, sent: &Sent) -> std::path::PathBuf {
        let hash = hex::encode(sent.transaction.hash.0);
        self.path(&format!("sent-{}", hash.get(..32).unwrap_or(&hash)), "json")
    }
}
