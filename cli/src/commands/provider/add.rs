//! `medchain provider add`: a role, and perhaps grants and funds, in one transaction.

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{format_balance, Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::{InstitutionId, Role};

use super::{last_block, ChangeReport, RoleOf, Term};
use crate::{
    arguments,
    consent::{grant_message, warn_of_purposes, GrantSpec, Granted, Grantee},
    context::Context,
    contracts::Parties,
    signing::{ensure_event, together, Step},
};

/// Arguments of `medchain provider add`.
#[derive(Args, Clone, Debug)]
pub struct AddArgs {
    /// The provider and the role.
    #[command(flatten)]
    pub role_of: RoleOf,
    /// The institution; defaults to the only one whose registrar you are.
    #[arg(long, value_name = "NUMBER", value_parser = arguments::institution())]
    pub institution: Option<InstitutionId>,
    /// The term.
    #[command(flatten)]
    pub term: Term,
    /// Also allow the account something, for a patient: PATIENT:ACTIONS[:PURPOSES][:DAYS].
    ///
    /// In the same transaction; repeat for more patients. You must be the patient, or their
    /// delegate (`medchain delegate set`). Such as 5F…:append,infer.
    #[arg(long = "grant-for", value_name = "GRANT", value_parser = arguments::grant())]
    pub grants: Vec<GrantSpec>,
    /// Also send the account this amount, for its fees and deposits.
    #[arg(long, value_name = "MEDC", value_parser = arguments::amount())]
    pub fund: Option<u128>,
}

impl AddArgs {
    /// A role in the signer's institution, for a year.
    pub fn new(account: &str, role: Role) -> Self {
        Self {
            role_of: RoleOf { account: account.to_owned(), role },
            institution: None,
            term: Term { days: None, until: None },
            grants: Vec::new(),
            fund: None,
        }
    }
}

/// Gives an account a role.
pub async fn add(context: &Context, args: &AddArgs) -> Result<ChangeReport> {
    let account = context.parse_account(&args.role_of.account)?;
    let role = args.role_of.role;
    let institution = match args.institution {
        Some(institution) => institution,
        None => own_institution(context).await?,
    };
    let until = last_block(context, args.term).await?;
    let call = Call::AddProvider { institution, account, role, until };
    let mut steps = vec![Step::new(format!("make {account} {role} until block {until}"), call)];
    let mut grants = Vec::new();
    for spec in &args.grants {
        let (step, granted) = grant_for(context, &account, spec).await?;
        steps.push(step);
        grants.push(granted);
    }
    if let Some(amount) = args.fund {
        let call = Call::Transfer { to: account, amount };
        steps.push(Step::new(format!("send it {}", format_balance(amount)), call));
    }
    let purpose = "register the provider";
    context.ensure_can_ask()?;
    context.confirm_steps(&steps, purpose).await?;
    let call = together(steps.into_iter().map(|step| step.call).collect());
    let outcome = context.send(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::ProviderAdded { .. }))?;
    let included = (&outcome).into();
    Ok(ChangeReport { account, role, registered: true, until: Some(until), grants, included })
}

/// The step that grants the new provider what a patient allows, as the patient or a delegate.
async fn grant_for(
    context: &Context,
    account: &AccountId32,
    spec: &GrantSpec,
) -> Result<(Step, Granted)> {
    let parties = Parties::find(context, None, Some(&spec.who)).await?;
    let Parties { patient, contract, .. } = parties;
    let now = context.view().await?.number();
    let grantee = Grantee::Account(*account);
    let as_delegate_of = parties.is_delegate().then_some(&patient);
    let (actions, purposes) = (spec.actions, spec.purposes);
    warn_of_purposes(actions, purposes);
    let data = grant_message(&grantee, as_delegate_of, actions, purposes, spec.until(now));
    let call = parties.call(context, data).await?;
    let step = Step::new(format!("let it {} of {patient}", spec.words()), call);
    Ok((step, Granted::new(patient, contract, &grantee, spec, now)))
}

/// The institution whose registrar the signer is.
async fn own_institution(context: &Context) -> Result<InstitutionId> {
    let (view, signer) = (context.view().await?, context.account()?);
    let all = view.institutions().await?;
    let mut own = all.into_iter().filter(|one| one.registrar == signer).map(|one| one.id);
    match (own.next(), own.next()) {
        (Some(institution), None) => Ok(institution),
        (None, _) => bail!(
            "{signer} is not the registrar of an institution; see `medchain institution list`"
        ),
        (Some(_), Some(_)) => {
            bail!("{signer} is the registrar of several institutions; name one with --institution")
        }
    }
}
