//! `medchain upload`: from an image file to a record, and to a verdict where one is ordered.

use std::{fmt, path::PathBuf, time::Instant};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{AccessQuestion, Call, ChainEvent, Denied, View},
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{Action, ModelId, RecordId, RecordKind, RequestId, Role};
use serde::Serialize;

use crate::{
    arguments,
    consent::ensure_patient,
    context::Context,
    inference::{self, Asking, Carried, Order, VerdictReport},
    output::{self, time::elapsed_ms, Outcome},
    records::{self, Content, Entrusted, EnvelopesOf, Reader},
    signing::{event, Included},
};

/// Arguments of `medchain upload`.
#[derive(Args, Clone, Debug)]
pub struct UploadArgs {
    /// The chest X-ray: DICOM, PNG, JPEG, TIFF, BMP, WebP, PNM or lossless JPEG 2000.
    ///
    /// What the file says beside the picture (names, dates, places, devices) is taken out
    /// before it is encrypted, and listed by name. Text that is part of the picture stays.
    pub file: PathBuf,
    /// The patient.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: String,
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
}

impl UploadArgs {
    /// An upload without an order.
    pub fn of(file: PathBuf, patient: &str) -> Self {
        let patient = patient.to_owned();
        Self { file, patient, model: None, asking: Asking::default(), readers: Vec::new() }
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
        writeln!(f, "record   {}", self.record_id)?;
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

/// Checks, encrypts, stores and registers an image.
pub async fn upload(context: &Context, args: &UploadArgs) -> Result<UploadReport> {
    let film = records::read_film(&args.file)?;
    context.ensure_can_ask()?;
    let patient = context.parse_account(&args.patient)?;
    let view = context.view().await?;
    ensure_allowed(context, &view, &patient, args.model).await?;
    let order = match args.model {
        Some(model) => {
            Some(Order::new(context, &view, (&patient, None), model, &args.asking).await?)
        }
        None => None,
    };
    let named = order.as_ref().and_then(|order| order.worker.clone());
    let readers = readers(context, &view, &patient, args, named).await?;

    let started = Instant::now();
    let key = ContentKey::generate();
    let content = Content::new(crypto::encrypt(&key, &patient.0, &film.bytes)?);
    let of = EnvelopesOf::record(context, &patient, &content.cid).await?;
    let sealed = readers.iter().map(|reader| reader.seal(&key, &of));
    let envelopes = sealed.collect::<Result<Vec<_>>>()?;
    let entrusted = records::entrust(context, &view, &patient, &content.cid, &key).await?;
    let commitments = Some(records::commitments(&key, &film.square)?);
    let encrypt = elapsed_ms(started);

    let call = Call::AddRecord {
        patient,
        cid: content.cid.clone(),
        digest: content.digest,
        kind: RecordKind::ChestXray,
        commitments,
        envelopes,
        inference: order.as_ref().map(Order::on_chain),
        custody: entrusted.as_ref().map(|entrusted| entrusted.entrustment.clone()),
    };
    let purpose = "register the record";
    let question = match &order {
        Some(order) if order.worker.is_none() => {
            "register the record (the next two transactions draw workers and seal the key to them)"
        }
        _ => purpose,
    };
    context.confirm(&call, question).await?;
    // Store nothing before the fee is known, affordable and confirmed.
    let started = Instant::now();
    let place = content.put(context).await?;
    let store = elapsed_ms(started);
    let started = Instant::now();
    let outcome = context.send(&call, purpose).await?;
    let include = elapsed_ms(started);

    let record = event(&outcome, purpose, |event| match event {
        ChainEvent::RecordAdded { record, .. } => Some(*record),
        _ => None,
    })?;
    let request = outcome.events.iter().find_map(|event| match event {
        ChainEvent::InferenceRequested { request, .. } => Some(*request),
        _ => None,
    });
    let started = Instant::now();
    let asked = match (request, args.model) {
        (Some(request), Some(model)) => {
            let carried = inference::carry_on(context, request, &key, args.asking.wait).await;
            Some(carried.with_context(|| unfinished(record, request, model))?)
        }
        _ => None,
    };
    let ask = elapsed_ms(started);
    let Carried { workers, verdict, .. } = asked.unwrap_or_default();
    Ok(UploadReport {
        cid: content.cid.to_string(),
        store: place,
        record_id: record,
        patient,
        readers: readers.iter().map(|reader| reader.account).collect(),
        threshold: entrusted.as_ref().map_or(0, Entrusted::threshold),
        custodians: entrusted.map(|entrusted| entrusted.custodians).unwrap_or_default(),
        consents: Consent::all(&outcome.events),
        request_id: request,
        workers,
        verdict,
        removed: film.removed,
        included: (&outcome).into(),
        timings_ms: UploadTimings { encrypt, store, include, ask },
    })
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
