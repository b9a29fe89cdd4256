//! Asking the stores to delete the content of an erased record.

use std::time::{Duration, Instant};

use anyhow::{bail, Result};
use medchain_client::{
    chain::{Finality, Record, RecordStatus, View},
    store::Store,
};
use medchain_primitives::RecordId;

use crate::{
    certificate::{StoreOutcome, StorePart},
    context::Context,
};

/// How long the block that erased a record is waited for until it is final.
const FINAL_LIMIT: Duration = Duration::from_secs(300);
/// How often it is looked for.
const PAUSE: Duration = Duration::from_secs(3);

/// Asks the stores to delete the content of an erased record, unless another record has it too.
/// Returns what they answered, or why none was asked.
///
/// Waits until the record is erased for good, unless the command does not wait for that.
pub async fn delete_content(
    context: &Context,
    view: &View,
    record: &Record,
    even_if_shared: bool,
) -> Result<(Vec<StorePart>, Option<String>)> {
    let store = context.store()?;
    Ok(match kept(view, record, even_if_shared).await? {
        Some(why) => (Vec::new(), Some(why)),
        None => {
            wait_until_erased(context, record.id).await?;
            (delete(context, store.as_ref(), record).await, None)
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

/// Why the content must stay in the stores: an earlier record of another patient has it too.
///
/// A record of another patient with the same content has a copied CID. If that were a reason to
/// keep the file, anybody could keep it from being deleted; if it were none, whoever copied it
/// could have it deleted by erasing the copy. So the record that was there first decides.
async fn kept(view: &View, record: &Record, even_if_shared: bool) -> Result<Option<String>> {
    if even_if_shared {
        return Ok(None);
    }
    for (patient, other) in view.records_with(&record.cid).await? {
        let earlier = patient != record.patient && other < record.id;
        let first = if earlier { view.record(other).await? } else { None };
        if first.is_some_and(|first| first.status != RecordStatus::Erased) {
            return Ok(Some(format!(
                "record {other} of another patient had the same content before; if the file is \
                 yours, add --even-if-shared"
            )));
        }
    }
    Ok(None)
}

/// Asks the stores to delete the content.
async fn delete(context: &Context, store: &dyn Store, record: &Record) -> Vec<StorePart> {
    let step = context.progress.step("Asking the stores to delete the encrypted file");
    let answers: Vec<StorePart> =
        store.unpin(&record.cid).await.into_iter().map(StorePart::from).collect();
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
