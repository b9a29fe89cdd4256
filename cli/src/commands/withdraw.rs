//! `medchain withdraw`: takes back the deposit for an envelope, and with it the envelope.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{format_balance, Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    records,
    signing::{ensure_event, together, Included},
};

/// Arguments of `medchain withdraw`.
#[derive(Args, Clone, Debug)]
pub struct WithdrawArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// Withdraw the envelope of this reader alone; repeat for more.
    ///
    /// Without it, all envelopes that you paid for, but the patient's and your own.
    #[arg(long = "from", value_name = "ACCOUNT")]
    pub readers: Vec<String>,
}

/// Envelopes that were withdrawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WithdrawReport {
    /// The record.
    pub record_id: RecordId,
    /// The accounts whose envelopes are gone.
    pub readers: Vec<AccountId32>,
    /// The deposits that came back, in plancks.
    pub released: String,
    #[serde(skip)]
    shown: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for WithdrawReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for reader in &self.readers {
            writeln!(f, "{reader} has no envelope of record {} any more", self.record_id)?;
        }
        write!(f, "{} came back ({})", self.shown, self.included)?;
        write!(f, "\nA reader may have kept the key. Nothing is revoked: see `medchain revoke`.")
    }
}

/// Runs `medchain withdraw`.
pub async fn run(context: &Context, args: &WithdrawArgs) -> Result<Outcome> {
    output::print(&withdraw(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn withdraw(context: &Context, args: &WithdrawArgs) -> Result<WithdrawReport> {
    let named = args.readers.iter().map(|text| context.parse_account(text));
    let named = named.collect::<Result<Vec<_>>>()?;
    let (account, view) = (context.account()?, context.view().await?);
    let record = records::find(&view, args.record).await?;
    let paid = view.envelopes_paid_by(record.id, &account).await?;
    let chosen = chosen(record.id, &paid, (&record.patient, &account), &named)?;
    let call = |(reader, _): &(AccountId32, u128)| Call::WithdrawEnvelope {
        record: record.id,
        reader: *reader,
    };
    let purpose = "withdraw the envelopes";
    let outcome = context.sign(&together(chosen.iter().map(call).collect()), purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::EnvelopeWithdrawn { .. }))?;
    let released = chosen.iter().fold(0u128, |sum, (_, deposit)| sum.saturating_add(*deposit));
    Ok(WithdrawReport {
        record_id: record.id,
        readers: chosen.into_iter().map(|(reader, _)| reader).collect(),
        released: released.to_string(),
        shown: format_balance(released),
        included: (&outcome).into(),
    })
}

/// The envelopes to withdraw, each with its deposit, of those that the signer paid for.
fn chosen(
    record: RecordId,
    paid: &[(AccountId32, u128)],
    (patient, signer): (&AccountId32, &AccountId32),
    named: &[AccountId32],
) -> Result<Vec<(AccountId32, u128)>> {
    if named.contains(patient) {
        bail!("the patient's own envelope stays: without it, nobody could give the key back");
    }
    let mut chosen = Vec::new();
    for reader in named {
        let Some(envelope) = paid.iter().find(|(paid, _)| paid == reader) else {
            bail!(
                "{reader} has no envelope of record {record} that you paid for; see \
                 `medchain show {record}`"
            );
        };
        if !chosen.contains(envelope) {
            chosen.push(*envelope);
        }
    }
    if named.is_empty() {
        let others = paid.iter().filter(|(reader, _)| reader != patient && reader != signer);
        chosen.extend(others.copied());
    }
    if chosen.is_empty() {
        bail!(
            "you paid for no envelope of record {record} but the patient's and perhaps your own, \
             which `--from {signer}` withdraws"
        );
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: AccountId32 = AccountId32([1; 32]);
    const LAB: AccountId32 = AccountId32([2; 32]);
    const WORKER: AccountId32 = AccountId32([3; 32]);

    fn of(named: &[AccountId32], paid: &[AccountId32]) -> Result<Vec<AccountId32>> {
        let paid: Vec<_> = paid.iter().map(|reader| (*reader, 5)).collect();
        let chosen = chosen(RecordId(7), &paid, (&PATIENT, &LAB), named)?;
        Ok(chosen.into_iter().map(|(reader, _)| reader).collect())
    }

    #[test]
    fn the_patient_s_and_one_s_own_envelope_stay_unless_one_s_own_is_named() {
        let all = [PATIENT, LAB, WORKER];
        assert_eq!(of(&[], &all).unwrap(), [WORKER]);
        assert_eq!(of(&[LAB, WORKER, LAB], &all).unwrap(), [LAB, WORKER]);
        let patients = of(&[PATIENT], &all).unwrap_err().to_string();
        assert!(patients.contains("own envelope stays"), "{patients}");
    }

    #[test]
    fn what_somebody_else_paid_for_is_named() {
        let other = of(&[WORKER], &[LAB]).unwrap_err().to_string();
        assert!(
            other.contains(&WORKER.to_string()) && other.contains("medchain show 7"),
            "{other}"
        );
        let none = of(&[], &[PATIENT, LAB]).unwrap_err().to_string();
        assert!(none.contains("--from"), "{none}");
    }
}
