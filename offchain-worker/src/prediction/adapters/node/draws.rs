//! What a worker reads of requests whose workers nobody draws.
//!
//! The chain has no list of them. But a draw ends a fixed time after it has begun, and the chain
//! lists requests by the block in which their status ends. So each look reads only the draws that
//! came of age since the last one, however many requests are open.

use std::collections::{BTreeMap, BTreeSet};

use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::chain::{ChainError, Request, RequestStatus, View};
use medchain_primitives::{ModelId, RequestId};

use crate::prediction::ports::{Candidates, Drawable, Looked, Undrawn};

/// How many blocks are asked for at once.
const AT_ONCE: usize = 16;
/// How many requests are held at once.
const BATCH: usize = 4_000;

pub(super) async fn undrawn(
    view: &View,
    models: &BTreeSet<ModelId>,
    age: u32,
    before: Option<Looked>,
) -> Result<(Looked, Vec<Undrawn>), ChainError> {
    let (looked, ends) = to_look(view.number(), view.draw_period().await?, age, before);
    let due = ends.map(|block| view.due(block));
    let due: Vec<Vec<RequestId>> = stream::iter(due).buffered(AT_ONCE).try_collect().await?;
    let ids = due.concat();
    let mut undrawn = Vec::new();
    for ids in ids.chunks(BATCH) {
        let requests = view.requests(ids).await?.into_iter().flatten();
        undrawn.extend(requests.filter_map(|one| undrawn_of(&one, looked.period, models)));
    }
    Ok((looked, undrawn))
}

pub(super) async fn candidates(
    view: &View,
    models: &BTreeSet<ModelId>,
) -> Result<Candidates, ChainError> {
    let mut candidates = Candidates::new();
    for model in models {
        candidates.insert(*model, view.candidates(*model).await?.into_iter().collect());
    }
    Ok(candidates)
}

/// The blocks with which draws end that are to be looked at now, and what is known then.
fn to_look(
    number: u32,
    period: u32,
    age: u32,
    before: Option<Looked>,
) -> (Looked, impl Iterator<Item = u32>) {
    let next = number.saturating_add(1);
    // With another period, draws that end earlier can have begun later.
    let known = before.filter(|before| before.period == period);
    let from = known.map_or(next, |known| known.until.saturating_add(1).max(next));
    let until = number.saturating_add(period).saturating_sub(age).max(from - 1);
    (Looked { until, period }, from..=until)
}

fn undrawn_of(request: &Request, period: u32, models: &BTreeSet<ModelId>) -> Option<Undrawn> {
    if request.status != RequestStatus::Drawing || !models.contains(&request.model) {
        return None;
    }
    Some(Undrawn {
        request: request.id,
        model: request.model,
        quorum: request.quorum,
        since: request.deadline.saturating_sub(period),
        until: request.deadline,
    })
}

pub(super) async fn drawable(
    view: &View,
    requests: &[RequestId],
) -> Result<BTreeMap<RequestId, Drawable>, ChainError> {
    let found = view.requests(requests).await?.into_iter().flatten();
    let open: Vec<Request> = found
        .filter(|one| one.status == RequestStatus::Drawing && view.number() < one.deadline)
        .collect();
    let records: Vec<_> = open.iter().map(|one| one.record).collect();
    let ids: Vec<_> = open.iter().map(|one| one.id).collect();
    let read = futures::try_join!(view.are_entrusted(&records), view.committees(&ids));
    let (entrusted, committees) = read?;
    let read = ids.into_iter().zip(entrusted).zip(committees);
    let drawable = read.filter_map(|((id, is_entrusted), committee)| {
        Some((id, how(is_entrusted, committee?.waits_for_seed)))
    });
    Ok(drawable.collect())
}

fn how(is_entrusted: bool, waits_for_seed: bool) -> Drawable {
    match (is_entrusted, waits_for_seed) {
        // Only for now: an uploader can entrust a record at any time.
        (false, _) => Drawable::NotEntrusted,
        (true, true) => Drawable::Later,
        (true, false) => Drawable::Now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(number: u32, age: u32, before: Option<Looked>) -> (Looked, Vec<u32>) {
        let (looked, blocks) = to_look(number, 10, age, before);
        (looked, blocks.collect())
    }

    #[test]
    fn each_draw_is_looked_at_once_when_it_is_of_age() {
        let (looked, blocks) = look(100, 4, None);
        assert_eq!(blocks, [101, 102, 103, 104, 105, 106], "they began up to block 96");
        let (looked, blocks) = look(100, 4, Some(looked));
        assert!(blocks.is_empty());
        let (looked, blocks) = look(102, 4, Some(looked));
        assert_eq!(blocks, [107, 108]);
        let (_, blocks) = look(500, 4, Some(looked));
        assert_eq!(blocks.len(), 6, "what ended meanwhile is left out");
    }

    #[test]
    fn what_is_not_entrusted_yet_is_not_left_out() {
        assert_eq!(how(true, false), Drawable::Now);
        assert_eq!(how(true, true), Drawable::Later);
        assert_eq!(how(false, false), Drawable::NotEntrusted);
        assert_eq!(how(false, true), Drawable::NotEntrusted);
    }

    #[test]
    fn a_worker_that_never_draws_looks_at_nothing() {
        let (looked, blocks) = look(100, u32::MAX, None);
        assert!(blocks.is_empty());
        assert!(look(101, 10, Some(looked)).1.is_empty());
    }

    #[test]
    fn another_period_is_looked_at_from_the_beginning() {
        let (looked, _) = look(100, 0, None);
        let (_, blocks) = to_look(101, 5, 0, Some(looked));
        assert_eq!(blocks.collect::<Vec<_>>(), [102, 103, 104, 105, 106]);
    }
}
