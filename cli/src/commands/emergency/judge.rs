//! `medchain emergency judge`: the ethics committee decides about what nobody reviewed, and accepts
//! what was rejected wrongly.

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::{Args, ValueEnum};
use medchain_client::{
    chain::{Call, ChainEvent, EmergencyStatus},
    AccountId32,
};
use medchain_primitives::EmergencyId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    signing::{ensure_event, Governed, Included, Proposal, Share},
};

/// Arguments of `medchain emergency judge`.
#[derive(Args, Clone, Debug)]
pub struct JudgeArgs {
    /// The emergency's number.
    #[arg(value_parser = arguments::emergency())]
    pub emergency: EmergencyId,
    /// The judgement.
    #[arg(value_enum)]
    pub judgement: Judgement,
}

/// A judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Judgement {
    /// It was an emergency: return the bond, also where it was rejected.
    Accept,
    /// It was no emergency: burn the bond.
    Reject,
}

/// A judgement, or the motion that asks for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum JudgeReport {
    /// It is judged.
    Judged {
        /// The emergency's number.
        emergency_id: EmergencyId,
        /// The account that broke the glass.
        subject: AccountId32,
        /// Whether it was an emergency.
        accepted: bool,
        /// The transaction.
        #[serde(flatten)]
        included: Included,
    },
    /// The ethics committee has to vote on it.
    Proposed(Proposal),
}

impl fmt::Display for JudgeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Judged { emergency_id, subject, accepted, included } => {
                let (verdict, bond) = if *accepted {
                    ("accepted", "gets the bond back")
                } else {
                    ("rejected", "loses the bond")
                };
                write!(f, "emergency {emergency_id} is {verdict}: {subject} {bond} ({included})")
            }
            Self::Proposed(proposal) => proposal.fmt(f),
        }
    }
}

/// Runs `medchain emergency judge`.
pub async fn run(context: &Context, args: &JudgeArgs) -> Result<Outcome> {
    output::print(&judge(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn judge(context: &Context, args: &JudgeArgs) -> Result<JudgeReport> {
    let (id, accepted) = (args.emergency, args.judgement == Judgement::Accept);
    let emergency = context.view().await?.emergency(id).await?.with_context(|| {
        format!("there is no open emergency {id}; see `medchain emergency list`")
    })?;
    match emergency.status {
        EmergencyStatus::Escalated => {}
        EmergencyStatus::Rejected { .. } if accepted => {}
        EmergencyStatus::Rejected { .. } => bail!("emergency {id} is rejected already"),
        EmergencyStatus::Open | EmergencyStatus::Endorsed { .. } | EmergencyStatus::Accepted => {
            bail!(
            "emergency {id} is not the ethics committee's: it judges those that nobody reviewed \
             until their last block, and accepts those that were rejected; see `medchain emergency \
             list`"
        )
        }
    }
    let purpose = "judge the emergency";
    let call = Call::JudgeEmergency { emergency: id, accepted };
    let outcome = match context.govern(call, Share::Judges, purpose).await? {
        Governed::Done(outcome) => outcome,
        Governed::Proposed(proposal) => return Ok(JudgeReport::Proposed(proposal)),
    };
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::EmergencyJudged { .. }))?;
    Ok(JudgeReport::Judged {
        emergency_id: id,
        subject: emergency.subject,
        accepted,
        included: (&outcome).into(),
    })
}
