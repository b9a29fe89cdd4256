//! `medchain grant` and `medchain revoke`: calls of the reference policy contract.

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::{Call, ChainError, ContractFailure},
    policy::{self, purpose_name, ActionSet, PurposeSet},
    AccountId32,
};
use medchain_primitives::{Action, RecordId, Role};
use serde::Serialize;

use crate::{
    commands::{
        provider::{role_name, RoleArg},
        reference::{ensure_ahead, refused, Parties},
    },
    context::Context,
    output::{self, Outcome},
    sign::Included,
};

/// Arguments of `medchain grant`.
#[derive(Args, Clone, Debug)]
pub struct GrantArgs {
    /// Who is allowed.
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "role")]
    pub to: Option<String>,
    /// Allow every account that the registrar gave this role.
    #[arg(long, value_enum, conflicts_with_all = ["to", "patient"])]
    pub role: Option<RoleArg>,
    /// What is allowed: view, append, amend, share, infer, emergency, with
    /// commas between, or all. A new grant replaces an earlier one to the same
    /// account or role.
    #[arg(long, value_name = "ACTIONS")]
    pub actions: ActionSet,
    /// What for: treatment, second-opinion, research, billing, other, with commas
    /// between; without it, for anything. The chain knows the purpose of viewing
    /// alone: with --purposes, no other action is ever allowed.
    #[arg(long, value_name = "PURPOSES")]
    pub purposes: Option<PurposeSet>,
    /// The last block in which the grant holds; without it, until it is revoked.
    #[arg(long, value_name = "BLOCK")]
    pub until: Option<u32>,
    /// The patient whose records these are, if you are their delegate; see
    /// `medchain delegate`.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
    /// The contract, where it is not the one in force for the patient.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

impl GrantArgs {
    /// A grant of `actions` to an account, for anything and until it is revoked.
    pub fn to(account: &str, actions: &[Action]) -> Self {
        Self {
            to: Some(account.to_owned()),
            role: None,
            actions: ActionSet::of(actions),
            purposes: None,
            until: None,
            patient: None,
            policy: None,
        }
    }
}

/// Arguments of `medchain revoke`.
#[derive(Args, Clone, Debug)]
pub struct RevokeArgs {
    /// Whose grant is taken back.
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "role")]
    pub from: Option<String>,
    /// Take back what a role was granted. Grants to accounts stay.
    #[arg(long, value_enum, conflicts_with_all = ["from", "patient", "remove_envelopes"])]
    pub role: Option<RoleArg>,
    /// Also remove the account's envelopes from all your records, and what
    /// custodians hand over to it. What it has opened before stays known to it:
    /// see `medchain rotate`.
    #[arg(long, conflicts_with = "patient")]
    pub remove_envelopes: bool,
    /// The patient whose records these are, if you are their delegate.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
    /// The contract, where it is not the one in force for the patient.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

