//! The chain through a node, as a custodian sees it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{
        AccessGrant, AccessQuestion, Basis, Call, ChainError as ClientError, ChainEvent,
        DispatchFailure, EmrError, FailureKind, RecordStatus, View,
    },
    AccountId32,
};
use medchain_primitives::{Action, EncryptionKey, Role, SealedKey};

use crate::{
    custody::{
        deliveries::{Entrusted, Grant, GrantId, Grants},
        ports::{Appointment, CustodyChain},
    },
    shared::{
        link::{Link, OverLink},
        outcome::Outcome,
        ports::{Chain, ChainError, SubmitError},
    },
};

/// How many records' custodies are asked for at once.
const AT_ONCE: usize = 16;

type EntrustedOf = BTreeMap<GrantId, Option<Arc<Entrusted>>>;

/// A node's chain, as one custodian's account.
pub struct NodeGrants {
    link: Link,
    /// The custodians of each grant's record. They never change while the grant is
    /// stored, so they are read once.
    entrusted: Mutex<EntrustedOf>,
}

impl OverLink for NodeGrants {
    fn link(&self) -> &Link {
        &self.link
    }
}

impl NodeGrants {
    /// The grants on this link's chain.
    pub fn new(link: Link) -> Self {
        Self { link, entrusted: Mutex::default() }
    }

    /// A panic elsewhere leaves whole entries here, so a poisoned lock is still good.
    fn entrusted(&self) -> MutexGuard<'_, EntrustedOf> {
        self.entrusted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the custodians of these grants' records where they are not known, and
    /// forgets grants that are not stored any more.
    async fn learn_entrusted(
        &self,
        view: &View,
        grants: &[AccessGrant],
    ) -> Result<EntrustedOf, ClientError> {
        let mut known = self.entrusted().clone();
        let ids: BTreeSet<GrantId> = grants.iter().map(id_of).collect();
        let unknown: Vec<GrantId> =
            ids.iter().filter(|id| !known.contains_key(id)).copied().collect();
        let read = unknown.into_iter().map(|id| async move {
            let Some(custody) = view.custody(id.record).await? else {
                return Ok((id, None));
            };
            let record = view.record(id.record).await?;
            let of = record.map(|record| (record.patient, record.cid));
            Ok::<_, ClientError>((id, Some(Arc::new(Entrusted { custody, of }))))
        });
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        known.extend(read);
        known.retain(|id, _| ids.contains(id));
        self.entrusted().clone_from(&known);
        Ok(known)
    }
}

#[async_trait]
impl CustodyChain for NodeGrants {
    async fn grants(&self) -> Result<Grants, ChainError> {
        let read = self.link.ask_or_reconnect(|client| async move {
            let view = client.finalised().await?;
            let grants = view.grants().await?;
            let entrusted = self.learn_entrusted(&view, &grants).await?;
            let grants = grants.into_iter().map(|grant| {
                let id = id_of(&grant);
                Grant {
                    id,
                    until: grant.until,
                    is_emergency: matches!(grant.basis, Basis::Emergency { .. }),
                    entrusted: entrusted.get(&id).cloned().flatten(),
                    delivered: grant.shares.iter().map(|share| share.number).collect(),
                }
            });
            let grants = grants.collect();
            // Read after the list, so that it is not older.
            let best = client.best().await?.number();
            Ok(Grants { finalised: view.number(), best, grants })
        });
        Ok(read.await?)
    }

    async fn encryption_key(
        &self,
        account: &AccountId32,
    ) -> Result<Option<EncryptionKey>, ChainError> {
        let asked = self
            .link
            .ask(|client| async move { client.finalised().await?.encryption_key(account).await });
        Ok(asked.await?)
    }

    async fn settled(&self, grant: &GrantId) -> Result<Option<Outcome>, ChainError> {
        let me = self.link.account();
        let asked =
            self.link.ask(|client| async move { settled(&client.best().await?, &me, grant).await });
        Ok(asked.await?)
    }

    async fn appointment(&self) -> Result<Appointment, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask(|client| async move {
            let best = client.best().await?;
            Ok(Appointment {
                is_custodian: best.roles_of(&me).await?.contains(&Role::Custodian),
                published: best.encryption_key(&me).await?,
                free: best.balance(&me).await?.spendable(0),
            })
        });
        Ok(asked.await?)
    }

    async fn deliver(
        &self,
        grant: &GrantId,
        sealed_share: &SealedKey,
        nonce: u64,
    ) -> Result<u32, SubmitError> {
        let call = Call::DeliverShare {
            record: grant.record,
            subject: grant.subject,
            sealed_share: *sealed_share,
        };
        let done = self.link.submit(&call, nonce, refusal).await?;
        // The call also succeeds where the policy refuses, and the grant ends.
        match done.events.iter().any(|event| matches!(event, ChainEvent::ShareDelivered { .. })) {
            true => Ok(done.block_number),
            false => Err(SubmitError::Refused(Outcome::NoConsent(
                "the policy refused in that block, which ended the grant".to_owned(),
            ))),
        }
    }
}

