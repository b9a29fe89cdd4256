//! The chain through a node, as a custodian sees it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{
        AccessGrant, AccessQuestion, Basis, Call, ChainError as ClientError, ChainEvent, Custody,
        CustodyError, DispatchFailure, EmrError, FailureKind, Finality, Record, RecordStatus,
        SubmitOptions, TxOutcome, View,
    },
    custody::Delivery,
    AccountId32, H256,
};
use medchain_primitives::{Action, Role};

use super::proven::{ensure_granted, over};
use crate::{
    custody::{
        deliveries::{Grant, GrantId, Grants},
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
/// For how many blocks after the newest one a delivery is valid. The chain logs shares that
/// come up to 16 blocks after the end of their grant.
const MORTALITY: u64 = 8;

type CustodyOf = BTreeMap<GrantId, Option<Arc<Custody>>>;

/// A node's chain, as one custodian's account.
pub struct NodeGrants {
    link: Link,
    /// The custodians of each grant's record. They never change while the grant is
    /// stored, so they are read once.
    custody: Mutex<CustodyOf>,
}

impl OverLink for NodeGrants {
    fn link(&self) -> &Link {
        &self.link
    }
}

impl NodeGrants {
    /// The grants on this link's chain.
    pub fn new(link: Link) -> Self {
        Self { link, custody: Mutex::default() }
    }

    /// The hash of the chain's first block.
    pub fn genesis(&self) -> H256 {
        self.link.genesis()
    }

    /// A panic elsewhere leaves whole entries here, so a poisoned lock is still good.
    fn custody(&self) -> MutexGuard<'_, CustodyOf> {
        self.custody.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the custodians of these grants' records where they are not known, and
    /// forgets grants that are not stored any more.
    async fn learn_custody(
        &self,
        view: &View,
        grants: &[AccessGrant],
    ) -> Result<CustodyOf, ClientError> {
        let mut known = self.custody().clone();
        let ids: BTreeSet<GrantId> = grants.iter().map(GrantId::of).collect();
        let unknown: Vec<GrantId> =
            ids.iter().filter(|id| !known.contains_key(id)).copied().collect();
        let read = unknown.into_iter().map(|id| async move {
            Ok::<_, ClientError>((id, view.custody(id.record).await?.map(Arc::new)))
        });
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        known.extend(read);
        known.retain(|id, _| ids.contains(id));
        self.custody().clone_from(&known);
        Ok(known)
    }
}

#[async_trait]
impl CustodyChain for NodeGrants {
    async fn grants(&self) -> Result<Grants, ChainError> {
        let read = self.link.ask_both(|client, witness| async move {
            // Each grant is proven when it is served. Its custodians and their shares are proven
            // now, because they are read once: a share of another record must not pass for it.
            let (view, proven) = match witness {
                None => (client.finalised().await?, None),
                Some(witness) => {
                    let proven = client.witnessed(&witness).await?;
                    (client.at(proven.hash()).await?, Some(proven))
                }
            };
            let grants = view.grants().await?;
            let custody = self.learn_custody(proven.as_ref().unwrap_or(&view), &grants).await?;
            let grants = grants.into_iter().map(|grant| {
                let id = GrantId::of(&grant);
                Grant {
                    id,
                    until: grant.until,
                    is_emergency: matches!(grant.basis, Basis::Emergency { .. }),
                    custody: custody.get(&id).cloned().flatten(),
                    delivered: grant.deliveries.iter().map(|(number, _)| *number).collect(),
                }
            });
            let grants = grants.collect();
            // Read after the list, so that it is not older.
            let best = client.best().await?.number();
            Ok(Grants { finalised: view.number(), best, grants })
        });
        Ok(read.await?)
    }

    async fn settled(&self, grant: &GrantId) -> Result<Option<Outcome>, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask_both(|client, witness| async move {
            let told = settled(&client.best().await?, &me, grant).await?;
            let Some(witness) = witness.filter(|_| told.is_none()) else { return Ok(told) };
            ensure_granted(&client, &witness, grant).await?;
            settled(&witness.best().await?, &me, grant).await
        });
        Ok(asked.await?)
    }

    async fn appointment(&self) -> Result<Appointment, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask(|client| async move {
            let best = client.best().await?;
            Ok(Appointment {
                is_custodian: best.roles_of(&me).await?.contains(&Role::Custodian),
                registered: best.custodian(&me).await?,
                free: best.balance(&me).await?.spendable(0),
            })
        });
        Ok(asked.await?)
    }

    async fn deliver(
        &self,
        grant: &GrantId,
        delivery: &Delivery,
        nonce: u64,
    ) -> Result<u32, SubmitError> {
        let granted = grant.granted();
        let call = Call::DeliverShare {
            record: granted.record,
            subject: granted.subject,
            reply: granted.reply,
            delivery: *delivery,
        };
        let done = self.link.submit_with(&call, nonce, options(), refusal).await?;
        delivered(&done).map_err(SubmitError::Refused)
    }
}

