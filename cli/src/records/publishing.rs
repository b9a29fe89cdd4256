//! What every publication does in the world: content into the stores and out of them again,
//! transactions to the chain.

use std::time::{Duration, Instant};

use anyhow::{bail, Context as _, Result};
use async_trait::async_trait;
use medchain_client::{
    chain::{Finality, Record, RecordStatus, View},
    AccountId32, H256,
};
use medchain_primitives::{Cid, RecordId};

use super::Content;
use crate::{
    context::Context,
    journal::{Done, Stores},
};

/// How long a record that was found is waited for until it is final.
const FINAL_LIMIT: Duration = Duration::from_secs(300);
/// How often it is looked for.
const PAUSE: Duration = Duration::from_secs(3);

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

/// What on chain names content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// A record that is not erased, a model, or an archive of logs, whose index it is.
    Named,
    /// This record, which is erased.
    Erased(RecordId),
    /// Nothing.
    Nothing,
}

/// What on chain names this content.
pub async fn naming(view: &View, cid: &Cid) -> Result<Naming> {
    match naming_but_archives(view, cid).await? {
        Naming::Nothing => {
            let archives = view.log_archives().await.context("cannot read the archives of logs")?;
            let is_index = archives.iter().any(|archive| archive.cid == *cid);
            Ok(if is_index { Naming::Named } else { Naming::Nothing })
        }
        found => Ok(found),
    }
}

/// The same without archives of logs: anybody can name any content as an index, which must not keep
/// it from being let go of.
async fn naming_but_archives(view: &View, cid: &Cid) -> Result<Naming> {
    let mut erased = None;
    for (_, record) in view.records_with(cid).await? {
        match view.record(record).await? {
            Some(record) if record.status == RecordStatus::Erased => erased = Some(record.id),
            Some(_) => return Ok(Naming::Named),
            None => {}
        }
    }
    if model_files(view).await?.contains(cid) {
        return Ok(Naming::Named);
    }
    Ok(erased.map_or(Naming::Nothing, Naming::Erased))
}

/// The files of all models, and their cards.
pub async fn model_files(view: &View) -> Result<Vec<Cid>> {
    let models = view.models().await.context("cannot read the models")?;
    Ok(models.into_iter().flat_map(|model| [Some(model.cid), model.card]).flatten().collect())
}

/// Whether a record that is not erased, or a model, names this content.
async fn is_named(view: &View, cid: &Cid) -> Result<bool> {
    Ok(naming_but_archives(view, cid).await? == Naming::Named)
}

/// The newest block that is final for the node.
pub async fn final_height(context: &Context) -> Result<u32> {
    Ok(context.chain().await?.heads().await?.finalised)
}

/// Whether a publication's first number is a record that is not erased and has its content.
pub async fn stands(view: &View, numbers: &[u64], contents: &[Cid]) -> Result<bool> {
    let (Some(number), Some(cid)) = (numbers.first(), contents.first()) else { return Ok(false) };
    let record = view.record(RecordId(*number)).await?;
    Ok(record.is_some_and(|record| record.has(cid)))
}

/// Where the signer's own record of a patient with this content is, although the journal has no
/// transaction that added it; none where there is none. Its content is encrypted under a random
/// key, so no other upload has the same.
///
/// Waits until the record is final, unless the command does not wait for that.
pub async fn added_already(
    context: &Context,
    patient: &AccountId32,
    cid: &Cid,
) -> Result<Option<Done>> {
    let (chain, author) = (context.chain().await?, context.account()?);
    let started = Instant::now();
    loop {
        let Some(record) = own(&chain.best().await?, &author, patient, cid).await? else {
            return Ok(None);
        };
        let lasting = match context.lasting() {
            Finality::Best => Some(record.clone()),
            Finality::Finalised => own(&chain.finalised().await?, &author, patient, cid).await?,
        };
        if let Some(record) = lasting {
            let hash = chain.hash_of(record.added_at).await?;
            return Ok(Some(found(&record, hash.unwrap_or_default())));
        }
        if started.elapsed() > FINAL_LIMIT {
            bail!(
                "record {} has this content, in a block that is not final yet; repeat the command",
                record.id
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The record with this content that `author` added for a patient, unless it was erased.
async fn own(
    view: &View,
    author: &AccountId32,
    patient: &AccountId32,
    cid: &Cid,
) -> Result<Option<Record>> {
    let with = view.records_with(cid).await?;
    let Some((_, id)) = with.into_iter().find(|(of, _)| of == patient) else { return Ok(None) };
    let record = view.record(id).await?;
    Ok(record.filter(|record| is_own(record, author)))
}

/// Whether a record with the same content is the one that `author` began to add: the stores show
/// the CID to others, who may have been faster with it.
fn is_own(record: &Record, author: &AccountId32) -> bool {
    record.author == *author && record.status != RecordStatus::Erased
}

/// A publication of which only the effect was found.
fn found(record: &Record, block_hash: H256) -> Done {
    Done {
        numbers: vec![record.id.0],
        block_hash,
        block_number: record.added_at,
        extrinsic_hash: H256::default(),
        fee: "0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::store;
    use medchain_primitives::{ContentDigest, RecordContent, RecordKind};

    use super::*;

    #[test]
    fn a_record_of_the_same_content_is_ones_own_unless_another_account_added_it() {
        let author = AccountId32([2; 32]);
        let record = Record {
            id: RecordId(9),
            patient: AccountId32([1; 32]),
            author,
            content: RecordContent::kept(store::cid_of(b"film"), ContentDigest([3; 32])),
            kind: RecordKind::ChestXray,
            previous: None,
            added_at: 7,
            status: RecordStatus::Active,
            deposit: 0,
        };
        assert!(is_own(&record, &author));
        assert!(!is_own(&record, &AccountId32([3; 32])));
        assert!(!is_own(&Record { status: RecordStatus::Erased, ..record.clone() }, &author));
        let done = found(&record, H256([4; 32]));
        assert_eq!((done.numbers, done.block_number), (vec![9], 7));
    }
}
