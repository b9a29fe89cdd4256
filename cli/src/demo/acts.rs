//! The main story's acts, in order.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{bail, Context as _, Result};
use medchain_client::AccountId32;
use medchain_primitives::{Action, Purpose, RecordId, Role, SealedKey};

use super::{
    people::{People, PATIENT, TECHNICIAN, WORKERS},
    processes::{Node, Running},
    stage::Stage,
    story::Story,
    summary::{Named, Summary, Timings},
    worker_process,
};
use crate::{
    commands::{
        disclose::{self, DiscloseArgs},
        fetch::{self, FetchArgs, FetchReport},
        grant::{self, GrantArgs},
        key,
        model::{self, PublishArgs, PublishReport},
        patient::{register, set_policy},
        policy::deploy,
        provider::{self, AddArgs},
        replay::{self, ReplayArgs, ReplayReport},
        request_access::{self, RequestAccessArgs},
        show,
        upload::{self, Consent, UploadArgs, UploadReport},
        worker,
    },
    context::Context,
    files,
    inference::{self, Asking, Opened, RecordKey, VerdictReport},
    output::{self, causes, joined, time::elapsed_ms},
    records::{self, EnvelopesOf},
};

/// How long the workers may take.
const VERDICT_LIMIT: Duration = Duration::from_secs(180);
/// How many workers must give the same answer.
const QUORUM: u8 = 2;
/// What the patient allows the lab technician.
const TECHNICIAN_MAY: [Action; 2] = [Action::Append, Action::Infer];
/// What the patient allows the workers.
const WORKER_MAY: [Action; 1] = [Action::Infer];
/// The patient's profile, which is stored nowhere in plain text.
const PROFILE: &str = "Demo patient. Invented for this demonstration; not a real person.\n";

/// Plays and tells all acts.
pub async fn play(
    stage: &Stage<'_>,
    story: &Story,
    running: &mut Running,
    worker_program: &Path,
    node: &Node,
) -> Result<Summary> {
    let people = People::new(&stage.chain, &stage.store, stage.folder)?;
    let model = prepare(stage, story, &people, node).await?;
    let workers = worker_process::start_all(stage, running, worker_program, node)?;

    let step = story.step("The lab technician uploads the image, and the chain draws the workers");
    let started = Instant::now();
    let uploaded = upload(stage, &people, &model).await?;
    drop(step);
    tell_upload(story, &people, &uploaded)?;

    let step = story.step("The workers compute, commit and reveal");
    let verdict = wait(running, &people.technician, &uploaded).await?;
    let total = elapsed_ms(started);
    let consents = consents(stage, &uploaded, &verdict).await?;
    let worker_timings = workers[0].timings().await;
    drop(step);
    tell_verdict(story, &verdict, &consents, total)?;

    let step = story.step("The patient opens the record and its verdict");
    let fetched = patient_opens(stage, &people, &uploaded).await?;
    let read = reads_verdict(&people.patient, uploaded.record_id).await?;
    let read = read.context("the patient cannot open the verdict")?;
    let replayed = patient_replays(stage, &people, &uploaded).await?;
    drop(step);
    tell_patient(story, stage, &fetched, &read, &replayed)?;

    let step = story.step("The stranger tries");
    let stranger_denied = stranger_tries(stage, story, &people, &uploaded).await?;
    drop(step);

    let step = story.step("The patient discloses the verdict; another film goes to one worker");
    let disclosed = disclose(stage, story, &people, &verdict).await?;
    let named = name_one(stage, story, running, &people, &model).await?;
    drop(step);

    let replay = replayed.timings_ms;
    Ok(Summary {
        cid: uploaded.cid,
        record_id: uploaded.record_id,
        block_hash: uploaded.included.block_hash,
        fee: uploaded.included.fee.parse().context("the fee does not fit")?,
        workers: verdict.workers,
        label: read.label,
        probabilities: read.probabilities,
        receipt: verdict.receipt,
        status: replayed.validity.status,
        replay_equal: replayed.equal,
        disclosed,
        named,
        roundtrip_ok: fetched.1,
        stranger_denied,
        timings_ms: Timings {
            encrypt: uploaded.timings_ms.encrypt,
            store: uploaded.timings_ms.store,
            include: uploaded.timings_ms.include,
            ask: uploaded.timings_ms.ask,
            fetch_verify: worker_timings.fetch_verify.unwrap_or(replay.fetch_verify),
            decrypt_decode: worker_timings.decrypt_decode.unwrap_or(replay.decrypt_decode),
            infer: worker_timings.infer.unwrap_or(replay.infer),
            submit: worker_timings
                .submit
                .unwrap_or(total.saturating_sub(uploaded.timings_ms.include)),
            total,
        },
    })
}

