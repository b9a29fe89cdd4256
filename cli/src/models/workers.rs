//! The models on chain that take requests, and the workers that run them.

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Model, ModelStatus, View},
    AccountId32,
};
use medchain_primitives::{Action, ModelId, RecordId};

use crate::records::Reader;

/// The model with this number, if it takes requests.
pub async fn active(view: &View, id: ModelId) -> Result<Model> {
    let model = view
        .model(id)
        .await?
        .with_context(|| format!("there is no model {id}; see `medchain model list`"))?;
    if model.status != ModelStatus::Active {
        bail!(
            "model {id} ({} {}) is retired; see `medchain model list`",
            model.name,
            model.version
        );
    }
    Ok(model)
}

/// The workers of a model that the patient's policy allows to infer.
///
/// At least one, or the request would wait for nobody.
pub async fn consented_workers(
    view: &View,
    model: ModelId,
    patient: &AccountId32,
    record: Option<RecordId>,
) -> Result<Vec<Reader>> {
    let workers = view.workers_of(model).await?;
    if workers.is_empty() {
        bail!("no worker runs model {model}; see `medchain worker list`");
    }
    let mut readers = Vec::new();
    let mut refused = Vec::new();
    for worker in workers {
        let account = &worker.account;
        match view.check_access(patient, account, record, Action::Infer, None).await? {
            // A worker without a key must not keep the others from work.
            Ok(()) => match Reader::find_if_published(view, account).await? {
                Some(reader) => readers.push(reader),
                None => refused.push(format!("{account} (it has published no encryption key)")),
            },
            Err(denied) => refused.push(format!("{account} ({denied})")),
        }
    }
    if readers.is_empty() {
        bail!(
            "no worker of model {model} can be used: {}; \
             the patient allows one with `medchain grant --to WORKER --actions infer`",
            refused.join(", ")
        );
    }
    Ok(readers)
}
