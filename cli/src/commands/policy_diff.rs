//! `medchain policy diff`: who gains and who loses by another policy, before it
//! is chosen.

use std::collections::BTreeMap;

use anyhow::{bail, Result};
use clap::Args;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{Denied, View},
    AccountId32,
};
use serde::Serialize;

use crate::{
    commands::{access::PurposeArg, access_list, policy::ensure_contract},
    context::Context,
    output::{self, Outcome},
    policy_questions::{self, Question},
};

/// About how many accounts the chain is asked at once.
const AT_ONCE: usize = 16;

/// Arguments of `medchain policy diff`.
#[derive(Args, Clone, Debug)]
pub struct DiffArgs {
    /// The contract that may become the policy.
    pub contract: String,
    /// Whose records; without it, yours.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
    /// Ask about this account as well; repeat it for more. Those who hold an
    /// envelope or a grant, relatives, providers and workers are asked about anyhow.
    #[arg(long = "subject", value_name = "ACCOUNT")]
    pub subjects: Vec<String>,
    /// Compare viewing for this purpose alone; without it, for every purpose.
    #[arg(long, value_enum)]
    pub purpose: Option<PurposeArg>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The account.
    pub account: String,
    /// What it may do under the one policy and not the other: `append`, `view for
    /// treatment`, or `view`, which is for every purpose.
    pub action: String,
    /// Why the policy that says no does.
    pub reason: String,
}

/// Who gains and who loses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffReport {
    /// The patient.
    pub patient: String,
    /// The contract in force.
    pub from: Option<String>,
    /// The other one.
    pub to: String,
    /// What is refused now and would be allowed.
    pub gains: Vec<Change>,
    /// What is allowed now and would be refused.
    pub loses: Vec<Change>,
    /// How many accounts were asked about.
    pub asked_about: usize,
    /// The block that this is true of.
    pub block_number: u32,
}

impl std::fmt::Display for DiffReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let from = self.from.as_deref().unwrap_or("no policy");
        writeln!(f, "from {from}\nto   {}", self.to)?;
        for change in &self.gains {
            writeln!(f, "+ {} may {} (now: {})", change.account, change.action, change.reason)?;
        }
        for change in &self.loses {
            writeln!(f, "- {} may not {} ({})", change.account, change.action, change.reason)?;
        }
        let verdict = match (self.gains.len(), self.loses.len()) {
            (0, 0) => "nobody gains or loses anything".to_owned(),
            (gains, loses) => format!("{gains} gained, {loses} lost"),
        };
        writeln!(
            f,
            "{verdict}, of {} accounts that have to do with {} at block {}",
            self.asked_about, self.patient, self.block_number
        )?;
        write!(
            f,
            "Others may gain or lose too: --subject asks about them. Keys that are sealed to \
             somebody stay sealed to them."
        )
    }
}

/// Runs `medchain policy diff`.
pub async fn run(context: &Context, args: &DiffArgs) -> Result<Outcome> {
    output::print(&diff(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Asks both policies about everybody.
pub async fn diff(context: &Context, args: &DiffArgs) -> Result<DiffReport> {
    let patient = context.account_or_own(args.patient.as_deref())?;
    let new = context.parse_account(&args.contract)?;
    ensure_contract(context, &new).await?;
    let view = context.view().await?;
    if !view.knows_custodians() {
        bail!("the chain's runtime cannot compare policies yet; it needs version 2");
    }
    let old = view.policy_of(&patient).await?;
    let mut subjects: Vec<AccountId32> =
        access_list::known(&view, &patient).await?.into_keys().collect();
    for text in &args.subjects {
        subjects.push(context.parse_account(text)?);
    }
    subjects.sort_unstable();
    subjects.dedup();
    subjects.retain(|subject| *subject != patient);
    let questions = match args.purpose {
        Some(purpose) => Question::for_purpose(purpose.into()),
        None => Question::all(&view),
    };
    let asked = stream::iter(subjects.iter().map(|subject| {
        let (view, patient, new, old) = (&view, &patient, &new, old.as_ref());
        let questions = &questions;
        async move {
            let (mut gains, mut loses) = (Vec::new(), Vec::new());
            for question in questions {
                let now = ask(view, old, patient, subject, *question).await?;
                let then = ask(view, Some(new), patient, subject, *question).await?;
                match (now, then) {
                    (Err(denied), Ok(())) => gains.push((*question, denied.to_string())),
                    (Ok(()), Err(denied)) => loses.push((*question, denied.to_string())),
                    _ => {}
                }
            }
            anyhow::Ok((changes(subject, gains), changes(subject, loses)))
        }
    }));
    let answers: Vec<_> = asked.buffered(AT_ONCE).try_collect().await?;
    let (gains, loses): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    Ok(DiffReport {
        patient: patient.to_string(),
        from: old.map(|old| old.to_string()),
        to: new.to_string(),
        gains: gains.concat(),
        loses: loses.concat(),
        asked_about: subjects.len(),
        block_number: view.number(),
    })
}

/// What changes for one account, those of the same reason under one name where
/// there is one.
fn changes(subject: &AccountId32, answers: Vec<(Question, String)>) -> Vec<Change> {
    let mut by_reason = BTreeMap::<String, Vec<Question>>::new();
    for (question, reason) in answers {
        by_reason.entry(reason).or_default().push(question);
    }
    let change = |action, reason: &String| Change {
        account: subject.to_string(),
        action,
        reason: reason.clone(),
    };
    by_reason
        .iter()
        .flat_map(|(reason, questions)| {
            let names = policy_questions::names(questions);
            names.into_iter().map(move |action| change(action, reason))
        })
        .collect()
}

async fn ask(
    view: &View,
    policy: Option<&AccountId32>,
    patient: &AccountId32,
    subject: &AccountId32,
    question: Question,
) -> Result<Result<(), Denied>> {
    let Question { action, purpose } = question;
    match policy {
        Some(policy) => {
            Ok(view.check_policy(policy, patient, subject, None, action, purpose).await?)
        }
        None => Ok(Err(Denied::NoPolicy)),
    }
}
