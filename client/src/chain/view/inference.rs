//! Models, workers, requests, verdicts and disputes.

use std::collections::BTreeSet;

use codec::{Decode, DecodeAll, Encode};
use medchain_disputes::Network;
use medchain_primitives::{Label, ModelId, RecordId, RequestId};
use subxt::utils::Static;

use super::View;
use crate::{
    chain::{
        event::text, fields::Fields, items::StorageItem, ChainError, Committee, Dispute, Model,
        PastRequest, Request, RequestStatus, Step, Verdict, Worker,
    },
    AccountId32,
};

/// How the workers of a request are chosen, as the chain stores it.
#[derive(Clone, Copy, Debug, Encode, Decode)]
pub(in crate::chain) enum Choice {
    #[codec(index = 0)]
    Named,
    /// By the first seed that is newer than this one.
    #[codec(index = 1)]
    After { number: u32 },
    #[codec(index = 2)]
    Seeded { seed: [u8; 32], last: Option<[u8; 32]> },
    /// The worker was named, and the patient has cancelled the request since.
    #[codec(index = 3)]
    Cancelled,
}

impl Choice {
    /// The seed that the draw waits for is the first one newer than this.
    fn awaited(self) -> Option<u32> {
        match self {
            Self::After { number } => Some(number),
            Self::Named | Self::Seeded { .. } | Self::Cancelled => None,
        }
    }
}

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

    /// What the chain knows of an exact model's network; none of a model of floats.
    pub async fn network(&self, model: ModelId) -> Result<Option<Network>, ChainError> {
        self.value(StorageItem::NETWORKS, (Static(model),)).await
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

    /// The workers that can be drawn for a model, in the order of their accounts.
    ///
    /// Each is drawn for requests that are made after it became a candidate.
    pub async fn candidates(&self, model: ModelId) -> Result<Vec<AccountId32>, ChainError> {
        let candidates: Option<Vec<(AccountId32, u32)>> =
            self.value(StorageItem::CANDIDATES, (Static(model),)).await?;
        Ok(candidates.unwrap_or_default().into_iter().map(|(worker, _)| worker).collect())
    }

    /// A request.
    pub async fn request(&self, id: RequestId) -> Result<Option<Request>, ChainError> {
        let fields = self.fields(StorageItem::REQUESTS, (Static(id),)).await?;
        fields.map(|fields| request(id, &fields)).transpose()
    }

    /// What is read of a request that an older runtime may have stored.
    pub(in crate::chain) async fn past_request(
        &self,
        id: RequestId,
    ) -> Result<Option<PastRequest>, ChainError> {
        let fields = self.fields(StorageItem::REQUESTS, (Static(id),)).await?;
        fields.map(|fields| past_request(id, &fields)).transpose()
    }

    /// Several requests, in the order of `ids`.
    pub async fn requests(&self, ids: &[RequestId]) -> Result<Vec<Option<Request>>, ChainError> {
        let item = StorageItem::REQUESTS;
        let found = self.stored_each(item, ids.iter().map(|id| (Static(*id),))).await?;
        let requests = ids.iter().zip(found).map(|(id, found)| {
            found.map(|found| request(*id, &found.fields(item, self)?)).transpose()
        });
        requests.collect()
    }

    /// The numbers of the open requests, in order.
    pub async fn open_request_ids(&self) -> Result<Vec<RequestId>, ChainError> {
        self.request_ids::<(Static<RequestId>,), _>(StorageItem::COMMITTEES, ()).await
    }

    /// The requests whose present status ends with the block `deadline`, in the order of their
    /// numbers; closed ones as well.
    pub async fn due(&self, deadline: u32) -> Result<Vec<RequestId>, ChainError> {
        let item = StorageItem::DUE;
        self.request_ids::<(u32, Static<RequestId>), _>(item, (deadline,)).await
    }

    /// Every open request, in the order of their numbers.
    pub async fn open_requests(&self) -> Result<Vec<Request>, ChainError> {
        let ids = self.open_request_ids().await?;
        Ok(self.requests(&ids).await?.into_iter().flatten().collect())
    }

    /// The workers of an open request.
    pub async fn committee(&self, request: RequestId) -> Result<Option<Committee>, ChainError> {
        Ok(self.committees(&[request]).await?.pop().flatten())
    }

    /// The workers of several requests, in the order of `requests`; `None` for those that are not
    /// open.
    pub async fn committees(
        &self,
        requests: &[RequestId],
    ) -> Result<Vec<Option<Committee>>, ChainError> {
        let item = StorageItem::COMMITTEES;
        let found = self.stored_each(item, requests.iter().map(|id| (Static(*id),))).await?;
        let read = found.into_iter().map(|found| {
            let Some(fields) = found.map(|found| found.fields(item, self)).transpose()? else {
                return Ok(None);
            };
            Ok(Some((fields.get::<Choice>("choice")?, fields)))
        });
        let read: Vec<_> = read.collect::<Result<_, ChainError>>()?;
        let awaited = read.iter().flatten().filter_map(|(choice, _)| choice.awaited());
        let awaited: BTreeSet<u32> = awaited.collect();
        let seeds = self.stored_each(StorageItem::SEEDS, awaited.iter().map(|n| (*n,))).await?;
        let missing = awaited.iter().zip(&seeds).filter(|(_, seed)| seed.is_none());
        let missing: BTreeSet<u32> = missing.map(|(number, _)| *number).collect();
        let committees = read.into_iter().map(|read| {
            let Some((choice, fields)) = read else { return Ok(None) };
            Ok(Some(Committee {
                members: fields.get("members")?,
                named: matches!(choice, Choice::Named | Choice::Cancelled),
                waits_for_seed: choice.awaited().is_some_and(|number| missing.contains(&number)),
                lost: fields.get("lost")?,
            }))
        });
        committees.collect()
    }

    /// The request, if a drawn worker waits for the key of its record there, and can still get it
    /// in the next block.
    ///
    /// As the chain decides it for custodians: a named worker does not count. Whether record and
    /// model are still active is not looked at.
    pub async fn waits_for_key(
        &self,
        worker: &AccountId32,
        id: RequestId,
    ) -> Result<Option<Request>, ChainError> {
        let Some(request) = self.request(id).await? else { return Ok(None) };
        if request.status != RequestStatus::Sealing || self.number() >= request.deadline {
            return Ok(None);
        }
        let committee = self.committee(id).await?.filter(|committee| !committee.named);
        let step = committee.as_ref().and_then(|committee| committee.step_of(worker));
        if step != Some(&Step::Chosen) || self.envelope(request.record, worker).await?.is_some() {
            return Ok(None);
        }
        Ok(Some(request))
    }

    /// The open requests for which a worker was chosen, in the order of their numbers.
    pub async fn assignments(&self, worker: &AccountId32) -> Result<Vec<RequestId>, ChainError> {
        let item = StorageItem::ASSIGNMENTS;
        self.request_ids::<(AccountId32, Static<RequestId>), _>(item, (*worker,)).await
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

    /// The verdict that answers a request.
    pub async fn verdict(&self, request: RequestId) -> Result<Option<Verdict>, ChainError> {
        let fields = self.fields(StorageItem::VERDICTS, (Static(request),)).await?;
        fields.map(|fields| verdict(request, &fields)).transpose()
    }

    /// A model's newest verdict on a record.
    pub async fn latest_verdict(
        &self,
        record: RecordId,
        model: ModelId,
    ) -> Result<Option<Verdict>, ChainError> {
        let keys = (Static(record), Static(model));
        match self.value(StorageItem::LATEST_VERDICT, keys).await? {
            Some(request) => self.verdict(request).await,
            None => Ok(None),
        }
    }

    /// Every model's newest verdict on a record, in the order of the models' numbers.
    pub async fn verdicts_of(&self, record: RecordId) -> Result<Vec<Verdict>, ChainError> {
        let entries = self
            .entries::<(Static<RecordId>, Static<ModelId>), _>(
                StorageItem::LATEST_VERDICT,
                (Static(record),),
            )
            .await?;
        let mut verdicts = Vec::new();
        for (_, value) in entries {
            let request = RequestId::decode_all(&mut value.bytes.as_slice());
            let request =
                request.map_err(|error| ChainError::decode(StorageItem::LATEST_VERDICT, error))?;
            verdicts.extend(self.verdict(request).await?);
        }
        verdicts.sort_unstable_by_key(|verdict| verdict.model);
        Ok(verdicts)
    }

    /// The open dispute about a request.
    pub async fn dispute(&self, request: RequestId) -> Result<Option<Dispute>, ChainError> {
        let fields = self.fields(StorageItem::DISPUTES, (Static(request),)).await?;
        fields.map(|fields| dispute(request, &fields)).transpose()
    }

    /// Every open dispute, in the order of their requests.
    pub async fn disputes(&self) -> Result<Vec<Dispute>, ChainError> {
        let entries = self.entries::<(Static<RequestId>,), _>(StorageItem::DISPUTES, ()).await?;
        let mut disputes = Vec::new();
        for ((request,), value) in entries {
            let fields = value.fields(StorageItem::DISPUTES, self)?;
            disputes.push(dispute(request.0, &fields)?);
        }
        disputes.sort_unstable_by_key(|dispute| dispute.request);
        Ok(disputes)
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
        arithmetic: fields.get("arithmetic")?,
        min_quorum: fields.get("min_quorum")?,
        confidence_threshold_ppm: fields.get("confidence_threshold")?,
        fee: fields.get("fee")?,
        status: fields.get("status")?,
    })
}

