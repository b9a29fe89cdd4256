//! `medchain upload`: from an image file to a record, and to a verdict where one is ordered.

use std::{fmt, path::PathBuf, time::Instant};

use anyhow::{bail, Context as _, Result};
use async_trait::async_trait;
use clap::Args;
use medchain_client::{
    chain::{AccessQuestion, Call, ChainEvent, Denied, Note, Transaction, TxOutcome, View},
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{Action, Cid, ModelId, RecordId, RecordKind, RequestId, Role};
use medchain_vision::MAX_FILE_BYTES;
use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    arguments,
    consent::ensure_patient,
    context::Context,
    files,
    inference::{self, Asking, Carried, Order, VerdictReport},
    journal::{self, Held, Landed, Task},
    output::{self, time::elapsed_ms, Outcome},
    records::{self, Content, EnvelopesOf, Film, Reader},
    signing::{event, Included},
};

/// What the transaction is for, in messages.
const PURPOSE: &str = "register the record";

/// Arguments of `medchain upload`.
#[derive(Args, Clone, Debug)]
pub struct UploadArgs {
    /// The chest X-ray; with --kind, any file.
    ///
    /// X-rays are read as DICOM, PNG, JPEG, TIFF, BMP, WebP, PNM or lossless JPEG 2000. What their
    /// files say beside the picture (names, dates, places, devices) is taken out before they are
    /// encrypted, and listed by name. Text that is part of the picture stays.
    pub file: PathBuf,
    /// The patient.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: String,
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
        let patient = patient.to_owned();
        Self {
            file,
            patient,
            kind: RecordKind::ChestXray,
            model: None,
            asking: Asking::default(),
            readers: Vec::new(),
            again: false,
            entry: None,
        }
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
    output::print(&upload(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Checks, encrypts, stores and registers an image, or goes on with that where it was
/// interrupted.
pub async fn upload(context: &Context, args: &UploadArgs) -> Result<UploadReport> {
    let Source { film, patient, mut held } = source(context, args).await?;
    context.ensure_can_ask()?;
    let identity = context.identity()?;
    let timings = UploadTimings::default();
    let mut new = Upload { context, args, patient, film, call: None, place: None, timings };
    let task = Task {
        identity,
        what: format!("the upload of {} for {patient}", args.file.display()),
        command: command(args, &patient),
        again: args.again,
    };
    let landed = journal::publish(&mut new, &mut held, &task).await;
    let landed = landed.map_err(|error| held.unfinished(error))?;
    let record = RecordId(landed.number()?);
    let started = Instant::now();
    let asked = asked(context, args, record, &landed).await?;
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

/// What is uploaded, whose it is, and what the journal has of this upload.
struct Source {
    film: Film,
    patient: AccountId32,
    held: Held,
}

async fn source(context: &Context, args: &UploadArgs) -> Result<Source> {
    let path = &args.file;
    if args.kind != RecordKind::ChestXray && args.model.is_some() {
        bail!("no model runs on a {}; leave out --model", args.kind);
    }
    if let Some(id) = &args.entry {
        let patient = context.parse_account(&args.patient)?;
        let journal = context.journal().await?;
        let held = journal.hold(&journal.find(id)?).await?;
        let kept = held.kept(context.identity()?)?;
        let (key, contents) = kept.with_context(|| {
            format!("the journal does not have the film; upload {} again", path.display())
        })?;
        let content = contents.first().context("the journal does not have the film")?;
        let bytes = crypto::decrypt(&key, &patient.0, content)?;
        let film = Film::cleaned_before(path, args.kind, bytes)?;
        return Ok(Source { film, patient, held });
    }
    let file = Zeroizing::new(files::read(path, "the image", MAX_FILE_BYTES)?);
    // By what was read: what is taken out may change with the program.
    let digest = Sha256::digest(&*file);
    // Refused before anything else is asked for.
    let film = Film::of(path, args.kind, file)?;
    context.ensure_can_ask()?;
    let patient = context.parse_account(&args.patient)?;
    let journal = context.journal().await?;
    let tag = journal.tag(&[b"upload", &patient.0, args.kind.as_str().as_bytes(), &digest])?;
    let held = journal.hold(&tag).await?;
    Ok(Source { film, patient, held })
}

/// The arguments that go on with an upload, from any folder.
fn command(args: &UploadArgs, patient: &AccountId32) -> Vec<String> {
    let file = std::path::absolute(&args.file).unwrap_or_else(|_| args.file.clone());
    let mut command: Vec<String> =
        ["upload", &file.display().to_string(), "--patient", &patient.to_string()]
            .map(str::to_owned)
            .to_vec();
    let mut add = |flag: &str, value: String| command.extend([flag.to_owned(), value]);
    add("--kind", args.kind.to_string());
    if let Some(model) = args.model {
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
    record: RecordId,
    landed: &Landed,
) -> Result<Option<(RequestId, Carried)>> {
    let Some(model) = args.model else { return Ok(None) };
    let made = landed.outcome.events.iter().find_map(|event| match event {
        ChainEvent::InferenceRequested { request, .. } => Some(*request),
        _ => None,
    });
    let view = context.view().await?;
    let request = match made {
        Some(request) => Some(request),
        None => view.open_request_of(record, model).await?,
    };
    let Some(request) = request else {
        eprintln!(
            "warning: record {record} was added before, and no request for model {model} is open; \
             see `medchain show {record}`, or order with `medchain infer {record} --model {model}`"
        );
        return Ok(None);
    };
    let key = match &landed.key {
        Some(key) => key.clone(),
        None => records::key(context, &view, &records::find(&view, record).await?).await?,
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
        let of = EnvelopesOf::record(context, patient, &content.cid).await?;
        let envelopes =
            readers.iter().map(|reader| reader.seal(key, &of)).collect::<Result<_>>()?;
        let entrusted = records::entrust(context, &view, patient, &content.cid, key).await?;
        let commitments =
            film.square.as_ref().map(|film| records::commitments(key, film)).transpose()?;
        let call = Call::AddRecord {
            patient: *patient,
            cid: content.cid,
            digest: content.digest,
            kind: args.kind,
            commitments,
            envelopes,
            inference: order.as_ref().map(Order::on_chain),
            custody: entrusted.map(|entrusted| entrusted.entrustment),
        };
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
        let sent = self.context.send_noted(call, PURPOSE, self.context.finality, note).await;
        self.timings.include = elapsed_ms(started);
        sent
    }

    async fn settle(&mut self, transaction: &Transaction) -> Result<TxOutcome> {
        self.context.settle(transaction, PURPOSE).await
    }

    fn numbers(&self, outcome: &TxOutcome) -> Result<Vec<u64>> {
        let record = event(outcome, PURPOSE, |event| match event {
            ChainEvent::RecordAdded { record, .. } => Some(*record),
            _ => None,
        })?;
        Ok(vec![record.0])
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

/// Asks in advance what the chain will ask, so that nothing is stored or paid for a
/// record that it would refuse.
async fn ensure_allowed(
    context: &Context,
    view: &View,
    patient: &AccountId32,
    model: Option<ModelId>,
) -> Result<()> {
    ensure_patient(view, patient).await?;
    let account = context.account()?;
    if account == *patient {
        return Ok(());
    }
    if !view.roles_of(&account).await?.contains(&Role::LabTechnician) {
        bail!(
            "{account} is neither the patient nor a registered lab technician; \
             an institution's registrar runs `medchain provider add {account} lab-technician`"
        );
    }
    let order = model.map(|model| AccessQuestion::infer(model, None));
    for question in [AccessQuestion::about(Action::Append)].into_iter().chain(order) {
        let action = question.action;
        match view.check_access(patient, &account, question).await? {
            Ok(()) => {}
            Err(denied @ (Denied::NoPolicy | Denied::PolicyNotFound)) => bail!(
                "{account} may not {action} for {patient}: {denied}; \
                 the patient chooses a policy with `medchain patient set-policy`"
            ),
            Err(denied) => bail!(
                "the policy of {patient} does not allow {account} to {action}: {denied}; \
                 the patient runs `medchain grant --to {account} --actions {action},…`"
            ),
        }
    }
    Ok(())
}

/// The patient, the signer, the additional readers and the worker that is named, each once.
async fn readers(
    context: &Context,
    view: &View,
    patient: &AccountId32,
    args: &UploadArgs,
    named: Option<Reader>,
) -> Result<Vec<Reader>> {
    let mut accounts = vec![*patient, context.account()?];
    for text in &args.readers {
        accounts.push(context.parse_account(text)?);
    }
    let mut readers: Vec<Reader> = named.into_iter().collect();
    for account in accounts {
        if !readers.iter().any(|reader| reader.account == account) {
            readers.push(Reader::find(context, view, &account).await?);
        }
    }
    Ok(readers)
}
