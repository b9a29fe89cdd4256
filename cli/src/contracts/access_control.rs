//! Calls of the reference policy contract, `access-control`, by a patient or a delegate.

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Call, ChainError, ChainEvent, ContractFailure, TxOutcome},
    policy::GrantError,
    AccountId32,
};

use crate::{context::Context, signing::ensure_event};

/// The accounts that take part in a call.
#[derive(Clone, Debug)]
pub struct Parties {
    /// The account that signs.
    pub signer: AccountId32,
    /// The patient whose records it is about.
    pub patient: AccountId32,
    /// The policy contract.
    pub contract: AccountId32,
}

impl Parties {
    /// Looks up the parties.
    ///
    /// `patient` defaults to the signer, and `contract` to the patient's policy.
    pub async fn find(
        context: &Context,
        contract: Option<&str>,
        patient: Option<&str>,
    ) -> Result<Self> {
        let signer = context.account()?;
        let patient = context.account_or_own(patient)?;
        let view = context.view().await?;
        let contract = match context.parse_optional(contract)? {
            Some(contract) => contract,
            None => view.policy_of(&patient).await?.with_context(|| {
                format!(
                    "no policy is in force for {patient}; deploy one with \
                     `medchain policy deploy`, then `medchain patient set-policy`"
                )
            })?,
        };
        if !view.contract_exists(&contract).await? {
            bail!("there is no contract at {contract}; deploy one with `medchain policy deploy`");
        }
        Ok(Self { signer, patient, contract })
    }

    /// Whether the signer acts in the patient's name.
    pub fn is_delegate(&self) -> bool {
        self.signer != self.patient
    }

    /// The call that sends `data` to the contract; a refusal is an error in words.
    pub async fn call(&self, context: &Context, data: Vec<u8>) -> Result<Call> {
        self.try_call(context, data).await?.map_err(|error| grant_refusal(error, &self.contract))
    }

    /// The call that sends `data` to the contract, or the contract's refusal.
    pub async fn try_call(
        &self,
        context: &Context,
        data: Vec<u8>,
    ) -> Result<Result<Call, ChainError>> {
        let chain = context.chain().await?;
        Ok(chain.estimate_contract_call(&self.signer, &self.contract, 0, data).await)
    }

    /// Checks that the contract emitted an event: one that does not is no access-control.
    pub fn ensure_emitted(&self, outcome: &TxOutcome, purpose: &str) -> Result<()> {
        ensure_event(outcome, purpose, |event| {
            matches!(event, ChainEvent::ContractEmitted { contract, .. }
                if *contract == self.contract)
        })
    }
}

/// Refuses a last block that has passed.
pub async fn ensure_ahead(context: &Context, until: Option<u32>) -> Result<()> {
    let Some(until) = until else { return Ok(()) };
    let now = context.view().await?.number();
    if until < now {
        bail!(
            "block {until} of --until has already passed: the chain is at block {now}; \
             name a later one"
        );
    }
    Ok(())
}

/// Puts the reference contract's refusals into words.
pub fn grant_refusal(error: ChainError, contract: &AccountId32) -> anyhow::Error {
    if let Some(refusal) = GrantError::of(&error) {
        let way_out = way_out(refusal);
        return anyhow::Error::new(refusal)
            .context(format!("the policy {contract} refuses: {refusal}{way_out}"));
    }
    match error {
        ChainError::Contract(ContractFailure::NoSuchMessage) => anyhow::anyhow!(
            "the policy {contract} has no such message: it is not access-control, or an older \
             version without roles, purposes and delegates; call it with \
             `medchain policy call`, or deploy the new version"
        ),
        ChainError::Contract(ContractFailure::Reverted { .. }) => {
            anyhow::Error::new(error).context(format!("the policy {contract} refuses"))
        }
        _ => anyhow::Error::new(error).context(format!("the policy {contract} did not answer")),
    }
}

/// The way out of a refusal by this command line, to follow the reason.
fn way_out(refusal: GrantError) -> &'static str {
    match refusal {
        GrantError::NoActions => "; name one, or revoke the grant with `medchain revoke`",
        GrantError::AlreadyExpired => "; name a later one with --until",
        GrantError::NoPurposes => "; leave out --purposes to allow all",
        GrantError::NotDelegate | GrantError::BeyondDelegation => {
            "; the patient runs `medchain delegate set`"
        }
        GrantError::RevokedByPatient | GrantError::GrantedByPatient => {
            "; the patient runs `medchain grant`"
        }
        GrantError::UnknownAction | GrantError::UnknownPurpose => {
            "; deploy the new version of the contract, or leave that one out"
        }
        GrantError::NotGranted => "; see `medchain access`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::causes;

    #[test]
    fn the_contracts_errors_are_put_into_words() {
        let contract = AccountId32([1; 32]);
        let says = |failure, words: &str| {
            let error = causes(&grant_refusal(ChainError::Contract(failure), &contract));
            assert!(error.contains(words), "{error}");
        };
        let reverted = |data: &[u8]| ContractFailure::Reverted { data: data.to_vec() };
        // ink!'s outer Ok, the message's own Err, the error's index.
        says(reverted(&[0, 1, 0]), "no action");
        says(reverted(&[0, 1, 1]), "one of the actions");
        says(reverted(&[0, 1, 2]), "already passed; name a later one");
        says(reverted(&[0, 1, 3]), "no grant");
        says(reverted(&[0, 1, 4]), "no purpose");
        says(reverted(&[0, 1, 5]), "one of the purposes");
        says(reverted(&[0, 1, 6]), "medchain delegate set");
        says(reverted(&[0, 1, 7]), "medchain grant");
        says(reverted(&[0, 1, 8]), "medchain delegate set");
        says(reverted(&[9]), "0x09");
        says(ContractFailure::NoSuchMessage, "older version");
    }
}
