//! The main story's acts, in order.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{bail, Context as _, Result};
use medchain_client::chain::{RequestStatus, View};
use medchain_primitives::{Action, ModelId, Purpose, RecordId, Role};

use super::{
    people::{People, PATIENT, TECHNICIAN, WORKER},
    processes::{Node, Running},
    stage::Stage,
    story::Story,
    summary::{Summary, Timings},
    worker_process,
};
use crate::{
    commands::{
        fetch::{self, FetchArgs, FetchReport},
        grant::{self, GrantArgs},
        key,
        model::{self, PublishArgs, PublishReport},
        patient::{register, set_policy},
        policy::deploy,
        provider::{self, RoleOf},
        replay::{self, ReplayArgs, ReplayReport},
        request_access::{self, RequestAccessArgs},
        upload::{self, Consent, UploadArgs, UploadReport},
        worker,
    },
    files,
    models::Prediction,
    output::{self, causes, joined, time::elapsed_ms},
};

/// How long the worker may take.
const PREDICTION_LIMIT: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(100);
/// What the patient allows the lab technician.
const TECHNICIAN_MAY: [Action; 2] = [Action::Append, Action::Infer];
/// What the patient allows the worker.
const WORKER_MAY: [Action; 1] = [Action::Infer];
/// The patient's profile, which is stored nowhere in plain text.
const PROFILE: &str = "Demo patient. Invented for this demonstration; not a real person.\n";

/// A prediction on chain, and the policy's answers in its block.
struct Predicted {
    report: Prediction,
    consents: Vec<Consent>,
    total_ms: u64,
}

/// Plays and tells all acts.
pub async fn play(
    stage: &Stage<'_>,
    story: &Story,
    running: &mut Running,
    worker_program: &Path,
    node: &Node,
) -> Result<Summary> {
    let people = People::new(&stage.chain, &stage.store)?;
    let model = prepare(stage, story, &people, node).await?;
    let worker = worker_process::start(stage, running, worker_program, node, WORKER)?;

    let step = story.step("The lab technician uploads the image");
    let started = Instant::now();
    let uploaded = upload(stage, &people, &model).await?;
    drop(step);
    tell_upload(story, &people, &uploaded)?;

    let step = story.step("The worker computes the prediction");
    let predicted = wait(stage, running, &uploaded, started).await?;
    let worker_timings = worker.timings().await;
    drop(step);
    tell_prediction(story, stage, &predicted)?;

    let step = story.step("The patient opens the record");
    let fetched = patient_opens(stage, &people, &uploaded).await?;
    let replayed = patient_replays(stage, &people, &uploaded).await?;
    drop(step);
    tell_patient(story, &fetched, &replayed)?;

    let step = story.step("The stranger tries");
    let stranger_denied = stranger_tries(stage, story, &people, &uploaded).await?;
    drop(step);

    let replay = replayed.timings_ms;
    Ok(Summary {
        cid: uploaded.cid,
        record_id: uploaded.record_id,
        block_hash: uploaded.included.block_hash,
        fee: uploaded.included.fee.parse().context("the fee does not fit")?,
        label: predicted.report.label,
        probabilities: predicted.report.probabilities,
        receipt: predicted.report.receipt,
        roundtrip_ok: fetched.1,
        stranger_denied,
        timings_ms: Timings {
            encrypt: uploaded.timings_ms.encrypt,
            store: uploaded.timings_ms.store,
            include: uploaded.timings_ms.include,
            fetch_verify: worker_timings.fetch_verify.unwrap_or(replay.fetch_verify),
            decrypt_decode: worker_timings.decrypt_decode.unwrap_or(replay.decrypt_decode),
            infer: worker_timings.infer.unwrap_or(replay.infer),
            submit: worker_timings
                .submit
                .unwrap_or(predicted.total_ms.saturating_sub(uploaded.timings_ms.include)),
            total: predicted.total_ms,
        },
    })
}

