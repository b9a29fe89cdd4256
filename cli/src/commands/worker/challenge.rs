//! `medchain worker challenge`: disputes a verdict that your worker cannot confirm.

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Arithmetic, Call, ChainEvent, Verdict, View, Worker, WorkerStatus},
    AccountId32,
};
use medchain_primitives::{RecordId, RequestId, VerdictStatus};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    inference::{self, Running},
    models,
    output::{self, hex, Outcome},
    records,
    signing::{ensure_event, Included},
};

/// Arguments of `medchain worker challenge`.
#[derive(Args, Clone, Debug)]
pub struct ChallengeArgs {
    /// The number of the request that the verdict answers; see `medchain show`.
    #[arg(value_parser = arguments::request())]
    pub request: RequestId,
    /// The model that runs, and what runs it.
    #[command(flatten)]
    pub running: Running,
}

/// A verdict, compared with the worker's own answer, and perhaps challenged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChallengeReport {
    /// The request that the verdict answers.
    pub request_id: RequestId,
    /// The record.
    pub record_id: RecordId,
    /// Your worker.
    pub worker: AccountId32,
    /// Whether the worker's own answer is the verdict: then nothing was submitted.
    pub equal: bool,
    /// The sealed answer on chain.
    pub sealed: String,
    /// The sealed answer of the worker.
    pub own_sealed: String,
    /// The last block of the first round.
    pub deadline: Option<u32>,
    /// The transaction; none where the answers are equal.
    #[serde(flatten)]
    pub included: Option<Included>,
}

impl fmt::Display for ChallengeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request_id, record_id, worker, sealed, own_sealed, .. } = self;
        let Some(included) = &self.included else {
            writeln!(f, "equal: your answer on record {record_id} is the verdict of {request_id}")?;
            return write!(f, "nothing was submitted");
        };
        writeln!(f, "the verdict of request {request_id} is challenged ({included})")?;
        writeln!(f, "on chain  {sealed} (sealed)")?;
        writeln!(f, "yours     {own_sealed} (sealed)")?;
        if let Some(deadline) = self.deadline {
            writeln!(f, "deadline  block {deadline}, for the first move")?;
        }
        write!(
            f,
            "Keep the worker of {worker} running: it makes the moves, and loses its bond if it \
             does not make one in time. See `medchain disputes {request_id}`"
        )
    }
}