fn worker(account: AccountId32, fields: &Fields) -> Result<Worker, ChainError> {
    Ok(Worker {
        account,
        models: fields.get("models")?,
        bond: fields.get("bond")?,
        status: fields.get("status")?,
        assigned: fields.get("assigned")?,
        answered: fields.get("answered")?,
        declined: fields.get("declined")?,
        missed: fields.get("missed")?,
        lost: fields.get("lost")?,
    })
}

fn request(id: RequestId, fields: &Fields) -> Result<Request, ChainError> {
    Ok(Request {
        id,
        record: fields.get("record")?,
        patient: fields.get("patient")?,
        model: fields.get("model")?,
        requester: fields.get("requester")?,
        fee: fields.get("fee")?,
        quorum: fields.get("quorum")?,
        opened: fields.get("opened")?,
        deadline: fields.get("deadline")?,
        status: fields.get("status")?,
    })
}

// The fields are those of `StorageItem::HISTORY_REQUEST`.
fn past_request(id: RequestId, fields: &Fields) -> Result<PastRequest, ChainError> {
    Ok(PastRequest {
        id,
        record: fields.get("record")?,
        patient: fields.get("patient")?,
        model: fields.get("model")?,
        requester: fields.get("requester")?,
    })
}

fn verdict(request: RequestId, fields: &Fields) -> Result<Verdict, ChainError> {
    Ok(Verdict {
        request,
        record: fields.get("record")?,
        model: fields.get("model")?,
        workers: fields.get("workers")?,
        sealed: fields.get("sealed")?,
        receipt: fields.get("receipt")?,
        reached_at: fields.get("reached_at")?,
        challengeable_until: fields.get("challengeable_until")?,
        status: fields.get("status")?,
        previous: fields.get("previous")?,
    })
}

fn dispute(request: RequestId, fields: &Fields) -> Result<Dispute, ChainError> {
    Ok(Dispute { request, players: fields.get("players")?, game: fields.get("game")? })
}
