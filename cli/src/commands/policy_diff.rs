//! `medchain policy diff`: who gains and who loses by another policy, before it
//! is chosen.

use anyhow::{bail, Result};
use clap::Args;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{Denied, View},
    AccountId32,
};
use medchain_primitives::{Action, Purpose};
use serde::Serialize;

use crate::{
    commands::{access::PurposeArg, access_list, grant::action_name, policy::ensure_contract},
    context::Context,
    output::{self, Outcome},
};

/// How many questions are put to the chain at once.
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
    /// What access is wanted for, where policies make a difference.
    #[arg(long, value_enum)]
    pub purpose: Option<PurposeArg>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The account.
    pub account: String,
    /// What it may do under the one policy and not the other.
    pub action: &'static str,
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
    let purpose = args.purpose.map(Purpose::from);

    let questions = subjects
        .iter()
        .flat_map(|subject| Action::ALL.into_iter().map(move |action| (*subject, action)));
    let asked = stream::iter(questions.map(|(subject, action)| {
        let (view, patient, new, old) = (&view, &patient, &new, old.as_ref());
        async move {
            let now = ask(view, old, patient, &subject, action, purpose).await?;
            let then = ask(view, Some(new), patient, &subject, action, purpose).await?;
            anyhow::Ok((subject, action, now, then))
        }
    }));
    let answers: Vec<_> = asked.buffered(AT_ONCE).try_collect().await?;
    let (mut gains, mut loses) = (Vec::new(), Vec::new());
    for (subject, action, now, then) in answers {
        let change = |denied: Denied| Change {
            account: subject.to_string(),
            action: action_name(action),
            reason: denied.to_string(),
        };
        match (now, then) {
            (Err(denied), Ok(())) => gains.push(change(denied)),
            (Ok(()), Err(denied)) => loses.push(change(denied)),
            _ => {}
        }
    }
    Ok(DiffReport {
        patient: patient.to_string(),
        from: old.map(|old| old.to_string()),
        to: new.to_string(),
        gains,
        loses,
        asked_about: subjects.len(),
        block_number: view.number(),
    })
}

async fn ask(
    view: &View,
    policy: Option<&AccountId32>,
    patient: &AccountId32,
    subject: &AccountId32,
    action: Action,
    purpose: Option<Purpose>,
) -> Result<Result<(), Denied>> {
    match policy {
        Some(policy) => {
            Ok(view.check_policy(policy, patient, subject, None, action, purpose).await?)
        }
        None => Ok(Err(Denied::NoPolicy)),
    }
}
