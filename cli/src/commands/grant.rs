//! `medchain grant`: allows an account or a role to act on a patient's records.

use anyhow::Result;
use clap::Args;
use medchain_client::policy::{self, ActionSet, PurposeSet};
use medchain_primitives::{Action, Purpose, Role};

use crate::{
    arguments,
    consent::{GrantReport, Grantee},
    context::Context,
    contracts::{ensure_ahead, Parties},
    output::{self, Outcome},
};

/// Arguments of `medchain grant`.
#[derive(Args, Clone, Debug)]
pub struct GrantArgs {
    /// The account to allow.
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "role")]
    pub to: Option<String>,
    /// Allow every account with this role.
    #[arg(
        long,
        value_parser = arguments::role(),
        conflicts_with_all = ["to", "patient"]
    )]
    pub role: Option<Role>,
    /// The actions: view, append, amend, share, infer, emergency, or all; comma-separated.
    ///
    /// A new grant replaces an earlier one to the same account or role.
    #[arg(long, value_name = "ACTIONS")]
    pub actions: ActionSet,
    /// The purposes: treatment, second-opinion, research, billing, other; comma-separated.
    ///
    /// Defaults to all. The chain names a purpose for viewing only, so a grant with
    /// --purposes never allows another action.
    #[arg(long, value_name = "PURPOSES")]
    pub purposes: Option<PurposeSet>,
    /// The last block in which the grant holds; without it, until revoked.
    #[arg(long, value_name = "BLOCK", value_parser = arguments::block())]
    pub until: Option<u32>,
    /// The patient, if you are their delegate; see `medchain delegate`.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
    /// The policy contract; defaults to the one in force for the patient.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

impl GrantArgs {
    /// A grant of `actions` to an account, for all purposes and until revoked.
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

/// Runs `medchain grant`.
pub async fn run(context: &Context, args: &GrantArgs) -> Result<Outcome> {
    output::print(&grant(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Allows an account or a role to act on a patient's records.
pub async fn grant(context: &Context, args: &GrantArgs) -> Result<GrantReport> {
    let grantee = Grantee::parse(context, args.to.as_deref(), args.role)?;
    let parties = Parties::find(context, args.policy.as_deref(), args.patient.as_deref()).await?;
    ensure_ahead(context, args.until).await?;
    warn_of_purposes(args);
    let call = parties.call(context, message(&parties, &grantee, args)).await?;
    let purpose = "grant access";
    let outcome = context.sign(&call, purpose).await?;
    parties.ensure_emitted(&outcome, purpose)?;
    Ok(GrantReport {
        policy: parties.contract,
        patient: parties.patient,
        grantee: grantee.account(),
        role: grantee.role(),
        actions: args.actions.iter().map(Action::as_str).collect(),
        purposes: args.purposes.map(|set| set.iter().map(Purpose::as_str).collect()),
        until: args.until,
        envelopes_removed: 0,
        still_opens: Vec::new(),
        included: (&outcome).into(),
    })
}

/// The simplest message that says what is wanted: older versions of the contract know
/// only the plain `grant`.
fn message(parties: &Parties, grantee: &Grantee, args: &GrantArgs) -> Vec<u8> {
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

/// Warns of actions that a grant with purposes never allows, though the contract takes it.
fn warn_of_purposes(args: &GrantArgs) {
    let others: ActionSet = args.actions.iter().filter(|action| *action != Action::View).collect();
    if args.purposes.is_some() && !others.is_empty() {
        eprintln!(
            "warning: the chain names a purpose for viewing only; with --purposes, this grant \
             never allows {others}"
        );
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::AccountId32;

    use super::*;

    /// The message for a command line, typed by a patient or a delegate.
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
            Some(role) => Grantee::Role(role),
            None => Grantee::Account(AccountId32([9; 32])),
        };
        message(&parties, &grantee, &args)
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
}
