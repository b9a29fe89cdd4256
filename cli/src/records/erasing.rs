//! Asking the stores to delete the content of an erased record.

use std::{
    iter,
    time::{Duration, Instant},
};

use anyhow::{bail, Result};
use medchain_client::{
    chain::{ChainEvent, Finality, Record, RecordStatus, View},
    crypto::{self, ContentKey},
    store::Store,
    AccountId32,
};
use medchain_primitives::{Cid, RecordId};
use serde::Serialize;

use super::{
    opening::{opens, MAX_CIPHERTEXT_BYTES},
    publishing::model_files,
};
use crate::{
    certificate::{StoreOutcome, StorePart},
    context::Context,
};

/// How long the block that erased a record is waited for until it is final.
const FINAL_LIMIT: Duration = Duration::from_secs(300);
/// How often it is looked for.
const PAUSE: Duration = Duration::from_secs(3);

/// What became of content that the stores were to delete.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Deletion {
    /// What each store answered.
    pub stores: Vec<StorePart>,
    /// Why no store was asked; none where stores were, or nothing was to be deleted.
    pub stores_not_asked: Option<String>,
}

impl Deletion {
    /// No store was asked.
    pub fn not_asked(why: impl Into<String>) -> Self {
        Self { stores: Vec::new(), stores_not_asked: Some(why.into()) }
    }

    /// The stores were asked.
    pub fn asked(stores: Vec<StorePart>) -> Self {
        Self { stores, stores_not_asked: None }
    }

    /// A line for each answer, or the reason; `what` was to be deleted.
    pub fn lines(&self, what: &str) -> Vec<String> {
        let refused = self.stores_not_asked.iter();
        let refused = refused.map(|why| format!("no store was asked to delete {what}: {why}"));
        self.stores.iter().map(ToString::to_string).chain(refused).collect()
    }
}

/// The CID of the content of a record, also of an erased one, of which the chain keeps the hash
/// alone; none where nobody here knows it.
///
/// It is looked for in the journal, then in the block that added the record, then in what the
/// stores list. Whatever has that hash is the right one, so none of them is believed.
pub async fn erased_cid(context: &Context, record: &Record) -> Result<Option<Cid>> {
    if let Some(cid) = record.cid() {
        return Ok(Some(cid.clone()));
    }
    // Its folder is beside the key, which whoever repeats an erasure may not have here.
    if let Ok(journal) = context.journal().await
        && let Some(cid) = journal.erased(record.id, &record.content)?
    {
        return Ok(Some(cid));
    }
    if let Some(cid) = in_its_block(context, record).await {
        return Ok(Some(cid));
    }
    let Ok(store) = context.store() else { return Ok(None) };
    let mut listed = store.kept().await.into_iter().filter_map(|kept| kept.cids.ok()).flatten();
    Ok(listed.find(|cid| record.content.is_of(cid)))
}

/// The CID that the event said which added a record; none where the node does not have that event
/// any more.
async fn in_its_block(context: &Context, record: &Record) -> Option<Cid> {
    let events = context.chain().await.ok()?.events_of(record.added_at).await.ok()?;
    let mut cids = events.into_iter().filter_map(|event| match event {
        ChainEvent::RecordAdded { record: added, cid, .. }
        | ChainEvent::RecordAmended { record: added, cid, .. }
            if added == record.id =>
        {
            Some(cid)
        }
        _ => None,
    });
    cids.find(|cid| record.content.is_of(cid))
}

/// Why [`erased_cid`] has none, and the way out.
pub fn nowhere(record: &Record) -> String {
    let Record { id, added_at, .. } = record;
    format!(
        "the chain keeps only the hash of its CID, and neither the journal on this computer, nor \
         block {added_at} on the node, nor the list of a store that answers has the CID; run \
         `medchain erase {id}` on the computer that erased it, or with --node and a node that keeps \
         the states of old blocks, or with --cid and the CID, which your log has (`medchain audit`)"
    )
}

/// Asks the stores to delete the content of an erased record, unless it may be another patient's.
///
/// `record` is as the signer read it, `cid` that of its content, from [`erased_cid`]. `keys` are
/// those that the signer had before the erasure: none where it was erased earlier.
///
/// Waits until the record is erased for good, unless the command does not wait for that.
pub async fn delete_content(
    context: &Context,
    view: &View,
    (record, cid): (&Record, Option<&Cid>),
    keys: &[ContentKey],
    even_if_shared: bool,
) -> Result<Deletion> {
    let Some(cid) = cid else { return Ok(Deletion::not_asked(nowhere(record))) };
    let store = context.store()?;
    let why = match contains_foreign(store.as_ref(), view, &record.patient, cid).await? {
        Some(why) if why.is_final => Some(why.text),
        Some(why) if !even_if_shared => Some(format!(
            "{}; to have both deleted all the same, add --even-if-shared to `medchain erase {}`",
            why.text, record.id
        )),
        _ => kept(context, view, (record, cid), keys, even_if_shared).await?,
    };
    Ok(match why {
        Some(why) => Deletion::not_asked(why),
        None => {
            wait_until_erased(context, record.id).await?;
            Deletion::asked(delete(context, store.as_ref(), cid).await)
        }
    })
}

