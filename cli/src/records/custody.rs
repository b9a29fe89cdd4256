//! Content keys among custodians: splitting a key, and combining the shares again.

use std::time::{Duration, Instant};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{ChainEvent, Record, View},
    crypto::{self, ContentKey, KeyShare},
    AccountId32,
};
use medchain_primitives::{Cid, RecordId, Role, SealedKey, SEALED_KEY_LENGTH};

use super::Reader;
use crate::context::Context;

/// How long to wait for the custodians: they serve finalised blocks, which takes half
/// a minute with a relay chain.
pub const DELIVERY_LIMIT: Duration = Duration::from_secs(120);
/// How often to look for their shares.
const PAUSE: Duration = Duration::from_millis(200);

/// A content key's shares, each sealed to its custodian.
#[derive(Clone, Debug)]
pub struct Split {
    /// The shares, in the order of the patient's custodians.
    pub shares: Vec<(AccountId32, SealedKey)>,
    /// How many shares make the key.
    pub threshold: u32,
}

impl Split {
    /// The custodians' accounts.
    pub fn custodians(&self) -> Vec<AccountId32> {
        self.shares.iter().map(|(custodian, _)| *custodian).collect()
    }

    /// Warns where the chain's threshold for `record` differs from this split's, because
    /// the patient changed it in the meantime.
    pub fn warn_of_new_threshold(&self, events: &[ChainEvent], record: RecordId) {
        let differs = |event: &ChainEvent| {
            matches!(event, ChainEvent::RecordEntrusted { threshold, .. }
                if *threshold != self.threshold)
        };
        if events.iter().any(differs) {
            eprintln!(
                "warning: the patient has just changed the custodians' threshold, so the \
                 custodians cannot hand over this key; the patient runs \
                 `medchain custodians entrust {record}`"
            );
        }
    }
}

/// Splits the `key` of the content `cid` among the custodians of `patient`, if there
/// are any.
///
/// A custodian without a published key, or without the role, gets no share. If too few
/// remain for the threshold, nobody does.
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
    let (mut shares, mut absent) = (Vec::new(), Vec::new());
    for (member, part) in group.members.iter().zip(&parts) {
        let serves = view.roles_of(member).await?.contains(&Role::Custodian);
        let reader = Reader::find_if_published(view, member).await?;
        match reader.filter(|_| serves) {
            Some(reader) => shares.push((*member, part.entrust(&reader.key, patient, cid)?)),
            None => {
                absent.push(member.to_string());
                shares.push((*member, SealedKey([0; SEALED_KEY_LENGTH])));
            }
        }
    }
    if absent.is_empty() {
        return Ok(Some(Split { shares, threshold: group.threshold }));
    }
    let present = group.members.len().saturating_sub(absent.len());
    let absent = absent.join(", ");
    if present < group.threshold as usize {
        eprintln!(
            "warning: no custodian keeps this key, because {} are needed and {absent} cannot: \
             no longer a custodian, or without a published encryption key; the patient \
             chooses others with `medchain custodians set`",
            group.threshold
        );
        return Ok(None);
    }
    eprintln!(
        "warning: {absent} cannot keep a share of this key: no longer a custodian, \
         or without a published encryption key"
    );
    Ok(Some(Split { shares, threshold: group.threshold }))
}

/// The keys that the shares handed over to the signer make: none while there are too
/// few.
///
/// Every combination of shares makes a key, in case a custodian sent a wrong share. Only
/// the content tells which key is right.
pub async fn candidates(
    context: &Context,
    view: &View,
    record: &Record,
) -> Result<Vec<ContentKey>> {
    let identity = context.identity()?;
    let Some(grant) = view.grant(record.id, &identity.account()).await? else {
        return Ok(Vec::new());
    };
    let Some(custody) = view.custody(record.id).await? else {
        return Ok(Vec::new());
    };
    let threshold = u8::try_from(custody.threshold).context("the threshold is too large")?;
    let secret = identity.encryption_secret();
    let shares: Vec<KeyShare> = grant
        .shares
        .iter()
        .filter_map(|share| KeyShare::open(secret, share.number, &share.sealed).ok())
        .collect();
    if shares.len() < grant.shares.len() && shares.len() < usize::from(threshold) {
        bail!(
            "your key does not open the shares that custodians handed over for record {0}; \
             discard them and request new ones with `medchain request-access {0} --renew`",
            record.id
        );
    }
    let keys = combinations(shares.len(), usize::from(threshold)).into_iter().map(|places| {
        let some: Vec<KeyShare> =
            places.iter().filter_map(|place| shares.get(*place)).cloned().collect();
        crypto::combine(&some, threshold)
    });
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Every way to choose `count` of `all` places: at most 70, for 8 custodians.
fn combinations(all: usize, count: usize) -> Vec<Vec<usize>> {
    if count == 0 || count > all {
        return Vec::new();
    }
    let mut found = vec![Vec::new()];
    for place in 0..all {
        let longer: Vec<Vec<usize>> = found
            .iter()
            .filter(|chosen| chosen.len() < count)
            .map(|chosen| [&chosen[..], &[place]].concat())
            .collect();
        found.extend(longer);
    }
    found.retain(|chosen| chosen.len() == count);
    found
}

/// What custodians have handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// How many shares.
    pub shares: u32,
    /// How many are needed; 0 where no custodian keeps the key.
    pub threshold: u32,
}

impl Delivered {
    /// Whether the shares make the key.
    pub fn is_enough(self) -> bool {
        self.threshold > 0 && self.shares >= self.threshold
    }
}

/// Waits for enough custodians, at most until `limit` has passed.
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
        let shares = u32::try_from(shares).unwrap_or(u32::MAX);
        let delivered = Delivered { shares, threshold };
        if delivered.is_enough() || threshold == 0 || started.elapsed() >= limit {
            drop(step);
            return Ok(delivered);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_made_once() {
        assert_eq!(combinations(3, 2), [[0, 1], [0, 2], [1, 2]]);
        assert_eq!(combinations(8, 4).len(), 70);
        assert_eq!(combinations(1, 1), [[0]]);
        assert!(combinations(2, 3).is_empty() && combinations(2, 0).is_empty());
    }

    #[test]
    fn nothing_is_enough_where_nobody_keeps_the_key() {
        assert!(!Delivered { shares: 0, threshold: 0 }.is_enough());
        assert!(!Delivered { shares: 1, threshold: 2 }.is_enough());
        assert!(Delivered { shares: 2, threshold: 2 }.is_enough());
    }
}