/// Runs `medchain worker challenge`.
pub async fn run(context: &Context, args: &ChallengeArgs) -> Result<Outcome> {
    output::print(&challenge(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Repeats the computation of a verdict, and disputes it where the result differs.
pub async fn challenge(context: &Context, args: &ChallengeArgs) -> Result<ChallengeReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let id = args.request;
    let verdict = view
        .verdict(id)
        .await?
        .with_context(|| format!("request {id} has no verdict; `medchain show` lists requests"))?;
    let account = context.account()?;
    let worker = view.worker(&account).await?.with_context(|| {
        format!("{account} is not registered as a worker; see `medchain worker list`")
    })?;
    ensure_allowed(&verdict, &worker, view.number())?;
    ensure_exact(&view, &verdict).await?;
    let record = records::find(&view, verdict.record).await?;
    if view.envelope(record.id, &account).await?.is_none() {
        bail!(
            "{account} has no envelope for record {0}, which a worker needs to challenge its \
             verdict; the patient runs `medchain share {0} --to {account}`",
            record.id
        );
    }
    let again = inference::repeat(context, &view, &record, &verdict, &args.running).await?;
    let mut report = ChallengeReport {
        request_id: id,
        record_id: record.id,
        worker: account,
        equal: again.sealed == verdict.sealed,
        sealed: hex(&verdict.sealed),
        own_sealed: hex(&again.sealed),
        deadline: None,
        included: None,
    };
    if report.equal {
        return Ok(report);
    }
    if !again.film_as_committed {
        bail!(
            "your answer differs, but the film of record {} does not give the square that its \
             uploader committed to: no answer on it can be defended, and you would lose the bond",
            record.id
        );
    }
    let call = Call::ChallengeVerdict { request: id, sealed: again.sealed };
    let purpose = format!(
        "challenge the verdict of request {id} (your whole bond is at stake, and your worker \
         must run until the dispute is over)"
    );
    context.confirm(&call, &purpose).await?;
    let purpose = "challenge the verdict";
    let outcome = context.send(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::VerdictChallenged { .. }))?;
    report.deadline = first_deadline(&outcome.events);
    report.included = Some((&outcome).into());
    Ok(report)
}

/// The last block of a dispute's first round.
fn first_deadline(events: &[ChainEvent]) -> Option<u32> {
    events.iter().find_map(|event| match event {
        ChainEvent::DisputeStarted { deadline, .. } => Some(*deadline),
        _ => None,
    })
}

/// Checks what the chain will check, before anything is computed and signed.
fn ensure_allowed(verdict: &Verdict, worker: &Worker, now: u32) -> Result<()> {
    let (id, account) = (verdict.request, &worker.account);
    match verdict.status {
        VerdictStatus::Standing => {}
        VerdictStatus::Challenged => {
            bail!("the verdict of request {id} is challenged already; see `medchain disputes {id}`")
        }
        VerdictStatus::Annulled | VerdictStatus::Withdrawn => {
            bail!("the verdict of request {id} was {} already", verdict.status)
        }
    }
    let until = verdict.challengeable_until;
    if now > until {
        bail!(
            "the verdict of request {id} could be challenged until block {until}, and the newest \
             block is {now}"
        );
    }
    if verdict.workers.contains(account) {
        bail!("{account} gave the answer of request {id} itself");
    }
    if !worker.models.contains(&verdict.model) {
        bail!(
            "the worker {account} does not run model {}; see `medchain worker set-models --help`",
            verdict.model
        );
    }
    match worker.status {
        WorkerStatus::Active => Ok(()),
        WorkerStatus::Suspended => bail!(
            "the worker {account} is suspended; complete its bond with `medchain worker top-up`"
        ),
        WorkerStatus::Leaving { .. } => bail!("the worker {account} is leaving"),
    }
}

async fn ensure_exact(view: &View, verdict: &Verdict) -> Result<()> {
    let model = models::registered(view, verdict.model).await?;
    if model.arithmetic == Arithmetic::Exact {
        return Ok(());
    }
    bail!(
        "model {} computes in floats, so that honest answers may differ: its verdicts cannot be \
         challenged",
        model.id
    )
}

#[cfg(test)]
mod tests {
    use medchain_primitives::ModelId;

    use super::*;
    use crate::inference::test_verdict;

    fn verdict() -> Verdict {
        test_verdict(VerdictStatus::Standing, &[8])
    }

    fn worker() -> Worker {
        Worker {
            account: AccountId32([7; 32]),
            models: vec![ModelId(1)],
            bond: 0,
            status: WorkerStatus::Active,
            assigned: 0,
            answered: 0,
            declined: 0,
            missed: 0,
            lost: 0,
        }
    }

    fn refused(change: impl FnOnce(&mut Verdict, &mut Worker), now: u32) -> String {
        let (mut verdict, mut worker) = (verdict(), worker());
        change(&mut verdict, &mut worker);
        ensure_allowed(&verdict, &worker, now)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn what_the_chain_would_refuse_is_refused_before_anything_is_computed() {
        assert_eq!(refused(|_, _| {}, 20), "");
        assert!(refused(|_, _| {}, 21).contains("until block 20"));
        let said = refused(|verdict, _| verdict.status = VerdictStatus::Challenged, 20);
        assert!(said.contains("challenged already"), "{said}");
        let said = refused(|verdict, _| verdict.status = VerdictStatus::Annulled, 20);
        assert!(said.contains("annulled already"), "{said}");
        let said = refused(|verdict, worker| verdict.workers.push(worker.account), 20);
        assert!(said.contains("itself"), "{said}");
        assert!(refused(|_, worker| worker.models.clear(), 20).contains("does not run model 1"));
        let said = refused(|_, worker| worker.status = WorkerStatus::Suspended, 20);
        assert!(said.contains("top-up"), "{said}");
        let said = refused(|_, worker| worker.status = WorkerStatus::Leaving { until: 9 }, 20);
        assert!(said.contains("leaving"), "{said}");
    }

    fn report(included: Option<Included>) -> ChallengeReport {
        ChallengeReport {
            request_id: RequestId(9),
            record_id: RecordId(4),
            worker: AccountId32([7; 32]),
            equal: included.is_none(),
            sealed: "0x01".into(),
            own_sealed: "0x02".into(),
            deadline: included.as_ref().map(|_| 30),
            included,
        }
    }

    #[test]
    fn it_says_what_was_submitted() {
        let equal = report(None);
        assert!(equal.to_string().starts_with("equal: "), "{equal}");
        assert!(equal.to_string().ends_with("nothing was submitted"), "{equal}");
        assert_eq!(serde_json::to_value(&equal).unwrap().get("block_number"), None);
        let challenged = report(Some(Included {
            block_hash: "0x00".into(),
            block_number: 15,
            extrinsic_hash: "0x00".into(),
            fee: "1".into(),
            fee_shown: "1 planck".into(),
        }));
        let text = challenged.to_string();
        for words in ["is challenged (in block 15", "deadline  block 30", "Keep the worker"] {
            assert!(text.contains(words), "{text}");
        }
    }
}
