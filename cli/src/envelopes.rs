//! Content keys: opening the own envelope, sealing to readers and workers.

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Model, ModelStatus, Record, RecordStatus, View},
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{Action, EncryptionKey, ModelId, RecordId, SealedKey};

use crate::{context::Context, custody};

/// A reader and the key that content keys are sealed to.
#[derive(Clone)]
pub struct Reader {
    /// The account.
    pub account: AccountId32,
    /// Its published key.
    pub key: EncryptionKey,
}

impl Reader {
    /// Looks the key of an account up.
    pub async fn find(view: &View, account: &AccountId32) -> Result<Self> {
        Self::find_if_published(view, account).await?.with_context(|| {
            format!(
                "{account} has published no encryption key, so nothing can be sealed to it; \
                 its owner runs `medchain key publish`"
            )
        })
    }

    /// The same, where an account without a key is no mistake.
    pub async fn find_if_published(view: &View, account: &AccountId32) -> Result<Option<Self>> {
        let key = view.encryption_key(account).await?;
        Ok(key.map(|key| Self { account: account.clone(), key }))
    }

    /// Seals a content key to this reader.
    pub fn seal(&self, key: &ContentKey) -> Result<(AccountId32, SealedKey)> {
        let sealed = crypto::seal(key, &self.key)
            .with_context(|| format!("cannot seal the key to {}", self.account))?;
        Ok((self.account.clone(), sealed))
    }
}

/// The record with this number, also when it was erased.
pub async fn record(view: &View, id: u64) -> Result<Record> {
    view.record(RecordId(id)).await?.with_context(|| format!("there is no record {id}"))
}

/// The keys that may open a record for the signer, the likeliest first: that of
/// their own envelope, then what custodians have handed over to them. Whoever may
/// share can seal garbage to somebody; it must not hide what custodians handed over.
///
/// There is at least one key, or an error.
pub async fn keys(context: &Context, view: &View, record: &Record) -> Result<Vec<ContentKey>> {
    let id = record.id;
    if record.status == RecordStatus::Erased {
        bail!("record {id} was erased by its patient: its keys are gone and nobody can open it");
    }
    let identity = context.identity()?;
    let account = identity.account();
    let sealed = view.envelope(id, &account).await?;
    let own = sealed.as_ref().and_then(|sealed| identity.encryption_secret().open(sealed).ok());
    let handed_over = custody::candidates(context, view, record).await;
    let has_own = own.is_some();
    let mut all: Vec<ContentKey> = own.into_iter().collect();
    match handed_over {
        Ok(keys) => all.extend(keys),
        Err(error) if !has_own => return Err(error),
        Err(_) => {}
    }
    if !all.is_empty() {
        return Ok(all);
    }
    if sealed.is_some() {
        bail!("your envelope for record {id} was sealed to another key");
    }
    bail!(
        "{account} has no envelope for record {id}, so its content cannot be opened; \
         ask for access with `medchain request-access {id}`, \
         and somebody who can open it for `medchain share {id} --to {account}`"
    )
}

/// A model that takes requests.
pub async fn active_model(view: &View, id: u32) -> Result<Model> {
    let model = view
        .model(ModelId(id))
        .await?
        .with_context(|| format!("there is no model {id}; see `medchain model list`"))?;
    if model.status != ModelStatus::Active {
        bail!("model {id} ({} {}) is retired", model.name, model.version);
    }
    Ok(model)
}

/// The workers of a model that the patient's policy lets infer. At least one,
/// or the request would wait for nobody.
pub async fn consented_workers(
    view: &View,
    model: ModelId,
    patient: &AccountId32,
    record: Option<RecordId>,
) -> Result<Vec<Reader>> {
    let workers = view.workers_of(model).await?;
    if workers.is_empty() {
        bail!("no worker runs model {}; see `medchain worker list`", model.0);
    }
    let mut readers = Vec::new();
    let mut refused = Vec::new();
    for worker in workers {
        let account = &worker.account;
        match view.check_access(patient, account, record, Action::Infer).await? {
            // One worker that took its key back must not keep the others from work.
            Ok(()) => match Reader::find_if_published(view, account).await? {
                Some(reader) => readers.push(reader),
                None => refused.push(format!("{account} (it has published no encryption key)")),
            },
            Err(denied) => refused.push(format!("{account} ({denied})")),
        }
    }
    if readers.is_empty() {
        bail!(
            "no worker of model {} may infer and be sealed to: {}; \
             the patient allows one with `medchain grant --to WORKER --actions infer`",
            model.0,
            refused.join(", ")
        );
    }
    Ok(readers)
}
