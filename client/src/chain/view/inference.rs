//! Models, workers, requests and predictions.

use std::collections::{BTreeMap, BTreeSet};

use codec::DecodeAll;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_primitives::{FailureCode, Label, ModelId, RecordId, RequestId};
use subxt::utils::Static;

use super::{View, AT_ONCE};
use crate::{
    chain::{
        event::text, fields::Fields, items::StorageItem, ChainError, Model, Prediction, Request,
        Worker,
    },
    AccountId32,
};

impl View {
    /// A model.
    pub async fn model(&self, id: ModelId) -> Result<Option<Model>, ChainError> {
        let fields = self.fields(StorageItem::MODELS, (Static(id),)).await?;
        fields.map(|fields| model(id, &fields)).transpose()
    }

    /// Every model, retired ones included, in the order of their numbers.
    pub async fn models(&self) -> Result<Vec<Model>, ChainError> {
        let entries = self.entries::<(Static<ModelId>,), _>(StorageItem::MODELS, ()).await?;
        let mut models = Vec::new();
        for ((id,), value) in entries {
            models.push(model(id.0, &value.fields(StorageItem::MODELS, self)?)?);
        }
        models.sort_unstable_by_key(|model| model.id);
        Ok(models)
    }

    /// A worker.
    pub async fn worker(&self, account: &AccountId32) -> Result<Option<Worker>, ChainError> {
        let fields = self.fields(StorageItem::WORKERS, (*account,)).await?;
        fields.map(|fields| worker(*account, &fields)).transpose()
    }

    /// Every worker.
    pub async fn workers(&self) -> Result<Vec<Worker>, ChainError> {
        let entries = self.entries::<(AccountId32,), _>(StorageItem::WORKERS, ()).await?;
        let mut workers = Vec::new();
        for ((account,), value) in entries {
            let fields = value.fields(StorageItem::WORKERS, self)?;
            workers.push(worker(account, &fields)?);
        }
        workers.sort_unstable_by_key(|worker| worker.account);
        Ok(workers)
    }

    /// Every worker that runs a model.
    pub async fn workers_of(&self, model: ModelId) -> Result<Vec<Worker>, ChainError> {
        let mut workers = self.workers().await?;
        workers.retain(|worker| worker.models.contains(&model));
        Ok(workers)
    }

    /// A request.
    pub async fn request(&self, id: RequestId) -> Result<Option<Request>, ChainError> {
        let fields = self.fields(StorageItem::REQUESTS, (Static(id),)).await?;
        fields.map(|fields| request(id, &fields)).transpose()
    }

