//! Prepares one share for one subject.

use super::{outbox::Submission, setup::Ports};
use crate::custody::deliveries::{Grant, Obstacle};

/// This custodian's share, encrypted to the key of the subject's request.
pub(super) async fn encrypt(
    ports: &Ports,
    grant: &Grant,
    after_refusal: bool,
) -> Result<Submission, Obstacle> {
    let (keeper, me, whole) = (ports.keeper.clone(), ports.chain.account(), grant.clone());
    // It computes for some milliseconds.
    let encrypted = tokio::task::spawn_blocking(move || keeper.encrypt(&me, &whole)).await;
    match encrypted {
        Ok(Ok(delivery)) => Ok(Submission { grant: grant.id, delivery, after_refusal }),
        Ok(Err(reason)) => Err(Obstacle::Unopened(reason.to_string())),
        // A defect with one grant must not leave it begun for ever.
        Err(_) => Err(Obstacle::Passing("the encryption panicked".to_owned())),
    }
}
