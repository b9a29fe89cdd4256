//! Drawing the workers of a request, and sealing the record's key to them.

use std::time::Duration;

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{
        Call, ChainError, ChainEvent, Committee, EmrError, FailureKind, Finality, InferenceError,
        Record, Request, RequestStatus, View,
    },
    crypto::ContentKey,
    AccountId32,
};
use medchain_primitives::{Cid, RequestId};

use crate::{
    context::Context,
    records::{self, EnvelopesOf, Reader},
    trust,
};

/// How often to look at the chain.
pub const PAUSE: Duration = Duration::from_millis(200);
/// By how many more than it needs the policy is asked about workers, at most.
const SPARE_ASKS: u8 = 2;
/// About how many workers the policy is asked at most.
const MAX_ASKS: u8 = 16;

/// A key, and the content that it opens.
///
/// Which request was made with a record, and which number the record has, a node tells. One that
/// lies could name a request about a record of its own, whose workers would be given this key.
pub struct RecordKey {
    /// The key.
    pub key: ContentKey,
    patient: AccountId32,
    cid: Cid,
}

impl RecordKey {
    /// The key of this content of a patient.
    pub fn new(key: ContentKey, patient: AccountId32, cid: Cid) -> Self {
        Self { key, patient, cid }
    }

    /// The key that opens a record, and was sealed or shared for its patient and content alone.
    pub fn of(key: ContentKey, record: &Record) -> Result<Self> {
        Ok(Self::new(key, record.patient, records::document(record)?.cid.clone()))
    }

    /// Fails where a record has another patient or content.
    fn ensure_opens(&self, record: &Record) -> Result<()> {
        if self.patient == record.patient && record.content.is_of(&self.cid) {
            return Ok(());
        }
        bail!(
            "the node tells a request about record {}, whose content or patient is another one \
             than the key's: it lies. Nothing was sealed",
            record.id
        )
    }
}

/// The request with this number.
pub async fn find(view: &View, id: RequestId) -> Result<Request> {
    view.request(id).await?.with_context(|| format!("there is no request {id}"))
}

/// Draws workers and seals `key` to them until nothing more is to be done; returns the
/// workers that got the key.
///
/// What others did in the meantime counts as done.
pub async fn staff(context: &Context, id: RequestId, key: &RecordKey) -> Result<Vec<AccountId32>> {
    let mut sealed_to = Vec::new();
    loop {
        let view = context.view().await?;
        let request = find(&view, id).await?;
        if !matches!(request.status, RequestStatus::Drawing | RequestStatus::Sealing) {
            return Ok(sealed_to);
        }
        ensure_may_seal(context, &view, &request).await?;
        let committee = view.committee(id).await?;
        let committee = committee.with_context(|| format!("request {id} has no workers' list"))?;
        let result = if view.number() > request.deadline {
            let call = Call::SettleOverdue { request: id };
            context.sign(&call, "close the overdue request").await.map(|_| ())
        } else if request.status == RequestStatus::Drawing {
            // The seed mostly comes with the block that the draw will be in.
            if committee.waits_for_seed && view.number() > request.opened {
                await_seed(context, id).await?;
            }
            draw(context, &request).await
        } else {
            let reached = seal(context, &view, &request, &committee, key).await;
            reached.map(|workers| sealed_to.extend(workers))
        };
        match result {
            Ok(()) => {}
            Err(error) if is(&error, InferenceError::SeedNotReady) => {
                await_seed(context, id).await?;
            }
            // Somebody else was faster, perhaps a worker with the key from custodians.
            Err(error)
                if is(&error, InferenceError::WrongStatus)
                    || is(&error, EmrError::EnvelopeAlreadyExists) =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn is(error: &anyhow::Error, kind: impl Into<FailureKind>) -> bool {
    let kind = kind.into();
    error.downcast_ref::<ChainError>().is_some_and(|error| error.is(kind))
}

/// Checks who signs before a fee is paid for nothing.
async fn ensure_may_seal(context: &Context, view: &View, request: &Request) -> Result<()> {
    let account = context.account()?;
    let record = records::find(view, request.record).await?;
    if [record.patient, record.author, request.requester].contains(&account) {
        return Ok(());
    }
    bail!(
        "only the patient, the author of record {} and {}, who made request {}, can seal its \
         key to the workers, and you sign as {account}",
        record.id,
        request.requester,
        request.id
    )
}

/// Draws workers once. There may be more to draw.
async fn draw(context: &Context, request: &Request) -> Result<()> {
    let asks = request.quorum.saturating_add(SPARE_ASKS).min(MAX_ASKS);
    let call = Call::DrawWorkers { request: request.id, asks };
    // A fork that drops the draw also drops the envelopes that follow, which are awaited
    // as the user wishes.
    context.sign_until(&call, "draw the workers", Finality::Best).await?;
    Ok(())
}

/// Waits until the chain has the seed by which it draws.
async fn await_seed(context: &Context, id: RequestId) -> Result<()> {
    let _step = context.progress.step("Waiting for the seed that draws the workers");
    loop {
        let committee = context.view().await?.committee(id).await?;
        if committee.is_none_or(|committee| !committee.waits_for_seed) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Seals the key to the workers that lack it.
async fn seal(
    context: &Context,
    view: &View,
    request: &Request,
    committee: &Committee,
    key: &RecordKey,
) -> Result<Vec<AccountId32>> {
    let mut keys = Vec::new();
    let record = records::find(view, request.record).await?;
    key.ensure_opens(&record)?;
    trust::ensure_drawn(context, request, &record, committee).await?;
    let of = EnvelopesOf::record(context, &record.patient, &key.cid).await?;
    for member in &committee.members {
        let reader = Reader::find(context, view, &member.worker).await?;
        let envelope = view.envelope(request.record, &member.worker).await?;
        // One for a former key does not count, and is replaced.
        if envelope.is_none_or(|envelope| !envelope.is_for(&reader.key)) {
            keys.push(reader.seal(&key.key, &of)?);
        }
    }
    let call = Call::SealToWorkers { request: request.id, keys };
    let outcome = context.sign(&call, "seal the key to the workers").await?;
    let reader = |event: &ChainEvent| match event {
        ChainEvent::EnvelopeAdded { reader, .. } => Some(*reader),
        _ => None,
    };
    Ok(outcome.events.iter().filter_map(reader).collect())
}

#[cfg(test)]
mod tests {
    use medchain_client::{chain::RecordStatus, store};
    use medchain_primitives::{ContentDigest, RecordContent, RecordId, RecordKind};

    use super::*;

    #[test]
    fn a_key_is_sealed_for_its_own_patient_and_content_alone() {
        let record = |patient: u8, content: &[u8]| Record {
            id: RecordId(9),
            patient: AccountId32([patient; 32]),
            author: AccountId32([2; 32]),
            content: RecordContent::kept(store::cid_of(content), ContentDigest([3; 32])),
            kind: RecordKind::ChestXray,
            previous: None,
            added_at: 7,
            status: RecordStatus::Active,
            deposit: 0,
        };
        let key = RecordKey::of(ContentKey::generate(), &record(1, b"film")).unwrap();
        assert!(key.ensure_opens(&record(1, b"film")).is_ok());
        // Whoever lies may have a record with the same content: a CID is public.
        for other in [record(6, b"film"), record(1, b"another film")] {
            let error = key.ensure_opens(&other).unwrap_err().to_string();
            assert!(error.contains("record 9") && error.contains("lies"), "{error}");
        }
    }
}
