//! `medchain upload`: from an image file to a record, and to a verdict where one is ordered.

mod allowed;
mod call;
mod folder;
mod same;
mod source;
mod stored;

use std::{fmt, path::PathBuf, time::Instant};

use anyhow::{bail, Context as _, Result};
use async_trait::async_trait;
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent, Note, Transaction, TxOutcome},
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{Action, Cid, ModelId, RecordId, RecordKind, RequestId};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    inference::{self, Asking, Carried, Order, RecordKey, VerdictReport},
    journal::{self, Done, Landed, Task, FILE},
    output::{self, time::elapsed_ms, Outcome},
    records::{self, Content, Film},
    signing::Included,
};

use allowed::{ensure_allowed, readers};
use call::NewRecord;
use source::{source, Source};
use stored::{Ensured, OnChain};

/// What the transaction is for, in messages.
const PURPOSE: &str = "register the record";

/// Arguments of `medchain upload`.
#[derive(Args, Clone, Debug)]
pub struct UploadArgs {
    /// The chest X-ray; with --kind, any file; with --manifest, a folder.
    ///
    /// X-rays are read as DICOM, PNG, JPEG, TIFF, BMP, WebP, PNM or lossless JPEG 2000. What their
    /// files say beside the picture (names, dates, places, devices) is taken out before they are
    /// encrypted, and listed by name. Text that is part of the picture stays.
    pub file: PathBuf,
    /// The patient.
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "manifest")]
    pub patient: Option<String>,
    /// Upload the files of a folder that this CSV lists.
    ///
    /// Its first line names the columns: file (in the folder) and patient; model and kind may
    /// follow. Records are added many in a transaction. Repeated after an interruption, the same
    /// command goes on, with verdicts that were ordered as well, and adds nothing twice. Prints
    /// what became of each file, with --json as one object a line, and a summary.
    #[arg(
        long,
        value_name = "FILE.csv",
        conflicts_with_all = ["patient", "model", "kind", "worker", "wait", "again", "entry"]
    )]
    pub manifest: Option<PathBuf>,
    /// How many files of a folder are read, encrypted and stored at a time.
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "manifest",
        default_value_t = 4,
        value_parser = clap::value_parser!(u8).range(1..=64)
    )]
    pub parallel: u8,
    /// What the file is. Models run on chest X-rays alone.
    #[arg(long, value_parser = arguments::record_kind(), default_value = "chest-xray")]
    pub kind: RecordKind,
    /// Also order a verdict by this model.
    ///
    /// Two more transactions draw the workers, among those that the patient's policy
    /// allows to infer, and seal the record's key to them. `medchain infer` continues
    /// what an interruption left undone.
    #[arg(
        long,
        visible_alias = "infer",
        value_name = "MODEL",
        value_parser = arguments::model()
    )]
    pub model: Option<ModelId>,
    /// How the verdict is ordered.
    #[command(flatten)]
    pub asking: Asking,
    /// An additional reader, besides the patient and you; repeat for more.
    #[arg(long = "reader", value_name = "ACCOUNT")]
    pub readers: Vec<String>,
    /// Add another record, although you have uploaded this film for this patient before.
    ///
    /// Without it, the same upload repeated goes on where it was interrupted, or names the
    /// record that it has added.
    #[arg(long)]
    pub again: bool,
    /// Go on with this entry of the journal, whose content is kept there.
    #[arg(long, hide = true, value_name = "ID")]
    pub entry: Option<String>,
}

impl UploadArgs {
    /// An upload without an order.
    pub fn of(file: PathBuf, patient: &str) -> Self {
        let patient = Some(patient.to_owned());
        Self {
            file,
            patient,
            manifest: None,
            parallel: 4,
            kind: RecordKind::ChestXray,
            model: None,
            asking: Asking::default(),
            readers: Vec::new(),
            again: false,
            entry: None,
        }
    }

    fn patient(&self, context: &Context) -> Result<AccountId32> {
        context.parse_account(self.patient.as_deref().context("--patient names the patient")?)
    }
}