/// Prepares everybody at the same time: each waits for their own blocks only.
pub async fn prepare(
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
        let [first, second] = WORKERS;
        let may_infer = &WORKER_MAY[..];
        for (to, actions) in
            [(TECHNICIAN, &TECHNICIAN_MAY[..]), (first, may_infer), (second, may_infer)]
        {
            grant::grant(&people.patient, &GrantArgs::to(to, actions)).await?;
        }
        anyhow::Ok(policy)
    };
    let registrar = async {
        let args = AddArgs::new(TECHNICIAN, Role::LabTechnician);
        provider::add(&people.registrar, &args).await?;
        let args = PublishArgs {
            onnx: Some(stage.model.onnx.clone()),
            name: None,
            model_version: None,
            fee: 100_000_000_000,
            min_quorum: 1,
            again: false,
        };
        let model = model::publish(&people.registrar, &args).await?;
        let models = [model.model.model_id];
        let [first, second] = &people.workers;
        tokio::try_join!(worker::register(first, &models), worker::register(second, &models))?;
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
        ("worker", &people.workers[0]),
        ("another worker", &people.workers[1]),
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
            "{}, deployed by the patient\nlab technician: {}; both workers: {}; nobody else: nothing",
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

/// Uploads the image as the lab technician, who orders a verdict of two workers.
pub async fn upload(
    stage: &Stage<'_>,
    people: &People,
    model: &PublishReport,
) -> Result<UploadReport> {
    let args = UploadArgs {
        model: Some(model.model.model_id),
        asking: Asking { quorum: Some(QUORUM), ..Asking::default() },
        ..UploadArgs::of(stage.xray.clone(), PATIENT)
    };
    upload::upload(&people.technician, &args).await
}

/// Tells it.
pub fn tell_upload(story: &Story, people: &People, uploaded: &UploadReport) -> Result<()> {
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
    story.tell("Consent", &lines.join("\n"))?;
    story.tell(
        "Drawn",
        &format!("by the chain, and given the key by the technician:\n{}", list(&uploaded.workers)),
    )
}

fn list(accounts: &[AccountId32]) -> String {
    accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Waits for the verdict, as whoever ordered it.
async fn wait(
    running: &mut Running,
    who: &Context,
    uploaded: &UploadReport,
) -> Result<VerdictReport> {
    let request = uploaded.request_id.context("the upload ordered no verdict")?;
    let view = who.view().await?;
    let record = records::find(&view, uploaded.record_id).await?;
    let key = RecordKey::of(records::key(who, &view, &record).await?, &record)?;
    let carried = tokio::select! {
        carried = inference::carry_on(who, request, &key, true) => carried?,
        error = running.ended() => return Err(error),
        () = tokio::time::sleep(VERDICT_LIMIT) => {
            bail!("the workers did not answer within {} seconds", VERDICT_LIMIT.as_secs())
        }
    };
    carried.verdict.context("the request is answered, but there is no verdict")
}

/// The policy's answers about the workers, from the upload to the verdict.
async fn consents(
    stage: &Stage<'_>,
    uploaded: &UploadReport,
    verdict: &VerdictReport,
) -> Result<Vec<Consent>> {
    let mut found = Vec::new();
    for number in uploaded.included.block_number..=verdict.block_number {
        let hash = stage.chain.hash_of(number).await?;
        let hash = hash.with_context(|| format!("the node does not have block {number}"))?;
        found.extend(Consent::all(&stage.chain.at(hash).await?.events().await?));
    }
    found.retain(|consent| verdict.workers.contains(&consent.subject));
    Ok(found)
}

fn tell_verdict(
    story: &Story,
    verdict: &VerdictReport,
    consents: &[Consent],
    total_ms: u64,
) -> Result<()> {
    let asked =
        |worker: &AccountId32| consents.iter().filter(|consent| consent.subject == *worker).count();
    let lines: Vec<String> = verdict
        .workers
        .iter()
        .map(|worker| {
            format!("may {worker} infer? The policy was asked {} times: yes", asked(worker))
        })
        .collect();
    story.tell("Consent", &lines.join("\n"))?;
    story.tell(
        "Verdict",
        &format!(
            "reached in block {}, {:.1} s after the upload began: {} equal answers\n\
             sealed, so the chain does not know what it says: {}\nreceipt {}",
            verdict.block_number,
            total_ms as f64 / 1000.0,
            verdict.quorum,
            verdict.sealed,
            verdict.receipt
        ),
    )
}

/// What `medchain show` lets an account read of the verdict.
pub async fn reads_verdict(who: &Context, record: RecordId) -> Result<Option<Opened>> {
    let shown = show::show(who, record).await?;
    Ok(shown.verdicts.into_iter().find_map(|verdict| verdict.opened))
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
    // What was uploaded is the file without its metadata.
    let own = medchain_vision::deidentify(&files::read(&stage.xray, "the image", limit)?)?;
    let same = files::read(&output, "the copy", limit)? == own.bytes;
    Ok((report, same))
}

/// Repeats the computation as the patient.
pub async fn patient_replays(
    stage: &Stage<'_>,
    people: &People,
    uploaded: &UploadReport,
) -> Result<ReplayReport> {
    let args = ReplayArgs {
        record: uploaded.record_id,
        model: None,
        running: inference::Running {
            model_dir: stage.model.onnx.parent().map(Path::to_path_buf),
            engine: None,
        },
    };
    replay::replay(&people.patient, &args).await
}

fn tell_patient(
    story: &Story,
    stage: &Stage<'_>,
    (fetched, same): &(FetchReport, bool),
    read: &Opened,
    replayed: &ReplayReport,
) -> Result<()> {
    if !same {
        bail!("the bytes that the patient decrypted differ from those that were uploaded");
    }
    if !replayed.equal || !replayed.film_as_committed {
        bail!("the patient's replay differs from the verdict on chain");
    }
    if let Some(warning) = replayed.validity.warning() {
        bail!("the verdict does not stand: {warning}");
    }
    let of = if stage.synthetic { "\n(of a synthetic image: the label means nothing)" } else { "" };
    story.tell(
        "Patient",
        &format!(
            "fetched by CID, verified, decrypted: exactly the {} bytes that were uploaded\n\
             opened the verdict: {}\n{}{of}\n\
             replayed the computation: EQUAL, to the last byte",
            fetched.bytes,
            output::label(&read.label, read.uncertain),
            read.probabilities
        ),
    )
}

/// Makes the verdict public where it is about nobody.
async fn disclose(
    stage: &Stage<'_>,
    story: &Story,
    people: &People,
    verdict: &VerdictReport,
) -> Result<bool> {
    if !stage.synthetic {
        story.tell("Disclosed", "nothing: the verdict on your own image stays sealed")?;
        return Ok(false);
    }
    let args = DiscloseArgs { request: verdict.request_id };
    let disclosed = disclose::disclose(&people.patient, &args).await?;
    story.tell(
        "Disclosed",
        &format!(
            "by the patient, as nobody else can: inference.VerdictDisclosed in block {} ({})\n\
             says {} [{}]; Polkadot.js Apps shows it there by name",
            disclosed.included.block_number,
            disclosed.included.block_hash,
            output::label(&disclosed.label, disclosed.uncertain),
            disclosed.probabilities
        ),
    )?;
    Ok(true)
}

/// Has a second film answered by one worker that the technician names.
async fn name_one(
    stage: &Stage<'_>,
    story: &Story,
    running: &mut Running,
    people: &People,
    model: &PublishReport,
) -> Result<Named> {
    let [first, _] = WORKERS;
    let args = UploadArgs {
        model: Some(model.model.model_id),
        asking: Asking { quorum: Some(1), worker: Some(first.to_owned()), wait: false },
        ..UploadArgs::of(stage.second_xray.clone(), PATIENT)
    };
    let uploaded = upload::upload(&people.technician, &args).await?;
    let verdict = wait(running, &people.technician, &uploaded).await?;
    let added = uploaded.included.block_number;
    let until = verdict
        .validity
        .provisional_until
        .context("the answer of one worker is not provisional")?;
    story.tell(
        "Fast",
        &format!(
            "a second film, for which the technician named one worker: record {} in block {added},\n\
             its verdict in block {}; provisional until block {until}",
            uploaded.record_id, verdict.block_number
        ),
    )?;
    Ok(Named {
        record_id: uploaded.record_id,
        blocks: verdict.block_number.saturating_sub(added),
        provisional_until: Some(until),
    })
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
    // The envelopes are public, but another key opens none of them, not even where they name it.
    let secret = stranger.identity()?.encryption_secret();
    let view = stage.chain.best().await?;
    let found = records::find(&view, record).await?;
    let cid = &records::document(&found)?.cid;
    let of = EnvelopesOf::record(stranger, &found.patient, cid).await?;
    let envelopes = view.envelopes(record).await?;
    let stolen = envelopes.iter().any(|(reader, sealed)| {
        let renamed = SealedKey { key_name: secret.public().name(), ..*sealed };
        secret.open(&renamed, &of.name(reader)).is_ok()
    });
    let verdict = reads_verdict(stranger, record).await?;
    let verdict_said = match &verdict {
        Some(_) => "READ THE VERDICT",
        None => "found the verdict sealed",
    };
    let purpose = Purpose::Other;
    let args = RequestAccessArgs { record, purpose, no_wait: true, renew: false };
    let answer = request_access::request(stranger, &args).await?;
    story.tell(
        "Stranger",
        &format!(
            "fetched {} bytes of ciphertext by CID; could not open them:\n{refused}\n{verdict_said}\nrequested access, in block {} (fee {}): {}",
            cipher.bytes,
            answer.included.block_number,
            answer.included.fee_shown,
            answer.answer()
        ),
    )?;
    Ok(opened.is_err() && !stolen && verdict.is_none() && !answer.granted)
}
