//! `medchain relation`: whom a patient names as relatives, guardians and
//! emergency contacts.

use anyhow::{bail, Result};
use clap::{Args, Subcommand, ValueEnum};
use medchain_client::chain::Call;
use medchain_primitives::RelationKind;
use serde::Serialize;

use crate::{
    commands::relation_show,
    context::Context,
    output::{self, Outcome},
    sign::Included,
};

/// Subcommands of `medchain relation`. `medchain patient show` lists relations.
#[derive(Debug, Subcommand)]
pub enum RelationCommand {
    /// Name a relative, or change what you said of one.
    Set(SetArgs),
    /// Show what a patient's relation to you, or to somebody, allows.
    Show(relation_show::ShowArgs),
    /// Remove a relative.
    Remove {
        /// Whom.
        account: String,
    },
}

/// How somebody is related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// Mother or father.
    Parent,
    /// Husband, wife or partner.
    Partner,
    /// Daughter or son.
    Child,
    /// Sister or brother.
    Sibling,
    /// Legal guardian: reviews emergencies in your place.
    Guardian,
    /// Anybody else.
    Other,
}

impl From<KindArg> for RelationKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Parent => Self::Parent,
            KindArg::Partner => Self::Partner,
            KindArg::Child => Self::Child,
            KindArg::Sibling => Self::Sibling,
            KindArg::Guardian => Self::Guardian,
            KindArg::Other => Self::Other,
        }
    }
}

/// Arguments of `medchain relation set`.
#[derive(Args, Clone, Debug)]
pub struct SetArgs {
    /// Whom.
    pub account: String,
    /// How they are related to you.
    #[arg(long, value_enum)]
    pub kind: KindArg,
    /// Turn to them in an emergency: they may break the glass.
    #[arg(long)]
    pub emergency_contact: bool,
}

/// A relation, or the end of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RelationChange {
    /// The patient.
    pub patient: String,
    /// The relative.
    pub relative: String,
    /// How they are related now; none once removed.
    pub kind: Option<RelationKind>,
    /// Whether they may break the glass.
    pub emergency_contact: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for RelationChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let relative = &self.relative;
        match self.kind {
            Some(kind) => write!(f, "{relative} is named as {kind:?}")?,
            None => write!(f, "{relative} is named no more")?,
        }
        if self.emergency_contact {
            f.write_str(" and emergency contact")?;
        }
        write!(f, " ({})", self.included)
    }
}

/// Runs `medchain relation`.
pub async fn run(context: &Context, command: RelationCommand) -> Result<Outcome> {
    let report = match command {
        RelationCommand::Set(args) => set(context, &args).await?,
        RelationCommand::Show(args) => return relation_show::run(context, &args).await,
        RelationCommand::Remove { account } => remove(context, &account).await?,
    };
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
}

/// Names a relative.
pub async fn set(context: &Context, args: &SetArgs) -> Result<RelationChange> {
    let (patient, relative) = parties(context, &args.account).await?;
    let (kind, emergency_contact) = (args.kind.into(), args.emergency_contact);
    let call = Call::SetRelation { relative, kind, emergency_contact };
    let outcome = context.sign(&call, "name the relative").await?;
    Ok(RelationChange {
        patient: patient.to_string(),
        relative: relative.to_string(),
        kind: Some(kind),
        emergency_contact,
        included: (&outcome).into(),
    })
}

async fn remove(context: &Context, account: &str) -> Result<RelationChange> {
    let (patient, relative) = parties(context, account).await?;
    let call = Call::RemoveRelation { relative };
    let outcome = context.sign(&call, "remove the relative").await?;
    Ok(RelationChange {
        patient: patient.to_string(),
        relative: relative.to_string(),
        kind: None,
        emergency_contact: false,
        included: (&outcome).into(),
    })
}

async fn parties(
    context: &Context,
    account: &str,
) -> Result<(medchain_client::AccountId32, medchain_client::AccountId32)> {
    let (patient, relative) = (context.account()?, context.parse_account(account)?);
    if patient == relative {
        bail!("{relative} is your own account");
    }
    if context.view().await?.patient(&patient).await?.is_none() {
        bail!("{patient} is not registered as a patient; see `medchain patient register`");
    }
    Ok((patient, relative))
}
