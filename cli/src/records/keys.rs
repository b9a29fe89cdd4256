//! The content keys that the signer can open.

use anyhow::{bail, Result};
use medchain_client::{
    chain::{Record, RecordStatus, View},
    crypto::ContentKey,
};

use super::custody;
use crate::context::Context;

/// The keys that may open a record for the signer, the likeliest first: that of their
/// envelope, then the one that custodians delivered.
///
/// Whoever may share can seal garbage to somebody; that must not hide what they delivered.
/// There is at least one key, or an error.
pub async fn keys(context: &Context, view: &View, record: &Record) -> Result<Vec<ContentKey>> {
    let id = record.id;
    if record.status == RecordStatus::Erased {
        bail!("record {id} was erased by its patient: its keys are gone and nobody can open it");
    }
    let identity = context.identity()?;
    let account = identity.account();
    let sealed = view.envelope(id, &account).await?;
    let own = sealed.as_ref().and_then(|sealed| identity.encryption_secret().open(sealed).ok());
    let handed_over = custody::handed_over(context, view, record).await;
    let has_own = own.is_some();
    let mut all: Vec<ContentKey> = own.into_iter().collect();
    match handed_over {
        Ok(key) => all.extend(key),
        Err(error) if !has_own => return Err(error),
        Err(_) => {}
    }
    if !all.is_empty() {
        return Ok(all);
    }
    if sealed.is_some() {
        bail!(
            "your envelope for record {id} was sealed to another key; a reader who can open \
             the record runs `medchain share {id} --to {account}`"
        );
    }
    bail!(
        "{account} has no envelope for record {id}, so its content cannot be opened; \
         request access with `medchain request-access {id}`, \
         or ask a reader who can open it for `medchain share {id} --to {account}`"
    )
}