/// A new record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UploadReport {
    /// The CID of the encrypted content.
    pub cid: String,
    /// The store that has it, or `one or another`; readers and workers must reach one.
    pub store: String,
    /// The record's number.
    pub record_id: RecordId,
    /// Whether an earlier upload of this film had added it.
    pub added_before: bool,
    /// Whether a store had lost its content, and it was put back.
    pub put_back: bool,
    /// Its patient.
    pub patient: AccountId32,
    /// The accounts with an envelope.
    pub readers: Vec<AccountId32>,
    /// The accounts that keep a share of the key.
    pub custodians: Vec<AccountId32>,
    /// How many custodians it takes to open the record; 0 without custodians.
    pub threshold: u32,
    /// The policy's answers, each a yes.
    pub consents: Vec<Consent>,
    /// The request for a verdict, where one was made.
    pub request_id: Option<RequestId>,
    /// The workers that were drawn or named for it.
    pub workers: Vec<AccountId32>,
    /// The verdict, where it was waited for.
    pub verdict: Option<VerdictReport>,
    /// Names of what was taken out of the file before it was encrypted.
    pub removed: Vec<String>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
    /// How long the steps took.
    pub timings_ms: UploadTimings,
}

/// A yes of the patient's policy, as recorded on chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Consent {
    /// The account that wanted to act.
    pub subject: AccountId32,
    /// The action.
    pub action: Action,
    /// The contract that was asked.
    pub policy: Option<AccountId32>,
}

impl Consent {
    /// The answers among a transaction's or a block's events.
    pub fn all(events: &[ChainEvent]) -> Vec<Self> {
        let answer = |event: &ChainEvent| match event {
            ChainEvent::AccessChecked { subject, action, policy, .. } => {
                Some(Self { subject: *subject, action: *action, policy: *policy })
            }
            _ => None,
        };
        events.iter().filter_map(answer).collect()
    }
}

/// How long the steps of an upload took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct UploadTimings {
    /// Creating the key, encrypting, sealing.
    pub encrypt: u64,
    /// Storing.
    pub store: u64,
    /// From signing to the block.
    pub include: u64,
    /// From there until the workers have the key and, with --wait, answered.
    pub ask: u64,
}

impl fmt::Display for UploadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "CID      {}", self.cid)?;
        writeln!(f, "store    {}, which readers and workers must reach", self.store)?;
        match self.added_before {
            true => writeln!(
                f,
                "record   {}, which an earlier upload of this film added; --again adds another",
                self.record_id
            )?,
            false => writeln!(f, "record   {}", self.record_id)?,
        }
        if self.put_back {
            writeln!(f, "stored   again, because a store had lost it")?;
        }
        writeln!(f, "block    {} ({})", self.included.block_number, self.included.block_hash)?;
        writeln!(f, "fee      {}", self.included.fee_shown)?;
        for consent in &self.consents {
            writeln!(f, "consent  {} may {}", consent.subject, consent.action)?;
        }
        for reader in &self.readers {
            writeln!(f, "sealed   to {reader}")?;
        }
        for custodian in &self.custodians {
            let of = self.custodians.len();
            writeln!(f, "kept     by {custodian} ({} of {of} can open it)", self.threshold)?;
        }
        if !self.removed.is_empty() {
            writeln!(f, "removed  {}", self.removed.join(", "))?;
        }
        if let Some(request) = self.request_id {
            writeln!(f, "request  {request}; see `medchain show {}`", self.record_id)?;
        }
        for worker in &self.workers {
            writeln!(f, "asked    {worker}")?;
        }
        if let Some(verdict) = &self.verdict {
            writeln!(f, "verdict  {verdict}")?;
        }
        Ok(())
    }
}

