//! The models on chain that take requests, and the workers that can answer.

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{AccessQuestion, Model, ModelStatus, View, WorkerStatus},
    AccountId32,
};
use medchain_primitives::{ModelId, RecordId};

use crate::{context::Context, output::counted, records::Reader};

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

/// Checks that a model has `quorum` workers that the patient's policy allows to infer.
///
/// The chain draws among them; with fewer, the request would fail.
pub async fn ensure_enough(
    view: &View,
    model: ModelId,
    patient: &AccountId32,
    record: Option<RecordId>,
    quorum: u8,
) -> Result<()> {
    let candidates = view.candidates(model).await?;
    if candidates.is_empty() {
        bail!("no worker runs model {model}; see `medchain worker list`");
    }
    let (mut found, mut refused) = (0, Vec::new());
    for worker in candidates {
        match usable(view, model, patient, record, &worker).await? {
            Ok(()) => found += 1,
            Err(why) => refused.push(format!("{worker} ({why})")),
        }
        if found >= quorum {
            return Ok(());
        }
    }
    let others = if refused.is_empty() {
        "no other runs it; give a smaller --quorum where the model allows that".to_owned()
    } else {
        let refused = refused.join(", ");
        format!(
            "not {refused}; the patient allows one with \
             `medchain grant --to WORKER --actions infer`"
        )
    };
    bail!(
        "model {model} needs {} for this, and {found} can be used: {others}",
        counted(quorum, "worker")
    )
}

/// A worker that can be named for a model, and that the patient's policy allows to infer;
/// `of` is the model, the patient and, if there is one already, the record.
pub async fn nameable(
    context: &Context,
    view: &View,
    of: (ModelId, &AccountId32, Option<RecordId>),
    worker: &AccountId32,
) -> Result<Reader> {
    let (model, patient, record) = of;
    let found = view.worker(worker).await?;
    let found = found.with_context(|| {
        format!("{worker} is not registered as a worker; see `medchain worker list`")
    })?;
    if !found.models.contains(&model) {
        bail!("the worker {worker} does not run model {model}; see `medchain worker list`");
    }
    if found.status != WorkerStatus::Active {
        bail!("the worker {worker} is suspended or leaving; see `medchain worker list`");
    }
    if let Err(why) = usable(view, model, patient, record, worker).await? {
        bail!(
            "the worker {worker} cannot be used: {why}; \
             the patient allows it with `medchain grant --to {worker} --actions infer`"
        );
    }
    Reader::find(context, view, worker).await
}

/// Whether a worker can answer, or why it cannot.
async fn usable(
    view: &View,
    model: ModelId,
    patient: &AccountId32,
    record: Option<RecordId>,
    worker: &AccountId32,
) -> Result<Result<(), String>> {
    let asked = view.check_access(patient, worker, AccessQuestion::infer(model, record));
    Ok(match asked.await? {
        Ok(()) if view.encryption_key(worker).await?.is_none() => {
            Err("it has published no encryption key".to_owned())
        }
        Ok(()) => Ok(()),
        Err(denied) => Err(denied.to_string()),
    })
}