/// Prepares everybody at the same time: each waits for their own blocks only.
async fn prepare(
    stage: &Stage<'_>,
    story: &Story,
    people: &People,
    node: &Node,
) -> Result<PublishReport> {
    let step = story.step("Everybody registers; the patient deploys a policy and grants");
    let profile = stage.folder.join("profile.txt");
    files::write_atomically(&profile, PROFILE.as_bytes(), true, true)?;
    let patient = async {
        register::register(&people.patient, Some(&profile)).await?;
        let policy = deploy::deploy(&people.patient, &stage.contract).await?;
        let contract = policy.contract.to_string();
        set_policy::set_policy(&people.patient, Some(&contract)).await?;
        for (to, actions) in [(TECHNICIAN, &TECHNICIAN_MAY[..]), (WORKER, &WORKER_MAY)] {
            grant::grant(&people.patient, &GrantArgs::to(to, actions)).await?;
        }
        anyhow::Ok(policy)
    };
    let registrar = async {
        let args = RoleOf { account: TECHNICIAN.to_owned(), role: Role::LabTechnician, sudo: true };
        provider::add(&people.registrar, &args).await?;
        let args = PublishArgs {
            onnx: Some(stage.model.onnx.clone()),
            name: None,
            model_version: None,
            fee: 100_000_000_000,
        };
        let model = model::publish(&people.registrar, &args).await?;
        worker::register(&people.worker, &[model.model.model_id]).await?;
        anyhow::Ok(model)
    };
    let technician = key::publish(&people.technician);
    let (policy, model, _) = tokio::try_join!(patient, registrar, technician)?;
    drop(step);
    story.tell("Chain", &format!("a development chain at {}", node.url))?;
    story.tell("Store", &stage.store.describe())?;
    let who = [
        ("patient", &people.patient),
        ("lab technician", &people.technician),
        ("worker", &people.worker),
        ("stranger", &people.stranger),
    ];
    let mut lines = Vec::new();
    for (what, person) in who {
        lines.push(format!("{what:<15} {}", person.account()?));
    }
    story.tell("People", &lines.join("\n"))?;
    story.tell(
        "Policy",
        &format!(
            "{}, deployed by the patient\nlab technician: {}; worker: {}; nobody else: nothing",
            policy.contract,
            joined(TECHNICIAN_MAY),
            joined(WORKER_MAY)
        ),
    )?;
    let name = format!("{} {}", model.model.name, model.model.version);
    story
        .tell("Model", &format!("{name}, number {}, {}", model.model.model_id, model.model.cid))?;
    Ok(model)
}

async fn upload(stage: &Stage<'_>, people: &People, model: &PublishReport) -> Result<UploadReport> {
    let args = UploadArgs {
        file: stage.xray.clone(),
        patient: PATIENT.to_owned(),
        infer: Some(model.model.model_id),
        readers: Vec::new(),
    };
    upload::upload(&people.technician, &args).await
}

fn tell_upload(story: &Story, people: &People, uploaded: &UploadReport) -> Result<()> {
    let included = &uploaded.included;
    story.tell(
        "Upload",
        &format!(
            "by the lab technician, encrypted, {}\nrecord {} in block {} ({}), fee {}",
            uploaded.cid,
            uploaded.record_id,
            included.block_number,
            included.block_hash,
            included.fee_shown
        ),
    )?;
    let technician = people.technician.account()?;
    let lines: Vec<String> = uploaded
        .consents
        .iter()
        .map(|consent| {
            let subject = if consent.subject == technician {
                "the lab technician".to_owned()
            } else {
                consent.subject.to_string()
            };
            format!("may {subject} {}? The policy says yes", consent.action)
        })
        .collect();
    story.tell("Consent", &lines.join("\n"))
}

