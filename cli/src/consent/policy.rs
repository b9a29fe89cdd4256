//! The contract that decides about a patient's records.

use anyhow::{bail, Result};
use medchain_client::{
    chain::{Call, View},
    AccountId32,
};

use crate::{context::Context, signing::Included};

/// Refuses an address without a contract: as a policy, it would deny everything.
pub async fn ensure_contract(context: &Context, policy: &AccountId32) -> Result<()> {
    if !context.view().await?.contract_exists(policy).await? {
        bail!("there is no contract at {policy}; deploy one with `medchain policy deploy`");
    }
    Ok(())
}

/// Refuses an account that is not registered as a patient.
pub async fn ensure_patient(view: &View, patient: &AccountId32) -> Result<()> {
    if view.patient(patient).await?.is_none() {
        bail!(
            "{patient} is not registered as a patient; \
             its owner runs `medchain patient register`"
        );
    }
    Ok(())
}

/// Has the signer allow nobody, whatever the chain's default is.
pub async fn allow_nobody(context: &Context) -> Result<Included> {
    let outcome = context.sign(&Call::AllowNobody, "allow nobody").await?;
    Ok((&outcome).into())
}

/// Sets the signer's policy: a contract, or the chain's default.
pub async fn set_policy(context: &Context, policy: Option<AccountId32>) -> Result<Included> {
    if let Some(policy) = &policy {
        ensure_contract(context, policy).await?;
    }
    let outcome = context.sign(&Call::SetPolicy { policy }, "set the policy").await?;
    Ok((&outcome).into())
}
