//! Content keys among custodians: entrusting a key, and recovering it from what they deliver.

use std::time::{Duration, Instant};

use anyhow::{bail, Context as _, Error, Result};
use medchain_client::{
    chain::{CustodianGroup, Custody, Record, View},
    crypto::{ContentKey, CryptoError},
    custody::{self, DealingName, Entrustment, SharingError},
    keys::KeyKind,
    AccountId32,
};
use medchain_primitives::{Cid, RecordId, Role};

use super::Requests;
use crate::{context::Context, output::joined, trust};

/// How long to wait for the custodians: they serve finalised blocks, which takes half
/// a minute with a relay chain.
pub const DELIVERY_LIMIT: Duration = Duration::from_secs(120);
/// How often to look for their shares.
const PAUSE: Duration = Duration::from_millis(200);

/// A content key, shared among custodians.
#[derive(Clone, Debug)]
pub struct Entrusted {
    /// What a call carries.
    pub entrustment: Entrustment,
    /// The custodians, in the order of their shares.
    pub custodians: Vec<AccountId32>,
}

impl Entrusted {
    /// How many shares open the key.
    pub fn threshold(&self) -> u32 {
        self.entrustment.threshold.into()
    }
}

/// Shares the `key` of the content `cid` among the custodians of `patient`, if there are any,
/// for a call that the signer makes.
///
/// Where the chain would refuse that, because one of them serves no more, nobody gets a share:
/// warns of that.
pub async fn entrust(
    context: &Context,
    view: &View,
    patient: &AccountId32,
    cid: &Cid,
    key: &ContentKey,
) -> Result<Option<Entrusted>> {
    let group = view.custodians_of(patient).await?;
    trust::ensure_custodians(context, patient, group.as_ref()).await?;
    let Some(group) = group else { return Ok(None) };
    let genesis = context.chain().await?.genesis_hash();
    if !can_keep(view, patient, &group).await? {
        return Ok(None);
    }
    let keys: Vec<_> = group.members.iter().map(|(account, key)| (*account, key.0)).collect();
    trust::ensure_known(context, KeyKind::Custodian, &keys).await?;
    let dealer = context.account()?;
    let name = DealingName { genesis, patient, dealer: &dealer, cid };
    let entrustment = custody::entrust(key, &group, &name)
        .with_context(|| format!("cannot share the key among the custodians of {patient}"))?;
    Ok(Some(Entrusted { entrustment, custodians: group.accounts() }))
}

/// Whether the chain lets a patient's custodians keep another key; warns of those that cannot.
async fn can_keep(view: &View, patient: &AccountId32, group: &CustodianGroup) -> Result<bool> {
    let mut obstacles = Vec::new();
    let members = group.accounts();
    let have_role = view.have_role(Role::Custodian, &members).await?;
    for (member, has_role) in members.into_iter().zip(have_role) {
        let registered = view.custodian(&member).await?.and_then(|custodian| custodian.bond);
        if registered.is_none() {
            obstacles.push(format!("{member} has retired"));
        } else if !has_role {
            obstacles.push(format!("{member} no longer has the role custodian"));
        } else if view.has_declined(&member, patient).await? {
            obstacles.push(format!("{member} declined to keep keys of the patient"));
        }
    }
    if !obstacles.is_empty() {
        crate::output::tell!(
            "warning: no custodian keeps this key, because {}; the patient {patient} chooses \
             others with `medchain custodians set`",
            joined(&obstacles)
        );
    }
    Ok(obstacles.is_empty())
}

/// The key that custodians delivered to the signer; none while too few have, or where there is
/// no grant.
pub async fn handed_over(
    context: &Context,
    view: &View,
    record: &Record,
) -> Result<Option<ContentKey>> {
    let account = context.account()?;
    let grant = view.grant(record.id, &account).await?;
    let requests = Requests::of(context).await?;
    requests.tidy(record.id, grant.as_ref().map(|grant| &grant.reply));
    let (Some(grant), Some(custody)) = (grant, view.custody(record.id).await?) else {
        return Ok(None);
    };
    if grant.deliveries.len() < usize::from(custody.threshold) {
        return Ok(None);
    }
    let Some(secret) = requests.secret(record.id, &grant.reply)? else {
        bail!(
            "custodians delivered the key of record {0} for a request whose secret is not here: \
             it was made with another key file, or on another computer; open it there, or make a \
             new request with `medchain request-access {0} --renew`",
            record.id
        );
    };
    let genesis = context.chain().await?.genesis_hash();
    match custody::recover(genesis, record, &custody, &grant, &secret) {
        Ok(key) => Ok(Some(key)),
        Err(error) => Err(unrecovered(error, record.id, &custody)),
    }
}

/// Says whose fault it is: never the custodians', whose deliveries the chain has verified.
fn unrecovered(error: CryptoError, record: RecordId, custody: &Custody) -> Error {
    let dealer = custody.dealer;
    let why = match error {
        CryptoError::Sharing(SharingError::InvalidWrappedKey) => format!(
            "{dealer} entrusted no key of record {record} to the custodians; the patient \
             entrusts it again with `medchain custodians entrust {record}`"
        ),
        _ => format!("cannot open what custodians delivered for record {record}"),
    };
    Error::new(error).context(why)
}

/// What custodians have delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// How many shares.
    pub shares: u32,
    /// How many are needed; 0 where no custodian keeps the key.
    pub threshold: u32,
}

impl Delivered {
    /// Nothing, of a key that no custodian keeps.
    pub const NOTHING: Self = Self { shares: 0, threshold: 0 };

    /// Whether the shares make the key.
    pub fn is_enough(self) -> bool {
        self.threshold > 0 && self.shares >= self.threshold
    }

    async fn read(view: &View, record: RecordId, subject: &AccountId32) -> Result<Self> {
        let Some(custody) = view.custody(record).await? else {
            return Ok(Self::NOTHING);
        };
        let shares = view.grant(record, subject).await?.map_or(0, |grant| grant.deliveries.len());
        let shares = u32::try_from(shares).unwrap_or(u32::MAX);
        Ok(Self { shares, threshold: custody.threshold.into() })
    }
}

/// Waits for enough custodians, at most until `limit` has passed. Returns what each record has.
pub async fn wait(
    context: &Context,
    records: &[RecordId],
    limit: Duration,
) -> Result<Vec<Delivered>> {
    let subject = context.account()?;
    let started = Instant::now();
    let step = context.progress.step("Waiting for the custodians");
    loop {
        let view = context.view().await?;
        let mut all = Vec::new();
        for record in records {
            all.push(Delivered::read(&view, *record, &subject).await?);
        }
        let is_over = |one: &Delivered| one.is_enough() || one.threshold == 0;
        if all.iter().all(is_over) || started.elapsed() >= limit {
            drop(step);
            return Ok(all);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_enough_where_nobody_keeps_the_key() {
        assert!(!Delivered::NOTHING.is_enough());
        assert!(!Delivered { shares: 1, threshold: 2 }.is_enough());
        assert!(Delivered { shares: 2, threshold: 2 }.is_enough());
    }
}
