//! `medchain custodian`: for those who keep shares of patients' keys.

use std::fmt;

use anyhow::{bail, Result};
use clap::Subcommand;
use medchain_client::{
    chain::{format_balance, Call, ChainEvent, Custodian},
    custody, AccountId32,
};
use medchain_primitives::Role;
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, hex, Outcome},
    signing::{ensure_event, Included},
};

/// Subcommands of `medchain custodian`.
#[derive(Debug, Subcommand)]
pub enum CustodianCommand {
    /// Register as a custodian, against a bond, so that patients can choose you.
    ///
    /// Publishes a key that is derived from your secret, with a proof that you have it. A
    /// registrar gives you the role first. `medchain-worker custodian` delivers the shares.
    Register,
    /// Stop taking new keys, and get the bond back.
    ///
    /// You can still deliver the shares that you keep. Patients should choose others and
    /// entrust their records again before you end the service.
    Retire,
    /// Decline to keep keys of a patient, for a small deposit.
    Decline {
        /// The patient.
        patient: String,
    },
    /// Keep keys of a patient whom you declined, and get the deposit back.
    Accept {
        /// The patient.
        patient: String,
    },
    /// List the accounts that registered as custodians.
    List,
}

/// A custodian on chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustodianRow {
    /// The custodian.
    pub custodian: AccountId32,
    /// Its public key, in hexadecimal.
    pub key: String,
    /// Its bond in MEDC; none once it has retired.
    pub bond: Option<String>,
    /// Whether it has the role now, without which it delivers nothing.
    pub has_role: bool,
}

impl CustodianRow {
    fn new(custodian: &Custodian, has_role: bool) -> Self {
        Self {
            custodian: custodian.account,
            key: hex(custodian.key.0),
            bond: custodian.bond.map(format_balance),
            has_role,
        }
    }
}

impl fmt::Display for CustodianRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match (&self.bond, self.has_role) {
            (_, false) => "without the role: delivers nothing".to_owned(),
            (None, true) => "retired: delivers what it keeps, and takes no new keys".to_owned(),
            (Some(bond), true) => format!("bond {bond}"),
        };
        write!(f, "{}  {}  {status}", self.custodian, self.key)
    }
}

/// The registered custodians.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// By account.
    pub custodians: Vec<CustodianRow>,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.custodians.is_empty() {
            return f.write_str("no account is registered as a custodian");
        }
        self.custodians.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

/// A custodian that registered or retired.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegisterReport {
    /// The custodian.
    pub custodian: AccountId32,
    /// Its public key, in hexadecimal.
    pub key: String,
    /// Whether it takes new keys now.
    pub registered: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RegisterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { custodian, key, registered, included } = self;
        if *registered {
            writeln!(f, "{custodian} is a custodian with the key {key} ({included})")?;
            write!(f, "`medchain-worker custodian` delivers the shares that it will keep")
        } else {
            write!(
                f,
                "{custodian} takes no new keys; go on running `medchain-worker custodian` until \
                 patients have entrusted their records to others ({included})"
            )
        }
    }
}

/// A patient whom a custodian declined or accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeclineReport {
    /// The custodian.
    pub custodian: AccountId32,
    /// The patient.
    pub patient: AccountId32,
    /// Whether the custodian declines to keep the patient's keys.
    pub declined: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for DeclineReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { custodian, patient, declined, included } = self;
        let does = if *declined { "takes no further keys of" } else { "may be chosen by" };
        write!(f, "{custodian} {does} {patient} ({included})")?;
        if *declined {
            f.write_str("\nIt still keeps the shares that it has.")?;
        }
        Ok(())
    }
}

/// Runs `medchain custodian`.
pub async fn run(context: &Context, command: &CustodianCommand) -> Result<Outcome> {
    match command {
        CustodianCommand::Register => output::print(&register(context).await?, context.json)?,
        CustodianCommand::Retire => output::print(&retire(context).await?, context.json)?,
        CustodianCommand::Decline { patient } => {
            output::print(&decline(context, patient, true).await?, context.json)?;
        }
        CustodianCommand::Accept { patient } => {
            output::print(&decline(context, patient, false).await?, context.json)?;
        }
        CustodianCommand::List => output::print(&list(context).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

/// Registers the signer as a custodian.
pub async fn register(context: &Context) -> Result<RegisterReport> {
    context.ensure_can_ask()?;
    let identity = context.identity()?;
    let custodian = identity.account();
    if !context.view().await?.roles_of(&custodian).await?.contains(&Role::Custodian) {
        bail!(
            "{custodian} does not have the role custodian; an institution's registrar runs \
             `medchain provider add {custodian} custodian`"
        );
    }
    let genesis = context.chain().await?.genesis_hash();
    let call = custody::registration(identity, genesis)?;
    let purpose = "register as a custodian";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::CustodianRegistered { .. })
    })?;
    let key = hex(identity.custodian_key().0);
    Ok(RegisterReport { custodian, key, registered: true, included: (&outcome).into() })
}

async fn retire(context: &Context) -> Result<RegisterReport> {
    let identity = context.identity()?;
    let purpose = "retire as a custodian";
    let outcome = context.sign(&Call::RetireCustodian, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::CustodianRetired { .. }))?;
    Ok(RegisterReport {
        custodian: identity.account(),
        key: hex(identity.custodian_key().0),
        registered: false,
        included: (&outcome).into(),
    })
}

/// Declines to keep a patient's keys, or takes that back.
pub async fn decline(context: &Context, patient: &str, declined: bool) -> Result<DeclineReport> {
    let (custodian, patient) = (context.account()?, context.parse_account(patient)?);
    if context.view().await?.has_declined(&custodian, &patient).await? == declined {
        bail!(
            "{custodian} {} {patient} already; nothing was sent",
            if declined { "declines" } else { "does not decline" }
        );
    }
    let call = Call::SetDeclined { patient, declined };
    let purpose = if declined { "decline the patient" } else { "accept the patient" };
    let outcome = context.sign(&call, purpose).await?;
    Ok(DeclineReport { custodian, patient, declined, included: (&outcome).into() })
}

async fn list(context: &Context) -> Result<ListReport> {
    let view = context.view().await?;
    let mut all = view.custodians().await?;
    all.sort_by_key(|one| one.account);
    let accounts: Vec<AccountId32> = all.iter().map(|one| one.account).collect();
    let have_role = view.have_role(Role::Custodian, &accounts).await?;
    let rows = all.iter().zip(have_role);
    let rows = rows.map(|(custodian, has_role)| CustodianRow::new(custodian, has_role));
    Ok(ListReport { custodians: rows.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_who_takes_keys() {
        let row = |bond: Option<&str>, has_role| CustodianRow {
            custodian: AccountId32([1; 32]),
            key: "0x02".into(),
            bond: bond.map(str::to_owned),
            has_role,
        };
        let check = |row: CustodianRow, words: &str| {
            assert!(row.to_string().contains(words), "{row}");
        };
        check(row(Some("10 MEDC"), true), "bond 10 MEDC");
        check(row(None, true), "takes no new keys");
        check(row(Some("10 MEDC"), false), "delivers nothing");
        assert!(ListReport { custodians: Vec::new() }.to_string().starts_with("no account"));
    }
}
