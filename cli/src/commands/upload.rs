//! `medchain upload`: from an image file to a record in one transaction.

use std::{path::PathBuf, time::Instant};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent, Denied, Model, View},
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{Action, ModelId, RecordKind, Role};
use medchain_vision::MAX_FILE_BYTES;
use serde::Serialize;

use crate::{
    commands::grant::action_name,
    content::Content,
    context::Context,
    custody,
    envelopes::{self, Reader},
    files,
    output::{self, Outcome},
    sign::{event, Included},
};

/// Arguments of `medchain upload`.
#[derive(Args, Clone, Debug)]
pub struct UploadArgs {
    /// The chest X-ray: PNG or JPEG, grey or colour, 8 or 16 bit.
    pub file: PathBuf,
    /// Whose X-ray it is.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: String,
    /// Also ask for a prediction by this model. The key goes to the workers
    /// that the patient's policy lets infer.
    #[arg(long, value_name = "MODEL")]
    pub infer: Option<u32>,
    /// Somebody else who may open it, besides the patient and you; repeat it for more.
    #[arg(long = "reader", value_name = "ACCOUNT")]
    pub readers: Vec<String>,
}

/// A record that is on chain now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UploadReport {
    /// Where the encrypted content is.
    pub cid: String,
    /// The store that holds it, or `one or another`: readers and workers must
    /// reach the same one, or one of them.
    pub store: String,
    /// The record's number.
    pub record_id: u64,
    /// Its patient.
    pub patient: String,
    /// Who holds an envelope.
    pub readers: Vec<String>,
    /// Who keeps a share of the key.
    pub custodians: Vec<String>,
    /// How many of them together can open it; 0 without custodians.
    pub threshold: u32,
    /// Whom the patient's policy was asked about, each with a yes.
    pub consents: Vec<Consent>,
    /// The inference request, where one was made.
    pub request_id: Option<u64>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
    /// How long the steps took.
    pub timings_ms: UploadTimings,
}

/// A yes of the patient's policy, as the chain recorded it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Consent {
    /// Who wanted to act.
    pub subject: String,
    /// What they wanted to do.
    pub action: &'static str,
    /// The contract that was asked.
    pub policy: Option<String>,
}

impl Consent {
    /// The answers among the events of a transaction or a block.
    pub fn all(events: &[ChainEvent]) -> Vec<Self> {
        let answer = |event: &ChainEvent| match event {
            ChainEvent::AccessChecked { subject, action, policy, .. } => Some(Self {
                subject: subject.to_string(),
                action: action_name(*action),
                policy: policy.as_ref().map(|policy| policy.to_string()),
            }),
            _ => None,
        };
        events.iter().filter_map(answer).collect()
    }
}

/// How long the steps of an upload took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct UploadTimings {
    /// Making the key, encrypting, sealing.
    pub encrypt: u64,
    /// Adding to the store.
    pub store: u64,
    /// From signing to the block.
    pub include: u64,
}

