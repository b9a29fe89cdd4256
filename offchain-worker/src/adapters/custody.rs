//! The chain through a node, as a custodian sees it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::{
    stream::{self, BoxStream},
    StreamExt, TryStreamExt,
};
use medchain_client::{
    chain::{
        AccessGrant, Basis, Call, ChainError as ClientError, ChainEvent, DispatchFailure, Finality,
        RecordStatus, View as Snapshot,
    },
    keys::Identity,
    AccountId32,
};
use medchain_primitives::{Action, EncryptionKey, Role, SealedKey};

use super::link::{port_error, submit_error, Link};
use crate::{
    core::{
        custody::{Custody, Grant, GrantId, Grants},
        Account, Outcome,
    },
    ports::{
        custody::{Appointment, CustodyChain, Standing},
        ChainError, SubmitError, Tip,
    },
};

/// How many records' custodies are asked for at once.
const AT_ONCE: usize = 16;

/// A node's chain, as one custodian's account.
pub struct NodeCustody {
    link: Link,
    /// Who keeps the key, for each grant that stands. It never changes while the
    /// grant stands, so it is read once.
    custodies: Mutex<BTreeMap<GrantId, Arc<Custody>>>,
}

impl NodeCustody {
    /// Connects to the node at `url`. Later it reconnects by itself, to the
    /// same chain only. `inclusion_timeout` is how long a share may take into a
    /// block before it counts as lost.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::WrongChain`].
    pub async fn connect(
        url: &str,
        identity: Identity,
        inclusion_timeout: Duration,
    ) -> Result<Self, ChainError> {
        let link = Link::connect(url, identity, inclusion_timeout).await?;
        Ok(Self { link, custodies: Mutex::default() })
    }

    /// A panic elsewhere leaves whole entries here, so the lock is still good.
    fn custodies(&self) -> MutexGuard<'_, BTreeMap<GrantId, Arc<Custody>>> {
        self.custodies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads who keeps the keys of these grants' records, as far as it is not
    /// known, and forgets what does not stand any more.
    async fn learn_custodies(
        &self,
        snapshot: &Snapshot,
        grants: &[AccessGrant],
    ) -> Result<BTreeMap<GrantId, Arc<Custody>>, ClientError> {
        let mut standing = self.custodies().clone();
        let ids: Vec<GrantId> = grants.iter().map(id_of).collect();
        let unknown = ids.iter().filter(|id| !standing.contains_key(id));
        let read = unknown.map(|id| async move {
            let custody = snapshot.custody(id.record).await?;
            let record = snapshot.record(id.record).await?;
            let custody = custody.map_or_else(Custody::default, |custody| Custody {
                threshold: custody.threshold,
                shares: custody.shares.into_iter().map(|(who, sealed)| (who.0, sealed)).collect(),
                of: record.map(|record| (record.patient.0, record.cid)),
            });
            Ok::<_, ClientError>((*id, Arc::new(custody)))
        });
        let read: Vec<_> = read.collect();
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        standing.extend(read);
        let ids: BTreeSet<GrantId> = ids.into_iter().collect();
        standing.retain(|id, _| ids.contains(id));
        *self.custodies() = standing.clone();
        Ok(standing)
    }
}

#[async_trait]
impl CustodyChain for NodeCustody {
    fn account(&self) -> Account {
        self.link.me().0
    }

    async fn heads(&self) -> Result<BoxStream<'static, Result<(), ChainError>>, ChainError> {
        self.link.heads(Finality::Finalised).await
    }

    async fn grants(&self) -> Result<Grants, ChainError> {
        self.link
            .ask_or_reconnect(|client| async move {
                let snapshot = client.finalised().await?;
                let grants = snapshot.grants().await?;
                let custodies = self.learn_custodies(&snapshot, &grants).await?;
                let grants = grants.into_iter().map(|grant| {
                    let id = id_of(&grant);
                    Grant {
                        id,
                        until: grant.until,
                        is_emergency: matches!(grant.basis, Basis::Emergency { .. }),
                        custody: custodies.get(&id).cloned().unwrap_or_default(),
                        delivered: grant.shares.iter().map(|share| share.number).collect(),
                    }
                });
                let grants = grants.collect();
                // After the list, so that it is not older than that.
                let best = client.best().await?.number();
                Ok(Grants { finalised: snapshot.number(), best, grants })
            })
            .await
    }

    async fn reader_key(&self, subject: &Account) -> Result<Option<EncryptionKey>, ChainError> {
        let subject = AccountId32(*subject);
        self.link
            .ask(|client| async move { client.finalised().await?.encryption_key(&subject).await })
            .await
            .map_err(port_error)
    }

    async fn standing(&self, grant: &GrantId) -> Result<Standing, ChainError> {
        let me = self.link.me();
        self.link
            .ask(|client| async move { standing(&client.best().await?, &me, grant).await })
            .await
            .map_err(port_error)
    }

    async fn appointment(&self) -> Result<Appointment, ChainError> {
        let me = self.link.me();
        self.link
            .ask(|client| async move {
                let best = client.best().await?;
                Ok(Appointment {
                    spec_version: best.spec_version(),
                    knows_custodians: best.knows_custodians(),
                    is_custodian: best.roles_of(&me).await?.contains(&Role::Custodian),
                    published: best.encryption_key(&me).await?,
                    free: best.balance(&me).await?.spendable(0),
                })
            })
            .await
            .map_err(port_error)
    }

    async fn tip(&self) -> Result<Tip, ChainError> {
        self.link.tip().await
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.link.next_nonce().await
    }

    async fn deliver(
        &self,
        grant: &GrantId,
        sealed_share: &SealedKey,
        nonce: u64,
    ) -> Result<u32, SubmitError> {
        let call = Call::DeliverShare {
            record: grant.record,
            subject: AccountId32(grant.subject),
            sealed_share: *sealed_share,
        };
        let done = self.link.submit(&call, nonce).await.map_err(failure)?;
        // The call succeeds as well where the policy has changed its mind.
        match done.events.iter().any(|event| matches!(event, ChainEvent::ShareDelivered { .. })) {
            true => Ok(done.block_number),
            false => Err(SubmitError::Refused(Outcome::NoConsent(
                "the policy said no in that very block, and the grant ended".to_owned(),
            ))),
        }
    }
}

