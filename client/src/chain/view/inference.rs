//! Models, workers, requests and predictions.

use std::collections::{BTreeMap, BTreeSet};

use codec::DecodeAll;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_primitives::{FailureCode, Label, ModelId, RecordId, RequestId};
use subxt::utils::Static;

use super::View;
use crate::{
    chain::{event::text, fields::Fields, ChainError, Model, Prediction, Request, Worker},
    AccountId32,
};

/// How many values of a list are asked for at once.
const AT_ONCE: usize = 16;

impl View {
    /// A model.
    pub async fn model(&self, id: ModelId) -> Result<Option<Model>, ChainError> {
        let fields = self.fields("Inference", "Models", (Static(id),)).await?;
        fields.map(|fields| model(id, &fields)).transpose()
    }

    /// Every model, retired ones included, in the order of their numbers.
    pub async fn models(&self) -> Result<Vec<Model>, ChainError> {
        let entries = self.entries::<(Static<ModelId>,), _>("Inference", "Models", ()).await?;
        let mut models = Vec::new();
        for ((id,), value) in entries {
            models.push(model(id.0, &value.fields("Inference.Models", self)?)?);
        }
        models.sort_unstable_by_key(|model| model.id);
        Ok(models)
    }

    /// A worker.
    pub async fn worker(&self, account: &AccountId32) -> Result<Option<Worker>, ChainError> {
        let fields = self.fields("Inference", "Workers", (*account,)).await?;
        fields.map(|fields| worker(*account, &fields)).transpose()
    }