/// Polls until the prediction is on chain.
async fn wait(
    stage: &Stage<'_>,
    running: &mut Running,
    uploaded: &UploadReport,
    started: Instant,
) -> Result<Predicted> {
    let request = uploaded.request_id.context("the upload made no inference request")?;
    let record = uploaded.record_id;
    let begun = Instant::now();
    loop {
        running.ensure_alive()?;
        let view = stage.chain.best().await?;
        let asked = view.request(request).await?;
        match asked.map(|request| (request.model, request.status)) {
            Some((model, RequestStatus::Answered { .. })) => {
                let total_ms = elapsed_ms(started);
                return found(stage, &view, record, model, total_ms).await;
            }
            Some((_, RequestStatus::Open)) | None => {}
            Some((_, status)) => bail!("the worker did not predict: {status:?}"),
        }
        if begun.elapsed() > PREDICTION_LIMIT {
            bail!("the worker did not predict within {} seconds", PREDICTION_LIMIT.as_secs());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn found(
    stage: &Stage<'_>,
    view: &View,
    record: RecordId,
    model: ModelId,
    total_ms: u64,
) -> Result<Predicted> {
    let prediction = view.prediction(record, model).await?;
    let prediction = prediction.context("the request is answered, but there is no prediction")?;
    // A later block has other events.
    let consents = if view.number() == prediction.at {
        Consent::all(&view.events().await?)
    } else {
        Vec::new()
    };
    let model = stage.chain.best().await?.model(model).await?;
    Ok(Predicted { report: Prediction::new(&prediction, model.as_ref()), consents, total_ms })
}

fn tell_prediction(story: &Story, stage: &Stage<'_>, predicted: &Predicted) -> Result<()> {
    for consent in &predicted.consents {
        let text = format!(
            "may the worker {}? Asked again at the prediction, the policy says yes",
            consent.action
        );
        story.tell("Consent", &text)?;
    }
    let report = &predicted.report;
    let label = output::label(&report.label, report.uncertain);
    let of = if stage.synthetic { "\n(of a synthetic image: the label means nothing)" } else { "" };
    story.tell(
        "Prediction",
        &format!(
            "{label}\n{}\nsigned by the worker in block {}, {:.1} s after the upload began\nreceipt {}{of}",
            report.probabilities,
            report.block_number,
            predicted.total_ms as f64 / 1000.0,
            report.receipt
        ),
    )
}

/// Fetches as the patient, and returns whether the bytes are those that were uploaded.
async fn patient_opens(
    stage: &Stage<'_>,
    people: &People,
    uploaded: &UploadReport,
) -> Result<(FetchReport, bool)> {
    let output = stage.folder.join("patient-copy");
    let args = FetchArgs {
        record: uploaded.record_id,
        output: output.clone(),
        ciphertext: false,
        force: true,
    };
    let report = fetch::fetch(&people.patient, &args).await?;
    let limit = medchain_vision::MAX_FILE_BYTES;
    let same =
        files::read(&output, "the copy", limit)? == files::read(&stage.xray, "the image", limit)?;
    Ok((report, same))
}

async fn patient_replays(
    stage: &Stage<'_>,
    people: &People,
    uploaded: &UploadReport,
) -> Result<ReplayReport> {
    let args = ReplayArgs {
        record: uploaded.record_id,
        model: None,
        model_dir: stage.model.onnx.parent().map(Path::to_path_buf),
        engine: None,
    };
    replay::replay(&people.patient, &args).await
}

fn tell_patient(
    story: &Story,
    (fetched, same): &(FetchReport, bool),
    replayed: &ReplayReport,
) -> Result<()> {
    if !same {
        bail!("the bytes that the patient decrypted differ from those that were uploaded");
    }
    if !replayed.matches {
        bail!("the receipt of the patient's replay differs from the one on chain");
    }
    story.tell(
        "Patient",
        &format!(
            "fetched by CID, verified, decrypted: exactly the {} bytes that were uploaded\nreplayed the prediction: the same receipt",
            fetched.bytes
        ),
    )
}

/// Returns whether everything that the stranger tries is refused.
async fn stranger_tries(
    stage: &Stage<'_>,
    story: &Story,
    people: &People,
    uploaded: &UploadReport,
) -> Result<bool> {
    let stranger = &people.stranger;
    let record = uploaded.record_id;
    let fetch = |ciphertext| FetchArgs {
        record,
        output: stage.folder.join("stranger-copy"),
        ciphertext,
        force: true,
    };
    let cipher = fetch::fetch(stranger, &fetch(true)).await?;
    let opened = fetch::fetch(stranger, &fetch(false)).await;
    let refused = match &opened {
        Ok(_) => "OPENED IT".to_owned(),
        Err(error) => causes(error),
    };
    // The envelopes are public, but another key opens none of them.
    let secret = stranger.identity()?.encryption_secret();
    let envelopes = stage.chain.best().await?;
    let envelopes = envelopes.envelopes(record).await?;
    let stolen = envelopes.iter().any(|(_, sealed)| secret.open(sealed).is_ok());
    let purpose = Purpose::Other;
    let args = RequestAccessArgs { record, purpose, no_wait: true, renew: false };
    let answer = request_access::request(stranger, &args).await?;
    story.tell(
        "Stranger",
        &format!(
            "fetched {} bytes of ciphertext by CID; could not open them:\n{refused}\nrequested access, in block {} (fee {}): {}",
            cipher.bytes,
            answer.included.block_number,
            answer.included.fee_shown,
            answer.answer()
        ),
    )?;
    Ok(opened.is_err() && !stolen && !answer.granted)
}