/// Waits until the block that erased a record is final: a fork could bring the record back, but
/// not its content.
async fn wait_until_erased(context: &Context, id: RecordId) -> Result<()> {
    if context.lasting() == Finality::Best {
        return Ok(());
    }
    let (chain, started) = (context.chain().await?, Instant::now());
    loop {
        let record = chain.finalised().await?.record(id).await?;
        if record.is_some_and(|record| record.status == RecordStatus::Erased) {
            return Ok(());
        }
        if started.elapsed() > FINAL_LIMIT {
            bail!("the block that erased record {id} is not final yet; repeat the command");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Why content must stay in the stores.
pub struct Foreign {
    /// In words.
    pub text: String,
    /// Whether nobody may have it deleted all the same.
    pub is_final: bool,
}

/// Why a patient's content must stay in the stores because of what would go with it: the file of a
/// model, or of a record of another patient.
///
/// The maker of a tree of blocks can link to the content of others, and a folder, which has no
/// pins, deletes that with the tree.
pub async fn contains_foreign(
    store: &dyn Store,
    view: &View,
    patient: &AccountId32,
    cid: &Cid,
) -> Result<Option<Foreign>> {
    let parts = store.goes_with(cid).await;
    let models = model_files(view).await?;
    if iter::once(cid).chain(&parts).any(|cid| models.contains(cid)) {
        let text = "it is a file of a model, or contains one, which stays in the stores".into();
        return Ok(Some(Foreign { text, is_final: true }));
    }
    for part in &parts {
        let other = other_record(view, patient, part).await?;
        if let Some(other) = other
            && is_whole_file(store, part).await
        {
            let text = format!(
                "the file contains that of record {other} of another patient, which would go with it"
            );
            return Ok(Some(Foreign { text, is_final: false }));
        }
    }
    Ok(None)
}

/// Whether this is an encrypted file, and not a piece of one: whoever made a record of a piece of
/// another patient's film could otherwise keep that from being deleted.
///
/// A piece does not begin as a file does, or has a length that no file has.
async fn is_whole_file(store: &dyn Store, cid: &Cid) -> bool {
    let Ok(bytes) = store.get(cid, MAX_CIPHERTEXT_BYTES).await else { return false };
    let length = bytes.len() as u64;
    let content = length.checked_sub(crypto::encrypted_length(0));
    crypto::file_header(&bytes).is_ok()
        && content.is_some_and(|content| crypto::encrypted_length(content) == length)
}

/// Why the content must stay in the stores: a record of another patient has it too.
///
/// Of two records of two patients with the same content, one has a copied CID. If that were a
/// reason to keep the file, anybody could keep it from being deleted; if it were none, whoever
/// copied it could have it deleted by erasing the copy. Which was there first does not tell: the
/// CID may have been copied from the pool. So the file decides, which opens for one patient alone.
async fn kept(
    context: &Context,
    view: &View,
    (record, cid): (&Record, &Cid),
    keys: &[ContentKey],
    even_if_shared: bool,
) -> Result<Option<String>> {
    let other = match even_if_shared {
        true => None,
        false => other_record(view, &record.patient, cid).await?,
    };
    let Some(other) = other else { return Ok(None) };
    if opens(context, record, keys).await {
        return Ok(None);
    }
    Ok(Some(format!(
        "record {other} of another patient has the same content, and no key of yours showed that \
         the file is yours; if the file is yours, add --even-if-shared to `medchain erase {}`",
        record.id
    )))
}

/// A record of another patient that has this content and is not erased.
async fn other_record(view: &View, patient: &AccountId32, cid: &Cid) -> Result<Option<RecordId>> {
    for (owner, other) in view.records_with(cid).await? {
        if owner == *patient {
            continue;
        }
        let found = view.record(other).await?;
        if found.is_some_and(|found| found.status != RecordStatus::Erased) {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// Asks the stores to delete the content.
async fn delete(context: &Context, store: &dyn Store, cid: &Cid) -> Vec<StorePart> {
    let step = context.progress.step("Asking the stores to delete the encrypted file");
    let answers: Vec<StorePart> = store.unpin(cid).await.into_iter().map(StorePart::from).collect();
    drop(step);
    let failed: Vec<String> = answers
        .iter()
        .filter(|answer| answer.outcome == StoreOutcome::Failed)
        .map(|answer| format!("{}: {}", answer.store, answer.reason.as_deref().unwrap_or_default()))
        .collect();
    if !failed.is_empty() {
        crate::output::tell!(
            "warning: the encrypted file may still be in a store; run the same command again \
             to ask once more: {}",
            failed.join("; ")
        );
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_is_what_each_store_answered_or_why_none_was_asked() {
        let (store, at) = ("ipfs".to_owned(), "2026-11-29T00:00:00.000Z".to_owned());
        let answer = StorePart { store, outcome: StoreOutcome::Deleted, reason: None, at };
        let asked = Deletion::asked(vec![answer.clone()]);
        assert_eq!(asked.lines("the film"), [answer.to_string()]);
        let not_asked = Deletion::not_asked("it is kept");
        assert_eq!(
            not_asked.lines("the film"),
            ["no store was asked to delete the film: it is kept"]
        );
        assert!(Deletion::default().lines("the film").is_empty());
        // Reports have both among their own fields.
        let json = serde_json::to_value(not_asked).unwrap();
        assert_eq!(json, serde_json::json!({ "stores": [], "stores_not_asked": "it is kept" }));
    }
}
