//! What every publication does in the world: content into the stores and out of them again,
//! transactions to the chain.

use anyhow::{bail, Context as _, Result};
use async_trait::async_trait;
use medchain_client::chain::{Record, RecordStatus, View};
use medchain_primitives::{Cid, RecordId};

use super::Content;
use crate::{context::Context, journal::Stores};

/// The stores of a command that publishes nothing.
pub struct LetGo<'a>(pub &'a Context);

#[async_trait]
impl Stores for LetGo<'_> {
    async fn let_go(&mut self, cid: &Cid) -> Result<()> {
        let_go(self.0, cid).await
    }
}

/// Stores content; returns the stores that have it, as text.
pub async fn put(context: &Context, bytes: &[u8]) -> Result<String> {
    Content::new(bytes.to_vec()).put(context).await
}

/// Asks the stores to let go of content that nothing on chain names. What something names
/// stays, which is no error.
pub async fn let_go(context: &Context, cid: &Cid) -> Result<()> {
    let view = context.chain().await?.best().await?;
    if is_named(&view, cid).await? {
        return Ok(());
    }
    let step = context.progress.step("Asking the stores to let go of the content");
    let answers = context.store()?.unpin(cid).await;
    drop(step);
    let failed: Vec<String> = answers
        .into_iter()
        .filter_map(|answer| Some(format!("{}: {}", answer.store, answer.outcome.err()?.cause())))
        .collect();
    if !failed.is_empty() {
        bail!("the content may still be in a store: {}", failed.join("; "));
    }
    Ok(())
}

/// Whether a record that is not erased, or a model, names this content.
pub async fn is_named(view: &View, cid: &Cid) -> Result<bool> {
    for (_, record) in view.records_with(cid).await? {
        let record = view.record(record).await?;
        if record.is_some_and(|record| record.status != RecordStatus::Erased) {
            return Ok(true);
        }
    }
    let models = view.models().await.context("cannot read the models")?;
    Ok(models.iter().any(|model| model.cid == *cid || model.card.as_ref() == Some(cid)))
}

/// Whether a publication's first number is a record that is not erased and has its content.
pub async fn stands(view: &View, numbers: &[u64], contents: &[Cid]) -> Result<bool> {
    let (Some(number), Some(cid)) = (numbers.first(), contents.first()) else { return Ok(false) };
    let record = view.record(RecordId(*number)).await?;
    let is_it = |record: &Record| record.cid == *cid && record.status != RecordStatus::Erased;
    Ok(record.as_ref().is_some_and(is_it))
}