fn id_of(grant: &AccessGrant) -> GrantId {
    GrantId { record: grant.record, subject: grant.subject.0, granted_at: grant.granted_at }
}

/// What the call would find, in the call's own order, the policy last.
async fn standing(
    snapshot: &Snapshot,
    me: &AccountId32,
    id: &GrantId,
) -> Result<Standing, ClientError> {
    let subject = AccountId32(id.subject);
    let Some(grant) = snapshot.grant(id.record, &subject).await? else {
        return Ok(Standing::Ended);
    };
    let Some(custody) = snapshot.custody(id.record).await? else {
        return Ok(Standing::Ended);
    };
    let Some((number, _)) = custody.share_of(me).filter(|_| id_of(&grant) == *id) else {
        return Ok(Standing::Ended);
    };
    if grant.shares.iter().any(|share| share.number == number) {
        return Ok(Standing::Ours { at: snapshot.number() });
    }
    if grant.shares.len() >= custody.threshold as usize {
        return Ok(Standing::Enough);
    }
    // The call is in the next block at the earliest.
    if snapshot.number() >= grant.until {
        return Ok(Standing::Over);
    }
    let record = snapshot.record(id.record).await?;
    let Some(record) = record.filter(|record| record.status != RecordStatus::Erased) else {
        return Ok(Standing::Erased);
    };
    if !snapshot.roles_of(me).await?.contains(&Role::Custodian) {
        return Ok(Standing::NotCustodian);
    }
    if let Basis::Policy { purpose } = grant.basis {
        let of = Some(record.id);
        let answer =
            snapshot.check_access_for(&record.patient, &subject, of, Action::View, purpose).await?;
        if let Err(denied) = answer {
            return Ok(Standing::Refused(denied.to_string()));
        }
    }
    Ok(Standing::Open)
}

fn failure(error: ClientError) -> SubmitError {
    match error {
        ClientError::Dispatch(failure) => SubmitError::Refused(refusal(&failure)),
        other => submit_error(other),
    }
}

/// What a failed call means for its grant.
fn refusal(failure: &DispatchFailure) -> Outcome {
    match (failure.pallet.as_str(), failure.error.as_str()) {
        ("Emr", "AlreadyDelivered" | "AccessNotGranted" | "NotEntrusted") => {
            Outcome::ClosedElsewhere
        }
        ("Emr", "AccessExpired") => Outcome::TooLate,
        ("Emr", "RecordNotFound" | "RecordErased") => Outcome::Gone,
        _ => Outcome::Rejected(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_the_chain_is_understood() {
        let check = |pallet: &str, error: &str, expected: Outcome| {
            let failure = DispatchFailure {
                pallet: pallet.to_owned(),
                error: error.to_owned(),
                docs: String::new(),
            };
            assert_eq!(refusal(&failure), expected, "{pallet}.{error}");
        };
        // Perhaps by this custodian before a restart: the submitter asks.
        check("Emr", "AlreadyDelivered", Outcome::ClosedElsewhere);
        check("Emr", "AccessNotGranted", Outcome::ClosedElsewhere);
        check("Emr", "NotEntrusted", Outcome::ClosedElsewhere);
        check("Emr", "AccessExpired", Outcome::TooLate);
        check("Emr", "RecordNotFound", Outcome::Gone);
        check("Emr", "NotCustodian", Outcome::Rejected("Emr.NotCustodian".to_owned()));
        check("", "BadOrigin", Outcome::Rejected("BadOrigin".to_owned()));
        assert!(matches!(failure(ClientError::StaleNonce), SubmitError::Lost(_)));
    }
}
