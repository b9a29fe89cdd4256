//! Prepares one share for one subject.

use super::{outbox::Submission, setup::Ports};
use crate::custody::{
    deliveries::{Grant, Obstacle},
    ports::SealError,
};

/// This custodian's share, sealed to the key that the subject has now.
pub(super) async fn seal(ports: &Ports, grant: &Grant) -> Result<Submission, Obstacle> {
    let key = ports.chain.encryption_key(&grant.id.subject).await;
    let key = key.map_err(|error| Obstacle::Passing(error.to_string()))?;
    let key = key.ok_or_else(|| {
        Obstacle::NoKey("the reader has removed its encryption key from the chain".to_owned())
    })?;
    let sealed = ports.sealer.reseal(&ports.chain.account(), grant, &key);
    let sealed = sealed.map_err(|error| match error {
        SealError::Unopened(reason) => Obstacle::Unopened(reason),
        SealError::Reader(reason) => Obstacle::NoKey(reason),
    })?;
    Ok(Submission { grant: grant.id, sealed })
}