    /// Every worker.
    pub async fn workers(&self) -> Result<Vec<Worker>, ChainError> {
        let entries = self.entries::<(AccountId32,), _>("Inference", "Workers", ()).await?;
        let mut workers = Vec::new();
        for ((account,), value) in entries {
            let fields = value.fields("Inference.Workers", self)?;
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
        let fields = self.fields("Inference", "Requests", (Static(id),)).await?;
        fields.map(|fields| request(id, &fields)).transpose()
    }

    /// The numbers of the open requests, in order.
    pub async fn open_request_ids(&self) -> Result<Vec<RequestId>, ChainError> {
        let keys = self.entries::<(Static<RequestId>,), _>("Inference", "OpenRequests", ()).await?;
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

    /// Who has said of which open request that they could not predict.
    pub async fn failure_reporters(
        &self,
    ) -> Result<BTreeMap<RequestId, BTreeSet<AccountId32>>, ChainError> {
        let reports = self
            .entries::<(Static<RequestId>, AccountId32), _>("Inference", "FailureReports", ())
            .await?;
        let mut reporters = BTreeMap::<RequestId, BTreeSet<AccountId32>>::new();
        for ((request, worker), _) in reports {
            reporters.entry(request.0).or_default().insert(worker);
        }
        Ok(reporters)
    }

    /// What a worker has said of an open request that it could not predict.
    pub async fn failure_report(
        &self,
        request: RequestId,
        worker: &AccountId32,
    ) -> Result<Option<FailureCode>, ChainError> {
        self.value("Inference", "FailureReports", (Static(request), *worker)).await
    }

    /// Who has said of an open request that they could not predict, and why.
    pub async fn failure_reports(
        &self,
        request: RequestId,
    ) -> Result<Vec<(AccountId32, FailureCode)>, ChainError> {
        let reports = self
            .entries::<(Static<RequestId>, AccountId32), _>(
                "Inference",
                "FailureReports",
                (Static(request),),
            )
            .await?;
        let decoded = reports.into_iter().map(|((_, worker), value)| {
            let code = FailureCode::decode_all(&mut value.bytes.as_slice());
            code.map(|code| (worker, code))
                .map_err(|error| ChainError::decode("Inference.FailureReports", error))
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
        self.value("Inference", "OpenRequestOf", keys).await
    }

    /// What a model says about a record.
    pub async fn prediction(
        &self,
        record: RecordId,
        model: ModelId,
    ) -> Result<Option<Prediction>, ChainError> {
        let keys = (Static(record), Static(model));
        let fields = self.fields("Inference", "Predictions", keys).await?;
        fields.map(|fields| prediction(record, model, &fields)).transpose()
    }

    /// What every model says about a record.
    pub async fn predictions_of(&self, record: RecordId) -> Result<Vec<Prediction>, ChainError> {
        let entries = self
            .entries::<(Static<RecordId>, Static<ModelId>), _>(
                "Inference",
                "Predictions",
                (Static(record),),
            )
            .await?;
        let mut predictions = Vec::new();
        for ((_, model), value) in entries {
            let fields = value.fields("Inference.Predictions", self)?;
            predictions.push(prediction(record, model.0, &fields)?);
        }
        predictions.sort_unstable_by_key(|prediction| prediction.model);
        Ok(predictions)
    }
}

fn model(id: ModelId, fields: &Fields) -> Result<Model, ChainError> {
    const WHAT: &str = "Inference.Models";
    let label = |name: &str| fields.get::<Label>(WHAT, name).map(|label| text(&label));
    let labels: Vec<Label> = fields.get(WHAT, "labels")?;
    Ok(Model {
        id,
        name: label("name")?,
        version: label("version")?,
        cid: fields.get(WHAT, "cid")?,
        sha256: fields.get(WHAT, "sha256")?,
        card: fields.get(WHAT, "card")?,
        labels: labels.iter().map(|label| text(label)).collect(),
        preprocessing: fields.get(WHAT, "preprocessing")?,
        confidence_threshold_ppm: fields.get(WHAT, "confidence_threshold")?,
        fee: fields.get(WHAT, "fee")?,
        status: fields.get(WHAT, "status")?,
    })
}

fn worker(account: AccountId32, fields: &Fields) -> Result<Worker, ChainError> {
    const WHAT: &str = "Inference.Workers";
    Ok(Worker { account, models: fields.get(WHAT, "models")?, bond: fields.get(WHAT, "bond")? })
}

fn request(id: RequestId, fields: &Fields) -> Result<Request, ChainError> {
    const WHAT: &str = "Inference.Requests";
    Ok(Request {
        id,
        record: fields.get(WHAT, "record")?,
        patient: fields.get(WHAT, "patient")?,
        model: fields.get(WHAT, "model")?,
        requester: fields.get(WHAT, "requester")?,
        fee: fields.get(WHAT, "fee")?,
        opened: fields.get_if_there(WHAT, "opened")?,
        deadline: fields.get(WHAT, "deadline")?,
        status: fields.get(WHAT, "status")?,
    })
}

fn prediction(record: RecordId, model: ModelId, fields: &Fields) -> Result<Prediction, ChainError> {
    const WHAT: &str = "Inference.Predictions";
    Ok(Prediction {
        record,
        model,
        request: fields.get(WHAT, "request")?,
        worker: fields.get(WHAT, "worker")?,
        output: fields.get(WHAT, "output")?,
        receipt: fields.get(WHAT, "receipt")?,
        at: fields.get(WHAT, "at")?,
    })
}

#[cfg(test)]
mod tests {
    use codec::Encode;
    use subxt::Metadata;

    use super::*;
    use crate::chain::{compat, view::decode_fields, RequestStatus};

    /// Reads an encoded request as a chain with this metadata stores it.
    fn read(metadata: &[u8], bytes: &[u8]) -> Request {
        let metadata = Metadata::decode_from(metadata).unwrap();
        let pallet = metadata.pallet_by_name("Inference").unwrap();
        let entry = pallet.storage().unwrap().entry_by_name("Requests").unwrap();
        let fields = decode_fields(bytes, entry.value_ty(), &metadata).unwrap();
        request(RequestId(5), &fields).unwrap()
    }

    #[test]
    fn a_request_is_read_from_both_sides_of_the_upgrade() {
        let (patient, requester) = (AccountId32([1; 32]), AccountId32([2; 32]));
        let begin = (RecordId(3), patient, ModelId(4), requester, 9u128);
        let end = (70u32, RequestStatus::Answered { worker: patient });
        let expected = |opened| Request {
            id: RequestId(5),
            record: RecordId(3),
            patient,
            model: ModelId(4),
            requester,
            fee: 9,
            opened,
            deadline: 70,
            status: RequestStatus::Answered { worker: patient },
        };
        let [new, old] = compat::TESTED;
        assert_eq!(read(new, &(begin, 60u32, end).encode()), expected(Some(60)));
        assert_eq!(read(old, &(begin, end).encode()), expected(None));
    }
}