fn id_of(grant: &AccessGrant) -> GrantId {
    GrantId { record: grant.record, subject: grant.subject, granted_at: grant.granted_at }
}

/// What the call would find, in the call's own order.
async fn settled(
    view: &View,
    me: &AccountId32,
    id: &GrantId,
) -> Result<Option<Outcome>, ClientError> {
    let ended = Ok(Some(Outcome::ClosedElsewhere));
    let Some(grant) = view.grant(id.record, &id.subject).await? else {
        return ended;
    };
    let Some(custody) = view.custody(id.record).await? else {
        return ended;
    };
    let Some((number, _)) = custody.share_of(me).filter(|_| id_of(&grant) == *id) else {
        return ended;
    };
    if grant.shares.iter().any(|share| share.number == number) {
        return Ok(Some(Outcome::Included { block: view.number() }));
    }
    if grant.shares.len() >= custody.threshold as usize {
        return ended;
    }
    // A call sent now is in the next block at the earliest.
    if view.number() >= grant.until {
        return Ok(Some(Outcome::TooLate));
    }
    let record = view.record(id.record).await?;
    let Some(record) = record.filter(|record| record.status != RecordStatus::Erased) else {
        return Ok(Some(Outcome::Gone));
    };
    if !view.roles_of(me).await?.contains(&Role::Custodian) {
        let reason = "this account is no longer a custodian".to_owned();
        return Ok(Some(Outcome::Rejected(reason)));
    }
    if let Basis::Policy { purpose } = grant.basis {
        let (patient, record, purpose) = (record.patient, Some(record.id), Some(purpose));
        let question = AccessQuestion { record, purpose, ..AccessQuestion::about(Action::View) };
        let answer = view.check_access(&patient, &id.subject, question).await?;
        if let Err(denied) = answer {
            return Ok(Some(Outcome::NoConsent(denied.to_string())));
        }
    }
    Ok(None)
}

/// What a failed call means for its grant.
fn refusal(failure: &DispatchFailure) -> Outcome {
    match failure.kind {
        FailureKind::Emr(
            EmrError::ShareAlreadyDelivered
            | EmrError::AccessNotFound
            | EmrError::RecordNotEntrusted
            | EmrError::ShareNotFound,
        ) => Outcome::ClosedElsewhere,
        FailureKind::Emr(EmrError::AccessExpired) => Outcome::TooLate,
        FailureKind::Emr(EmrError::RecordNotFound | EmrError::RecordErased) => Outcome::Gone,
        // Nothing that this program does not know passes for one of the above.
        _ => Outcome::Rejected(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::RuntimeError;

    use super::*;

    fn outcome(error: impl Into<FailureKind>) -> Outcome {
        refusal(&DispatchFailure { kind: error.into(), docs: String::new() })
    }

    #[test]
    fn each_error_of_the_chain_is_understood() {
        // Perhaps by this custodian before a restart: the submitter asks.
        assert_eq!(outcome(EmrError::ShareAlreadyDelivered), Outcome::ClosedElsewhere);
        assert_eq!(outcome(EmrError::AccessNotFound), Outcome::ClosedElsewhere);
        assert_eq!(outcome(EmrError::RecordNotEntrusted), Outcome::ClosedElsewhere);
        assert_eq!(outcome(EmrError::ShareNotFound), Outcome::ClosedElsewhere);
        assert_eq!(outcome(EmrError::AccessExpired), Outcome::TooLate);
        assert_eq!(outcome(EmrError::RecordNotFound), Outcome::Gone);
        let rejected = |name: &str| Outcome::Rejected(name.to_owned());
        assert_eq!(outcome(EmrError::NoGrant), rejected("Emr.NoGrant"));
        assert_eq!(outcome(RuntimeError::BadOrigin), rejected("BadOrigin"));
        let newer = FailureKind::Other { pallet: "Emr".to_owned(), error: "Newer".to_owned() };
        assert_eq!(outcome(newer), rejected("Emr.Newer"));
    }
}
