//! Content keys among custodians: splitting them at upload, and making one again
//! from the shares that were handed over.

use std::time::{Duration, Instant};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Record, View},
    crypto::{self, ContentKey, KeyShare},
    AccountId32,
};
use medchain_primitives::{Cid, RecordId, SealedKey};

use crate::{context::Context, envelopes::Reader};

/// The shares of a content key, each sealed to its custodian.
#[derive(Clone, Debug)]
pub struct Split {
    /// As they go on chain, in the order of the patient's custodians.
    pub shares: Vec<(AccountId32, SealedKey)>,
    /// How many make the key again.
    pub threshold: u32,
}

/// Splits the `key` of the content `cid` among the custodians of `patient`, if
/// they chose any.
pub async fn split(
    view: &View,
    patient: &AccountId32,
    cid: &Cid,
    key: &ContentKey,
) -> Result<Option<Split>> {
    let Some(group) = view.custodians_of(patient).await? else {
        return Ok(None);
    };
    let count = u8::try_from(group.members.len()).context("there are too many custodians")?;
    let threshold = u8::try_from(group.threshold).context("the threshold is too large")?;
    let parts = crypto::split(key, count, threshold)?;
    let mut shares = Vec::new();
    for (member, part) in group.members.iter().zip(&parts) {
        let custodian = Reader::find(view, member).await?;
        shares.push((*member, part.entrust(&custodian.key, patient, cid)?));
    }
    Ok(Some(Split { shares, threshold: group.threshold }))
}

/// Makes the content key of a record again from what custodians have handed over
/// to the signer; nothing where they have not, or not enough of them.
pub async fn open(context: &Context, view: &View, record: &Record) -> Result<Option<ContentKey>> {
    let identity = context.identity()?;
    let Some(grant) = view.grant(record.id, &identity.account()).await? else {
        return Ok(None);
    };
    let Some(custody) = view.custody(record.id).await? else {
        return Ok(None);
    };
    if grant.shares.len() < custody.threshold as usize {
        return Ok(None);
    }
    let threshold = u8::try_from(custody.threshold).context("the threshold is too large")?;
    let secret = identity.encryption_secret();
    // One custodian that handed over something else must not spoil the others'.
    let shares: Vec<KeyShare> = grant
        .shares
        .iter()
        .filter_map(|share| KeyShare::open(secret, share.number, &share.sealed).ok())
        .collect();
    if shares.len() < custody.threshold as usize {
        bail!(
            "what custodians handed over for record {} was sealed to another key of yours",
            record.id
        );
    }
    let key = crypto::combine(&shares[..custody.threshold as usize], threshold)?;
    Ok(Some(key))
}

/// How the waiting for custodians ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// How many shares there are.
    pub shares: u32,
    /// How many are needed.
    pub threshold: u32,
    /// The block at which that was read.
    pub at: u32,
}

impl Delivered {
    /// Whether the key can be made.
    pub fn is_enough(self) -> bool {
        self.shares >= self.threshold
    }
}

/// Waits until enough custodians have handed over, or `limit` is over.
pub async fn wait(
    context: &Context,
    record: RecordId,
    subject: &AccountId32,
    limit: Duration,
) -> Result<Delivered> {
    let started = Instant::now();
    let step = context.progress.step("Waiting for the custodians");
    loop {
        let view = context.view().await?;
        let threshold = view.custody(record).await?.map_or(0, |custody| custody.threshold);
        let shares = view.grant(record, subject).await?.map_or(0, |grant| grant.shares.len());
        let delivered = Delivered { shares: shares as u32, threshold, at: view.number() };
        if delivered.is_enough() || started.elapsed() >= limit {
            drop(step);
            return Ok(delivered);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
