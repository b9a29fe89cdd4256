//! How a worker read the chain before: one question for each value, and every event of each block.

use std::time::{Duration, Instant};

use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{Chain, ChainError, RequestStatus, View},
    AccountId32,
};
use medchain_primitives::{ModelId, RequestId};

/// How many questions were on their way at once.
const AT_ONCE: usize = 16;

/// The events and the list at both ends of the chain.
pub async fn block(chain: &Chain, me: &AccountId32) -> Result<Duration, ChainError> {
    let begun = Instant::now();
    for view in [chain.best().await?, chain.finalised().await?] {
        view.events().await?;
        let ids = view.assignments(me).await?;
        let read = ids.into_iter().map(|id| of(&view, me, id));
        let _: Vec<()> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    }
    Ok(begun.elapsed())
}

async fn of(view: &View, me: &AccountId32, id: RequestId) -> Result<(), ChainError> {
    let Some(request) = view.request(id).await? else { return Ok(()) };
    view.committee(id).await?;
    if request.status == RequestStatus::Sealing
        && view.waits_for_key(me, id).await?.is_some()
        && view.are_entrusted(&[request.record]).await? == [true]
    {
        view.grant(request.record, me).await?;
    }
    Ok(())
}

/// Every open request, for those whose workers are to be drawn.
pub async fn look(chain: &Chain, model: ModelId) -> Result<Duration, ChainError> {
    let begun = Instant::now();
    let view = &chain.finalised().await?;
    let ids = view.open_request_ids().await?;
    let read = ids.into_iter().map(|id| async move {
        let Some(request) = view.request(id).await? else { return Ok(()) };
        if request.status == RequestStatus::Drawing && request.model == model {
            view.committee(id).await?;
            view.are_entrusted(&[request.record]).await?;
            view.candidates(model).await?;
        }
        Ok::<_, ChainError>(())
    });
    let _: Vec<()> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    Ok(begun.elapsed())
}
