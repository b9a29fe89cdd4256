//! Records: their content, their keys and the accounts that can open them.

mod content;
mod custody;
mod erasing;
mod film;
mod keys;
mod opening;
mod profile;
mod publishing;
mod readers;
mod requests;
mod summary;

use anyhow::{Context as _, Result};
use medchain_client::chain::{Record, View};
use medchain_primitives::{Document, RecordId};

pub use content::{fetch_content, Content};
pub use custody::{entrust, handed_over, wait, Delivered, DELIVERY_LIMIT};
pub use erasing::{delete_content, erased_cid, nowhere, Deletion};
pub use film::{commitments, film_of, Film};
pub use keys::keys;
pub use opening::{ciphertext, key, open, FetchTimings};
pub use profile::{
    delete_profile, is_own_profile, open_profile, read_profile, send_with_profile,
    sign_with_profile, MAX_SEALED_PROFILE_BYTES,
};
pub use publishing::{added_already, final_height, let_go, naming, put, stands, LetGo, Naming};
pub use readers::{EnvelopesOf, Reader};
pub use requests::Requests;
pub use summary::RecordSummary;

/// The record with this number, also when it was erased.
pub async fn find(view: &View, id: RecordId) -> Result<Record> {
    view.record(id)
        .await?
        .with_context(|| format!("there is no record {id}; see `medchain records`"))
}

/// Where the content of a record is; an error where it was erased.
pub fn document(record: &Record) -> Result<&Document> {
    record.content.document().with_context(|| {
        format!("record {} was erased by its patient: the chain does not know its CID", record.id)
    })
}
