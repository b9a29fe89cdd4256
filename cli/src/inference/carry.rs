//! Moving a request on to its verdict.

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{RequestStatus, Verdict},
    AccountId32,
};
use medchain_primitives::{RequestId, VerdictStatus};

use super::{
    committee::{find, staff, RecordKey, PAUSE},
    ended, VerdictReport,
};
use crate::context::Context;

/// What is said while workers settle whose answer is right.
const DIFFER: &str = "the workers' answers differ: they settle on chain which is right";

/// How far a request came.
#[derive(Default)]
pub struct Carried {
    /// The workers that were chosen.
    pub workers: Vec<AccountId32>,
    /// The workers that got the record's key now.
    pub sealed_to: Vec<AccountId32>,
    /// The last block in which the workers can answer, unless the request is over.
    pub deadline: Option<u32>,
    /// The verdict, where it was waited for.
    pub verdict: Option<VerdictReport>,
}

/// Draws workers, seals `key` to them and, with `wait`, returns once there is a verdict.
pub async fn carry_on(
    context: &Context,
    id: RequestId,
    key: &RecordKey,
    wait_for_it: bool,
) -> Result<Carried> {
    let mut sealed_to = staff(context, id, key).await?;
    let view = context.view().await?;
    let request = find(&view, id).await?;
    if let Some(why) = ended(id, request.status) {
        bail!(why);
    }
    if !wait_for_it {
        let workers = match view.committee(id).await? {
            Some(committee) => committee.members.iter().map(|member| member.worker).collect(),
            // The answer was faster.
            None => view.verdict(id).await?.map(|verdict| verdict.workers).unwrap_or_default(),
        };
        let deadline = request.status.is_open().then_some(request.deadline);
        return Ok(Carried { workers, sealed_to, deadline, verdict: None });
    }
    let (verdict, more) = wait(context, id, key).await?;
    sealed_to.extend(more);
    let view = context.view().await?;
    let genesis = context.chain().await?.genesis_hash();
    let keys = std::slice::from_ref(&key.key);
    let report = VerdictReport::read(&view, genesis, &verdict, keys).await?;
    Ok(Carried { workers: verdict.workers, sealed_to, deadline: None, verdict: Some(report) })
}

/// Waits for the verdict; where workers have to be replaced, draws others and seals `key`
/// to them. Also returns the workers that got it.
///
/// Each state of a request has a deadline, so this ends.
async fn wait(
    context: &Context,
    id: RequestId,
    key: &RecordKey,
) -> Result<(Verdict, Vec<AccountId32>)> {
    let mut sealed_to = Vec::new();
    let mut step = None;
    let mut told = None;
    loop {
        let view = context.view().await?;
        match find(&view, id).await?.status {
            RequestStatus::Answered => {
                let verdict = view.verdict(id).await?;
                let verdict = verdict.with_context(|| {
                    format!("request {id} is answered, but there is no verdict")
                })?;
                if let VerdictStatus::Annulled | VerdictStatus::Withdrawn = verdict.status {
                    bail!("the verdict of request {id} was {}; ask again", verdict.status);
                }
                return Ok((verdict, sealed_to));
            }
            RequestStatus::Drawing | RequestStatus::Sealing => {
                // The bar would hide the question whether to sign.
                step = None;
                sealed_to.extend(staff(context, id, key).await?);
            }
            RequestStatus::Committing | RequestStatus::Revealing => {
                step.get_or_insert_with(|| context.progress.step("Waiting for the verdict"));
                tokio::time::sleep(PAUSE).await;
            }
            RequestStatus::Disputed => {
                let now = view.dispute(id).await?.map(|dispute| dispute.game.round());
                if let Some(now) = now.filter(|now| told != Some(*now)) {
                    // The old line goes before a new one comes.
                    drop(step.take());
                    if told.replace(now).is_none() {
                        crate::output::tell!("note: {DIFFER}; see `medchain disputes {id}`");
                    }
                    step = Some(context.progress.step(format!("{DIFFER}, round {now}")));
                }
                tokio::time::sleep(PAUSE).await;
            }
            status => bail!(ended(id, status).unwrap_or_default()),
        }
    }
}
