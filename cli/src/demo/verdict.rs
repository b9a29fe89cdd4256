//! The story of a verdict that a worker makes up: it loses its bond.
//!
//! The liar is a program of the tests, `medchain-liar`: a worker that changes what one layer
//! gave, and defends it. It ends with an error where the chain does not find that out.

use std::{collections::BTreeSet, path::Path, time::Instant};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{format_balance, ChainEvent, View, Worker},
    AccountId32,
};
use medchain_primitives::{RecordId, RequestId, RequestStatus, SlashReason};
use serde::Serialize;

use super::{
    acts,
    options::DemoArgs,
    people::People,
    play,
    processes::{Node, Running},
    stage::Stage,
    story::Story,
    worker_process::{self, Role},
};
use crate::{
    inference::{self, DisputeReport},
    options::Global,
    output,
    programs::{LIAR, WORKER},
};

/// The layer whose result the liar changes: one that pools.
const LIE: &str = "pooled";
/// How long one block may take.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(250);
/// How long the whole story may take.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(300);

/// What became of the liar.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerdictSummary {
    /// The record.
    pub record_id: RecordId,
    /// The request.
    pub request_id: RequestId,
    /// The worker that computed the network.
    pub honest: AccountId32,
    /// The worker that did not.
    pub liar: AccountId32,
    /// The rounds that they played.
    pub rounds: u32,
    /// What the liar lost, in plancks (10^12 are one MEDC).
    pub lost: u128,
    /// The class that the patient read in the verdict.
    pub label: String,
    /// Whether the patient's own computation gave the verdict's bytes.
    pub replay_equal: bool,
    /// From the first different answer to the verdict, in milliseconds.
    pub dispute_ms: u64,
}

/// Plays the story.
pub async fn play(args: &DemoArgs, global: &Global) -> Result<VerdictSummary> {
    let worker = WORKER.find(args.worker_bin.as_deref())?;
    let liar = LIAR.find(None)?;
    let story = Story::new(global.json);
    let folder = tempfile::Builder::new()
        .prefix("medchain-verdict-")
        .tempdir()
        .context("cannot create a temporary folder")?;
    let mut running = Running::default();
    let (stage, node) = play::set(args, global, &story, folder.path(), &mut running).await?;
    let told = tell(&stage, &story, &mut running, (&worker, &liar), &node).await;
    if told.is_err() {
        running.print_logs();
    }
    told
}

async fn tell(
    stage: &Stage<'_>,
    story: &Story,
    running: &mut Running,
    (worker, liar): (&Path, &Path),
    node: &Node,
) -> Result<VerdictSummary> {
    let people = People::new(&stage.chain, &stage.store, stage.folder)?;
    let model = acts::prepare(stage, story, &people, node).await?;
    let [honest, dishonest] = &people.workers;
    let (honest, dishonest) = (honest.account()?, dishonest.account()?);
    worker_process::start(stage, running, worker, node, Role::First)?;
    worker_process::start(stage, running, liar, node, Role::Liar(LIE))?;
    story.tell(
        "Liar",
        &format!(
            "{dishonest} runs medchain-liar: it changes one value in a layer,\n\
             answers what follows from it, and will defend it"
        ),
    )?;

    let step = story.step("The lab technician uploads the image; both workers are drawn");
    let uploaded = acts::upload(stage, &people, &model).await?;
    drop(step);
    acts::tell_upload(story, &people, &uploaded)?;
    let request = uploaded.request_id.context("the upload ordered no verdict")?;

    let step = story.step("The workers compute, commit and reveal");
    let mut watch = Watch::new(stage, request, uploaded.included.block_number);
    let played = tokio::select! {
        played = watch.follow(story) => played?,
        error = running.ended() => return Err(error),
        () = tokio::time::sleep(LIMIT) => {
            bail!("the dispute did not end within {} seconds", LIMIT.as_secs())
        }
    };
    drop(step);

    let view = stage.chain.best().await?;
    let lost = liars_end(story, &view, &played, &honest, &dishonest).await?;
    let read = acts::reads_verdict(&people.patient, uploaded.record_id).await?;
    let read = read.context("the patient cannot open the verdict")?;
    let replayed = acts::patient_replays(stage, &people, &uploaded).await?;
    if !replayed.equal {
        bail!("the patient's replay differs from the verdict on chain");
    }
    story.tell(
        "Patient",
        &format!(
            "opened the verdict of the honest worker: {}\n\
             replayed the computation: EQUAL, to the last byte",
            output::label(&read.label, read.uncertain)
        ),
    )?;
    Ok(VerdictSummary {
        record_id: uploaded.record_id,
        request_id: request,
        honest,
        liar: dishonest,
        rounds: played.rounds,
        lost,
        label: read.label,
        replay_equal: replayed.equal,
        dispute_ms: played.dispute_ms,
    })
}

