//! What a second node must vouch for before a share is handed over.
//!
//! The state of a block that both nodes call final proves that there is such a grant, and what it
//! rests on. Whether access is allowed now, the chain computes: both nodes are asked.

use medchain_client::{
    chain::{AccessGrant, Basis, Chain, ChainError, EmergencyStatus, Request, View},
    AccountId32,
};

use crate::custody::deliveries::GrantId;

/// Fails unless both nodes vouch for a grant and for what it rests on.
///
/// The custodians of its record, and their shares, were read with a proof when it was listed.
pub(super) async fn ensure_granted(
    node: &Chain,
    witness: &Chain,
    id: &GrantId,
) -> Result<(), ChainError> {
    let view = node.witnessed(witness).await?;
    let unproven = |what: &str| ChainError::Disagreement {
        first: node.url().to_owned(),
        second: witness.url().to_owned(),
        what: format!("{what} in block {}, which both call final", view.number()),
    };
    let grant = view.grant(id.record, &id.subject).await?;
    let Some(grant) = grant.filter(|grant| GrantId::of(grant) == *id) else {
        return Err(unproven("there is no such grant"));
    };
    match ground(&view, &grant).await? {
        Ok(()) => Ok(()),
        Err(what) => Err(unproven(what)),
    }
}

/// Whether what a grant rests on is in this state.
async fn ground(view: &View, grant: &AccessGrant) -> Result<Result<(), &'static str>, ChainError> {
    Ok(match grant.basis {
        // The policy is asked about at both nodes.
        Basis::Policy { .. } => Ok(()),
        Basis::Draw { request } => {
            drawn(view.waits_for_key(&grant.subject, request).await?.as_ref(), grant)
        }
        Basis::Emergency { emergency } => {
            let found = view.emergency(emergency).await?;
            let found = found.map(|found| (found.subject, found.status));
            broken(found.as_ref(), &grant.subject)
        }
    })
}

/// Whether a worker waits for the key of this record; `request` is the one in which it does.
fn drawn(request: Option<&Request>, grant: &AccessGrant) -> Result<(), &'static str> {
    match request {
        Some(request) if request.record == grant.record => Ok(()),
        _ => Err("the worker does not wait for this key"),
    }
}

/// Whether it was this subject that broke the glass, and nobody has stopped it.
fn broken(
    emergency: Option<&(AccountId32, EmergencyStatus)>,
    subject: &AccountId32,
) -> Result<(), &'static str> {
    match emergency {
        None => Err("there is no such emergency"),
        Some((by, _)) if by != subject => Err("the emergency is another account's"),
        Some((_, status)) => match over(*status) {
            Some(why) => Err(why),
            None => Ok(()),
        },
    }
}

/// Why no share is delivered in an emergency of this status.
pub(super) fn over(status: EmergencyStatus) -> Option<&'static str> {
    match status {
        EmergencyStatus::Rejected { .. } => Some("the emergency was rejected"),
        EmergencyStatus::Escalated => Some("the emergency is over"),
        EmergencyStatus::Open | EmergencyStatus::Endorsed { .. } | EmergencyStatus::Accepted => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: AccountId32 = AccountId32([2; 32]);
    const EVE: AccountId32 = AccountId32([6; 32]);

    #[test]
    fn an_emergency_that_is_not_proven_or_was_stopped_opens_nothing() {
        let open = (BOB, EmergencyStatus::Open);
        assert_eq!(broken(Some(&open), &BOB), Ok(()));
        assert!(broken(None, &BOB).unwrap_err().contains("no such"));
        assert!(broken(Some(&open), &EVE).unwrap_err().contains("another account"));
        let rejected = (BOB, EmergencyStatus::Rejected { by: EVE });
        assert!(broken(Some(&rejected), &BOB).unwrap_err().contains("rejected"));
        assert!(broken(Some(&(BOB, EmergencyStatus::Escalated)), &BOB).is_err());
        for status in [EmergencyStatus::Endorsed { by: EVE }, EmergencyStatus::Accepted] {
            assert_eq!(broken(Some(&(BOB, status)), &BOB), Ok(()));
        }
    }
}
