//! `medchain custodians`: who keeps a patient's content keys.

use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use medchain_client::chain::{Call, ChainEvent};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    commands::fetch,
    context::Context,
    custody, envelopes,
    output::{self, Outcome},
    sign::{event, Included},
};

/// Subcommands of `medchain custodians`.
#[derive(Debug, Subcommand)]
pub enum CustodiansCommand {
    /// Choose who keeps the keys of what is added from now on.
    Set(SetArgs),
    /// Let all custodians go. What they keep already, they keep.
    Clear,
    /// Show whom a patient chose.
    Show {
        /// The patient; without it, you.
        patient: Option<String>,
    },
    /// Split the key of a record that exists among your custodians as they are now.
    Entrust {
        /// The number of the record.
        record: u64,
    },
    /// Take a record from all custodians: nobody is handed its key any more, in an
    /// emergency neither. Those who could open it before may have kept it.
    Withdraw {
        /// The number of the record.
        record: u64,
    },
}

/// Arguments of `medchain custodians set`.
#[derive(Args, Clone, Debug)]
pub struct SetArgs {
    /// The custodians, with commas between; each is registered as one.
    #[arg(value_name = "ACCOUNT,…", value_delimiter = ',', required = true)]
    pub custodians: Vec<String>,
    /// How many of them together can open a key. With 1, each can alone.
    #[arg(long, value_name = "N")]
    pub threshold: u32,
}

/// Whom a patient chose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustodiansReport {
    /// The patient.
    pub patient: String,
    /// The custodians, in the order in which they get shares.
    pub custodians: Vec<String>,
    /// How many of them together can open a key.
    pub threshold: u32,
    /// The transaction, where one changed them.
    #[serde(flatten)]
    pub included: Option<Included>,
}

impl std::fmt::Display for CustodiansReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = self.custodians.len();
        match all {
            0 => write!(f, "{} has no custodians", self.patient)?,
            _ => write!(
                f,
                "{} of these {all} together can open what {} adds from now on:",
                self.threshold, self.patient
            )?,
        }
        if let Some(included) = &self.included {
            write!(f, " ({included})")?;
        }
        for custodian in &self.custodians {
            write!(f, "\n{custodian}")?;
        }
        Ok(())
    }
}

/// A record that custodians keep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntrustReport {
    /// The record.
    pub record_id: u64,
    /// Who keeps a share.
    pub custodians: Vec<String>,
    /// How many shares make the key.
    pub threshold: u32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for EntrustReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (record, included) = (self.record_id, &self.included);
        match self.custodians.len() {
            0 => write!(f, "no custodian keeps the key of record {record} any more ({included})"),
            all => write!(
                f,
                "record {record} is kept by {all} custodians, {} of whom can open it ({included})",
                self.threshold
            ),
        }
    }
}

/// Runs `medchain custodians`.
pub async fn run(context: &Context, command: CustodiansCommand) -> Result<Outcome> {
    match command {
        CustodiansCommand::Set(args) => output::print(&set(context, &args).await?, context.json)?,
        CustodiansCommand::Clear => output::print(&clear(context).await?, context.json)?,
        CustodiansCommand::Show { patient } => {
            output::print(&show(context, patient.as_deref()).await?, context.json)?
        }
        CustodiansCommand::Entrust { record } => {
            output::print(&entrust(context, record).await?, context.json)?
        }
        CustodiansCommand::Withdraw { record } => {
            output::print(&withdraw(context, record).await?, context.json)?
        }
    }
    Ok(Outcome::Done)
}

/// Chooses custodians.
pub async fn set(context: &Context, args: &SetArgs) -> Result<CustodiansReport> {
    let custodians = args
        .custodians
        .iter()
        .map(|text| context.parse_account(text))
        .collect::<Result<Vec<_>>>()?;
    let most = custodians.len();
    if args.threshold == 0 || args.threshold as usize > most {
        bail!("--threshold must be between 1 and the number of custodians, {most}");
    }
    let call = Call::SetCustodians { custodians: custodians.clone(), threshold: args.threshold };
    let purpose = "choose the custodians";
    let outcome = context.sign(&call, purpose).await?;
    event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::CustodiansSet { .. }).then_some(())
    })?;
    Ok(CustodiansReport {
        patient: context.account()?.to_string(),
        custodians: custodians.iter().map(ToString::to_string).collect(),
        threshold: args.threshold,
        included: Some((&outcome).into()),
    })
}

async fn clear(context: &Context) -> Result<CustodiansReport> {
    let call = Call::SetCustodians { custodians: Vec::new(), threshold: 0 };
    let outcome = context.sign(&call, "let the custodians go").await?;
    Ok(CustodiansReport {
        patient: context.account()?.to_string(),
        custodians: Vec::new(),
        threshold: 0,
        included: Some((&outcome).into()),
    })
}

async fn show(context: &Context, patient: Option<&str>) -> Result<CustodiansReport> {
    let patient = context.account_or_own(patient)?;
    let group = context.view().await?.custodians_of(&patient).await?;
    Ok(CustodiansReport {
        patient: patient.to_string(),
        custodians: group
            .iter()
            .flat_map(|group| &group.members)
            .map(ToString::to_string)
            .collect(),
        threshold: group.map_or(0, |group| group.threshold),
        included: None,
    })
}

/// Takes a record from its custodians.
async fn withdraw(context: &Context, id: u64) -> Result<EntrustReport> {
    let call = Call::EntrustRecord { record: RecordId(id), shares: Vec::new() };
    let purpose = "take the record from the custodians";
    let outcome = context.sign(&call, purpose).await?;
    event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::RecordEntrusted { .. }).then_some(())
    })?;
    Ok(EntrustReport {
        record_id: id,
        custodians: Vec::new(),
        threshold: 0,
        included: (&outcome).into(),
    })
}

/// Splits the key of an existing record among the patient's custodians.
pub async fn entrust(context: &Context, id: u64) -> Result<EntrustReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let record = envelopes::record(&view, id).await?;
    let key = fetch::key(context, &view, &record).await?;
    let Some(split) = custody::split(&view, &record.patient, &record.cid, &key).await? else {
        bail!(
            "{} has no custodians who could keep it; see `medchain custodians set`",
            record.patient
        );
    };
    let custodians = split.shares.iter().map(|(who, _)| who.to_string()).collect();
    let call = Call::EntrustRecord { record: record.id, shares: split.shares.clone() };
    let purpose = "entrust the record";
    let outcome = context.sign(&call, purpose).await?;
    let threshold = event(&outcome, purpose, |event| match event {
        ChainEvent::RecordEntrusted { threshold, .. } => Some(*threshold),
        _ => None,
    })?;
    split.warn_if_not(threshold, record.id);
    Ok(EntrustReport {
        record_id: id,
        custodians,
        threshold: split.threshold,
        included: (&outcome).into(),
    })
}
