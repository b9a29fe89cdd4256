//! `medchain policy diff`: who gains and who loses access by another policy.

use std::{collections::BTreeMap, fmt};

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::{AccessQuestion, Denied, View},
    AccountId32,
};
use medchain_primitives::Purpose;
use serde::Serialize;

use crate::{
    arguments,
    consent::{self, about, ensure_contract, known_accounts, Question},
    context::Context,
    output::{self, Outcome},
};

/// Arguments of `medchain policy diff`.
#[derive(Args, Clone, Debug)]
pub struct DiffArgs {
    /// The contract that might become the policy.
    pub contract: String,
    /// The patient; defaults to you.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
    /// Also ask about this account; repeat for more.
    ///
    /// Readers, relatives, providers and workers are always included.
    #[arg(long = "subject", value_name = "ACCOUNT")]
    pub subjects: Vec<String>,
    /// Compare viewing for this purpose only; defaults to all purposes.
    #[arg(long, value_parser = arguments::purpose())]
    pub purpose: Option<Purpose>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The account.
    pub account: AccountId32,
    /// What only one of the policies allows it: `append`, `view for treatment`, or `view`,
    /// which is for every purpose.
    pub action: String,
    /// Why the other policy refuses.
    pub reason: String,
}

/// Who gains and who loses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffReport {
    /// The patient.
    pub patient: AccountId32,
    /// The policy in force.
    pub from: Option<AccountId32>,
    /// The other policy.
    pub to: AccountId32,
    /// What is refused now and would be allowed.
    pub gains: Vec<Change>,
    /// What is allowed now and would be refused.
    pub loses: Vec<Change>,
    /// How many accounts were asked about.
    pub asked_about: usize,
    /// The block that was asked.
    pub block_number: u32,
}

impl fmt::Display for DiffReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            Some(from) => writeln!(f, "from {from}")?,
            None => writeln!(f, "from no policy")?,
        }
        writeln!(f, "to   {}", self.to)?;
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
            "{verdict}, of {} accounts related to {} at block {}",
            self.asked_about, self.patient, self.block_number
        )?;
        write!(
            f,
            "Other accounts may gain or lose too: name them with --subject. Keys that are \
             already sealed to an account stay sealed to it."
        )
    }
}

/// Runs `medchain policy diff`.
pub async fn run(context: &Context, args: &DiffArgs) -> Result<Outcome> {
    output::print(&diff(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Asks both policies about every related account.
pub async fn diff(context: &Context, args: &DiffArgs) -> Result<DiffReport> {
    let patient = context.account_or_own(args.patient.as_deref())?;
    let new = context.parse_account(&args.contract)?;
    ensure_contract(context, &new).await?;
    let view = context.view().await?;
    let old = view.policy_of(&patient).await?;
    let mut subjects: Vec<AccountId32> =
        known_accounts(&view, &patient).await?.into_keys().collect();
    for text in &args.subjects {
        subjects.push(context.parse_account(text)?);
    }
    subjects.sort_unstable();
    subjects.dedup();
    subjects.retain(|subject| *subject != patient);
    let questions = args.purpose.map_or_else(Question::all, Question::for_purpose);
    let now = ask(&view, old.as_ref(), &patient, about(&subjects, &questions).collect());
    let then = ask(&view, Some(&new), &patient, about(&subjects, &questions).collect());
    let (now, then) = (now.await?, then.await?);
    let (mut gains, mut loses) = (Vec::new(), Vec::new());
    let answers = now.chunks(questions.len()).zip(then.chunks(questions.len()));
    for (subject, (now, then)) in subjects.iter().zip(answers) {
        let (mut gained, mut lost) = (Vec::new(), Vec::new());
        for (question, answers) in questions.iter().zip(now.iter().zip(then)) {
            match answers {
                (Err(denied), Ok(())) => gained.push((*question, denied.to_string())),
                (Ok(()), Err(denied)) => lost.push((*question, denied.to_string())),
                _ => {}
            }
        }
        gains.extend(changes(*subject, gained));
        loses.extend(changes(*subject, lost));
    }
    Ok(DiffReport {
        patient,
        from: old,
        to: new,
        gains,
        loses,
        asked_about: subjects.len(),
        block_number: view.number(),
    })
}

/// The changes for one account, with those of one reason under as few names as possible.
fn changes(account: AccountId32, answers: Vec<(Question, String)>) -> Vec<Change> {
    let mut by_reason = BTreeMap::<String, Vec<Question>>::new();
    for (question, reason) in answers {
        by_reason.entry(reason).or_default().push(question);
    }
    by_reason
        .iter()
        .flat_map(|(reason, questions)| {
            let names = consent::names(questions).into_iter();
            names.map(move |action| Change { account, action, reason: reason.clone() })
        })
        .collect()
}

/// What a policy answers to each question; without one, everything is denied.
async fn ask(
    view: &View,
    policy: Option<&AccountId32>,
    patient: &AccountId32,
    questions: Vec<(AccountId32, AccessQuestion)>,
) -> Result<Vec<Result<(), Denied>>> {
    match policy {
        Some(policy) => Ok(view.check_policy_of(policy, patient, questions).await?),
        None => Ok(vec![Err(Denied::NoPolicy); questions.len()]),
    }
}
