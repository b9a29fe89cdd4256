//! What `grant`, `revoke` and `delegate` share: the reference policy contract in
//! force, and its refusals in words.

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Call, ChainError, ChainEvent, ContractFailure, TxOutcome},
    AccountId32,
};

use crate::{context::Context, sign::event};

/// Who calls which contract, and for whom.
#[derive(Clone, Debug)]
pub struct Parties {
    /// Who signs.
    pub signer: AccountId32,
    /// Whose records it is about.
    pub patient: AccountId32,
    /// The contract that decides for them.
    pub contract: AccountId32,
}

impl Parties {
    /// The signer for `patient`, or for themselves without one, and the
    /// patient's policy, or the contract that `named` names.
    pub async fn find(
        context: &Context,
        named: Option<&str>,
        patient: Option<&str>,
    ) -> Result<Self> {
        let signer = context.account()?;
        let patient = context.account_or_own(patient)?;
        let named = named.map(|text| context.parse_account(text)).transpose()?;
        let view = context.view().await?;
        let contract = match named {
            Some(contract) => contract,
            None => view.policy_of(&patient).await?.with_context(|| {
                format!(
                    "no policy is in force for {patient}; deploy one with \
                     `medchain policy deploy`, then `medchain patient set-policy`"
                )
            })?,
        };
        if !view.contract_exists(&contract).await? {
            bail!("there is no contract at {contract}");
        }
        Ok(Self { signer, patient, contract })
    }

    /// Whether the signer acts in somebody else's name.
    pub fn is_delegate(&self) -> bool {
        self.signer != self.patient
    }

    /// The transaction that tells the contract this.
    pub async fn call(&self, context: &Context, data: Vec<u8>) -> Result<Call> {
        let chain = context.chain().await?;
        let call = chain.estimate_contract_call(&self.signer, &self.contract, 0, data).await;
        call.map_err(|error| refused(error, &self.contract))
    }

    /// The contract logs what it did; silence means that it is another contract.
    pub fn ensure_answered(&self, outcome: &TxOutcome, purpose: &str) -> Result<()> {
        event(outcome, purpose, |event| match event {
            ChainEvent::ContractEmitted { contract, .. } => {
                (*contract == self.contract).then_some(())
            }
            _ => None,
        })
    }
}

/// Refuses a last block that is past.
pub async fn ensure_ahead(context: &Context, until: Option<u32>) -> Result<()> {
    let Some(until) = until else { return Ok(()) };
    let now = context.view().await?.number();
    if until < now {
        bail!("block {until} is past (the chain is at {now}); --until names the last block");
    }
    Ok(())
}

/// Puts the reference contract's errors into words.
pub fn refused(error: ChainError, contract: &AccountId32) -> anyhow::Error {
    let data = match &error {
        ChainError::Contract(ContractFailure::Reverted { data }) => data,
        ChainError::Contract(ContractFailure::NoSuchMessage) => {
            return anyhow::anyhow!(
                "the policy {contract} does not know this: it is another contract, or an older \
                 version of access-control without roles, purposes and delegates; call it with \
                 `medchain policy call`, or deploy the new one"
            )
        }
        _ => {
            return anyhow::Error::new(error)
                .context(format!("the policy {contract} did not answer"))
        }
    };
    // ink!'s outer Ok, the message's own Err, the index in the contract's `GrantError`.
    let why = match data.as_slice() {
        [0, 1, 0] => "no action is named; to take a grant back, use `medchain revoke`",
        [0, 1, 1] => "it does not know one of the actions",
        [0, 1, 2] => "the last block is past",
        [0, 1, 3] => "there is no grant that could be taken back",
        [0, 1, 4] => "no purpose is named; leave --purposes out for any purpose",
        [0, 1, 5] => "it does not know one of the purposes",
        [0, 1, 6] => {
            "the account is not a delegate of the patient, or not any more; the patient makes it \
             one with `medchain delegate set`"
        }
        _ => return anyhow::Error::new(error).context(format!("the policy {contract} refuses")),
    };
    anyhow::anyhow!("the policy {contract} refuses: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_errors_are_put_into_words() {
        let contract = AccountId32([1; 32]);
        let says = |failure, words: &str| {
            let error = format!("{:#}", refused(ChainError::Contract(failure), &contract));
            assert!(error.contains(words), "{error}");
        };
        let reverted = |data: &[u8]| ContractFailure::Reverted { data: data.to_vec() };
        says(reverted(&[0, 1, 0]), "no action");
        says(reverted(&[0, 1, 1]), "one of the actions");
        says(reverted(&[0, 1, 2]), "past");
        says(reverted(&[0, 1, 3]), "no grant");
        says(reverted(&[0, 1, 4]), "no purpose");
        says(reverted(&[0, 1, 5]), "one of the purposes");
        says(reverted(&[0, 1, 6]), "medchain delegate set");
        says(reverted(&[9]), "0x09");
        says(ContractFailure::NoSuchMessage, "older version");
    }
}
