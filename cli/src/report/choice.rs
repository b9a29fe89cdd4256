//! Which verdict or request of a record a report is about.

use anyhow::{bail, Context as _, Result};
use medchain_client::chain::{Record, Request, Verdict, View};
use medchain_primitives::{ModelId, RequestId, VerdictStatus};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The newest verdict, by this model where one is named; or the request that is open.
    Newest(Option<ModelId>),
    /// What came of this request.
    Request(RequestId),
}

/// What there is.
pub struct Chosen {
    /// The model.
    pub model: ModelId,
    /// The request.
    pub request: RequestId,
    /// The verdict; none where there is none (yet).
    pub verdict: Option<Verdict>,
}

impl From<Verdict> for Chosen {
    fn from(verdict: Verdict) -> Self {
        Self { model: verdict.model, request: verdict.request, verdict: Some(verdict) }
    }
}

impl From<Request> for Chosen {
    fn from(request: Request) -> Self {
        Self { model: request.model, request: request.id, verdict: None }
    }
}

impl Choice {
    /// Finds it; none where no prediction was ordered.
    pub async fn find(self, view: &View, record: &Record) -> Result<Option<Chosen>> {
        match self {
            Self::Request(id) => of_request(view, record, id).await.map(Some),
            Self::Newest(Some(model)) => {
                let verdict = view.latest_verdict(record.id, model).await?;
                let found = newest(view, record, model, verdict).await?;
                let id = record.id;
                Ok(Some(found.with_context(|| {
                    format!("model {model} has no verdict on record {id} and no open request")
                })?))
            }
            Self::Newest(None) => only(view, record).await,
        }
    }
}

async fn of_request(view: &View, record: &Record, id: RequestId) -> Result<Chosen> {
    let request = view.request(id).await?.with_context(|| format!("there is no request {id}"))?;
    if request.record != record.id {
        bail!("request {id} is about record {}, not about record {}", request.record, record.id);
    }
    Ok(match view.verdict(id).await? {
        Some(verdict) => verdict.into(),
        None => request.into(),
    })
}

/// The newest of one model: an open request takes the place of a verdict that does not count.
async fn newest(
    view: &View,
    record: &Record,
    model: ModelId,
    verdict: Option<Verdict>,
) -> Result<Option<Chosen>> {
    let counts = |verdict: &Verdict| {
        matches!(verdict.status, VerdictStatus::Standing | VerdictStatus::Challenged)
    };
    if let Some(verdict) = verdict.as_ref().filter(|verdict| counts(verdict)) {
        return Ok(Some(verdict.clone().into()));
    }
    if let Some(id) = view.open_request_of(record.id, model).await?
        && let Some(request) = view.request(id).await?
    {
        return Ok(Some(request.into()));
    }
    Ok(verdict.map(Into::into))
}

/// That of the only model that has one.
async fn only(view: &View, record: &Record) -> Result<Option<Chosen>> {
    let mut all = Vec::new();
    let mut verdicts = view.verdicts_of(record.id).await?;
    for model in view.models().await? {
        let at = verdicts.iter().position(|verdict| verdict.model == model.id);
        let verdict = at.map(|at| verdicts.swap_remove(at));
        all.extend(newest(view, record, model.id, verdict).await?);
    }
    match all.len() {
        0 | 1 => Ok(all.pop()),
        count => bail!(
            "{count} models have a verdict or a request on record {}; choose one with --model, \
             or with --request",
            record.id
        ),
    }
}