impl RevokeArgs {
    /// The end of what the signer granted an account.
    pub fn from(account: &str, remove_envelopes: bool) -> Self {
        Self {
            from: Some(account.to_owned()),
            role: None,
            remove_envelopes,
            patient: None,
            policy: None,
        }
    }
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
    /// Who is allowed; none where a role is.
    pub grantee: Option<String>,
    /// The role that is allowed.
    pub role: Option<&'static str>,
    /// What is allowed now; empty after a revocation.
    pub actions: Vec<&'static str>,
    /// What for; none: for anything.
    pub purposes: Option<Vec<&'static str>>,
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
        match (&self.grantee, self.role) {
            (Some(grantee), _) => f.write_str(grantee)?,
            (None, role) => write!(f, "the role {}", role.unwrap_or("none"))?,
        }
        if self.actions.is_empty() {
            write!(f, " is allowed nothing any more")?;
        } else {
            write!(f, " is allowed to {}", self.actions.join(", "))?;
        }
        if let Some(purposes) = &self.purposes {
            write!(f, " for {}", purposes.join(", "))?;
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

/// Whom a grant is about.
enum Grantee {
    Account(AccountId32),
    Role(Role),
}

impl Grantee {
    /// One of the two is there: the command line sees to it.
    fn of(context: &Context, account: Option<&str>, role: Option<RoleArg>) -> Result<Self> {
        match role {
            Some(role) => Ok(Self::Role(role.into())),
            None => Ok(Self::Account(context.account_or_own(account)?)),
        }
    }

    fn account(&self) -> Option<&AccountId32> {
        match self {
            Self::Account(account) => Some(account),
            Self::Role(_) => None,
        }
    }

    fn role(&self) -> Option<&'static str> {
        match self {
            Self::Account(_) => None,
            Self::Role(role) => Some(role_name(*role)),
        }
    }
}

/// Allows an account or a role to act on a patient's records.
pub async fn grant(context: &Context, args: &GrantArgs) -> Result<GrantReport> {
    let grantee = Grantee::of(context, args.to.as_deref(), args.role)?;
    let parties = Parties::find(context, args.policy.as_deref(), args.patient.as_deref()).await?;
    ensure_ahead(context, args.until).await?;
    warn_of_purposes(args);
    let call = parties.call(context, grant_data(&parties, &grantee, args)).await?;
    let purpose = "grant access";
    let outcome = context.sign(&call, purpose).await?;
    parties.ensure_answered(&outcome, purpose)?;
    let purposes = args.purposes.map(|purposes| purposes.iter().map(purpose_name).collect());
    Ok(GrantReport {
        policy: parties.contract.to_string(),
        patient: parties.patient.to_string(),
        grantee: grantee.account().map(ToString::to_string),
        role: grantee.role(),
        actions: args.actions.iter().map(action_name).collect(),
        purposes,
        until: args.until,
        envelopes_removed: 0,
        included: (&outcome).into(),
    })
}

/// The message that says no more than is asked for: the plain `grant` is known
/// to contracts that were deployed before the others came.
fn grant_data(parties: &Parties, grantee: &Grantee, args: &GrantArgs) -> Vec<u8> {
    let GrantArgs { actions, purposes, until, .. } = *args;
    match grantee {
        Grantee::Role(role) => policy::grant_role(*role, actions, purposes, until),
        Grantee::Account(account) if parties.is_delegate() => {
            policy::grant_as(&parties.patient, account, actions, purposes, until)
        }
        Grantee::Account(account) if purposes.is_some() => {
            policy::grant_for_purposes(account, actions, purposes, until)
        }
        Grantee::Account(account) => policy::grant(account, actions, until),
    }
}

/// The contract takes such a grant, and refuses the other actions for good.
fn warn_of_purposes(args: &GrantArgs) {
    let others = ActionSet(args.actions.0 & !ActionSet::of(&[Action::View]).0);
    if args.purposes.is_some() && !others.is_empty() {
        eprintln!(
            "warning: the chain knows the purpose of viewing alone; with --purposes, this grant \
             never allows {others}"
        );
    }
}

/// Takes a grant back.
pub async fn revoke(context: &Context, args: &RevokeArgs) -> Result<GrantReport> {
    let grantee = Grantee::of(context, args.from.as_deref(), args.role)?;
    let parties = Parties::find(context, args.policy.as_deref(), args.patient.as_deref()).await?;
    let data = match &grantee {
        Grantee::Role(role) => policy::revoke_role(*role),
        Grantee::Account(account) if parties.is_delegate() => {
            policy::revoke_as(&parties.patient, account)
        }
        Grantee::Account(account) => policy::revoke(account),
    };
    let chain = context.chain().await?;
    let revocation =
        chain.estimate_contract_call(&parties.signer, &parties.contract, 0, data).await;
    let held = match grantee.account() {
        Some(account) if args.remove_envelopes => {
            let held = envelopes_of(context, &parties.patient, account).await?;
            held.into_iter()
                .map(|record| Call::RemoveEnvelope { record, reader: *account })
                .collect()
        }
        _ => Vec::new(),
    };
    let mut calls = Vec::new();
    match revocation {
        Ok(call) => calls.push(call),
        // A reader may hold envelopes without ever having had a grant: ink!'s
        // outer Ok, the message's own Err, `NotGranted`. Anything else means that
        // a grant may still hold, and is an error.
        Err(ChainError::Contract(ContractFailure::Reverted { ref data }))
            if !held.is_empty() && data.as_slice() == [0, 1, 3] => {}
        Err(error) => return Err(refused(error, &parties.contract)),
    }
    let (revoked, envelopes_removed) = (!calls.is_empty(), held.len());
    calls.extend(held);
    let call = if calls.len() == 1 { calls.remove(0) } else { Call::Batch(calls) };
    let purpose = "revoke the grant";
    let outcome = context.sign(&call, purpose).await?;
    if revoked {
        parties.ensure_answered(&outcome, purpose)?;
    }
    Ok(GrantReport {
        policy: parties.contract.to_string(),
        patient: parties.patient.to_string(),
        grantee: grantee.account().map(ToString::to_string),
        role: grantee.role(),
        actions: Vec::new(),
        purposes: None,
        until: None,
        envelopes_removed,
        included: (&outcome).into(),
    })
}

async fn envelopes_of(
    context: &Context,
    patient: &AccountId32,
    reader: &AccountId32,
) -> Result<Vec<RecordId>> {
    let view = context.view().await?;
    let mut held = Vec::new();
    for record in view.records_of(patient).await? {
        if view.envelope(record.id, reader).await?.is_some()
            || view.grant(record.id, reader).await?.is_some()
        {
            held.push(record.id);
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is typed, told to the contract by a patient and by a delegate.
    fn data(line: &str, is_delegate: bool) -> Vec<u8> {
        #[derive(clap::Parser)]
        struct Typed {
            #[command(flatten)]
            args: GrantArgs,
        }
        let words = ["grant"].into_iter().chain(line.split_whitespace());
        let args = <Typed as clap::Parser>::try_parse_from(words).expect(line).args;
        let patient = AccountId32([1; 32]);
        let signer = if is_delegate { AccountId32([2; 32]) } else { patient };
        let parties = Parties { signer, patient, contract: AccountId32([3; 32]) };
        let grantee = match args.role {
            Some(role) => Grantee::Role(role.into()),
            None => Grantee::Account(AccountId32([9; 32])),
        };
        grant_data(&parties, &grantee, &args)
    }

    #[test]
    fn the_oldest_message_that_will_do_is_called() {
        let check = |line: &str, is_delegate, selector: u8, arguments: &[&[u8]]| {
            let expected = [&[0x4d, 0x43, 0x50, selector], &arguments.concat()[..]].concat();
            assert_eq!(data(line, is_delegate), expected, "{line}");
        };
        let grantee: &[u8] = &[9; 32];
        let plain = "--to x --actions view,append --until 7";
        check(plain, false, 0x10, &[grantee, &[3, 1, 7, 0, 0, 0]]);
        check(plain, true, 0x19, &[&[1; 32], grantee, &[3, 0, 1, 7, 0, 0, 0]]);
        let purposes = "--to x --actions view --purposes treatment,research";
        check(purposes, false, 0x13, &[grantee, &[1, 1, 5, 0]]);
        check(purposes, true, 0x19, &[&[1; 32], grantee, &[1, 1, 5, 0]]);
        check("--role clinician --actions view", false, 0x14, &[&[1, 1, 0, 0]]);
        let all = "--role lab-technician --actions append --purposes other --until 7";
        check(all, false, 0x14, &[&[0, 2, 1, 16, 1, 7, 0, 0, 0]]);
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