/// Checks and tells what each of the two has now, and returns what the liar lost.
async fn liars_end(
    story: &Story,
    view: &View,
    played: &Played,
    honest: &AccountId32,
    liar: &AccountId32,
) -> Result<u128> {
    let entry = |who: AccountId32| async move {
        let found: Option<Worker> = view.worker(&who).await?;
        found.with_context(|| format!("{who} is no worker any more"))
    };
    let (one, other) = (entry(*honest).await?, entry(*liar).await?);
    if played.winner != Some(*honest) || one.lost != 0 || one.bond == 0 {
        bail!("the honest worker did not win the dispute");
    }
    if other.lost != 1 || other.bond != 0 || played.lost == 0 {
        bail!("the liar did not lose its bond");
    }
    if played.verdict_of != [*honest] {
        bail!("the verdict is not that of the honest worker alone");
    }
    story.tell(
        "Settled",
        &format!(
            "the chain computed the one value on which they differed: {liar}\n\
             had claimed another. It lost its bond, {}, of which {honest}\n\
             got a part; the rest is burned. Nobody had to trust either of them",
            format_balance(played.lost)
        ),
    )?;
    Ok(played.lost)
}

/// How the dispute went.
#[derive(Default)]
struct Played {
    rounds: u32,
    winner: Option<AccountId32>,
    lost: u128,
    verdict_of: Vec<AccountId32>,
    dispute_ms: u64,
}

/// Follows a request block by block.
struct Watch<'a> {
    stage: &'a Stage<'a>,
    request: RequestId,
    next: u32,
    began: Option<Instant>,
    played: Played,
}

impl<'a> Watch<'a> {
    fn new(stage: &'a Stage<'a>, request: RequestId, from: u32) -> Self {
        Self { stage, request, next: from, began: None, played: Played::default() }
    }

    /// Returns once the request is closed.
    async fn follow(&mut self, story: &Story) -> Result<Played> {
        loop {
            let best = self.stage.chain.best().await?.number();
            while self.next <= best {
                let hash = self.stage.chain.hash_of(self.next).await?;
                let hash = hash.with_context(|| format!("block {} is gone", self.next))?;
                let view = self.stage.chain.at(hash).await?;
                for event in view.events().await? {
                    self.hear(story, &view, &event).await?;
                }
                self.next = self.next.saturating_add(1);
                let found = view.request(self.request).await?;
                let status = found.context("the request is gone")?.status;
                if status == RequestStatus::Answered {
                    return Ok(std::mem::take(&mut self.played));
                }
                if !status.is_open() {
                    bail!("there is no verdict: the request is {}", inference::state(status));
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn hear(&mut self, story: &Story, view: &View, event: &ChainEvent) -> Result<()> {
        match event {
            ChainEvent::AnswersDiffer { request, answers, .. } if *request == self.request => {
                self.began = Some(Instant::now());
                let different: BTreeSet<_> = answers.iter().map(|(_, sealed)| sealed).collect();
                story.tell(
                    "Differ",
                    &format!(
                        "block {}: {} answers, sealed, and not the same bytes. No majority\n\
                         decides: the two settle it on chain",
                        view.number(),
                        different.len()
                    ),
                )?;
                self.round(story, view).await?;
            }
            ChainEvent::RoundStarted { request, .. } if *request == self.request => {
                self.round(story, view).await?;
            }
            ChainEvent::DisputeSettled { request, winner, .. } if *request == self.request => {
                self.played.winner = *winner;
            }
            ChainEvent::WorkerSlashed { request, reason, amount, .. }
                if *request == self.request && *reason == SlashReason::WrongAnswer =>
            {
                self.played.lost = *amount;
            }
            ChainEvent::VerdictReached { request, workers, .. } if *request == self.request => {
                self.played.verdict_of.clone_from(workers);
                let began = self.began.map(output::time::elapsed_ms);
                self.played.dispute_ms = began.unwrap_or_default();
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells what a round is about, as it stands at the end of its first block.
    async fn round(&mut self, story: &Story, view: &View) -> Result<()> {
        let found = view.request(self.request).await?.context("the request is gone")?;
        let Some(dispute) = view.dispute(self.request).await? else { return Ok(()) };
        let report = DisputeReport::new(&found, &dispute.players, &dispute.game, false);
        self.played.rounds = report.round;
        story.tell(
            &format!("Round {}", report.round),
            &format!("block {}: {}", view.number(), report.explained()),
        )
    }
}
