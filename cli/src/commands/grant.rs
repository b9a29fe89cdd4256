//! `medchain grant` and `medchain revoke`: calls of the reference policy contract.

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainError, ChainEvent, ContractFailure},
    policy::{self, ActionSet},
    AccountId32,
};
use medchain_primitives::{Action, RecordId};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    sign::{event, Included},
};

/// Arguments of `medchain grant`.
#[derive(Args, Clone, Debug)]
pub struct GrantArgs {
    /// Who is allowed.
    #[arg(long, value_name = "ACCOUNT")]
    pub to: String,
    /// What is allowed: view, append, amend, share, infer, emergency, with
    /// commas between, or all. A new grant replaces an earlier one to the same
    /// account.
    #[arg(long, value_name = "ACTIONS")]
    pub actions: ActionSet,
    /// The last block in which the grant holds; without it, until it is revoked.
    #[arg(long, value_name = "BLOCK")]
    pub until: Option<u32>,
    /// The contract, where it is not the one in force for you.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

/// Arguments of `medchain revoke`.
#[derive(Args, Clone, Debug)]
pub struct RevokeArgs {
    /// Whose grant is taken back.
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Also remove the account's envelopes from all your records. What it has
    /// opened before stays known to it.
    #[arg(long)]
    pub remove_envelopes: bool,
    /// The contract, where it is not the one in force for you.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

/// Reads one action's name.
pub fn action(text: &str) -> Result<Action, String> {
    Action::ALL
        .into_iter()
        .find(|action| action_name(*action) == text)
        .ok_or_else(|| "one of view, append, amend, share, infer, emergency".to_string())
}

/// The name of an action as it is typed.
pub fn action_name(action: Action) -> &'static str {
    match action {
        Action::View => "view",
        Action::Append => "append",
        Action::Amend => "amend",
        Action::Share => "share",
        Action::Infer => "infer",
        Action::Emergency => "emergency",
    }
}

/// A grant, or the end of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GrantReport {
    /// The policy contract.
    pub policy: String,
    /// Whose records.
    pub patient: String,
    /// Who is allowed.
    pub grantee: String,
    /// What is allowed now; empty after a revocation.
    pub actions: Vec<&'static str>,
    /// The last block in which it holds.
    pub until: Option<u32>,
    /// How many envelopes a revocation removed.
    pub envelopes_removed: usize,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for GrantReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let grantee = &self.grantee;
        if self.actions.is_empty() {
            write!(f, "{grantee} is allowed nothing any more")?;
        } else {
            write!(f, "{grantee} is allowed to {}", self.actions.join(", "))?;
        }
        if let Some(until) = self.until {
            write!(f, " up to block {until}")?;
        }
        if self.envelopes_removed > 0 {
            write!(f, "; {} envelopes removed", self.envelopes_removed)?;
        }
        write!(f, " (policy {}, {})", self.policy, self.included)
    }
}