    /// The numbers of the open requests, in order.
    pub async fn open_request_ids(&self) -> Result<Vec<RequestId>, ChainError> {
        let keys = self.entries::<(Static<RequestId>,), _>(StorageItem::OPEN_REQUESTS, ()).await?;
        let mut ids: Vec<RequestId> = keys.into_iter().map(|((id,), _)| id.0).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// Every open request, in the order of their numbers.
    pub async fn open_requests(&self) -> Result<Vec<Request>, ChainError> {
        let ids = self.open_request_ids().await?;
        let requests: Vec<Option<Request>> =
            stream::iter(ids.into_iter().map(|id| self.request(id)))
                .buffered(AT_ONCE)
                .try_collect()
                .await?;
        Ok(requests.into_iter().flatten().collect())
    }

    /// The workers that have reported a failure, for each open request.
    pub async fn failure_reporters(
        &self,
    ) -> Result<BTreeMap<RequestId, BTreeSet<AccountId32>>, ChainError> {
        let reports = self
            .entries::<(Static<RequestId>, AccountId32), _>(StorageItem::FAILURE_REPORTS, ())
            .await?;
        let mut reporters = BTreeMap::<RequestId, BTreeSet<AccountId32>>::new();
        for ((request, worker), _) in reports {
            reporters.entry(request.0).or_default().insert(worker);
        }
        Ok(reporters)
    }

    /// The failure that a worker has reported for an open request.
    pub async fn failure_report(
        &self,
        request: RequestId,
        worker: &AccountId32,
    ) -> Result<Option<FailureCode>, ChainError> {
        self.value(StorageItem::FAILURE_REPORTS, (Static(request), *worker)).await
    }

    /// The failures reported for an open request, by worker.
    pub async fn failure_reports(
        &self,
        request: RequestId,
    ) -> Result<Vec<(AccountId32, FailureCode)>, ChainError> {
        let reports = self
            .entries::<(Static<RequestId>, AccountId32), _>(
                StorageItem::FAILURE_REPORTS,
                (Static(request),),
            )
            .await?;
        let decoded = reports.into_iter().map(|((_, worker), value)| {
            let code = FailureCode::decode_all(&mut value.bytes.as_slice());
            code.map(|code| (worker, code))
                .map_err(|error| ChainError::decode(StorageItem::FAILURE_REPORTS, error))
        });
        decoded.collect()
    }

    /// The open request to run a model on a record.
    pub async fn open_request_of(
        &self,
        record: RecordId,
        model: ModelId,
    ) -> Result<Option<RequestId>, ChainError> {
        let keys = (Static(record), Static(model));
        self.value(StorageItem::OPEN_REQUEST_OF, keys).await
    }

    /// A model's prediction for a record.
    pub async fn prediction(
        &self,
        record: RecordId,
        model: ModelId,
    ) -> Result<Option<Prediction>, ChainError> {
        let keys = (Static(record), Static(model));
        let fields = self.fields(StorageItem::PREDICTIONS, keys).await?;
        fields.map(|fields| prediction(record, model, &fields)).transpose()
    }

    /// Every model's prediction for a record.
    pub async fn predictions_of(&self, record: RecordId) -> Result<Vec<Prediction>, ChainError> {
        let entries = self
            .entries::<(Static<RecordId>, Static<ModelId>), _>(
                StorageItem::PREDICTIONS,
                (Static(record),),
            )
            .await?;
        let mut predictions = Vec::new();
        for ((_, model), value) in entries {
            let fields = value.fields(StorageItem::PREDICTIONS, self)?;
            predictions.push(prediction(record, model.0, &fields)?);
        }
        predictions.sort_unstable_by_key(|prediction| prediction.model);
        Ok(predictions)
    }
}

fn model(id: ModelId, fields: &Fields) -> Result<Model, ChainError> {
    let label = |name: &str| fields.get::<Label>(name).map(|label| text(&label));
    let labels: Vec<Label> = fields.get("labels")?;
    Ok(Model {
        id,
        name: label("name")?,
        version: label("version")?,
        cid: fields.get("cid")?,
        sha256: fields.get("sha256")?,
        card: fields.get("card")?,
        labels: labels.iter().map(|label| text(label)).collect(),
        preprocessing: fields.get("preprocessing")?,
        confidence_threshold_ppm: fields.get("confidence_threshold")?,
        fee: fields.get("fee")?,
        status: fields.get("status")?,
    })
}

fn worker(account: AccountId32, fields: &Fields) -> Result<Worker, ChainError> {
    Ok(Worker { account, models: fields.get("models")?, bond: fields.get("bond")? })
}

fn request(id: RequestId, fields: &Fields) -> Result<Request, ChainError> {
    Ok(Request {
        id,
        record: fields.get("record")?,
        patient: fields.get("patient")?,
        model: fields.get("model")?,
        requester: fields.get("requester")?,
        fee: fields.get("fee")?,
        opened: fields.get("opened")?,
        deadline: fields.get("deadline")?,
        status: fields.get("status")?,
    })
}

fn prediction(record: RecordId, model: ModelId, fields: &Fields) -> Result<Prediction, ChainError> {
    Ok(Prediction {
        record,
        model,
        request: fields.get("request")?,
        worker: fields.get("worker")?,
        output: fields.get("output")?,
        receipt: fields.get("receipt")?,
        at: fields.get("at")?,
    })
}
