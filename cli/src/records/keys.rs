//! The content keys that the signer can open.

use anyhow::{bail, Error, Result};
use medchain_client::{
    chain::{Record, RecordStatus, View},
    crypto::{ContentKey, CryptoError},
    AccountId32,
};
use medchain_primitives::RecordId;

use super::{custody, document, EnvelopesOf};
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
    let cid = &document(record)?.cid;
    let name = EnvelopesOf::record(context, &record.patient, cid).await?.name(&account);
    let opened = sealed.map(|sealed| identity.encryption_secret().open(&sealed, &name));
    let (own, obstacle) = match opened {
        Some(Ok(key)) => (Some(key), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
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
    if let Some(error) = obstacle {
        return Err(unopened(error, id, &account));
    }
    bail!(
        "{account} has no envelope for record {id}, so its content cannot be opened; \
         request access with `medchain request-access {id}`, \
         or ask a reader who can open it for `medchain share {id} --to {account}`"
    )
}

/// Why the signer's envelope does not open, and who can replace it.
fn unopened(error: CryptoError, id: RecordId, account: &AccountId32) -> Error {
    let why = match error {
        CryptoError::EnvelopeForAnotherKey => format!(
            "your envelope for record {id} was sealed to another key than yours; publish yours \
             with `medchain key publish`, then an account that may share the record runs \
             `medchain share {id} --to {account}`"
        ),
        CryptoError::UnknownEnvelope { .. } => {
            format!("your envelope for record {id} cannot be read")
        }
        _ => format!(
            "your envelope for record {id} contains no key that you can open; the patient \
             replaces it with `medchain share {id} --to {account} --replace`"
        ),
    };
    Error::new(error).context(why)
}