/// Runs `medchain upload`.
pub async fn run(context: &Context, args: &UploadArgs) -> Result<Outcome> {
    if let Some(manifest) = &args.manifest {
        return folder::upload(context, args, manifest).await;
    }
    output::print(&upload(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Checks, encrypts, stores and registers an image, or goes on with that where it was
/// interrupted.
pub async fn upload(context: &Context, args: &UploadArgs) -> Result<UploadReport> {
    let Source { film, patient, tag, mut held } = source(context, args).await?;
    context.ensure_can_ask()?;
    if let (Some(square), None, false) = (&film.square, &held.entry, args.again) {
        let journal = context.journal().await?;
        let of = (&patient, square);
        same::warn_or_note(&journal, context.identity()?, of, &tag, &args.file)?;
    }
    let identity = context.identity()?;
    let timings = UploadTimings::default();
    let mut new = Upload { context, args, patient, film, call: None, place: None, timings };
    let task = Task {
        identity,
        what: what(&patient),
        command: command(&patient, args.kind, args.model, args),
        path: Some(journal::written(&args.file)),
        again: args.again,
    };
    let landed = journal::publish(&mut new, &mut held, &task).await;
    let landed = landed.map_err(|error| held.unfinished(error))?;
    let record = RecordId(landed.number()?);
    let put_back = match (landed.was_done, landed.cids.first()) {
        (true, Some(cid)) => {
            let (key, entry) = (landed.key.as_ref(), held.entry.as_ref());
            let on_chain = OnChain { record, cid, key, entry, file: &args.file };
            let film = || Ok(new.film.bytes.clone());
            stored::ensure(context, &on_chain, film).await? == Ensured::PutBack
        }
        _ => false,
    };
    let started = Instant::now();
    let asked = asked(context, args, (record, patient), &landed).await?;
    let ask = elapsed_ms(started);
    let (request, Carried { workers, verdict, .. }) = match asked {
        Some((request, carried)) => (Some(request), carried),
        None => (None, Carried::default()),
    };
    // What the chain says, whichever command added it.
    let view = context.view().await?;
    let envelopes = view.envelopes(record).await?;
    let custody = view.custody(record).await?;
    let place = new.place.map_or_else(|| Ok(context.store()?.describe()), anyhow::Ok)?;
    Ok(UploadReport {
        cid: landed.cids.first().map(ToString::to_string).unwrap_or_default(),
        store: place,
        record_id: record,
        added_before: landed.was_done,
        put_back,
        patient,
        readers: envelopes.into_iter().map(|(reader, _)| reader).collect(),
        threshold: custody.as_ref().map_or(0, |custody| custody.threshold.into()),
        custodians: custody.map(|custody| custody.accounts()).unwrap_or_default(),
        consents: Consent::all(&landed.outcome.events),
        request_id: request,
        workers,
        verdict,
        removed: new.film.removed,
        included: (&landed.outcome).into(),
        timings_ms: UploadTimings { ask, ..new.timings },
    })
}

/// What an upload is, for people.
fn what(patient: &AccountId32) -> String {
    format!("the upload of {FILE} for {patient}")
}

/// The arguments that go on with an upload, from any folder, with [`FILE`] for the file.
fn command(
    patient: &AccountId32,
    kind: RecordKind,
    model: Option<ModelId>,
    args: &UploadArgs,
) -> Vec<String> {
    let mut command: Vec<String> =
        ["upload", FILE, "--patient", &patient.to_string()].map(str::to_owned).to_vec();
    let mut add = |flag: &str, value: String| command.extend([flag.to_owned(), value]);
    add("--kind", kind.to_string());
    if let Some(model) = model {
        add("--model", model.to_string());
    }
    if let Some(quorum) = args.asking.quorum {
        add("--quorum", quorum.to_string());
    }
    if let Some(worker) = &args.asking.worker {
        add("--worker", worker.clone());
    }
    for reader in &args.readers {
        add("--reader", reader.clone());
    }
    command
}

/// The request that was made with the record, moved on.
async fn asked(
    context: &Context,
    args: &UploadArgs,
    (record, patient): (RecordId, AccountId32),
    landed: &Landed,
) -> Result<Option<(RequestId, Carried)>> {
    let Some(model) = args.model else { return Ok(None) };
    let made = landed.outcome.events.iter().find_map(|event| match event {
        ChainEvent::InferenceRequested { request, record: of, .. } if *of == record => {
            Some(*request)
        }
        _ => None,
    });
    let view = context.view().await?;
    let request = match made {
        Some(request) => Some(request),
        None => view.open_request_of(record, model).await?,
    };
    let Some(request) = request else {
        crate::output::tell!(
            "warning: record {record} was added before, and no request for model {model} is open; \
             see `medchain show {record}`, or order with `medchain infer {record} --model {model}`"
        );
        return Ok(None);
    };
    let key = match (&landed.key, landed.cids.first()) {
        (Some(key), Some(cid)) => RecordKey::new(key.clone(), patient, cid.clone()),
        _ => {
            let record = records::find(&view, record).await?;
            RecordKey::of(records::key(context, &view, &record).await?, &record)?
        }
    };
    context.stands(&format!("record {record} is added, and request {request} made"));
    let carried = inference::carry_on(context, request, &key, args.asking.wait).await;
    let carried = carried.with_context(|| unfinished(record, request, model))?;
    Ok(Some((request, carried)))
}

/// An upload on its way.
struct Upload<'a> {
    context: &'a Context,
    args: &'a UploadArgs,
    patient: AccountId32,
    film: Film,
    call: Option<Call>,
    place: Option<String>,
    timings: UploadTimings,
}

#[async_trait]
impl journal::Stores for Upload<'_> {
    async fn let_go(&mut self, cid: &Cid) -> Result<()> {
        records::let_go(self.context, cid).await
    }
}

#[async_trait]
impl journal::World for Upload<'_> {
    fn create(&mut self) -> Result<(Option<ContentKey>, Vec<Vec<u8>>)> {
        if self.film.bytes.is_empty() {
            bail!(
                "another command had added the film, and its record is gone; upload {} again",
                self.args.file.display()
            );
        }
        let started = Instant::now();
        let key = ContentKey::generate();
        let content = crypto::encrypt(&key, &self.patient.0, &self.film.bytes)?;
        self.timings.encrypt = elapsed_ms(started);
        Ok((Some(key), vec![content]))
    }

    async fn prepare(&mut self, key: Option<&ContentKey>, contents: &[Vec<u8>]) -> Result<()> {
        let Self { context, args, patient, film, .. } = self;
        let (context, args) = (*context, *args);
        let key = key.context("an upload has a key")?;
        let content = Content::new(contents.first().context("an upload has content")?.clone());
        let view = context.view().await?;
        ensure_allowed(context, &view, patient, args.model).await?;
        let order = match args.model {
            Some(model) => {
                Some(Order::new(context, &view, (patient, None), model, &args.asking).await?)
            }
            None => None,
        };
        let named = order.as_ref().and_then(|order| order.worker.clone());
        let readers = readers(context, &view, patient, args, named).await?;
        let commitments =
            film.square.as_ref().map(|film| records::commitments(key, film)).transpose()?;
        let new = NewRecord {
            patient,
            kind: args.kind,
            readers: &readers,
            inference: order.as_ref().map(Order::on_chain),
        };
        let call =
            new.call(context, &view, key, (&content.cid, content.digest), commitments).await?;
        let question = match &order {
            Some(order) if order.worker.is_none() => {
                "register the record (the next two transactions draw workers and seal the key to \
                 them)"
            }
            _ => PURPOSE,
        };
        // Store nothing before the fee is known, affordable and confirmed.
        context.confirm(&call, question).await?;
        self.call = Some(call);
        Ok(())
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let started = Instant::now();
        self.place = Some(records::put(self.context, bytes).await?);
        self.timings.store = elapsed_ms(started);
        Ok(())
    }

    async fn submit(&mut self, note: Note<'_>) -> Result<TxOutcome> {
        let call = self.call.as_ref().context("nothing was prepared")?;
        let started = Instant::now();
        let sent = self.context.send_noted(call, PURPOSE, self.context.lasting(), note).await;
        self.timings.include = elapsed_ms(started);
        sent
    }

    async fn settle(&mut self, transaction: &Transaction) -> Result<TxOutcome> {
        let settled = self.context.settle(transaction, PURPOSE).await;
        settled.map_err(|error| call::of_this_film(transaction, error))
    }

    fn numbers(&self, outcome: &TxOutcome, contents: &[Cid]) -> Result<Vec<u64>> {
        Ok(vec![call::added(outcome, contents)?.0])
    }

    async fn found(&mut self, contents: &[Cid]) -> Result<Option<Done>> {
        match contents.first() {
            Some(cid) => records::added_already(self.context, &self.patient, cid).await,
            None => Ok(None),
        }
    }

    async fn height(&mut self) -> Result<u32> {
        records::final_height(self.context).await
    }

    async fn stands(&mut self, numbers: &[u64], contents: &[Cid]) -> Result<bool> {
        records::stands(&self.context.view().await?, numbers, contents).await
    }
}

/// What is done and how to go on, where the rest of an upload fails.
fn unfinished(record: RecordId, request: RequestId, model: ModelId) -> String {
    format!(
        "record {record} is added and request {request} made, but the rest failed; \
         `medchain infer {record} --model {model}` continues it, or orders another verdict"
    )
}