impl std::fmt::Display for UploadReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "CID      {}", self.cid)?;
        writeln!(f, "store    {}, which readers and workers must reach", self.store)?;
        writeln!(f, "record   {}", self.record_id)?;
        writeln!(f, "block    {} ({})", self.included.block_number, self.included.block_hash)?;
        writeln!(f, "fee      {}", self.included.fee_shown)?;
        for consent in &self.consents {
            writeln!(f, "consent  {} may {}", consent.subject, consent.action)?;
        }
        if let Some(request) = self.request_id {
            writeln!(f, "request  {request}; see `medchain show {}`", self.record_id)?;
        }
        for reader in &self.readers {
            writeln!(f, "sealed   to {reader}")?;
        }
        for custodian in &self.custodians {
            let of = self.custodians.len();
            writeln!(f, "kept     by {custodian} ({} of {of} can open it)", self.threshold)?;
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
    let image = zeroize::Zeroizing::new(files::read(&args.file, "the image", MAX_FILE_BYTES)?);
    medchain_vision::decode(&image)
        .with_context(|| format!("{} cannot be uploaded", args.file.display()))?;
    context.ensure_can_ask()?;
    let patient = context.parse_account(&args.patient)?;
    let view = context.view().await?;
    ensure_allowed(context, &view, &patient, args.infer.is_some()).await?;
    let model = match args.infer {
        Some(model) => Some(envelopes::active_model(&view, model).await?),
        None => None,
    };
    let readers = readers(context, &view, &patient, args, model.as_ref()).await?;

    let started = Instant::now();
    let key = ContentKey::generate();
    let content = Content::new(crypto::encrypt(&key, &patient, &image)?);
    let envelopes = readers.iter().map(|reader| reader.seal(&key)).collect::<Result<Vec<_>>>()?;
    let split = custody::split(&view, &patient, &content.cid, &key).await?;
    let encrypt = elapsed_ms(started);

    let call = Call::AddRecord {
        patient: patient.clone(),
        cid: content.cid.clone(),
        digest: content.digest,
        kind: RecordKind::ChestXray,
        envelopes,
        inference: args.infer.map(ModelId),
        custody: split.as_ref().map(|split| split.shares.clone()),
    };
    let purpose = "register the record";
    context.confirm(&call, purpose).await?;
    // Nothing is stored before the fee is known, there and agreed to.
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
    for event in &outcome.events {
        if let (ChainEvent::RecordEntrusted { threshold, .. }, Some(split)) = (event, &split) {
            split.warn_if_not(*threshold, record);
        }
    }
    let request = outcome.events.iter().find_map(|event| match event {
        ChainEvent::InferenceRequested { request, .. } => Some(request.0),
        _ => None,
    });
    Ok(UploadReport {
        cid: content.cid.to_string(),
        store: place,
        record_id: record.0,
        patient: patient.to_string(),
        readers: readers.iter().map(|r| r.account.to_string()).collect(),
        custodians: split
            .iter()
            .flat_map(|split| &split.shares)
            .map(|(custodian, _)| custodian.to_string())
            .collect(),
        threshold: split.map_or(0, |split| split.threshold),
        consents: Consent::all(&outcome.events),
        request_id: request,
        included: (&outcome).into(),
        timings_ms: UploadTimings { encrypt, store, include },
    })
}

/// Milliseconds since `started`.
pub fn elapsed_ms(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Asks beforehand what the chain will ask, so that nothing is stored or paid
/// for a record that it would refuse.
async fn ensure_allowed(
    context: &Context,
    view: &View,
    patient: &AccountId32,
    infer: bool,
) -> Result<()> {
    if view.patient(patient).await?.is_none() {
        bail!("{patient} is not registered as a patient; they run `medchain patient register`");
    }
    let account = context.account()?;
    if account == *patient {
        return Ok(());
    }
    if !view.roles_of(&account).await?.contains(&Role::LabTechnician) {
        bail!(
            "{account} is neither the patient nor a registered lab technician; \
             the registrar runs `medchain provider add {account} lab-technician`"
        );
    }
    let mut actions = vec![(Action::Append, "append")];
    if infer {
        actions.push((Action::Infer, "infer"));
    }
    for (action, name) in actions {
        match view.check_access(patient, &account, None, action).await? {
            Ok(()) => {}
            Err(denied @ (Denied::NoPolicy | Denied::PolicyNotFound)) => bail!(
                "{account} may not {name} for {patient}: {denied}; \
                 the patient chooses a policy with `medchain patient set-policy`"
            ),
            Err(denied) => bail!(
                "the policy of {patient} says no to {name} by {account}: {denied}; \
                 the patient runs `medchain grant --to {account} --actions {name},…`"
            ),
        }
    }
    Ok(())
}

/// The patient, the signer, those who were named and the consented workers,
/// each once.
async fn readers(
    context: &Context,
    view: &View,
    patient: &AccountId32,
    args: &UploadArgs,
    model: Option<&Model>,
) -> Result<Vec<Reader>> {
    let mut accounts = vec![patient.clone(), context.account()?];
    for text in &args.readers {
        accounts.push(context.parse_account(text)?);
    }
    let mut readers: Vec<Reader> = Vec::new();
    for account in accounts {
        if !readers.iter().any(|reader| reader.account == account) {
            readers.push(Reader::find(view, &account).await?);
        }
    }
    if let Some(model) = model {
        for worker in envelopes::consented_workers(view, model.id, patient, None).await? {
            if !readers.iter().any(|r| r.account == worker.account) {
                readers.push(worker);
            }
        }
    }
    Ok(readers)
}
