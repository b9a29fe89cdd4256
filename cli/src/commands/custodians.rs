//! `medchain custodians`: who keeps a patient's content keys.

use std::fmt;

use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use medchain_client::{
    chain::{Call, ChainEvent, CustodianGroup},
    AccountId32,
};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    records,
    signing::{ensure_event, Included},
    trust,
};

/// Subcommands of `medchain custodians`.
#[derive(Debug, Subcommand)]
pub enum CustodiansCommand {
    /// Choose the custodians of records added from now on.
    Set(SetArgs),
    /// Remove all custodians; they keep the shares that they have.
    Clear,
    /// Show a patient's custodians.
    Show {
        /// The patient; defaults to you.
        patient: Option<String>,
    },
    /// Share an existing record's key among your current custodians.
    ///
    /// All access grants on the record end.
    Entrust {
        /// The record's number.
        #[arg(value_parser = arguments::record())]
        record: RecordId,
    },
    /// Take a record's key from all custodians.
    ///
    /// They hand it over no more, even in an emergency. Accounts that could open the
    /// record before may have kept its key.
    ///
    /// Whoever uploaded a version that was replaced, and paid for its shares, can do so too and
    /// gets the deposit back, once the newest one is entrusted and both are thirty days old.
    Withdraw {
        /// The record's number.
        #[arg(value_parser = arguments::record())]
        record: RecordId,
    },
}

/// Arguments of `medchain custodians set`.
#[derive(Args, Clone, Debug)]
pub struct SetArgs {
    /// The custodians, comma-separated; each must be registered: see `medchain custodian list`.
    #[arg(value_name = "ACCOUNT,…", value_delimiter = ',', required = true)]
    pub custodians: Vec<String>,
    /// How many of them it takes to open a key; with 1, each can alone.
    #[arg(long, value_name = "N")]
    pub threshold: u8,
}

/// A patient's custodians.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustodiansReport {
    /// The patient.
    pub patient: AccountId32,
    /// The custodians, in the order in which they get shares.
    pub custodians: Vec<AccountId32>,
    /// How many of them it takes to open a key.
    pub threshold: u8,
    /// The transaction, where one changed them.
    #[serde(flatten)]
    pub included: Option<Included>,
}

impl fmt::Display for CustodiansReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.custodians.len();
        match all {
            0 => write!(f, "{} has no custodians", self.patient)?,
            _ => write!(
                f,
                "any {} of these {all} together can open records of {} added from now on:",
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

/// A record entrusted to custodians, or withdrawn from them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntrustReport {
    /// The record.
    pub record_id: RecordId,
    /// The custodians that keep a share.
    pub custodians: Vec<AccountId32>,
    /// How many shares make the key.
    pub threshold: u32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for EntrustReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (record, included) = (self.record_id, &self.included);
        match self.custodians.len() {
            0 => write!(f, "no custodian keeps the key of record {record} ({included})"),
            all => write!(
                f,
                "{all} custodians keep the key of record {record}, and {} of them together can \
                 open it ({included})",
                self.threshold
            ),
        }
    }
}

/// Runs `medchain custodians`.
pub async fn run(context: &Context, command: &CustodiansCommand) -> Result<Outcome> {
    match command {
        CustodiansCommand::Set(args) => output::print(&set(context, args).await?, context.json)?,
        CustodiansCommand::Clear => output::print(&clear(context).await?, context.json)?,
        CustodiansCommand::Show { patient } => {
            output::print(&show(context, patient.as_deref()).await?, context.json)?;
        }
        CustodiansCommand::Entrust { record } => {
            output::print(&entrust(context, *record).await?, context.json)?;
        }
        CustodiansCommand::Withdraw { record } => {
            output::print(&withdraw(context, *record).await?, context.json)?;
        }
    }
    Ok(Outcome::Done)
}

/// Chooses custodians.
pub async fn set(context: &Context, args: &SetArgs) -> Result<CustodiansReport> {
    let custodians = args.custodians.iter().map(|text| context.parse_account(text));
    let custodians = custodians.collect::<Result<Vec<_>>>()?;
    let most = custodians.len();
    if args.threshold == 0 || usize::from(args.threshold) > most {
        bail!("--threshold must be between 1 and the number of custodians, {most}");
    }
    let call = Call::SetCustodians { members: custodians.clone(), threshold: args.threshold };
    let purpose = "set the custodians";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::CustodiansSet { .. }))?;
    Ok(CustodiansReport {
        patient: context.account()?,
        custodians,
        threshold: args.threshold,
        included: Some((&outcome).into()),
    })
}

async fn clear(context: &Context) -> Result<CustodiansReport> {
    let call = Call::SetCustodians { members: Vec::new(), threshold: 0 };
    let outcome = context.sign(&call, "remove the custodians").await?;
    Ok(CustodiansReport {
        patient: context.account()?,
        custodians: Vec::new(),
        threshold: 0,
        included: Some((&outcome).into()),
    })
}

async fn show(context: &Context, patient: Option<&str>) -> Result<CustodiansReport> {
    let patient = context.account_or_own(patient)?;
    let group = context.view().await?.custodians_of(&patient).await?;
    let threshold = group.as_ref().map_or(0, |group| group.threshold);
    let custodians = group.as_ref().map(CustodianGroup::accounts).unwrap_or_default();
    Ok(CustodiansReport { patient, custodians, threshold, included: None })
}

/// Takes a record's key from its custodians.
async fn withdraw(context: &Context, record: RecordId) -> Result<EntrustReport> {
    let view = context.view().await?;
    let call = match records::find(&view, record).await?.patient == context.account()? {
        true => Call::EntrustRecord { record, entrustment: None },
        false => Call::WithdrawShares { record },
    };
    let purpose = "take the record's key from the custodians";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::RecordEntrusted { .. }))?;
    Ok(EntrustReport {
        record_id: record,
        custodians: Vec::new(),
        threshold: 0,
        included: (&outcome).into(),
    })
}

/// Shares an existing record's key among the patient's custodians.
pub async fn entrust(context: &Context, record: RecordId) -> Result<EntrustReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let record = records::find(&view, record).await?;
    let account = context.account()?;
    if account != record.patient {
        bail!(
            "only its patient {} may entrust record {}, and you sign as {account}",
            record.patient,
            record.id
        );
    }
    trust::ensure_record(context, &record).await?;
    let key = records::key(context, &view, &record).await?;
    let cid = &records::document(&record)?.cid;
    let entrusted = records::entrust(context, &view, &record.patient, cid, &key).await?;
    let Some(entrusted) = entrusted else {
        bail!(
            "{} has no custodians that could keep the key; see `medchain custodians set`",
            record.patient
        );
    };
    let entrustment = Some(entrusted.entrustment.clone());
    let call = Call::EntrustRecord { record: record.id, entrustment };
    let purpose = "entrust the record";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::RecordEntrusted { .. }))?;
    Ok(EntrustReport {
        record_id: record.id,
        threshold: entrusted.threshold(),
        custodians: entrusted.custodians,
        included: (&outcome).into(),
    })
}