/// Runs `medchain grant`.
pub async fn run(context: &Context, args: &GrantArgs) -> Result<Outcome> {
    output::print(&grant(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Runs `medchain revoke`.
pub async fn run_revoke(context: &Context, args: &RevokeArgs) -> Result<Outcome> {
    output::print(&revoke(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Allows an account to act on the signer's records.
pub async fn grant(context: &Context, args: &GrantArgs) -> Result<GrantReport> {
    let grantee = context.parse_account(&args.to)?;
    let (patient, contract) = parties(context, args.policy.as_deref()).await?;
    let chain = context.chain().await?;
    if let Some(until) = args.until {
        let now = chain.best().await?.number();
        if until < now {
            bail!("block {until} is past (the chain is at {now}); --until names the last block of the grant");
        }
    }
    let data = policy::grant(&grantee, args.actions, args.until);
    let call = chain.estimate_contract_call(&patient, &contract, 0, data).await;
    let call = call.map_err(|error| refused(error, &contract))?;
    let purpose = "grant access";
    let outcome = context.sign(&call, purpose).await?;
    answered(&outcome, &contract, purpose)?;
    Ok(GrantReport {
        policy: contract.to_string(),
        patient: patient.to_string(),
        grantee: grantee.to_string(),
        actions: args.actions.iter().map(action_name).collect(),
        until: args.until,
        envelopes_removed: 0,
        included: (&outcome).into(),
    })
}

/// Takes a grant back.
pub async fn revoke(context: &Context, args: &RevokeArgs) -> Result<GrantReport> {
    let grantee = context.parse_account(&args.from)?;
    let (patient, contract) = parties(context, args.policy.as_deref()).await?;
    let chain = context.chain().await?;
    let data = policy::revoke(&grantee);
    let revocation = chain.estimate_contract_call(&patient, &contract, 0, data).await;
    let held = if args.remove_envelopes {
        envelopes_of(context, &patient, &grantee).await?
    } else {
        Vec::new()
    };
    let mut calls = Vec::new();
    match revocation {
        Ok(call) => calls.push(call),
        // A reader may hold envelopes without ever having had a grant: ink!'s
        // outer Ok, the message's own Err, `NotGranted`. Anything else means that
        // a grant may still hold, and is an error.
        Err(ChainError::Contract(ContractFailure::Reverted { ref data }))
            if !held.is_empty() && data.as_slice() == [0, 1, 3] => {}
        Err(error) => return Err(refused(error, &contract)),
    }
    let revoked = !calls.is_empty();
    calls.extend(
        held.iter().map(|record| Call::RemoveEnvelope { record: *record, reader: grantee.clone() }),
    );
    let call = if calls.len() == 1 { calls.remove(0) } else { Call::Batch(calls) };
    let purpose = "revoke the grant";
    let outcome = context.sign(&call, purpose).await?;
    if revoked {
        answered(&outcome, &contract, purpose)?;
    }
    Ok(GrantReport {
        policy: contract.to_string(),
        patient: patient.to_string(),
        grantee: grantee.to_string(),
        actions: Vec::new(),
        until: None,
        envelopes_removed: held.len(),
        included: (&outcome).into(),
    })
}

/// The signer, and the contract that decides for them.
async fn parties(context: &Context, named: Option<&str>) -> Result<(AccountId32, AccountId32)> {
    let patient = context.account()?;
    let view = context.view().await?;
    let contract = match named {
        Some(text) => context.parse_account(text)?,
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
    Ok((patient, contract))
}

async fn envelopes_of(
    context: &Context,
    patient: &AccountId32,
    reader: &AccountId32,
) -> Result<Vec<RecordId>> {
    let view = context.view().await?;
    let mut held = Vec::new();
    for record in view.records_of(patient).await? {
        if view.envelope(record.id, reader).await?.is_some() {
            held.push(record.id);
        }
    }
    Ok(held)
}

/// Puts the reference contract's errors into words.
fn refused(error: ChainError, contract: &AccountId32) -> anyhow::Error {
    let ChainError::Contract(ContractFailure::Reverted { data }) = &error else {
        return anyhow::Error::new(error).context(format!("the policy {contract} did not answer"));
    };
    // ink!'s outer Ok, the message's own Err, the index in the contract's `Error`.
    let why = match data.as_slice() {
        [0, 1, 0] => "no action is named; to take a grant back, use `medchain revoke`",
        [0, 1, 1] => "it does not know one of the actions",
        [0, 1, 2] => "the last block of the grant is past",
        [0, 1, 3] => "there is no grant to this account that could be taken back",
        _ => return anyhow::Error::new(error).context(format!("the policy {contract} refuses")),
    };
    anyhow::anyhow!("the policy {contract} refuses: {why}")
}

/// The contract logs what it did; silence means that it is another contract.
fn answered(
    outcome: &medchain_client::chain::TxOutcome,
    contract: &AccountId32,
    purpose: &str,
) -> Result<()> {
    event(outcome, purpose, |event| match event {
        ChainEvent::ContractEmitted { contract: from, .. } => (from == contract).then_some(()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_errors_are_put_into_words() {
        let contract = AccountId32([1; 32]);
        let says = |data: &[u8], words: &str| {
            let failure = ContractFailure::Reverted { data: data.to_vec() };
            let error = format!("{:#}", refused(ChainError::Contract(failure), &contract));
            assert!(error.contains(words), "{error}");
        };
        says(&[0, 1, 3], "no grant");
        says(&[0, 1, 2], "past");
        says(&[9], "0x09");
    }

    #[test]
    fn every_action_is_typed_as_it_is_shown() {
        for known in Action::ALL {
            assert_eq!(action(action_name(known)), Ok(known));
        }
        assert!(action("View").is_err());
        assert!(action("").is_err());
    }
}
