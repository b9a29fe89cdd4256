//! Asking the stores to delete the content of an erased record.

use std::time::{Duration, Instant};

use anyhow::{bail, Result};
use medchain_client::{
    chain::{Finality, Record, RecordStatus, View},
    crypto::ContentKey,
    store::Store,
};
use medchain_primitives::{Cid, RecordId};

use super::{opening::opens, publishing::is_of_model};
use crate::{
    certificate::{StoreOutcome, StorePart},
    context::Context,
};

/// How long the block that erased a record is waited for until it is final.
const FINAL_LIMIT: Duration = Duration::from_secs(300);
/// How often it is looked for.
const PAUSE: Duration = Duration::from_secs(3);

/// Asks the stores to delete the content of an erased record, unless it may be another patient's.
/// Returns what they answered, or why none was asked.
///
/// `keys` are those that the signer had before the erasure: none where it was erased earlier.
///
/// Waits until the record is erased for good, unless the command does not wait for that.
pub async fn delete_content(
    context: &Context,
    view: &View,
    record: &Record,
    keys: &[ContentKey],
    even_if_shared: bool,
) -> Result<(Vec<StorePart>, Option<String>)> {
    let store = context.store()?;
    Ok(match kept(context, view, record, keys, even_if_shared).await? {
        Some(why) => (Vec::new(), Some(why)),
        None => {
            wait_until_erased(context, record.id).await?;
            (delete(context, store.as_ref(), &record.cid).await, None)
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

/// Why the content must stay in the stores: a model or a record of another patient has it too.
///
/// Of two records of two patients with the same content, one has a copied CID. If that were a
/// reason to keep the file, anybody could keep it from being deleted; if it were none, whoever
/// copied it could have it deleted by erasing the copy. Which was there first does not tell: the
/// CID may have been copied from the pool. So the file decides, which opens for one patient alone.
async fn kept(
    context: &Context,
    view: &View,
    record: &Record,
    keys: &[ContentKey],
    even_if_shared: bool,
) -> Result<Option<String>> {
    if is_of_model(view, &record.cid).await? {
        return Ok(Some("it is a file of a model, which stays in the stores".into()));
    }
    let other = if even_if_shared { None } else { other_record(view, record).await? };
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

/// A record of another patient that has the same content and is not erased.
async fn other_record(view: &View, record: &Record) -> Result<Option<RecordId>> {
    for (patient, other) in view.records_with(&record.cid).await? {
        if patient == record.patient {
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