/// How a delivery is sent.
fn options() -> SubmitOptions {
    SubmitOptions {
        mortality: MORTALITY,
        // The newest block is the one that was asked whether access is still allowed. In
        // another fork, somebody may have revoked it.
        era_from: Finality::Best,
        ..SubmitOptions::default()
    }
}

/// The block in which a share was delivered. The call also succeeds where access is refused or
/// has ended.
fn delivered(done: &TxOutcome) -> Result<u32, Outcome> {
    let block = done.block_number;
    let outcome = done.events.iter().find_map(|event| match event {
        ChainEvent::ShareDelivered { .. } => Some(Ok(block)),
        ChainEvent::ShareExposed { .. } => Some(Err(Outcome::Exposed { block })),
        _ => None,
    });
    outcome.unwrap_or_else(|| {
        let reason = "the call succeeded, and the chain says nothing of the share";
        Err(Outcome::Rejected(reason.to_owned()))
    })
}

/// What the call would find, in the call's own order.
async fn settled(
    view: &View,
    me: &AccountId32,
    id: &GrantId,
) -> Result<Option<Outcome>, ClientError> {
    let ended = Ok(Some(Outcome::ClosedElsewhere));
    let grant = view.grant(id.record, &id.subject).await?;
    // Another reply key is another grant.
    let Some(grant) = grant.filter(|grant| GrantId::of(grant) == *id) else {
        return ended;
    };
    let Some(custody) = view.custody(id.record).await? else {
        return ended;
    };
    let Some(number) = custody.number_of(me) else {
        return ended;
    };
    if grant.deliveries.iter().any(|(delivered, _)| *delivered == number) {
        return Ok(Some(Outcome::Included { block: view.number() }));
    }
    if grant.deliveries.len() >= usize::from(custody.threshold) {
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
    let refused = refused(view, &grant, &record).await?;
    Ok(refused.map(Outcome::NoConsent))
}

/// Why the chain would refuse access now.
async fn refused(
    view: &View,
    grant: &AccessGrant,
    record: &Record,
) -> Result<Option<String>, ClientError> {
    let (patient, subject, id) = (&record.patient, &grant.subject, Some(record.id));
    match grant.basis {
        Basis::Policy { purpose } => {
            let question = AccessQuestion {
                record: id,
                purpose: Some(purpose),
                ..AccessQuestion::about(Action::View)
            };
            let answer = view.check_access(patient, subject, question).await?;
            Ok(answer.err().map(|denied| denied.to_string()))
        }
        Basis::Draw { request } => {
            let waiting = view.waits_for_key(subject, request).await?;
            let Some(request) = waiting.filter(|request| request.record == record.id) else {
                return Ok(Some("the worker does not wait for this key any more".to_owned()));
            };
            let question = AccessQuestion::infer(request.model, id);
            let answer = view.check_access(patient, subject, question).await?;
            Ok(answer.err().map(|denied| denied.to_string()))
        }
        Basis::Emergency { emergency } => {
            let status = view.emergency(emergency).await?.map(|emergency| emergency.status);
            let Some(status) = status else {
                return Ok(Some("the emergency is closed".to_owned()));
            };
            if let Some(why) = over(status) {
                return Ok(Some(why.to_owned()));
            }
            let refusal = view.emergency_refusal(patient, subject, id).await?;
            Ok(refusal.map(|refusal| refusal.to_string()))
        }
    }
}

/// What a failed call means for its grant.
fn refusal(failure: &DispatchFailure) -> Outcome {
    match failure.kind {
        FailureKind::Custody(
            CustodyError::ShareAlreadyDelivered
            | CustodyError::AccessNotFound
            | CustodyError::RecordNotEntrusted
            | CustodyError::ShareNotFound,
        ) => Outcome::ClosedElsewhere,
        FailureKind::Emr(EmrError::RecordNotFound | EmrError::RecordErased) => Outcome::Gone,
        // Nothing that this program does not know passes for one of the above.
        _ => Outcome::Rejected(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::RuntimeError;
    use medchain_primitives::{EndReason, RecordId};

    use super::*;

    fn outcome(error: impl Into<FailureKind>) -> Outcome {
        refusal(&DispatchFailure { kind: error.into(), docs: String::new() })
    }

    #[test]
    fn each_error_of_the_chain_is_understood() {
        // Perhaps by this custodian before a restart: the submitter asks.
        assert_eq!(outcome(CustodyError::ShareAlreadyDelivered), Outcome::ClosedElsewhere);
        assert_eq!(outcome(CustodyError::AccessNotFound), Outcome::ClosedElsewhere);
        assert_eq!(outcome(CustodyError::RecordNotEntrusted), Outcome::ClosedElsewhere);
        assert_eq!(outcome(CustodyError::ShareNotFound), Outcome::ClosedElsewhere);
        assert_eq!(outcome(EmrError::RecordNotFound), Outcome::Gone);
        let rejected = |name: &str| Outcome::Rejected(name.to_owned());
        // An operator has to look: a call that fails so costs a fee.
        assert_eq!(outcome(CustodyError::InvalidDelivery), rejected("Custody.InvalidDelivery"));
        assert_eq!(outcome(CustodyError::OwnShare), rejected("Custody.OwnShare"));
        assert_eq!(outcome(EmrError::NoGrant), rejected("Emr.NoGrant"));
        assert_eq!(outcome(RuntimeError::BadOrigin), rejected("BadOrigin"));
        let newer = FailureKind::Other { pallet: "Custody".to_owned(), error: "Newer".to_owned() };
        assert_eq!(outcome(newer), rejected("Custody.Newer"));
    }

    #[test]
    fn a_delivery_is_valid_for_eight_blocks_of_the_fork_that_was_asked() {
        let options = options();
        assert_eq!((options.mortality, options.era_from), (8, Finality::Best));
        // As `Custody.LateDeliveryPeriod`: a share of a grant that ended meanwhile is logged.
        assert!(options.mortality < 16);
    }

    #[test]
    fn a_call_that_succeeds_may_have_exposed_the_share() {
        let (record, patient, subject) = (RecordId(1), AccountId32([1; 32]), AccountId32([2; 32]));
        let custodian = AccountId32([3; 32]);
        let with = |events: Vec<ChainEvent>| {
            let hash = H256([0; 32]);
            let (block_hash, extrinsic_hash) = (hash, hash);
            delivered(&TxOutcome { block_hash, block_number: 7, extrinsic_hash, fee: 0, events })
        };
        let taken = ChainEvent::ShareDelivered {
            record,
            patient,
            subject,
            custodian,
            delivered: 1,
            threshold: 2,
        };
        assert_eq!(with(vec![taken]), Ok(7));
        let reason = EndReason::Refused;
        let ended = ChainEvent::AccessEnded { record, patient, subject, reason };
        let exposed = ChainEvent::ShareExposed { record, patient, subject, custodian };
        assert_eq!(with(vec![ended.clone(), exposed]), Err(Outcome::Exposed { block: 7 }));
        assert!(matches!(with(vec![ended]), Err(Outcome::Rejected(_))));
    }
}
